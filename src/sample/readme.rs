//! The README beside the data: every planted parameter, and what is exactly true of these files.

use std::fmt::Write;

use super::calendar::iso_date;
use super::journeys::register_rate;
use super::plan::Plan;
use super::planted::*;
use super::truth::{EventTruth, MemberTruth, Money, OrderTruth, SpendTruth};
use super::{Format, Frame, SampleParams, SampleSummary};

/// The whole text. It holds no path and no moment of writing: equal settings give equal bytes.
pub fn text(params: &SampleParams, plan: &Plan, summary: &SampleSummary) -> String {
    let mut text = String::new();
    head(&mut text, params, plan, summary);
    if let Some(truth) = &summary.orders {
        orders(&mut text, plan, truth);
        reports(&mut text, truth);
        campaign(&mut text, plan, truth);
    }
    if let Some(truth) = &summary.events {
        events(&mut text, truth);
    }
    if let Some(truth) = &summary.spend {
        spend(&mut text, truth, summary.orders.as_ref());
    }
    if let Some(truth) = &summary.members {
        members(&mut text, truth);
    }
    if let Some(truth) = &summary.interactions {
        traffic::interactions(&mut text, plan, truth);
    }
    if let Some(truth) = &summary.leak {
        traffic::leak(&mut text, plan, truth);
    }
    if let Some(truth) = &summary.clicks {
        traffic::clicks(&mut text, plan, truth);
    }
    text
}

/// Appends a formatted line. (Writing to a String cannot fail.)
macro_rules! line {
    ($text:expr) => { $text.push('\n') };
    ($text:expr, $($arg:tt)*) => {{ let _ = writeln!($text, $($arg)*); }};
}

mod traffic;

fn head(text: &mut String, params: &SampleParams, plan: &Plan, summary: &SampleSummary) {
    line!(text, "# Sample data with known answers");
    line!(text);
    line!(text, "Invented by `{}`, byte for byte the same on every machine.", command(params));
    line!(text, "Nobody in it exists. Change nothing by hand: make it anew.");
    line!(text);
    line!(text, "| file | rows |");
    line!(text, "| --- | ---: |");
    for file in &summary.files {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy();
        line!(text, "| {name} | {} |", grouped(file.rows));
    }
    line!(text);
    let last = plan.calendar.start + plan.calendar.days as i32 - 1;
    line!(
        text,
        "{} customers; orders from {} to {} ({} days), local time; money in yuan with two digits. Customers come over the \
         whole window, more of them in June and November and at the beginning. Rows are in order of customers.",
        grouped(plan.customers),
        iso_date(plan.calendar.start),
        iso_date(last),
        plan.calendar.days
    );
}

/// The command line without the folder.
fn command(params: &SampleParams) -> String {
    let mut words = format!("siyu sample OUT --customers {} --seed {}", params.customers, params.seed);
    let default = SampleParams::new("");
    let _ = write!(words, " --start {} --until {}", params.start, params.until);
    if params.lift != default.lift {
        let _ = write!(words, " --lift {}", params.lift);
    }
    if params.clean {
        words.push_str(" --clean");
    }
    let formats: Vec<&str> = [(Format::Csv, "csv"), (Format::Parquet, "parquet")]
        .into_iter()
        .filter(|(format, _)| params.formats.contains(format))
        .map(|(_, name)| name)
        .collect();
    if formats.len() < 2 {
        let _ = write!(words, " --formats {}", formats.join(","));
    }
    let mut frames = params.frames.clone();
    frames.sort();
    frames.dedup();
    if frames != default.frames {
        let names: Vec<&str> = frames.into_iter().map(Frame::name).collect();
        let _ = write!(words, " --frames {}", names.join(","));
    }
    words
}

fn orders(text: &mut String, plan: &Plan, truth: &OrderTruth) {
    line!(text);
    line!(text, "## Orders");
    line!(text);
    line!(text, "### The models");
    line!(text);
    line!(
        text,
        "- **When**: BG/NBD (Fader, Hardie, Lee 2005), time in days: r = {R}, alpha = {ALPHA}, a = {A}, b = {B} (in weeks: \
         alpha = {:.6}). The first purchase is the acquisition. The model's purchases of a customer are on different days: one that would \
         share a day is moved to the next free one, so that counting days counts purchases.",
        ALPHA / 7.0
    );
    line!(
        text,
        "- **How much**: Gamma-Gamma (Fader, Hardie 2013) for the net value of a purchase, independent of its frequency: \
         p = {P}, q = {Q}, gamma = {GAMMA}; the mean over customers is {:.4}.",
        P * GAMMA / (Q - 1.0)
    );
    line!(
        text,
        "- **Channels**: a customer whose purchase rate is m times the average comes from tmall, douyin, wechat with weights \
         1 : 1.8 exp(-m) : 0.2 + m. The channels differ in quality, all together follow the one BG/NBD. Later orders are \
         placed in the channel of the first with probability {SAME_CHANNEL}, else in wechat.",
    );
    line!(
        text,
        "- **Rows**: {} of the orders have 2 rows or 3 (3: {}).",
        percent(SEVERAL_LINES),
        percent(THREE_LINES)
    );
    line!(
        text,
        "- **Refunds**: {} of the purchases are refunded in part by `refund_amount`, {} by a later row with a negative amount \
         and an order id of its own (first purchases by `refund_amount` alone; {} to {} of what was paid). The Gamma-Gamma is of what stays. Beside {} of the \
         purchases there is an order that goes back whole (status refunded), beside {} one that was cancelled before it was \
         paid: both are no purchases.",
        percent(REFUND_COLUMN),
        percent(REFUND_ROW),
        percent(REFUND_PART.0),
        percent(REFUND_PART.1),
        percent(RETURNED),
        percent(CANCELLED)
    );
    if plan.clean {
        line!(text, "- **Dirt**: none (`--clean`).");
    } else {
        line!(
            text,
            "- **Dirt**: of every {DIRT_PERIOD} customers one has an order without customer_id, and another one an order whose \
             rows are there twice.",
        );
    }
    line!(text);
    line!(text, "### What is true of the file");
    line!(text);
    line!(text, "| | as it is | without second copies, rows without customer, cancelled orders |");
    line!(text, "| --- | ---: | ---: |");
    let mut both = |name: &str, value: &dyn Fn(&Money) -> String| {
        line!(text, "| {name} | {} | {} |", value(&truth.all), value(&truth.sound));
    };
    both("rows", &|m| grouped(m.rows));
    both("amounts above zero", &|m| money(m.paid));
    both("refund_amount", &|m| money(m.refund_amount));
    both("amounts below zero", &|m| money(-m.negative));
    both("net revenue", &|m| money(m.net()));
    line!(text);
    line!(text, "| | number |");
    line!(text, "| --- | ---: |");
    let mut number = |name: &str, value: u64| line!(text, "| {name} | {} |", grouped(value));
    number("customers, each with a purchase", truth.customers);
    number("order ids", truth.order_ids());
    number("- purchases", truth.purchases());
    number("- - of the BG/NBD", truth.model);
    number("- - brought about by the campaign", truth.extra);
    number("- refunded whole", truth.returned);
    number("- cancelled, status cancelled, amount 0", truth.cancelled);
    number("- negative rows", truth.refunds);
    number("- without customer_id", truth.guests);
    number("purchases refunded in part by refund_amount", truth.refunded_in_part);
    number("orders with several rows", truth.several_rows);
    number("second copies of rows", truth.twice);
    number("days with a purchase, summed over customers", truth.purchase_days);
    number("customers with a second purchase of the BG/NBD", truth.repeaters);
    line!(
        text,
        "| - expected at their ages, sum of 1 - (alpha / (alpha + t))^r | {:.1} |",
        truth.repeaters_expected
    );
    line!(text, "| net revenue of the second copies | {} |", money(truth.twice_amount));
    line!(text, "| amount of the orders without customer_id | {} |", money(truth.guest_amount));
    line!(text);
    line!(
        text,
        "| channel of acquisition | customers | purchases | net revenue | mean planted purchases per year while active |"
    );
    line!(text, "| --- | ---: | ---: | ---: | ---: |");
    for (name, channel) in CHANNELS.iter().zip(&truth.channels) {
        let rate = match channel.customers {
            0 => "–".to_owned(),
            customers => format!("{:.2}", channel.rates / customers as f64 * 365.25),
        };
        line!(
            text,
            "| {name} | {} | {} | {} | {rate} |",
            grouped(channel.customers),
            grouped(channel.purchases),
            money(channel.net)
        );
    }
}

/// What `cohort`, `repurchase` and `ltv` should find.
fn reports(text: &mut String, truth: &OrderTruth) {
    let waiting = |days: f64| libm::pow(ALPHA / (ALPHA + days), R);
    line!(text);
    line!(text, "### What the reports should find");
    line!(text);
    line!(
        text,
        "- `siyu ltv orders.csv --model bg-nbd --time-unit day --table model`: r, alpha, a, b above, within three standard \
         errors; of the Gamma-Gamma p, q and v (gamma above). P(alive) of one-time buyers is truly 1 here: nobody leaves \
         before the first repeat purchase.",
    );
    line!(
        text,
        "- `siyu repurchase orders.csv --table survival,curve`: for the same reason the share that still waits for the second \
         purchase after t days is (alpha / (alpha + t))^r: {:.4} after 30 days, {:.4} after 90, {:.4} after 365; the median is \
         alpha (2^(1/r) - 1) = {:.1} days. With `--by channel` the channels come back in the order of their purchases per year.",
        waiting(30.0),
        waiting(90.0),
        waiting(365.0),
        ALPHA * (libm::exp2(1.0 / R) - 1.0)
    );
    line!(
        text,
        "- `siyu cohort orders.csv --measure revenue --table cells`: the values add up to {}, the net revenue as it is without \
         that of orders without customer_id; so do revenue_to_date of `ltv` and the segments' revenue of `rfm`.",
        money(truth.all.net() - truth.guest_amount)
    );
}

fn campaign(text: &mut String, plan: &Plan, truth: &OrderTruth) {
    line!(text);
    line!(text, "## The campaign with a held-out control group: {}", plan.recall_name());
    line!(text);
    let first = plan.calendar.day(plan.campaign.0);
    line!(
        text,
        "Everybody who was a customer before {} was put into an arm by a fair coin (event `assigned`, variant treatment or \
         control). For {CAMPAIGN_DAYS} days, to the end of {}, treated customers buy {} times as often while they are active: \
         **the planted lift of orders is {}**. {} of the treated's orders in this time name the campaign and its coupon, \
         whether it brought them about or not.",
        iso_date(first),
        iso_date(first + CAMPAIGN_DAYS as i32 - 1),
        1.0 + plan.lift,
        percent(plan.lift),
        percent(CAMPAIGN_TAGGED)
    );
    line!(text);
    line!(text, "| arm | customers | purchases in the window | customers with one | net value of these |");
    line!(text, "| --- | ---: | ---: | ---: | ---: |");
    for (name, arm) in ["control", "treatment"].iter().zip(&truth.arms) {
        line!(
            text,
            "| {name} | {} | {} | {} | {} |",
            grouped(arm.customers),
            grouped(arm.orders),
            grouped(arm.buyers),
            money(arm.net)
        );
    }
    line!(text);
    match truth.lift() {
        Some(lift) => line!(text, "In these files the lift of orders per customer came out at {lift:.4}."),
        None => line!(text, "There are too few orders for a lift in these files."),
    }
}

fn events(text: &mut String, truth: &EventTruth) {
    line!(text);
    line!(text, "## Events");
    line!(text);
    line!(
        text,
        "The way to the first purchase is exposure > click > register > pay. Visitors come one after another, each with the \
         rates below, until one pays: she is the customer. So everybody who pays is a customer (ids C...), the others are \
         visitors (ids V...). Half of them see variant b of the landing page, which multiplies the rate from click to register \
         by {VARIANT_B}. {} of the payers pay 8 to 20 days after registering (invited ones may be faster), the others within 7 \
         days of the exposure. Events begin up to five weeks before the first order.",
        percent(LATE_PAYERS)
    );
    line!(text);
    line!(text, "| channel | variant | planted click | register | pay | exposure | click | register | pay |");
    line!(text, "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (channel, name) in CHANNELS.iter().enumerate() {
        for (variant, letter) in ["a", "b"].iter().enumerate() {
            let steps = truth.steps(&[channel], &[variant]).map(grouped);
            line!(
                text,
                "| {name} | {letter} | {} | {:.4} | {} | {} |",
                CLICK[channel],
                register_rate(channel, variant),
                PAY[channel],
                steps.join(" | ")
            );
        }
    }
    let all = truth.steps(&[0, 1, 2], &[0, 1]).map(grouped);
    line!(text, "| all | all | | | | {} |", all.join(" | "));
    line!(text);
    let late: u64 = truth.late_payers.iter().sum();
    line!(text, "| | number |");
    line!(text, "| --- | ---: |");
    let mut number = |name: &str, value: u64| line!(text, "| {name} | {} |", grouped(value));
    number("rows", truth.rows);
    number("payers more than 7 days after the exposure", late);
    for (channel, late) in CHANNELS.iter().zip(truth.late_payers) {
        number(&format!("- {channel}"), late);
    }
    number("pay: one for each purchase, at its moment, value is the amount paid", truth.pays);
    number("view: touches before the exposure, which change nobody's chances", truth.views);
    number("assigned, control", truth.assigned[0]);
    number("assigned, treatment", truth.assigned[1]);
    number(&format!("coupon: collected by {} of the treated", percent(CAMPAIGN_COUPON)), truth.coupons);
    number(&format!("invite: each brings somebody with probability {ACCEPTED}"), truth.invitations);
    number("- brought a customer (inviter_id at her register)", truth.accepted);
}

fn spend(text: &mut String, truth: &SpendTruth, orders: Option<&OrderTruth>) {
    line!(text);
    line!(text, "## Spend");
    line!(text);
    line!(
        text,
        "Acquisition by week (kind promotion), running costs at the first of each month (campaign always_on), the campaign."
    );
    line!(text);
    line!(text, "| | amount | per customer acquired |");
    line!(text, "| --- | ---: | ---: |");
    for (index, name) in CHANNELS.iter().enumerate() {
        let customers = orders.map_or(0, |o| o.channels[index].customers);
        let each = match customers {
            0 => "–".to_owned(),
            customers => format!("{:.4}", truth.channels[index] as f64 / 100.0 / customers as f64),
        };
        line!(text, "| {name} | {} | {each} |", money(truth.channels[index]));
    }
    line!(text, "| always_on | {} | |", money(truth.running));
    line!(text, "| campaign with control group | {} | |", money(truth.campaign));
    line!(text, "| all, {} rows | {} | |", grouped(truth.rows), money(truth.total));
}

fn members(text: &mut String, truth: &MemberTruth) {
    line!(text);
    line!(text, "## Members");
    line!(text);
    line!(
        text,
        "One row per customer. {} of them are invited by an earlier one; {} of all invite more readily than the others. \
         Tier and points follow the net spending in the window.",
        percent(INVITED),
        percent(SHARERS)
    );
    line!(text);
    line!(text, "| | number |");
    line!(text, "| --- | ---: |");
    line!(text, "| members | {} |", grouped(truth.rows));
    line!(text, "| invited by another one | {} |", grouped(truth.invited));
    line!(
        text,
        "| K over all members (invited / members) | {:.6} |",
        truth.invited as f64 / truth.rows.max(1) as f64
    );
    line!(text, "| members who invited | {} |", grouped(truth.inviters));
    line!(text, "| K over these | {:.6} |", truth.invited as f64 / truth.inviters.max(1) as f64);
    line!(text, "| most invited by one | {} |", grouped(truth.most_invited));
    line!(text, "| longest chain of invitations as planted, dirt aside | {} |", grouped(truth.deepest));
    line!(text, "| dirt: inviters that cannot be | {} |", grouped(truth.invented_inviters));
    line!(text, "| - members who name themselves | {} |", grouped(truth.self_referrals));
    line!(
        text,
        "| - members of pairs who name each other | {} |",
        grouped(truth.invented_inviters - truth.self_referrals)
    );
}

/// 1234567 -> "1,234,567".
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Cents -> "-1,234.50".
pub fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", grouped(cents.unsigned_abs() / 100), cents.unsigned_abs() % 100)
}

/// 0.15 -> "15 %".
fn percent(share: f64) -> String {
    let tenths = libm::round(share * 1000.0) / 10.0;
    format!("{tenths} %")
}
