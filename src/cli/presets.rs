//! `siyu presets`: which platforms' exports are known; and what `--preset`, `--presets` and `--keep` mean.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::params::{OutputParams, RunParams};
use crate::config::merge;
use crate::error::{Error, Result, nearest};
use crate::input::presets::{Alternative, DropReason, Preset, PresetChoice, Presets};
use crate::input::{InputOptions, RawFile};
use crate::output::{self, Cells, Column, Format, Kind, Note, Report, Table};
use crate::text::Lang;

/// What the columns of the list mean.
const DOC: &str = include_str!("presets.md");

const TABLES: &[(&str, bool)] = &[("presets", false)];

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct PresetsArgs {
    #[command(subcommand)]
    command: Option<PresetsCommand>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Subcommand, Debug)]
enum PresetsCommand {
    /// Print a preset's TOML file, e.g. `siyu presets show tmall_order_list > my.toml`, to be edited for --preset ./my.toml
    Show(ShowArgs),
}

#[derive(Args, Debug)]
struct ListArgs {
    /// Folder of presets that add to the built-in ones or replace them [default: ~/.config/siyu/presets, if it is there]
    #[arg(long, value_name = "FOLDER")]
    presets: Option<PathBuf>,
    #[command(flatten)]
    output: OutputParams,
    #[command(flatten)]
    run: RunParams,
}

#[derive(Args, Debug)]
struct ShowArgs {
    /// Which preset: an id of `siyu presets`
    #[arg(value_name = "ID")]
    id: String,
    /// Folder of presets that add to the built-in ones or replace them [default: ~/.config/siyu/presets, if it is there]
    #[arg(long, value_name = "FOLDER", env = "SIYU_PRESETS", hide_env = true)]
    presets: Option<PathBuf>,
    /// Configuration file [default: siyu.toml, found upward from the working folder]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long)]
    no_config: bool,
}

pub fn run(args: &PresetsArgs) -> Result<u8> {
    match &args.command {
        Some(PresetsCommand::Show(args)) => show(args),
        None => list(&args.list),
    }
}

fn show(args: &ShowArgs) -> Result<u8> {
    let run = RunParams { config: args.config.clone(), no_config: args.no_config, ..RunParams::default() };
    let file = super::load_config(&run)?;
    let configured = file.input.and_then(|input| input.presets);
    let presets = known(args.presets.as_deref().or(configured.as_deref()))?;
    presets.get(&args.id)?;
    super::print_text(presets.text(&args.id).unwrap_or_default())?;
    Ok(0)
}

fn list(args: &ListArgs) -> Result<u8> {
    let file = super::load_config(&args.run)?;
    let configured = file.input.as_ref().and_then(|input| input.presets.as_deref());
    let presets = known(args.presets.as_deref().or(configured))?;
    let params = merge(&args.output, file.output.as_ref())?;
    let stdout_is_terminal = std::io::stdout().is_terminal();
    let settings = output::OutputSettings {
        width: output::terminal_width().filter(|_| stdout_is_terminal),
        ..super::settings::output_settings(&params, Vec::new())?
    };
    let plan = output::plan(&settings, TABLES, stdout_is_terminal)?;
    let report = Report {
        command: "presets".into(),
        tables: vec![table(&presets, plan.format, plan.lang)],
        definitions: DOC.into(),
        ..Report::default()
    };
    output::write(&report, &plan)?;
    let run = merge(&args.run, file.run.as_ref())?;
    if params.explain.unwrap_or(false) {
        super::settings::printer(&run, &params).always(DOC);
    }
    Ok(0)
}

/// A row per preset. For the eye there is one name, in its language; elsewhere both, since values never change with the
/// language.
fn table(presets: &Presets, format: Format, lang: Lang) -> Table {
    let all = presets.all();
    let text = |pick: &dyn Fn(&Preset) -> Option<String>| Cells::Text(all.iter().map(|p| pick(p)).collect());
    let key = |pick: fn(&Preset) -> &'static str| Cells::texts(all.iter().map(|preset| pick(preset)));
    let for_the_eye = matches!(format, Format::Table | Format::Markdown | Format::Xlsx);
    let mut columns = vec![Column::new("id", Kind::Text, text(&|preset| Some(preset.id.clone())))];
    let in_chinese = for_the_eye && lang == Lang::Zh;
    let name = |zh: bool| {
        text(&move |preset| Some(if zh { preset.name.zh.clone() } else { preset.name.en.clone() }))
    };
    columns.push(Column::new("name", Kind::Text, name(in_chinese)));
    if !for_the_eye {
        columns.push(Column::new("name_zh", Kind::Text, name(true)));
    }
    let refunds = |preset: &Preset| Some(preset.amounts.as_ref()?.refunds.key().to_owned());
    columns.extend([
        Column::new("kind", Kind::Key("preset_kinds"), key(|preset| preset.kind.key())),
        Column::new("grain", Kind::Key("grains"), key(|preset| preset.grain.key())),
        Column::new("refunds", Kind::Key("refund_semantics"), text(&refunds)),
        Column::new("customer_id", Kind::Text, text(&customer)),
        Column::new("header_confidence", Kind::Key("levels"), key(|preset| preset.confidence.header.key())),
        Column::new("meaning_confidence", Kind::Key("levels"), key(|preset| preset.confidence.meaning.key())),
        Column::new(
            "columns",
            Kind::Count,
            Cells::Int(all.iter().map(|preset| i64::try_from(preset.header.len()).ok()).collect()),
        ),
    ]);
    let file = |preset: &Preset| presets.file(&preset.id).map(|path| path.display().to_string());
    if !for_the_eye || all.iter().any(|preset| file(preset).is_some()) {
        columns.push(Column::new("file", Kind::Text, text(&file)));
    }
    Table::new("presets", false, columns)
}

/// The columns that say who the customer is, the better first.
fn customer(preset: &Preset) -> Option<String> {
    let source = preset.columns.get("customer_id")?;
    let written = source.0.iter().map(|alternative| match alternative {
        Alternative::Column(name) => name.as_str(),
        Alternative::Formula { formula } => formula,
        Alternative::Constant { constant } => constant,
    });
    Some(written.collect::<Vec<_>>().join(" / "))
}

/// The presets of a run: the built-in ones, and those of the folder that is named or that stands where they usually are.
pub fn known(folder: Option<&Path>) -> Result<Arc<Presets>> {
    match folder {
        Some(folder) => Presets::with_folder(folder),
        None => match usual_folder() {
            Some(folder) => Presets::with_folder(&folder),
            None => Ok(Presets::built_in()),
        },
    }
}

/// `$XDG_CONFIG_HOME/siyu/presets`, else `~/.config/siyu/presets`, if it is there.
fn usual_folder() -> Option<PathBuf> {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let config = named("XDG_CONFIG_HOME").or_else(|| Some(named("HOME")?.join(".config")))?;
    Some(config.join("siyu/presets")).filter(|folder| folder.is_dir())
}

/// `--preset`: `auto`, `none`, an id, or a file (with a `/`, or that ends with `.toml`).
pub fn choice(text: Option<&str>, presets: &Presets) -> Result<PresetChoice> {
    Ok(match text {
        None | Some("auto") => PresetChoice::Auto,
        Some("none") => PresetChoice::None,
        Some(path) if path.contains(['/', std::path::MAIN_SEPARATOR]) || path.ends_with(".toml") => {
            PresetChoice::Given(Presets::load_file(Path::new(path))?)
        }
        Some(id) => PresetChoice::Given(presets.get(id)?),
    })
}

/// `--keep`.
pub fn reasons(words: &[String]) -> Result<Vec<DropReason>> {
    let mut reasons = Vec::new();
    for word in words {
        if word == "all" {
            return Ok(DropReason::ALL.to_vec());
        }
        let Some(reason) = DropReason::ALL.into_iter().find(|reason| reason.key() == word) else {
            let known: Vec<&str> = DropReason::ALL.iter().map(|reason| reason.key()).chain(["all"]).collect();
            return Err(Error::UnknownName {
                what: "reason for --keep",
                name: word.clone(),
                nearest: nearest(word, known.iter().copied()),
                known: known.into_iter().map(str::to_owned).collect(),
            });
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Ok(reasons)
}

/// Refuses what was typed about presets and can have no effect on these files. `keep` and `presets`: the option was typed.
pub fn refuse_what_does_not_apply<'a>(
    options: &InputOptions,
    files: impl Iterator<Item = &'a RawFile>,
    keep: bool,
    presets: bool,
) -> Result<()> {
    if presets && !matches!(options.preset, PresetChoice::Auto | PresetChoice::Given(_)) {
        return Err(Error::DoesNotApply {
            option: "--presets".into(),
            why: "with --preset none no preset is looked for".into(),
        });
    }
    // Sums are left out of files that no preset knows as well.
    if !keep || options.keep.contains(&DropReason::Total) {
        return Ok(());
    }
    let dropped: Vec<DropReason> = files
        .filter_map(|file| file.preset.as_ref())
        .flat_map(|preset| preset.drop.iter().map(|rule| rule.reason))
        .chain([DropReason::Total])
        .collect();
    match options.keep.iter().find(|reason| !dropped.contains(reason)) {
        Some(reason) => Err(Error::DoesNotApply {
            option: format!("--keep {}", reason.key()),
            why: "no rule of these files' presets leaves out such rows (siyu inspect says which presets they are)"
                .into(),
        }),
        None => Ok(()),
    }
}

/// A note for each preset of the user's that took the place of a built-in one and that a file is read with.
pub fn notes<'a>(options: &InputOptions, files: impl Iterator<Item = &'a RawFile>) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    for preset in files.filter_map(|file| file.preset.as_ref()) {
        // A file that was given by its path is no secret.
        let is_of_folder = options.presets.all().iter().any(|known| Arc::ptr_eq(known, preset));
        if !is_of_folder || !options.presets.replaces_built_in(&preset.id) {
            continue;
        }
        let path = options.presets.file(&preset.id).map(|path| path.display().to_string());
        let note = Note::new("preset_replaced").with("id", &preset.id).with("file", path.unwrap_or_default());
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_a_word_an_id_or_a_file() {
        let presets = Presets::built_in();
        assert!(matches!(choice(None, &presets).unwrap(), PresetChoice::Auto));
        assert!(matches!(choice(Some("auto"), &presets).unwrap(), PresetChoice::Auto));
        assert!(matches!(choice(Some("none"), &presets).unwrap(), PresetChoice::None));
        assert_eq!(choice(Some("no_such_platform"), &presets).unwrap_err().code(), "unknown_name");
        for path in ["./nowhere", "nowhere.toml"] {
            assert_eq!(choice(Some(path), &presets).unwrap_err().code(), "not_found", "{path}");
        }
    }

    #[test]
    fn reasons_are_words_of_the_schema() {
        let words = |text: &str| reasons(&text.split(',').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(words("gift,test,gift").unwrap(), [DropReason::Gift, DropReason::Test]);
        assert_eq!(words("all").unwrap(), DropReason::ALL);
        assert_eq!(words("gifts").unwrap_err().hints()[0], "did you mean gift?");
    }
}
