use proptest::prelude::*;

use super::*;

/// Durations, events and groups of a file of the developers' shared folder.
#[allow(clippy::print_stderr)] // says why it is skipped
fn shared(name: &str, columns: [usize; 3]) -> Option<Vec<Vec<Count>>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/truth/survival_cohort/");
    let Ok(text) = std::fs::read_to_string(format!("{path}{name}")) else {
        eprintln!("skipped: {path}{name} is not here");
        return None;
    };
    let mut groups: std::collections::BTreeMap<String, Vec<Count>> = Default::default();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [time, event, group] = columns.map(|at| fields[at]);
        let events = u64::from(event == "1");
        let time = time.parse::<f64>().unwrap() as u32;
        // Of a date, the month is the group.
        let group = group.get(..7).filter(|g| g.starts_with("199")).unwrap_or(group);
        groups.entry(group.to_owned()).or_default().push(Count { time, events, censored: 1 - events });
    }
    Some(groups.into_values().collect())
}

fn test(groups: &[Vec<Count>]) -> LogRank {
    log_rank(&groups.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap()
}

/// ../shared/truth/README.md: R survival and lifelines.
#[test]
fn two_groups() {
    let Some(spend) = shared("truth_cdnow_first_repurchase_survival.csv", [4, 3, 6]) else { return };
    let found = test(&spend);
    assert!((found.chi_squared - 34.97361).abs() < 5e-6 && found.df == 1, "{found:?}");
    assert!((found.p - 3.342e-9).abs() < 5e-13, "{found:?}");
    let Some(waltons) = shared("lifelines_waltons.csv", [0, 1, 2]) else { return };
    assert!((test(&waltons).chi_squared - 122.24912557300615).abs() < 1e-9);
}

/// lifelines 0.30, multivariate_logrank_test of the months of the first purchase.
#[test]
fn three_groups() {
    let Some(months) = shared("truth_cdnow_first_repurchase_survival.csv", [4, 3, 1]) else { return };
    assert_eq!(months.len(), 3);
    let found = test(&months);
    assert!((found.chi_squared - 0.3668770242806425).abs() < 1e-10 && found.df == 2, "{found:?}");
    assert!((found.p - 0.8324030568467257).abs() < 1e-10);
    let pair = test(&months[..2]);
    assert!((pair.chi_squared - 0.083232).abs() < 5e-7, "{pair:?}");
}

#[test]
fn where_nothing_can_be_told() {
    let once = |time, events, censored| vec![Count { time, events, censored }];
    let of = |groups: &[Vec<Count>]| log_rank(&groups.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[once(3, 5, 0)]), None);
    assert_eq!(of(&[once(3, 0, 5), once(4, 0, 2)]), None);
    // All of the first have left before the first event of the second.
    assert_eq!(of(&[once(1, 0, 5), once(4, 2, 2)]), None);
    // All at one time: the variance is 0.
    assert_eq!(of(&[once(1, 5, 0), once(1, 2, 0)]), None);
    // A group that was never at risk at an event takes no part.
    let two = of(&[once(5, 3, 1), once(6, 1, 7)]);
    assert!(two.is_some_and(|test| test.df == 1));
    assert_eq!(of(&[once(5, 3, 1), once(6, 1, 7), once(1, 0, 9)]), two);
    assert_eq!(of(&[once(1, 0, 9), once(5, 3, 1), once(6, 1, 7), Vec::new()]), two);
}

proptest! {
    /// Of two groups chi-squared is (O - E)^2 / V of either.
    #[test]
    fn two_groups_naively(people in prop::collection::vec((0_u32..15, any::<bool>(), any::<bool>()), 2..50)) {
        let of = |second: bool| -> Vec<Count> {
            let own = people.iter().filter(|p| p.2 == second);
            own.map(|p| Count { time: p.0, events: u64::from(p.1), censored: u64::from(!p.1) }).collect()
        };
        let (mut excess, mut variance) = (0.0, 0.0);
        for time in 0..15 {
            let at_risk = |p: &&(u32, bool, bool)| p.0 >= time;
            let n = people.iter().filter(at_risk).count() as f64;
            let n1 = people.iter().filter(at_risk).filter(|p| p.2).count() as f64;
            let event = |p: &&(u32, bool, bool)| p.0 == time && p.1;
            let d = people.iter().filter(event).count() as f64;
            let d1 = people.iter().filter(event).filter(|p| p.2).count() as f64;
            if d > 0.0 {
                excess += d1 - d * n1 / n;
                if n > 1.0 {
                    variance += d * n1 / n * (1.0 - n1 / n) * (n - d) / (n - 1.0);
                }
            }
        }
        let (first, second) = (of(false), of(true));
        let found = log_rank(&[&first, &second]);
        match found {
            Some(found) => {
                prop_assert!((found.chi_squared - excess * excess / variance).abs() < 1e-9 * (1.0 + found.chi_squared));
                prop_assert!((0.0..=1.0).contains(&found.p));
                let swapped = log_rank(&[&second, &first]).unwrap();
                prop_assert!((swapped.chi_squared - found.chi_squared).abs() < 1e-9);
            }
            None => prop_assert!(variance < 1e-12),
        }
    }

    /// Whatever the order of three groups, one test.
    #[test]
    fn groups_in_any_order(people in prop::collection::vec((0_u32..15, any::<bool>(), 0_usize..3), 2..50)) {
        let mut groups = vec![Vec::new(); 3];
        for (time, event, group) in people {
            groups[group].push(Count { time, events: u64::from(event), censored: u64::from(!event) });
        }
        let of = |order: [usize; 3]| log_rank(&order.map(|at| groups[at].as_slice()));
        match (of([0, 1, 2]), of([2, 0, 1])) {
            (Some(a), Some(b)) => {
                prop_assert_eq!(a.df, b.df);
                prop_assert!((a.chi_squared - b.chi_squared).abs() < 1e-7 * (1.0 + a.chi_squared));
            }
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}
