//! Whole files through the rows layer: verdicts, accounts, dates, ids, `--where`, Parquet beside CSV, threads.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use proptest::prelude::*;

use polars::prelude::*;

use super::super::verdict::Verdict;
use super::*;

/// A sink that keeps every row, by place.
#[derive(Default)]
struct Rows(Mutex<BTreeMap<(usize, u64), Row>>);

#[derive(Debug, Clone, PartialEq)]
struct Row {
    verdict: Verdict,
    customer: Option<String>,
    order: Option<String>,
    at_us: Option<i64>,
    amount: Option<i64>,
    net: Option<i64>,
    units: Option<i64>,
    attributes: Vec<Option<String>>,
}

impl RowSink for Rows {
    fn push(&self, batch: RowBatch) -> Result<()> {
        let mut rows = self.0.lock().unwrap();
        for i in 0..batch.verdicts.len() {
            let row = Row {
                verdict: batch.verdicts[i],
                customer: batch.customer_id.0.get(i).map(str::to_owned),
                order: batch.order_id.as_ref().and_then(|ids| ids.0.get(i)).map(str::to_owned),
                at_us: batch.at_us[i],
                amount: batch.amount_e4[i],
                net: batch.net_e4[i],
                units: batch.units_e4.as_ref().map(|units| units[i]),
                attributes: batch.attributes.iter().map(|text| text.0.get(i).map(str::to_owned)).collect(),
            };
            assert_eq!(rows.insert((batch.file, batch.rows.get(i)), row), None, "a row came twice");
        }
        Ok(())
    }
}

/// A sink that keeps the rows in use, sorted.
#[derive(Default)]
struct Orders(Mutex<Vec<Order>>);

/// Customer, order, moment, net, refund.
type Order = (String, Option<String>, i64, i64, i64);

impl OrderSink for Orders {
    fn push(&self, batch: OrderBatch) -> Result<()> {
        let n = batch.at_us.len();
        assert!(n > 0 && [batch.net_e4.len(), batch.refund_e4.len(), batch.customer_id.0.len()] == [n; 3]);
        let mut rows = self.0.lock().unwrap();
        for i in 0..n {
            let order = batch.order_id.as_ref().map(|ids| ids.0.get(i).unwrap().to_owned());
            rows.push((
                batch.customer_id.0.get(i).unwrap().to_owned(),
                order,
                batch.at_us[i],
                batch.net_e4[i],
                batch.refund_e4[i],
            ));
        }
        Ok(())
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn parquet(&self, name: &str, mut frame: DataFrame) -> String {
        let path: PathBuf = self.0.path().join(name);
        ParquetWriter::new(File::create(&path).unwrap()).finish(&mut frame).unwrap();
        path.to_string_lossy().into_owned()
    }
}

fn options(paths: &[String]) -> InputOptions {
    InputOptions { paths: paths.to_vec(), threads: 2, ..InputOptions::default() }
}

fn rows_of(options: InputOptions, wanted: &Wanted) -> Result<(Vec<Row>, ReadSummary)> {
    let inputs = Inputs::open(Frame::Orders, options)?;
    let (rows, summary) = inputs.read_rows(wanted, Rows::default)?;
    Ok((rows.0.into_inner().unwrap().into_values().collect(), summary))
}

fn orders_of(options: InputOptions) -> Result<(Vec<Order>, ReadSummary)> {
    let inputs = Inputs::open(Frame::Orders, options)?;
    let (orders, summary) = inputs.read_orders(&Wanted::default(), Orders::default)?;
    let mut orders = orders.0.into_inner().unwrap();
    orders.sort();
    Ok((orders, summary))
}

fn us(text: &str) -> i64 {
    super::super::values::dates::parse_moment(text, false).unwrap()
}

const EVERY_VERDICT: &str = "\
customer_id,ordered_at,amount,refund_amount,paid_at,order_id,note
a,2024-01-02,10,,2024-01-02,1,used
a,2024-01-02,10,1,2024-01-02,1,overlong,more
,bad,bad,bad,,1,no customer
a,,bad,bad,,1,no date
a,bad,,bad,,1,bad date
a,2024-01-02,-,bad,,1,no amount
a,2024-01-02,bad,bad,,1,bad amount
a,2099-01-02,10,bad,,1,bad refund
a,2099-01-02,10,1,-,1,not paid
a,2099-01-02,10,1,2024-01-02,1,after as_of
a,2023-12-31,10,1,2024-01-02,1,before since
a,2024-03-01,10,1,2024-01-02,1,after until
a,2024-01-03,5,1,2024-01-02,1,where
b,2024-01-04 10:00,-20,,2024-01-02,,used
";

fn every_verdict(folder: &Folder) -> InputOptions {
    InputOptions {
        filter: Some("note <> 'where'".into()),
        as_of_us: Some(us("2024-06-01")),
        since_us: Some(us("2024-01-01")),
        until_us: Some(us("2024-02-01")),
        ..options(&[folder.write("orders.csv", EVERY_VERDICT)])
    }
}

#[test]
fn a_row_is_counted_under_the_first_reason_that_holds() {
    let folder = Folder::new();
    let wanted = Wanted { customers: true, attributes: vec!["note".into()], ..Wanted::default() };
    let (rows, summary) = rows_of(every_verdict(&folder), &wanted).unwrap();
    for row in &rows {
        let note = row.attributes[0].as_deref().unwrap();
        let expected = match note {
            "used" => "used",
            "overlong" => "more fields than the header",
            "no customer" => "missing customer_id",
            "no date" => "missing ordered_at",
            "bad date" => "invalid ordered_at",
            "no amount" => "missing amount",
            "bad amount" => "invalid amount",
            "bad refund" => "invalid refund_amount",
            "not paid" => "not paid (paid_at is empty)",
            other => other,
        };
        assert_eq!(row.verdict.reason(), expected, "{row:?}");
    }
    let account = &summary.account;
    assert_eq!((account.rows_read, account.rows_used), (14, 2));
    let reasons: Vec<&str> = account.dropped.iter().map(|(reason, _)| reason.as_str()).collect();
    let others = ["invalid quantity", "invalid unit_price", "masked customer_id", "not paid (status)"];
    let in_order: Vec<&str> = Verdict::ALL[1..]
        .iter()
        .filter(|v| !v.is_no_sale())
        .map(|v| v.reason())
        .filter(|r| !others.contains(r))
        .collect();
    assert_eq!(reasons, in_order);
    // The observed time ends with the last sound row up to as_of and until, whatever --where keeps.
    assert_eq!(summary.first_at_us, Some(us("2023-12-31")));
    assert_eq!(summary.last_at_us, Some(us("2024-01-04 10:00")));
    // 10 and a refund of 20.
    assert_eq!((summary.net_e4, summary.gross_e4, summary.refund_e4), (-100_000, 100_000, 200_000));
    assert_eq!(summary.bad[1].reason, "invalid ordered_at");
    let place = &summary.bad[1].places[0];
    assert_eq!((place.row, place.column.as_str(), place.value.as_str()), (6, "ordered_at", "bad"));
    assert_eq!(
        super::super::account::one_line(account),
        "orders: 14 rows read, 2 used; dropped 1 more fields than the header, 1 missing customer_id, \
         1 missing ordered_at, 1 invalid ordered_at, 1 missing amount, 1 invalid amount, 1 invalid refund_amount, \
         1 not paid (paid_at is empty), 1 after as_of, 1 before since, 1 after until, 1 where"
    );
}

#[test]
fn too_many_bad_values_are_an_error_that_shows_them() {
    let folder = Folder::new();
    let error = orders_of(every_verdict(&folder)).unwrap_err();
    let Error::BadValues { rows, of, limit, places, .. } = &error else { panic!("{error}") };
    assert_eq!((*rows, *of, limit.as_str(), places.len()), (4, 14, "--max-bad 1%", 1));
    let (orders, _) = orders_of(InputOptions { max_bad: 0.3, ..every_verdict(&folder) }).unwrap();
    assert_eq!(
        orders,
        [
            ("a".into(), Some("1".into()), us("2024-01-02"), 100_000, 0),
            ("b".into(), Some(String::new()), us("2024-01-04 10:00"), -200_000, 200_000),
        ]
    );
    let error = orders_of(InputOptions { max_bad: 0.3, strict: true, ..every_verdict(&folder) }).unwrap_err();
    assert!(matches!(error, Error::BadValues { rows: 7, ref limit, .. } if limit == "--strict"), "{error}");
    let one_bad = folder.write("one.csv", "customer_id,ordered_at,amount\na,2024-01-01,x\nb,2024-01-01,1\n");
    let error = orders_of(options(std::slice::from_ref(&one_bad))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("invalid amount in 1 of 2 rows (--max-bad 1%)\n  {one_bad}:2, column amount: \"x\"")
    );
    assert_eq!(error.hints(), ["--col amount=COLUMN, if the amounts stand in another column"]);
}

#[test]
fn nothing_left_is_an_error_that_says_why() {
    let folder = Folder::new();
    let header = folder.write("header.csv", "customer_id,ordered_at,amount\n");
    assert_eq!(orders_of(options(&[header])).unwrap_err().code(), "empty");
    let none = folder.write("none.csv", "会员名,ordered_at,amount\n,2024-01-01,1\n-,2024-01-01,1\n");
    let error = orders_of(options(&[none])).unwrap_err();
    assert_eq!(error.to_string(), "no rows are left of 2 read\n  2 missing customer_id");
    assert!(error.hints()[0].starts_with("column 会员名 holds no ids"), "{:?}", error.hints());
    let some = folder.write("some.csv", "customer_id,ordered_at,amount\na,2024-01-01,1\n");
    let error =
        orders_of(InputOptions { filter: Some("amount > 5".into()), ..options(&[some]) }).unwrap_err();
    assert_eq!(error.hints(), ["loosen --where"]);
}

#[test]
fn ids_stay_text_and_lose_only_what_surrounds_them() {
    let folder = Folder::new();
    let path = folder.write(
        "ids.csv",
        "customer_id,ordered_at,amount,order_id\n00123 ,2024-01-01,1,=\"007\"\n'00123,2024-01-01,1,\t12\n\" x y \",2024-01-01,1,\nNULL,2024-01-01,1,a\n",
    );
    let (rows, summary) = rows_of(options(&[path]), &Wanted::default()).unwrap();
    let ids: Vec<_> = rows.iter().map(|r| (r.customer.as_deref(), r.order.as_deref())).collect();
    assert_eq!(
        ids,
        [(Some("00123"), Some("007")), (Some("00123"), Some("12")), (Some("x y"), None), (None, Some("a")),]
    );
    assert!(summary.notes.iter().any(|note| note.key == "orders_without_id"));
}

#[test]
fn ids_that_a_spreadsheet_destroyed_stop_the_run() {
    let folder = Folder::new();
    let text = "customer_id,ordered_at,amount,order_id\n\
                a,2024-01-01,1,1.23E+18\na,2024-01-01,1,1.23457E+18\na,2024-01-01,1,1E+10\na,2024-01-01,1,2e+15\na,2024-01-01,1,A1E+10\na,2024-01-01,1,12.5E+10\na,2024-01-01,1,1.5E18\na,2024-01-01,1,1E18\n";
    let error = orders_of(options(&[folder.write("a.csv", text)])).unwrap_err();
    let Error::Unsound { what, places, .. } = &error else { panic!("{error}") };
    assert_eq!(
        what,
        "order_id is destroyed (a number such as 1.23E+18) in 5 rows: different ids have become one"
    );
    assert_eq!(
        places.iter().map(|p| (p.row, p.value.as_str())).collect::<Vec<_>>(),
        [(2, "1.23E+18"), (3, "1.23457E+18"), (4, "1E+10"),]
    );
    // check reads on.
    assert_eq!(
        rows_of(options(&[folder.write("b.csv", text)]), &Wanted::default()).unwrap().1.destroyed[0].rows,
        5
    );
    // Floats of a Parquet file: exact up to 2^53.
    let float = |id: f64| {
        df! { "customer_id" => [Some(id), None], "ordered_at" => ["2024-01-01", "2024-01-01"], "amount" => [1.0, 2.0] }.unwrap()
    };
    let (rows, _) =
        rows_of(options(&[folder.parquet("f.parquet", float(17850.0))]), &Wanted::default()).unwrap();
    assert_eq!(rows.iter().map(|r| r.customer.as_deref()).collect::<Vec<_>>(), [Some("17850"), None]);
    let error = orders_of(options(&[folder.parquet("g.parquet", float(1.234567890123456e18))])).unwrap_err();
    assert_eq!(error.code(), "unsound");
}

#[test]
fn the_day_month_order_is_found_out_or_asked_for() {
    let folder = Folder::new();
    let csv = |name: &str, dates: &[&str]| {
        let rows: String = dates.iter().map(|date| format!("a,{date},1\n")).collect();
        folder.write(name, &format!("customer_id,ordered_at,amount\n{rows}"))
    };
    let first = |options: InputOptions| {
        rows_of(options, &Wanted::default()).map(|(rows, s)| (rows[0].at_us.unwrap(), s))
    };
    let day_first = csv("d.csv", &["5/6/2011", "13/6/2011", "1/2/2011"]);
    let (at, summary) = first(options(std::slice::from_ref(&day_first))).unwrap();
    assert_eq!(at, us("2011-06-05"));
    assert_eq!(summary.notes[0].key, "dates_day_first");
    assert_eq!(
        summary.files[0].dates.decided_by,
        DecidedBy::Value(Place {
            file: day_first.clone(),
            row: 3,
            column: "ordered_at".into(),
            value: "13/6/2011".into(),
        })
    );
    let month_first = csv("m.csv", &["5/6/2011 8:26", "6/13/2011 8:26"]);
    assert_eq!(first(options(std::slice::from_ref(&month_first))).unwrap().0, us("2011-05-06 08:26"));

    // Undecided: an error, or as the other files say, unless they disagree.
    let open = csv("o.csv", &["5/6/2011", "1/2/2011"]);
    let error = first(options(std::slice::from_ref(&open))).unwrap_err();
    assert!(matches!(&error, Error::AmbiguousDates { example, .. } if example == "5/6/2011"), "{error}");
    let (at, summary) = first(options(&[open.clone(), day_first.clone()])).unwrap();
    assert_eq!((at, &summary.files[0].dates.decided_by), (us("2011-06-05"), &DecidedBy::OtherFiles));
    assert_eq!(
        first(options(&[open.clone(), day_first, month_first])).unwrap_err().code(),
        "ambiguous_dates"
    );
    let given = InputOptions { date_format: Some("mdy".into()), ..options(&[open]) };
    assert_eq!(first(given).unwrap().0, us("2011-05-06"));

    // Far down in the file, behind many rows of one day.
    let mut dates = vec!["1/1/2020"; 3000];
    dates.extend(["2/3/2020", "25/3/2020"]);
    let (_, summary) = first(options(&[csv("far.csv", &dates)])).unwrap();
    assert!(matches!(&summary.files[0].dates.decided_by, DecidedBy::Value(place) if place.row == 3003));
    assert_eq!(summary.last_at_us, Some(us("2020-03-25")));
    // One slip among many does not turn the order round.
    let (_, summary) = first(options(&[csv("slip.csv", &["13/1/2020", "1/13/2020", "14/1/2020"])])).unwrap();
    assert_eq!(summary.bad[0].rows, 1);
    // Days that read the same either way need no order.
    assert_eq!(first(options(&[csv("same.csv", &["5/5/2020", "1/1/2020"])])).unwrap().0, us("2020-05-05"));
    // The text dates of a Parquet file likewise.
    let frame =
        df! { "customer_id" => ["a", "b"], "ordered_at" => ["5/6/2011", "5/13/2011"], "amount" => [1, 2] }
            .unwrap();
    assert_eq!(first(options(&[folder.parquet("t.parquet", frame)])).unwrap().0, us("2011-05-06"));
}

/// The same orders as text and as native types.
fn twins(folder: &Folder) -> [String; 2] {
    let csv = "InvoiceNo,CustomerID,InvoiceDate,Quantity,UnitPrice,Country,Day\n\
               1,17850,2011-12-09 08:26:00,3,2.55,UK,2011-12-09\n\
               C2,17850,2011-12-10 00:00:00,-1,2.55,,2011-12-10\n\
               3,,2011-12-11 23:59:59,7,0.12345,France,2011-12-11\n\
               ,12346,2011-12-12 12:00:00,,1.005,UK,\n\
               5,12346,2011-12-12 12:00:00,2,0.00125,UK,2011-12-12\n";
    let at =
        ["2011-12-09 08:26", "2011-12-10", "2011-12-11 23:59:59", "2011-12-12 12:00", "2011-12-12 12:00"]
            .map(us);
    let days = [Some(9), Some(10), Some(11), None, Some(12)]
        .map(|d| d.map(|d| (us("2011-12-01") / 86_400_000_000) as i32 + d - 1));
    let mut frame = df! {
        "InvoiceNo" => [Some("1"), Some("C2"), Some("3"), None, Some("5")],
        "CustomerID" => [Some(17850_i32), Some(17850), None, Some(12346), Some(12346)],
        "Quantity" => [Some(3_i64), Some(-1), Some(7), None, Some(2)],
        "UnitPrice" => [2.55, 2.55, 0.12345, 1.005, 0.00125],
        "Country" => [Some("UK"), None, Some("France"), Some("UK"), Some("UK")],
    }
    .unwrap();
    let at = Int64Chunked::from_slice("InvoiceDate".into(), &at.map(|us| us * 1000));
    let days = Int32Chunked::from_iter_options("Day".into(), days.into_iter());
    frame
        .hstack_mut(&[
            at.into_datetime(TimeUnit::Nanoseconds, None).into_column(),
            days.into_date().into_column(),
        ])
        .unwrap();
    [folder.write("twin.csv", csv), folder.parquet("twin.parquet", frame)]
}

#[test]
fn csv_and_parquet_give_the_same_rows() {
    let folder = Folder::new();
    let wanted = Wanted {
        customers: true,
        units: true,
        attributes: vec!["Country".into(), "quantity".into()],
        ..Wanted::default()
    };
    for filter in [
        None,
        Some("Quantity > 0"),
        Some("quantity > 0 AND unit_price < 1"),
        Some("UnitPrice = 2.55"),
        Some("amount >= 7.65"),
        Some("InvoiceNo NOT LIKE 'C%'"),
        Some("Country = 'UK' AND InvoiceDate >= '2011-12-10'"),
        Some("customer_id = '17850' OR ordered_at > '2011-12-12 11:00'"),
    ] {
        let [csv, parquet] = twins(&folder).map(|path| {
            rows_of(InputOptions { filter: filter.map(str::to_owned), ..options(&[path]) }, &wanted).unwrap()
        });
        assert_eq!(csv.0, parquet.0, "{filter:?}");
        let account = |summary: &ReadSummary| {
            (summary.account.rows_used, summary.account.dropped.clone(), summary.net_e4)
        };
        assert_eq!(account(&csv.1), account(&parquet.1), "{filter:?}");
    }
    let (rows, summary) = rows_of(options(&twins(&folder)[1..]), &wanted).unwrap();
    assert_eq!(rows[0].amount, Some(76_500));
    // 7 x 0.12345 = 0.86415, half away from zero; rounded rows that are in use are counted.
    assert_eq!(rows[2].amount, Some(8_642));
    assert_eq!(rows[4].amount, Some(25));
    assert_eq!(rows[3].verdict, Verdict::MissingAmount);
    assert_eq!(summary.net_e4, 76_500 - 25_500 + 25);
    assert!(summary.notes.iter().all(|note| note.key != "amounts_rounded"));
}

#[test]
fn columns_of_every_native_type() {
    let folder = Folder::new();
    let frame = df! {
        "customer_id" => [Some(1_u64), Some(u64::MAX), None],
        "order_id" => [Some(true), None, Some(false)],
        "amount" => [1.5_f32, 2.55, 1e30],
        "refund_amount" => [Some(-1_i8), None, Some(0)],
        "ordered_at" => [20111209_i64, 1_323_420_600, 1_323_420_600_000],
    }
    .unwrap();
    let (rows, summary) =
        rows_of(options(&[folder.parquet("n.parquet", frame)]), &Wanted::default()).unwrap();
    assert_eq!(rows[0].customer.as_deref(), Some("1"));
    assert_eq!(rows[1].customer.as_deref(), Some("18446744073709551615"));
    assert_eq!((rows[0].amount, rows[0].net, rows[1].net), (Some(15_000), Some(5_000), Some(25_500)));
    assert_eq!(
        (rows[0].at_us, rows[1].at_us, rows[2].at_us),
        (Some(us("2011-12-09")), Some(us("2011-12-09 08:50")), Some(us("2011-12-09 08:50")))
    );
    assert_eq!(rows[2].verdict, Verdict::MissingCustomer);
    assert!(summary.notes.iter().any(|note| note.key == "refunds_negative"));

    let shanghai = TimeZone::opt_try_new(Some("Asia/Shanghai")).unwrap();
    let at = Int64Chunked::from_slice("ordered_at".into(), &[us("2011-12-09 08:50")])
        .into_datetime(TimeUnit::Microseconds, shanghai);
    let units = Int128Chunked::from_slice("amount".into(), &[-123_456]).into_decimal_unchecked(18, 3);
    let mut frame = df! { "customer_id" => ["x"], "day" => ["d"] }.unwrap();
    frame.hstack_mut(&[at.into_column(), units.into_column()]).unwrap();
    let path = folder.parquet("z.parquet", frame);
    let (rows, summary) = rows_of(options(std::slice::from_ref(&path)), &Wanted::default()).unwrap();
    // A wall time with its zone stays what it is, unless another zone is asked for.
    assert_eq!((rows[0].at_us, rows[0].net), (Some(us("2011-12-09 16:50")), Some(-1_234_560)));
    assert_eq!((summary.gross_e4, summary.refund_e4), (0, 1_234_560));
    let (rows, _) =
        rows_of(InputOptions { tz: Some(chrono_tz::UTC), ..options(&[path]) }, &Wanted::default()).unwrap();
    assert_eq!(rows[0].at_us, Some(us("2011-12-09 08:50")));
}

#[test]
fn attributes_and_where_know_the_columns() {
    let folder = Folder::new();
    let path =
        folder.write("a.csv", "customer_id,ordered_at,amount,Country,门店,店铺\na,2024-01-01,1,UK,x,y\n");
    let wanted = |name: &str| Wanted { customers: true, attributes: vec![name.into()], ..Wanted::default() };
    let error = rows_of(options(std::slice::from_ref(&path)), &wanted("country")).unwrap_err();
    assert_eq!((error.code(), error.hints()[0].as_str()), ("unknown_name", "did you mean Country?"));
    assert_eq!(
        rows_of(options(std::slice::from_ref(&path)), &wanted("store")).unwrap_err().code(),
        "ambiguous_column"
    );
    assert_eq!(
        rows_of(
            options(std::slice::from_ref(&path)),
            &Wanted { customers: true, units: true, attributes: vec![], ..Wanted::default() }
        )
        .unwrap_err()
        .code(),
        "missing_column"
    );
    let open = |filter: &str| {
        let options = InputOptions { filter: Some(filter.into()), ..options(std::slice::from_ref(&path)) };
        Inputs::open(Frame::Orders, options).map(|_| ())
    };
    assert!(open("Country = 'UK' AND 门店 = 'x'").is_ok());
    assert!(open("country = 'UK'").unwrap_err().to_string().contains("did you mean Country?"));
    assert_eq!(open("store = 'x'").unwrap_err().code(), "ambiguous_column");
    assert!(open("Country > 1").unwrap_err().to_string().contains("column Country is text"));
    // Some files have the column and some do not: null for an attribute, an error for --where.
    let other = folder.write("b.csv", "customer_id,ordered_at,amount,order_id\nb,2024-01-01,1,7\n");
    let (rows, _) = rows_of(options(&[path.clone(), other.clone()]), &wanted("Country")).unwrap();
    assert_eq!(rows.iter().map(|r| r.attributes[0].as_deref()).collect::<Vec<_>>(), [Some("UK"), None]);
    let (orders, _) = orders_of(options(&[path, other])).unwrap();
    assert_eq!(orders.iter().map(|o| o.1.as_deref()).collect::<Vec<_>>(), [Some(""), Some("7")]);
}

#[test]
fn a_late_surprise_in_the_encoding_starts_over_with_a_fresh_sink() {
    let folder = Folder::new();
    let mut bytes = b"customer_id,ordered_at,amount,city\n".to_vec();
    for i in 0..40_000 {
        bytes.extend(format!("c{i},2024-01-01,1,ascii\n").bytes());
    }
    bytes.extend(b"z,2024-01-01,1,\xd6\xd0\xb9\xfa\n");
    let path = folder.0.path().join("late.csv");
    std::fs::write(&path, &bytes).unwrap();
    let wanted = Wanted { customers: true, attributes: vec!["city".into()], ..Wanted::default() };
    let (rows, summary) = rows_of(options(&[path.to_string_lossy().into_owned()]), &wanted).unwrap();
    assert_eq!((rows.len(), summary.account.rows_used), (40_001, 40_001));
    assert_eq!(rows[40_000].attributes[0].as_deref(), Some("中国"));
}

/// What the rows layer must say of a row, cell by cell and without batches.
fn naive(cells: &[&str; 4]) -> Verdict {
    let [customer, date, amount, paid] = cells;
    match () {
        () if customer.trim().is_empty() => Verdict::MissingCustomer,
        () if date.is_empty() => Verdict::MissingOrderedAt,
        () if date.starts_with('x') => Verdict::InvalidOrderedAt,
        () if amount.is_empty() => Verdict::MissingAmount,
        () if amount.starts_with('x') => Verdict::InvalidAmount,
        () if paid.is_empty() => Verdict::NotPaid,
        () if *date > "2024-06-30" => Verdict::AfterAsOf,
        () if amount.starts_with('-') => Verdict::Where,
        () => Verdict::Used,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_account_is_that_of_a_naive_reading_on_any_number_of_threads(
        rows in proptest::collection::vec((0..4_usize, 0..5_usize, 0..5_usize, 0..3_usize), 1..300),
        cut in 0..300_usize,
    ) {
        let cells: Vec<[&str; 4]> = rows.iter().map(|(c, d, a, p)| [
            ["a", "b", " ", "c3"][*c],
            ["2024-01-01", "2024-06-30", "2024-07-01", "", "x1"][*d],
            ["1.5", "-2", "0", "", "x"][*a],
            ["2024-01-01", "", "y"][*p],
        ]).collect();
        let folder = Folder::new();
        let text = |rows: &[[&str; 4]]| {
            let lines: String = rows.iter().map(|row| row.join(",") + "\n").collect();
            format!("customer_id,ordered_at,amount,paid_at\n{lines}")
        };
        let (head, tail) = cells.split_at(cut.min(cells.len()));
        let whole = vec![folder.write("whole.csv", &text(&cells))];
        let parts = vec![folder.write("1.csv", &text(head)), folder.write("2.csv", &text(tail))];
        let read = |paths: &[String], threads: usize| {
            let options = InputOptions {
                threads,
                as_of_us: Some(us("2024-07-01") - 1),
                filter: Some("amount >= 0".into()),
                ..options(paths)
            };
            rows_of(options, &Wanted::default()).unwrap()
        };
        let (found, summary) = read(&whole, 1);
        let expected: Vec<Verdict> = cells.iter().map(naive).collect();
        prop_assert_eq!(found.iter().map(|row| row.verdict).collect::<Vec<_>>(), expected);
        let sum: u64 = summary.account.dropped.iter().map(|(_, rows)| rows).sum();
        prop_assert_eq!(summary.account.rows_read, summary.account.rows_used + sum);
        prop_assert_eq!(summary.account.rows_read, cells.len() as u64);
        for (paths, threads) in [(&whole, 3), (&parts, 1), (&parts, 3)] {
            let (again, other) = read(paths, threads);
            prop_assert_eq!(&again, &found);
            prop_assert_eq!((&other.account.dropped, other.net_e4, other.last_at_us), (&summary.account.dropped, summary.net_e4, summary.last_at_us));
            if paths.len() == 1 {
                prop_assert_eq!(&other.bad, &summary.bad);
                prop_assert_eq!(&other.missing, &summary.missing);
            }
        }
    }
}
