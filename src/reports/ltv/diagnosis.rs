//! What is wrong with a fit, or with the data behind it, by name and with what to do: never a silent answer.

use super::bootstrap::Bootstrap;
use super::params::ModelChoice;
use super::population::{MONEY_UNIT, Population};
use super::{Study, model_name};
use crate::output::report::{Alert, Note, Severity};
use crate::stats::btyd::gamma_gamma::{NoSpendFit, SpendDoubt};
use crate::stats::btyd::{Doubt, FEW_REPEATERS, ModelKind, NoFit};
use crate::stats::rank_correlation::spearman;

/// A correlation of spend and frequency beyond this, and beyond chance at 5 %, is told.
const CORRELATED: f64 = 0.1;
/// From so many repeat occasions on, an account is hardly one person.
const VERY_FREQUENT: u32 = 150;

impl Study<'_> {
    pub(super) fn alerts(&self) -> Vec<Alert> {
        let mut alerts = Vec::new();
        self.purchases_alerts(&mut alerts);
        self.spend_alerts(&mut alerts);
        self.data_alerts(&mut alerts);
        alerts
    }

    /// About the model of purchases that is used, or why there is none.
    fn purchases_alerts(&self, alerts: &mut Vec<Alert>) {
        let population = &self.population;
        let Some(fit) = self.fitted.fit() else {
            let why = self.fitted.candidates.iter().find_map(|(_, fit)| fit.as_ref().err());
            alerts.extend(why.map(|why| no_fit(why, population)));
            return;
        };
        let model = model_name(fit.model.kind);
        for doubt in &fit.doubts {
            alerts.push(match doubt {
                Doubt::FewRepeaters { repeaters } => warning(
                    "few_repeaters",
                    Note::new("ltv_few_repeaters")
                        .with("repeaters", repeaters)
                        .with("customers", fit.customers)
                        .with("least", FEW_REPEATERS),
                )
                .of(*repeaters, Some(FEW_REPEATERS)),
                Doubt::Flat { parameter } => flat(model, parameter),
                Doubt::Boundary { parameter, value } => {
                    let place = fit.model.kind.parameter_names().iter().position(|name| name == parameter);
                    let is_time = place.is_some_and(|place| fit.model.kind.is_time(place));
                    let unit = if is_time { self.settings.time_unit.days() } else { 1.0 };
                    boundary(model, parameter, value / unit)
                }
                Doubt::NotConverged { gradient } => not_converged(model, *gradient),
            });
        }
        let once = population.len() - population.repeaters();
        if fit.model.kind == ModelKind::BgNbd && once > 0 {
            let note = Note::new("ltv_p_alive_bg_nbd").with("customers", once);
            alerts.push(warning("p_alive_bg_nbd", note).of(once as f64, None));
        }
        let [r, alpha, ..] = fit.model.parameters;
        let gap = alpha / r;
        if gap > f64::from(population.span()) {
            let note = Note::new("ltv_history_shorter_than_gap")
                .with("gap", rounded(gap))
                .with("days", population.span());
            alerts
                .push(warning("history_shorter_than_gap", note).of(gap, Some(f64::from(population.span()))));
        }
        if let Some(valuation) = &self.valuation {
            let unknown =
                (0..population.len()).filter(|at| valuation.purchases(population, *at).is_none()).count();
            if unknown > 0 {
                let note = Note::new("ltv_without_forecast").with("customers", unknown);
                alerts.push(warning("without_forecast", note).of(unknown as f64, Some(0.0)));
            }
        }
    }

    /// About the model of spend, or why there is none.
    fn spend_alerts(&self, alerts: &mut Vec<Alert>) {
        const MODEL: &str = "Gamma-Gamma";
        let population = &self.population;
        let mean = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), money);
        if population.len() == 0 {
            return;
        }
        match &self.fitted.spend.fit {
            Err(NoSpendFit::Constant { spend }) => {
                let note = Note::new("ltv_constant_spend").with("spend", money(*spend));
                alerts.push(info("constant_spend", note).of(*spend, None));
            }
            Err(NoSpendFit::TooFew { customers }) => {
                let note = Note::new("ltv_few_spenders")
                    .with("customers", customers)
                    .with("mean", mean(self.fitted.spend.mean));
                alerts.push(warning("few_spenders", note).of(*customers, Some(2.0)));
            }
            Err(NoSpendFit::Numbers) => {
                let note = Note::new("ltv_spend_not_fitted").with("mean", mean(self.fitted.spend.mean));
                alerts.push(warning("spend_not_fitted", note));
            }
            Ok(fit) => {
                for doubt in &fit.doubts {
                    alerts.push(match doubt {
                        SpendDoubt::FewCustomers { customers } => {
                            let note = Note::new("ltv_spend_of_few").with("customers", customers);
                            warning("spend_of_few", note).of(*customers, Some(FEW_REPEATERS))
                        }
                        SpendDoubt::InfiniteMean { q } => {
                            let note = Note::new("ltv_infinite_mean_spend")
                                .with("q", format!("{q:.3}"))
                                .with("mean", mean(self.fitted.spend.mean));
                            warning("infinite_mean_spend", note).of(*q, Some(1.0))
                        }
                        SpendDoubt::Flat { parameter } => flat(MODEL, parameter),
                        SpendDoubt::Boundary { parameter, value } => boundary(MODEL, parameter, *value),
                        SpendDoubt::NotConverged { gradient } => not_converged(MODEL, *gradient),
                    });
                }
                alerts.extend(self.correlation_alert());
            }
        }
        if self.fitted.spend.refund_factor <= 0.0 {
            alerts.push(warning("refunds_outweigh", Note::new("ltv_refunds_outweigh")));
        }
    }

    /// Gamma-Gamma takes spend to be independent of frequency.
    fn correlation_alert(&self) -> Option<Alert> {
        let spenders = self.population.customers.iter().filter(|c| c.x > 0 && c.spend_e4 > 0);
        let pairs: Vec<(f64, f64, f64)> =
            spenders.map(|c| (f64::from(c.x), c.spend_e4 as f64 / f64::from(c.spend_count), 1.0)).collect();
        let rho = spearman(&pairs)?;
        let by_chance = 1.959_963_984_540_054 / (pairs.len() as f64 - 1.0).max(1.0).sqrt();
        (rho.abs() > CORRELATED && rho.abs() > by_chance).then(|| {
            let key =
                if rho > 0.0 { "ltv_spend_rises_with_frequency" } else { "ltv_spend_falls_with_frequency" };
            let note = Note::new(key).with("rho", format!("{rho:.3}")).with("customers", pairs.len());
            warning("spend_frequency_correlated", note).of(rho, Some(CORRELATED))
        })
    }

    /// About the customers themselves.
    fn data_alerts(&self, alerts: &mut Vec<Alert>) {
        let frequent = self.population.customers.iter().filter(|c| c.x >= VERY_FREQUENT).count();
        if let Some(most) = self.population.customers.iter().map(|c| c.x).max()
            && frequent > 0
        {
            let note = Note::new("ltv_very_frequent_buyers")
                .with("customers", frequent)
                .with("least", VERY_FREQUENT)
                .with("most", most);
            alerts
                .push(info("very_frequent_buyers", note).of(f64::from(most), Some(f64::from(VERY_FREQUENT))));
        }
    }

    /// How the numbers came about.
    pub(super) fn notes(&self, bootstrap: Option<&Bootstrap>) -> Vec<Note> {
        let mut notes = Vec::new();
        if let Some(by) = &self.input.by_name {
            notes.push(Note::new("ltv_by").with("by", by));
        }
        notes.extend(self.choice());
        notes.push(match self.settings.margin {
            None => Note::new("ltv_values_are_revenue"),
            Some(margin) => Note::new("ltv_values_are_margin").with("share", percent(margin)),
        });
        if self.settings.discount > 0.0 {
            notes.push(Note::new("ltv_discounted").with("share", percent(self.settings.discount)));
        }
        let factor = self.fitted.spend.refund_factor;
        if factor != 1.0 {
            notes.push(Note::new("ltv_refund_factor").with("share", percent(factor)));
        }
        if let Some(bootstrap) = bootstrap.filter(|bootstrap| bootstrap.failed > 0) {
            let note = Note::new("ltv_bootstrap_failed").with("failed", bootstrap.failed);
            notes.push(note.with("samples", bootstrap.samples));
        }
        let histories = &self.input.histories;
        if histories.without_purchase > 0 {
            let net = histories.without_purchase_net_e4 as f64 / MONEY_UNIT;
            let note = Note::new("ltv_without_purchase").with("customers", histories.without_purchase);
            notes.push(note.with("net", money(net)));
        }
        notes
    }

    /// Which model `--model auto` chose, and why.
    fn choice(&self) -> Option<Note> {
        if self.settings.model != ModelChoice::Auto {
            return None;
        }
        let chosen = self.fitted.fit()?.model.kind;
        let days = self.settings.time_unit.days();
        let values = |value: &dyn Fn(ModelKind) -> Option<f64>| -> String {
            let shown = self.fitted.candidates.iter().map(|(kind, _)| {
                let value = value(*kind).map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
                format!("{} {value}", model_name(*kind))
            });
            shown.collect::<Vec<_>>().join(", ")
        };
        let held_out = self.holdout.as_ref().filter(|holdout| holdout.ln_likelihood_of(chosen).is_some());
        Some(match held_out {
            Some(holdout) => Note::new("ltv_chosen_by_holdout")
                .with("model", model_name(chosen))
                .with("days", holdout.days)
                .with(
                    "values",
                    values(&|kind| {
                        let unit = holdout.repeats as f64 * libm::log(days);
                        holdout.ln_likelihood_of(kind).map(|value| value + unit)
                    }),
                ),
            None => Note::new("ltv_chosen_in_sample").with("model", model_name(chosen)).with(
                "values",
                values(&|kind| self.fitted.of(kind).map(|fit| fit.ln_likelihood_in_unit(days))),
            ),
        })
    }
}

fn no_fit(why: &NoFit, population: &Population) -> Alert {
    let customers = population.len();
    match why {
        NoFit::NoCustomers => error("no_customers", Note::new("ltv_no_customers")),
        NoFit::NoRepeaters => {
            error("no_repeaters", Note::new("ltv_no_repeaters").with("customers", customers)).of(0.0, None)
        }
        NoFit::NoTime => error("one_day", Note::new("ltv_one_day").with("customers", customers)),
        NoFit::Numbers => error("not_fitted", Note::new("ltv_not_fitted").with("customers", customers)),
    }
}

fn flat(model: &str, parameter: &str) -> Alert {
    let note = Note::new("ltv_flat_parameter").with("model", model).with("parameter", parameter);
    info("flat_parameter", note)
}

fn boundary(model: &str, parameter: &str, value: f64) -> Alert {
    let note = Note::new("ltv_boundary_parameter").with("model", model).with("parameter", parameter);
    warning("boundary_parameter", note.with("value", significant(value))).of(value, None)
}

fn not_converged(model: &str, gradient: f64) -> Alert {
    let note = Note::new("ltv_not_converged").with("model", model).with("gradient", significant(gradient));
    warning("not_converged", note).of(gradient, Some(0.0))
}

fn error(id: &str, note: Note) -> Alert {
    Alert::new(id, Severity::Error, note)
}

fn warning(id: &str, note: Note) -> Alert {
    Alert::new(id, Severity::Warning, note)
}

fn info(id: &str, note: Note) -> Alert {
    Alert::new(id, Severity::Info, note)
}

fn money(value: f64) -> String {
    format!("{value:.2}")
}

fn rounded(value: f64) -> String {
    if value < 1e6 { format!("{value:.0}") } else { significant(value) }
}

/// 0.35 is `35 %`, 0.985 is `98.5 %`.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1000.0).round() / 10.0)
}

fn significant(value: f64) -> String {
    format!("{value:.3e}")
}
