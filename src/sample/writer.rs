//! Blocks in parallel, files in order: workers make blocks, one thread writes them, a bounded channel per worker between.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::polars_utils::compression::ZstdLevel;
use polars::prelude::*;
use tempfile::NamedTempFile;

use super::columns::{Column, csv_header, csv_lines, data_frame, engine, schema};
use super::{Format, Progress};
use crate::error::{Error, Result};
use crate::output::sink;

/// Rows of a Parquet row group: blocks are gathered until there are this many.
const ROW_GROUP: usize = 262_144;

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    pub path: PathBuf,
    pub rows: u64,
    pub bytes: u64,
}

/// What a worker hands over for one block: the block's contribution to the truth, and the rows as they are written.
struct Made<T> {
    truth: T,
    rows: u64,
    header: Option<Vec<u8>>,
    schema: Option<Schema>,
    csv: Option<Vec<u8>>,
    frame: Option<DataFrame>,
}

/// Writes one frame into OUT/NAME.csv and OUT/NAME.parquet. `make` gives the rows of a block with their truth; `merge`
/// adds up the truths, in the order of the blocks.
pub fn write_frame<T: Send>(
    job: &Job<'_>,
    make: impl Fn(u64) -> (T, Vec<Column>) + Sync,
    mut merge: impl FnMut(T),
) -> Result<Vec<WrittenFile>> {
    let mut csv =
        job.formats.contains(&Format::Csv).then(|| Target::new(job.out, job.name, "csv")).transpose()?;
    let mut parquet = match job.formats.contains(&Format::Parquet) {
        true => Some(ParquetTarget::new(Target::new(job.out, job.name, "parquet")?)),
        false => None,
    };
    let threads = job.threads.clamp(1, job.blocks.max(1) as usize);
    let make_block = |block: u64| -> Result<Made<T>> {
        let (truth, columns) = make(block);
        Ok(Made {
            truth,
            rows: columns.first().map_or(0, Column::len) as u64,
            header: (block == 0).then(|| csv_header(&columns)),
            schema: (block == 0).then(|| schema(&columns)),
            csv: job.formats.contains(&Format::Csv).then(|| csv_lines(&columns)),
            frame: job.formats.contains(&Format::Parquet).then(|| data_frame(columns)).transpose()?,
        })
    };

    std::thread::scope(|scope| -> Result<()> {
        let mut queues = Vec::with_capacity(threads);
        for worker in 0..threads as u64 {
            let (sender, receiver) = crossbeam_channel::bounded(1);
            queues.push(receiver);
            let make_block = &make_block;
            scope.spawn(move || {
                for block in (worker..job.blocks).step_by(threads) {
                    let made = make_block(block);
                    let failed = made.is_err();
                    if sender.send(made).is_err() || failed {
                        return;
                    }
                }
            });
        }
        for block in 0..job.blocks {
            let queue = &queues[block as usize % threads];
            let made = queue.recv().map_err(|_| Error::Internal {
                doing: format!("making sample {}", job.name),
                why: "a worker stopped".to_owned(),
            })??;
            merge(made.truth);
            if let Some(target) = &mut csv {
                target.rows += made.rows;
                target.write(made.header.as_deref().unwrap_or_default())?;
                target.write(made.csv.as_deref().unwrap_or_default())?;
            }
            if let (Some(target), Some(frame)) = (&mut parquet, made.frame) {
                target.begin(made.schema)?;
                target.gather(frame)?;
            }
            job.advance(block + 1);
        }
        Ok(())
    })?;

    let mut written = Vec::new();
    if let Some(target) = csv {
        written.push(target.finish()?);
    }
    if let Some(target) = parquet {
        written.push(target.finish()?);
    }
    Ok(written)
}

/// What to write, and where.
pub struct Job<'a> {
    pub out: &'a Path,
    pub name: &'static str,
    pub formats: &'a [Format],
    pub blocks: u64,
    pub threads: usize,
    /// Called with (blocks done, blocks in all), counted over all frames.
    pub progress: Option<&'a Progress<'a>>,
    pub blocks_before: u64,
    pub blocks_in_all: u64,
}

impl Job<'_> {
    fn advance(&self, done: u64) {
        if let Some(progress) = self.progress {
            progress(self.blocks_before + done, self.blocks_in_all);
        }
    }
}

/// A file under a temporary name beside its place; it takes its place when it is whole.
pub struct Target {
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<NamedTempFile>,
    rows: u64,
}

impl Target {
    pub fn new(out: &Path, name: &str, suffix: &str) -> Result<Self> {
        let path = out.join(format!("{name}.{suffix}"));
        let file = sink::temporary(&path)?;
        let temporary = file.path().to_owned();
        Ok(Self { path, temporary, file: BufWriter::with_capacity(1 << 18, file), rows: 0 })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|source| failed("write", &self.path, source))
    }

    pub fn finish(self) -> Result<WrittenFile> {
        let Self { path, temporary, file, rows } = self;
        let file = file.into_inner().map_err(|e| failed("write", &path, e.into_error()))?;
        let bytes = file.as_file().metadata().map_err(|source| failed("write", &path, source))?.len();
        file.persist(&path).map_err(|e| failed("write", &path, e.error))?;
        sink::forget(&temporary);
        Ok(WrittenFile { path, rows, bytes })
    }
}

pub fn failed(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { action, path: path.display().to_string(), source }
}

/// A Parquet file: frames are gathered into row groups of one size, whatever the number of threads.
struct ParquetTarget {
    target: Target,
    /// A second handle on the target's temporary file, once the columns are known.
    writer: Option<polars::io::parquet::write::BatchedWriter<BufWriter<File>>>,
    waiting: Option<DataFrame>,
}

impl ParquetTarget {
    fn new(target: Target) -> Self {
        Self { target, writer: None, waiting: None }
    }

    /// Begins the file with the columns of the first block; nothing when it is begun.
    fn begin(&mut self, schema: Option<Schema>) -> Result<()> {
        let (None, Some(schema)) = (&self.writer, schema) else { return Ok(()) };
        let handle =
            self.target.file.get_ref().reopen().map_err(|e| failed("write", &self.target.temporary, e))?;
        let writer = ParquetWriter::new(BufWriter::with_capacity(1 << 20, handle))
            .with_compression(ParquetCompression::Zstd(ZstdLevel::try_new(1).ok()))
            .batched(&schema)
            .map_err(|e| self.said_no(&e))?;
        self.writer = Some(writer);
        Ok(())
    }

    fn gather(&mut self, frame: DataFrame) -> Result<()> {
        self.target.rows += frame.height() as u64;
        let waiting = match self.waiting.take() {
            None => frame,
            Some(mut waiting) => {
                waiting.vstack_mut_owned(frame).map_err(|e| self.said_no(&e))?;
                waiting
            }
        };
        if waiting.height() >= ROW_GROUP {
            return self.write_group(waiting);
        }
        self.waiting = Some(waiting);
        Ok(())
    }

    fn write_group(&mut self, mut frame: DataFrame) -> Result<()> {
        frame.rechunk_mut();
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_batch(&frame).map_err(|e| said_no(&self.target.path, &e))
    }

    fn finish(mut self) -> Result<WrittenFile> {
        if let Some(frame) = self.waiting.take() {
            self.write_group(frame)?;
        }
        if let Some(writer) = self.writer.take() {
            writer.finish().map_err(|e| self.said_no(&e))?;
        }
        self.target.finish()
    }

    fn said_no(&self, error: &PolarsError) -> Error {
        said_no(&self.target.path, error)
    }
}

/// A full disk is the user's to mend, all else is ours.
fn said_no(path: &Path, error: &PolarsError) -> Error {
    match sink::system_error(error) {
        Some(source) => failed("write", path, source),
        None => engine(&format!("writing {}", path.display()), error),
    }
}
