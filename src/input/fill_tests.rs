use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::input::layout::tests::preset;
use crate::input::raw::testing::{Folder, options};
use crate::input::raw::{open, scan};

type Table = Vec<(u64, Vec<String>)>;

fn rows(file: &RawFile, options: &InputOptions) -> Table {
    let found: Mutex<Table> = Mutex::default();
    scan(std::slice::from_ref(file), std::slice::from_ref(&file.header), options, &|batch| {
        let mut found = found.lock().unwrap();
        for row in 0..batch.frame.height() {
            let cells =
                batch.frame.columns().iter().map(|column| column.str().unwrap().get(row).unwrap_or(""));
            found.push((batch.rows.get(row), cells.map(str::to_owned).collect()));
        }
        Ok(())
    })
    .unwrap();
    let mut found = found.into_inner().unwrap();
    found.sort();
    found
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn lines_of_an_order_get_what_its_first_line_says() {
    let folder = Folder::new();
    let text = "report\n\n\
                Name;Email;\"Paid\nat\";Total;Lineitem name;Notes\r\n\
                #1001;a@x.y;2024-05-01;30,00;\"Tea; green\";\"two\nlines\"\r\n\
                #1001;;;;\"Cup \"\"X\"\"\";\r\n\
                \r\n\
                #1002; ;2024-05-02;5;Pot;\r\n\
                #1001;;;;Late;mine\r\n\
                ;;;;No order;\r\n\
                #1002;;\r\n\
                Total: 35\r\n";
    let path = folder.put("store=s1/a.csv", text);
    let mut options = options(&[&path]);
    options.preset = PresetChoice::Given(preset(
        "shop",
        "header = [\"Name\", \"Email\", \"Paid at\", \"Total\"]\n[fingerprint]\nrequired = [\"Name\", \"Paid at\"]\n\
         [file]\nfooter = [\"Total:\"]",
    ));
    let mut file = open(&options).unwrap().remove(0);
    let header = file.header.clone();
    assert_eq!(header, ["Name", "Email", "Paid at", "Total", "Lineitem name", "Notes", "store"]);
    fill_down(&mut file, "Name", &names(&["Email", "Paid at", "Total", "Notes", "Name", "Cancelled at"]))
        .unwrap();
    let expected: Table = [
        (5, ["#1001", "a@x.y", "2024-05-01", "30,00", "Tea; green", "two\nlines"]),
        (7, ["#1001", "a@x.y", "2024-05-01", "30,00", "Cup \"X\"", "two lines"]),
        (9, ["#1002", " ", "2024-05-02", "5", "Pot", ""]),
        (10, ["#1001", "a@x.y", "2024-05-01", "30,00", "Late", "mine"]),
        (11, ["", "", "", "", "No order", ""]),
        (12, ["#1002", "", "2024-05-02", "5", "", ""]),
    ]
    .into_iter()
    .map(|(line, cells)| (line, names(&cells).into_iter().chain(["s1".to_owned()]).collect()))
    .collect();
    // Line 12 is short: it does not have the cell of the total.
    let mut expected = expected;
    expected[5].1[3] = "".into();
    assert_eq!(rows(&file, &options), expected);
    assert_eq!(file.header, header);
    assert_eq!(file.head.height(), 6);
    assert_eq!(file.head.column("Total").unwrap().str().unwrap().get(1), Some("30,00"));
    assert_eq!(file.format.describe(), "csv, comma, UTF-8");
    assert_eq!(file.left_out.describe().unwrap(), "1 line above the header, 1 line behind the table");
    let unknown = fill_down(&mut file, "Order", &[]).unwrap_err();
    assert_eq!(unknown.to_string(), "unknown column \"Order\"");
}

#[test]
fn only_so_many_orders_are_remembered() {
    let mut orders = Orders::default();
    let mut touch = |key: &str, cell: &str| {
        let cells = orders.of(key, 1);
        if !cell.is_empty() {
            cells[0] = cell.into();
        }
        let found = cells[0].to_string();
        orders.weigh();
        (found, orders.known.len(), orders.turns.len())
    };
    for number in 0..ORDERS + 10 {
        let (found, known, turns) = touch(&format!("{number}"), "x");
        assert_eq!(found, "x");
        assert!(known <= ORDERS && turns <= 2 * ORDERS + 1);
        touch("again", if number == 0 { "kept" } else { "" });
    }
    assert_eq!(touch("again", "").0, "kept");
    assert_eq!(touch(&format!("{ORDERS}"), "").0, "x", "among the latest");
    assert_eq!(touch("1", "").0, "", "forgotten");
    let long = "x".repeat(BYTES / 4);
    for number in 0..8 {
        let (_, known, _) = touch(&format!("long{number}"), &long);
        assert!(number < 4 || known <= 4);
    }
}

#[test]
fn the_encoding_may_be_found_out_on_the_way() {
    let folder = Folder::new();
    let mut text = String::from("Name,Email,Item\n");
    for number in 0..50_000 {
        text.push_str(&format!("#{number},a{number}@x.y,tea\n#{number},,cup\n"));
    }
    text.push_str("#50000,b@x.y,茶\n#50000,,杯子，白色\n");
    let options = options(&[&folder.put("a.csv", encoding_rs::GB18030.encode(&text).0)]);
    let mut file = open(&options).unwrap().remove(0);
    fill_down(&mut file, "Name", &names(&["Email"])).unwrap();
    let rows = rows(&file, &options);
    assert_eq!(rows.len(), 100_002);
    assert_eq!(rows[100_001], (100_003, names(&["#50000", "b@x.y", "杯子，白色"])));
    assert_eq!(rows[1], (3, names(&["#0", "a0@x.y", "cup"])));
}

proptest! {
    /// Against the definition, row by row.
    #[test]
    fn filling_is_as_defined(
        table in prop::collection::vec(prop::collection::vec("[a,\" 中]{0,2}", 2..5), 0..20),
        keys in prop::collection::vec("[ab]?", 20),
    ) {
        let mut text = String::from("k,x,y,z,w\n");
        for (cells, key) in table.iter().zip(&keys) {
            text.push_str(&format!("\"{key}\""));
            for cell in cells {
                text.push_str(&format!(",\"{}\"", cell.replace('"', "\"\"")));
            }
            text.push('\n');
        }
        let folder = Folder::new();
        let mut options = options(&[&folder.put("a.csv", &text)]);
        options.delimiter = Some(",".into());
        let mut file = open(&options).unwrap().remove(0);
        let before = rows(&file, &options);
        fill_down(&mut file, "k", &names(&["y", "x"])).unwrap();
        let mut expected = before.clone();
        for row in 0..before.len() {
            for column in 1..=2 {
                let key = &before[row].1[0];
                let is_there = table[row].len() >= column;
                if is_there && !key.is_empty() && before[row].1[column].trim().is_empty() {
                    let earlier = before[..row].iter().rev().find(|(_, other)| {
                        other[0] == *key && !other[column].trim().is_empty()
                    });
                    if let Some((_, earlier)) = earlier {
                        expected[row].1[column] = earlier[column].clone();
                    }
                }
            }
        }
        prop_assert_eq!(rows(&file, &options), expected);
    }
}
