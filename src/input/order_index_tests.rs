use proptest::prelude::*;

use super::*;
use crate::input::raw::testing::{Folder, options};

const COLUMNS: [&str; 5] = ["order", "part", "store", "changed", "n"];

/// A row: order, part of the id, store, changed.
type Row = (u8, Option<u8>, u8, Option<u8>);

#[derive(Debug, Clone)]
struct File {
    platform: &'static str,
    rows: Vec<Row>,
    parquet: bool,
    has_store: bool,
}

fn cells(row: &Row) -> [String; 4] {
    // Late texts are moments, numbers, words and nothing.
    let changed = match row.3 {
        None => String::new(),
        Some(day @ 0..=9) => format!("2026-06-{:02} 10:00:00", day + 1),
        Some(number @ 10..=15) => number.to_string(),
        Some(word) => format!("v{word}"),
    };
    [
        if row.0 == 0 { String::new() } else { format!("A{}", row.0) },
        row.1.map(|part| part.to_string()).unwrap_or_default(),
        if row.2 == 0 { String::new() } else { format!("s{}", row.2) },
        changed,
    ]
}

fn write(folder: &Folder, at: usize, file: &File) -> String {
    if file.parquet && !file.rows.is_empty() {
        let path = folder.path(&format!("{at}.parquet"));
        let column = |i: usize| -> Column {
            let values: StringChunked = file
                .rows
                .iter()
                .map(|row| Some(cells(row)[i].clone()).filter(|cell| !cell.is_empty()))
                .collect();
            values.with_name(COLUMNS[i].into()).into_column()
        };
        let n: Int64Chunked = (0..file.rows.len() as i64).map(Some).collect();
        let mut columns: Vec<Column> = (0..4).map(column).collect();
        columns.push(n.with_name("n".into()).into_column());
        let mut frame = DataFrame::new(file.rows.len(), columns).unwrap();
        let out = std::fs::File::create(&path).unwrap();
        ParquetWriter::new(out).with_row_group_size(Some(7)).finish(&mut frame).unwrap();
        return path;
    }
    let mut text = COLUMNS.join(",") + "\n";
    for (n, row) in file.rows.iter().enumerate() {
        text.push_str(&format!("{},{n}\n", cells(row).join(",")));
    }
    folder.put(&format!("{at}.csv"), text)
}

fn keys(file: &File, by_value: bool) -> OrderKeys {
    OrderKeys {
        platform: file.platform.into(),
        store: file.has_store.then(|| "store".into()),
        id: vec!["order".into(), "part".into()],
        once: true,
        latest_by: by_value.then(|| "changed".into()),
    }
}

/// (standings by file and row, orders, orders in several files)
type Answer = (Vec<Vec<Standing>>, u64, u64);

fn naive(files: &[File], by_value: bool) -> Answer {
    let name = |file: &File, row: &Row| {
        let cells = cells(row);
        let store = if file.has_store { cells[2].clone() } else { String::new() };
        // The first part names the order; a later one may be empty.
        let is_named = !cells[0].is_empty();
        is_named.then(|| (file.platform, store, cells[0].clone(), cells[1].clone()))
    };
    let rank = |row: &Row| match row.3 {
        None => (0, 0),
        Some(day @ 0..=9) => (3, day),
        Some(number @ 10..=15) => (1, number),
        Some(word) => (2, word),
    };
    let mut held: HashMap<_, BTreeSet<usize>> = HashMap::new();
    let mut best: HashMap<_, ((u8, u8), usize)> = HashMap::new();
    for (at, file) in files.iter().enumerate() {
        for row in &file.rows {
            let Some(name) = name(file, row) else { continue };
            held.entry(name.clone()).or_default().insert(at);
            let value = (if by_value { rank(row) } else { (0, 0) }, at);
            let entry = best.entry(name).or_insert(value);
            *entry = value.max(*entry);
        }
    }
    let mut seen = BTreeSet::new();
    let standings = files.iter().enumerate().map(|(at, file)| {
        let standing = |row: &Row| match name(file, row) {
            None => Standing::First,
            Some(name) if best[&name].1 != at => Standing::Superseded,
            Some(name) if seen.insert(name.clone()) => Standing::First,
            Some(_) => Standing::Further,
        };
        file.rows.iter().map(standing).collect()
    });
    let standings = standings.collect();
    (standings, held.len() as u64, held.values().filter(|files| files.len() > 1).count() as u64)
}

fn indexed(files: &[File], by_value: bool, threads: usize, chunk: usize) -> Answer {
    let folder = Folder::new();
    let paths: Vec<String> = files.iter().enumerate().map(|(at, file)| write(&folder, at, file)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let options = InputOptions { threads, ..options(&paths) };
    let raw = raw::open(&options).unwrap();
    let keys: Vec<_> = files.iter().map(|file| Some(keys(file, by_value))).collect();
    let index = OrderIndex::build_by(chunk, &raw, &keys, &options).unwrap();
    let projection: Vec<Vec<String>> =
        raw.iter().map(|_| COLUMNS.iter().map(|name| (*name).to_owned()).collect()).collect();
    let found: Mutex<Vec<Vec<Standing>>> =
        Mutex::new(files.iter().map(|file| vec![Standing::Superseded; file.rows.len()]).collect());
    raw::scan_by(chunk, &raw, &projection, &options, &|batch| {
        let standings = index.standings(batch.file, &batch)?;
        let numbers = cells::text(&batch.frame.columns()[4])?;
        for (number, standing) in numbers.iter().flatten().zip(standings) {
            found.lock().unwrap()[batch.file][number.parse::<usize>().unwrap()] = standing;
        }
        Ok(())
    })
    .unwrap();
    (found.into_inner().unwrap(), index.orders(), index.superseded_orders())
}

fn file() -> impl Strategy<Value = File> {
    let row = (0..6_u8, prop::option::weighted(0.9, 0..2_u8), 0..2_u8, prop::option::weighted(0.8, 0..20_u8));
    let rows = prop::collection::vec(row, 1..40);
    (prop::sample::select(vec!["tmall", "pdd"]), rows, any::<bool>(), any::<bool>())
        .prop_map(|(platform, rows, parquet, has_store)| File { platform, rows, parquet, has_store })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn standings_are_those_of_a_naive_search(
        files in prop::collection::vec(file(), 1..5),
        by_value in any::<bool>(),
        chunk in 20..400_usize,
    ) {
        let expected = naive(&files, by_value);
        for threads in [1, 4] {
            prop_assert_eq!(&indexed(&files, by_value, threads, chunk), &expected);
        }
    }
}

fn index(texts: &[&str], latest_by: Option<&str>, date_format: Option<&str>) -> Result<OrderIndex> {
    let folder = Folder::new();
    let paths: Vec<String> =
        texts.iter().enumerate().map(|(at, text)| folder.put(&format!("{at}.csv"), text)).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let options = InputOptions { date_format: date_format.map(str::to_owned), ..options(&paths) };
    let raw = raw::open(&options)?;
    let keys = OrderKeys {
        platform: "tmall".into(),
        store: None,
        id: vec!["order".into()],
        once: false,
        latest_by: latest_by.map(str::to_owned),
    };
    let keys = vec![Some(keys); raw.len()];
    OrderIndex::build(&raw, &keys, &options).map_err(|error| match error {
        ScanError::Failed(error) => error,
        ScanError::Encoding { .. } => panic!("utf-8"),
    })
}

#[test]
fn a_day_that_comes_first_is_found_out_before_moments_are_compared() {
    // 03/04 is the 3rd of April because of 13/03 in the other file; it is later.
    let texts = ["order,at\n1,03/04/2026\n", "order,at\n1,13/03/2026\n"];
    let built = index(&texts, Some("at"), None).unwrap();
    assert_eq!(built.shards.iter().flatten().next().unwrap().place.file(), 0);
    // Written month first, the 4th of March is the earlier.
    let texts = ["order,at\n1,03/04/2026\n", "order,at\n1,03/13/2026\n"];
    let built = index(&texts, Some("at"), None).unwrap();
    assert_eq!(built.shards.iter().flatten().next().unwrap().place.file(), 1);
    let open = ["order,at\n1,03/04/2026\n", "order,at\n1,04/03/2026\n"];
    assert_eq!(index(&open, Some("at"), None).unwrap_err().code(), "ambiguous_dates");
    let built = index(&open, Some("at"), Some("dmy")).unwrap();
    assert_eq!(built.shards.iter().flatten().next().unwrap().place.file(), 0);
}

#[test]
fn a_date_that_contradicts_its_column_is_refused_with_its_place() {
    let text = "order,at\n1,13/03/2026\n2,14/03/2026\n3,03/15/2026\n";
    let error = index(&[text, "order,at\n1,1/2/2026\n"], Some("at"), None).unwrap_err();
    assert_eq!(error.code(), "unsound");
    assert!(error.to_string().contains(":4, column at: \"03/15/2026\""), "{error}");
}

#[test]
fn numbers_are_compared_by_size_and_ties_go_to_the_later_file() {
    let winner = |a: &str, b: &str| {
        let texts = [format!("order,v\n1,{a}\n"), format!("order,v\n1,{b}\n")];
        let built = index(&[&texts[0], &texts[1]], Some("v"), None).unwrap();
        assert_eq!((built.orders(), built.superseded_orders()), (1, 1));
        built.shards.iter().flatten().next().unwrap().place.file()
    };
    assert_eq!(winner("10", "9"), 0);
    assert_eq!(winner("010", "10"), 1);
    assert_eq!(winner("b", "a"), 0);
    assert_eq!(winner("a", "a"), 1);
    assert_eq!(winner("-", "-"), 1);
    assert_eq!(winner("a", "-"), 0);
}

#[test]
fn latest_by_names_a_column_or_the_file() {
    let folder = Folder::new();
    let path = folder.put("a.csv", "order, 导出时间 \n1,2026-01-01\n");
    let with = |name: Option<&str>| {
        let options = InputOptions { latest_by: name.map(str::to_owned), ..options(&[&path]) };
        latest_by(&raw::open(&options).unwrap()[0], &options)
    };
    assert_eq!(with(None).unwrap(), None);
    assert_eq!(with(Some("file")).unwrap(), None);
    assert_eq!(with(Some("导出时间")).unwrap().as_deref().map(str::trim), Some("导出时间"));
    assert_eq!(with(Some("更新时间")).unwrap_err().code(), "unknown_name");
}

#[test]
fn files_without_keys_are_not_looked_at() {
    let folder = Folder::new();
    let paths = [folder.put("a.csv", "order\n1\n1\n"), folder.put("b.csv", "x\n1\n")];
    let options = options(&[&paths[0], &paths[1]]);
    let raw = raw::open(&options).unwrap();
    let keys = OrderKeys {
        platform: "jd".into(),
        store: None,
        id: vec!["order".into()],
        once: true,
        latest_by: None,
    };
    let Ok(index) = OrderIndex::build(&raw, &[Some(keys), None], &options) else { panic!("it is built") };
    let projection = [vec!["order".to_owned()], vec!["x".to_owned()]];
    let outcome = raw::scan(&raw, &projection, &options, &|batch| {
        let expected: &[Standing] =
            if batch.file == 0 { &[Standing::First, Standing::Further] } else { &[Standing::First] };
        assert_eq!(index.standings(batch.file, &batch)?, expected);
        Ok(())
    });
    assert!(outcome.is_ok());
    assert_eq!((index.orders(), index.superseded_orders()), (1, 0));
}

/// `cargo test --release --lib -- --ignored five_million --nocapture`
#[test]
#[ignore = "takes a while: five million orders in two exports"]
fn five_million_orders_fit_in_memory() {
    use std::io::Write;
    let folder = Folder::new();
    let path = folder.path("orders.csv");
    for path in [&path, &folder.path("again.csv")] {
        let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        writeln!(out, "order,x").unwrap();
        for n in 0..5_000_000_u64 {
            writeln!(out, "{},1", 2_026_000_000_000_000_000 + n.wrapping_mul(2_654_435_761) % 10_000_000_019)
                .unwrap();
        }
    }
    let options = options(&[&path, &folder.path("again.csv")]);
    let raw = raw::open(&options).unwrap();
    let keys = OrderKeys {
        platform: "tmall".into(),
        store: None,
        id: vec!["order".into()],
        once: false,
        latest_by: None,
    };
    let Ok(index) = OrderIndex::build(&raw, &vec![Some(keys); 2], &options) else { panic!("it is built") };
    let bytes: usize = index.shards.iter().map(|s| s.capacity() * size_of::<Entry>()).sum();
    let outcome = raw::scan(&raw, &vec![vec!["order".to_owned()]; 2], &options, &|batch| {
        index.standings(batch.file, &batch).map(drop)
    });
    assert!(outcome.is_ok() && index.superseded_orders() == index.orders());
    assert!(bytes as u64 <= 48 * index.orders());
}
