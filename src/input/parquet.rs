//! Parquet files: what is in them, and runs of their rows for the workers to decode.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};

use polars::io::mmap::MmapBytesReader;
use polars::io::parquet::metadata::{FileMetadata, FileMetadataRef};
use polars::prelude::*;

use super::container::PARQUET_MAGIC;
use super::raw::{FileFormat, Offer, RawFile, Work, guarded, internal};
use super::source::{self, Source};
use crate::error::{Error, Result};

/// Rows decoded at a time. A part of a row group costs as much to decode as the whole (the pages before it must be
/// unpacked), so only groups beyond this are read in parts, for the sake of memory.
const DECODED_ROWS: usize = 4 << 20;

/// Rows per batch at most: few enough for the columns that are made of them to stay in the cache of a core (measured).
const BATCH_ROWS: usize = 16 << 10;

fn bytes(file: &RawFile) -> Result<Box<dyn MmapBytesReader>> {
    Ok(match &file.source {
        Source::Path(path) => Box::new(source::open_file(path, &file.label)?),
        Source::Memory(bytes) => Box::new(Cursor::new(bytes.clone())),
        Source::Temporary(temporary) => Box::new(duplicate(temporary, &file.label)?),
        Source::Slice { .. } => return Err(internal("reading Parquet", &"a part of a file")),
    })
}

/// A handle for mapping the file into memory, which takes no notice of the position that handles share.
fn duplicate(file: &File, label: &str) -> Result<File> {
    file.try_clone().map_err(|source| Error::Io { action: "read", path: label.to_owned(), source })
}

/// Fills in format, header and head.
pub(super) fn open(file: &mut RawFile, head_rows: usize) -> Result<()> {
    refuse_cut_off(file)?;
    let metadata = read_metadata(file)?;
    let rows = metadata.num_rows;
    let header = translated(file, || {
        let schema = Schema::from_arrow_schema(&infer_schema(&metadata)?);
        Ok(flat_columns(&schema))
    })?;
    file.format = FileFormat::Parquet { rows: rows as u64 };
    file.head = read(file, &metadata, &header, (0, head_rows.min(rows)), ParallelStrategy::None)?;
    file.header = header;
    Ok(())
}

fn flat_columns(schema: &Schema) -> Vec<String> {
    let flat = schema.iter().filter(|(_, dtype)| !dtype.is_nested() && !matches!(dtype, DataType::Null));
    flat.map(|(name, _)| name.to_string()).collect()
}

/// The last bytes say whether the file is whole: polars' own message about it speaks of thrift.
fn refuse_cut_off(file: &RawFile) -> Result<()> {
    let unreadable = |source| Error::Io { action: "read", path: file.label.clone(), source };
    let mut reader = bytes(file)?;
    let length = reader.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let mut tail = [0; 8];
    if length >= 12 {
        reader.seek(SeekFrom::End(-8)).map_err(unreadable)?;
        reader.read_exact(&mut tail).map_err(unreadable)?;
    }
    let footer = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if &tail[4..] != PARQUET_MAGIC || footer + 12 > length {
        return Err(Error::Damaged {
            path: file.label.clone(),
            why: "it begins as Parquet but does not end as Parquet: the file is cut off".into(),
            hint: Some("was the copy, or the program that wrote it, finished? get the file again".into()),
        });
    }
    Ok(())
}

fn read_metadata(file: &RawFile) -> Result<FileMetadataRef> {
    let reader = bytes(file)?;
    translated(file, || ParquetReader::new(reader).get_metadata().cloned())
}

fn read(
    file: &RawFile,
    metadata: &FileMetadataRef,
    columns: &[String],
    slice: (usize, usize),
    parallel: ParallelStrategy,
) -> Result<DataFrame> {
    if columns.is_empty() {
        return Ok(DataFrame::empty_with_height(slice.1));
    }
    let source = bytes(file)?;
    let frame = translated(file, || {
        let mut reader = ParquetReader::new(source)
            .with_columns(Some(columns.to_vec()))
            .with_slice(Some(slice))
            .read_parallel(parallel);
        reader.set_metadata(metadata.clone());
        reader.finish()?.select(columns.iter().map(String::as_str))
    })?;
    if frame.height() != slice.1 {
        return Err(damaged(file, &format!("rows are missing after row {}", slice.0 + frame.height())));
    }
    Ok(frame)
}

/// Runs polars; its errors and panics on the way mean that the file is damaged.
fn translated<T>(file: &RawFile, run: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    let outcome: Result<PolarsResult<T>> = guarded("reading Parquet", || Ok(run()));
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(PolarsError::IO { error, .. })) if error.raw_os_error().is_some() => {
            let source = std::io::Error::new(error.kind(), error.to_string());
            Err(Error::Io { action: "read", path: file.label.clone(), source })
        }
        Ok(Err(error)) => Err(damaged(file, &error.to_string())),
        Err(Error::Internal { why, .. }) => Err(damaged(file, &why)),
        Err(error) => Err(error),
    }
}

/// The first line of what polars says, which is all that a user can make use of.
fn damaged(file: &RawFile, said: &str) -> Error {
    let said = said.lines().next().unwrap_or_default().trim();
    Error::Damaged {
        path: file.label.clone(),
        why: format!("the Parquet data cannot be read: {said}"),
        hint: Some("the file seems to be damaged: get it, or write it, again".into()),
    }
}

/// A run of rows for a worker to decode.
pub(super) struct Run {
    /// Of the file as though it held this row group alone: polars begins with the first one that it is told of, and unpacks
    /// some of each on its way to the rows asked for, so that the time for a file would grow with the square of its groups.
    group: FileMetadataRef,
    /// Where the group begins in the file.
    base: usize,
    /// Within the group.
    start: usize,
    rows: usize,
}

impl Run {
    /// Hands on the rows in batches, each with the number of its first row, counted from 1, until `take` says false.
    pub fn decode(
        &self,
        file: &RawFile,
        columns: &[String],
        parallel: ParallelStrategy,
        take: &mut dyn FnMut(DataFrame, u64) -> Result<bool>,
    ) -> Result<()> {
        let frame = read(file, &self.group, columns, (self.start, self.rows), parallel)?;
        for from in (0..self.rows).step_by(BATCH_ROWS) {
            let batch = frame.slice(from as i64, BATCH_ROWS);
            if !take(batch, (self.base + self.start + from) as u64 + 1)? {
                break;
            }
        }
        Ok(())
    }
}

/// Cuts a file into runs of rows, which the workers decode; a file of few row groups would leave workers idle, so it is
/// decoded here, all columns at a time, and the workers get the rows.
pub(super) fn produce(
    file: &RawFile,
    index: usize,
    columns: &[String],
    threads: usize,
    offer: Offer,
    progress: &dyn Fn(u64),
) -> Result<()> {
    let mut metadata = FileMetadata::clone(&*read_metadata(file)?);
    let groups = std::mem::take(&mut metadata.row_groups);
    let total = metadata.num_rows.max(1) as f64;
    let few = threads > 1 && groups.len() < 2 * threads;
    let mut base = 0;
    for group in groups {
        let (end, mut start) = (group.num_rows(), 0);
        let group = FileMetadataRef::new(FileMetadata {
            num_rows: end,
            max_row_group_height: end,
            row_groups: vec![group],
            ..metadata.clone()
        });
        while start < end {
            let parts = (end - start).div_ceil(DECODED_ROWS);
            let rows = (end - start).div_ceil(parts);
            let run = Run { group: FileMetadataRef::clone(&group), base, start, rows };
            let mut wanted = true;
            if few {
                run.decode(file, columns, ParallelStrategy::Columns, &mut |frame, first| {
                    wanted = offer(index, Work::Rows { frame, first });
                    Ok(wanted)
                })?;
            } else {
                wanted = offer(index, Work::Run(run));
            }
            if !wanted {
                return Ok(());
            }
            start += rows;
            progress(((base + start) as f64 / total * file.bytes as f64) as u64);
        }
        base += end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::input::raw::testing::{Folder, complaint, options, read, row};
    use crate::input::raw::{self, RawBatch};

    fn table(rows: i64, group: usize) -> Vec<u8> {
        let mut frame = DataFrame::new_infer_height(vec![
            Column::new("n".into(), (1..=rows).collect::<Vec<_>>()),
            Column::new("id".into(), (1..=rows).map(|row| format!("customer {row}")).collect::<Vec<_>>()),
        ])
        .unwrap();
        let series: Vec<Series> = frame.materialized_column_iter().cloned().collect();
        let pair = StructChunked::from_series("pair".into(), frame.height(), series.iter()).unwrap();
        frame.with_column(pair.into_column()).unwrap();
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).with_row_group_size(Some(group)).finish(&mut frame).unwrap();
        bytes
    }

    #[test]
    fn rows_are_numbered_through_row_groups_and_nested_columns_are_left_out() {
        let folder = Folder::new();
        for (rows, group) in [(10, 3), (300_000, 7_000), (300_000, 290_000), (300_000, 300_000), (0, 5)] {
            let found = read(&options(&[&folder.put("a.dat", table(rows, group))])).unwrap();
            assert_eq!(found.header, ["n", "id"]);
            assert_eq!(found.rows.len(), rows as usize);
            for (at, found) in found.rows.iter().enumerate() {
                let number = at + 1;
                assert_eq!(*found, row(number as u64, &[&number.to_string(), &format!("customer {number}")]));
            }
        }
    }

    #[test]
    fn rows_are_counted_without_columns() {
        let folder = Folder::new();
        let options = options(&[&folder.put("shop=x/a.parquet", table(300_000, 200_000))]);
        let files = raw::open(&options).unwrap();
        for columns in [vec![], vec!["shop".to_owned()]] {
            let rows = AtomicUsize::new(0);
            let count = |batch: RawBatch| {
                assert_eq!(batch.frame.width(), columns.len());
                rows.fetch_add(batch.frame.height(), Ordering::Relaxed);
                Ok(())
            };
            raw::scan(&files, std::slice::from_ref(&columns), &options, &count).unwrap();
            assert_eq!(rows.into_inner(), 300_000);
        }
    }

    #[test]
    fn packed_parquet_and_folders_of_the_path_work() {
        let folder = Folder::new();
        let packed = zstd::encode_all(&table(3, 2)[..], 1).unwrap();
        let found = read(&options(&[&folder.put("shop=a b/x.parquet.zst", packed)])).unwrap();
        assert_eq!(found.header, ["n", "id", "shop"]);
        assert_eq!(found.rows[2], row(3, &["3", "customer 3", "a b"]));
    }

    #[test]
    fn damaged_files_are_refused_in_plain_words() {
        let folder = Folder::new();
        let whole = table(10_000, 2_000);
        for keep in [4, 11, 100, whole.len() / 2, whole.len() - 1] {
            let said = complaint(&options(&[&folder.put("a.parquet", &whole[..keep])]));
            assert!(
                said.starts_with("a.parquet: it begins as Parquet but does not end as Parquet"),
                "{keep}: {said}"
            );
        }
        for (from, to) in
            [(4, 2000), (whole.len() / 2, whole.len() / 2 + 500), (whole.len() - 300, whole.len() - 8)]
        {
            let mut damaged = whole.clone();
            damaged[from..to].fill(0xa5);
            let said = complaint(&options(&[&folder.put("a.parquet", damaged)]));
            assert!(said.starts_with("a.parquet: the Parquet data cannot be read"), "{from}: {said}");
        }
    }
}
