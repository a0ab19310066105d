//! A synthetic export of every preset, in each of its containers and encodings, read back by the binary as a user would:
//! the canonical rows are the truth that the file was made of, cell by cell.
//!
//! The generator takes from the preset what a file looks like (header, preamble, footer, what stands around cells) and which
//! words its statuses have; what the cells must be for a row to mean something is solved by hand (`solve`), without the
//! program's formulas.

mod draw;
mod expect;
mod file;
mod sales;
mod solve;
mod tables;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use siyu::input::formula::Formula;
use siyu::input::presets::{Grain, Kind, Preset, Presets};

use crate::support::{Run, folder, siyu_in, write};
use draw::{Alphabet, Draw, Fine};
use expect::{Account, Canon};
use file::{Container, Sheet, Variant};
use sales::{Fate, Sale, Told};
use solve::Header;
use tables::Fact;
use value::Value;

/// Presets whose file says too little to be read by itself, and what the program must ask for.
const INCOMPLETE: [(&str, &str); 2] =
    [("taobao_order_detail_legacy", "ordered_at"), ("youzan_lines", "ordered_at")];

#[test]
fn every_preset_reads_what_its_platform_writes() {
    let presets = Presets::built_in();
    let next = AtomicUsize::new(0);
    let only = std::env::var("SIYU_PRESET").ok();
    let faults: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut faults = Vec::new();
            while let Some(preset) = presets.all().get(next.fetch_add(1, Ordering::Relaxed)) {
                if only.as_ref().is_none_or(|only| only.split(',').any(|id| id == preset.id)) {
                    let checked = std::panic::catch_unwind(|| check_preset(preset));
                    faults.extend(
                        checked.unwrap_or_else(|_| vec![format!("{}: a panic, see above", preset.id)]),
                    );
                }
            }
            faults
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// How the platform writes its files, most usual first; then with other columns' order, and under a wrong suffix.
fn variants(preset: &Preset) -> Vec<Variant> {
    let rules = &preset.file;
    let mut all = Vec::new();
    let add = |all: &mut Vec<Variant>, suffix, container| {
        let pattern = match preset.id.as_str() {
            "ga4_bigquery" => "micros",
            "sensors_events" => "millis",
            "mixpanel_export" => "seconds",
            _ if rules.times.is_empty() => "%Y-%m-%d",
            _ => &rules.times[all.len() % rules.times.len()],
        };
        all.push(Variant { suffix, container, pattern: pattern.to_owned(), rearranged: false });
    };
    for container in &rules.containers {
        match container.as_str() {
            "csv" | "tsv" => {
                for encoding in &rules.encodings {
                    let encoding = encoding.as_str();
                    // The csv for Excel in UTF-16 has tabs.
                    let is_tabs = container == "tsv" || encoding == "utf-16le";
                    let delimiter = if is_tabs { '\t' } else { ',' };
                    let suffix = if container == "tsv" { "txt" } else { "csv" };
                    let encoding = ENCODINGS.iter().find(|known| **known == encoding).expect("known");
                    add(&mut all, suffix, Container::Text { encoding, delimiter });
                }
            }
            "xlsx" => {
                add(&mut all, "xlsx", Container::Xlsx { native: false });
                add(&mut all, "xlsx", Container::Xlsx { native: true });
            }
            // Nothing here writes BIFF: a workbook and a page under that name instead.
            "xls" => {
                add(&mut all, "xls", Container::Xlsx { native: true });
                add(&mut all, "xls", Container::Html);
            }
            "ndjson" => {
                add(&mut all, "json", Container::Ndjson);
                add(&mut all, "json", Container::JsonArray);
            }
            "zip" if preset.id == "amplitude_export" => add(&mut all, "zip", Container::ZippedJson),
            "zip" => {
                for encoding in &rules.encodings {
                    let encoding = ENCODINGS.iter().find(|known| *known == encoding).expect("known");
                    add(&mut all, "zip", Container::ZippedText { encoding });
                }
            }
            // GA4's parameters are nested there, which is not read.
            "parquet" if preset.id == "ga4_bigquery" => {}
            "parquet" => add(&mut all, "parquet", Container::Parquet),
            other => panic!("{}: say how {other} is written", preset.id),
        }
    }
    let mut other = all[0].clone();
    other.rearranged = true;
    other.suffix = if other.suffix == "csv" { "xlsx" } else { "csv" };
    all.push(other);
    all
}

const ENCODINGS: [&str; 5] = ["utf-8", "utf-8-bom", "gb18030", "windows-1252", "utf-16le"];

fn alphabet(preset: &Preset, variant: &Variant) -> Alphabet {
    let encoding = match variant.container {
        Container::Text { encoding, .. } | Container::ZippedText { encoding } => encoding,
        _ => "utf-8",
    };
    let is_tsv = matches!(variant.container, Container::Text { delimiter: '\t', .. });
    let copies_lines = preset.grain == Grain::LineOrderBlank;
    Alphabet { western: encoding == "windows-1252", quoting: !is_tsv && !copies_lines }
}

/// What is wrong with any of the preset's files.
fn check_preset(preset: &Preset) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, variant) in variants(preset).iter().enumerate() {
        let folder = folder();
        let mut draw = Draw::new(
            preset
                .id
                .bytes()
                .fold(at as u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte))),
            fine(variant),
            alphabet(preset, variant),
        );
        let case = Case { preset, variant, folder: folder.path(), is_first: at == 0 };
        let told: Vec<String> = match preset.kind {
            Kind::Events | Kind::Spend | Kind::Members => case.check_table(&mut draw),
            _ => case.check_sales(&mut draw),
        };
        let what = format!("{}, {:?}, {}", preset.id, variant.container, variant.pattern);
        faults.extend(told.into_iter().take(3).map(|fault| format!("{what}: {fault}")));
    }
    faults
}

fn fine(variant: &Variant) -> Fine {
    match variant.pattern.as_str() {
        "micros" => Fine::Micros,
        "millis" => Fine::Millis,
        "seconds" => Fine::Seconds,
        // Fractions of a day are no exact seconds' fractions.
        pattern if matches!(variant.container, Container::Xlsx { native: true }) => {
            if Fine::of(pattern) == Fine::Days { Fine::Days } else { Fine::Seconds }
        }
        pattern => Fine::of(pattern),
    }
}

/// One file.
struct Case<'a> {
    preset: &'a Preset,
    variant: &'a Variant,
    folder: &'a Path,
    is_first: bool,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("export.{}", self.variant.suffix)
    }

    /// How a time reads where it is text: a date of a workbook is written out.
    fn time_text(&self) -> &str {
        match self.variant.container {
            Container::Xlsx { native: true } => "%Y-%m-%d %H:%M:%S",
            _ => &self.variant.pattern,
        }
    }

    /// A text as the reader hands it on: what was no text file is one line a row.
    fn read_back(&self, text: &str) -> String {
        match self.variant.container {
            Container::Xlsx { .. } => text.replace('\n', " "),
            Container::Ndjson | Container::JsonArray | Container::ZippedJson => text.replace('\n', " "),
            Container::Html => text.replace(['\n', '\t'], " "),
            _ => text.to_owned(),
        }
    }

    fn convert(&self, more: &[&str]) -> Run {
        let name = self.name();
        siyu_in(self.folder, &[&["convert", &name, "--threads", "2"][..], more].concat())
    }

    fn check_sales(&self, draw: &mut Draw) -> Vec<String> {
        let (preset, told) = (self.preset, Told::by(self.preset));
        let header = Header::new(preset, self.time_text());
        let mut sales = self.sales(&told, &header, draw);
        let cells: Vec<_> =
            sales.iter_mut().map(|sale| (sale.is_first, std::mem::take(&mut sale.cells))).collect();
        self.write(cells, &header, draw);
        let mut flags = Vec::new();
        if let Some((_, lacking)) = INCOMPLETE.iter().find(|(id, _)| *id == preset.id) {
            let run = self.convert(&["-f", "csv"]);
            if run.status != 2 || !run.stderr.contains(lacking) {
                return vec![format!("status {}, not asked for {lacking}: {}", run.status, run.stderr)];
            }
            if preset.id != "youzan_lines" {
                return Vec::new();
            }
            flags = vec!["--col", "ordered_at=交易成功时间"];
        }
        let columns = expect::columns(&told);
        let account = expect::account(&sales);
        let orders = expect::orders(&told, &sales);
        let mut faults = self.compare(&flags, &columns, &orders, &account);
        if preset.grain != Grain::Order && preset.kind != Kind::Refunds && preset.kind != Kind::Payments {
            let lines = expect::lines(&told, &sales);
            let flags = [&flags[..], &["--lines"]].concat();
            if preset.grain != Grain::OrderWideItems {
                faults.extend(self.compare(&flags, &columns, &lines, &account));
            }
        }
        if self.is_first && faults.is_empty() && preset.kind == Kind::Refunds {
            // Refunds alone are no orders: their rows are counted there, not read.
            let account = Account { rows_used: account.rows_read, ..account };
            faults.extend(self.check_figures(&flags, &account, None));
            faults.extend(self.check_parquet(&flags));
        } else if self.is_first && faults.is_empty() {
            // It looks with the eyes of a report about customers, where the file has any.
            if told.has("customer_id") {
                sales.retain(|sale| sale.customer_id.is_some() || matches!(sale.fate, Fate::Left(_)));
            }
            let used = expect::account(&sales).rows_used;
            let account = Account { rows_used: used, ..account };
            faults.extend(self.check_figures(&flags, &account, Some(&expect::sums(&told, &sales))));
            faults.extend(self.check_parquet(&flags));
        }
        faults
    }

    /// The rows of the export in their order, with what its rules drop among them.
    fn sales(&self, told: &Told, header: &Header, draw: &mut Draw) -> Vec<Sale> {
        let preset = self.preset;
        let mut sales = told.sales(preset.header.len(), draw);
        if preset.id == "tmall_refund_report" {
            sales.iter_mut().for_each(|sale| refund_application(sale, draw));
        }
        if preset.id == "taobao_order_detail_legacy" {
            return sales;
        }
        for sale in &mut sales {
            solve::write_sale(header, sale, draw);
            if preset.id == "youzan_lines" {
                header.put(&mut sale.cells, "交易成功时间", Value::Moment(sale.at));
            }
        }
        for rule in 0..preset.drop.len() {
            for _ in 0..2 {
                let known: Vec<&Sale> =
                    sales.iter().filter(|s| s.fate == Fate::Used && s.is_first && !s.is_refund).collect();
                let mut sale = (*draw.pick(&known)).clone();
                sale.order_id = Some(draw.id());
                solve::write_sale(header, &mut sale, draw);
                let sale = solve::dropped(header, rule, &sale, draw);
                let firsts: Vec<usize> = (0..sales.len()).filter(|at| sales[*at].is_first).collect();
                sales.insert(*draw.pick(&firsts), sale);
            }
        }
        sales
    }

    fn check_table(&self, draw: &mut Draw) -> Vec<String> {
        let header = Header::new(self.preset, &self.variant.pattern);
        let mut facts = tables::facts(&header, self.preset.header.len(), draw);
        let cells = facts.iter_mut().map(|fact| (true, std::mem::take(&mut fact.cells))).collect();
        self.write(cells, &header, draw);
        let owned = |row: &BTreeMap<&str, String>| -> Canon {
            row.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        let truth: Vec<Canon> = facts.iter().filter_map(|fact| fact.truth.as_ref().ok()).map(owned).collect();
        let account = Account::of(facts.iter().map(|fact: &Fact| fact.truth.as_ref().err().copied()));
        let mut columns: Vec<String> = tables::columns(self.preset).into_iter().map(str::to_owned).collect();
        columns.sort();
        let mut faults = self.compare(&[], &columns, &truth, &account);
        if self.is_first && faults.is_empty() {
            // Rows that are no orders are counted there, not read.
            let account = Account { rows_used: account.rows_read, ..account };
            faults.extend(self.check_figures(&[], &account, None));
            faults.extend(self.check_table_in_parquet(&columns, &truth));
        }
        faults
    }

    /// Writes the file: cells that no truth is in get something plausible.
    fn write(&self, rows: Vec<(bool, Vec<Option<Value>>)>, header: &Header, draw: &mut Draw) {
        let preset = self.preset;
        let asked = asked_by_rules(preset);
        let is_asked: Vec<bool> =
            (0..preset.header.len()).map(|at| asked.iter().any(|name| header.place(name) == at)).collect();
        let blanks = preset.grain == Grain::LineOrderBlank;
        let rows = rows.into_iter().map(|(is_first, cells)| {
            let cells = cells.into_iter().enumerate().map(|(at, cell)| {
                let name = &preset.header[at];
                let is_order = name != "Name" && !name.starts_with("Lineitem");
                match cell {
                    _ if blanks && !is_first && is_order => Value::Missing,
                    Some(value) => value,
                    None if is_asked[at] => Value::Missing,
                    None => noise(name, draw),
                }
            });
            cells.collect()
        });
        let rows = rows.collect();
        let mut sheet = Sheet { preset, variant: self.variant, header: preset.header.clone(), rows };
        sheet.header.iter_mut().for_each(|name| {
            if let Container::Ndjson | Container::JsonArray = self.variant.container {
                *name = name.trim().to_owned();
            }
        });
        if self.variant.rearranged {
            sheet.rearrange(draw);
        }
        write(self.folder, &self.name(), sheet.bytes(draw));
    }

    /// The canonical file and the account of a run, against the truth.
    fn compare(&self, flags: &[&str], columns: &[String], truth: &[Canon], account: &Account) -> Vec<String> {
        let run = self.convert(&[&["-f", "csv"], flags].concat());
        if run.status != 0 {
            return vec![format!("{flags:?}: status {}: {}", run.status, run.stderr)];
        }
        let mut reader = csv::Reader::from_reader(run.stdout.as_bytes());
        let names: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
        let mut sorted = names.clone();
        sorted.sort();
        if sorted != columns {
            return vec![format!("{flags:?}: columns {sorted:?}, not {columns:?}")];
        }
        let mut faults = Vec::new();
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
        if rows.len() != truth.len() {
            faults.push(format!("{flags:?}: {} rows, not {}: {}", rows.len(), truth.len(), run.stderr));
        }
        for (at, (row, truth)) in rows.iter().zip(truth).enumerate() {
            for (name, cell) in names.iter().zip(row) {
                let wanted = self.read_back(truth.get(name).map_or("", String::as_str));
                if cell != wanted {
                    faults
                        .push(format!("{flags:?}: row {at}: {name} is {cell:?}, not {wanted:?}; {truth:?}"));
                }
            }
        }
        let told = account_of(&run.stderr);
        if told.as_ref() != Some(account) {
            faults.push(format!("{flags:?}: the account is {told:?}, not {account:?}\n{}", run.stderr));
        }
        faults
    }

    /// What `inspect` says of the file as a whole.
    fn check_figures(&self, flags: &[&str], account: &Account, sums: Option<&expect::Sums>) -> Vec<String> {
        let name = self.name();
        let run = siyu_in(self.folder, &[&["inspect", &name, "-f", "json"][..], flags].concat());
        if run.status != 0 {
            return vec![format!("inspect: status {}: {}", run.status, run.stderr)];
        }
        let json = run.json();
        let input = &json["input"][0];
        let mut faults = Vec::new();
        let mut check = |what: &str, told: String, wanted: String| {
            if told != wanted {
                faults.push(format!("inspect: {what} is {told}, not {wanted}"));
            }
        };
        check("preset", input["preset"].as_str().unwrap_or("-").to_owned(), self.preset.id.clone());
        check("rows_read", input["rows_read"].to_string(), account.rows_read.to_string());
        check("rows_used", input["rows_used"].to_string(), account.rows_used.to_string());
        let Some(sums) = sums else { return faults };
        let figures = &input["reconciliation"];
        check("orders", figures["orders"].to_string(), sums.orders.to_string());
        let unknown: u64 = figures["unknown_statuses"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|s| s["rows"].as_u64())
            .sum();
        check("rows of unknown status", unknown.to_string(), sums.unknown.to_string());
        for (name, wanted) in
            [("paid_gross", sums.gross), ("refunds", sums.refunds), ("net", sums.gross - sums.refunds)]
        {
            let told = figures[name].as_f64().unwrap_or(f64::NAN);
            check(name, format!("{:.0}", told * 10_000.0), wanted.to_string());
        }
        if self.preset.identity.is_some() {
            let identity = &figures["identity"];
            let wanted = format!("{0} of {0}", sums.used);
            check("identity", format!("{} of {}", identity["held"], identity["rows"]), wanted);
        }
        faults
    }

    /// The canonical file in Parquet, read without the preset, is the same table.
    fn check_parquet(&self, flags: &[&str]) -> Vec<String> {
        let lines: &[&str] = if flags.contains(&"--lines") { &["--lines"] } else { &[] };
        let text = self.convert(&[&["-f", "csv"], flags].concat());
        let written = self.convert(&[&["-o", "canonical.parquet"], flags].concat());
        if written.status != 0 {
            return vec![format!("to parquet: status {}: {}", written.status, written.stderr)];
        }
        let arguments =
            [&["convert", "canonical.parquet", "--preset", "none", "-f", "csv"][..], lines].concat();
        let again = siyu_in(self.folder, &arguments);
        if again.status != 0 {
            return vec![format!("from parquet: status {}: {}", again.status, again.stderr)];
        }
        // Whose export it was is no column of the vocabulary.
        let mut lines = text.stdout.lines();
        let without = |line: &str| line.rsplit_once(',').map(|(line, _)| line.to_owned());
        for line in again.stdout.lines() {
            let before =
                lines.next().map(|line| if self.ends_row(line) { without(line) } else { Some(line.into()) });
            if before.flatten().as_deref() != Some(line) {
                return vec![format!("by way of parquet: {line}")];
            }
        }
        lines.next().map(|line| format!("not by way of parquet: {line}")).into_iter().collect()
    }

    /// The last cell of a row, which may have several lines, is the platform.
    fn ends_row(&self, line: &str) -> bool {
        line.ends_with(&format!(",{}", self.preset.platform)) || line.ends_with(",platform")
    }

    /// The canonical file of a frame that is not orders.
    fn check_table_in_parquet(&self, columns: &[String], truth: &[Canon]) -> Vec<String> {
        use polars::prelude::*;
        let written = self.convert(&["-o", "canonical.parquet"]);
        if written.status != 0 {
            return vec![format!("to parquet: status {}: {}", written.status, written.stderr)];
        }
        let file = std::fs::File::open(self.folder.join("canonical.parquet")).expect("a file");
        let frame = ParquetReader::new(file).finish().expect("a table");
        let mut names: Vec<String> = frame.get_column_names().iter().map(|name| name.to_string()).collect();
        names.sort();
        if names != columns || frame.height() != truth.len() {
            return vec![format!("in parquet: {names:?} and {} rows", frame.height())];
        }
        let mut faults = Vec::new();
        for (name, column) in columns.iter().filter_map(|name| Some((name, frame.column(name).ok()?))) {
            for (row, truth) in truth.iter().enumerate() {
                let cell = match column.get(row).expect("a row") {
                    AnyValue::Null => String::new(),
                    AnyValue::Datetime(us, ..) => value::iso(us),
                    AnyValue::Decimal(e4, ..) => value::decimal(e4 as i64, 0),
                    other => other.str_value().into_owned(),
                };
                if cell != self.read_back(&truth[name]) {
                    faults.push(format!("in parquet: row {row}: {name} is {cell:?}, not {:?}", truth[name]));
                }
            }
        }
        faults
    }
}

/// A row of a refund report: an application, which succeeded or not.
fn refund_application(sale: &mut Sale, draw: &mut Draw) {
    sale.refund = if sale.is_refund { sale.refund } else { draw.money() };
    (sale.amount, sale.is_refund) = (0, true);
    sale.paid_at = Some(sale.at);
    if sale.has_unknown_status || sale.fate == Fate::Left("ignored") {
        sale.refund = 0;
    } else {
        sale.fate = Fate::Used;
        sale.texts.insert("status", Some("退款成功".into()));
    }
}

/// Columns that formulas and statuses read.
fn asked_by_rules(preset: &Preset) -> Vec<String> {
    let mut texts: Vec<&str> = preset.drop.iter().map(|rule| rule.when.as_str()).collect();
    texts.extend(preset.identity.as_ref().map(|identity| identity.equation.as_str()));
    for source in preset.columns.values() {
        if let siyu::input::presets::Alternative::Formula { formula } = &source.0[0] {
            texts.push(formula);
        }
    }
    let columns = texts
        .into_iter()
        .flat_map(|text| Formula::parse(text, &preset.id).expect("a formula").columns().to_vec());
    columns.collect()
}

/// Something plausible for a column that means nothing to us.
fn noise(name: &str, draw: &mut Draw) -> Value {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if draw.chance(4) {
        return Value::Missing;
    }
    if has(&["金额", "费", "优惠", "总价", "价格", "amount", "price", "total", "tax", "fee", "cost", "花费"])
    {
        Value::Number(draw.money())
    } else if has(&["时间", "日期", "date", "paid at", "created at", "_at"]) {
        Value::Moment(draw.moment())
    } else if has(&["电话", "手机", "phone"]) {
        Value::text("138****1234")
    } else if has(&["姓名", "name"]) {
        Value::text("张**")
    } else if has(&["号", "id"]) {
        Value::text(draw.id())
    } else {
        Value::text(draw.text())
    }
}

/// Reasons as people read them, and as programs do.
const ACCOUNT_WORDS: [(&str, &str); 6] = [
    ("ignored (neither payment nor refund)", "ignored"),
    ("test orders", "test order"),
    ("gifts", "gift"),
    ("links for price differences", "price difference"),
    ("trials", "trial"),
    ("rows of totals", "total row"),
];

/// `orders: 210 rows read, 190 used; dropped 3 gift, 17 not paid (status)`.
fn account_of(stderr: &str) -> Option<Account> {
    let line = stderr.lines().find(|line| line.contains(" rows read, "))?;
    let number = |text: &str| text.replace(',', "").parse::<u64>().ok();
    let (_, line) = line.split_once(": ")?;
    let (read, rest) = line.split_once(" rows read, ")?;
    let (used, rest) = rest.split_once(" used")?;
    let mut account = Account { rows_read: number(read)?, rows_used: number(used)?, ..Account::default() };
    let rest = rest.split_once("; ").map_or("", |(_, rest)| rest);
    for part in rest.split(", ").filter(|part| !part.is_empty()) {
        let part = part.trim_start_matches("dropped ").trim_start_matches("left out: ");
        let (rows, reason) = part.split_once(' ')?;
        let reason = ACCOUNT_WORDS.iter().find(|(word, _)| *word == reason).map_or(reason, |(_, key)| key);
        account.dropped.insert(reason.to_owned(), number(rows)?);
    }
    Some(account)
}
