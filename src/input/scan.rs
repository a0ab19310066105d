//! Streaming the rows of all files through several threads.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use polars::prelude::*;

use super::raw::{FileFormat, RawBatch, RawFile, RowNumbers, ScanError, guarded, internal, panic_text};
use super::{InputOptions, csv, parquet};
use crate::error::Result;

/// Work for one worker.
pub(super) enum Work {
    Text(csv::Chunk),
    Run(parquet::Run),
    /// Rows already decoded, and the number of the first.
    Rows {
        frame: DataFrame,
        first: u64,
    },
}

/// Where the producers of work put it; false: stop, nobody wants more.
pub(super) type Offer<'a> = &'a (dyn Fn(usize, Work) -> bool + Sync);

/// Streams every row of every file, projected to the named columns (`projection[i]` for file `i`; none: just the number
/// of rows), to `sink`, which is called by `options.threads` threads at a time, in no order.
/// After an error the sink may have seen rows before and behind it; of several errors the first by position is returned.
pub fn scan(
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
) -> Result<(), ScanError> {
    scan_by(csv::CHUNK, files, projection, options, sink)
}

/// `scan` with another size of text chunks, for tests.
pub(super) fn scan_by(
    chunk_bytes: usize,
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
) -> Result<(), ScanError> {
    scan_works(chunk_bytes, files, projection, options, &|_, batch| sink(batch), &|_| Ok(()))
}

/// As `scan`, but what `make` (called by several threads) makes of each batch is handed to `take` one after another, in the
/// order of the input. What is made ahead of its turn waits in memory.
pub fn scan_in_order<T: Send>(
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    make: &(dyn Fn(RawBatch) -> Result<T> + Sync),
    take: &mut dyn FnMut(T) -> Result<()>,
) -> Result<(), ScanError> {
    let (sender, receiver) = crossbeam_channel::bounded(2 * options.threads.max(1));
    std::thread::scope(|scope| {
        let scanning = scope.spawn(move || {
            let queue = Mutex::new(InOrder { next: 0, waiting: BTreeMap::new(), sender });
            let lock = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            scan_works(
                csv::CHUNK,
                files,
                projection,
                options,
                &|number, batch| {
                    let made = make(batch)?;
                    lock().push(number, made)
                },
                &|number| lock().finished(number),
            )
        });
        // What is wrong here comes first: the scan is only told that nobody takes any more.
        let taken = receiver.iter().try_for_each(take);
        drop(receiver);
        let scanned = scanning.join().unwrap_or_else(|panic| {
            Err(ScanError::Failed(internal("reading rows in order", &panic_text(&*panic))))
        });
        taken.map_err(ScanError::Failed).and(scanned)
    })
}

/// What pieces of work have given, waiting for its turn.
struct InOrder<T> {
    /// The work whose turn it is.
    next: u64,
    /// Of later ones what they have given so far, and whether that is all.
    waiting: BTreeMap<u64, (Vec<T>, bool)>,
    sender: crossbeam_channel::Sender<T>,
}

impl<T> InOrder<T> {
    fn push(&mut self, number: u64, made: T) -> Result<()> {
        if number == self.next {
            return self.hand_over(made);
        }
        self.waiting.entry(number).or_insert_with(|| (Vec::new(), false)).0.push(made);
        Ok(())
    }

    fn finished(&mut self, number: u64) -> Result<()> {
        if number != self.next {
            self.waiting.entry(number).or_insert_with(|| (Vec::new(), false)).1 = true;
            return Ok(());
        }
        loop {
            self.next += 1;
            let Some((given, is_all)) = self.waiting.remove(&self.next) else { return Ok(()) };
            given.into_iter().try_for_each(|made| self.hand_over(made))?;
            if !is_all {
                return Ok(());
            }
        }
    }

    fn hand_over(&self, made: T) -> Result<()> {
        self.sender.send(made).map_err(|_| internal("reading rows in order", &"nobody takes them"))
    }
}

fn scan_works(
    chunk_bytes: usize,
    files: &[RawFile],
    projection: &[Vec<String>],
    options: &InputOptions,
    sink: &(dyn Fn(u64, RawBatch) -> Result<()> + Sync),
    finished: &(dyn Fn(u64) -> Result<()> + Sync),
) -> Result<(), ScanError> {
    let plans: Vec<Plan> =
        files.iter().zip(projection).map(|(file, names)| Plan::new(file, names)).collect::<Result<_>>()?;
    let threads = options.threads.max(1);
    let failure = FirstFailure::default();
    let (sender, receiver) = crossbeam_channel::bounded::<(u64, usize, Work)>(threads + 1);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let receiver = receiver.clone();
            let (failure, plans) = (&failure, &plans);
            scope.spawn(move || {
                for (number, file, work) in receiver {
                    if failure.is_before(number) {
                        continue;
                    }
                    let performed = guarded("reading rows", || {
                        plans[file].perform(file, work, &|batch| sink(number, batch))?;
                        finished(number).map_err(ScanError::from)
                    });
                    if let Err(error) = performed {
                        failure.note(number, error);
                    }
                }
            });
        }
        let offer = |file: usize, work: Work| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            !failure.is_before(number) && sender.send((number, file, work)).is_ok()
        };
        let total: u64 = files.iter().map(|file| file.bytes).sum();
        let mut done = 0;
        for (index, plan) in plans.iter().enumerate() {
            let before = done;
            let progress = |bytes: u64| {
                if let Some(progress) = &options.progress {
                    progress.0((before + bytes).min(total), total);
                }
            };
            let produced = guarded("reading a file", || match plan.file.format {
                FileFormat::Csv { .. } => csv::produce(plan.file, index, chunk_bytes, &offer, &progress),
                FileFormat::Parquet { .. } => {
                    parquet::produce(plan.file, index, &plan.own, threads, &offer, &progress)
                        .map_err(ScanError::from)
                }
            });
            if let Err(error) = produced {
                failure.note(next.fetch_add(1, Ordering::Relaxed), error);
            }
            if failure.is_before(u64::MAX) {
                break;
            }
            progress(plan.file.bytes);
            done += plan.file.bytes;
        }
        drop(sender);
    });
    failure.into_result()
}

/// What is read of one file.
struct Plan<'a> {
    file: &'a RawFile,
    /// Asked for.
    names: &'a [String],
    /// Those of them, and of what derived ones are computed of, that stand in the file itself.
    own: Vec<String>,
    layout: csv::Layout,
}

impl<'a> Plan<'a> {
    fn new(file: &'a RawFile, names: &'a [String]) -> Result<Self> {
        let columns = file.own_columns();
        let mut own: Vec<String> = Vec::new();
        let mut fields = Vec::new();
        let derived = |name: &String| file.derived.iter().find(|derived| derived.name == *name);
        let needed = names.iter().flat_map(|name| match derived(name) {
            Some(derived) => derived.inputs.as_slice(),
            None => std::slice::from_ref(name),
        });
        for name in needed {
            match columns.iter().position(|column| column == name) {
                Some(_) if own.contains(name) => {}
                Some(field) => {
                    own.push(name.clone());
                    fields.push(field);
                }
                None if file.hive.iter().any(|(key, _)| key == name) => {}
                None => {
                    return Err(internal(
                        "choosing columns",
                        &format!("{} has no column {name:?}", file.label),
                    ));
                }
            }
        }
        let layout = csv::Layout::new(file, fields, own.clone());
        Ok(Self { file, names, own, layout })
    }

    fn perform(
        &self,
        file: usize,
        work: Work,
        sink: &(dyn Fn(RawBatch) -> Result<()> + Sync),
    ) -> Result<(), ScanError> {
        let take = |frame: DataFrame, first: u64| {
            let frame = self.complete(frame)?;
            let rows = RowNumbers::Sequence { first };
            sink(RawBatch { file, frame, rows, overlong: Vec::new(), short: Vec::new() }).map(|()| true)
        };
        match work {
            Work::Rows { frame, first } => Ok(take(frame, first).map(drop)?),
            Work::Run(run) => {
                Ok(run.decode(self.file, &self.own, ParallelStrategy::None, &mut |frame, first| {
                    take(frame, first)
                })?)
            }
            Work::Text(chunk) => chunk.parse(self.file, file, &self.layout, &mut |mut batch| {
                batch.frame = self.complete(batch.frame)?;
                if self.file.layout.header_is_above {
                    batch.rows = batch.rows.one_less();
                }
                sink(batch)
            }),
        }
    }

    /// Puts the columns of the path and the derived ones between those of the file, in the order asked for.
    fn complete(&self, frame: DataFrame) -> Result<DataFrame> {
        if self.own == self.names {
            return Ok(frame);
        }
        let height = frame.height();
        let of_file =
            |name: &str| frame.column(name).ok().cloned().or_else(|| self.file.hive_column(name, height));
        let mut columns = Vec::with_capacity(self.names.len());
        for name in self.names {
            match self.file.derived.iter().find(|derived| derived.name == *name) {
                Some(derived) => columns.push(derived.compute(height, &of_file)?),
                None => columns.extend(of_file(name)),
            }
        }
        DataFrame::new(height, columns).map_err(|error| internal("adding computed columns", &error))
    }
}

/// Of the failures of all threads the one that stands first in the input, so that a message does not depend on luck.
#[derive(Default)]
struct FirstFailure {
    found: Mutex<Option<(u64, ScanError)>>,
}

impl FirstFailure {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u64, ScanError)>> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn note(&self, number: u64, error: ScanError) {
        let mut found = self.lock();
        if found.as_ref().is_none_or(|(first, _)| number < *first) {
            *found = Some((number, error));
        }
    }

    fn is_before(&self, number: u64) -> bool {
        self.lock().as_ref().is_some_and(|(first, _)| *first < number)
    }

    fn into_result(self) -> Result<(), ScanError> {
        match self.found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            None => Ok(()),
            Some((_, error)) => Err(error),
        }
    }
}
