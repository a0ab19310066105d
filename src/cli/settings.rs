//! From options as typed to options resolved: texts become moments, zones, shares; what cannot be used is refused here,
//! before any file is opened.

use std::path::PathBuf;

use crate::cli::params::{InputParams, OutputParams, RunParams};
use crate::cli::printer::{Level, Printer};
use crate::error::{Error, Result, nearest};
use crate::input::InputOptions;
use crate::input::values::dates::{parse_date_format, parse_moment};
use crate::output::{ColorChoice, OutputSettings, mask};
use crate::text::Lang;

/// `[input]` and `[columns]` resolved. `known_columns` are the canonical names.
pub fn input_options(
    params: &InputParams,
    config_columns: &std::collections::BTreeMap<String, String>,
    run: &RunParams,
) -> Result<InputOptions> {
    if params.files.is_empty() {
        return Err(Error::BadOption {
            option: "INPUT".into(),
            value: String::new(),
            why: "no input is named".into(),
            hint: Some("name files, globs or folders, or - for standard input".into()),
        });
    }
    let mut columns: Vec<(String, String)> = Vec::new();
    for text in &params.col {
        let Some((canonical, column)) = text.split_once('=') else {
            return Err(Error::BadOption {
                option: "--col".into(),
                value: text.clone(),
                why: "is not CANONICAL=COLUMN".into(),
                hint: Some("for example --col amount=Total".into()),
            });
        };
        let canonical = canonical.trim().to_owned();
        columns.push((canonical, column.to_owned()));
    }
    for (canonical, column) in config_columns {
        if !columns.iter().any(|(name, _)| name == canonical) {
            columns.push((canonical.clone(), column.clone()));
        }
    }
    if let Some(format) = &params.date_format {
        parse_date_format(format)?;
    }
    let presets = super::presets::known(params.presets.as_deref())?;
    let options = InputOptions {
        paths: params.files.clone(),
        columns,
        encoding: params.encoding.clone(),
        delimiter: params.delimiter.clone(),
        date_format: params.date_format.clone(),
        tz: params.tz.as_deref().map(time_zone).transpose()?,
        max_bad: params.max_bad.as_deref().map_or(Ok(0.01), |text| share("--max-bad", text))?,
        strict: params.strict.unwrap_or(false),
        as_of_us: moment("--as-of", params.as_of.as_deref(), true)?,
        since_us: moment("--since", params.since.as_deref(), false)?,
        until_us: moment("--until", params.until.as_deref(), true)?,
        filter: params.filter.clone(),
        customer_key: params.customer_key.as_deref().map(|key| customer_key(key, params)).transpose()?,
        identities: params.identities.clone(),
        latest_by: params.latest_by.as_deref().map(latest_by).transpose()?,
        preset: super::presets::choice(params.preset.as_deref(), &presets)?,
        presets,
        keep: super::presets::reasons(params.keep.as_deref().unwrap_or_default())?,
        ..InputOptions::default()
    };
    if let (Some(since), Some(until)) = (options.since_us, options.until_us)
        && since > until
    {
        return Err(Error::BadOption {
            option: "--since".into(),
            value: params.since.clone().unwrap_or_default(),
            why: "is after --until".into(),
            hint: None,
        });
    }
    Ok(match run.threads {
        Some(threads) => InputOptions { threads: usize::from(threads), ..options },
        None => options,
    })
}

/// `A+B`: two or more columns. A `+` within a name is written `\\+`.
fn customer_key(text: &str, params: &InputParams) -> Result<Vec<String>> {
    let bad = |why: &str, hint: &str| Error::BadOption {
        option: "--customer-key".into(),
        value: text.to_owned(),
        why: why.into(),
        hint: Some(hint.to_owned()),
    };
    let mut names = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, names.last_mut()) {
            ('+', _) => names.push(String::new()),
            ('\\', Some(name)) => name.push(chars.next().unwrap_or(c)),
            (_, Some(name)) => name.push(c),
            (_, None) => {}
        }
    }
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(bad("names an empty column", "for example --customer-key '收货人姓名+联系手机'"));
    }
    if let [one] = names.as_slice() {
        let column = crate::error::quote_for_shell(one);
        return Err(bad("is one column", &format!("--col customer_id={column}")));
    }
    if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
        return Err(bad("names a column twice", "name each column once"));
    }
    let by_hand = params.col.iter().any(|col| {
        col.split_once('=').is_some_and(|(name, column)| name.trim() == "customer_id" && !column.is_empty())
    });
    if by_hand {
        return Err(Error::DoesNotApply {
            option: "--customer-key".into(),
            why: "--col customer_id names the column of the customers".into(),
        });
    }
    Ok(names)
}

fn latest_by(text: &str) -> Result<String> {
    match text.trim() {
        "" => Err(Error::BadOption {
            option: "--latest-by".into(),
            value: text.into(),
            why: "names no column".into(),
            hint: Some(
                "--latest-by file, or a column with the time of the export or of the last change".into(),
            ),
        }),
        name => Ok(name.to_owned()),
    }
}

/// A moment as typed; a date alone means its end or its begin.
pub fn moment(option: &str, text: Option<&str>, end_of_day: bool) -> Result<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    parse_moment(text, end_of_day).map(Some).ok_or_else(|| Error::BadOption {
        option: option.into(),
        value: text.into(),
        why: "is not a date".into(),
        hint: Some("write 2025-06-30, or 2025-06-30T18:00:00".into()),
    })
}

fn time_zone(name: &str) -> Result<chrono_tz::Tz> {
    name.parse().map_err(|_| Error::UnknownName {
        what: "time zone",
        name: name.to_owned(),
        nearest: nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name())),
        known: Vec::new(),
    })
}

/// `1%` or `0.01`.
fn share(option: &str, text: &str) -> Result<f64> {
    let (number, scale) = match text.trim().strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    let value = number.trim().parse::<f64>().ok().map(|v| v / scale);
    value.filter(|v| (0.0..=1.0).contains(v)).ok_or_else(|| Error::BadOption {
        option: option.into(),
        value: text.into(),
        why: "is not a share between 0 and 1".into(),
        hint: Some("write 1% or 0.01".into()),
    })
}

/// `[output]` resolved. `inputs` are the files that are not to be overwritten.
pub fn output_settings(params: &OutputParams, inputs: Vec<PathBuf>) -> Result<OutputSettings> {
    let mask = match (params.mask.unwrap_or(false), &params.mask_key_file) {
        (true, Some(path)) => Some(mask::Key::from_file(path)?),
        (true, None) => {
            return Err(Error::BadOption {
                option: "--mask".into(),
                value: String::new(),
                why: "needs a key: hashes without one can be undone by trying all ids".into(),
                hint: Some(
                    "--mask-key-file FILE, e.g. made by: head -c 32 /dev/urandom | base64 > key".into(),
                ),
            });
        }
        (false, Some(_)) if params.mask.is_none() => {
            return Err(Error::DoesNotApply {
                option: "--mask-key-file".into(),
                why: "--mask is not given".into(),
            });
        }
        (false, _) => None,
    };
    Ok(OutputSettings {
        format: params.format,
        output: params.output.clone(),
        tables: params.table.clone(),
        lang: language(params),
        bom: params.bom.unwrap_or(false),
        excel_safe: params.excel_safe.unwrap_or(false),
        mask,
        color: color(params),
        inputs,
        ..OutputSettings::default()
    })
}

/// The language asked for, else that of the locale.
pub fn language(params: &OutputParams) -> Lang {
    params.lang.unwrap_or_else(|| {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty());
        if locale.is_some_and(|l| l.to_lowercase().starts_with("zh")) { Lang::Zh } else { Lang::En }
    })
}

pub fn color(params: &OutputParams) -> ColorChoice {
    params.color.unwrap_or(ColorChoice::Auto)
}

pub fn printer(run: &RunParams, output: &OutputParams) -> Printer {
    let level = match (run.quiet.unwrap_or(false), run.verbose) {
        (true, _) => Level::Quiet,
        (false, 0) => Level::Normal,
        (false, _) => Level::Verbose,
    };
    Printer::new(level, color(output))
}
