//! What was asked for -> what will be done, decided and checked before any input is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::format::{ColorChoice, Format};
use super::mask;
use super::report::TableChoice;
use super::shade::Palette;
use super::sink::{self, Target};
use crate::error::{Error, Result, nearest, quote_for_shell};
use crate::text::Lang;

/// The width of a table that is not shown on a terminal.
const WIDTH_ELSEWHERE: usize = 120;
/// Nothing readable fits into less.
const WIDTH_LEAST: usize = 20;

/// The options about output, as typed or configured.
#[derive(Debug, Clone, Default)]
pub struct OutputSettings {
    pub format: Option<Format>,
    /// `-` is standard output.
    pub output: Option<PathBuf>,
    /// `--table`; `all` among them means every table.
    pub tables: Option<Vec<String>>,
    pub lang: Lang,
    pub bom: bool,
    pub excel_safe: bool,
    pub mask: Option<mask::Key>,
    pub color: ColorChoice,
    /// The terminal's width where standard output is one.
    pub width: Option<usize>,
    /// Files, directories and patterns that the run reads: none of them is overwritten.
    pub inputs: Vec<PathBuf>,
}

/// The same, resolved: nothing is left open, and nothing in it can be refused later for a reason that was known before.
#[derive(Debug, Clone)]
pub struct OutputPlan {
    pub format: Format,
    /// Which tables the report is to compute and show.
    pub choice: TableChoice,
    pub target: Target,
    pub lang: Lang,
    pub bom: bool,
    pub excel_safe: bool,
    pub mask: Option<mask::Key>,
    /// Whether to colour the table.
    pub color: bool,
    /// The colours that the terminal has.
    pub palette: Palette,
    /// Columns of the terminal that the table may take.
    pub width: usize,
}

/// Resolves the options, given the tables that the report can make (name, and whether it is long) in their order.
pub fn plan(
    settings: &OutputSettings,
    known_tables: &[(&'static str, bool)],
    stdout_is_terminal: bool,
) -> Result<OutputPlan> {
    let target = Target::of(settings.output.as_deref())?;
    let on_terminal = target.is_stdout() && stdout_is_terminal;
    let format = format(settings, &target, on_terminal)?;
    if format.is_binary() && on_terminal {
        return Err(Error::DoesNotApply {
            option: format!("--format {}", format.key()),
            why: "a terminal cannot show it: name a file with -o, or send it into a pipe".into(),
        });
    }
    for (on, option) in [(settings.bom, "--bom"), (settings.excel_safe, "--excel-safe")] {
        if on && !matches!(format, Format::Csv | Format::Tsv) {
            return Err(Error::DoesNotApply {
                option: option.into(),
                why: format!("it is for csv and tsv, and the format is {}", format.key()),
            });
        }
    }
    let choice = choice(settings.tables.as_deref(), known_tables, format)?;
    if let Target::File(path) = &target {
        refuse_inputs(path, &settings.inputs)?;
        sink::check_writable(path)?;
    }
    Ok(OutputPlan {
        format,
        choice,
        lang: settings.lang,
        bom: settings.bom,
        excel_safe: settings.excel_safe,
        mask: settings.mask.clone(),
        color: settings.color.on(on_terminal),
        palette: Palette::of(std::env::var("COLORTERM").ok().as_deref()),
        width: settings.width.filter(|_| on_terminal).unwrap_or(WIDTH_ELSEWHERE).max(WIDTH_LEAST),
        target,
    })
}

/// The width of the terminal on standard output, if it is one.
pub fn terminal_width() -> Option<usize> {
    comfy_table::Table::new().width().map(usize::from).filter(|w| *w > 0)
}

/// As given; else by the suffix of `-o`; else a table for a terminal and csv for a pipe.
fn format(settings: &OutputSettings, target: &Target, on_terminal: bool) -> Result<Format> {
    if let Some(format) = settings.format {
        return Ok(format);
    }
    match target {
        Target::Stdout if on_terminal => Ok(Format::Table),
        Target::Stdout => Ok(Format::Csv),
        Target::Direct(path) => Ok(Format::from_suffix(path).unwrap_or(Format::Csv)),
        Target::File(path) => Format::from_suffix(path).ok_or_else(|| {
            let known: Vec<String> =
                Format::ALL.iter().flat_map(|f| f.suffixes()).map(|suffix| format!(".{suffix}")).collect();
            Error::BadOption {
                option: "-o".into(),
                value: path.display().to_string(),
                why: match path.extension() {
                    Some(suffix) => format!("no format has the suffix .{}", suffix.display()),
                    None => "without a suffix nothing says the format".into(),
                },
                hint: Some(format!("name it with --format, or use one of {}", known.join(" "))),
            }
        }),
    }
}

fn choice(asked: Option<&[String]>, known: &[(&'static str, bool)], format: Format) -> Result<TableChoice> {
    let Some(asked) = asked else {
        return Ok(if format.holds_many() { TableChoice::Standard } else { TableChoice::First });
    };
    let mut names: Vec<String> = Vec::new();
    for name in asked.iter().map(|n| n.trim()).filter(|n| !n.is_empty()) {
        if name != "all" && !known.iter().any(|(k, _)| *k == name) {
            let mut all: Vec<&str> = known.iter().map(|(k, _)| *k).collect();
            all.push("all");
            return Err(Error::UnknownName {
                what: "table",
                name: name.to_owned(),
                nearest: nearest(name, all.iter().copied()),
                known: all.into_iter().map(str::to_owned).collect(),
            });
        }
        if !names.iter().any(|n| n == name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        return Err(Error::BadOption {
            option: "--table".into(),
            value: asked.join(","),
            why: "no table is named".into(),
            hint: None,
        });
    }
    let all = names.iter().any(|n| n == "all");
    let count = if all { known.len() } else { names.len() };
    if count > 1 && !format.holds_many() {
        return Err(Error::OneTable {
            format: format.key(),
            tables: if all { known.iter().map(|(k, _)| (*k).to_owned()).collect() } else { names },
        });
    }
    Ok(if all { TableChoice::All } else { TableChoice::Named(names) })
}

/// Refuses a target that is one of `inputs` (files, directories, patterns): for those that a report reads beside its input.
pub fn refuse_to_overwrite(target: &Target, inputs: &[PathBuf]) -> Result<()> {
    match target {
        Target::File(path) => refuse_inputs(path, inputs),
        Target::Stdout | Target::Direct(_) => Ok(()),
    }
}

/// Refuses an output that is one of the inputs, whatever the two are called.
fn refuse_inputs(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(there) = fs::metadata(output) else { return Ok(()) };
    let refused = || Err(Error::OutputIsInput { path: output.display().to_string() });
    for input in inputs.iter().filter(|i| i.as_os_str() != "-") {
        let Ok(metadata) = fs::metadata(input) else {
            if matches_pattern(output, input) {
                return refused();
            }
            continue;
        };
        if metadata.is_dir() {
            // A folder is read whole; a report of ours that lies in it is no input where nothing reads its format.
            let unread = matches!(
                Format::from_suffix(output),
                Some(Format::Xlsx | Format::Json | Format::Ndjson | Format::Markdown)
            );
            if !unread && is_inside(output, input) {
                return refused();
            }
        } else if same_file(&metadata, &there) || same_path(input, output) {
            return refused();
        }
    }
    Ok(())
}

#[cfg(unix)]
fn same_file(a: &fs::Metadata, b: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

fn same_path(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn is_inside(path: &Path, folder: &Path) -> bool {
    matches!((path.canonicalize(), folder.canonicalize()), (Ok(p), Ok(f)) if p.starts_with(&f))
}

fn matches_pattern(output: &Path, pattern: &Path) -> bool {
    let Some(pattern) = pattern.to_str() else { return false };
    glob::glob(pattern).map(|found| found.flatten().any(|path| same_path(&path, output))).unwrap_or(false)
}

/// The folder of a file to be written does not exist.
pub(super) fn no_folder(folder: &Path) -> Error {
    Error::NotFound {
        path: folder.display().to_string(),
        hint: Some(format!(
            "the folder of -o must exist: mkdir -p {}",
            quote_for_shell(&folder.display().to_string())
        )),
    }
}

/// The system's refusal of a path of ours.
pub(super) fn cannot_write(path: &Path, source: io::Error) -> Error {
    Error::Io { action: "write", path: path.display().to_string(), source }
}
