//! `siyu engagement`: from events (and members, and orders) to the report.

use super::journeys::{EventJourneys, JourneysWanted, check_column, refuse_ids_under_mask};
use super::other_frames::{self, MemberFiles};
use super::run_report::{Job, refuse_of_hidden_tables};
use super::{ReportArgs, Resolved};
use crate::error::{Error, Result, nearest};
use crate::facts::customers::DAY_US;
use crate::input::Frame;
use crate::input::columns::{ValueKind, vocabulary};
use crate::input::table_reader::Tables;
use crate::output::{Note, grouped};
use crate::reports::engagement::{self, Attributes, By, EngagementInput, EngagementParams, Orders, TABLES};
use crate::reports::period::PeriodUnit;

pub fn run(args: &ReportArgs<EngagementParams>) -> Result<u8> {
    let mut resolved = args.resolve(|file| file.engagement.as_ref())?;
    suit_file_to_run(&mut resolved, &args.params);
    let info = crate::reports::info("engagement");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let shows = |name: &str| job.plan.choice.wants_of(TABLES, name);
    let typed = &args.params;
    refuse_of_hidden_tables(
        &[
            ("--period", typed.period.is_some(), &["activity"]),
            ("--layer-window", typed.layer_window.is_some(), &["layers", "comparison", "members"]),
            ("--high-frequency", typed.high_frequency.is_some(), &["layers", "members"]),
            ("--new-within", typed.new_within.is_some(), &["layers", "comparison"]),
            ("--reach-by", typed.reach_by.is_some(), &REACH),
            ("--conversion-window", typed.conversion_window.is_some(), &["reach", "content"]),
            ("--top", typed.top.is_some(), &["reach", "content"]),
            ("--koc-share", typed.koc_share.is_some(), &KOC),
            ("--koc-dimensions", typed.koc_dimensions.is_some(), &KOC),
        ],
        shows,
    )?;

    let tables = job.open_events()?;
    let member_files = match resolved.params.members() {
        [] => None,
        files => Some(MemberFiles::open(&job, files)?),
    };
    let by = resolved.input.by.as_deref();
    let of_members = member_files
        .as_ref()
        .zip(by)
        .is_some_and(|(files, by)| files.columns().iter().any(|column| column == by));
    if let Some(by) = by {
        check_by(&job, by, &tables, member_files.as_ref())?;
    }

    let shows_reach = REACH.into_iter().any(shows);
    if let Some(column) = settings.reach_by.as_deref().filter(|_| shows_reach) {
        check_reach_by(&job, column, &tables)?;
    }

    let mut wanted =
        JourneysWanted { keep_all: true, values: tables.has("value"), ..JourneysWanted::default() };
    let mut attribute = |name: &str| {
        let known = wanted.attributes.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            wanted.attributes.push(name.to_owned());
            wanted.attributes.len() - 1
        })
    };
    let mut attributes = Attributes::default();
    let by_column = settings.reach_by.is_some();
    let of_tables: [(&str, &mut Option<usize>, bool); 3] = [
        ("content_id", &mut attributes.content_id, shows("content") || shows_reach && !by_column),
        ("campaign", &mut attributes.campaign, shows_reach && !by_column),
        ("inviter_id", &mut attributes.inviter_id, KOC.into_iter().any(shows)),
    ];
    for (name, place, is_wanted) in of_tables {
        if tables.has(name) && is_wanted {
            *place = Some(attribute(name));
        }
    }
    attributes.reach_by = settings.reach_by.as_deref().filter(|_| shows_reach).map(&mut attribute);
    let by = by.map(|by| match of_members {
        true => By { name: by.to_owned(), attribute: None },
        false => By { name: format!("first_{by}"), attribute: Some(attribute(by)) },
    });
    let events = EventJourneys::read(&job, tables, &wanted)?;

    let mut notes = Vec::new();
    let member_by = by.as_ref().filter(|_| of_members).map(|by| by.name.as_str());
    let mut members =
        member_files.as_ref().map(|files| other_frames::read_members(&job, files, member_by)).transpose()?;
    if let Some(members) = &mut members {
        let last_day = events.as_of_us.div_euclid(DAY_US).clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        let later = members.leave_out_after(last_day);
        if later > 0 {
            notes.push(Note::new("engagement_joined_later").with("members", grouped(i128::from(later))));
        }
    }
    let orders = match resolved.params.orders() {
        [] => None,
        files => Some(Orders::new(other_frames::read_orders(&job, files, events.as_of_us)?)),
    };
    let input = EngagementInput {
        as_of_us: events.as_of_us,
        journeys: events.journeys,
        attributes,
        by,
        members,
        orders,
        threads: job.options.threads,
    };
    let mut report = engagement::run(&settings, &input, &job.plan.choice)?;
    report.notes.splice(0..0, notes);
    job.finish_tables(report, events.read, info)?;
    Ok(0)
}

/// Tables that are made together.
const REACH: [&str; 3] = ["reach", "best_hour", "weekday_hours"];
const KOC: [&str; 2] = ["koc_summary", "koc"];

/// What the file says for runs of another kind is no mistake in this one; and what is typed of a role takes the place of what
/// the file says of it, that of the other roles stays.
fn suit_file_to_run(resolved: &mut Resolved<EngagementParams>, typed: &EngagementParams) {
    if typed.week_start.is_none() && resolved.params.period != Some(PeriodUnit::Week) {
        resolved.params.week_start = None;
    }
    if typed.new_within.is_none() && resolved.params.members().is_empty() {
        resolved.params.new_within = None;
    }
    let in_file = resolved.file.engagement.as_ref().and_then(|section| section.kinds.as_ref());
    if let (Some(typed), Some(in_file)) = (&typed.kinds, in_file) {
        resolved.params.kinds = Some(in_file.iter().chain(typed).cloned().collect());
    }
}

/// `--by` names a column of the members or of the events, of words, and under `--mask` none of ids or names.
fn check_by(job: &Job, by: &str, tables: &Tables, members: Option<&MemberFiles>) -> Result<()> {
    let of_members = members.filter(|files| files.columns().iter().any(|column| column == by));
    let of_events = tables.column_names();
    if of_members.is_none() && !of_events.iter().any(|column| column == by) {
        let mut known: Vec<String> = members.map(|files| files.columns().to_vec()).unwrap_or_default();
        known.extend(of_events);
        return Err(Error::UnknownName {
            what: "column for --by",
            name: by.to_owned(),
            nearest: nearest(by, known.iter().map(String::as_str)),
            known,
        });
    }
    let refuse = |why: String| Err(Error::DoesNotApply { option: "--by".into(), why });
    match of_members {
        None if is_no_text(by) => refuse(format!("{by} is no text: people are grouped by words")),
        None => refuse_ids_under_mask("--by", by, job, tables),
        Some(files) if job.plan.mask.is_some() && files.is_of_persons(by) => {
            refuse(format!("its values are ids or names, which --mask hides ({by})"))
        }
        Some(_) => Ok(()),
    }
}

/// `--reach-by` names a column of the events, of words, and under `--mask` none of ids or names.
fn check_reach_by(job: &Job, column: &str, tables: &Tables) -> Result<()> {
    const OPTION: &str = "--reach-by";
    check_column(OPTION, column, tables)?;
    if is_no_text(column) {
        let why = format!("{column} is no text: messages are told apart by words");
        return Err(Error::DoesNotApply { option: OPTION.into(), why });
    }
    refuse_ids_under_mask(OPTION, column, job, tables)
}

/// Whether a canonical column of events holds times or numbers.
fn is_no_text(column: &str) -> bool {
    vocabulary(Frame::Events).iter().any(|known| known.name == column && known.kind != ValueKind::Text)
}
