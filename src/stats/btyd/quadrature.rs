//! Integrals of smooth functions by the rule of Gauss and Legendre on panels: fixed nodes, so equal bits everywhere.

/// Rules of Gauss and Legendre on [-1, 1], positive nodes and their weights (Abramowitz, Stegun, table 25.4), with the length
/// of a panel on a logarithmic axis and the powers of e by which the function may change along it, so that each leaves an
/// error below 2e-11 of the integral. (The functions here have their singularities pi or more beside the axis, or behind its
/// start.)
const RULES: [(f64, f64, &[(f64, f64)]); 5] = [
    (0.4, 0.5, &RULE_4),
    (1.2, 2.4, &RULE_6),
    (2.0, 5.0, &RULE_8),
    (2.5, 8.0, &RULE_10),
    (LONGEST, STEEPEST, &RULE_12),
];

const RULE_4: [(f64, f64); 2] =
    [(0.339_981_043_584_856_26, 0.652_145_154_862_546_2), (0.861_136_311_594_052_6, 0.347_854_845_137_453_7)];

const RULE_6: [(f64, f64); 3] = [
    (0.238_619_186_083_196_93, 0.467_913_934_572_691_37),
    (0.661_209_386_466_264_5, 0.360_761_573_048_138_94),
    (0.932_469_514_203_152, 0.171_324_492_379_169_75),
];

const RULE_8: [(f64, f64); 4] = [
    (0.183_434_642_495_649_78, 0.362_683_783_378_361_77),
    (0.525_532_409_916_329, 0.313_706_645_877_887_05),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_34),
    (0.960_289_856_497_536_2, 0.101_228_536_290_376_69),
];

const RULE_10: [(f64, f64); 5] = [
    (0.148_874_338_981_631_22, 0.295_524_224_714_753),
    (0.433_395_394_129_247_2, 0.269_266_719_309_996_5),
    (0.679_409_568_299_024_4, 0.219_086_362_515_982),
    (0.865_063_366_688_984_5, 0.149_451_349_150_580_36),
    (0.973_906_528_517_171_7, 0.066_671_344_308_688_07),
];

const RULE_12: [(f64, f64); 6] = [
    (0.125_233_408_511_468_9, 0.249_147_045_813_402_7),
    (0.367_831_498_998_180_2, 0.233_492_536_538_354_64),
    (0.587_317_954_286_617_5, 0.203_167_426_723_065_65),
    (0.769_902_674_194_304_7, 0.160_078_328_543_346_1),
    (0.904_117_256_370_474_8, 0.106_939_325_995_318_88),
    (0.981_560_634_246_719_2, 0.047_175_336_386_512_02),
];

/// The longest panel on a logarithmic axis.
pub(super) const LONGEST: f64 = 3.0;

/// By so many powers of e may a function change on one panel.
pub(super) const STEEPEST: f64 = 12.0;

/// The rule that suffices for a panel: its nodes lie in pairs at the middle -+ half the length x node.
pub(super) fn rule(length: f64, powers_of_e: f64) -> &'static [(f64, f64)] {
    let enough = |rule: &&(f64, f64, &'static [(f64, f64)])| length <= rule.0 && powers_of_e <= rule.1;
    RULES.iter().find(enough).map_or(&RULE_12, |(_, _, rule)| rule)
}

/// The integral of `function` over one panel.
pub(super) fn panel(from: f64, to: f64, mut function: impl FnMut(f64) -> f64) -> f64 {
    let (middle, half) = ((from + to) / 2.0, (to - from) / 2.0);
    let pair = |(node, weight): &(f64, f64)| {
        let (below, above) = (function(middle - half * node), function(middle + half * node));
        weight * (below + above)
    };
    half * RULE_12.iter().map(pair).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_degree_23_are_exact() {
        for degree in 0..24 {
            let got = panel(0.0, 2.0, |x| x.powi(degree));
            let exact = 2f64.powi(degree + 1) / f64::from(degree + 1);
            assert!((got / exact - 1.0).abs() < 1e-14, "{degree}: {got}, not {exact}");
        }
    }

    /// Against the exact integral of e^(-k x).
    #[test]
    fn each_rule_is_exact_to_2e_11_where_it_is_used() {
        for (length, steepest, rule) in RULES {
            for share in [0.1, 0.5, 1.0] {
                let (power, half) = (share * steepest / length, length / 2.0);
                let at = |u: f64| libm::exp(-power * u);
                let sum: f64 =
                    rule.iter().map(|(x, w)| w * (at(half - half * x) + at(half + half * x))).sum();
                let exact = -libm::expm1(-power * length) / power;
                assert!((half * sum / exact - 1.0).abs() < 2e-11, "{} nodes", 2 * rule.len());
            }
        }
    }
}
