//! siyu.toml, the `SIYU_*` environment and the flags, put together: flags win over the environment, the environment over
//! the file, the file over the defaults. Each value keeps its origin, which `siyu config show` prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cli::params::{InputParams, OutputParams, RunParams};
use crate::convert::ConvertParams;
use crate::error::{Error, Result};
use crate::reports::check::CheckParams;
use crate::reports::cohort::CohortParams;
use crate::reports::engagement::EngagementParams;
use crate::reports::funnel::FunnelParams;
use crate::reports::ltv::LtvParams;
use crate::reports::repurchase::RepurchaseParams;
use crate::reports::retention::RetentionParams;
use crate::reports::rfm::RfmParams;

/// The name that is looked for, from the working folder upward.
pub const FILE_NAME: &str = "siyu.toml";

/// siyu.toml as written. Unknown sections and keys are refused.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    pub input: Option<InputParams>,
    /// canonical = "column of the file"
    pub columns: BTreeMap<String, String>,
    pub output: Option<OutputParams>,
    pub run: Option<RunParams>,
    pub rfm: Option<RfmParams>,
    pub cohort: Option<CohortParams>,
    pub repurchase: Option<RepurchaseParams>,
    pub ltv: Option<LtvParams>,
    pub funnel: Option<FunnelParams>,
    pub retention: Option<RetentionParams>,
    pub engagement: Option<EngagementParams>,
    pub check: Option<CheckParams>,
    pub convert: Option<ConvertParams>,
    /// Where it was read; `None` when there is none.
    #[serde(skip)]
    pub path: Option<PathBuf>,
}

impl ConfigFile {
    /// The file that the run names, or the nearest siyu.toml upward of `folder`, or none.
    pub fn load(run: &RunParams, folder: &Path) -> Result<Self> {
        let path = if run.no_config {
            None
        } else if let Some(path) = &run.config {
            Some(path.clone())
        } else {
            folder.ancestors().map(|f| f.join(FILE_NAME)).find(|p| p.is_file())
        };
        let Some(path) = path else { return Ok(Self::default()) };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: shown.clone(), hint: None },
            std::io::ErrorKind::InvalidData => {
                Error::Config { at: shown.clone(), why: "is not UTF-8 text".into(), hint: None }
            }
            _ => Error::Io { action: "read", path: shown.clone(), source },
        })?;
        Ok(Self { path: Some(path), ..Self::parse(&text, &shown)? })
    }

    /// `shown` names the text in messages.
    pub fn parse(text: &str, shown: &str) -> Result<Self> {
        if toml::from_str(text).is_ok_and(|table: toml::Table| holds_no_number(&toml::Value::Table(table))) {
            let why = "nan and inf are no numbers here".into();
            return Err(Error::Config { at: shown.to_owned(), why, hint: None });
        }
        toml::from_str(text).map_err(|error| Error::from_toml(text, shown, &error))
    }
}

/// Whether a `nan` or `inf` is in it: TOML has them, JSON, through which sections are merged, would make them null.
fn holds_no_number(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(number) => !number.is_finite(),
        toml::Value::Array(values) => values.iter().any(holds_no_number),
        toml::Value::Table(table) => table.values().any(holds_no_number),
        _ => false,
    }
}

/// Flags (and environment) over the file's section: what is set above wins, key by key.
pub fn merge<T: Serialize + DeserializeOwned>(above: &T, below: Option<&T>) -> Result<T> {
    let mut merged = to_map(above)?;
    if let Some(below) = below {
        for (key, value) in to_map(below)? {
            merged.entry(key).or_insert(value);
        }
    }
    serde_json::from_value(Value::Object(merged)).map_err(|e| internal(&e))
}

/// The keys of a section that are set.
pub fn to_map<T: Serialize>(section: &T) -> Result<Map<String, Value>> {
    match serde_json::to_value(section).map_err(|e| internal(&e))? {
        Value::Object(map) => Ok(map.into_iter().filter(|(_, v)| !v.is_null()).collect()),
        other => Err(Error::Internal { doing: "reading settings".into(), why: other.to_string() }),
    }
}

fn internal(error: &serde_json::Error) -> Error {
    Error::Internal { doing: "putting settings together".into(), why: error.to_string() }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Flag,
    Environment(String),
    File(String),
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => write!(f, "flag"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File(path) => write!(f, "{path}"),
            Self::Default => write!(f, "default"),
        }
    }
}

/// One setting as `siyu config show` prints it.
#[derive(Debug, Clone)]
pub struct Shown {
    pub section: String,
    pub key: String,
    pub value: String,
    pub origin: Origin,
}

/// Every setting of a section with its value and origin. `arguments` are the section's options as clap knows them:
/// their help carries the defaults.
pub fn show_section<T: Serialize>(
    section: &str,
    arguments: &clap::Command,
    matches: &ArgMatches,
    above: &T,
    below: Option<&T>,
    path: Option<&Path>,
) -> Result<Vec<Shown>> {
    let above = to_map(above)?;
    let below = below.map(to_map).transpose()?.unwrap_or_default();
    let mut shown = Vec::new();
    for argument in arguments.get_arguments() {
        let key = argument.get_id().as_str();
        if argument.is_global_set() || ["help", "version", "col", "config", "no_config"].contains(&key) {
            continue;
        }
        let source = matches.try_contains_id(key).ok().and_then(|_| matches.value_source(key));
        let (value, origin) = match (above.get(key), below.get(key)) {
            (Some(value), _) if source == Some(ValueSource::EnvVariable) => {
                let name = argument.get_env().unwrap_or_default().to_string_lossy().into_owned();
                (plain(value), Origin::Environment(name))
            }
            (Some(value), _) => (plain(value), Origin::Flag),
            (None, Some(value)) => {
                let path = path.map_or_else(String::new, |p| p.display().to_string());
                (plain(value), Origin::File(path))
            }
            (None, None) => {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                (default_in(&help).unwrap_or_default(), Origin::Default)
            }
        };
        shown.push(Shown { section: section.to_owned(), key: key.to_owned(), value, origin });
    }
    Ok(shown)
}

/// What the help says between `[default: ` and `]`.
fn default_in(help: &str) -> Option<String> {
    let (_, rest) = help.rsplit_once("[default: ")?;
    Some(rest.strip_suffix(']').unwrap_or(rest).to_owned())
}

/// A value as one would type it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_refused_with_line_and_nearest_name() {
        let error = ConfigFile::parse("[input]\nencodng = \"gbk\"\n", "siyu.toml").unwrap_err();
        assert_eq!(error.to_string(), "siyu.toml:2: unknown key \"encodng\"");
        assert_eq!(error.hints(), ["did you mean encoding?"]);
        let error = ConfigFile::parse("[ouput]\n", "siyu.toml").unwrap_err();
        assert_eq!(error.hints(), ["did you mean output?"]);
    }

    #[test]
    fn a_wrong_type_names_its_line() {
        let error = ConfigFile::parse("\n[input]\nstrict = \"x\"\n", "siyu.toml").unwrap_err();
        assert!(error.to_string().starts_with("siyu.toml:3: "), "{error}");
    }

    #[test]
    fn nan_and_inf_are_refused() {
        for text in ["[rfm]\nweights = [nan, 1, 1]\n", "[check]\noutlier_z = inf\n"] {
            let error = ConfigFile::parse(text, "siyu.toml").unwrap_err();
            assert_eq!(error.to_string(), "siyu.toml: nan and inf are no numbers here");
        }
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = InputParams { encoding: Some("gbk".into()), ..InputParams::default() };
        let file = InputParams {
            encoding: Some("utf-8".into()),
            tz: Some("Asia/Shanghai".into()),
            ..InputParams::default()
        };
        let merged = merge(&flags, Some(&file)).unwrap();
        assert_eq!(merged.encoding.as_deref(), Some("gbk"));
        assert_eq!(merged.tz.as_deref(), Some("Asia/Shanghai"));
    }
}
