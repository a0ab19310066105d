//! What reports read of files beside the orders: spend, and the day on which members joined.

use hashbrown::HashMap;

/// What was spent, a row of the frame `spend`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpendRow {
    /// Days since 1970-01-01; `None`: the file has no dates, or this row none that can be read.
    pub day: Option<i32>,
    pub campaign: String,
    pub channel: Option<String>,
    /// Labour, material, technology, promotion, ... as written.
    pub kind: Option<String>,
    /// 1/10,000 of the unit.
    pub amount_e4: i64,
}

/// The day of each member in a column of the frame `members`, such as the day of joining.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinedDays {
    /// customer_id -> days since 1970-01-01; of several rows the earliest day.
    pub days: HashMap<Box<str>, i32>,
    /// Members without a day: the value is missing or cannot be read in all of their rows.
    pub without_day: u64,
    /// Members with several rows.
    pub repeated: u64,
}

impl JoinedDays {
    pub fn get(&self, customer_id: &str) -> Option<i32> {
        self.days.get(customer_id).copied()
    }

    /// All members, those without a day included.
    pub fn members(&self) -> u64 {
        self.days.len() as u64 + self.without_day
    }
}

/// A member, as the frame `members` has her.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub customer_id: String,
    /// Days since 1970-01-01.
    pub joined_day: Option<i32>,
    pub channel: Option<String>,
    pub inviter_id: Option<String>,
    pub tier: Option<String>,
    /// 1/10,000 of a point.
    pub points_e4: Option<i64>,
    /// The value of the column that the report is broken down by.
    pub by: Option<String>,
}

/// The members of a file, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// In byte order of their ids. Of several rows of a member the values are those of the row with the earliest joined_day
    /// (of equal days the one that sorts first); what it does not say is taken from the next.
    rows: Vec<Member>,
    /// Members with several rows.
    pub repeated: u64,
    /// The file has a column of that name; else its values are `None`.
    pub has_joined_at: bool,
    pub has_channel: bool,
    pub has_inviter_id: bool,
    pub has_tier: bool,
    pub has_points: bool,
}

impl Members {
    /// Makes one member of each id; the order of the rows does not matter.
    pub fn of(mut rows: Vec<Member>) -> Self {
        // Rows without a day go last.
        rows.sort_unstable_by(|a, b| {
            let day = |row: &Member| (row.joined_day.is_none(), row.joined_day);
            a.customer_id.cmp(&b.customer_id).then_with(|| day(a).cmp(&day(b))).then_with(|| a.cmp(b))
        });
        let mut members = Self::default();
        let mut is_repeated = false;
        for row in rows {
            match members.rows.last_mut().filter(|last| last.customer_id == row.customer_id) {
                Some(last) => {
                    members.repeated += u64::from(!is_repeated);
                    is_repeated = true;
                    last.channel = last.channel.take().or(row.channel);
                    last.inviter_id = last.inviter_id.take().or(row.inviter_id);
                    last.tier = last.tier.take().or(row.tier);
                    last.points_e4 = last.points_e4.or(row.points_e4);
                    last.by = last.by.take().or(row.by);
                }
                None => {
                    is_repeated = false;
                    members.rows.push(row);
                }
            }
        }
        members
    }

    /// In byte order of their ids.
    pub fn rows(&self) -> &[Member] {
        &self.rows
    }

    /// The place of a member in [`Self::rows`].
    pub fn place(&self, customer_id: &str) -> Option<usize> {
        self.rows.binary_search_by(|member| member.customer_id.as_str().cmp(customer_id)).ok()
    }

    pub fn get(&self, customer_id: &str) -> Option<&Member> {
        self.place(customer_id).map(|place| &self.rows[place])
    }

    /// Takes out the members who joined after `day`, and says how many.
    pub fn leave_out_after(&mut self, day: i32) -> u64 {
        let before = self.rows.len();
        self.rows.retain(|member| member.joined_day.is_none_or(|joined| joined <= day));
        (before - self.rows.len()) as u64
    }
}
