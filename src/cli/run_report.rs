//! What every report does around its own question: settings to options, output planned before input is read, the account
//! and the notes told, the result written.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::path::PathBuf;

use super::printer::Printer;
use super::progress::{Bar, Unit};
use super::{Resolved, Typed, other_frames, presets, settings};
use crate::error::{Error, Result, nearest};
use crate::facts::Pick;
use crate::input::columns::Mapping;
use crate::input::masks::names_person;
use crate::input::raw::{Container, FileFormat, RawFile};
use crate::input::table_reader::{TableSummary, Tables};
use crate::input::{Frame, InputOptions, Inputs, ReadSummary, RowBatch};
use crate::output::{self, Format, Note, OutputPlan, Report};
use crate::reports::ReportInfo;
use crate::text::{Catalogue, Lang};

/// A report about to run: everything resolved and checked, nothing read yet.
pub struct Job {
    pub options: InputOptions,
    pub plan: OutputPlan,
    pub printer: Printer,
    explain: bool,
    bar: Option<Bar>,
    typed: Typed,
    /// What `--col` and `[columns]` say of frames beside the main one: (frame, canonical, column).
    pub(super) other_columns: Vec<(Frame, String, String)>,
    /// Frames that were read beside the main one.
    pub(super) others: RefCell<Vec<TableSummary>>,
}

impl Job {
    pub fn prepare<P: serde::Serialize>(resolved: &Resolved<P>, info: &ReportInfo) -> Result<Self> {
        super::prepare_process(&resolved.run)?;
        let printer = settings::printer(&resolved.run, &resolved.output);
        warn_of_unknown_variables(&printer);
        let mut options = settings::input_options(&resolved.input, &resolved.file.columns, &resolved.run)?;
        let other_columns = other_frames::take_columns(&mut options.columns, resolved)?;
        let inputs = resolved.input.files.iter().filter(|f| *f != "-").map(PathBuf::from).collect();
        let stdout_is_terminal = std::io::stdout().is_terminal();
        let wanted = settings::output_settings(&resolved.output, inputs)?;
        // What the file says for csv is no mistake when this run writes json: only a flag is refused.
        let typed = output::OutputSettings {
            bom: wanted.bom && resolved.typed.bom,
            excel_safe: wanted.excel_safe && resolved.typed.excel_safe,
            width: output::terminal_width().filter(|_| stdout_is_terminal),
            ..wanted.clone()
        };
        let mut plan = output::plan(&typed, info.tables, stdout_is_terminal)?;
        if matches!(plan.format, Format::Csv | Format::Tsv) {
            plan.bom |= wanted.bom;
            plan.excel_safe |= wanted.excel_safe;
        }
        let quiet = resolved.run.quiet.unwrap_or(false);
        let bar = Bar::new(!quiet && !resolved.run.no_progress.unwrap_or(false), Unit::Bytes);
        options.progress = bar.as_ref().map(Bar::callback);
        options.lang = plan.lang;
        Ok(Self {
            options,
            plan,
            printer,
            explain: resolved.output.explain.unwrap_or(false),
            bar,
            typed: resolved.typed,
            other_columns,
            others: RefCell::default(),
        })
    }

    /// Opens the orders; refuses options about text where no file is text.
    pub fn open_orders(&self) -> Result<Inputs> {
        let inputs = Inputs::open(Frame::Orders, self.options.clone())?;
        self.refuse_before_reading(&inputs)?;
        Ok(inputs)
    }

    /// Opens the events, the report's main frame; refuses options that are about orders, or about text where no file is text.
    pub fn open_events(&self) -> Result<Tables> {
        let of_orders = [
            ("--customer-key", self.options.customer_key.is_some()),
            ("--identities", self.options.identities.is_some()),
            ("--latest-by", self.options.latest_by.is_some()),
        ];
        if let Some((option, _)) = of_orders.iter().find(|(_, given)| *given) {
            let why = "it is about orders, and this report reads events".into();
            return Err(Error::DoesNotApply { option: (*option).into(), why });
        }
        let tables = Tables::open(Frame::Events, self.options.clone())?;
        let files = tables.files.iter().map(|file| &file.raw);
        self.refuse_what_does_not_apply(files.clone())?;
        presets::refuse_what_does_not_apply(&self.options, files, self.typed.keep, self.typed.presets)?;
        Ok(tables)
    }

    /// Options that the files at hand leave without an effect.
    pub fn refuse_before_reading(&self, inputs: &Inputs) -> Result<()> {
        let files = inputs.files.iter().map(|file| &file.raw);
        self.refuse_what_does_not_apply(files.clone())?;
        presets::refuse_what_does_not_apply(&self.options, files, self.typed.keep, self.typed.presets)
    }

    /// Options about text where no file is text, and about workbooks where there is none.
    pub fn refuse_what_does_not_apply<'a>(
        &self,
        files: impl Iterator<Item = &'a RawFile> + Clone,
    ) -> Result<()> {
        let refused =
            |option: &str, why: &str| Err(Error::DoesNotApply { option: option.into(), why: why.into() });
        let is_text = |file: &RawFile| matches!(file.format, FileFormat::Csv { .. });
        let is_page = |file: &RawFile| file.container.last().is_some_and(|last| last.kind == "html");
        let is_written = |file: &RawFile| is_text(file) && !file.is_spooled();
        let why = match files.clone().any(is_text) {
            false => "it is for text, and the input is Parquet",
            true => "it is for text, and the input is none",
        };
        if self.typed.encoding && !files.clone().any(|file| is_written(file) || is_page(file)) {
            return refused("--encoding", why);
        }
        if self.typed.delimiter && !files.clone().any(is_written) {
            return refused("--delimiter", why);
        }
        let has_sheets = |file: &RawFile| file.container.iter().any(Container::has_sheets);
        if self.typed.sheet && !files.clone().any(has_sheets) {
            return refused("--sheet", "it is for workbooks, and no input is one");
        }
        Ok(())
    }

    /// Puts the accounts and the notes of reading (of other frames too) into the report, writes it, and tells on standard
    /// error what there is to tell.
    pub fn finish(
        mut self,
        mut report: Report,
        inputs: &Inputs,
        read: ReadSummary,
        info: &ReportInfo,
    ) -> Result<()> {
        drop(self.bar.take());
        let others = self.others.take();
        let beside = others.iter().flat_map(|other| &other.files);
        let mut files = files_of(inputs);
        files.extend(beside.map(|file| (&file.raw, &file.mapping)));
        report.input.push(read.account);
        report.input.extend(others.iter().map(|other| other.account.clone()));
        let notes = read.notes.into_iter().chain(others.iter().flat_map(|other| other.notes.clone()));
        report.notes.splice(0..0, notes);
        let report = self.complete(report, &files, info);
        output::write(&report, &self.plan)?;
        self.tell(&report, &files, info)
    }

    /// The same where the main frame is a table of another kind, as events are.
    pub fn finish_tables(mut self, mut report: Report, main: TableSummary, info: &ReportInfo) -> Result<()> {
        drop(self.bar.take());
        let all: Vec<TableSummary> = std::iter::once(main).chain(self.others.take()).collect();
        let files: Vec<_> =
            all.iter().flat_map(|read| &read.files).map(|file| (&file.raw, &file.mapping)).collect();
        report.input.extend(all.iter().map(|read| read.account.clone()));
        report.notes.splice(0..0, all.iter().flat_map(|read| read.notes.clone()));
        let report = self.complete(report, &files, info);
        output::write(&report, &self.plan)?;
        self.tell(&report, &files, info)
    }

    /// The same for a command that has written its result itself.
    pub fn finish_written(
        mut self,
        report: Report,
        files: &[(&RawFile, &Mapping)],
        info: &ReportInfo,
    ) -> Result<()> {
        drop(self.bar.take());
        let report = self.complete(report, files, info);
        self.tell(&report, files, info)
    }

    /// Definitions, and the notes that every report has.
    fn complete(&self, mut report: Report, files: &[(&RawFile, &Mapping)], info: &ReportInfo) -> Report {
        report.definitions = info.doc.to_owned();
        report.notes.extend(presets::notes(&self.options, files.iter().map(|(raw, _)| *raw)));
        report.notes = output::mask::notes(report.notes, self.plan.mask.as_ref());
        report
    }

    fn tell(&self, report: &Report, files: &[(&RawFile, &Mapping)], info: &ReportInfo) -> Result<()> {
        for line in output::account_lines(report, self.plan.lang) {
            self.printer.line(&line);
        }
        self.tell_mapping(files);
        for note in output::note_lines(report, self.plan.lang) {
            self.printer.note(&note);
        }
        for alert in output::alert_lines(report, self.plan.lang) {
            self.printer.alert(&alert);
        }
        if self.explain {
            self.tell_more(report, files, info);
        }
        Ok(())
    }

    /// Which columns were taken for what, where that is not plain from their names; with `-v` each file by itself.
    fn tell_mapping(&self, files: &[(&RawFile, &Mapping)]) {
        self.tell_presets(files);
        let mut told: Vec<String> = Vec::new();
        for (raw, mapping) in files {
            let renamed: Vec<String> = mapping
                .columns
                .iter()
                .filter(|m| m.canonical != m.source)
                .map(|m| format!("{}={}", m.canonical, m.source))
                .collect();
            let line = renamed.join(", ");
            if !line.is_empty() && !told.contains(&line) {
                let from = if files.len() > 1 { format!(" ({})", raw.label) } else { String::new() };
                self.printer.line(&format!("columns: {line}{from}"));
                told.push(line);
            }
            self.printer.detail(&format!("{}: {}", raw.label, raw.describe()));
            if !raw.passed_over.is_empty() {
                let names = raw.passed_over.join(", ");
                self.printer.detail(&format!("  no table in the archive's {names}"));
            }
            if !mapping.unused.is_empty() {
                self.printer.detail(&format!("  not used: {}", mapping.unused.join(", ")));
            }
        }
    }

    /// What files were recognised as, one line for each preset.
    fn tell_presets(&self, files: &[(&RawFile, &Mapping)]) {
        let words = Catalogue::get(self.plan.lang);
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for (raw, _) in files {
            let Some(preset) = &raw.preset else { continue };
            let name = match self.plan.lang {
                Lang::En => preset.name.en.as_str(),
                Lang::Zh => preset.name.zh.as_str(),
            };
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, files)) => files.push(&raw.label),
                None => groups.push((name, vec![&raw.label])),
            }
        }
        for (name, files) in groups {
            let file = match files.as_slice() {
                [first, _, ..] => {
                    let more = (files.len() - 1).to_string();
                    words.ui("and_more_files").replace("{more}", &more).replace("{file}", first)
                }
                only => only.concat(),
            };
            self.printer.line(&words.ui("recognised_as").replace("{name}", name).replace("{file}", &file));
        }
    }

    /// `--explain`: rows left after each filter, the plan, the definitions.
    fn tell_more(&self, report: &Report, files: &[(&RawFile, &Mapping)], info: &ReportInfo) {
        for account in &report.input {
            self.printer.always(&format!("\nrows of {}", account.frame));
            let mut left = account.rows_read;
            self.printer.always(&format!("  {:>15}  read", output::grouped(i128::from(left))));
            for (reason, rows) in &account.dropped {
                left -= rows;
                self.printer.always(&format!(
                    "  {:>15}  left without {} {reason}",
                    output::grouped(i128::from(left)),
                    output::grouped(i128::from(*rows)),
                ));
            }
        }
        self.printer.always("\nplan");
        for (raw, mapping) in files {
            self.printer.always(&format!("  read {} as {}", raw.label, raw.describe()));
            for mapped in &mapping.columns {
                self.printer.always(&format!("    {} from {}", mapped.canonical, mapped.source));
            }
        }
        if let Some(filter) = &self.options.filter {
            self.printer.always(&format!("  keep rows where {filter}"));
        }
        self.printer.always(&format!(
            "  one streaming pass on {} threads, sums in integers of 1/10,000, as of {}",
            self.options.threads,
            report.as_of.map_or_else(|| "-".to_owned(), |t| t.to_string()),
        ));
        self.printer.always("\ndefinitions");
        self.printer.always(info.doc);
    }
}

/// The files of a run, with what their columns are.
pub fn files_of(inputs: &Inputs) -> Vec<(&RawFile, &Mapping)> {
    inputs.files.iter().map(|file| (&file.raw, &file.mapping)).collect()
}

/// `--by` on a report about customers: an order attribute and which of a customer's purchases gives its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The attribute as the input knows it.
    pub attribute: String,
    pub pick: Pick,
    /// The name of the column in the report, e.g. `first_channel`.
    pub name: String,
}

impl By {
    /// `channel` means `first_channel`; `first_`, `last_` and `top_` say it. A column that is itself called so wins.
    pub fn find(text: &str, inputs: &Inputs) -> Result<Self> {
        let known = inputs.column_names();
        let by =
            |attribute: &str, pick: Pick, name: String| By { attribute: attribute.to_owned(), pick, name };
        if known.iter().any(|k| k == text) {
            return Ok(by(text, Pick::First, format!("first_{text}")));
        }
        for (prefix, pick) in [("first_", Pick::First), ("last_", Pick::Last), ("top_", Pick::Top)] {
            if let Some(attribute) = text.strip_prefix(prefix)
                && known.iter().any(|k| k == attribute)
            {
                return Ok(by(attribute, pick, text.to_owned()));
            }
        }
        Err(Error::UnknownName {
            what: "column for --by",
            name: text.to_owned(),
            nearest: nearest(text, known.iter().map(String::as_str)),
            known,
        })
    }

    /// An error where the values are ids or names, and `--mask` hides those.
    pub fn refuse_ids_under_mask(&self, job: &Job, inputs: &Inputs) -> Result<()> {
        refuse_ids_under_mask("--by", &self.attribute, job, inputs)
    }
}

/// An error where the values of the column that `option` names are ids or names, and `--mask` hides those.
pub fn refuse_ids_under_mask(option: &str, column: &str, job: &Job, inputs: &Inputs) -> Result<()> {
    let is_source =
        |canonical: &str| inputs.files.iter().any(|file| file.mapping.source(canonical) == Some(column));
    let ids = ["customer_id", "order_id"];
    let is_id =
        names_person(column) || ids.iter().any(|canonical| column == *canonical || is_source(canonical));
    if job.plan.mask.is_some() && is_id {
        let why = format!("its values are ids or names, which --mask hides ({column})");
        return Err(Error::DoesNotApply { option: option.into(), why });
    }
    Ok(())
}

/// An error where an option was typed for tables of which none is shown. `of_tables`: option, whether it was typed, its tables.
pub fn refuse_of_hidden_tables(
    of_tables: &[(&str, bool, &[&str])],
    shows: impl Fn(&str) -> bool,
) -> Result<()> {
    let is_hidden =
        |(_, typed, names): &&(&str, bool, &[&str])| *typed && !names.iter().any(|name| shows(name));
    match of_tables.iter().find(is_hidden) {
        None => Ok(()),
        Some((option, _, names)) => {
            let (name, tables) = (names[0], names.join(", "));
            let why = match names {
                [_] => format!("it is for the table {name}, which is not shown: add --table {name}"),
                _ => format!("it is for the tables {tables}, of which none is shown: add --table {name}"),
            };
            Err(Error::DoesNotApply { option: (*option).into(), why })
        }
    }
}

/// Where a file that was not recognised has statuses of several kinds and `--where` does not choose among them: rows count whatever they say.
pub fn status_is_not_used(inputs: &Inputs) -> Option<Note> {
    if inputs.filters_on("status") {
        return None;
    }
    let mut values: Vec<String> = Vec::new();
    let mut source = None;
    for file in inputs.files.iter().filter(|file| file.meaning.is_none()) {
        let Some(name) = file.mapping.source("status") else { continue };
        let Ok(column) = file.raw.head.column(name) else { continue };
        for row in 0..column.len() {
            let value = RowBatch::cell_text(column, row);
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        source = Some(name);
    }
    values.sort();
    let several = values.len() > 1;
    source.filter(|_| several).map(|name| {
        values.truncate(6);
        Note::new("status_not_used").with("column", name).with("values", values.join(", "))
    })
}

/// A `SIYU_*` variable that nothing reads is likely a misspelling.
fn warn_of_unknown_variables(printer: &Printer) {
    fn collect(command: &clap::Command, names: &mut Vec<String>) {
        names.extend(
            command.get_arguments().filter_map(|a| a.get_env()).map(|v| v.to_string_lossy().into_owned()),
        );
        command.get_subcommands().for_each(|sub| collect(sub, names));
    }
    let set: Vec<String> = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("SIYU_"))
        .collect();
    if set.is_empty() {
        return;
    }
    let mut known = Vec::new();
    collect(&super::command(), &mut known);
    for name in set.iter().filter(|name| !known.contains(name)) {
        let close = nearest(name, known.iter().map(String::as_str));
        let hint = close.first().map_or_else(String::new, |close| format!("; did you mean {close}?"));
        printer.warning(&format!("the environment sets {name}, which nothing reads{hint}"));
    }
}
