//! The command line: what can be typed, and which room answers it.

mod about;
mod check;
mod cohort;
mod config_show;
mod convert;
mod engagement;
mod funnel;
mod histories;
mod inspect;
mod journeys;
mod ltv;
mod other_frames;
pub mod params;
mod presets;
mod printer;
mod progress;
mod recognised;
mod repurchase;
mod retention;
mod rfm;
mod run_report;
mod sample;
mod selecting;
mod settings;

use std::ffi::OsString;
use std::io::Write;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{ConfigFile, merge};
use crate::error::{Error, Result};
use params::{InputParams, OutputParams, RunParams};
use printer::Printer;

/// Customer analytics on the command line: who your customers are, from the order exports that platforms really write.
#[derive(Parser, Debug)]
#[command(
    name = "siyu",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Exit status: 0 done; 1 the answer is no (check); 2 it could not be done; 130 interrupted.\n\
                  Definitions: siyu explain REPORT. Every option can stand in siyu.toml or as SIYU_*: siyu config show."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Segment customers by recency, frequency and monetary value
    Rfm(ReportArgs<crate::reports::rfm::RfmParams>),
    /// Follow groups of customers through time: who comes back, what they bring in
    Cohort(ReportArgs<crate::reports::cohort::CohortParams>),
    /// Tell how long it takes until customers buy again, and who is due
    Repurchase(ReportArgs<crate::reports::repurchase::RepurchaseParams>),
    /// Value customers: what they brought in, and what they will
    Ltv(ReportArgs<crate::reports::ltv::LtvParams>),
    /// Count who goes from step to step of a funnel, and find where it leaks
    Funnel(ReportArgs<crate::reports::funnel::FunnelParams>),
    /// Follow who comes back to do something, period after period
    Retention(ReportArgs<crate::reports::retention::RetentionParams>),
    /// Measure how members take part: activity, reach, content, layers, key opinion consumers
    Engagement(ReportArgs<crate::reports::engagement::EngagementParams>),
    /// Show how the input is read, and a block for siyu.toml
    Inspect(ReportArgs<crate::reports::inspect::InspectParams>),
    /// Write many exports as one canonical file: the latest state of each order
    Convert(ReportArgs<crate::convert::ConvertParams>),
    /// Check data quality; exit status 1 when there are errors or warnings
    Check(ReportArgs<crate::reports::check::CheckParams>),
    /// List the platforms whose exports are known, and print a preset to edit it
    Presets(presets::PresetsArgs),
    /// Print a report's definitions: denominators, what counts, sources
    Explain(about::ExplainArgs),
    /// Write sample data with known answers: orders, events, spend, members
    Sample(sample::SampleArgs),
    /// Show settings and where they come from
    #[command(subcommand)]
    Config(config_show::ConfigCommand),
    /// Print a shell's completion script
    Completions(about::CompletionsArgs),
    /// Print a manual page
    Man(about::ManArgs),
}

/// The options of a report: those that every report has, and its own.
#[derive(Args, Debug, Clone)]
struct ReportArgs<P: Args> {
    #[command(flatten)]
    input: InputParams,
    #[command(flatten)]
    params: P,
    #[command(flatten)]
    output: OutputParams,
    #[command(flatten)]
    run: RunParams,
}

/// A report's options with the configuration file put below them.
struct Resolved<P> {
    input: InputParams,
    params: P,
    output: OutputParams,
    run: RunParams,
    file: ConfigFile,
    /// What was typed (or set in the environment) is refused where it does not apply; what the file says waits for a run
    /// that it suits.
    typed: Typed,
}

/// Options that were typed and may not apply.
#[derive(Debug, Clone, Copy)]
struct Typed {
    bom: bool,
    excel_safe: bool,
    encoding: bool,
    delimiter: bool,
    presets: bool,
    keep: bool,
    sheet: bool,
}

impl<P: Args + serde::Serialize + serde::de::DeserializeOwned> ReportArgs<P> {
    /// `section` picks the report's own section of siyu.toml.
    fn resolve(&self, section: impl Fn(&ConfigFile) -> Option<&P>) -> Result<Resolved<P>> {
        let file = load_config(&self.run)?;
        let mut input = merge(&self.input, file.input.as_ref())?;
        input.col.clone_from(&self.input.col);
        let mut run = merge(&self.run, file.run.as_ref())?;
        run.config.clone_from(&self.run.config);
        run.no_config = self.run.no_config;
        Ok(Resolved {
            input,
            params: merge(&self.params, section(&file))?,
            output: merge(&self.output, file.output.as_ref())?,
            run,
            file,
            typed: Typed {
                bom: self.output.bom.is_some(),
                excel_safe: self.output.excel_safe.is_some(),
                encoding: self.input.encoding.is_some(),
                delimiter: self.input.delimiter.is_some(),
                presets: self.input.presets.is_some(),
                keep: self.input.keep.is_some(),
                sheet: self.input.sheet.is_some(),
            },
        })
    }
}

impl<P: Args + serde::Serialize + serde::de::DeserializeOwned> ReportArgs<P> {
    /// An error as it may be shown: under `--mask` without values of the input.
    fn masked(&self, error: Error) -> Error {
        let in_file = || load_config(&self.run).ok().and_then(|file| file.output?.mask);
        if self.output.mask.or_else(in_file).unwrap_or(false) { error.without_values() } else { error }
    }
}

fn load_config(run: &RunParams) -> Result<ConfigFile> {
    let folder = std::env::current_dir().map_err(|source| Error::Io {
        action: "look at",
        path: "the working folder".into(),
        source,
    })?;
    ConfigFile::load(run, &folder)
}

/// The whole command line, every option also readable from its `SIYU_*` variable.
fn command() -> clap::Command {
    with_environment(Cli::command(), "")
}

/// `SIYU_ENCODING` for what every report has, `SIYU_RFM_BINS` for a report's own option.
fn with_environment(command: clap::Command, prefix: &str) -> clap::Command {
    let shared = shared_option_ids();
    let name = command.get_name().to_owned();
    let report = crate::reports::all().iter().find(|report| report.name == name);
    // The list of presets has what every report has, and nothing of its own.
    let is_report = report.is_some() || name == "presets";
    let prefix = if is_report { format!("{prefix}{}_", name.to_uppercase()) } else { String::new() };
    let command = match report {
        Some(report) => command.after_help(tables_and_definitions(report)),
        None => command,
    };
    let by = help_of_by(&name);
    command
        .mut_args(|argument| {
            let id = argument.get_id().as_str().to_owned();
            let argument = match by {
                Some(by) if id == "by" => argument.help(by),
                // Refused: they are about orders.
                Some(_) => argument.hide(["customer_key", "identities", "latest_by"].contains(&id.as_str())),
                None => argument,
            };
            if !is_report || ["files", "col", "help", "version"].contains(&id.as_str()) {
                return argument;
            }
            let own = !shared.contains(&id);
            let variable = format!("SIYU_{}{}", if own { prefix.as_str() } else { "" }, id.to_uppercase());
            argument.env(variable).hide_env(true)
        })
        .mut_subcommands(|sub| with_environment(sub, &prefix))
}

/// What `--by` means to the reports that read events.
fn help_of_by(report: &str) -> Option<&'static str> {
    match report {
        "funnel" => Some("Break the report down by a column: its value at the entry counts, see --by-at"),
        "retention" => Some("Break the report down by a column: its value at the start event counts"),
        "engagement" => Some(
            "Break the report down by a column of the members, else of the events: there the value at the customer's first \
             event that has one counts",
        ),
        _ => None,
    }
}

/// What stands below a report's help.
fn tables_and_definitions(report: &crate::reports::ReportInfo) -> String {
    let name = |(table, long): &(&str, bool)| {
        if *long { format!("{table} (long: when named)") } else { (*table).to_owned() }
    };
    let tables: Vec<String> = report.tables.iter().map(name).collect();
    format!("Tables: {}.\nDefinitions and sources: siyu explain {}", tables.join(", "), report.name)
}

fn shared_option_ids() -> Vec<String> {
    let command = clap::Command::new("shared");
    let command = OutputParams::augment_args(InputParams::augment_args(RunParams::augment_args(command)));
    command.get_arguments().map(|a| a.get_id().as_str().to_owned()).collect()
}

/// Runs the command line and returns the exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are an answer, everything else is a failure of ours to understand.
            let status = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return status;
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return 2;
        }
    };
    let result = match &cli.command {
        Command::Rfm(args) => rfm::run(args).map_err(|error| args.masked(error)),
        Command::Cohort(args) => cohort::run(args).map_err(|error| args.masked(error)),
        Command::Repurchase(args) => repurchase::run(args).map_err(|error| args.masked(error)),
        Command::Ltv(args) => ltv::run(args).map_err(|error| args.masked(error)),
        Command::Funnel(args) => funnel::run(args).map_err(|error| args.masked(error)),
        Command::Retention(args) => retention::run(args).map_err(|error| args.masked(error)),
        Command::Engagement(args) => engagement::run(args).map_err(|error| args.masked(error)),
        Command::Inspect(args) => inspect::run(args).map_err(|error| args.masked(error)),
        Command::Convert(args) => convert::run(args).map_err(|error| args.masked(error)),
        Command::Check(args) => check::run(args).map_err(|error| args.masked(error)),
        Command::Presets(args) => presets::run(args),
        Command::Explain(args) => about::explain(args),
        Command::Sample(args) => sample::run(args),
        Command::Config(args) => config_show::run(args),
        Command::Completions(args) => about::completions(args),
        Command::Man(args) => about::man(args),
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            let status = error.exit_status();
            if status != 0 {
                Printer::new(printer::Level::Quiet, crate::output::ColorChoice::Auto).error(&error);
            }
            status
        }
    }
}

/// A panic is a fault of ours: one short message, exit status 2.
pub fn show_panic(panic: &(dyn std::any::Any + Send)) -> u8 {
    crate::output::sink::remove_temporary_files();
    let why = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_else(|| "unknown".to_owned());
    let error = Error::Internal { doing: "running the command".into(), why };
    Printer::new(printer::Level::Quiet, crate::output::ColorChoice::Auto).error(&error);
    error.exit_status()
}

/// Before the first thread starts and the first file is opened: the thread limit of polars, Ctrl-C.
fn prepare_process(run: &RunParams) -> Result<()> {
    if let Some(threads) = run.threads {
        // polars reads its limit from the environment, once, when its pool starts.
        // SAFETY: no other thread exists yet: this is called once, before any work.
        #[allow(unsafe_code)]
        unsafe {
            std::env::set_var("POLARS_MAX_THREADS", threads.to_string());
        }
    }
    ctrlc::set_handler(|| {
        crate::output::sink::remove_temporary_files();
        std::process::exit(130);
    })
    .map_err(|e| Error::Internal { doing: "preparing for Ctrl-C".into(), why: e.to_string() })
}

/// Text of ours on standard output; a closed pipe is no failure.
fn print_text(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|source| {
        if source.kind() == std::io::ErrorKind::BrokenPipe {
            Error::BrokenPipe
        } else {
            Error::Io { action: "write to", path: "standard output".into(), source }
        }
    })
}
