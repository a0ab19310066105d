//! Each customer's own purchase cycle, shrunk towards the population.
//!
//! While customers are customers they buy at random at a rate of their own (Ehrenberg 1959), and rates follow a gamma
//! distribution over customers: lambda ~ Gamma(r, alpha) (Schmittlein, Morrison, Colombo 1987; BG/NBD and MBG/NBD assume
//! the same). After x repeat purchases within t_x days the rate of a customer who is still one follows
//! Gamma(r + x, alpha + t_x), the gamma being conjugate to the Poisson, so that the days until the next purchase follow a
//! Lomax (Pareto II) distribution of shape r + x and scale alpha + t_x.
//!
//! Its mean rate is a credibility-weighted one (Bühlmann 1967): w x / t_x + (1 - w) r / alpha with
//! w = t_x / (alpha + t_x). One-time buyers (x = 0, t_x = 0) get the population's gap, and who has bought for long gets
//! their own: for large x the median is t_x / x times ln 2, as the gap of one who buys at a constant rate is exponential,
//! whose median is ln 2 of its mean (half of the gaps are shorter than 0.69 of the mean, few are long).
//!
//! Times are in days.

use super::btyd::Model;

/// Below this predictive probability that the next purchase has come by now, it is early.
pub const EARLY_BELOW: f64 = 0.25;
/// Above this predictive probability that the next purchase should have come by now, it is overdue.
pub const OVERDUE_ABOVE: f64 = 0.75;
/// Above this predictive probability that the next purchase should have come by now, the customer has lapsed.
pub const LAPSED_ABOVE: f64 = 0.95;
/// Below this probability of still being a customer one is rather gone than not, hence lapsed unless early.
pub const GONE_BELOW: f64 = 0.5;

/// How purchase rates differ over customers: Gamma with shape r and rate alpha (days).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub r: f64,
    pub alpha: f64,
}

impl Rates {
    /// Those of a model, which all have them in common.
    pub fn of(model: &Model) -> Self {
        let [r, alpha, ..] = model.parameters;
        Self { r, alpha }
    }

    /// The days from the last purchase to the next one, while still a customer, after `x` repeat purchases in `t_x` days.
    pub fn next_gap(self, x: u32, t_x: f64) -> NextGap {
        NextGap { shape: self.r + f64::from(x), scale: self.alpha + t_x }
    }

    /// How much of the expected rate comes from the customer's own purchases, 0 to 1: t_x / (alpha + t_x).
    pub fn own_weight(self, t_x: f64) -> f64 {
        t_x / (self.alpha + t_x)
    }

    /// Purchases per day expected of one who is still a customer `t` days after the first purchase, with `x` repeat purchases
    /// in that time: the silence since the last one counts as well. (r + x) / (alpha + t).
    pub fn pace(self, x: u32, t: f64) -> f64 {
        (self.r + f64::from(x)) / (self.alpha + t)
    }
}

/// Days until the next purchase: Lomax (Pareto II).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NextGap {
    pub shape: f64,
    /// Days.
    pub scale: f64,
}

impl NextGap {
    /// The days by which the next purchase has come with probability `u` (0 to below 1): scale ((1 - u)^(-1/shape) - 1).
    /// `None` beyond all numbers, where hardly anybody buys again.
    pub fn quantile(self, u: f64) -> Option<f64> {
        let days = self.scale * libm::expm1(-libm::log1p(-u) / self.shape);
        days.is_finite().then_some(days)
    }

    /// The probability that the next purchase has not come after `days`: (1 + days / scale)^(-shape).
    pub fn survival(self, days: f64) -> f64 {
        libm::exp(-self.shape * libm::log1p(days / self.scale))
    }
}

/// Where a customer stands between two purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It is too soon: [`EARLY_BELOW`].
    Early,
    /// Now or about now.
    Due,
    /// [`OVERDUE_ABOVE`].
    Overdue,
    /// [`LAPSED_ABOVE`], or rather gone than not: [`GONE_BELOW`].
    Lapsed,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Early, Self::Due, Self::Overdue, Self::Lapsed];

    pub fn key(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Due => "due",
            Self::Overdue => "overdue",
            Self::Lapsed => "lapsed",
        }
    }

    /// `survival`: the probability that the next gap is longer than the days since the last purchase; `p_alive`: that the
    /// customer still is one.
    pub fn of(survival: f64, p_alive: f64) -> Self {
        if survival > 1.0 - EARLY_BELOW {
            Self::Early
        } else if survival < 1.0 - LAPSED_ABOVE || p_alive < GONE_BELOW {
            Self::Lapsed
        } else if survival < 1.0 - OVERDUE_ABOVE {
            Self::Overdue
        } else {
            Self::Due
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::LN_2;

    use super::*;

    /// CDNOW in days: MBG/NBD of ../shared/truth/README.md (weeks) times 7.
    const CDNOW: Rates = Rates { r: 0.5248436, alpha: 6.1830928 * 7.0 };

    fn close(found: f64, expected: f64, relative: f64) {
        assert!((found - expected).abs() <= relative * expected.abs(), "{found} is not {expected}");
    }

    fn median(gap: NextGap) -> f64 {
        gap.quantile(0.5).expect("a number")
    }

    /// scipy.stats.lomax.ppf and .sf (scipy 1.x, double precision), relative tolerance 1e-12.
    #[test]
    fn as_scipy_has_it() {
        let rows = [
            (
                0.5248436,
                43.2816496,
                [31.596183315497587, 118.84900618213426, 564.0507831348399, 12994.228238695603],
            ),
            (
                2.5248436,
                256.2816496,
                [30.929479004340404, 80.96271090017798, 187.5025966255402, 583.1954095105584],
            ),
            (30.5, 700.0, [6.633775732637917, 16.090440199024776, 32.55074077776155, 72.2443884852023]),
            (1000.25, 30000.0, [8.629546010390195, 20.79642296959562, 41.607262312802256, 89.98418914967033]),
        ];
        for (shape, scale, quantiles) in rows {
            let gap = NextGap { shape, scale };
            for (u, expected) in [0.25, 0.5, 0.75, 0.95].into_iter().zip(quantiles) {
                close(gap.quantile(u).expect("a number"), expected, 1e-12);
                close(gap.survival(expected), 1.0 - u, 1e-12);
            }
        }
        let survivals = [0.9880832988891045, 0.7585300062197955, 0.30793425763249793];
        for (days, expected) in [1.0, 30.0, 365.0].into_iter().zip(survivals) {
            close(CDNOW.next_gap(0, 0.0).survival(days), expected, 1e-12);
        }
    }

    #[test]
    fn one_time_buyers_get_the_gap_of_the_population() {
        let gap = CDNOW.next_gap(0, 0.0);
        assert_eq!((gap.shape, gap.scale), (CDNOW.r, CDNOW.alpha));
        assert_eq!(CDNOW.own_weight(0.0), 0.0);
        assert_eq!(CDNOW.pace(0, 0.0), CDNOW.r / CDNOW.alpha);
    }

    #[test]
    fn a_regular_customer_has_a_cycle_near_the_own_one() {
        let gap = CDNOW.next_gap(9, 270.0);
        let cycle = median(gap);
        assert!((20.0..30.0).contains(&cycle), "{cycle}");
        // 30 days of exponential gaps have a median of 20.8; the population's slower customers make it a little longer.
        assert!(cycle > 30.0 * LN_2 && gap.quantile(0.95).expect("a number") < 120.0);
        close(CDNOW.own_weight(270.0), 270.0 / (270.0 + 43.2816496), 1e-14);
        close(365.25 * CDNOW.pace(9, 270.0), 11.105, 1e-3);
    }

    #[test]
    fn with_many_purchases_the_median_is_ln_2_of_the_own_mean() {
        for x in [1_000, 100_000, 10_000_000] {
            let own_mean = 12.5;
            let cycle = median(CDNOW.next_gap(x, own_mean * f64::from(x)));
            close(cycle, own_mean * LN_2, 4.0 / f64::from(x));
        }
    }

    /// The rate that the gap implies is the credibility-weighted one.
    #[test]
    fn pace_is_own_and_common_rate_by_weight() {
        for (x, t_x) in [(1, 3.0), (4, 100.0), (200, 365.0)] {
            let weight = CDNOW.own_weight(t_x);
            let mixed = weight * f64::from(x) / t_x + (1.0 - weight) * CDNOW.r / CDNOW.alpha;
            close(CDNOW.pace(x, t_x), mixed, 1e-14);
        }
    }

    #[test]
    fn more_purchases_shorten_and_more_time_lengthens_it() {
        for t_x in [1.0, 30.0, 700.0] {
            let cycles: Vec<f64> = (1..50).map(|x| median(CDNOW.next_gap(x, t_x))).collect();
            assert!(cycles.windows(2).all(|two| two[0] > two[1]));
        }
        let cycles: Vec<f64> = (0..700).map(|t_x| median(CDNOW.next_gap(3, t_x.into()))).collect();
        assert!(cycles.windows(2).all(|two| two[0] < two[1]));
        let gap = CDNOW.next_gap(2, 40.0);
        let quantiles: Vec<f64> = (0..100).filter_map(|u| gap.quantile(f64::from(u) / 100.0)).collect();
        assert!(quantiles.len() == 100 && quantiles[0] == 0.0 && quantiles.is_sorted());
    }

    /// Customers who hardly differ (r and alpha without bound) buy at one rate: the gap is exponential, whatever the own past.
    #[test]
    fn extremes_are_numbers_or_nothing() {
        let alike = Rates { r: 1e9, alpha: 2e10 };
        close(median(alike.next_gap(5, 3.0)), 20.0 * LN_2, 1e-6);
        let seldom = Rates { r: 1e-4, alpha: 10.0 };
        assert_eq!(seldom.next_gap(0, 0.0).quantile(0.5), None);
        assert!(seldom.next_gap(0, 0.0).survival(1e6) > 0.99);
        for shape in [1e-6, 1e9] {
            for scale in [1e-6, 1e9] {
                let gap = NextGap { shape, scale };
                assert!(gap.survival(1e9).is_finite() && gap.survival(0.0) == 1.0);
                assert!(gap.quantile(0.95).is_none_or(f64::is_finite));
            }
        }
    }

    #[test]
    fn states_follow_each_other() {
        let gap = CDNOW.next_gap(3, 120.0);
        let states: Vec<State> = (0..2_000).map(|days| State::of(gap.survival(days.into()), 1.0)).collect();
        assert!(states.is_sorted());
        let mut seen = states.clone();
        seen.dedup();
        assert_eq!(seen, State::ALL);
        let first = |state| states.iter().position(|known| *known == state).expect("seen") as f64;
        for (state, u) in [(State::Due, 0.25), (State::Overdue, 0.75), (State::Lapsed, 0.95)] {
            assert_eq!(first(state), gap.quantile(u).expect("a number").ceil());
        }
        assert_eq!(State::of(0.9, 0.1), State::Early);
        assert_eq!(State::of(0.5, 0.49), State::Lapsed);
        assert_eq!(State::of(0.5, 0.5), State::Due);
    }
}
