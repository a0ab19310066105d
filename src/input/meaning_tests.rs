//! Exports of platforms as their presets say they are to be read: statuses, refunds, totals once, drops, checks.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Mutex;

use super::super::presets::PresetChoice;
use super::super::raw::testing::Folder;
use super::super::{Frame, InputOptions, Inputs, ReadSummary, RowBatch, RowSink, Wanted};
use super::*;
use crate::output::report::Reconciliation;

const HEAD: &str = "name = { en = 'Test orders', zh = '测试订单' }\nplatform = 'test'\n\
    confidence = { header = 'high', meaning = 'high' }\nevidence = ''\nheader = []\n\
    fingerprint = { required = ['单号'] }\n";

fn preset(text: &str) -> Arc<Preset> {
    let id = if text.starts_with("id = ") { "" } else { "id = 'test'\n" };
    let kind = if text.contains("kind = '") { "" } else { "kind = 'orders'\n" };
    Arc::new(toml::from_str(&format!("{id}{kind}{HEAD}{text}")).unwrap())
}

/// The columns that most tests have.
const COLUMNS: &str = "[columns]\ncustomer_id = '买家'\norder_id = '单号'\nordered_at = '下单时间'\n\
    paid_at = '付款时间'\nrefund_amount = '退款'\nstatus = '状态'\nproduct_name = '标题'\n";

const STATUS: &str = "[status]\ncolumn = ['状态']\ndetail = ['原因']\npaid = ['已付款,待发货', '交易成功']\n\
    refunded = [['交易关闭', '退款'], '退款成功']\nunpaid = ['待付款']\ncancelled = ['交易关闭', '(锁定)*']\n\
    ignored = ['作废']\n";

#[derive(Debug, Default)]
struct Rows(Mutex<BTreeMap<(usize, u64), Row>>);

/// What became of it, amount and refund.
type Row = (Verdict, Option<i64>, i64);

impl RowSink for Rows {
    fn push(&self, batch: RowBatch) -> Result<()> {
        let mut rows = self.0.lock().unwrap();
        for i in 0..batch.verdicts.len() {
            let row = (batch.verdicts[i], batch.amount_e4[i], batch.refund_amount_e4[i]);
            rows.insert((batch.file, batch.rows.get(i)), row);
        }
        Ok(())
    }
}

struct Read {
    rows: Vec<Row>,
    summary: ReadSummary,
}

impl Read {
    fn reasons(&self) -> Vec<&'static str> {
        self.rows.iter().map(|(verdict, ..)| verdict.reason()).collect()
    }

    /// Units of amount and refund of the rows in use.
    fn used(&self) -> Vec<(i64, i64)> {
        let used = self.rows.iter().filter(|(verdict, ..)| *verdict == Verdict::Used);
        used.map(|(_, amount, refund)| (amount.unwrap() / 10_000, refund / 10_000)).collect()
    }

    fn figures(&self) -> &Reconciliation {
        self.summary.account.reconciliation.as_ref().unwrap()
    }

    fn notes(&self) -> Vec<&'static str> {
        self.summary.notes.iter().map(|note| note.key).collect()
    }
}

fn options(preset: &Arc<Preset>, paths: &[String]) -> InputOptions {
    InputOptions {
        paths: paths.to_vec(),
        threads: 2,
        preset: PresetChoice::Given(preset.clone()),
        ..InputOptions::default()
    }
}

fn try_read(options: InputOptions, customers: bool) -> Result<Read> {
    let inputs = Inputs::open(Frame::Orders, options)?;
    let wanted = Wanted { customers, ..Wanted::default() };
    let (rows, summary) = inputs.read_rows(&wanted, Rows::default)?;
    Ok(Read { rows: rows.0.into_inner().unwrap().into_values().collect(), summary })
}

fn read(preset: &Arc<Preset>, text: &str) -> Read {
    let folder = Folder::new();
    try_read(options(preset, &[folder.put("a.csv", text)]), true).unwrap()
}

fn complaint(result: Result<Read>) -> String {
    let error = result.err().expect("an error");
    std::iter::once(error.to_string()).chain(error.hints()).collect::<Vec<_>>().join(" | ")
}

/// Two formulas for what was paid, as Tmall's.
fn net() -> Arc<Preset> {
    preset(&format!(
        "grain = 'order'\ntime_zone = 'Asia/Shanghai'\nway_out = {{ en = 'tick 买家', zh = '勾选买家' }}\n\
         amounts = {{ refunds = 'net' }}\n\
         identity = {{ equation = '实付 + 退款 = 应付 + 邮费', least = 0.9 }}\n\
         {COLUMNS}amount = {{ formula = '实付 + 退款' }}\n{STATUS}"
    ))
}

const NET: &str = "\
单号,买家,下单时间,付款时间 ,实付,退款,应付,邮费,状态,原因
1,a,2026-06-01 10:00:00,2026-06-01 10:01:00,100,0,90,10,交易成功,
2,a,2026-06-02 10:00:00,2026-06-02 10:01:00,0,50,50,0,交易关闭,退款
3,b,2026-06-03 10:00:00,,0,0,70,0,交易关闭,买家未付款
4,b,2026-06-04 10:00:00,2026-06-04 10:01:00,20,10,30,0,\"已付款，待发货\",
5,c,2026-06-05 10:00:00,2026-06-05 10:01:00,0,40,40,0,交易成功,
6,c,2026-06-05 10:00:00,-,9,0,9,0,待付款,
7,c,2026-06-05 10:00:00,2026-06-05 10:01:00,9,0,9,0,作废,
";

#[test]
fn net_amounts_get_their_refunds_again() {
    let read = read(&net(), NET);
    let unpaid = "not paid (paid_at is empty)";
    assert_eq!(read.reasons(), ["used", "used", unpaid, "used", "used", unpaid, "ignored"]);
    assert_eq!(read.used(), [(100, 0), (50, 50), (30, 10), (40, 40)]);
    let figures = read.figures();
    assert_eq!(
        (figures.orders, figures.gross_e4, figures.refund_e4, figures.net_e4),
        (Some(4), 2_200_000, 1_000_000, 1_200_000)
    );
    let identity = figures.identity.as_ref().unwrap();
    assert_eq!((identity.rows, identity.held, identity.share()), (4, 4, Some(1.0)));
    assert_eq!(figures.unknown_statuses, []);
    assert_eq!(read.summary.account.preset, "test");
    assert_eq!(read.notes(), Vec::<&str>::new());
}

#[test]
fn what_nobody_paid_may_lack_its_time() {
    let text =
        NET.replace("3,b,2026-06-03 10:00:00,,", "3,b,,,").replace("2,a,2026-06-02 10:00:00,", "2,a,,");
    let read = read(&net(), &text);
    assert_eq!(read.reasons()[1..3], ["missing ordered_at", "not paid (paid_at is empty)"]);
    // The first of June: no moment was made up.
    assert_eq!(read.summary.first_at_us.map(|us| us / 86_400_000_000), Some(20_605));
}

#[test]
fn a_net_column_named_by_hand_has_no_refunds_taken_off_again() {
    let folder = Folder::new();
    let path = folder.put("a.csv", NET);
    let by_hand = |given: &[(&str, &str)]| {
        let columns = given.iter().map(|(c, name)| ((*c).to_owned(), (*name).to_owned())).collect();
        try_read(InputOptions { columns, ..options(&net(), std::slice::from_ref(&path)) }, true).unwrap()
    };
    let read = by_hand(&[("amount", "实付")]);
    assert_eq!((read.summary.net_e4, read.notes()), (1_200_000, vec!["amount_net_of_refunds"]));
    let read = by_hand(&[("amount", "应付"), ("refund_amount", "退款")]);
    assert_eq!(read.summary.refund_e4, 1_000_000);
}

#[test]
fn every_way_to_read_it_gives_the_same() {
    let folder = Folder::new();
    let lines: Vec<&str> = NET.lines().collect();
    let mut shuffled = lines[1..].to_vec();
    shuffled.reverse();
    shuffled.swap(1, 4);
    let path = folder.put("b.csv", format!("{}\n{}\n", lines[0], shuffled.join("\n")));
    let cells: Vec<Vec<String>> = NET
        .replace("\"已付款，待发货\"", "已付款，待发货")
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(str::to_owned).collect())
        .collect();
    let column = |(at, name): (usize, &str)| {
        let values: Vec<Option<&str>> =
            cells.iter().map(|row| Some(row[at].as_str()).filter(|cell| !cell.is_empty())).collect();
        let text = Column::new(name.trim().into(), values);
        if (4..8).contains(&at) { text.cast(&DataType::Float64).unwrap() } else { text }
    };
    let columns = lines[0].split(',').enumerate().map(column).collect();
    let mut frame = DataFrame::new_infer_height(columns).unwrap();
    let parquet = folder.path("c.parquet");
    ParquetWriter::new(File::create(&parquet).unwrap()).finish(&mut frame).unwrap();
    let straight = folder.put("a.csv", NET);
    let expected = read(&net(), NET).summary.account;
    for path in [straight, path, parquet] {
        for threads in [1, 4] {
            let options = InputOptions { threads, ..options(&net(), std::slice::from_ref(&path)) };
            let mut account = try_read(options, true).unwrap().summary.account;
            account.files.clone_from(&expected.files);
            assert_eq!(account, expected, "{path}");
        }
    }
}

#[test]
fn an_equation_that_fails_is_told_and_strictly_an_error() {
    let text = NET.replace("100,0,90,10", "100,0,90,11");
    let broken = read(&net(), &text);
    assert_eq!(broken.notes(), ["identity_broken"]);
    assert_eq!(broken.figures().identity.as_ref().unwrap().held, 3);
    let options = InputOptions { strict: true, ..InputOptions::default() };
    let error = broken.summary.judge(&options).unwrap_err();
    assert_eq!(error.code(), "unsound");
    assert!(error.to_string().contains(":2, column 实付 + 退款 = 应付 + 邮费"), "{error}");
    broken.summary.judge(&InputOptions::default()).unwrap();
    read(&net(), NET).summary.judge(&options).unwrap();
}

#[test]
fn unknown_statuses_count_as_paid_and_are_listed() {
    let text = NET.replace(",交易成功,", ",暂停订单,").replace("待付款", "???");
    let read = read(&net(), &text);
    let unknown = &read.figures().unknown_statuses;
    assert_eq!(*unknown, [("暂停订单".to_owned(), 2), ("???".to_owned(), 1)]);
    assert_eq!((read.summary.account.rows_used, read.notes()), (4, vec!["statuses_unknown"]));
    let options = InputOptions { strict: true, ..InputOptions::default() };
    let said = complaint(read.summary.judge(&options).map(|()| read));
    assert!(said.starts_with("unknown status: 暂停订单 (2), ??? (1) in 3 of 7 rows (--strict)"), "{said}");
    assert!(said.contains("column 状态: \"暂停订单\""), "{said}");
}

#[test]
fn without_a_time_of_payment_statuses_decide() {
    let text = NET.replace("付款时间 ", "另一列");
    let read = read(&net(), &text);
    let by_status = "not paid (status)";
    assert_eq!(read.reasons(), ["used", "used", by_status, "used", "used", by_status, "ignored"]);
}

#[test]
fn a_subset_of_columns_is_refused_with_what_to_export() {
    let folder = Folder::new();
    let said = |text: &str, customers: bool| {
        complaint(try_read(options(&net(), &[folder.put("a.csv", text)]), customers))
    };
    let without_amount = said("单号,买家,下单时间,付款时间\n1,a,2026-06-01,2026-06-01\n", true);
    assert!(without_amount.contains("no column for amount (read as: Test orders)"), "{without_amount}");
    assert!(without_amount.contains("with 实付 and 退款 among its columns"), "{without_amount}");
    let without_customer = "单号,下单时间,付款时间,实付,退款\n1,2026-06-01,2026-06-01,5,1\n";
    assert!(said(without_customer, true).ends_with("| tick 买家"));
    let read = try_read(options(&net(), &[folder.put("a.csv", without_customer)]), false).unwrap();
    assert_eq!(read.used(), [(6, 1)]);
    let without_paid = said("单号,买家,下单时间,实付,退款\n1,a,2026-06-01,5,1\n", true);
    assert!(without_paid.contains("付款时间, or with 状态"), "{without_paid}");
}

#[test]
fn gross_amounts_and_refunds_by_status() {
    let gross = |refunds: &str, more: &str| {
        preset(&format!(
            "grain = 'order'\namounts = {{ refunds = '{refunds}' }}\n{COLUMNS}amount = '实付(元)'\n{STATUS}{more}"
        ))
    };
    let text = "\
单号,买家,下单时间,付款时间,实付（元）,退款,状态
1,a,2026-06-01,2026-06-01,100,30,交易成功
2,a,2026-06-02,2026-06-02,50,,退款 成功
3,b,2026-06-03,2026-06-03,70,,交易关闭
4,b,2026-06-03,,70,,交易关闭
5,b,2026-06-03,2026-06-03,7,,(锁定)等待出库
";
    let read_as = |refunds: &str| read(&gross(refunds, ""), text);
    assert_eq!(read_as("gross").used(), [(100, 30), (50, 0), (70, 0), (7, 0)]);
    assert_eq!(read_as("status").used(), [(100, 30), (50, 50), (70, 70), (7, 7)]);
    assert_eq!(read_as("none").used(), [(100, 30), (50, 0), (70, 0), (7, 0)]);
    let without = read(&gross("gross", ""), &text.replace("退款,状态", "x,状态"));
    assert_eq!(without.notes(), ["refunds_not_exported"]);
}

#[test]
fn refunds_may_be_rows() {
    let preset = preset(
        "kind = 'payments'\ngrain = 'payment_event'\nkey = ['单号', '退款单号']\namounts = { refunds = 'rows' }\n\
         [columns]\ncustomer_id = '用户'\norder_id = '单号'\nordered_at = '时间'\namount = '金额'\n\
         refund_amount = '退款金额'\nstatus = '状态'\n\
         [status]\ncolumn = ['状态']\npaid = ['SUCCESS']\nrefund_rows = ['REFUND']\nignored = ['REVOKED']\n",
    );
    let text = "\
时间,单号,用户,状态,金额,退款金额,退款单号
`2026-06-01 10:00:00,`1,`u,`SUCCESS,`10.00,`0.00,`0
`2026-06-01 11:00:00,`1,`u,`REFUND,`0.00,`4.00,`9
`2026-06-01 11:00:00,`1,`u,`refund,`3.00,`,`10
`2026-06-01 11:00:00,`1,`u,`REFUND,`-2.00,`2.00,`11
`2026-06-01 11:00:00,`1,`u,`REVOKED,`-2.00,`2.00,`12
";
    let read = read(&preset, text);
    assert_eq!(read.used(), [(10, 0), (0, 4), (0, 3), (0, 2)]);
    assert_eq!((read.summary.gross_e4, read.summary.net_e4), (100_000, 10_000));
    assert_eq!(read.figures().orders, Some(1));
}

/// Lines of orders with totals on each.
fn repeated(grain: &str, more: &str) -> Arc<Preset> {
    preset(&format!(
        "grain = '{grain}'\namounts = {{ refunds = 'gross'{more} }}\n{COLUMNS}amount = '总额'\nquantity = '件数'\n\
         [[drop]]\nreason = 'gift'\nwhen = \"标题 contains '赠品'\"\n\
         [[drop]]\nreason = 'test'\nwhen = \"模式 = 'Test'\"\n\
         [[drop]]\nreason = 'deleted'\nwhen = \"买家 starts with '(删除)'\"\n"
    ))
}

const REPEATED: &str = "\
单号,买家,下单时间,付款时间,总额,退款,标题,件数
1,a,2026-06-01,2026-06-01,100,10,茶,1
1,a,2026-06-01,2026-06-01,100,10,杯,1
2,b,2026-06-02,2026-06-02,50,,(赠品)勺,1
2,b,2026-06-02,2026-06-02,50,,碗,1
3,b,2026-06-02,2026-06-02,0,,赠品,1
4,(删除)b,2026-06-02,2026-06-02,9,,碗,1
1,a,2026-06-01,2026-06-01,100,10,赠品,1
";

#[test]
fn totals_of_orders_count_once() {
    let read = read(&repeated("line_order_repeated", ""), REPEATED);
    // A gift on the line that holds the total stays for its sake; a rule whose column is not there does nothing.
    assert_eq!(read.reasons(), ["used", "used", "used", "used", "gift", "deleted", "gift"]);
    assert_eq!(read.used(), [(100, 10), (0, 0), (50, 0), (0, 0)]);
    assert_eq!((read.figures().orders, read.figures().net_e4), (Some(2), 1_400_000));
    let of_line = self::read(&repeated("line_order_repeated", ", refund_of_line = true"), REPEATED);
    assert_eq!(of_line.used(), [(100, 10), (0, 10), (50, 0), (0, 0)]);
}

#[test]
fn what_is_kept_is_not_dropped() {
    let folder = Folder::new();
    let mut options = options(&repeated("line_order_repeated", ""), &[folder.put("a.csv", REPEATED)]);
    options.keep = vec![DropReason::Gift];
    let read = try_read(options, true).unwrap();
    assert_eq!(read.reasons()[4..], ["used", "deleted", "used"]);
}

#[test]
fn blank_cells_of_orders_are_filled() {
    let text = "\
单号,买家,下单时间,付款时间,总额,退款,标题,件数
#1,a,2026-06-01,2026-06-01,100,10,茶,1
#1,,,,,,杯,1
#2,b,2026-06-02,2026-06-02,50,,碗,1
#2,,,,,,勺,1
";
    let read = read(&repeated("line_order_blank", ""), text);
    assert_eq!(read.reasons(), ["used"; 4]);
    assert_eq!(read.used(), [(100, 10), (0, 0), (50, 0), (0, 0)]);
}

#[test]
fn the_latest_export_of_an_order_counts() {
    let folder = Folder::new();
    let old = folder.put("1.csv", NET);
    let new = folder.put("2.csv", "单号,买家,下单时间,付款时间,实付,退款,应付,邮费,状态,原因\n1,a,2026-06-01 10:00:00,2026-06-01 10:01:00,0,100,90,10,交易关闭,退款\n");
    let read = try_read(options(&net(), &[old, new]), true).unwrap();
    assert_eq!(read.reasons()[0], "an older state of the order");
    assert_eq!((read.summary.refund_e4, read.figures().orders), (2_000_000, Some(4)));
    assert_eq!(read.notes(), ["orders_superseded"]);
}

#[test]
fn without_a_preset_the_latest_state_counts_when_it_is_asked_for() {
    let folder = Folder::new();
    let old =
        folder.put("a.csv", "order_id,customer_id,ordered_at,amount\n1,a,2026-01-01,10\n2,b,2026-01-01,5\n");
    let new = folder.put("b.csv", "order_id,customer_id,ordered_at,amount\n1,a,2026-01-01,7\n");
    let read = |latest_by: Option<&str>| {
        let options = InputOptions {
            latest_by: latest_by.map(str::to_owned),
            ..crate::input::raw::testing::options(&[&old, &new])
        };
        try_read(options, true).unwrap()
    };
    // Rows of one id may be lines that stand in several files.
    assert_eq!(read(None).used(), [(10, 0), (5, 0), (7, 0)]);
    let latest = read(Some("file"));
    assert_eq!(latest.reasons(), ["an older state of the order", "used", "used"]);
    assert_eq!(latest.used(), [(5, 0), (7, 0)]);
}

#[test]
fn rows_of_totals_are_known_without_a_preset() {
    let folder = Folder::new();
    let text = "序号,customer_id,ordered_at,amount\n1,a,2026-06-01,5\n合计：,,,5\n,Grand Total,,5\n2,total,2026-06-01,7\n3,,2026-06-01,7\n";
    let options = InputOptions { paths: vec![folder.put("a.csv", text)], ..InputOptions::default() };
    let read = try_read(options.clone(), true).unwrap();
    assert_eq!(read.reasons(), ["used", "total row", "total row", "used", "missing customer_id"]);
    assert_eq!((read.summary.account.preset.as_str(), read.figures().orders), ("none", None));
    let keep = vec![DropReason::Total];
    let read = try_read(InputOptions { keep, ..options }, true).unwrap();
    assert_eq!(read.reasons()[1], "missing customer_id");
    // In the customer's column, with a date: the order id that others have is missing.
    let text = "customer_id,ordered_at,amount,order_id\na,2026-06-01,5,1\nTotal,2026-06-02,5,\nTotal,2026-06-02,5,2\n";
    let options = InputOptions { paths: vec![folder.put("b.csv", text)], ..InputOptions::default() };
    assert_eq!(try_read(options, true).unwrap().reasons(), ["used", "total row", "used"]);
}

#[test]
fn masked_customers_are_no_customers() {
    let line = |id: &str| format!("{id},2026-06-01,5\n");
    let read = |masked: usize, whole: usize, customers: bool| {
        let folder = Folder::new();
        let rows = line("138****1234").repeat(masked) + &line("13812345678").repeat(whole);
        let path = folder.put("a.csv", format!("customer_id,ordered_at,amount\n{rows}"));
        try_read(InputOptions { paths: vec![path], ..InputOptions::default() }, customers).unwrap()
    };
    let options = InputOptions::default();
    let few = read(1, 9, true);
    assert_eq!(few.reasons()[0], "masked customer_id");
    few.summary.judge(&options).unwrap();
    let many = read(2, 9, true);
    let said = complaint(many.summary.judge(&options).map(|()| many));
    assert!(said.starts_with("customer_id is masked in 2 of 11 rows"), "{said}");
    let all = read(3, 0, false);
    all.summary.judge(&options).unwrap();
    assert_eq!(all.used(), [(5, 0); 3]);
}

#[test]
fn times_without_an_offset_are_of_the_presets_zone() {
    let folder = Folder::new();
    let path = folder.put("a.csv", NET);
    let last = |tz: Option<chrono_tz::Tz>| {
        let options = InputOptions { tz, ..options(&net(), std::slice::from_ref(&path)) };
        try_read(options, true).unwrap().summary.last_at_us.unwrap()
    };
    let hour = 3_600_000_000;
    assert_eq!(last(None) - last(Some(chrono_tz::UTC)), 8 * hour);
    assert_eq!(last(None), last(Some(chrono_tz::Asia::Shanghai)));
}

#[test]
fn refunds_beside_orders_that_tell_of_them_are_refused() {
    let folder = Folder::new();
    let refunds = preset(
        "id = 'refunds'\nkind = 'refunds'\ngrain = 'refund'\n[columns]\norder_id = '单号'\nordered_at = '完结时间'\n\
         refund_amount = '退款'\n",
    );
    let path = folder.put("r.csv", "单号,完结时间,退款\n1,2026-06-03,4\n");
    let alone = try_read(options(&refunds, std::slice::from_ref(&path)), false).unwrap();
    assert_eq!((alone.used(), alone.summary.net_e4), (vec![(0, 4)], -40_000));
    let mut files = Inputs::open(Frame::Orders, options(&refunds, &[path])).unwrap().files;
    files.extend(Inputs::open(Frame::Orders, options(&net(), &[folder.put("a.csv", NET)])).unwrap().files);
    let raw = files.into_iter().map(|file| file.raw).collect();
    let error = Inputs::of_files(Frame::Orders, InputOptions::default(), raw).unwrap_err();
    assert!(error.to_string().contains("they would be subtracted twice"), "{error}");
}

#[test]
fn other_kinds_are_no_orders() {
    let folder = Folder::new();
    let spend = preset("kind = 'spend'\ngrain = 'spend'\n[columns]\namount = '花费'\n");
    let said = complaint(try_read(options(&spend, &[folder.put("a.csv", "单号,花费\n1,2\n")]), false));
    assert!(said.contains("holds spend, no orders"), "{said}");
}

#[test]
fn statuses_are_compared_as_they_read() {
    let rules: StatusRules = toml::from_str(
        "column = ['s']\npaid = ['已付款,待发货', 'Paid*']\nrefunded = [['关闭', '退款*']]\ncancelled = ['*关闭', '关闭']\n",
    )
    .unwrap();
    let words = StatusWords::new(&rules);
    for (status, detail, class) in [
        ("已付款，待发货", "", Class::Paid),
        (" 已付款, 待发货\t", "x", Class::Paid),
        ("paid in full", "", Class::Paid),
        ("关闭", "退款成功", Class::Refunded),
        ("关闭", "", Class::Cancelled),
        ("交易关闭", "退款成功", Class::Cancelled),
        ("", "", Class::Unknown),
        ("付款", "", Class::Unknown),
    ] {
        assert_eq!(words.class(status, detail), class, "{status} {detail}");
    }
    assert!(is_total(" 合 计 ：") && is_total("Grand Total") && is_total("TOTAL:"));
    assert!(!is_total("总计 5") && !is_total("totals") && !is_total(""));
}
