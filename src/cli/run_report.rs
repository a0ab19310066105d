//! What every report does around its own question: settings to options, output planned before input is read, the account
//! and the notes told, the result written.

use std::io::IsTerminal;
use std::path::PathBuf;

use super::printer::Printer;
use super::progress::{Bar, Unit};
use super::{Resolved, Typed, presets, settings};
use crate::error::{Error, Result, nearest};
use crate::facts::Pick;
use crate::input::container::Compression;
use crate::input::raw::FileFormat;
use crate::input::rows::MappedFile;
use crate::input::{Frame, InputOptions, Inputs, ReadSummary};
use crate::output::{self, Format, OutputPlan, Report};
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
}

impl Job {
    pub fn prepare<P>(resolved: &Resolved<P>, info: &ReportInfo) -> Result<Self> {
        super::prepare_process(&resolved.run)?;
        let printer = settings::printer(&resolved.run, &resolved.output);
        warn_of_unknown_variables(&printer);
        let mut options = settings::input_options(&resolved.input, &resolved.file.columns, &resolved.run)?;
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
        })
    }

    /// Opens the orders; refuses options about text where no file is text.
    pub fn open_orders(&self) -> Result<Inputs> {
        let inputs = Inputs::open(Frame::Orders, self.options.clone())?;
        let is_text = |file: &MappedFile| matches!(file.raw.format, FileFormat::Csv { .. });
        if !inputs.files.iter().any(is_text) {
            for (typed, option) in
                [(self.typed.encoding, "--encoding"), (self.typed.delimiter, "--delimiter")]
            {
                if typed {
                    return Err(Error::DoesNotApply {
                        option: option.into(),
                        why: "it is for text, and the input is Parquet".into(),
                    });
                }
            }
        }
        let files = inputs.files.iter().map(|file| &file.raw);
        presets::refuse_what_does_not_apply(&self.options, files, self.typed.keep, self.typed.presets)?;
        Ok(inputs)
    }

    /// Puts the account and the notes of reading into the report, writes it, and tells on standard error what there is to
    /// tell.
    pub fn finish(
        mut self,
        mut report: Report,
        inputs: &Inputs,
        read: ReadSummary,
        info: &ReportInfo,
    ) -> Result<()> {
        drop(self.bar.take());
        report.definitions = info.doc.to_owned();
        report.input.push(read.account);
        report.notes.splice(0..0, read.notes);
        let files = inputs.files.iter().map(|file| &file.raw);
        report.notes.extend(presets::notes(&self.options, files));
        output::write(&report, &self.plan)?;

        for line in output::account_lines(&report, self.plan.lang) {
            self.printer.line(&line);
        }
        self.tell_mapping(inputs);
        for note in output::note_lines(&report, self.plan.lang) {
            self.printer.note(&note);
        }
        for alert in output::alert_lines(&report, self.plan.lang) {
            self.printer.warning(&alert);
        }
        if self.explain {
            self.tell_more(&report, inputs, info);
        }
        Ok(())
    }

    /// Which columns were taken for what, where that is not plain from their names; with `-v` each file by itself.
    fn tell_mapping(&self, inputs: &Inputs) {
        self.tell_presets(inputs);
        let mut told: Vec<String> = Vec::new();
        for file in &inputs.files {
            let renamed: Vec<String> = file
                .mapping
                .columns
                .iter()
                .filter(|m| m.canonical != m.source)
                .map(|m| format!("{}={}", m.canonical, m.source))
                .collect();
            let line = renamed.join(", ");
            if !line.is_empty() && !told.contains(&line) {
                let from =
                    if inputs.files.len() > 1 { format!(" ({})", file.raw.label) } else { String::new() };
                self.printer.line(&format!("columns: {line}{from}"));
                told.push(line);
            }
            let packed = match file.raw.compression {
                Compression::None => String::new(),
                packed => format!(", {}", packed.name()),
            };
            self.printer.detail(&format!("{}: {}{packed}", file.raw.label, file.raw.format.describe()));
            if !file.mapping.unused.is_empty() {
                self.printer.detail(&format!("  not used: {}", file.mapping.unused.join(", ")));
            }
        }
    }

    /// What files were recognised as, one line for each preset.
    fn tell_presets(&self, inputs: &Inputs) {
        let words = Catalogue::get(self.plan.lang);
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for file in &inputs.files {
            let Some(meaning) = &file.meaning else { continue };
            let name = match self.plan.lang {
                Lang::En => meaning.preset.name.en.as_str(),
                Lang::Zh => meaning.preset.name.zh.as_str(),
            };
            match groups.iter_mut().find(|(known, _)| *known == name) {
                Some((_, files)) => files.push(&file.raw.label),
                None => groups.push((name, vec![&file.raw.label])),
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
    fn tell_more(&self, report: &Report, inputs: &Inputs, info: &ReportInfo) {
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
        for file in &inputs.files {
            self.printer.always(&format!("  read {} as {}", file.raw.label, file.raw.format.describe()));
            for mapped in &file.mapping.columns {
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
