//! The questions. Each report is a file of parameters and a pure function from facts to a [`Report`](crate::output::report::Report),
//! with its definitions beside it: no files, no clock, no printing. Adding one is its file, its .md, its labels, its tests and
//! a line in [`all`].

pub mod check;
pub mod cohort;
mod duration;
pub mod engagement;
pub mod funnel;
pub mod groups;
pub mod inspect;
pub mod ltv;
pub mod period;
mod rates;
pub mod repurchase;
pub mod retention;
pub mod rfm;
mod triangle;

/// What the house knows of a report: drives the list of commands, `--table`, `explain` and the docs.
#[derive(Debug, Clone, Copy)]
pub struct ReportInfo {
    /// The command.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// In the order in which they are shown; `true`: long (a row per customer or the like).
    pub tables: &'static [(&'static str, bool)],
    /// The .md: definitions, what is counted and what is not, sources.
    pub doc: &'static str,
}

/// Every report.
pub fn all() -> &'static [ReportInfo] {
    const {
        &[
            ReportInfo {
                name: "rfm",
                about: "Segments of customers by how recently, how often and for how much they bought",
                tables: rfm::TABLES,
                doc: rfm::DOC,
            },
            ReportInfo {
                name: "cohort",
                about: "Who comes back, period after period: customers grouped by when they first bought",
                tables: cohort::TABLES,
                doc: cohort::DOC,
            },
            ReportInfo {
                name: "repurchase",
                about: "How long until the next purchase, who comes back, whose next purchase is due",
                tables: repurchase::TABLES,
                doc: repurchase::DOC,
            },
            ReportInfo {
                name: "ltv",
                about: "What customers are worth: what they brought in, and what models expect of them",
                tables: ltv::TABLES,
                doc: ltv::DOC,
            },
            ReportInfo {
                name: "funnel",
                about: "How many go from step to step, how long it takes, where and for whom it leaks",
                tables: funnel::TABLES,
                doc: funnel::DOC,
            },
            ReportInfo {
                name: "retention",
                about: "Who comes back to do something, period after period, from events",
                tables: retention::TABLES,
                doc: retention::DOC,
            },
            ReportInfo {
                name: "engagement",
                about: "Who is active and how: reach, content, layers of members, key opinion consumers",
                tables: engagement::TABLES,
                doc: engagement::DOC,
            },
            ReportInfo {
                name: "inspect",
                about: "What was detected of the input, and a block for siyu.toml that says it by hand",
                tables: inspect::TABLES,
                doc: inspect::DOC,
            },
            ReportInfo {
                name: "check",
                about: "Data quality: what is doubtful, how grave it is, what to do",
                tables: check::TABLES,
                doc: check::DOC,
            },
            ReportInfo {
                name: "convert",
                about: "Many exports of any platform as one canonical file: orders or lines, the latest state of each",
                tables: crate::convert::TABLES,
                doc: crate::convert::DOC,
            },
        ]
    }
}

/// The report of this name; it is one of [`all`].
pub fn info(name: &str) -> &'static ReportInfo {
    all().iter().find(|report| report.name == name).expect("commands name reports of the list")
}

/// A number; `nan` and `inf`, which Rust reads as numbers, are none here.
pub(crate) fn finite(text: &str) -> Result<f64, String> {
    let number = text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    number.ok_or_else(|| "is not a number".to_owned())
}

/// A share: `0.35` or `35%`. Its range is the option's affair.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let (number, scale) = match text.trim().strip_suffix(['%', '％']) {
        Some(percent) => (percent, 100.0),
        None => (text, 1.0),
    };
    finite(number).map(|number| number / scale).map_err(|_| "is no share: write 0.35 or 35%".to_owned())
}

/// 1/10,000 of the unit as a decimal number, without needless zeros beyond cents: 12345600 is `1234.56`.
pub(crate) fn money_text(e4: impl Into<i128>) -> String {
    let e4 = e4.into();
    let sign = if e4 < 0 { "-" } else { "" };
    let (whole, rest) = (e4.unsigned_abs() / 10_000, e4.unsigned_abs() % 10_000);
    match rest % 100 {
        0 => format!("{sign}{whole}.{:02}", rest / 100),
        _ => format!("{sign}{whole}.{rest:04}"),
    }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_numbers_or_percent() {
        assert_eq!(share("0.35"), Ok(0.35));
        assert_eq!(share(" 35 %"), Ok(0.35));
        assert_eq!(share("35％"), Ok(0.35));
        assert!(share("nan%").is_err() && share("a third").is_err());
    }
}
