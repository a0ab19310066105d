//! `siyu inspect`: what was detected, and a block for siyu.toml that says it by hand.

use polars::prelude::{Column, DataFrame};

use super::run_report::Job;
use super::{ReportArgs, presets, recognised};
use crate::error::{Error, Result};
use crate::input::columns::{Mapped, Mapping, ValueKind, vocabulary};
use crate::input::raw::{self, Container, FileFormat, RawFile};
use crate::input::rows::{DateReading, DecidedBy, MappedFile};
use crate::input::values::dates::{DateFormat, DateOrder};
use crate::input::values::is_missing;
use crate::input::{Frame, InputOptions, Inputs, ReadSummary, RowBatch, RowSink, Wanted};
use crate::output::{self, Cells, Format, Note, OutputPlan, Report, TableChoice};
use crate::reports::inspect::{self, ColumnSeen, FileSeen, InspectParams, Inspection, RowsSeen};

/// Examples of each column.
const EXAMPLES: usize = 3;

pub fn run(args: &ReportArgs<InspectParams>) -> Result<u8> {
    refuse_what_does_not_apply(args)?;
    let mut resolved = args.resolve(|_| None)?;
    if args.params.toml {
        // Text, wherever it goes; -o may have any name.
        resolved.output.format = Some(Format::Table);
        resolved.output.table = None;
    }
    let info = crate::reports::info("inspect");
    let job = Job::prepare(&resolved, info)?;
    let raw = raw::open(&job.options)?;
    refuse_what_finds_nothing(args, &job.options, &raw)?;
    job.refuse_what_does_not_apply(raw.iter())?;
    let preset = resolved.input.preset.as_deref();
    let seen = look(&job.options, raw.clone(), preset);
    let (plan, printer, options) = (job.plan.clone(), job.printer, job.options.clone());
    // Before the first line of the result: it clears the progress bar.
    drop(job);

    if args.params.toml {
        return match seen.failure {
            Some(error) => Err(error),
            None => {
                output::sink::write(&plan.target, |out| {
                    Ok(out.write_all(seen.inspection.config.as_bytes())?)
                })?;
                Ok(0)
            }
        };
    }
    let as_of_us = options.as_of_us.or(seen.inspection.rows.as_ref().and_then(|rows| rows.last_at_us));
    let mut report = inspect::run(&seen.inspection, as_of_us, plan.mask.as_ref());
    report.notes = output::mask::notes(seen.notes, plan.mask.as_ref());
    report.notes.extend(presets::notes(&options, raw.iter()));
    for line in recognised::lines(&options, &raw, seen.inspection.rows.as_ref(), plan.lang) {
        printer.line(&line);
    }
    write(report.clone(), &plan, &seen.inspection.config)?;
    for line in output::account_lines(&report, plan.lang) {
        printer.line(&line);
    }
    for note in output::note_lines(&report, plan.lang) {
        printer.note(&note);
    }
    if resolved.output.explain.unwrap_or(false) {
        printer.always(info.doc);
    }
    seen.failure.map_or(Ok(0), Err)
}

fn refuse_what_does_not_apply(args: &ReportArgs<InspectParams>) -> Result<()> {
    let refused = |option: &str, why: &str| Error::DoesNotApply { option: option.into(), why: why.into() };
    if args.input.by.is_some() {
        return Err(refused("--by", "inspect shows all columns"));
    }
    if args.params.toml && args.output.format.is_some() {
        return Err(refused("--format", "--toml prints the block for siyu.toml alone"));
    }
    if args.params.toml && args.output.table.is_some() {
        return Err(refused("--table", "--toml prints the block for siyu.toml alone"));
    }
    Ok(())
}

/// What was typed and can have no effect on these files.
fn refuse_what_finds_nothing(
    args: &ReportArgs<InspectParams>,
    options: &InputOptions,
    raw: &[RawFile],
) -> Result<()> {
    let input = &args.input;
    presets::refuse_what_does_not_apply(options, raw.iter(), input.keep.is_some(), input.presets.is_some())?;
    if raw.iter().any(recognised::is_orders) {
        return Ok(());
    }
    let typed = [
        ("--toml", args.params.toml),
        ("--where", input.filter.is_some()),
        ("--as-of", input.as_of.is_some()),
        ("--since", input.since.is_some()),
        ("--until", input.until.is_some()),
    ];
    match typed.iter().find(|(_, typed)| *typed) {
        Some((option, _)) => Err(Error::DoesNotApply {
            option: (*option).to_owned(),
            why: "the input holds no orders: its rows are counted, not read".into(),
        }),
        None => Ok(()),
    }
}

/// The report in its format; where that is text for the eye the block stands below the tables, ready to be copied.
fn write(mut report: Report, plan: &OutputPlan, config: &str) -> Result<()> {
    if plan.format == Format::Table {
        without_the_one_file(&mut report, "columns");
        if !matches!(plan.choice, TableChoice::Named(_)) {
            without_unused_columns(&mut report);
        }
    }
    let below =
        plan.format == Format::Table && !matches!(plan.choice, TableChoice::Named(_)) && !config.is_empty();
    if !below {
        return output::write(&report, plan);
    }
    report.tables.retain(|table| table.name != "config");
    let bytes = output::to_bytes(&report, plan)?;
    output::sink::write(&plan.target, |out| {
        out.write_all(&bytes)?;
        out.write_all(b"\n")?;
        Ok(out.write_all(config.as_bytes())?)
    })
}

/// Exports of platforms have dozens of columns that nothing reads: they would push the others off the screen. `--table columns`
/// shows them.
fn without_unused_columns(report: &mut Report) {
    const FEW: usize = 12;
    let Some(table) = report.tables.iter_mut().find(|table| table.name == "columns") else { return };
    let Some(Cells::Text(found)) = table.column("found").map(|column| &column.cells) else { return };
    let keep: Vec<bool> = found.iter().map(|found| found.as_deref() != Some("unused")).collect();
    if keep.iter().filter(|keep| !**keep).count() > FEW {
        table.retain(&keep);
    }
}

/// A path that stands in every row of a table says nothing to the eye.
pub(super) fn without_the_one_file(report: &mut Report, table: &str) {
    for table in report.tables.iter_mut().filter(|known| known.name == table) {
        let Some(Cells::Text(files)) = table.column("file").map(|column| &column.cells) else { continue };
        let mut named: Vec<&String> = files.iter().flatten().collect();
        named.dedup();
        if named.len() <= 1 {
            table.columns.retain(|column| column.name != "file");
        }
    }
}

/// What was found out, and what was in the way of finding out more.
struct Seen {
    inspection: Inspection,
    notes: Vec<Note>,
    failure: Option<Error>,
}

/// Takes no rows: the account of the reader is what is wanted.
struct NoRows;

impl RowSink for NoRows {
    fn push(&self, _: RowBatch) -> Result<()> {
        Ok(())
    }
}

/// Orders are read; of other exports that are recognised the columns are shown and the rows counted. `preset` is what
/// `--preset` says.
fn look(options: &InputOptions, raw: Vec<RawFile>, preset: Option<&str>) -> Seen {
    let files: Vec<FileSeen> = raw.iter().map(file_seen).collect();
    let (orders, others): (Vec<RawFile>, Vec<RawFile>) = raw.into_iter().partition(recognised::is_orders);
    let mut seen = if orders.is_empty() {
        Seen { inspection: Inspection::default(), notes: Vec::new(), failure: None }
    } else {
        let read = Inputs::of_files(Frame::Orders, options.clone(), orders.clone()).and_then(|inputs| {
            let wanted = Wanted { customers: inputs.know_customers(), ..Wanted::default() };
            inputs.read_rows(&wanted, || NoRows)
        });
        match read {
            Ok((_, read)) => settled(options, read, preset),
            Err(error) => unsettled(options, &orders, error),
        }
    };
    // Once more for those whose encoding was detected again while they were read.
    let same_or = |file: FileSeen| {
        let again = seen.inspection.files.iter().find(|again| again.file == file.file);
        again.cloned().unwrap_or(file)
    };
    seen.inspection.files = files.into_iter().map(same_or).collect();
    let mut layouts: Vec<&[String]> = Vec::new();
    for file in &others {
        let Some(preset) = &file.preset else { continue };
        if !layouts.contains(&file.header.as_slice()) {
            layouts.push(&file.header);
            let values = |name: &str| first_values(&file.head, name);
            seen.inspection.columns.extend(recognised::columns_by_preset(file, preset, values));
        }
    }
    match recognised::count(options, others) {
        Ok(counted) => seen.inspection.counted = counted,
        Err(error) => seen.failure = seen.failure.or(Some(error)),
    }
    seen
}

fn settled(options: &InputOptions, read: ReadSummary, preset: Option<&str>) -> Seen {
    let mut columns = Vec::new();
    for file in first_of_each_layout(&read.files) {
        columns.extend(columns_of(&file.raw, &file.mapping, Some(&file.dates)));
    }
    let mut notes = read.notes.clone();
    if let Err(refusal) = read.judge(options) {
        let why = refusal.to_string().lines().next().unwrap_or_default().to_owned();
        notes.push(Note::new("reports_would_refuse").with("why", why));
    }
    if let Some(file) = read.files.iter().find(|file| !file.has_customers()) {
        let refused = file.require_customers(options.lang).err();
        let hint = refused.iter().flat_map(Error::hints).next().unwrap_or_default();
        notes.push(Note::new("customers_unknown").with("file", &file.raw.label).with("hint", hint));
    }
    Seen {
        inspection: Inspection {
            files: read.files.iter().map(|file| file_seen(&file.raw)).collect(),
            columns,
            config: config(options, &read.files, preset),
            rows: Some(RowsSeen {
                account: read.account,
                first_at_us: read.first_at_us,
                last_at_us: read.last_at_us,
                gross_e4: read.gross_e4,
                refund_e4: read.refund_e4,
                net_e4: read.net_e4,
            }),
            counted: Vec::new(),
        },
        notes,
        failure: None,
    }
}

/// Files and columns as far as they go.
fn unsettled(options: &InputOptions, raw: &[RawFile], failure: Error) -> Seen {
    let mut columns: Vec<ColumnSeen> = Vec::new();
    let mut layouts: Vec<&[String]> = Vec::new();
    for file in raw {
        if layouts.contains(&file.header.as_slice()) {
            continue;
        }
        layouts.push(&file.header);
        let mapping = Mapping::as_far_as_it_goes(Frame::Orders, file, &options.columns);
        columns.extend(columns_of(file, &mapping, None));
    }
    Seen {
        inspection: Inspection {
            files: raw.iter().map(file_seen).collect(),
            columns,
            ..Inspection::default()
        },
        notes: Vec::new(),
        failure: Some(failure),
    }
}

fn first_of_each_layout(files: &[MappedFile]) -> Vec<&MappedFile> {
    let mut first: Vec<&MappedFile> = Vec::new();
    for file in files {
        let is_known =
            |known: &&MappedFile| known.raw.header == file.raw.header && known.mapping == file.mapping;
        if !first.iter().any(is_known) {
            first.push(file);
        }
    }
    first
}

fn file_seen(file: &RawFile) -> FileSeen {
    let (format, encoding, delimiter) = match &file.format {
        // Text of our own making.
        FileFormat::Csv { .. } if file.is_spooled() => ("csv", None, None),
        FileFormat::Csv { delimiter, encoding, .. } => {
            ("csv", Some(encoding.to_string()), Some(delimiter_name(*delimiter)))
        }
        FileFormat::Parquet { .. } => ("parquet", None, None),
    };
    FileSeen {
        file: file.label.clone(),
        format: match file.container.as_slice() {
            [] => format.to_owned(),
            _ if file.is_spooled() => file.describe(),
            containers => {
                let outer: Vec<String> = containers.iter().map(Container::describe).collect();
                format!("{}; {format}", outer.join("; "))
            }
        },
        compression: file.compression.name(),
        encoding,
        delimiter,
        columns: file.header.len(),
        bytes: file.bytes,
        preset: file.preset.as_ref().map(|preset| preset.id.clone()),
        preset_score: recognised::score(file),
        container: recognised::containers(file),
        sheet: recognised::sheet(file),
        header_line: match &file.format {
            FileFormat::Csv { .. } => Some(1 + file.layout.skip_lines),
            FileFormat::Parquet { .. } => None,
        },
    }
}

fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".into(),
        b'\t' => "tab".into(),
        b';' => "semicolon".into(),
        b'|' => "pipe".into(),
        other => char::from(other).to_string(),
    }
}

/// Columns with a meaning in the order of the vocabulary, then those that are open, then those that nothing uses.
fn columns_of(file: &RawFile, mapping: &Mapping, dates: Option<&DateReading>) -> Vec<ColumnSeen> {
    let mut seen = Vec::new();
    for canonical in vocabulary(Frame::Orders) {
        let kind = match canonical.kind {
            ValueKind::Text => "text",
            ValueKind::DateTime => "date",
            ValueKind::Number => "number",
        };
        let without_column = |found: &'static str, column: Option<String>| ColumnSeen {
            file: file.label.clone(),
            canonical: Some(canonical.name),
            column,
            found,
            kind: Some(kind),
            ..ColumnSeen::default()
        };
        let open = mapping.ambiguous.iter().find(|(name, _)| *name == canonical.name);
        if let Some(mapped) = mapping.columns.iter().find(|mapped| mapped.canonical == canonical.name) {
            seen.push(ColumnSeen {
                kind: Some(kind),
                read_as: dates.filter(|_| mapped.canonical == "ordered_at").map(reading),
                ..column_seen(file, mapped)
            });
        } else if let Some((_, candidates)) = open {
            seen.push(without_column("ambiguous", Some(candidates.join(" | "))));
        } else if canonical.name == "amount"
            && mapping.source("quantity").is_some()
            && mapping.source("unit_price").is_some()
        {
            let factors = [mapping.source("quantity"), mapping.source("unit_price")];
            let factors: Vec<&str> = factors.into_iter().flatten().collect();
            seen.push(without_column("product", Some(factors.join(" x "))));
        } else if matches!(canonical.name, "customer_id" | "ordered_at" | "amount") {
            seen.push(without_column("missing", None));
        }
    }
    for name in &mapping.unused {
        let (filled, examples) = first_values(&file.head, name);
        let in_formula = file.derived.iter().any(|derived| derived.inputs.contains(name));
        seen.push(ColumnSeen {
            file: file.label.clone(),
            column: Some(name.clone()),
            found: if in_formula { "formula" } else { "unused" },
            filled,
            examples,
            ..ColumnSeen::default()
        });
    }
    seen
}

fn column_seen(file: &RawFile, mapped: &Mapped) -> ColumnSeen {
    let (filled, examples) = first_values(&file.head, &mapped.source);
    ColumnSeen {
        file: file.label.clone(),
        canonical: Some(mapped.canonical),
        column: Some(mapped.source.clone()),
        found: mapped.found.key(),
        filled,
        examples,
        ..ColumnSeen::default()
    }
}

/// Of the first rows: the share that holds a value, and the first distinct values.
fn first_values(head: &DataFrame, name: &str) -> (Option<f64>, Vec<String>) {
    let Ok(column) = head.column(name) else { return (None, Vec::new()) };
    let mut filled = 0;
    let mut examples: Vec<String> = Vec::new();
    for row in 0..column.len() {
        let Some(value) = value(column, row) else { continue };
        filled += 1;
        if examples.len() < EXAMPLES {
            let value = value.replace(['\n', '\r'], " ");
            if !examples.contains(&value) {
                examples.push(value);
            }
        }
    }
    ((!column.is_empty()).then(|| f64::from(filled) / column.len() as f64), examples)
}

fn value(column: &Column, row: usize) -> Option<String> {
    let text = RowBatch::cell_text(column, row);
    (!is_missing(&text)).then_some(text)
}

/// How dates are read, and what decided it: `dmy, by 13/06/2018 in row 4`.
fn reading(dates: &DateReading) -> String {
    let format = match (&dates.format, order_name(dates)) {
        (DateFormat::Pattern(pattern), _) => pattern.clone(),
        (_, Some(order)) => order.to_owned(),
        (_, None) => "as written".into(),
    };
    match &dates.decided_by {
        DecidedBy::NotNeeded => format,
        DecidedBy::Given => format!("{format}, given"),
        DecidedBy::Value(place) => format!("{format}, by {} in row {}", place.value, place.row),
        DecidedBy::OtherFiles => format!("{format}, as the other files"),
    }
}

fn order_name(dates: &DateReading) -> Option<&'static str> {
    dates.order().map(|order| match order {
        DateOrder::Dmy => "dmy",
        DateOrder::Mdy => "mdy",
        DateOrder::Ymd => "ymd",
    })
}

/// The block for siyu.toml: what was detected and is not the usual, and every column that no preset says. `preset` is what
/// `--preset` says.
fn config(options: &InputOptions, files: &[MappedFile], preset: Option<&str>) -> String {
    let Some(first) = files.first() else { return String::new() };
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let mut input: Vec<(&str, String)> = Vec::new();
    let encodings = files.iter().filter_map(|file| match &file.raw.format {
        FileFormat::Csv { encoding, .. } if !file.raw.is_spooled() => Some(*encoding),
        FileFormat::Csv { .. } | FileFormat::Parquet { .. } => None,
    });
    if let Some(encoding) = the_same(encodings).filter(|encoding| !encoding.is_utf8()) {
        input.push(("encoding", text(encoding.name())));
    }
    let delimiters = files.iter().filter_map(|file| match &file.raw.format {
        FileFormat::Csv { delimiter, .. } if !file.raw.is_spooled() => Some(*delimiter),
        FileFormat::Csv { .. } | FileFormat::Parquet { .. } => None,
    });
    if let Some(delimiter) = the_same(delimiters).filter(|delimiter| *delimiter != b',') {
        let name = if delimiter == b'\t' { "tab".to_owned() } else { char::from(delimiter).to_string() };
        input.push(("delimiter", text(&name)));
    }
    // Of several workbooks the one name that their sheets have; not that of a lone sheet among text.
    let sheets: Option<Vec<&str>> = files.iter().map(|file| file.raw.sheet()).collect();
    if let Some(sheet) = sheets.and_then(|sheets| the_same(sheets.into_iter())) {
        input.push(("sheet", text(sheet)));
    }
    let detected = || the_same(files.iter().filter_map(|file| order_name(&file.dates))).map(str::to_owned);
    if let Some(format) = options.date_format.clone().or_else(detected) {
        input.push(("date_format", text(&format)));
    }
    if let Some(zone) = options.tz {
        input.push(("tz", text(zone.name())));
    }

    let recognised =
        the_same(files.iter().map(|file| file.raw.preset.as_ref().map(|preset| preset.id.as_str())));
    if let Some(preset) = preset.filter(|preset| *preset != "auto").or(recognised.flatten()) {
        input.push(("preset", text(preset)));
    }

    let mut block = String::new();
    if !input.is_empty() {
        block.push_str("[input]\n");
        for (key, value) in input {
            block.push_str(&format!("{key} = {value}\n"));
        }
        block.push('\n');
    }
    let mut own = first.mapping.clone();
    own.columns.retain(|mapped| mapped.found.key() != "preset");
    if !own.columns.is_empty() || options.columns.iter().any(|(_, column)| column.is_empty()) {
        block.push_str(&own.as_config());
    }
    for (canonical, _) in options.columns.iter().filter(|(_, column)| column.is_empty()) {
        block.push_str(&format!("{canonical} = \"\"\n"));
    }
    for other in first_of_each_layout(files).into_iter().skip(1).filter(|file| file.mapping != first.mapping)
    {
        block.push_str(&format!("# {} has other columns: name them with --col\n", other.raw.label));
    }
    block
}

/// The value that all have.
fn the_same<T: PartialEq>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut values = values.peekable();
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(text: &str, columns: &[(&str, &str)]) -> Seen {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.csv");
        std::fs::write(&path, text).unwrap();
        let options = InputOptions {
            paths: vec![path.display().to_string()],
            columns: columns.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            ..InputOptions::default()
        };
        let raw = raw::open(&options).unwrap();
        look(&options, raw, None)
    }

    fn found(seen: &Seen) -> Vec<(Option<&'static str>, &str)> {
        seen.inspection.columns.iter().map(|column| (column.canonical, column.found)).collect()
    }

    #[test]
    fn the_block_says_by_hand_what_was_detected() {
        let seen = look_at("Customer ID;Order Date;Total;x\n007;13/06/2018;1,5;\n", &[("paid_at", "")]);
        assert!(seen.failure.is_none());
        assert_eq!(
            seen.inspection.config,
            "[input]\ndelimiter = \";\"\ndate_format = \"dmy\"\n\n[columns]\ncustomer_id = \"Customer ID\"\n\
             ordered_at = \"Order Date\"\namount = \"Total\"\npaid_at = \"\"\n"
        );
        let parsed = crate::config::ConfigFile::parse(&seen.inspection.config, "siyu.toml").unwrap();
        assert_eq!(parsed.columns["amount"], "Total");
        let columns = &seen.inspection.columns;
        assert_eq!(columns[0].examples, ["007"]);
        assert_eq!(columns[1].read_as.as_deref(), Some("dmy, by 13/06/2018 in row 2"));
        assert_eq!(columns[3].filled, Some(0.0));
    }

    #[test]
    fn what_is_missing_or_open_is_shown_and_the_error_stays() {
        let seen = look_at("date,price,qty,a\n2020-01-01,2,3,4\n", &[]);
        assert_eq!(seen.notes.iter().map(|note| note.key).collect::<Vec<_>>(), ["customers_unknown"]);
        assert_eq!(
            found(&seen),
            [
                (Some("customer_id"), "missing"),
                (Some("ordered_at"), "synonym"),
                (Some("amount"), "product"),
                (Some("quantity"), "synonym"),
                (Some("unit_price"), "synonym"),
                (None, "unused"),
            ]
        );
        assert!(seen.failure.is_none() && seen.inspection.rows.is_some());

        let seen = look_at("customer,buyer,date,amount\n1,2,2020-01-01,3\n", &[]);
        assert_eq!(seen.failure.as_ref().unwrap().code(), "ambiguous_column");
        assert_eq!(found(&seen)[0], (Some("customer_id"), "ambiguous"));
        assert_eq!(seen.inspection.columns[0].column.as_deref(), Some("customer | buyer"));

        // A column of the user's that is not there hides nothing of what is.
        let seen = look_at("customer_id,date,amount\n1,2020-01-01,3\n", &[("amount", "Totl")]);
        assert_eq!(seen.failure.as_ref().unwrap().code(), "unknown_name");
        assert_eq!(found(&seen)[2], (Some("amount"), "name"));
    }

    #[test]
    fn dates_that_nothing_decides_leave_the_columns_shown() {
        let seen = look_at("customer_id,ordered_at,amount\n1,01/02/2020,3\n", &[]);
        assert_eq!(seen.failure.as_ref().unwrap().code(), "ambiguous_dates");
        assert_eq!(found(&seen).len(), 3);
    }
}
