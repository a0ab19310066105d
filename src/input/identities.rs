//! One person of many ids: `--identities FILE`, and keys made of several columns (`--customer-key A+B`).
//!
//! A file of identities has one of two forms:
//!
//! | form | columns | a row says |
//! | --- | --- | --- |
//! | directory | `platform_id`, `person_id`, and `platform` or not | this id of this platform (of any, where it is empty) is that person's |
//! | links | any others, `person_id` among them or not | all its values are one person's |
//!
//! The same value in the same column is the same id, so that rows join, one after the other, as far as it goes. Values that
//! a platform has masked join nothing. A person is called by its `person_id`; without one by the smallest of its ids that no
//! other person has too, compared byte by byte, whatever the order of the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::*;

use super::columns::{find_column, normalise};
use super::masks::{is_masked, shortened};
use super::presets::{PresetChoice, Presets};
use super::raw::{self, RawBatch, RawFile, ScanError};
use super::{InputOptions, cells};
use crate::error::{Error, Place, Result, nearest};
use crate::output::report::Note;

/// A person of more ids is suspicious.
const MOST_IDS: u64 = 50;
/// A value that stands in rows with more other ids is suspicious: a shop's own phone number, a default.
const MOST_JOINED: u64 = 20;
/// Suspicious values that are named in notes, and examples in errors.
const SHOWN: usize = 3;

const PLATFORM: &[&str] = &["platform", "平台", "来源平台", "渠道平台"];
const PLATFORM_ID: &[&str] = &[
    "platformid",
    "platformuserid",
    "platformcustomerid",
    "平台用户id",
    "平台客户id",
    "平台会员id",
    "平台id",
    "会员id",
    "会员号",
    "用户id",
];
const PERSON_ID: &[&str] =
    &["personid", "person", "unifiedid", "oneid", "客户id", "客户号", "统一客户号", "统一客户id", "自然人id"];

/// Words for platforms in a `platform` column, and our names of them.
const PLATFORMS: &[(&str, &str)] = &[
    ("天猫", "tmall"),
    ("淘宝", "taobao"),
    ("京东", "jd"),
    ("拼多多", "pdd"),
    ("pinduoduo", "pdd"),
    ("抖音", "douyin"),
    ("抖店", "douyin"),
    ("快手", "kuaishou"),
    ("小红书", "xiaohongshu"),
    ("有赞", "youzan"),
    ("微信小店", "wechat_store"),
    ("视频号", "wechat_store"),
    ("微信支付", "wechat_pay"),
    ("支付宝", "alipay"),
    ("快团团", "kuaituantuan"),
];

/// What a file of identities amounts to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentitySummary {
    /// Different ids, and the persons that they are of.
    pub ids: u64,
    pub persons: u64,
    /// The person of most ids (of several the first by name), and how many.
    pub largest: (String, u64),
    /// Values that stand in rows with more than 20 other ids, with their number; persons of more than 50 ids, where no such
    /// value explains it. Most first.
    pub suspicious: Vec<(String, u64)>,
    /// Cells with masked values: they joined nothing.
    pub masked: u64,
}

/// Who is who. Looked up by many threads at once.
#[derive(Debug)]
pub struct Identities {
    /// By platform or column.
    spaces: Vec<Space>,
    /// A platform that is known has its own ids: what is not among them is looked up nowhere else.
    is_directory: bool,
    persons: Vec<String>,
    summary: IdentitySummary,
}

/// Ids of one platform, or of one column: id -> person.
#[derive(Debug)]
struct Space {
    name: String,
    ids: HashMap<String, u32>,
}

impl Identities {
    /// Reads a file of any kind that orders are read from. An error where ids lead from one `person_id` to another.
    pub fn load(path: &Path, options: &InputOptions) -> Result<Self> {
        let options = InputOptions {
            paths: vec![path.display().to_string()],
            threads: options.threads,
            preset: PresetChoice::None,
            presets: Arc::new(Presets::default()),
            ..InputOptions::default()
        };
        let mut files = raw::open(&options)?;
        loop {
            let plans: Vec<Form> = files.iter().map(Form::of).collect::<Result<_>>()?;
            let projection: Vec<Vec<String>> = plans.iter().map(Form::columns).collect();
            let found: Mutex<Found> = Mutex::default();
            let scanned = raw::scan(&files, &projection, &options, &|batch| {
                let rows = plans[batch.file].read(&files[batch.file].label, &batch)?;
                found.lock().unwrap_or_else(PoisonError::into_inner).add(rows, &batch);
                Ok(())
            });
            match scanned {
                Ok(()) => {
                    let is_directory = plans.iter().all(|form| matches!(form, Form::Directory { .. }));
                    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
                    return found.finish(&files, is_directory);
                }
                Err(ScanError::Failed(error)) => return Err(error),
                Err(ScanError::Encoding { file, .. }) => raw::redetect(&mut files[file], &options)?,
            }
        }
    }

    /// The person of an id; `None`: the file does not have it, or several columns have it for different persons.
    /// `platform` is the one that the order is from (a preset's; any text where it is not known). Ids are looked up among
    /// those of the platform, or of the column that is called like it, then, unless a directory knows the platform, among
    /// all.
    pub fn person<'a>(&'a self, platform: &str, id: &str) -> Option<&'a str> {
        let name = |person: &u32| self.persons[*person as usize].as_str();
        let space = self.spaces.iter().find(|space| !space.name.is_empty() && space.name == platform);
        if let Some(space) = space {
            if let Some(person) = space.ids.get(id) {
                return Some(name(person));
            }
            if self.is_directory {
                let of_any = self.spaces.iter().find(|space| space.name.is_empty());
                return of_any.and_then(|space| space.ids.get(id)).map(name);
            }
        }
        let mut found = self.spaces.iter().filter_map(|space| space.ids.get(id));
        let first = found.next()?;
        found.all(|other| other == first).then(|| name(first))
    }

    /// Ids of a batch with each replaced by its person; missing ones and those that the file does not have stay.
    pub fn replaced(&self, platform: &str, ids: &StringChunked) -> StringChunked {
        let mut persons = StringChunkedBuilder::new(ids.name().clone(), ids.len());
        for id in ids.iter() {
            persons.append_option(id.map(|id| self.person(platform, id).unwrap_or(id)));
        }
        persons.finish()
    }

    pub fn summary(&self) -> &IdentitySummary {
        &self.summary
    }

    /// What is to be said of it. Arguments called `id` hold ids: `output::mask::notes` hides or shortens them.
    pub fn notes(&self) -> Vec<Note> {
        let summary = &self.summary;
        let mut notes = vec![
            Note::new("identities_joined")
                .with("ids", summary.ids)
                .with("persons", summary.persons)
                .with("id", &summary.largest.0)
                .with("most", summary.largest.1),
        ];
        for (value, ids) in summary.suspicious.iter().take(SHOWN) {
            notes.push(Note::new("identities_suspicious").with("id", value).with("ids", ids));
        }
        if summary.suspicious.len() > SHOWN {
            notes.push(
                Note::new("identities_more_suspicious").with("values", summary.suspicious.len() - SHOWN),
            );
        }
        if summary.masked > 0 {
            notes.push(Note::new("identities_masked").with("values", summary.masked));
        }
        notes
    }
}

/// How the columns of a file are meant. Columns by name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Directory { platform: Option<String>, id: String, person: String },
    Links { columns: Vec<String>, person: Option<String> },
}

/// A row: its ids, each with its space, and its person_id.
type Row = (Vec<(String, String)>, Option<String>);

impl Form {
    fn of(file: &RawFile) -> Result<Self> {
        let named = |names: &[&str]| -> Vec<&String> {
            file.header.iter().filter(|column| names.contains(&normalise(column).as_str())).collect()
        };
        let one = |canonical: &str, names: &[&str]| match named(names).as_slice() {
            [] => Ok(None),
            [one] => Ok(Some((*one).clone())),
            several => Err(Error::Config {
                at: file.label.clone(),
                why: format!(
                    "{} columns could be {canonical}: {}",
                    several.len(),
                    several.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
                ),
                hint: Some(format!("call the right one {canonical}, and the other differently")),
            }),
        };
        let platform = one("platform", PLATFORM)?;
        let person = one("person_id", PERSON_ID)?;
        let id = if platform.is_some() || person.is_some() && file.header.len() == 2 {
            one("platform_id", PLATFORM_ID)?
        } else {
            None
        };
        match (platform, id, person) {
            (platform, Some(id), Some(person)) => Ok(Self::Directory { platform, id, person }),
            (None, _, person) => {
                let columns: Vec<String> =
                    file.header.iter().filter(|name| Some(*name) != person.as_ref()).cloned().collect();
                if columns.len() + usize::from(person.is_some()) < 2 {
                    return Err(Error::Config {
                        at: file.label.clone(),
                        why: format!("one column ({}) links nothing", file.header.join(", ")),
                        hint: Some(
                            "--identities needs columns platform, platform_id, person_id; or columns of ids, \
                             of which each row is one person"
                                .into(),
                        ),
                    });
                }
                Ok(Self::Links { columns, person })
            }
            (Some(platform), id, person) => {
                let missing = match (id, person) {
                    (None, _) => "platform_id",
                    _ => "person_id",
                };
                Err(Error::MissingColumn {
                    path: file.label.clone(),
                    canonical: missing.into(),
                    columns: file.header.clone(),
                    hint: format!(
                        "with a column {platform} a file of identities has columns platform_id and person_id as well; \
                         columns of ids that link each other stand in a file without it"
                    ),
                })
            }
        }
    }

    fn columns(&self) -> Vec<String> {
        match self {
            Self::Directory { platform, id, person } => {
                [Some(id), Some(person), platform.as_ref()].into_iter().flatten().cloned().collect()
            }
            Self::Links { columns, person } => columns.iter().chain(person).cloned().collect(),
        }
    }

    fn read(&self, label: &str, batch: &RawBatch) -> Result<Vec<Row>> {
        let names = self.columns();
        let columns: Vec<cells::Ids> = batch.frame.columns().iter().map(cells::ids).collect::<Result<_>>()?;
        for (ids, name) in columns.iter().zip(&names) {
            if let Some(row) = ids.destroyed.first() {
                let value = ids.text.get(*row as usize).unwrap_or_default().to_owned();
                return Err(Error::Unsound {
                    what: format!("--identities: column {name} is destroyed (a number such as 1.23E+18)"),
                    places: vec![Place {
                        file: label.to_owned(),
                        row: batch.rows.get(*row as usize),
                        column: name.clone(),
                        value,
                    }],
                    hint: "export the file again with ids as text, and do not save it from a spreadsheet"
                        .into(),
                });
            }
        }
        let cell = |column: usize, row: usize| columns[column].text.get(row).map(str::to_owned);
        let spaces: Vec<String> = names.iter().map(|name| platform_name(name)).collect();
        let row = |row: usize| -> Row {
            match self {
                Self::Directory { platform, .. } => {
                    let platform = platform.as_ref().and_then(|_| cell(2, row));
                    let space = platform.map(|name| platform_name(&name)).unwrap_or_default();
                    (cell(0, row).map(|id| (space, id)).into_iter().collect(), cell(1, row))
                }
                Self::Links { columns, person } => {
                    let ids = (0..columns.len())
                        .filter_map(|column| Some((spaces[column].clone(), cell(column, row)?)));
                    (ids.collect(), person.as_ref().and_then(|_| cell(columns.len(), row)))
                }
            }
        };
        Ok((0..batch.frame.height()).map(row).collect())
    }
}

/// As presets name it: `天猫` is tmall, `WeChat Store` wechat_store.
fn platform_name(text: &str) -> String {
    let name = text.trim().to_lowercase().replace([' ', '-'], "_");
    PLATFORMS.iter().find(|(word, _)| *word == name).map_or(name, |(_, known)| (*known).to_owned())
}

/// The space of `person_id`: no column and no platform is called like that.
const PERSONS: &str = "\u{0}person_id";

/// What the rows say, collected.
#[derive(Default)]
struct Found {
    /// (space, id) -> node.
    nodes: HashMap<(String, String), u32>,
    /// (file, row, its nodes, the person's last)
    rows: Vec<(usize, u64, Vec<u32>)>,
    masked: u64,
}

impl Found {
    fn add(&mut self, rows: Vec<Row>, batch: &RawBatch) {
        for (index, (ids, person)) in rows.into_iter().enumerate() {
            let mut nodes = Vec::with_capacity(ids.len() + 1);
            let person = person.map(|person| (PERSONS.to_owned(), person));
            for key in ids.into_iter().chain(person) {
                if is_masked(&key.1) {
                    self.masked += 1;
                    continue;
                }
                let next = self.nodes.len() as u32;
                nodes.push(*self.nodes.entry(key).or_insert(next));
            }
            if !nodes.is_empty() {
                self.rows.push((batch.file, batch.rows.get(index), nodes));
            }
        }
    }

    fn finish(mut self, files: &[RawFile], is_directory: bool) -> Result<Identities> {
        if self.nodes.keys().all(|(space, _)| space == PERSONS) {
            let path = files.iter().map(|file| file.label.as_str()).collect::<Vec<_>>().join(", ");
            return Err(Error::Empty { path, why: "--identities: not one id is in it".into() });
        }
        self.rows.sort_unstable();
        let mut joined = Joined::new(self.nodes.len());
        for (_, _, nodes) in &self.rows {
            nodes.windows(2).for_each(|pair| joined.join(pair[0], pair[1]));
        }
        let cluster: Vec<u32> = (0..self.nodes.len() as u32).map(|node| joined.root(node)).collect();
        let mut texts: Vec<(&str, &str)> = vec![("", ""); self.nodes.len()];
        for ((space, text), node) in &self.nodes {
            texts[*node as usize] = (space, text);
        }

        // The clusters, by root: ids in order of space and text, and given persons.
        let mut clusters: BTreeMap<u32, Cluster<'_>> = BTreeMap::new();
        let mut owners: HashMap<&str, Option<u32>> = HashMap::new();
        for (node, (space, text)) in texts.iter().enumerate() {
            let root = cluster[node];
            let entry = clusters.entry(root).or_default();
            if *space == PERSONS {
                entry.given.insert(text);
            } else {
                entry.ids.push((text, space));
            }
            owners
                .entry(text)
                .and_modify(|owner| *owner = owner.filter(|o| *o == root))
                .or_insert(Some(root));
        }
        self.refuse_joined_persons(files, &clusters, &cluster, &texts)?;

        let mut persons = Vec::with_capacity(clusters.len());
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut sizes: Vec<(u64, String, u32)> = Vec::new();
        for (root, members) in &mut clusters {
            members.ids.sort_unstable();
            let own = members.ids.iter().find(|(text, _)| owners.get(text) == Some(&Some(*root)));
            let name = match (members.given.first(), own, members.ids.first()) {
                (Some(given), ..) => (*given).to_owned(),
                (None, Some((text, _)), _) => (*text).to_owned(),
                (None, None, Some((text, space))) => format!("{space}:{text}"),
                (None, None, None) => continue,
            };
            if members.ids.is_empty() {
                continue;
            }
            sizes.push((members.ids.len() as u64, name.clone(), *root));
            numbers.insert(*root, persons.len() as u32);
            persons.push(name);
        }
        sizes.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let summary = IdentitySummary {
            ids: sizes.iter().map(|(ids, ..)| ids).sum(),
            persons: persons.len() as u64,
            largest: sizes.first().map(|(ids, name, _)| (name.clone(), *ids)).unwrap_or_default(),
            suspicious: self.suspicious(&texts, &cluster, &sizes),
            masked: self.masked,
        };
        let mut spaces: BTreeMap<String, HashMap<String, u32>> = BTreeMap::new();
        for ((space, text), node) in self.nodes {
            if let (true, Some(person)) = (space != PERSONS, numbers.get(&cluster[node as usize])) {
                spaces.entry(space).or_default().insert(text, *person);
            }
        }
        let spaces = spaces.into_iter().map(|(name, ids)| Space { name, ids }).collect();
        Ok(Identities { spaces, is_directory, persons, summary })
    }

    /// Ids must not lead from one given person to another.
    fn refuse_joined_persons(
        &self,
        files: &[RawFile],
        clusters: &BTreeMap<u32, Cluster<'_>>,
        cluster: &[u32],
        texts: &[(&str, &str)],
    ) -> Result<()> {
        let joined: Vec<_> = clusters.iter().filter(|(_, members)| members.given.len() > 1).collect();
        if joined.is_empty() {
            return Ok(());
        }
        // The first row of each that names another person than the first row that names one does.
        let mut places: Vec<Place> = Vec::new();
        let mut first: HashMap<u32, &str> = HashMap::new();
        for (file, row, nodes) in &self.rows {
            let Some(person) = nodes.last().filter(|node| texts[**node as usize].0 == PERSONS) else {
                continue;
            };
            let root = cluster[*person as usize];
            let name = texts[*person as usize].1;
            if places.len() == SHOWN || clusters.get(&root).is_none_or(|members| members.given.len() < 2) {
                continue;
            }
            let told = first.entry(root).or_insert(name);
            if *told != name && !told.is_empty() {
                places.push(Place {
                    file: files[*file].label.clone(),
                    row: *row,
                    column: "person_id".into(),
                    value: format!("{} and {}", shortened(told), shortened(name)),
                });
                *told = "";
            }
        }
        Err(Error::Unsound {
            what: format!("--identities: ids lead from one person_id to another, {} times", joined.len()),
            places,
            hint: "correct the file: give both the same person_id, or take out the id that they share".into(),
        })
    }

    /// Values and persons that join absurdly many.
    fn suspicious(
        &self,
        texts: &[(&str, &str)],
        cluster: &[u32],
        sizes: &[(u64, String, u32)],
    ) -> Vec<(String, u64)> {
        let is_id = |node: &&u32| texts[**node as usize].0 != PERSONS;
        let mut rows_of: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut count: HashMap<u32, u64> = HashMap::new();
        for (_, _, nodes) in &self.rows {
            nodes
                .iter()
                .filter(is_id)
                .for_each(|node| *count.entry(*node).or_default() += nodes.len() as u64 - 1);
        }
        for (index, (_, _, nodes)) in self.rows.iter().enumerate() {
            for node in nodes.iter().filter(is_id).filter(|node| count[*node] > MOST_JOINED) {
                rows_of.entry(*node).or_default().push(index);
            }
        }
        let mut found: Vec<(String, u64)> = Vec::new();
        let mut explained: BTreeSet<u32> = BTreeSet::new();
        for (node, rows) in rows_of {
            let others: BTreeSet<u32> =
                rows.iter().flat_map(|row| self.rows[*row].2.iter().filter(is_id)).copied().collect();
            let others = others.len() as u64 - 1;
            if others > MOST_JOINED {
                explained.insert(cluster[node as usize]);
                found.push((texts[node as usize].1.to_owned(), others));
            }
        }
        for (ids, name, root) in sizes {
            if *ids > MOST_IDS && !explained.contains(root) {
                found.push((name.clone(), *ids));
            }
        }
        found.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found
    }
}

/// One person: ids with their spaces, and what it is called.
#[derive(Default)]
struct Cluster<'a> {
    ids: Vec<(&'a str, &'a str)>,
    given: BTreeSet<&'a str>,
}

/// Union-find.
struct Joined(Vec<u32>);

impl Joined {
    fn new(nodes: usize) -> Self {
        Self((0..nodes as u32).collect())
    }

    fn root(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            let above = self.0[node as usize];
            self.0[node as usize] = self.0[above as usize];
            node = above;
        }
        node
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller number on top: depth stays low by halving the path.
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// The columns of `--customer-key` in a file, as they are written there.
pub(super) fn key_columns(file: &RawFile, key: &[String]) -> Result<Vec<String>> {
    let column = |name: &String| match find_column(&file.header, name) {
        Some(at) => Ok(file.header[at].clone()),
        None => Err(Error::UnknownName {
            what: "column for --customer-key",
            name: format!("{name} ({})", file.label),
            nearest: nearest(name, file.header.iter().map(String::as_str)),
            known: file.header.clone(),
        }),
    };
    key.iter().map(column).collect()
}

/// The ids that the columns of `--customer-key` give together: `张**+138****1234`; different parts never give equal keys
/// (a `+` or `\` within a part has a `\` before it). Missing where one of them is. Parts may be masked: such keys are weak,
/// and `weak_key_note` says so.
pub(super) fn key_ids(columns: &[&Column]) -> Result<StringChunked> {
    let parts: Vec<StringChunked> =
        columns.iter().map(|column| cells::text(column)).collect::<Result<_>>()?;
    let height = parts.first().map_or(0, StringChunked::len);
    let mut keys = StringChunkedBuilder::new("customer_id".into(), height);
    let mut parts: Vec<_> = parts.iter().map(StringChunked::iter).collect();
    let mut key = String::new();
    for _ in 0..height {
        key.clear();
        let mut is_whole = true;
        for (at, part) in parts.iter_mut().enumerate() {
            let Some(part) = part.next().flatten() else {
                is_whole = false;
                continue;
            };
            if at > 0 {
                key.push('+');
            }
            for c in part.chars() {
                if matches!(c, '+' | '\\') {
                    key.push('\\');
                }
                key.push(c);
            }
        }
        keys.append_option(is_whole.then_some(key.as_str()));
    }
    Ok(keys.finish())
}

/// What is to be said of a key of several columns.
pub(super) fn weak_key_note(key: &[String]) -> Note {
    Note::new("customer_key_weak").with("columns", key.join(" + "))
}

#[cfg(test)]
#[path = "identities_tests.rs"]
mod tests;
