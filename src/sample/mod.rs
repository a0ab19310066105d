//! `siyu sample`: orders, events, spend, members and more from planted models, with the truth written beside them.
//!
//! ```text
//! planted (parameters) ─► plan (settings of the run) ─► customers (latent rates, a block of 8,192 at a time)
//!    customers ─► purchases (BG/NBD, campaign) ─► orders (Gamma-Gamma, refunds, dirt) ─► columns ─► writer ─► files
//!    customers ─► journeys (funnel) ─► events, members;   marketing ─► spend;   truth of every block ─► readme
//!    customers ─► interactions (messages, posts, sign-ins);   leak (a funnel that broke);   clicks (a stream for measuring)
//! ```
//!
//! Equal settings and seed give equal bytes, on any machine and any number of threads: every customer has streams of
//! random numbers of her own, all mathematics is libm's, blocks are written in their order.

mod calendar;
mod clicks;
mod columns;
mod customers;
mod draws;
mod events;
mod ids;
mod interactions;
mod journeys;
mod leak;
mod marketing;
mod members;
mod names;
mod orders;
mod plan;
mod planted;
mod purchases;
mod readme;
mod tables;
#[cfg(test)]
mod tests;
mod truth;
mod writer;

use std::path::PathBuf;

use chrono::{Datelike, NaiveDate};
use clap::ValueEnum;

pub use self::clicks::ClickTruth;
use self::draws::{Draws, Purpose};
pub use self::interactions::InteractionTruth;
pub use self::leak::LeakTruth;
use self::plan::Plan;
pub use self::truth::{EventTruth, MemberTruth, OrderTruth, SpendTruth};
pub use self::writer::WrittenFile;
use self::writer::{Job, Target, failed, write_frame};
use crate::error::{Error, Result};

/// Called with (blocks of customers done, in all).
pub type Progress<'a> = dyn Fn(u64, u64) + Sync + 'a;

/// What to make, as typed. The doc comments are the help.
#[derive(Debug, Clone, clap::Args)]
pub struct SampleParams {
    /// Folder for the files; made if it is not there
    #[arg(value_name = "OUT")]
    pub out: PathBuf,

    /// Customers to make; about 13 rows of orders and 24 of events for each
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub customers: u64,

    /// Equal seeds give equal bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub seed: u64,

    /// First day of the orders
    #[arg(long, value_name = "DATE", default_value = "2024-01-01")]
    pub start: NaiveDate,

    /// Last day of the orders; 60 days after --start at least
    #[arg(long, value_name = "DATE", default_value = "2025-12-31")]
    pub until: NaiveDate,

    /// File formats
    #[arg(long, value_name = "FORMAT", value_enum, value_delimiter = ',', default_values_t = [Format::Csv, Format::Parquet])]
    pub formats: Vec<Format>,

    /// Frames to make. Beside the default ones: interactions (members of a private domain, 90 days), leak (a funnel that
    /// broke in one channel), clicks (a stream for measuring, 20 events per customer)
    #[arg(long, value_name = "FRAME", value_enum, value_delimiter = ',', default_values_t = [Frame::Orders, Frame::Events, Frame::Spend, Frame::Members])]
    pub frames: Vec<Frame>,

    /// Planted effect of the campaign: the share by which the orders of the treated rise; 0 for an A/A test
    #[arg(long, value_name = "SHARE", default_value_t = 0.3)]
    pub lift: f64,

    /// Plant no dirt: no duplicate rows, no missing ids, no members who invited themselves
    #[arg(long)]
    pub clean: bool,
}

impl SampleParams {
    /// The defaults of the command line, into a folder.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
        Self {
            out: out.into(),
            customers: 300,
            seed: 42,
            start: day(2024, 1, 1),
            until: day(2025, 12, 31),
            formats: vec![Format::Csv, Format::Parquet],
            frames: vec![Frame::Orders, Frame::Events, Frame::Spend, Frame::Members],
            lift: 0.3,
            clean: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    Csv,
    Parquet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Frame {
    Orders,
    Events,
    Spend,
    Members,
    /// What members of a private domain do: messages, posts, sign-ins, invitations.
    Interactions,
    /// A funnel whose rate halves in one channel from a written week on.
    Leak,
    /// Independent events, many of them.
    Clicks,
}

impl Frame {
    /// The word on the command line, and the name of the file.
    fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Events => "events",
            Self::Spend => "spend",
            Self::Members => "members",
            Self::Interactions => "interactions",
            Self::Leak => "leak",
            Self::Clicks => "clicks",
        }
    }
}

/// What was made: the files, and what is true of them. A frame that was not made has no truth.
#[derive(Debug, Clone, Default)]
pub struct SampleSummary {
    pub files: Vec<WrittenFile>,
    /// The README with the planted truth.
    pub readme: PathBuf,
    pub orders: Option<OrderTruth>,
    pub events: Option<EventTruth>,
    pub spend: Option<SpendTruth>,
    pub members: Option<MemberTruth>,
    pub interactions: Option<InteractionTruth>,
    pub leak: Option<LeakTruth>,
    pub clicks: Option<ClickTruth>,
}

impl SampleSummary {
    /// A line per file for the terminal.
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .files
            .iter()
            .map(|f| {
                format!(
                    "{}: {} rows, {} bytes",
                    f.path.display(),
                    readme::grouped(f.rows),
                    readme::grouped(f.bytes)
                )
            })
            .collect();
        lines.push(format!("{}: what is true of them", self.readme.display()));
        lines
    }
}

/// Makes the files. `progress` is called from this thread.
pub fn run(
    params: &SampleParams,
    threads: usize,
    progress: Option<&(dyn Fn(u64, u64) + Sync)>,
) -> Result<SampleSummary> {
    let plan = resolve(params)?;
    let mut formats = params.formats.clone();
    let mut frames = params.frames.clone();
    formats.sort();
    formats.dedup();
    frames.sort();
    frames.dedup();
    make_folder(params)?;

    let in_all = frames.iter().map(|f| if *f == Frame::Spend { 1 } else { plan.blocks() }).sum();
    let mut before = 0;
    let mut summary = SampleSummary::default();
    for frame in frames {
        let blocks = if frame == Frame::Spend { 1 } else { plan.blocks() };
        let job = Job {
            out: &params.out,
            name: frame.name(),
            formats: &formats,
            blocks,
            threads,
            progress,
            blocks_before: before,
            blocks_in_all: in_all,
        };
        let files = match frame {
            Frame::Orders => {
                let truth = summary.orders.insert(OrderTruth::default());
                write_frame(&job, |block| order_block(&plan, block), |t| truth.merge(&t))?
            }
            Frame::Events => {
                let truth = summary.events.insert(EventTruth::default());
                write_frame(&job, |b| events::block(&plan, &customers::block(&plan, b)), |t| truth.merge(&t))?
            }
            Frame::Spend => {
                let truth = summary.spend.insert(SpendTruth::default());
                write_frame(&job, |_| marketing::rows(&plan), |t| *truth = t)?
            }
            Frame::Members => {
                let truth = summary.members.insert(MemberTruth::default());
                write_frame(
                    &job,
                    |b| members::block(&plan, &customers::block(&plan, b)),
                    |t| truth.merge(&t),
                )?
            }
            Frame::Interactions => {
                let truth = summary.interactions.insert(InteractionTruth::default());
                let make = |b| interactions::block(&plan, &customers::block(&plan, b));
                write_frame(&job, make, |t| truth.merge(t))?
            }
            Frame::Leak => {
                let truth = summary.leak.insert(LeakTruth::default());
                write_frame(&job, |b| leak::block(&plan, b), |t| truth.merge(&t))?
            }
            Frame::Clicks => {
                let truth = summary.clicks.insert(ClickTruth::default());
                write_frame(&job, |b| clicks::block(&plan, b), |t| truth.merge(&t))?
            }
        };
        summary.files.extend(files);
        before += blocks;
    }
    let mut readme = Target::new(&params.out, "README", "md")?;
    readme.write(readme::text(params, &plan, &summary).as_bytes())?;
    summary.readme = readme.finish()?.path;
    Ok(summary)
}

/// The orders of a block, with what is true of them.
fn order_block(plan: &Plan, block: u64) -> (OrderTruth, Vec<columns::Column>) {
    let customers = customers::block(plan, block);
    let mut truth = OrderTruth::default();
    let mut rows = orders::OrderRows::with_capacity(customers.len() * 13);
    for customer in &customers {
        let orders = orders::orders(plan, customer);
        let mut baskets = Draws::new(plan.seed, Purpose::Baskets, customer.number);
        truth.customer(plan, customer, &orders);
        for order in &orders {
            let lines = rows.push(plan, customer, order, &mut baskets);
            let twice = orders::is_written_twice(plan, customer, order);
            if twice {
                rows.repeat_last(lines);
            }
            truth.order(order, lines, twice);
        }
    }
    (truth, rows.into_columns(plan))
}

fn resolve(params: &SampleParams) -> Result<Plan> {
    let refuse = |option: &str, value: String, why: String, hint: &str| {
        Err(Error::BadOption { option: option.to_owned(), value, why, hint: Some(hint.to_owned()) })
    };
    if params.customers == 0 || params.customers > ids::CUSTOMER_NUMBERS {
        let why = format!("there can be 1 to {} customers", ids::CUSTOMER_NUMBERS);
        return refuse("--customers", params.customers.to_string(), why, "e.g. --customers 10000");
    }
    for (option, date) in [("--start", params.start), ("--until", params.until)] {
        if !(1971..=2200).contains(&date.year()) {
            return refuse(
                option,
                date.to_string(),
                "the year must be in 1971 to 2200".to_owned(),
                "e.g. 2024-01-01",
            );
        }
    }
    let days = (params.until - params.start).num_days() + 1;
    if !(60..=36_525).contains(&days) {
        let why =
            format!("the window from {} must have 60 days to 100 years, this one has {days}", params.start);
        return refuse("--until", params.until.to_string(), why, "e.g. two years after --start");
    }
    if !(0.0..=10.0).contains(&params.lift) {
        let why = "a lift is a share from 0 to 10".to_owned();
        return refuse("--lift", params.lift.to_string(), why, "0.3 means 30 % more orders");
    }
    let start = (params.start - NaiveDate::default()).num_days() as i32;
    let calendar = calendar::Calendar::new(start, days as u32);
    Ok(Plan::new(params.seed, params.customers, calendar, params.clean, params.lift))
}

fn make_folder(params: &SampleParams) -> Result<()> {
    let out = &params.out;
    if out.exists() && !out.is_dir() {
        return Err(Error::BadOption {
            option: "OUT".to_owned(),
            value: out.display().to_string(),
            why: "this is a file; the sample is a folder of files".to_owned(),
            hint: Some("name a folder, e.g. siyu sample out/".to_owned()),
        });
    }
    std::fs::create_dir_all(out).map_err(|source| failed("create the folder", out, source))
}
