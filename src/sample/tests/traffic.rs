//! Interactions, the leak and the clicks: the truth is what the files hold, and the files are near what is planted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

use super::*;
use crate::sample::interactions::EVENTS;
use crate::sample::leak::Weeks;
use crate::sample::planted::*;

fn made(frames: &[Frame], customers: u64) -> (tempfile::TempDir, SampleSummary) {
    let folder = tempfile::tempdir().unwrap();
    let params = SampleParams { frames: frames.to_vec(), ..small(folder.path(), customers) };
    let summary = run(&params, 2, None).unwrap();
    (folder, summary)
}

fn moment(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").unwrap()
}

/// A share of n trials is within four standard errors of what was planted.
fn near(what: &str, part: u64, whole: u64, planted: f64) {
    let share = part as f64 / whole as f64;
    let tolerance = 4.0 * (planted * (1.0 - planted) / whole as f64).sqrt();
    assert!((share - planted).abs() <= tolerance, "{what}: {share} for {planted} within {tolerance}");
}

#[test]
fn equal_bytes_on_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, threads| {
        let out = folder.path().join(name);
        let params = SampleParams {
            frames: vec![Frame::Interactions, Frame::Leak, Frame::Clicks],
            until: NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(),
            ..small(&out, 8_300)
        };
        run(&params, threads, None).unwrap();
        bytes_of(&out)
    };
    let (one, two) = (make("one", 1), make("two", 2));
    assert_eq!(one.len(), 7);
    for (a, b) in one.iter().zip(&two) {
        assert!(a == b, "{} differs on two threads", a.0);
    }
}

#[test]
fn the_truth_of_clicks_is_what_the_file_holds() {
    let (folder, summary) = made(&[Frame::Clicks], 2_000);
    let truth = summary.clicks.unwrap();
    let clicks = rows(&folder.path().join("clicks.csv"));
    assert_eq!(clicks.len() as u64, truth.rows);
    let mean = truth.rows as f64 / 2_000.0;
    // The standard deviation of an exponential is its mean.
    assert!((mean - CLICKS_MEAN).abs() < 4.0 * CLICKS_MEAN / 2_000_f64.sqrt(), "{mean}");
    let mut journeys: BTreeMap<&str, Vec<(NaiveDateTime, usize)>> = BTreeMap::new();
    let mut counts = [0; 8];
    for row in &clicks {
        let kind = CLICKS_KINDS.iter().position(|kind| kind.0 == row["event"]).unwrap();
        counts[kind] += 1;
        assert_eq!(row["value"].is_empty(), row["event"] != "pay");
        journeys.entry(&row["customer_id"]).or_default().push((moment(&row["at"]), kind));
    }
    assert_eq!(counts, truth.kinds);
    for (kind, planted) in counts.iter().zip(CLICKS_KINDS) {
        near(planted.0, *kind, truth.rows, planted.1 / 100.0);
    }
    // windowFunnel's own way: for each step the latest beginning of a chain that came so far.
    let mut reached = [0; 4];
    for journey in journeys.values_mut() {
        assert!(journey.is_sorted());
        let mut chains: [Option<NaiveDateTime>; 4] = [None; 4];
        for (at, kind) in journey.iter().filter(|event| event.1 < 4) {
            match kind {
                0 => chains[0] = Some(*at),
                kind => match chains[kind - 1] {
                    Some(entry) if *at - entry <= chrono::TimeDelta::days(7) => chains[*kind] = Some(entry),
                    _ => {}
                },
            }
        }
        let level = chains.iter().rposition(Option::is_some).map_or(0, |step| step + 1);
        reached[..level].iter_mut().for_each(|count| *count += 1);
    }
    assert_eq!(reached, truth.reached);
    assert!(reached[3] > 0);
}

#[test]
fn the_leak_is_where_the_readme_says() {
    let (folder, summary) = made(&[Frame::Leak], 900);
    let truth = summary.leak.unwrap();
    let events = rows(&folder.path().join("leak.csv"));
    assert_eq!(events.len() as u64, truth.rows);
    let plan = resolve(&small(folder.path(), 900)).unwrap();
    let weeks = Weeks::new(&plan);
    assert_eq!((weeks.until - weeks.from, weeks.until - weeks.broken), (26 * 7, 7 * 7));
    let (label, monday) = Weeks::label(&plan, weeks.broken);
    assert_eq!((label.as_str(), monday.as_str()), ("2025-W46", "2025-11-10"));
    let readme = std::fs::read_to_string(&summary.readme).unwrap();
    assert!(readme.contains(
        "**From 2025-W46 (Monday 2025-11-10) on, the rate from click to register in douyin is 0.5 times"
    ));

    let mut journeys: BTreeMap<&str, Vec<&HashMap<String, String>>> = BTreeMap::new();
    events.iter().for_each(|row| journeys.entry(&row["customer_id"]).or_default().push(row));
    let mut counted = [[[0; 4]; 2]; 3];
    for journey in journeys.values() {
        let names: Vec<&str> = journey.iter().map(|row| row["event"].as_str()).collect();
        assert_eq!(names, ["exposure", "click", "register", "pay"][..names.len()]);
        let since = usize::from(journey[0]["at"].as_str() >= monday.as_str());
        let channel = CHANNELS.iter().position(|channel| *channel == journey[0]["channel"]).unwrap();
        counted[channel][since][names.len() - 1] += 1;
        let last = journey[names.len() - 1];
        assert!(moment(&last["at"]) - moment(&journey[0]["at"]) < chrono::TimeDelta::days(7));
    }
    assert_eq!(counted, truth.steps);
    for channel in 0..3 {
        for since in 0..2 {
            let reached = truth.reached(&[channel], since);
            for (step, rate) in leak::rates(channel, since == 1).into_iter().enumerate() {
                near("a step of the leak", reached[step + 1], reached[step], rate);
            }
        }
    }
}

#[test]
fn the_truth_of_interactions_is_what_the_file_holds() {
    let (folder, summary) = made(&[Frame::Interactions, Frame::Members], 1_200);
    let truth = summary.interactions.unwrap();
    let events = rows(&folder.path().join("interactions.csv"));
    let members = rows(&folder.path().join("members.csv"));
    let joined: HashMap<&str, &str> =
        members.iter().map(|row| (row["customer_id"].as_str(), row["joined_at"].as_str())).collect();
    assert_eq!(events.len() as u64, truth.rows);
    assert_eq!(truth.members, 1_200);
    assert_eq!(truth.planted.iter().sum::<u64>(), 1_200);
    assert_eq!(truth.layers.iter().sum::<u64>(), 1_200);
    let mut kinds = [0; EVENTS.len()];
    let mut stages: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut per_member: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &events {
        let (who, kind, content) = (&*row["customer_id"], &*row["event"], &*row["content_id"]);
        kinds[EVENTS.iter().position(|known| *known == kind).unwrap()] += 1;
        assert!(joined[who] < &row["at"][..], "{who} does something before joining");
        stages.entry((content, kind)).or_default().insert(who);
        *per_member.entry((who, kind)).or_default() += 1;
    }
    assert_eq!(kinds, truth.kinds);
    let people = |content: &str, kind: &str| stages.get(&(content, kind)).map_or(0, BTreeSet::len) as u64;
    for (message, reached) in truth.messages.iter().enumerate() {
        let content = format!("message_{:02}", message + 1);
        let found = ["sent", "delivered", "opened", "clicked"].map(|kind| people(&content, kind));
        assert_eq!(found, reached[..4]);
    }
    for (post, [saw, interacted, _]) in truth.posts.iter().enumerate() {
        let content = format!("post_{:02}", post + 1);
        assert_eq!(people(&content, "view"), *saw);
        let whoever: BTreeSet<&str> = POST_ACTIONS
            .iter()
            .filter_map(|action| stages.get(&(&*content, action.0)))
            .flatten()
            .copied()
            .collect();
        assert_eq!(whoever.len() as u64, *interacted);
        let opinion = truth.opinion_consumers.len() as u64;
        near("engagement", interacted - opinion, saw - opinion, POSTS[post].1);
    }
    let sum = |stage: usize| truth.messages.iter().map(|reached| reached[stage]).sum::<u64>();
    near("delivered", sum(1), sum(0), DELIVERED);
    near("clicked", sum(3), sum(2), CLICKED);
    near("paid", sum(4), sum(3), MESSAGE_PAID);
    for (hour, reached) in &truth.hours {
        near("opened", reached[2], reached[1], if *hour == BEST_HOUR { OPENED_BEST } else { OPENED });
    }
    for pace in 0..2 {
        let [none, one] = truth.transitions[pace];
        near("sign-in after none", none[1], none[0] + none[1], SIGN_IN_AFTER_NONE[pace]);
        near("sign-in after one", one[1], one[0] + one[1], SIGN_IN_AFTER_ONE[pace]);
    }
    // Nobody publishes, invites and pays as much as the key opinion consumers.
    assert_eq!(truth.opinion_consumers.len(), 20);
    let opinion: BTreeSet<String> =
        truth.opinion_consumers.iter().map(|number| format!("C{number:08}")).collect();
    for (kind, least) in [("publish", KOC_PUBLISHED.0), ("invite", KOC_INVITATIONS.0)] {
        for ((who, _), times) in per_member.iter().filter(|((_, known), _)| *known == kind) {
            assert_eq!(*times >= least, opinion.contains(*who), "{who} {kind} {times}");
        }
    }
}
