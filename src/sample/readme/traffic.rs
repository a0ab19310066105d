//! The sections on interactions, the leak and the clicks.

use std::fmt::Write;

use super::{grouped, money, percent};
use crate::sample::calendar::iso_date;
use crate::sample::clicks::{self, ClickTruth};
use crate::sample::interactions::{self, EVENTS, InteractionTruth};
use crate::sample::leak::{LeakTruth, Weeks, rates};
use crate::sample::plan::Plan;
use crate::sample::planted::*;

pub fn interactions(text: &mut String, plan: &Plan, truth: &InteractionTruth) {
    let first = plan.calendar.start + interactions::first_day(plan) as i32;
    let last = plan.calendar.start + plan.calendar.days as i32 - 1;
    line!(text);
    line!(text, "## Interactions");
    line!(text);
    line!(
        text,
        "What the members of members.csv do in a private domain, from {} to {}, from the day after joining on. Of the members \
         {} are heavy, {} regular, the others silent; a silent one has left {LAPSED_DAYS} days before the end with \
         probability {LAPSED}, else never came. Silent ones get no messages.",
        iso_date(first),
        iso_date(last),
        percent(HEAVY),
        percent(REGULAR)
    );
    line!(text);
    line!(text, "| planted | heavy | regular |");
    line!(text, "| --- | ---: | ---: |");
    let mut pair = |name: &str, rates: [f64; 2]| line!(text, "| {name} | {} | {} |", rates[0], rates[1]);
    pair("sign_in on a day after one without", SIGN_IN_AFTER_NONE);
    pair("sign_in on a day after one with it", SIGN_IN_AFTER_ONE);
    pair("a day with one or two views of posts", CONTENT_DAY);
    line!(text);
    line!(text, "| | number |");
    line!(text, "| --- | ---: |");
    let mut number = |name: &str, value: u64| line!(text, "| {name} | {} |", grouped(value));
    number("rows", truth.rows);
    for (name, events) in EVENTS.iter().zip(truth.kinds).skip(1) {
        number(&format!("- {name}"), events);
    }
    number("members", truth.members);
    for (name, members) in ["heavy", "regular", "left", "never came"].iter().zip(truth.planted) {
        number(&format!("- planted: {name}"), members);
    }
    line!(text, "| value of the payments | {} |", money(truth.paid));
    messages(text, truth);
    posts(text, truth);
    found(text, truth, last);
}

fn messages(text: &mut String, truth: &InteractionTruth) {
    line!(text);
    line!(
        text,
        "**Messages**: one a week, each to a member at an hour drawn evenly from {MESSAGE_HOURS:?}. Delivered: {} of sent. \
         Opened: {} of delivered where sent at {BEST_HOUR}, {} at the other hours, 1.5 hours later on average and within 20. \
         Clicked: {} of opened. Paid: {} of clicked, within 5 days; a payment names no content.",
        percent(DELIVERED),
        percent(OPENED_BEST),
        percent(OPENED),
        percent(CLICKED),
        percent(MESSAGE_PAID)
    );
    line!(text);
    line!(text, "| sent at | sent | delivered | opened | clicked | paid after it |");
    line!(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
    for (hour, stages) in &truth.hours {
        line!(text, "| {hour}:00 | {} |", stages.map(grouped).join(" | "));
    }
    line!(text);
    line!(text, "| content_id | sent | delivered | opened | clicked | paid after it |");
    line!(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
    for (message, stages) in truth.messages.iter().enumerate() {
        line!(text, "| message_{:02} | {} |", message + 1, stages.map(grouped).join(" | "));
    }
}

fn posts(text: &mut String, truth: &InteractionTruth) {
    line!(text);
    line!(
        text,
        "**Posts**: whoever sees a post interacts with it at the first view with the planted rate (key opinion consumers \
         always), by {}; by a like where it would be none of these.",
        POST_ACTIONS.map(|(name, rate)| format!("{name} ({})", percent(rate))).join(", ")
    );
    line!(text);
    line!(text, "| content_id | views | members who saw it | members who interacted | planted rate | rate |");
    line!(text, "| --- | ---: | ---: | ---: | ---: | ---: |");
    for (post, [saw, interacted, views]) in truth.posts.iter().enumerate() {
        line!(
            text,
            "| post_{:02} | {} | {} | {} | {} | {} |",
            post + 1,
            grouped(*views),
            grouped(*saw),
            grouped(*interacted),
            POSTS[post].1,
            rate(*interacted, *saw)
        );
    }
}

/// "0.4138", or a dash where there is nothing to divide by.
fn rate(part: u64, whole: u64) -> String {
    match whole {
        0 => "–".to_owned(),
        whole => format!("{:.4}", part as f64 / whole as f64),
    }
}

fn found(text: &mut String, truth: &InteractionTruth, last: i32) {
    let streak = |from: u64| truth.longest_streaks.range(from..).map(|(_, members)| members).sum::<u64>();
    let longest = truth.longest_streaks.last_key_value().map_or(0, |(streak, _)| *streak);
    let kept = |pace: usize| {
        let [without, with] = truth.transitions[pace][1];
        rate(with, without + with)
    };
    line!(text);
    line!(text, "### What `engagement` should find");
    line!(text);
    line!(
        text,
        "`siyu engagement interactions.csv --members members.csv --as-of {}`, where what a member does herself makes a day \
         active, and a message sent to her does not:",
        iso_date(last)
    );
    line!(text);
    line!(
        text,
        "- `--table layers`: of the last 30 days 8 and more active: {}; 1 to 7: {}; none, but earlier ones: {}; never active: {}.",
        grouped(truth.layers[0]),
        grouped(truth.layers[1]),
        grouped(truth.layers[2]),
        grouped(truth.layers[3])
    );
    line!(
        text,
        "- `--table streaks`: {} members signed in, {} of them on 3 days running or more, {} on 7 or more, {} on 30 or more; the \
         longest run has {longest} days. After a day with a sign-in the next day had one in {} of the cases with heavy \
         members, {} with regular ones.",
        grouped(streak(1)),
        grouped(streak(3)),
        grouped(streak(7)),
        grouped(streak(30)),
        kept(0),
        kept(1)
    );
    line!(text, "- `--table reach`: the messages above. `--table best_hour`: {BEST_HOUR}:00.");
    line!(
        text,
        "- `--table content`: the posts above; post_05 is the one with the highest engagement rate planted."
    );
    let names: Vec<String> =
        truth.opinion_consumers.iter().take(50).map(|number| format!("C{number:08}")).collect();
    let more = truth.opinion_consumers.len() - names.len();
    let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
    line!(
        text,
        "- `--table koc`: the planted key opinion consumers {}{more}. They are the members who brought the most others \
         (inviter_id of members.csv), and each of them publishes {} to {} pieces, invites {} to {} times, pays {} to {} times \
         beside the messages, and does everything with each post.",
        names.join(", "),
        KOC_PUBLISHED.0,
        KOC_PUBLISHED.1,
        KOC_INVITATIONS.0,
        KOC_INVITATIONS.1,
        KOC_PAID.0,
        KOC_PAID.1
    );
}

pub fn leak(text: &mut String, plan: &Plan, truth: &LeakTruth) {
    let weeks = Weeks::new(plan);
    let (first, first_day) = Weeks::label(plan, weeks.from);
    let (broken, broken_day) = Weeks::label(plan, weeks.broken);
    let (last, _) = Weeks::label(plan, weeks.until.saturating_sub(1));
    let name = CHANNELS[LEAK_CHANNEL];
    line!(text);
    line!(text, "## Leak");
    line!(text);
    line!(
        text,
        "A funnel that broke: {LEAK_VISITORS} visitors per customer of the run are exposed evenly from {first} ({first_day}) to \
         {last}, complete weeks. **From {broken} (Monday {broken_day}) on, the rate from click to register in {name} is {} times \
         what it was**; nothing else changes. Everything a visitor does is over within 7 days of the exposure.",
        LEAK_FACTOR
    );
    line!(text);
    line!(text, "| channel | exposed | planted click | register | pay | exposure | click | register | pay |");
    line!(text, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (channel, name) in CHANNELS.iter().enumerate() {
        for (since, when) in [format!("before {broken}"), format!("since {broken}")].iter().enumerate() {
            let planted = rates(channel, since == 1).map(|rate| rate.to_string()).join(" | ");
            let reached = truth.reached(&[channel], since).map(grouped).join(" | ");
            line!(text, "| {name} | {when} | {planted} | {reached} |");
        }
    }
    let [before, since] = [0, 1].map(|since| truth.reached(&[0, 1, 2], since));
    line!(text, "| all | before {broken} | | | | {} |", before.map(grouped).join(" | "));
    line!(text, "| all | since {broken} | | | | {} |", since.map(grouped).join(" | "));
    line!(text);
    line!(
        text,
        "`siyu funnel leak.csv --steps exposure,click,register,pay --window 7d --diagnose` should name the step register, since \
         {broken}, and {name} as the channel that explains it: from click to register it was {} before and {} since, all \
         channels together.",
        rate(before[2], before[1]),
        rate(since[2], since[1])
    );
}

pub fn clicks(text: &mut String, plan: &Plan, truth: &ClickTruth) {
    let days = clicks::days(plan);
    line!(text);
    line!(text, "## Clicks");
    line!(text);
    line!(
        text,
        "A stream for measuring: {} customers with {CLICKS_MEAN} events each on average (1 and more, exponential), over {days} \
         days from {}, every event drawn by itself; pay has a value. Rows are in order of customer and time.",
        grouped(truth.customers),
        iso_date(plan.calendar.start)
    );
    line!(text);
    line!(text, "| event | planted share | events |");
    line!(text, "| --- | ---: | ---: |");
    for ((name, weight), events) in CLICKS_KINDS.iter().zip(truth.kinds) {
        line!(text, "| {name} | {} | {} |", percent(weight / 100.0), grouped(events));
    }
    line!(text, "| all | | {} |", grouped(truth.rows));
    line!(text);
    line!(
        text,
        "`siyu funnel clicks.csv --steps exposure,click,register,pay --window 7d` (and ClickHouse's windowFunnel): counted while \
         the events were made, by looking from each exposure for the next click, register and pay."
    );
    line!(text);
    line!(text, "| step | customers who reach it |");
    line!(text, "| --- | ---: |");
    for ((name, _), customers) in CLICKS_KINDS.iter().zip(truth.reached) {
        line!(text, "| {name} | {} |", grouped(customers));
    }
}
