//! Files in a temporary folder, and their rows as plain values.

use std::sync::Mutex;

use super::*;

pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file (folders in its name are made) and returns its path.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }

    pub fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }
}

pub fn options(paths: &[&str]) -> InputOptions {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    InputOptions { paths, threads: 2, ..InputOptions::default() }
}

pub type Row = (u64, Vec<Option<String>>);

/// Everything that is in the files: header and rows with their numbers, per file.
#[derive(Debug, Default, PartialEq)]
pub struct Content {
    pub header: Vec<String>,
    pub rows: Vec<Row>,
    pub overlong: Vec<(u64, u32)>,
    pub short: Vec<(u64, u32)>,
}

pub fn read_by(chunk: usize, options: &InputOptions) -> Result<Vec<Content>> {
    let mut files = open(options)?;
    loop {
        let projection: Vec<Vec<String>> = files.iter().map(|file| file.header.clone()).collect();
        let contents: Mutex<Vec<Content>> = Mutex::new(files.iter().map(|_| Content::default()).collect());
        let outcome = scan_by(chunk, &files, &projection, options, &|batch| {
            let mut contents = contents.lock().unwrap();
            let content = &mut contents[batch.file];
            assert!(batch.frame.height() > 0, "an empty batch");
            for row in 0..batch.frame.height() {
                content.rows.push((batch.rows.get(row), cells(&batch.frame, row)));
            }
            content
                .overlong
                .extend(batch.overlong.iter().map(|(row, n)| (batch.rows.get(*row as usize), *n)));
            content.short.extend(batch.short.iter().map(|(row, n)| (batch.rows.get(*row as usize), *n)));
            Ok(())
        });
        match outcome {
            Err(ScanError::Encoding { file, .. }) => redetect(&mut files[file], options)?,
            Err(ScanError::Failed(error)) => return Err(error),
            Ok(()) => {
                let mut contents = contents.into_inner().unwrap();
                for (content, file) in contents.iter_mut().zip(&files) {
                    content.header.clone_from(&file.header);
                    content.rows.sort();
                    content.overlong.sort_unstable();
                    content.short.sort_unstable();
                    let head: Vec<_> = (0..file.head.height()).map(|row| cells(&file.head, row)).collect();
                    let rows = content.rows.iter().map(|(_, cells)| cells.clone());
                    assert_eq!(head, rows.take(head.len()).collect::<Vec<_>>(), "the head is the first rows");
                }
                return Ok(contents);
            }
        }
    }
}

pub fn read(options: &InputOptions) -> Result<Content> {
    Ok(read_by(csv::CHUNK, options)?.remove(0))
}

/// The message and the hints, as a user sees them, without the folder.
pub fn complaint(options: &InputOptions) -> String {
    let error = match read(options) {
        Ok(content) => panic!("{} rows were read", content.rows.len()),
        Err(error) => error,
    };
    let folder = std::path::Path::new(&options.paths[0]).parent().unwrap().display().to_string();
    let lines: Vec<String> = std::iter::once(error.to_string()).chain(error.hints()).collect();
    lines.join(" | ").replace(&format!("{folder}/"), "").replace(&folder, ".")
}

fn cells(frame: &DataFrame, row: usize) -> Vec<Option<String>> {
    let text = |column: &Column| match column.get(row).unwrap() {
        AnyValue::Null => None,
        AnyValue::String(text) => Some(text.to_owned()),
        AnyValue::StringOwned(text) => Some(text.to_string()),
        other => Some(other.to_string()),
    };
    frame.columns().iter().map(text).collect()
}

pub fn row(number: u64, cells: &[&str]) -> Row {
    (number, cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect())
}

/// The numbers of all rows (file, row), in the order in which `scan_in_order` gives them.
pub fn order_of(options: &InputOptions) -> Vec<(usize, u64)> {
    let files = open(options).unwrap();
    let projection: Vec<Vec<String>> = files.iter().map(|file| file.header.clone()).collect();
    let mut seen = Vec::new();
    let numbers = |batch: RawBatch| -> Result<Vec<(usize, u64)>> {
        Ok((0..batch.frame.height()).map(|row| (batch.file, batch.rows.get(row))).collect())
    };
    scan_in_order(&files, &projection, options, &numbers, &mut |rows| {
        seen.extend(rows);
        Ok(())
    })
    .unwrap();
    seen
}
