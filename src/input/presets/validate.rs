//! What must hold of every preset, beyond the schema: names that exist, formulas that can be read, sections that its kind
//! needs. The same for ours and for the user's; a fault is told with file and key.

use super::names::ColumnName;
use super::{Alternative, Grain, Kind, Preset, Source, StatusMatch};
use crate::error::{Error, Result, nearest};
use crate::input::columns::{key, vocabulary};
use crate::input::formula::{Formula, Type};

/// Columns of which a formula must give a number.
const MONEY: &[&str] = &["amount", "quantity", "unit_price", "unit_cost", "discount"];

/// Refuses a preset that cannot mean what it says. `shown` names the file.
pub(super) fn validate(preset: &Preset, shown: &str) -> Result<()> {
    let check = Check { preset, shown, header: preset.header.iter().map(|name| key(name)).collect() };
    check.names()?;
    check.header()?;
    check.fingerprint()?;
    check.columns()?;
    check.status()?;
    check.amounts()?;
    check.rules()?;
    check.items()
}

/// Canonical columns that a preset of this kind may fill.
pub fn canonical_columns(kind: Kind) -> Vec<&'static str> {
    vocabulary(kind.frame()).iter().map(|column| column.name).collect()
}

struct Check<'a> {
    preset: &'a Preset,
    shown: &'a str,
    /// Keys of the preset's own columns.
    header: Vec<String>,
}

impl Check<'_> {
    fn fault<T>(&self, at: &str, why: impl Into<String>, hint: Option<String>) -> Result<T> {
        Err(Error::Config { at: format!("{}: {at}", self.shown), why: why.into(), hint })
    }

    fn names(&self) -> Result<()> {
        let preset = self.preset;
        for (at, word) in [("id", &preset.id), ("platform", &preset.platform)] {
            let is_snake_case = word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !is_snake_case {
                let why = format!("{word:?} is not in snake_case");
                return self.fault(at, why, Some("small letters, digits and _, a letter first".into()));
            }
        }
        if ["auto", "none"].contains(&preset.id.as_str()) {
            return self.fault("id", format!("{:?} is a word of --preset", preset.id), None);
        }
        for (at, name) in [("name.en", &preset.name.en), ("name.zh", &preset.name.zh)] {
            if name.trim().is_empty() {
                return self.fault(at, "is empty", None);
            }
        }
        if let Some(zone) = &preset.time_zone
            && zone.parse::<chrono_tz::Tz>().is_err()
        {
            let near = nearest(zone, chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name()));
            return self.fault("time_zone", format!("{zone:?} is no time zone"), did_you_mean(&near));
        }
        Ok(())
    }

    fn header(&self) -> Result<()> {
        if self.preset.header.is_empty() {
            return self.fault("header", "lists no column", None);
        }
        // An empty name is one that the platform writes: a comma at the end of the line.
        Ok(())
    }

    /// A column that the preset names must be one of its header.
    fn column(&self, at: &str, name: &str) -> Result<()> {
        let wanted = ColumnName::new(name);
        let own = key(name);
        if self.header.iter().any(|known| *known == own || wanted.is(known)) {
            return Ok(());
        }
        // A header may have a `*` itself, for names that every shop gives otherwise.
        let fits = |known: &&String| known.contains('*') && ColumnName::new(known).is(&own);
        if self.preset.header.iter().any(|known| fits(&known)) {
            return Ok(());
        }
        let near = nearest(name, self.preset.header.iter().map(String::as_str));
        let hint = did_you_mean(&near).unwrap_or_else(|| "add it to header if the export has it".into());
        self.fault(at, format!("column {name:?} is not in header"), Some(hint))
    }

    fn fingerprint(&self) -> Result<()> {
        let print = &self.preset.fingerprint;
        if print.required.is_empty() && print.any_of.is_empty() {
            let hint = "without either every file would be this export".to_owned();
            return self.fault("fingerprint", "has neither required nor any_of", Some(hint));
        }
        for name in &print.required {
            self.column("fingerprint.required", name)?;
        }
        for (index, group) in print.any_of.iter().enumerate() {
            let at = format!("fingerprint.any_of[{index}]");
            if group.is_empty() {
                return self.fault(&at, "is empty: nothing could fit", None);
            }
            for name in group {
                self.column(&at, name)?;
            }
        }
        for name in &print.distinctive {
            self.column("fingerprint.distinctive", name)?;
        }
        for name in &print.forbidden {
            let forbidden = ColumnName::new(name);
            if self.header.iter().any(|known| forbidden.is(known)) {
                let why = format!("column {name:?} is in header: the export would not be recognised");
                return self.fault("fingerprint.forbidden", why, None);
            }
        }
        Ok(())
    }

    fn columns(&self) -> Result<()> {
        let known = canonical_columns(self.preset.kind);
        for (canonical, source) in &self.preset.columns {
            let at = format!("columns.{canonical}");
            if !known.contains(&canonical.as_str()) {
                let near = nearest(canonical, known.iter().copied());
                let hint = did_you_mean(&near).unwrap_or_else(|| format!("known: {}", known.join(", ")));
                let why = format!("is no canonical column of a preset of kind {}", self.preset.kind.key());
                return self.fault(&at, why, Some(hint));
            }
            self.source(&at, source)?;
        }
        let required: &[&str] = match self.preset.kind {
            Kind::Orders | Kind::Lines | Kind::Payments | Kind::Refunds => &["order_id"],
            Kind::Events => &["event", "at"],
            Kind::Spend => &["amount"],
            Kind::Members => &["customer_id"],
        };
        match required.iter().find(|canonical| !self.preset.columns.contains_key(**canonical)) {
            Some(canonical) => {
                let why = format!("a preset of kind {} needs {canonical}", self.preset.kind.key());
                self.fault("columns", why, Some(format!("{canonical} = \"COLUMN\"")))
            }
            None => Ok(()),
        }
    }

    fn source(&self, at: &str, source: &Source) -> Result<()> {
        if source.0.is_empty() {
            return self.fault(at, "lists no alternative", None);
        }
        for alternative in &source.0 {
            match alternative {
                Alternative::Column(name) => self.column(at, name)?,
                Alternative::Formula { formula } => {
                    let result = self.formula(at, formula)?.result();
                    let is_money = MONEY.iter().any(|canonical| at.ends_with(canonical));
                    if is_money && result == Type::Flag {
                        return self.fault(at, "is true or false, and no number", None);
                    }
                }
                Alternative::Constant { constant } if constant.trim().is_empty() => {
                    return self.fault(at, "is an empty constant", None);
                }
                Alternative::Constant { .. } => {}
            }
        }
        Ok(())
    }

    fn formula(&self, at: &str, text: &str) -> Result<Formula> {
        let formula = Formula::parse(text, &format!("{}: {at}", self.shown))?;
        for name in formula.columns() {
            self.column(at, name)?;
        }
        Ok(formula)
    }

    /// A formula that is true or false of a row.
    fn flag(&self, at: &str, text: &str) -> Result<()> {
        match self.formula(at, text)?.result() {
            Type::Flag => Ok(()),
            Type::Number | Type::Text => {
                let hint = "compare it: a = b, a > 0, a contains 'x', a is present".to_owned();
                self.fault(at, format!("{text:?} is not true or false"), Some(hint))
            }
        }
    }

    fn status(&self) -> Result<()> {
        let Some(status) = &self.preset.status else { return Ok(()) };
        if status.column.is_empty() {
            return self.fault("status.column", "names no column", None);
        }
        for name in &status.column {
            self.column("status.column", name)?;
        }
        for name in &status.detail {
            self.column("status.detail", name)?;
        }
        let classes = [
            ("paid", &status.paid),
            ("refunded", &status.refunded),
            ("unpaid", &status.unpaid),
            ("cancelled", &status.cancelled),
            ("refund_rows", &status.refund_rows),
            ("ignored", &status.ignored),
        ];
        let mut seen: Vec<((String, Option<String>), &str)> = Vec::new();
        for (class, words) in classes {
            for word in words {
                let (text, detail) = match word {
                    StatusMatch::Status(text) => (text, None),
                    StatusMatch::WithDetail([text, detail]) => (text, Some(detail)),
                };
                let at = format!("status.{class}");
                if text.trim().is_empty() || detail.is_some_and(|detail| detail.trim().is_empty()) {
                    return self.fault(&at, "holds an empty word", None);
                }
                if detail.is_some() && status.detail.is_empty() {
                    return self.fault(
                        &at,
                        format!("{text:?} has a detail, and status.detail names no column"),
                        None,
                    );
                }
                let found = (key(text), detail.map(|detail| key(detail)));
                if let Some((_, other)) =
                    seen.iter().find(|(known, other)| *known == found && *other != class)
                {
                    return self.fault(&at, format!("{text:?} is in status.{other} as well"), None);
                }
                seen.push((found, class));
            }
        }
        Ok(())
    }

    fn amounts(&self) -> Result<()> {
        let kind = self.preset.kind;
        match (&self.preset.amounts, kind.is_orders()) {
            (None, true) => {
                let why = format!("a preset of kind {} needs it", kind.key());
                let hint = "refunds = \"net\", \"gross\", \"rows\", \"status\" or \"none\"".to_owned();
                self.fault("amounts", why, Some(hint))
            }
            (Some(amounts), true) => match &amounts.line_amount {
                Some(source) => self.source("amounts.line_amount", source),
                None => Ok(()),
            },
            (Some(_), false) if kind != Kind::Refunds => {
                self.fault("amounts", format!("a preset of kind {} has none", kind.key()), None)
            }
            _ => Ok(()),
        }
    }

    /// Identity, drop rules and the key.
    fn rules(&self) -> Result<()> {
        if let Some(identity) = &self.preset.identity {
            self.flag("identity.equation", &identity.equation)?;
            if !(0.0..=1.0).contains(&identity.least) {
                let why = format!("{} is not a share between 0 and 1", identity.least);
                return self.fault("identity.least", why, None);
            }
        }
        for (index, rule) in self.preset.drop.iter().enumerate() {
            self.flag(&format!("drop[{index}].when"), &rule.when)?;
        }
        for name in &self.preset.key {
            self.column("key", name)?;
        }
        Ok(())
    }

    fn items(&self) -> Result<()> {
        let is_wide = self.preset.grain == Grain::OrderWideItems;
        let Some(items) = &self.preset.items else {
            if is_wide {
                return self.fault("items", "a preset of grain order_wide_items needs it", None);
            }
            return Ok(());
        };
        if !is_wide {
            let hint = Some("grain = \"order_wide_items\"".to_owned());
            return self.fault(
                "items",
                format!("a preset of grain {} has none", self.preset.grain.key()),
                hint,
            );
        }
        let known = canonical_columns(self.preset.kind);
        for (canonical, name) in &items.columns {
            let at = format!("items.columns.{canonical}");
            if !known.contains(&canonical.as_str()) {
                let near = nearest(canonical, known.iter().copied());
                return self.fault(&at, "is no canonical column", did_you_mean(&near));
            }
            if !name.contains("{n}") {
                let hint = Some(
                    "Product Item {n} Name, for Product Item 1 Name, Product Item 2 Name, ...".to_owned(),
                );
                return self.fault(&at, format!("{name:?} has no {{n}}"), hint);
            }
            self.column(&at, &name.replace("{n}", "1"))?;
        }
        Ok(())
    }
}

fn did_you_mean(near: &[String]) -> Option<String> {
    (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
}
