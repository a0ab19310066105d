//! The clock of the planted models: days as real numbers since the first day of the window, and how they become dates.
//!
//! The models run on a uniform clock. Within each day it is stretched to a daily rhythm by a monotone map, so that
//! orders come at noon and in the evening, the order of moments stays, and no moment leaves its day.

/// Cumulative share of a day's moments at the start of each hour, in 1/1000; index 24 is the end of the day.
const RHYTHM: [u16; 25] = [
    0, 14, 20, 24, 27, 30, 36, 48, 72, 112, 168, 228, 296, 372, 430, 480, 530, 580, 632, 690, 766, 852, 930,
    975, 1000,
];

/// Weight of a day of the year for new customers: calm after the new year, a start in spring, the sales of June and November.
fn season(month: u32, day: u32) -> f64 {
    match (month, day) {
        (6, 10..=20) => 2.2,
        (11, 5..=12) => 2.8,
        (12, 8..=13) => 1.5,
        (1 | 2, _) => 0.8,
        (3..=5, _) => 1.05,
        (9 | 10, _) => 1.1,
        _ => 1.0,
    }
}

pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Year, month, day of a day number since 1970-01-01 (Hinnant's civil_from_days).
pub fn civil(days: i32) -> (i32, u32, u32) {
    let z = i64::from(days) + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// "2024-01-31".
pub fn iso_date(days: i32) -> String {
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The window, and how moments of the models' clock become days and seconds.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// First day of the window, since 1970-01-01.
    pub start: i32,
    /// Days in the window.
    pub days: u32,
    /// Share of the new customers who have come before the end of each day.
    arrivals: Vec<f64>,
}

impl Calendar {
    pub fn new(start: i32, days: u32) -> Self {
        let mut total = 0.0;
        let mut arrivals: Vec<f64> = (0..days)
            .map(|day| {
                let (_, month, date) = civil(start + day as i32);
                // A young shop wins more customers than an old one: the weight falls from 1.6 to 0.4.
                let age = (f64::from(day) + 0.5) / f64::from(days);
                total += season(month, date) * (1.6 - 1.2 * age);
                total
            })
            .collect();
        for share in &mut arrivals {
            *share /= total;
        }
        Self { start, days, arrivals }
    }

    /// Length of the window on the models' clock.
    pub fn end(&self) -> f64 {
        f64::from(self.days)
    }

    /// The moment at which the given share of the new customers has come.
    pub fn arrival(&self, share: f64) -> f64 {
        let day = self.arrivals.partition_point(|s| *s <= share).min(self.arrivals.len() - 1);
        let before = if day == 0 { 0.0 } else { self.arrivals[day - 1] };
        let within = (share - before) / (self.arrivals[day] - before);
        day as f64 + within.clamp(0.0, 0.999_999_9)
    }

    /// Share of the new customers who come on days `from..to` of the window.
    pub fn arrivals_between(&self, from: u32, to: u32) -> f64 {
        let until = |day: u32| match day.min(self.days) {
            0 => 0.0,
            day => self.arrivals[day as usize - 1],
        };
        until(to) - until(from)
    }

    /// Day since 1970-01-01 of a moment.
    pub fn day(&self, moment: f64) -> i32 {
        self.start + libm::floor(moment) as i32
    }

    /// Seconds since 1970-01-01T00:00:00, local time, of a moment.
    pub fn second(&self, moment: f64) -> i64 {
        let day = libm::floor(moment);
        let share = (moment - day) * 1000.0;
        let mut hour = 23;
        while hour > 0 && f64::from(RHYTHM[hour]) > share {
            hour -= 1;
        }
        let (low, high) = (f64::from(RHYTHM[hour]), f64::from(RHYTHM[hour + 1]));
        let second = hour as f64 * 3600.0 + (share - low) / (high - low) * 3600.0;
        (i64::from(self.start) + day as i64) * 86_400 + (second as i64).clamp(0, 86_399)
    }

    /// Quarter of a moment, counted from the quarter of the first day; moments outside the window go to its edges.
    pub fn quarter(&self, moment: f64) -> usize {
        let last = self.end() - 0.5;
        let moment = if moment < 0.0 {
            0.0
        } else if moment > last {
            last
        } else {
            moment
        };
        let number = |day: i32| {
            let (year, month, _) = civil(day);
            year * 4 + (month as i32 - 1) / 3
        };
        (number(self.day(moment)) - number(self.start)) as usize
    }

    /// "2024q1", ... for every quarter of the window.
    pub fn quarters(&self) -> Vec<String> {
        let (year, month, _) = civil(self.start);
        let first = year * 4 + (month as i32 - 1) / 3;
        (0..=self.quarter(self.end()))
            .map(|q| first + q as i32)
            .map(|q| format!("{}q{}", q / 4, q % 4 + 1))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_agrees_with_chrono() {
        let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for days in (-200_000..200_000).step_by(37) {
            let date = epoch + chrono::TimeDelta::days(i64::from(days));
            assert_eq!(iso_date(days), date.to_string());
        }
    }

    #[test]
    fn the_rhythm_is_monotone_and_stays_in_its_day() {
        let calendar = Calendar::new(19_723, 731);
        let mut before = i64::MIN;
        for step in 0..30_000 {
            let moment = f64::from(step) / 10_000.0;
            let second = calendar.second(moment);
            assert!(second >= before);
            assert_eq!(second.div_euclid(86_400), i64::from(calendar.day(moment)));
            before = second;
        }
    }

    #[test]
    fn quarters_cover_the_window() {
        let calendar = Calendar::new(19_723, 731);
        assert_eq!(calendar.quarters().first().unwrap(), "2024q1");
        assert_eq!(calendar.quarters().last().unwrap(), "2025q4");
        assert_eq!(calendar.quarters().len(), 8);
        assert_eq!(calendar.quarter(-3.0), 0);
    }
}
