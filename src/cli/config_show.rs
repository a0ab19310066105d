//! `siyu config show`: every setting, its value and its origin.

use std::path::Path;

use clap::{ArgMatches, Args, FromArgMatches, Subcommand};
use serde::Serialize;

use super::params::{OutputParams, RunParams};
use super::{Cli, Command};
use crate::config::{Origin, Shown, show_section};
use crate::error::{Error, Result};
use crate::output::report::{Cells, Column, Kind, Report, Table};

#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Print each value and where it comes from
    Show(ShowArgs),
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    #[command(flatten)]
    output: OutputParams,
    #[command(flatten)]
    run: RunParams,
}

const TABLES: &[(&str, bool)] = &[("settings", false)];

pub fn run(command: &ConfigCommand) -> Result<u8> {
    let ConfigCommand::Show(args) = command;
    let file = super::load_config(&args.run)?;
    let path = file.path.as_deref();

    let mut shown = Vec::new();
    let rfm = Known::of("rfm")?;
    let Command::Rfm(typed) = &rfm.cli.command else { return Err(no_report("rfm")) };
    shown.extend(rfm.section("input", &typed.input, file.input.as_ref(), path)?);
    for (canonical, column) in &file.columns {
        shown.push(Shown {
            section: "columns".into(),
            key: canonical.clone(),
            value: column.clone(),
            origin: Origin::File(path.map_or_else(String::new, |p| p.display().to_string())),
        });
    }
    shown.extend(rfm.section("output", &typed.output, file.output.as_ref(), path)?);
    shown.extend(rfm.section("run", &typed.run, file.run.as_ref(), path)?);
    shown.extend(rfm.section("rfm", &typed.params, file.rfm.as_ref(), path)?);
    let cohort = Known::of("cohort")?;
    let Command::Cohort(typed) = &cohort.cli.command else { return Err(no_report("cohort")) };
    shown.extend(cohort.section("cohort", &typed.params, file.cohort.as_ref(), path)?);
    let repurchase = Known::of("repurchase")?;
    let Command::Repurchase(typed) = &repurchase.cli.command else { return Err(no_report("repurchase")) };
    shown.extend(repurchase.section("repurchase", &typed.params, file.repurchase.as_ref(), path)?);
    let ltv = Known::of("ltv")?;
    let Command::Ltv(typed) = &ltv.cli.command else { return Err(no_report("ltv")) };
    shown.extend(ltv.section("ltv", &typed.params, file.ltv.as_ref(), path)?);
    let funnel = Known::of("funnel")?;
    let Command::Funnel(typed) = &funnel.cli.command else { return Err(no_report("funnel")) };
    shown.extend(funnel.section("funnel", &typed.params, file.funnel.as_ref(), path)?);
    let retention = Known::of("retention")?;
    let Command::Retention(typed) = &retention.cli.command else { return Err(no_report("retention")) };
    shown.extend(retention.section("retention", &typed.params, file.retention.as_ref(), path)?);
    let engagement = Known::of("engagement")?;
    let Command::Engagement(typed) = &engagement.cli.command else { return Err(no_report("engagement")) };
    shown.extend(engagement.section("engagement", &typed.params, file.engagement.as_ref(), path)?);
    let check = Known::of("check")?;
    let Command::Check(typed) = &check.cli.command else { return Err(no_report("check")) };
    shown.extend(check.section("check", &typed.params, file.check.as_ref(), path)?);
    let convert = Known::of("convert")?;
    let Command::Convert(typed) = &convert.cli.command else { return Err(no_report("convert")) };
    shown.extend(convert.section("convert", &typed.params, file.convert.as_ref(), path)?);

    let settings = super::settings::output_settings(&args.output, Vec::new())?;
    let plan = crate::output::plan(&settings, TABLES, std::io::IsTerminal::is_terminal(&std::io::stdout()))?;
    let texts = |pick: fn(&Shown) -> String| {
        Cells::Text(shown.iter().map(|s| Some(pick(s)).filter(|text| !text.is_empty())).collect())
    };
    let report = Report {
        command: "config show".into(),
        tables: vec![Table {
            name: "settings",
            long: false,
            twin_of: None,
            drawn_as: None,
            extract: Default::default(),
            columns: vec![
                Column::new("section", Kind::Text, texts(|s| s.section.clone())),
                Column::new("key", Kind::Text, texts(|s| s.key.clone())),
                Column::new("value", Kind::Text, texts(|s| s.value.clone())),
                Column::new("origin", Kind::Text, texts(|s| s.origin.to_string())),
            ],
        }],
        ..Report::default()
    };
    crate::output::write(&report, &plan)?;
    Ok(0)
}

/// A report's command line with nothing typed: what it holds comes from the environment.
struct Known {
    cli: Cli,
    matches: ArgMatches,
    command: clap::Command,
}

impl Known {
    fn of(report: &'static str) -> Result<Self> {
        let matches = super::command().try_get_matches_from(["siyu", report]).map_err(|e| from_clap(&e))?;
        let cli = Cli::from_arg_matches(&matches).map_err(|e| from_clap(&e))?;
        let command = super::command();
        let command = command.find_subcommand(report).cloned().ok_or_else(|| no_report(report))?;
        let matches = matches.subcommand_matches(report).cloned().unwrap_or_default();
        Ok(Self { cli, matches, command })
    }

    /// The settings of one section; `T` says which of the command's options belong to it.
    fn section<T: Args + Serialize>(
        &self,
        section: &str,
        typed: &T,
        file: Option<&T>,
        path: Option<&Path>,
    ) -> Result<Vec<Shown>> {
        let own = T::augment_args(clap::Command::new("section").disable_help_flag(true));
        let arguments = own.mut_args(|argument| {
            let known = self.command.get_arguments().find(|k| k.get_id() == argument.get_id());
            match known.and_then(clap::Arg::get_env) {
                Some(variable) => argument.env(variable.to_owned()),
                None => argument,
            }
        });
        show_section(section, &arguments, &self.matches, typed, file, path)
    }
}

fn no_report(name: &str) -> Error {
    Error::Internal { doing: "reading settings".into(), why: format!("there is no report {name}") }
}

/// A variable of the environment that its option does not take.
fn from_clap(error: &clap::Error) -> Error {
    Error::BadOption {
        option: "SIYU_*".into(),
        value: String::new(),
        why: error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        hint: None,
    }
}
