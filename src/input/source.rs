//! From what the user named (files, globs, directories, `-`) to files that can be opened, in a fixed order.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result, nearest};

/// The label of standard input in messages.
pub const STDIN: &str = "<stdin>";

/// Standard input beyond this many bytes goes to a temporary file.
const SPOOL_IN_MEMORY: usize = 64 << 20;

/// Suffixes by which files of a directory are chosen. A file that the user names is read whatever its name.
const DATA_SUFFIXES: [&str; 12] =
    ["csv", "tsv", "txt", "parquet", "pq", "xlsx", "xls", "ods", "zip", "json", "ndjson", "jsonl"];
const PACKED_SUFFIXES: [&str; 2] = [".gz", ".zst"];

/// Where the bytes of an input are; they can be read any number of times.
#[derive(Debug, Clone)]
pub enum Source {
    Path(PathBuf),
    /// Standard input, when it is small.
    Memory(Arc<[u8]>),
    /// A file without a name: it is gone when the process ends, however it ends.
    Temporary(Arc<File>),
    /// A part of such a file: what many inputs were made into shares one.
    Slice {
        file: Arc<File>,
        start: u64,
        length: u64,
    },
}

/// Bytes that can be read from anywhere.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

impl Source {
    /// The bytes from the beginning.
    pub fn reader(&self, label: &str) -> Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Path(path) => Box::new(open_file(path, label)?),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            Self::Temporary(file) => Box::new(Section::new(file.clone(), 0, u64::MAX)),
            Self::Slice { file, start, length } => Box::new(Section::new(file.clone(), *start, *length)),
        })
    }

    /// The bytes in any order.
    pub fn seekable(&self, label: &str) -> Result<Box<dyn ReadSeek + Send>> {
        Ok(match self {
            Self::Path(path) => Box::new(BufReader::new(open_file(path, label)?)),
            Self::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
            Self::Temporary(file) => {
                let length = file.metadata().map_err(unreadable(label))?.len();
                Box::new(BufReader::new(Section::new(file.clone(), 0, length)))
            }
            Self::Slice { file, start, length } => {
                Box::new(BufReader::new(Section::new(file.clone(), *start, *length)))
            }
        })
    }
}

/// Opens a file with our words for what can go wrong.
pub fn open_file(path: &Path, label: &str) -> Result<File> {
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => not_found(path, label),
        _ => Error::Io { action: "read", path: label.to_owned(), source },
    })
}

/// Reads a part of a shared file by position, so that several readers do not disturb each other.
struct Section {
    file: Arc<File>,
    start: u64,
    length: u64,
    /// Within the part.
    position: u64,
}

impl Section {
    fn new(file: Arc<File>, start: u64, length: u64) -> Self {
        Self { file, start, length, position: 0 }
    }
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let (buffer, from) = (&mut buffer[..wanted], self.start + self.position);
        let read = read_some_at(&self.file, buffer, from)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Section {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Writes into a shared file by position.
pub(super) fn write_at(file: &File, mut bytes: &[u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        #[cfg(unix)]
        let written = std::os::unix::fs::FileExt::write_at(file, bytes, position)?;
        #[cfg(windows)]
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, position)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        position += written as u64;
    }
    Ok(())
}

/// Fills `bytes` from a shared file by position.
pub(super) fn read_at(file: &File, mut bytes: &mut [u8], mut position: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = read_some_at(file, bytes, position)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        position += read as u64;
    }
    Ok(())
}

fn read_some_at(file: &File, bytes: &mut [u8], position: u64) -> io::Result<usize> {
    #[cfg(unix)]
    return std::os::unix::fs::FileExt::read_at(file, bytes, position);
    #[cfg(windows)]
    return std::os::windows::fs::FileExt::seek_read(file, bytes, position);
}

/// A file to read, before anything is known of its content.
#[derive(Debug, Clone)]
pub struct Found {
    /// As the user named it, or as the glob or the directory gave it.
    pub label: String,
    pub path: PathBuf,
    pub source: Source,
    pub bytes: u64,
    /// Folders of the form `key=value` in the path, outermost first.
    pub hive: Vec<(String, String)>,
}

/// The files behind `paths`, in the order given; those of a glob or a directory sorted by path.
pub fn expand(paths: &[String]) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    for path in paths {
        if path == "-" {
            let (source, bytes) = spool(io::stdin().lock(), unreadable(STDIN))?;
            files.push(Found { label: STDIN.into(), path: "-".into(), source, bytes, hive: Vec::new() });
        } else {
            for path in expand_one(path)? {
                files.push(describe(path)?);
            }
        }
    }
    refuse_duplicates(&files)?;
    Ok(files)
}

fn expand_one(name: &str) -> Result<Vec<PathBuf>> {
    if let Some(scheme) = url_scheme(name) {
        return Err(Error::BadOption {
            option: "INPUT".into(),
            value: name.into(),
            why: "siyu opens no network connection".into(),
            hint: Some(if scheme.eq_ignore_ascii_case("file") {
                "name the file by its path".into()
            } else {
                "download the file first, or pipe it in: siyu reads standard input as -".into()
            }),
        });
    }
    let path = Path::new(name);
    // symlink_metadata: a name that exists is meant literally, even if it looks like a pattern or leads nowhere.
    if path.symlink_metadata().is_ok() {
        let kind = fs::metadata(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::NotFound {
                path: name.into(),
                hint: fs::read_link(path)
                    .ok()
                    .map(|to| format!("it is a link to {}, which does not exist", to.display())),
            },
            _ => Error::Io { action: "read", path: name.into(), source },
        })?;
        return if kind.is_dir() { walk(path, name) } else { Ok(vec![path.to_owned()]) };
    }
    if name.contains(['*', '?', '[']) {
        return expand_glob(name);
    }
    if name.is_empty() {
        return Err(Error::BadOption {
            option: "INPUT".into(),
            value: String::new(),
            why: "an empty name".into(),
            hint: None,
        });
    }
    match path.symlink_metadata() {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io { action: "read", path: name.into(), source })
        }
        _ => Err(not_found(path, name)),
    }
}

fn expand_glob(pattern: &str) -> Result<Vec<PathBuf>> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..Default::default() };
    let matches = glob::glob_with(pattern, options).map_err(|error| Error::BadOption {
        option: "INPUT".into(),
        value: pattern.into(),
        why: format!("not a pattern: {}", error.msg),
        hint: None,
    })?;
    let mut files = Vec::new();
    for path in matches {
        let path = path.map_err(|error| Error::Io {
            action: "read",
            path: error.path().display().to_string(),
            source: error.into(),
        })?;
        if path.is_dir() {
            collect(&path, &mut Vec::new(), &mut files)?;
        } else if !is_marker(&path) || pattern.contains("/_") || pattern.starts_with('_') {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::NotFound {
            path: pattern.into(),
            hint: Some("no data file matches this pattern".into()),
        });
    }
    files.sort();
    files.dedup();
    Ok(files)
}

fn walk(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(folder, &mut Vec::new(), &mut files)?;
    if files.is_empty() {
        return Err(Error::Empty {
            path: name.into(),
            why: format!("a folder without data files (*.{}, also .gz or .zst)", DATA_SUFFIXES.join(", *.")),
        });
    }
    files.sort();
    Ok(files)
}

/// Data files below `folder`; `above` guards against links in a circle.
fn collect(folder: &Path, above: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |source| Error::Io { action: "read", path: folder.display().to_string(), source };
    let real = folder.canonicalize().map_err(failed)?;
    if above.contains(&real) {
        return Ok(());
    }
    above.push(real);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_marker(&path) {
            continue;
        }
        if path.is_dir() {
            collect(&path, above, files)?;
        } else if has_data_suffix(&path) {
            files.push(path);
        }
    }
    above.pop();
    Ok(())
}

/// Hidden files and what engines leave beside the data (`_SUCCESS`, `_metadata`, `.crc`).
fn is_marker(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') || (name.starts_with('_') && !name.contains('='))
    })
}

pub(super) fn has_data_suffix(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = PACKED_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    name.rsplit_once('.').is_some_and(|(_, suffix)| DATA_SUFFIXES.contains(&suffix))
}

fn describe(path: PathBuf) -> Result<Found> {
    let label = path.display().to_string();
    let bytes = fs::metadata(&path)
        .map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => not_found(&path, &label),
            _ => Error::Io { action: "read", path: label.clone(), source },
        })
        .map(|metadata| (metadata.is_file(), metadata.len()))?;
    let hive = hive_folders(&path);
    Ok(match bytes {
        (true, bytes) => Found { label, source: Source::Path(path.clone()), path, bytes, hive },
        // A named pipe, /dev/stdin, <(...): it can be read but once.
        (false, _) => {
            let (source, bytes) = spool(open_file(&path, &label)?, unreadable(&label))?;
            Found { label, path, source, bytes, hive }
        }
    })
}

/// Reads a stream to its end into memory or, when it is large, a temporary file.
pub fn spool(mut stream: impl Read, failed: impl Fn(io::Error) -> Error) -> Result<(Source, u64)> {
    let mut bytes = Vec::new();
    stream.by_ref().take(SPOOL_IN_MEMORY as u64 + 1).read_to_end(&mut bytes).map_err(&failed)?;
    if bytes.len() <= SPOOL_IN_MEMORY {
        let length = bytes.len() as u64;
        return Ok((Source::Memory(bytes.into()), length));
    }
    let folder = std::env::temp_dir().display().to_string();
    let unwritable = |source| Error::Io { action: "write a temporary file in", path: folder.clone(), source };
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    io::Write::write_all(&mut file, &bytes).map_err(unwritable)?;
    let mut length = bytes.len() as u64;
    loop {
        bytes.clear();
        let read = stream.by_ref().take(1 << 20).read_to_end(&mut bytes).map_err(&failed)?;
        if read == 0 {
            return Ok((Source::Temporary(Arc::new(file)), length));
        }
        io::Write::write_all(&mut file, &bytes).map_err(unwritable)?;
        length += read as u64;
    }
}

fn unreadable(label: &str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { action: "read", path: label.to_owned(), source }
}

fn refuse_duplicates(files: &[Found]) -> Result<()> {
    let mut seen: HashMap<PathBuf, &str> = HashMap::new();
    for file in files {
        let real = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
        if let Some(first) = seen.insert(real, &file.label) {
            let also = if first == file.label { String::new() } else { format!(", also as {first}") };
            return Err(Error::BadOption {
                option: "INPUT".into(),
                value: file.label.clone(),
                why: format!("named twice{also}: its rows would count twice"),
                hint: Some("name each file once".into()),
            });
        }
    }
    Ok(())
}

fn url_scheme(name: &str) -> Option<&str> {
    let (scheme, _) = name.split_once("://")?;
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    valid.then_some(scheme)
}

fn not_found(path: &Path, label: &str) -> Error {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let hint = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Some(format!("there is no folder {}", folder.display()))
        }
        Err(_) => None,
        Ok(entries) => {
            let names: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            let wanted = path.file_name().unwrap_or_default().to_string_lossy();
            let near: Vec<String> = nearest(&wanted, names.iter().map(String::as_str))
                .into_iter()
                .map(|name| path.with_file_name(name).display().to_string())
                .collect();
            (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
        }
    };
    Error::NotFound { path: label.to_owned(), hint }
}

/// `channel=jd` among the folders of a path; values are percent-decoded as Spark and Hive write them.
fn hive_folders(path: &Path) -> Vec<(String, String)> {
    let folders = path.parent().map(Path::components).into_iter().flatten();
    let mut keys: Vec<(String, String)> = Vec::new();
    for folder in folders {
        let Component::Normal(name) = folder else { continue };
        let name = name.to_string_lossy();
        let Some((key, value)) = name.split_once('=') else { continue };
        let (key, value) = (percent_decode(key), percent_decode(value));
        if key.is_empty() {
            continue;
        }
        let value = if value == "__HIVE_DEFAULT_PARTITION__" { String::new() } else { value };
        match keys.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => keys.push((key, value)),
        }
    }
    keys
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::raw::testing::{Folder, complaint, options, read_by, row};

    fn names(folder: &Folder, paths: &[&str]) -> Vec<String> {
        let paths: Vec<String> = paths.iter().map(|path| folder.path(path)).collect();
        let prefix = folder.path("");
        let found = expand(&paths).unwrap();
        found
            .iter()
            .map(|file| file.label.trim_start_matches(&prefix).trim_start_matches('/').to_owned())
            .collect()
    }

    #[test]
    fn folders_and_globs_give_data_files_in_order() {
        let folder = Folder::new();
        for name in [
            "b.csv",
            "a.CSV.gz",
            "x/z.parquet",
            "x/y.tsv",
            "_SUCCESS",
            ".a.csv.crc",
            "_x.csv",
            "n.json",
            "x/.h/a.csv",
            "m.md",
        ] {
            folder.put(name, "a,b\n1,2\n");
        }
        assert_eq!(names(&folder, &[""]), ["a.CSV.gz", "b.csv", "n.json", "x/y.tsv", "x/z.parquet"]);
        assert_eq!(names(&folder, &["*.csv"]), ["b.csv"]);
        assert_eq!(names(&folder, &["x*", "m.md"]), ["x/y.tsv", "x/z.parquet", "m.md"]);
        assert_eq!(names(&folder, &["**/*.tsv"]), ["x/y.tsv"]);
    }

    #[test]
    fn folders_of_the_path_are_columns() {
        let folder = Folder::new();
        folder.put("channel=j%2Fd/day=1/a.csv", "id,day\n7,2\n");
        folder.put("channel=__HIVE_DEFAULT_PARTITION__/day=1/a.csv", "id,day\n8,3\n");
        let found = read_by(1 << 20, &options(&[&folder.path("")])).unwrap();
        assert_eq!(found[0].header, ["id", "day", "channel"], "the file's own column wins");
        assert_eq!(found[0].rows, [row(2, &["8", "3", ""])]);
        assert_eq!(found[1].rows, [row(2, &["7", "2", "j/d"])]);
    }

    #[test]
    fn what_cannot_be_opened_is_refused() {
        let folder = Folder::new();
        let here = folder.put("orders.csv", "a,b\n1,2\n");
        assert_eq!(
            complaint(&options(&[&folder.path("order.csv")])),
            "order.csv: no such file or directory | did you mean orders.csv?"
        );
        assert!(complaint(&options(&[&folder.path("no/a.csv")])).contains("there is no folder"));
        assert!(
            complaint(&options(&[&folder.path("*.parquet")])).contains("no data file matches this pattern")
        );
        fs::create_dir(folder.path("empty")).unwrap();
        assert!(
            complaint(&options(&[&folder.path("empty")])).starts_with("empty: a folder without data files")
        );
        assert!(complaint(&options(&[&here, &folder.path("./orders.csv")])).contains("named twice, also as"));
        assert!(complaint(&options(&["s3://bucket/a.csv"])).contains("siyu opens no network connection"));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere.csv", folder.path("link.csv")).unwrap();
            assert!(complaint(&options(&[&folder.path("link.csv")])).contains("it is a link to nowhere.csv"));
        }
    }

    #[test]
    fn what_is_spooled_can_be_read_again() {
        let long: Vec<u8> = (0..SPOOL_IN_MEMORY + 12345).map(|at| (at % 251) as u8).collect();
        for bytes in [&long[..10], &long[..]] {
            let failed = |source| Error::Io { action: "read", path: String::new(), source };
            let (source, length) = spool(bytes, failed).unwrap();
            assert_eq!(length, bytes.len() as u64);
            for _ in 0..2 {
                let mut again = Vec::new();
                source.reader("").unwrap().read_to_end(&mut again).unwrap();
                assert!(again == bytes);
            }
        }
    }
}
