//! All presets that a run knows, and which of them a header is.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::Preset;
use super::built_in::BUILT_IN;
use super::fingerprint::Prepared;
use super::names::HeaderKeys;
use super::validate::validate;
use crate::error::{Error, Result, nearest};

/// Scores that differ by less say nothing about which of two presets it is.
const EQUAL: f64 = 0.005;

/// The built-in presets, and the user's before them.
#[derive(Debug, Clone, Default)]
pub struct Presets {
    /// Sorted by platform, kind and id.
    all: Vec<Arc<Preset>>,
    /// Of each of `all`.
    known: Vec<Known>,
}

/// What goes with a preset.
#[derive(Debug, Clone)]
struct Known {
    prepared: Prepared,
    /// The TOML file as it is written.
    text: Cow<'static, str>,
    /// A file of the user's; `None`: part of the program.
    file: Option<PathBuf>,
    /// It took the place of a built-in one.
    replaces: bool,
}

/// What a header says of the platform.
#[derive(Debug, Clone, Default)]
pub enum Detection {
    #[default]
    Unknown,
    One(Match),
    /// Equally good ones that read amounts differently.
    Several(Vec<Match>),
}

/// A preset whose fingerprint fits.
#[derive(Debug, Clone)]
pub struct Match {
    pub preset: Arc<Preset>,
    /// 0 to 1.
    pub score: f64,
}

/// Parsed when the first run asks for them.
static PARSED: LazyLock<Arc<Presets>> = LazyLock::new(|| {
    // A fault in an embedded file leaves that preset out; a test finds it, and names all of them at once.
    let sound = built_in_one_by_one().filter_map(Result::ok).map(|(preset, text)| (preset, text, None));
    Arc::new(Presets::of(sound.collect()))
});

/// Every built-in preset with its text, or what is wrong with it.
pub(super) fn built_in_one_by_one() -> impl Iterator<Item = Result<(Preset, Cow<'static, str>)>> {
    BUILT_IN.iter().map(|(id, text)| {
        let shown = format!("{id}.toml");
        Ok((parse(text, &shown, Some(id))?, Cow::Borrowed(*text)))
    })
}

impl Presets {
    /// Those that are part of the program.
    pub fn built_in() -> Arc<Self> {
        PARSED.clone()
    }

    /// With the files `*.toml` of a folder: one of the same id takes the place of the built-in one. Files whose names begin
    /// with a dot are passed over.
    pub fn with_folder(folder: &Path) -> Result<Arc<Self>> {
        Self::built_in().and_folder(folder)
    }

    fn and_folder(&self, folder: &Path) -> Result<Arc<Self>> {
        let shown = folder.display().to_string();
        let failed = |action: &'static str, source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound {
                path: shown.clone(),
                hint: Some("--presets names a folder of presets, each a file ID.toml".into()),
            },
            std::io::ErrorKind::NotADirectory => Error::BadOption {
                option: "--presets".into(),
                value: shown.clone(),
                why: "is no folder".into(),
                hint: Some("--preset FILE.toml reads with the preset of one file".into()),
            },
            _ => Error::Io { action, path: shown.clone(), source },
        };
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(|source| failed("read", source))? {
            let path = entry.map_err(|source| failed("read", source))?.path();
            let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if path.extension().is_some_and(|suffix| suffix == "toml") && !is_hidden && path.is_file() {
                files.push(path);
            }
        }
        files.sort();

        let mut all: Vec<(Preset, Cow<'static, str>, Option<PathBuf>)> = Vec::new();
        for path in files {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let (preset, text) = read(&path, Some(&stem))?;
            all.push((preset, Cow::Owned(text), Some(path)));
        }
        let replaced: Vec<String> = all.iter().map(|(preset, ..)| preset.id.clone()).collect();
        for (preset, known) in self.all.iter().zip(&self.known) {
            if !replaced.contains(&preset.id) {
                all.push((Preset::clone(preset), known.text.clone(), known.file.clone()));
            }
        }
        let mut presets = Self::of(all);
        for (preset, known) in presets.all.iter().zip(&mut presets.known) {
            known.replaces = known.file.is_some() && self.all.iter().any(|other| other.id == preset.id);
        }
        Ok(Arc::new(presets))
    }

    pub(in crate::input) fn of(mut all: Vec<(Preset, Cow<'static, str>, Option<PathBuf>)>) -> Self {
        all.sort_by(|(a, ..), (b, ..)| {
            (&a.platform, a.kind as u8, &a.id).cmp(&(&b.platform, b.kind as u8, &b.id))
        });
        let mut presets = Self::default();
        for (preset, text, file) in all {
            presets.known.push(Known { prepared: Prepared::new(&preset), text, file, replaces: false });
            presets.all.push(Arc::new(preset));
        }
        presets
    }

    /// The preset of one file, whatever the file is called.
    pub fn load_file(path: &Path) -> Result<Arc<Preset>> {
        read(path, None).map(|(preset, _)| Arc::new(preset))
    }

    /// The preset of a text that `shown` names in errors.
    pub(in crate::input) fn parse(text: &str, shown: &str) -> Result<Preset> {
        parse(text, shown, None)
    }

    /// Sorted by platform, kind and id.
    pub fn all(&self) -> &[Arc<Preset>] {
        &self.all
    }

    /// The preset of this id; an error with the nearest ids.
    pub fn get(&self, id: &str) -> Result<Arc<Preset>> {
        match self.place(id) {
            Some(at) => Ok(self.all[at].clone()),
            None => {
                let ids = || self.all.iter().map(|preset| preset.id.as_str());
                let nearest = nearest(id, ids());
                // All of them would fill the screen: `siyu presets` lists them better.
                let known = if nearest.is_empty() { ids().map(str::to_owned).collect() } else { Vec::new() };
                Err(Error::UnknownName { what: "preset", name: id.to_owned(), nearest, known })
            }
        }
    }

    /// The TOML file of a preset as it is written, comments included.
    pub fn text(&self, id: &str) -> Option<&str> {
        self.place(id).map(|at| self.known[at].text.as_ref())
    }

    /// The user's file that a preset was read from; `None`: it is part of the program.
    pub fn file(&self, id: &str) -> Option<&Path> {
        self.place(id).and_then(|at| self.known[at].file.as_deref())
    }

    /// Whether a preset of the user's has taken the place of the built-in one.
    pub fn replaces_built_in(&self, id: &str) -> bool {
        self.place(id).is_some_and(|at| self.known[at].replaces)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.all.iter().position(|preset| preset.id == id)
    }

    /// The presets that a header fits, the best first: by score, then the user's before the built-in ones, then by confidence
    /// and by id.
    pub fn ranking<S: AsRef<str>>(&self, header: &[S]) -> Vec<Match> {
        let keys = HeaderKeys::new(header);
        // No preset's fingerprint is one name; most rows above a header are titles of one cell.
        if keys.len() < 2 {
            return Vec::new();
        }
        let mut fitting: Vec<(f64, usize)> = Vec::new();
        for (at, known) in self.known.iter().enumerate() {
            fitting.extend(known.prepared.score(&keys).map(|score| (score, at)));
        }
        fitting
            .sort_by(|(score, a), (other, b)| other.total_cmp(score).then_with(|| self.preference(*a, *b)));
        fitting.into_iter().map(|(score, at)| Match { preset: self.all[at].clone(), score }).collect()
    }

    /// Which of two presets with one score goes first.
    fn preference(&self, a: usize, b: usize) -> Ordering {
        let confidence = |at: usize| {
            let sure = self.all[at].confidence;
            (sure.header.min(sure.meaning), sure.meaning)
        };
        let own = |at: usize| self.known[at].file.is_some();
        let by_owner = own(b).cmp(&own(a));
        by_owner.then(confidence(b).cmp(&confidence(a))).then_with(|| self.all[a].id.cmp(&self.all[b].id))
    }

    /// Which preset a header is. Of several with the same score that mean the same the one we are surest of counts; the
    /// user's own counts before built-in ones.
    pub fn detect<S: AsRef<str>>(&self, header: &[S]) -> Detection {
        let mut ranking = self.ranking(header);
        let Some(best) = ranking.first().cloned() else { return Detection::Unknown };
        ranking.retain(|other| best.score - other.score < EQUAL);
        if self.file(&best.preset.id).is_some() {
            ranking.retain(|other| self.file(&other.preset.id).is_some());
        }
        if ranking.iter().all(|other| mean_the_same(&best.preset, &other.preset)) {
            Detection::One(best)
        } else {
            Detection::Several(ranking)
        }
    }
}

/// Whether two presets read the same amounts.
fn mean_the_same(a: &Preset, b: &Preset) -> bool {
    let refunds = |preset: &Preset| preset.amounts.as_ref().map(|amounts| amounts.refunds);
    let same = |canonical: &str| a.columns.get(canonical) == b.columns.get(canonical);
    a.kind == b.kind && refunds(a) == refunds(b) && same("amount")
}

fn read(path: &Path, id: Option<&str>) -> Result<(Preset, String)> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound {
            path: shown.clone(),
            hint: Some("siyu presets show ID > FILE.toml writes a built-in preset to begin with".into()),
        },
        std::io::ErrorKind::InvalidData => {
            Error::Config { at: shown.clone(), why: "is not UTF-8 text".into(), hint: None }
        }
        _ => Error::Io { action: "read", path: shown.clone(), source },
    })?;
    let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
    let preset = parse(&text, &shown, id)?;
    Ok((preset, text))
}

/// A preset from its text; `shown` names the text in messages, `id` is what the name of the file says.
pub(super) fn parse(text: &str, shown: &str, id: Option<&str>) -> Result<Preset> {
    let preset: Preset = toml::from_str(text).map_err(|error| explained(text, shown, &error))?;
    if let Some(id) = id.filter(|id| *id != preset.id) {
        return Err(Error::Config {
            at: format!("{shown}: id"),
            why: format!("is {:?}, and the file is called {id}.toml", preset.id),
            hint: Some(format!("call the file {}.toml, or write id = \"{id}\"", preset.id)),
        });
    }
    validate(&preset, shown)?;
    Ok(preset)
}

/// What the TOML reader says, with the forms that it cannot name itself.
fn explained(text: &str, shown: &str, error: &toml::de::Error) -> Error {
    let forms = [
        ("SourceText", "\"Column\", { formula = \"...\" }, { constant = \"...\" }, or a list of these"),
        ("Alternative", "\"Column\", { formula = \"...\" } or { constant = \"...\" }"),
        ("StatusMatch", "\"status\" or [\"status\", \"detail\"]"),
    ];
    let form = forms.iter().find(|(name, _)| error.message().contains(&format!("enum {name}")));
    match (Error::from_toml(text, shown, error), form) {
        (Error::Config { at, .. }, Some((_, form))) => Error::Config {
            at,
            why: "is not of a form that is known here".into(),
            hint: Some(format!("write {form}")),
        },
        (error, _) => error,
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
