//! From original columns to canonical rows: every row with its verdict, and the rows in use for the reductions.

use std::collections::BTreeMap;
use std::sync::Mutex;

pub use super::account::{BadKind, ReadSummary};
use super::account::{Tally, grouped};
pub use super::batches::{OrderBatch, OrderSink, RowBatch, RowSink, Wanted};
use super::canonical::Canonical;
use super::columns::{Mapping, vocabulary};
use super::day_order::{Evidence, Shared};
use super::filter::Filter;
use super::identities::{self, Identities};
use super::meaning::{Meaning, keys_without_preset, refuse_other_kinds};
use super::order_index::{OrderIndex, OrderKeys};
use super::presets::{Kind, RefundSemantics};
use super::raw::{self, RawBatch, RawFile, RowNumbers, ScanError};
use super::reader::{FilePlan, RunPlan};
use super::reading_notes::notes_on;
use super::values::dates::{DateFormat, DateOrder, parse_date_format};
use super::{Frame, InputOptions, derive, fill};
use crate::error::{Error, Place, Result};
use crate::output::report::Note;

/// Files whose columns and dates are understood, ready to be read.
#[derive(Debug)]
pub struct Inputs {
    pub files: Vec<MappedFile>,
    pub frame: Frame,
    pub options: InputOptions,
    filter: Option<Filter>,
    /// Of `--identities`.
    identities: Option<Identities>,
}

/// A file with what its columns mean.
#[derive(Debug, Clone)]
pub struct MappedFile {
    pub raw: RawFile,
    pub mapping: Mapping,
    /// How `ordered_at` is read.
    pub dates: DateReading,
    /// How `paid_at` is read, where `--where` asks for it; elsewhere it only matters whether it is there.
    pub paid_dates: Option<DateReading>,
    /// What its preset says of the rows.
    pub meaning: Option<Meaning>,
    /// What names its orders among those of other files, where that matters.
    pub(super) order_keys: Option<OrderKeys>,
    /// The columns that together say who the customer is (`--customer-key`); empty: `customer_id` does.
    pub customer_key: Vec<String>,
}

impl MappedFile {
    /// The platform of the file's preset; empty without one.
    pub(super) fn platform(&self) -> &str {
        self.meaning.as_ref().map_or("", |meaning| &meaning.preset.platform)
    }

    /// Whether the rows say who the customers are.
    pub fn has_customers(&self) -> bool {
        !self.customer_key.is_empty() || self.mapping.source("customer_id").is_some()
    }

    /// An error that says what to do where the file does not say who the customers are.
    pub fn require_customers(&self, lang: crate::text::Lang) -> Result<()> {
        if self.has_customers() {
            return Ok(());
        }
        self.mapping.require_customers(Frame::Orders, &self.raw, lang)
    }

    /// Rows that are refunds of other rows' payments, and have no amount of their own.
    pub(super) fn holds_refunds_alone(&self) -> bool {
        self.meaning.as_ref().is_some_and(|meaning| meaning.preset.kind == Kind::Refunds)
    }
}

/// How a date column is read, and what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateReading {
    pub format: DateFormat,
    pub decided_by: DecidedBy,
}

/// What settled the order of day and month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedBy {
    /// No value leaves it open.
    NotNeeded,
    /// `--date-format`.
    Given,
    /// This value can be read one way only.
    Value(Place),
    /// The other files of the run.
    OtherFiles,
}

impl DateReading {
    /// The order that was found out from data; `None` where it was given or does not matter.
    pub fn order(&self) -> Option<DateOrder> {
        match self.format {
            DateFormat::Auto { order } => order,
            DateFormat::Pattern(_) => None,
        }
    }

    pub(super) fn decided(order: DateOrder, decided_by: DecidedBy) -> Self {
        Self { format: DateFormat::Auto { order: Some(order) }, decided_by }
    }
}

/// Makes canonical cells of a batch, and counts its rows.
type ReadBatch<'a> = dyn Fn(RawBatch) -> Result<(Canonical, RawBatch)> + Sync + 'a;

/// A file on the way to `MappedFile`: of a date column that nothing decides, an example.
struct Undecided {
    file: usize,
    paid: bool,
    column: String,
    example: String,
}

impl Inputs {
    /// Opens the files, maps their columns, settles how dates are read, checks `--where` on the first rows.
    pub fn open(frame: Frame, options: InputOptions) -> Result<Inputs> {
        // A fault in --where is told before any file is looked at.
        options.filter.as_deref().map(Filter::parse).transpose()?;
        let raw = raw::open(&options)?;
        Self::of_files(frame, options, raw)
    }

    /// The same for files that are open already.
    pub fn of_files(frame: Frame, options: InputOptions, raw: Vec<RawFile>) -> Result<Inputs> {
        let filter = options.filter.as_deref().map(Filter::parse).transpose()?;
        let identities = options.identities.as_deref().map(|path| Identities::load(path, &options));
        let identities = identities.transpose()?;
        let mut inputs = Inputs { files: Vec::new(), frame, options, filter, identities };
        let mut undecided = Vec::new();
        for (index, raw) in raw.into_iter().enumerate() {
            let file = inputs.understand(index, raw, &mut undecided)?;
            inputs.files.push(file);
        }
        inputs.settle_by_other_files(undecided)?;
        refuse_refunds_twice(&inputs.files)?;
        inputs.check_filter()?;
        Ok(inputs)
    }

    /// Every row with its verdict. Unreadable values are no error here: `ReadSummary::judge` says whether they should be.
    pub fn read_rows<S: RowSink>(&self, wanted: &Wanted, make: impl Fn() -> S) -> Result<(S, ReadSummary)> {
        self.read(wanted, make, |sink, _, canonical, batch| sink.push(canonical.into_rows(batch)))
    }

    /// The same with the files as they were read in the end.
    pub fn with_files(self, files: Vec<MappedFile>) -> Self {
        Self { files, ..self }
    }

    /// As `read_rows`, but what `make` (called by several threads) makes of each batch is handed to `take` in the order of
    /// the input. What was taken cannot be taken back: the files are those that an earlier pass has read to their end, so
    /// that their encodings are settled (`with_files`).
    pub fn read_rows_in_order<T: Send>(
        &self,
        wanted: &Wanted,
        make: &(dyn Fn(RowBatch) -> Result<T> + Sync),
        take: &mut dyn FnMut(T) -> Result<()>,
    ) -> Result<ReadSummary> {
        self.read_by(wanted, |raw, projection, read| {
            let read = |batch: RawBatch| -> Result<T> {
                let (canonical, batch) = read(batch)?;
                make(canonical.into_rows(batch))
            };
            match raw::scan_in_order(raw, projection, &self.options, &read, take) {
                Err(ScanError::Encoding { file, .. }) => {
                    let why = format!("the encoding of {} is not settled", raw[file].label);
                    Err(ScanError::Failed(raw::internal("reading rows in order", &why)))
                }
                other => other,
            }
        })
    }

    /// The rows in use; an error where too many rows are doubtful, or none is left.
    pub fn read_orders<S: OrderSink>(
        &self,
        wanted: &Wanted,
        make: impl Fn() -> S,
    ) -> Result<(S, ReadSummary)> {
        let (sink, summary) = self.read(wanted, make, |sink, order_ids, canonical, _| {
            match canonical.into_orders(order_ids)? {
                Some(orders) => sink.push(orders),
                None => Ok(()),
            }
        })?;
        summary.judge(&self.options)?;
        Ok((sink, summary))
    }

    /// Whether some file has a column for `canonical`.
    pub fn has(&self, canonical: &str) -> bool {
        self.files.iter().any(|file| file.mapping.source(canonical).is_some())
    }

    /// Whether the rows of every file say who the customers are.
    pub fn know_customers(&self) -> bool {
        self.files.iter().all(MappedFile::has_customers)
    }

    /// Whether `--where` reads `canonical`, under this or its original name.
    pub fn filters_on(&self, canonical: &str) -> bool {
        let is_it = |name: &String| {
            name == canonical || self.files.iter().any(|file| file.mapping.source(canonical) == Some(name))
        };
        self.filter.as_ref().is_some_and(|filter| filter.columns().iter().any(is_it))
    }

    /// Names that `Wanted::attributes` and `--where` take: canonical ones, then original ones, each once.
    pub fn column_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for column in vocabulary(self.frame) {
            let is_known = |file: &MappedFile| {
                file.mapping.source(column.name).is_some()
                    || file.mapping.ambiguous.iter().any(|(canonical, _)| *canonical == column.name)
            };
            if self.files.iter().any(is_known) {
                names.push(column.name.to_owned());
            }
        }
        for name in self.files.iter().flat_map(|file| &file.raw.header) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The end of the observed time: as given, else the last moment in the data.
    pub fn as_of_us(&self, read: &ReadSummary) -> i64 {
        self.options.as_of_us.or(read.last_at_us).unwrap_or_default()
    }

    fn read<S: Send + Sync>(
        &self,
        wanted: &Wanted,
        make: impl Fn() -> S,
        push: impl Fn(&S, bool, Canonical, RawBatch) -> Result<()> + Sync,
    ) -> Result<(S, ReadSummary)> {
        let order_ids = self.has("order_id");
        let mut last = None;
        let summary = self.read_by(wanted, |raw, projection, read| {
            let sink = make();
            raw::scan(raw, projection, &self.options, &|batch| {
                let (canonical, batch) = read(batch)?;
                push(&sink, order_ids, canonical, batch)
            })?;
            last = Some(sink);
            Ok(())
        })?;
        Ok((last.unwrap_or_else(make), summary))
    }

    /// Scans the files with `scan`, which gets the reading of a batch; again where an encoding turns out to be another.
    fn read_by(
        &self,
        wanted: &Wanted,
        mut scan: impl FnMut(&[RawFile], &[Vec<String>], &ReadBatch<'_>) -> Result<(), ScanError>,
    ) -> Result<ReadSummary> {
        let mut files = self.files.clone();
        for _ in 0..=files.len() {
            let raw: Vec<RawFile> = files.iter().map(|file| file.raw.clone()).collect();
            let index = match self.order_index(&files, &raw) {
                Ok(index) => index,
                Err(ScanError::Failed(error)) => return Err(error),
                Err(ScanError::Encoding { file, .. }) => {
                    self.read_again(&mut files, file)?;
                    continue;
                }
            };
            let plans = self.plans(&files, wanted, index.is_some())?;
            let projection: Vec<Vec<String>> = plans.iter().map(|plan| plan.projection().to_vec()).collect();
            let all = Mutex::new(Tally::default());
            let scanned = scan(&raw, &projection, &|batch| {
                let standings =
                    index.as_ref().map(|index| index.standings(batch.file, &batch)).transpose()?;
                let mut canonical = plans[batch.file].read(&batch, standings.as_deref())?;
                let tally = std::mem::take(&mut canonical.tally);
                all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).merge(tally);
                Ok((canonical, batch))
            });
            match scanned {
                Ok(()) => {
                    let tally = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let mut notes = notes_on(&files, self.options.tz);
                    if wanted.customers {
                        notes.extend(self.options.customer_key.as_deref().map(identities::weak_key_note));
                        notes.extend(self.identities.iter().flat_map(Identities::notes));
                    }
                    let superseded = index.map_or(0, |index| index.superseded_orders());
                    if superseded > 0 {
                        notes.push(Note::new("orders_superseded").with("orders", grouped(superseded)));
                    }
                    let lang = self.options.lang;
                    return Ok(tally.into_summary("orders", files, notes, lang));
                }
                Err(ScanError::Failed(error)) => return Err(error),
                Err(ScanError::Encoding { file, .. }) => self.read_again(&mut files, file)?,
            }
        }
        Err(raw::internal("detecting an encoding", &"each file was detected anew and still does not fit"))
    }

    /// The encoding that was detected from a file's beginning does not hold: detect it from all of the file, and map anew.
    fn read_again(&self, files: &mut [MappedFile], file: usize) -> Result<()> {
        let mut raw = files[file].raw.clone();
        raw::redetect(&mut raw, &self.options)?;
        let mut undecided = Vec::new();
        let fresh = self.understand(file, raw, &mut undecided)?;
        let old = std::mem::replace(&mut files[file], fresh);
        if !undecided.is_empty() {
            files[file].dates = old.dates;
            files[file].paid_dates = old.paid_dates;
        }
        Ok(())
    }

    fn plans(&self, files: &[MappedFile], wanted: &Wanted, has_index: bool) -> Result<Vec<FilePlan<'_>>> {
        FilePlan::check_wanted(files, wanted, &self.options)?;
        let run = RunPlan { counts_orders: files.iter().any(|file| file.meaning.is_some()), has_index };
        let (filter, options) = (self.filter.as_ref(), &self.options);
        let identities = self.identities.as_ref();
        let plan = |file| FilePlan::new(self.frame, file, wanted, filter, identities, options, run);
        files.iter().map(plan).collect()
    }

    /// Where rows stand among all rows of their orders, if that matters: an order's total is repeated on its lines, or
    /// several files are of one platform.
    fn order_index(&self, files: &[MappedFile], raw: &[RawFile]) -> Result<Option<OrderIndex>, ScanError> {
        let mut keys: Vec<Option<OrderKeys>> = files.iter().map(|file| file.order_keys.clone()).collect();
        let mut files_of: BTreeMap<String, usize> = BTreeMap::new();
        for key in keys.iter().flatten() {
            *files_of.entry(key.platform.clone()).or_default() += 1;
        }
        let matters = |key: &OrderKeys| key.once || files_of[&key.platform] > 1;
        keys.iter_mut().for_each(|key| *key = key.take().filter(matters));
        if keys.iter().all(Option::is_none) {
            return match &self.options.latest_by {
                Some(_) => Err(ScanError::Failed(Error::DoesNotApply {
                    option: "--latest-by".into(),
                    why: "no two files are exports of one platform that have order ids".into(),
                })),
                None => Ok(None),
            };
        }
        OrderIndex::build(raw, &keys, &self.options).map(Some)
    }

    fn understand(&self, index: usize, raw: RawFile, undecided: &mut Vec<Undecided>) -> Result<MappedFile> {
        let mut raw = raw;
        refuse_other_kinds(&raw)?;
        loop {
            derive::add(&mut raw)?;
            let mapping = Mapping::find(self.frame, &raw, &self.options.columns)?;
            let meaning = Meaning::of(&raw, &mapping, &self.options)?;
            if let Some((key, columns)) = meaning.as_ref().and_then(|m| m.blanks(&raw, &mapping)) {
                fill::fill_down(&mut raw, &key, &columns)?;
            }
            derive::settle(&mut raw, &mapping)?;
            let reads_paid_at = self.filter.as_ref().is_some_and(|filter| {
                let source = mapping.source("paid_at");
                filter.columns().iter().any(|name| name == "paid_at" || Some(name.as_str()) == source)
            });
            let mut readings = [None, None];
            let columns = [mapping.source("ordered_at"), mapping.source("paid_at").filter(|_| reads_paid_at)];
            let mut encoding_fails = false;
            for (paid, column) in columns.into_iter().enumerate() {
                let Some(column) = column else { continue };
                match date_reading(&self.options, &raw, column) {
                    Ok(Ok(reading)) => readings[paid] = Some(reading),
                    Ok(Err(example)) => {
                        readings[paid] = Some(DateReading {
                            format: DateFormat::default(),
                            decided_by: DecidedBy::OtherFiles,
                        });
                        undecided.push(Undecided {
                            file: index,
                            paid: paid == 1,
                            column: column.to_owned(),
                            example,
                        });
                    }
                    Err(ScanError::Failed(error)) => return Err(error),
                    Err(ScanError::Encoding { .. }) => encoding_fails = true,
                }
            }
            if encoding_fails {
                undecided.retain(|open| open.file != index);
                raw::redetect(&mut raw, &self.options)?;
                continue;
            }
            let [dates, paid_dates] = readings;
            let dates = dates
                .unwrap_or(DateReading { format: DateFormat::default(), decided_by: DecidedBy::NotNeeded });
            let key = self.options.customer_key.as_deref().unwrap_or_default();
            let customer_key = identities::key_columns(&raw, key)?;
            let order_keys = match &meaning {
                Some(meaning) => meaning.order_keys().cloned(),
                None => keys_without_preset(&raw, &mapping, &self.options)?,
            };
            return Ok(MappedFile { raw, mapping, dates, paid_dates, meaning, order_keys, customer_key });
        }
    }

    /// A file that nothing decides is read as the other files are, if they all agree.
    fn settle_by_other_files(&mut self, undecided: Vec<Undecided>) -> Result<()> {
        let readings = self.files.iter().flat_map(|file| [Some(&file.dates), file.paid_dates.as_ref()]);
        let orders: Vec<DateOrder> = readings.flatten().filter_map(DateReading::order).collect();
        let agreed = orders.first().copied().filter(|first| orders.iter().all(|order| order == first));
        for open in undecided {
            let file = &mut self.files[open.file];
            let Some(order) = agreed else {
                return Err(Error::AmbiguousDates {
                    path: file.raw.label.clone(),
                    column: open.column,
                    example: open.example,
                });
            };
            let reading = DateReading::decided(order, DecidedBy::OtherFiles);
            if open.paid {
                file.paid_dates = Some(reading);
            } else {
                file.dates = reading;
            }
        }
        Ok(())
    }

    /// Runs `--where` over the first rows of each file, so that its errors come before the work.
    fn check_filter(&self) -> Result<()> {
        if self.filter.is_none() {
            return Ok(());
        }
        let wanted = Wanted { customers: false, ..Wanted::default() };
        for plan in self.plans(&self.files, &wanted, false)?.iter().zip(&self.files) {
            let (plan, file) = plan;
            let frame = file
                .raw
                .head
                .select(plan.projection().iter().map(String::as_str))
                .map_err(|error| raw::internal("reading the first rows", &error))?;
            let rows = RowNumbers::Sequence { first: 1 };
            plan.read(&RawBatch { file: 0, frame, rows, overlong: Vec::new(), short: Vec::new() }, None)?;
        }
        Ok(())
    }
}

/// How a date column is to be read; the inner error is an example of values that leave the order open.
pub(super) fn date_reading(
    options: &InputOptions,
    raw: &RawFile,
    column: &str,
) -> Result<Result<DateReading, String>, ScanError> {
    if let Some(option) = &options.date_format {
        let format = parse_date_format(option)?;
        if format != DateFormat::default() {
            return Ok(Ok(DateReading { format, decided_by: DecidedBy::Given }));
        }
    }
    let mut evidence = Evidence::default();
    if let Ok(head) = raw.head.column(column) {
        // The row numbers of a head are known only roughly (quoted line breaks): the place is right for all but them.
        let first = match raw.format {
            raw::FileFormat::Csv { .. } => 2 - u64::from(raw.layout.header_is_above),
            raw::FileFormat::Parquet { .. } => 1,
        };
        evidence.add(head, &RowNumbers::Sequence { first })?;
    }
    if evidence.decision(&raw.label, column).is_none() && evidence.may_need_order() {
        let shared = Shared::default();
        let options = InputOptions { progress: None, ..options.clone() };
        raw::scan(std::slice::from_ref(raw), &[vec![column.to_owned()]], &options, &|batch| {
            shared.add(&batch.frame.columns()[0], &batch.rows)
        })?;
        evidence = shared.into_inner();
    }
    Ok(match evidence.decision(&raw.label, column) {
        Some((order, place)) => Ok(DateReading::decided(order, DecidedBy::Value(place))),
        None if evidence.needs_order() => Err(evidence.example()),
        None => Ok(DateReading { format: DateFormat::default(), decided_by: DecidedBy::NotNeeded }),
    })
}

/// Refunds beside orders that tell of their refunds would be subtracted twice.
fn refuse_refunds_twice(files: &[MappedFile]) -> Result<()> {
    for refunds in files.iter().filter(|file| file.holds_refunds_alone()) {
        let platform = refunds.meaning.as_ref().map(|meaning| &meaning.preset.platform);
        let tells = |file: &&MappedFile| {
            let Some(meaning) = &file.meaning else { return false };
            let amounts = meaning.preset.amounts.as_ref();
            Some(&meaning.preset.platform) == platform
                && meaning.preset.kind != Kind::Refunds
                && amounts.is_some_and(|amounts| amounts.refunds != RefundSemantics::None)
        };
        if let Some(orders) = files.iter().find(tells) {
            let what = format!(
                "{} holds refunds that {} tells of, too: they would be subtracted twice",
                refunds.raw.label, orders.raw.label
            );
            let hint = format!("leave out {}", refunds.raw.label);
            return Err(Error::Unsound { what, places: Vec::new(), hint });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
