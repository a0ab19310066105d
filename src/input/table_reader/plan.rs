//! What is read of one file of a table, and how a batch of its rows is judged.

use std::collections::HashSet;

use polars::prelude::*;

use super::account::{Class, Fate, IDS, OVERLONG, REASONS, Tally, USED, fate, fate_of, unreadable};
use super::{TableBatch, TableFile, find_column, required, written_zone};
use crate::error::{Error, Result};
use crate::input::cells::{self, Cells, State};
use crate::input::columns::{ambiguous, column_named, vocabulary};
use crate::input::decimal_mark::DecimalMark;
use crate::input::filter::{Filter, RowFilter};
use crate::input::formula::{Formula, Value};
use crate::input::names::Projection;
use crate::input::presets::DropReason;
use crate::input::raw::{FileFormat, RawBatch, RowNumbers, internal};
use crate::input::values::dates::DateParser;
use crate::input::values::{is_missing, trimmed};
use crate::input::{Frame, InputOptions};

use super::ValueKind;

/// How the rows of one file are read. Numbers are places in `projection`.
pub(super) struct TablePlan {
    file: usize,
    frame: Frame,
    projection: Vec<String>,
    /// Those asked for, then the required ones that were not.
    columns: Vec<ColumnPlan>,
    asked_for: usize,
    /// The column whose date says whether a row is in the time in use, as an index into `columns`.
    window: Option<usize>,
    has_window: bool,
    /// Where the words for a total may stand; empty: totals are kept.
    total_places: Vec<usize>,
    drops: Vec<DropPlan>,
    filter: Option<(RowFilter, Vec<FilterColumn>)>,
    conditions: Vec<(RowFilter, Vec<FilterColumn>)>,
    mark: DecimalMark,
    tz: Option<chrono_tz::Tz>,
    as_of_us: i64,
    since_us: i64,
    until_us: i64,
}

struct ColumnPlan {
    name: PlSmallStr,
    canonical: Option<&'static str>,
    /// `None`: this file has none.
    place: Option<usize>,
    reading: Reading,
    required: bool,
}

/// A column that `--where` reads: its name there, its place, and how.
type FilterColumn = (PlSmallStr, usize, Reading);

/// What a column becomes.
#[derive(Clone)]
enum Reading {
    /// An id, where that matters: an index into `IDS`.
    Text {
        id: Option<usize>,
    },
    DateTime(DateParser),
    Number,
    /// For `--where` alone: as it is.
    Native(DateParser),
}

struct DropPlan {
    fate: Fate,
    formula: Formula,
    /// Of the formula's columns.
    places: Vec<usize>,
}

/// A column of a batch before rows are left out.
enum Values {
    Text(StringChunked),
    DateTime(Cells),
    Number(Cells),
}

/// The original column behind a canonical or original name.
pub(super) fn source_of<'a>(file: &'a TableFile, name: &str) -> Result<Option<&'a str>> {
    if let Some(source) = file.mapping.source(name) {
        return Ok(Some(source));
    }
    if let Some(at) = find_column(&file.raw.header, name) {
        return Ok(Some(&file.raw.header[at]));
    }
    match file.mapping.ambiguous.iter().find(|(canonical, _)| *canonical == name) {
        Some((canonical, candidates)) => Err(ambiguous(&file.raw.label, canonical, candidates)),
        None => Ok(None),
    }
}

impl TablePlan {
    pub fn new(
        frame: Frame,
        index: usize,
        file: &TableFile,
        wanted: &[String],
        filter: Option<&Filter>,
        conditions: &[Filter],
        options: &InputOptions,
    ) -> Result<Self> {
        let readings = Readings { frame, file, options };
        let mut projection = Projection::default();
        let mut columns = Vec::new();
        for name in wanted {
            columns.push(readings.column(name, &mut projection)?);
        }
        let asked_for = columns.len();
        let moment = match frame {
            Frame::Events => Some("at"),
            Frame::Spend => Some("date"),
            Frame::Orders | Frame::Members => None,
        };
        let dated = moment.filter(|name| file.mapping.source(name).is_some());
        for name in required(frame).iter().copied().chain(dated) {
            if !columns.iter().any(|column| column.canonical == Some(name)) {
                columns.push(readings.column(name, &mut projection)?);
            }
        }
        let window =
            columns.iter().position(|column| column.canonical.is_some() && column.canonical == dated);
        let is_cut = options.since_us.is_some() || options.until_us.is_some();
        if let (Frame::Spend, None, true) = (frame, window, is_cut) {
            return Err(Error::MissingColumn {
                path: file.raw.label.clone(),
                canonical: "date, which --since and --until ask about".into(),
                columns: file.raw.header.clone(),
                hint: "leave --since and --until out, or name the column: --col date=COLUMN".into(),
            });
        }
        let mut total_places = Vec::new();
        if !options.keep.contains(&DropReason::Total) {
            let first = file.raw.header.first().map(String::as_str);
            let more = ["campaign", "date"].map(|name| file.mapping.source(name));
            let more = more.into_iter().flatten().filter(|_| frame == Frame::Spend);
            for source in first.into_iter().chain(more) {
                let place = projection.place(source);
                if !total_places.contains(&place) {
                    total_places.push(place);
                }
            }
        }
        let drops = drop_plans(file, options, &mut projection)?;
        let filtered = match filter {
            Some(filter) => Some((filter, readings.filter_columns(filter, &mut projection)?)),
            None => None,
        };
        let asked = conditions
            .iter()
            .map(|condition| Ok((condition, readings.filter_columns(condition, &mut projection)?)))
            .collect::<Result<Vec<_>>>()?;
        let head = &file.raw.head;
        let numbers = vocabulary(frame).iter().filter(|column| column.kind == ValueKind::Number);
        let numbers = numbers.filter_map(|column| file.mapping.source(column.name));
        let mut plan = Self {
            file: index,
            frame,
            projection: projection.0,
            columns,
            asked_for,
            window,
            has_window: window.is_some() && (is_cut || options.as_of_us.is_some()),
            total_places,
            drops,
            filter: None,
            conditions: Vec::new(),
            mark: DecimalMark::of(head, numbers.filter_map(|source| head.get_column_index(source))),
            tz: options.tz,
            as_of_us: options.as_of_us.unwrap_or(i64::MAX),
            since_us: options.since_us.unwrap_or(i64::MIN),
            until_us: options.until_us.unwrap_or(i64::MAX),
        };
        if filtered.is_some() || !asked.is_empty() {
            let head = head.select(plan.projection.iter().map(String::as_str));
            let head = head.map_err(|error| internal("reading the first rows", &error))?.head(Some(1));
            let fitted = |(filter, columns): (&Filter, Vec<FilterColumn>)| {
                let schema = plan.filter_frame(&columns, &head)?;
                Ok((filter.fit(schema.schema())?, columns))
            };
            let filter = filtered.map(fitted).transpose()?;
            let conditions = asked.into_iter().map(fitted).collect::<Result<_>>()?;
            plan.filter = filter;
            plan.conditions = conditions;
        }
        Ok(plan)
    }

    /// The original columns to be read, in the order that `read` expects.
    pub fn projection(&self) -> &[String] {
        &self.projection
    }

    /// Casts, judges and counts the rows of a batch; `None` where none is in use.
    pub fn read(&self, batch: &RawBatch) -> Result<(Option<TableBatch>, Tally)> {
        let mut tally = Tally::default();
        let mut values = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            values.push(self.values(column, batch, &mut tally)?);
        }
        let fates = self.fates(batch, &values)?;
        self.count(batch, &values, &fates, &mut tally);
        let used = tally.rows[USED as usize] as usize;
        if used == 0 {
            return Ok((None, tally));
        }
        let columns = self.columns[..self.asked_for].iter().zip(values).map(|(column, values)| {
            let name = column.name.clone();
            match values {
                Values::Text(text) => text.with_name(name).into_column(),
                Values::DateTime(cells) => cells.into_datetimes(name),
                Values::Number(cells) => cells.e4_as_decimals(name),
            }
        });
        let fault = |error: PolarsError| internal("leaving rows out", &error);
        let mut frame = DataFrame::new(fates.len(), columns.collect()).map_err(fault)?;
        let mut rows = batch.rows.clone();
        let condition = |(filter, columns): &(RowFilter, Vec<FilterColumn>)| {
            filter.keep(self.filter_frame(columns, &batch.frame)?)
        };
        let mut conditions = self.conditions.iter().map(condition).collect::<Result<Vec<_>>>()?;
        if used < fates.len() {
            let mask: BooleanChunked = fates.iter().map(|fate| Some(*fate == USED)).collect();
            frame = frame.filter(&mask).map_err(fault)?;
            for condition in &mut conditions {
                *condition = condition.filter(&mask).map_err(fault)?;
            }
            let kept = (0..fates.len()).filter(|row| fates[*row] == USED);
            rows = RowNumbers::Each(kept.map(|row| batch.rows.get(row)).collect());
        }
        Ok((Some(TableBatch { file: self.file, rows, frame, conditions }), tally))
    }

    fn values(&self, plan: &ColumnPlan, batch: &RawBatch, tally: &mut Tally) -> Result<Values> {
        let height = batch.frame.height();
        let column = plan.place.map(|place| &batch.frame.columns()[place]);
        Ok(match (&plan.reading, column) {
            (Reading::Text { id: Some(id) }, Some(column)) => {
                let ids = cells::ids(column)?;
                for row in &ids.destroyed {
                    let cell = || (column.name().to_string(), cells::as_written(column, *row as usize));
                    tally.destroyed[*id].add(self.file, batch.rows.get(*row as usize), cell);
                }
                Values::Text(ids.text)
            }
            (Reading::DateTime(parser), Some(column)) => {
                Values::DateTime(cells::moments(column, parser, self.tz)?)
            }
            (Reading::Number, Some(column)) => Values::Number(cells::money(column, self.mark)?),
            (Reading::Text { .. } | Reading::Native(_), Some(column)) => Values::Text(cells::text(column)?),
            (Reading::DateTime(_), None) => Values::DateTime(Cells::all_missing(height)),
            (Reading::Number, None) => Values::Number(Cells::all_missing(height)),
            (Reading::Text { .. } | Reading::Native(_), None) => {
                Values::Text(StringChunked::full_null(plan.name.clone(), height))
            }
        })
    }

    /// What becomes of each row: the reasons are tried from the last to the first, so that an earlier one overwrites a later
    /// one.
    fn fates(&self, batch: &RawBatch, values: &[Values]) -> Result<Vec<Fate>> {
        let mut fates = vec![USED; batch.frame.height()];
        if let Some((filter, columns)) = &self.filter {
            let keep = filter.keep(self.filter_frame(columns, &batch.frame)?)?;
            let left_out = fate("where");
            for (fate, keep) in fates.iter_mut().zip(keep.iter()) {
                if keep != Some(true) {
                    *fate = left_out;
                }
            }
        }
        let is_cut = (self.as_of_us, self.since_us, self.until_us) != (i64::MAX, i64::MIN, i64::MAX);
        if let Some(Values::DateTime(cells)) = self.window.map(|at| &values[at]).filter(|_| is_cut) {
            let [after_as_of, before_since, after_until] =
                ["after as_of", "before since", "after until"].map(fate);
            for (row, at) in cells.values.iter().enumerate() {
                if cells.states[row] != State::Good {
                    continue;
                }
                if *at > self.as_of_us {
                    fates[row] = after_as_of;
                } else if *at < self.since_us {
                    fates[row] = before_since;
                } else if *at > self.until_us {
                    fates[row] = after_until;
                }
            }
        }
        for (at, (column, values)) in self.columns.iter().zip(values).enumerate().rev() {
            let Some(canonical) = column.canonical else { continue };
            if !(column.required || self.has_window && self.window == Some(at)) {
                continue;
            }
            let (missing, invalid) =
                (fate(&format!("missing {canonical}")), fate(&format!("invalid {canonical}")));
            match values {
                Values::Text(text) if text.has_nulls() => {
                    for (row, cell) in text.iter().enumerate() {
                        if cell.is_none() {
                            least(&mut fates[row], missing);
                        }
                    }
                }
                Values::Text(_) => {}
                Values::DateTime(cells) | Values::Number(cells) if cells.are_good() => {}
                Values::DateTime(cells) | Values::Number(cells) => {
                    for (row, state) in cells.states.iter().enumerate() {
                        match state {
                            State::Good => {}
                            State::Missing => least(&mut fates[row], missing),
                            State::Invalid => least(&mut fates[row], invalid),
                        }
                    }
                }
            }
        }
        self.mark_totals(batch, &mut fates)?;
        self.mark_dropped(batch, &mut fates)?;
        for (row, _) in &batch.overlong {
            fates[*row as usize] = OVERLONG;
        }
        Ok(fates)
    }

    /// Rows that say that they are a total. In spend they say it in the first column, as the campaign or as the date; in
    /// other frames the first column alone may be somebody's name, so that something required must be missing too.
    fn mark_totals(&self, batch: &RawBatch, fates: &mut [Fate]) -> Result<()> {
        let total = fate_of(DropReason::Total);
        let is_defect = |fate: Fate| matches!(REASONS[fate as usize].1, Class::Missing | Class::Bad);
        let is_spend = self.frame == Frame::Spend;
        // All in use, as in most batches.
        if !is_spend && fates.iter().all(|fate| *fate == USED) {
            return Ok(());
        }
        for place in &self.total_places {
            let Some(text) = cells::written_text(&batch.frame.columns()[*place])? else { continue };
            for (row, cell) in text.iter().enumerate() {
                if (is_spend || is_defect(fates[row])) && cell.is_some_and(says_total) {
                    least(&mut fates[row], total);
                }
            }
        }
        Ok(())
    }

    fn mark_dropped(&self, batch: &RawBatch, fates: &mut [Fate]) -> Result<()> {
        for drop in &self.drops {
            let columns = drop
                .places
                .iter()
                .map(|place| {
                    let column = &batch.frame.columns()[*place];
                    cells::written_text(column)?.map_or_else(|| cells::text(column), Ok)
                })
                .collect::<Result<Vec<StringChunked>>>()?;
            for (row, slot) in fates.iter_mut().enumerate() {
                if drop.formula.value(&|at| columns[at].get(row), self.mark) == Value::Flag(true) {
                    least(slot, drop.fate);
                }
            }
        }
        Ok(())
    }

    fn count(&self, batch: &RawBatch, values: &[Values], fates: &[Fate], tally: &mut Tally) {
        let moments = match self.window.map(|at| &values[at]) {
            Some(Values::DateTime(cells)) => Some(cells),
            _ => None,
        };
        let is_plain = fates.iter().all(|fate| *fate == USED) && moments.is_none_or(Cells::are_good);
        if is_plain {
            tally.rows[USED as usize] += fates.len() as u64;
            tally.first_at_us = moments.and_then(|cells| cells.values.iter().copied().min());
            tally.last_at_us = moments.and_then(|cells| cells.values.iter().copied().max());
        }
        let each = if is_plain { &[] } else { fates };
        for (row, fate) in each.iter().enumerate() {
            tally.rows[*fate as usize] += 1;
            let (reason, class) = REASONS[*fate as usize];
            if matches!(class, Class::Bad | Class::Missing) {
                let cell = || self.cell_of(*fate, reason, batch, row);
                tally.places[*fate as usize].add(self.file, batch.rows.get(row), cell);
            }
            let is_of_the_time = *fate == USED || matches!(reason, "before since" | "where");
            if let Some(cells) = moments
                && is_of_the_time
                && cells.states[row] == State::Good
            {
                let at = cells.values[row];
                tally.first_at_us = Some(tally.first_at_us.map_or(at, |first| first.min(at)));
                tally.last_at_us = Some(tally.last_at_us.map_or(at, |last| last.max(at)));
            }
        }
        let mut unreadable_rows = HashSet::new();
        let mut rounded_rows: HashSet<u32> = HashSet::new();
        for (at, (column, values)) in self.columns.iter().zip(values).enumerate() {
            let (Values::DateTime(cells) | Values::Number(cells)) = values else { continue };
            rounded_rows.extend(cells.rounded.iter().copied().filter(|row| fates[*row as usize] == USED));
            let judged = column.required || self.has_window && self.window == Some(at);
            let Some(canonical) = column.canonical.filter(|_| !judged) else { continue };
            if cells.are_good() {
                continue;
            }
            for (row, state) in cells.states.iter().enumerate() {
                // A row that is left out by a rule is no defect; each other row counts once.
                let counts = fates[row] == USED && *state == State::Invalid;
                if counts && unreadable_rows.insert(row) {
                    let place = column.place.unwrap_or_default();
                    let cell = || self.cell(batch, place, row);
                    tally.unreadable[unreadable(canonical)].add(self.file, batch.rows.get(row), cell);
                }
            }
        }
        tally.used_with_unreadable = unreadable_rows.len() as u64;
        tally.rounded = rounded_rows.len() as u64;
        for (row, fields) in &batch.short {
            let cell = || (String::new(), format!("{fields} fields"));
            tally.short.add(self.file, batch.rows.get(*row as usize), cell);
        }
    }

    /// The cell that a fate is about.
    fn cell_of(&self, fate: Fate, reason: &str, batch: &RawBatch, row: usize) -> (String, String) {
        if fate == OVERLONG {
            let fields = batch.overlong.iter().find(|(at, _)| *at as usize == row);
            return (String::new(), fields.map(|(_, n)| format!("{n} fields")).unwrap_or_default());
        }
        let canonical = reason.split(' ').nth(1);
        let column = self.columns.iter().find(|column| column.canonical == canonical);
        match column.and_then(|column| column.place) {
            Some(place) => self.cell(batch, place, row),
            None => (canonical.unwrap_or_default().to_owned(), String::new()),
        }
    }

    fn cell(&self, batch: &RawBatch, place: usize, row: usize) -> (String, String) {
        (self.projection[place].clone(), cells::as_written(&batch.frame.columns()[place], row))
    }

    fn filter_frame(&self, columns: &[FilterColumn], frame: &DataFrame) -> Result<DataFrame> {
        let build = |(name, place, reading): &FilterColumn| -> Result<Column> {
            let column = &frame.columns()[*place];
            Ok(match reading {
                Reading::Text { .. } => cells::text(column)?.with_name(name.clone()).into_column(),
                Reading::DateTime(parser) => {
                    cells::moments(column, parser, self.tz)?.as_datetimes(name.clone())
                }
                Reading::Number => cells::decimals(column, self.mark)?.as_f64(name.clone()),
                Reading::Native(parser) => cells::native(column, parser, self.tz)?.with_name(name.clone()),
            })
        };
        let columns = columns.iter().map(build).collect::<Result<Vec<Column>>>()?;
        DataFrame::new(frame.height(), columns).map_err(|error| internal("preparing --where", &error))
    }
}

/// The reason that stands first in the table holds.
fn least(slot: &mut Fate, fate: Fate) {
    *slot = if *slot == USED { fate } else { fate.min(*slot) };
}

/// `合计`, `Total:`, `Total: account`, `全部`: the words by which reports name a sum.
fn says_total(cell: &str) -> bool {
    const WORDS: [&str; 12] = [
        "合计",
        "总计",
        "小计",
        "总和",
        "汇总",
        "全部",
        "total",
        "totals",
        "grand total",
        "overall total",
        "gesamt",
        "gesamtsumme",
    ];
    if is_missing(cell) {
        return false;
    }
    let text = trimmed(cell);
    let word = match text.find([':', '：']) {
        Some(colon) => text[..colon].trim_end(),
        None => text,
    };
    // A campaign may be called `Total: new customers`? Then the file has other names, too: --keep total.
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// The drop rules of the file's preset whose columns are there.
fn drop_plans(
    file: &TableFile,
    options: &InputOptions,
    projection: &mut Projection,
) -> Result<Vec<DropPlan>> {
    let Some(preset) = &file.raw.preset else { return Ok(Vec::new()) };
    let header = &file.raw.header;
    let find = |name: &str| {
        let found = column_named(&file.raw, name)?;
        header.iter().position(|column| column == found)
    };
    let mut plans = Vec::new();
    for (at, rule) in preset.drop.iter().enumerate() {
        if options.keep.contains(&rule.reason) {
            continue;
        }
        let origin = format!("preset {}, drop rule {}", preset.id, at + 1);
        let formula = Formula::parse(&rule.when, &origin)?;
        let Some(columns) = formula.columns_present(find) else { continue };
        let places = columns.into_iter().map(|at| projection.place(&header[at])).collect();
        plans.push(DropPlan { fate: fate_of(rule.reason), formula, places });
    }
    Ok(plans)
}

/// How the columns of a file are read.
struct Readings<'a> {
    frame: Frame,
    file: &'a TableFile,
    options: &'a InputOptions,
}

impl Readings<'_> {
    fn column(&self, name: &str, projection: &mut Projection) -> Result<ColumnPlan> {
        let source = source_of(self.file, name)?;
        let known = vocabulary(self.frame).iter().find(|column| column.name == name);
        // An original column that is mapped is read as what it is.
        let known = known.or_else(|| {
            let canonical = self.file.mapping.canonical_of(source?)?;
            vocabulary(self.frame).iter().find(|column| column.name == canonical)
        });
        let canonical = known.map(|column| column.name);
        let reading = match known {
            Some(column) => self.canonical(column.name, column.kind)?,
            None => Reading::Text { id: None },
        };
        Ok(ColumnPlan {
            name: name.into(),
            canonical,
            place: source.map(|source| projection.place(source)),
            reading,
            required: canonical.is_some_and(|name| required(self.frame).contains(&name)),
        })
    }

    fn canonical(&self, name: &'static str, kind: ValueKind) -> Result<Reading> {
        Ok(match kind {
            ValueKind::Text => Reading::Text { id: IDS.iter().position(|(id, _)| *id == name) },
            ValueKind::Number => Reading::Number,
            ValueKind::DateTime => Reading::DateTime(self.parser(name)?),
        })
    }

    fn parser(&self, canonical: &str) -> Result<DateParser> {
        let dates = self.file.dates.iter().find(|dates| dates.canonical == canonical);
        let format = match dates.map(|dates| &dates.reading) {
            Some(Ok(reading)) => reading.format.clone(),
            Some(Err(example)) => {
                return Err(Error::AmbiguousDates {
                    path: self.file.raw.label.clone(),
                    column: self.file.mapping.source(canonical).unwrap_or(canonical).to_owned(),
                    example: example.clone(),
                });
            }
            None => Default::default(),
        };
        Ok(DateParser::new(format, self.options.tz).written_in(written_zone(&self.file.raw)?))
    }

    fn filter_columns(&self, filter: &Filter, projection: &mut Projection) -> Result<Vec<FilterColumn>> {
        let mut columns = Vec::new();
        for name in filter.columns() {
            let Some(source) = source_of(self.file, name)? else {
                let canonical = self.file.mapping.columns.iter().map(|m| m.canonical.to_owned());
                let known = canonical.chain(self.file.mapping.unused.iter().cloned()).collect();
                return Err(filter.unknown_column(name, &self.file.raw.label, known));
            };
            let place = projection.place(source);
            let canonical = self.file.mapping.canonical_of(source);
            let known = vocabulary(self.frame).iter().find(|column| Some(column.name) == canonical);
            let reading = match (known, &self.file.raw.format) {
                (Some(column), _) => self.canonical(column.name, column.kind)?,
                (None, FileFormat::Csv { .. }) => Reading::Text { id: None },
                (None, FileFormat::Parquet { .. }) => {
                    Reading::Native(DateParser::new(Default::default(), self.options.tz))
                }
            };
            columns.push((PlSmallStr::from_str(name), place, reading));
        }
        Ok(columns)
    }
}
