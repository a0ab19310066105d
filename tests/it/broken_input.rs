//! Broken input and output: each a clear message, exit status 2, no panic, no partial file.

use std::path::Path;

use crate::support::{command, folder, gzip, run_command, siyu_in, write};

const GOOD: &str = "order_id,customer_id,ordered_at,amount\n\
    1,a,2024-01-05,10\n2,b,2024-01-20,20.50\n3,a,2024-02-07,5\n4,c,2024-02-13,7\n";

/// The messages of one run; the temporary folder's name left out.
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let run = siyu_in(folder, arguments);
    assert_eq!(run.status, 2, "{arguments:?}\nstdout: {}\nstderr: {}", run.stdout, run.stderr);
    assert!(run.stdout.is_empty(), "nothing but data goes to standard output: {}", run.stdout);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert!(!run.stderr.contains("internal error"), "{}", run.stderr);
    run.stderr.replace(&format!("{}/", folder.display()), "")
}

macro_rules! broken {
    ($($name:ident: $make:expr => $arguments:expr;)*) => {$(
        #[test]
        fn $name() {
            let folder = folder();
            let make: fn(&Path) = $make;
            make(folder.path());
            insta::assert_snapshot!(stringify!($name), fails(folder.path(), &$arguments));
        }
    )*};
}

broken! {
    no_such_file: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "order.csv"];
    no_match_for_a_pattern: |_| {} => ["rfm", "data/*.csv"];
    a_folder_without_data: |f| { write(f, "in/notes.md", "x"); } => ["rfm", "in"];
    an_empty_file: |f| { write(f, "orders.csv", ""); } => ["rfm", "orders.csv"];
    a_header_alone: |f| { write(f, "orders.csv", "customer_id,ordered_at,amount\n"); } => ["rfm", "orders.csv"];
    a_gzip_cut_off: |f| {
        let text = format!("{GOOD}{}", (0..5000).map(|i| format!("{i},x{i},2024-01-03,{i}\n")).collect::<String>());
        let bytes = gzip(text.as_bytes());
        write(f, "orders.csv.gz", &bytes[..bytes.len() / 2]);
    } => ["rfm", "orders.csv.gz"];
    a_nul_byte: |f| { write(f, "orders.csv", GOOD.replace("20.50", "20\0")); } => ["rfm", "orders.csv"];
    the_wrong_delimiter: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--delimiter", ";"];
    no_column_for_the_customer: |f| {
        write(f, "orders.csv", GOOD.replace("customer_id", "colour"));
    } => ["rfm", "orders.csv"];
    two_columns_for_the_amount: |f| {
        write(f, "orders.csv", "customer_id,ordered_at,revenue,sales\na,2024-01-05,1,2\n");
    } => ["rfm", "orders.csv"];
    no_such_column_for_by: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--by", "chanel"];
    no_such_column_in_col: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--col", "amount=amuont"];
    no_such_canonical_column: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--col", "amuont=amount"];
    a_parquet_cut_in_half: |f| {
        let bytes = std::fs::read(crate::support::root().join("sample-data/orders.parquet")).unwrap();
        write(f, "orders.parquet", &bytes[..bytes.len() / 2]);
    } => ["rfm", "orders.parquet"];
    a_parquet_damaged_inside: |f| {
        let mut bytes = std::fs::read(crate::support::root().join("sample-data/orders.parquet")).unwrap();
        let end = bytes.len() - 12;
        bytes[end - 400..end].fill(0xff);
        write(f, "orders.parquet", &bytes);
    } => ["rfm", "orders.parquet"];
    dates_that_are_none: |f| {
        write(f, "orders.csv", GOOD.replace("2024-01-20", "soon").replace("2024-02-07", "2024-02-30"));
    } => ["rfm", "orders.csv"];
    dates_that_nothing_decides: |f| {
        write(f, "orders.csv", "customer_id,ordered_at,amount\na,01/02/2024,1\nb,03/04/2024,2\n");
    } => ["rfm", "orders.csv"];
    amounts_that_are_none: |f| { write(f, "orders.csv", GOOD.replace("20.50", "twenty")); } => ["rfm", "orders.csv"];
    a_doubtful_row_under_strict: |f| { write(f, "orders.csv", GOOD.replace("2,b,", "2,,")); } => ["rfm", "orders.csv", "--strict"];
    all_ids_missing: |f| {
        write(f, "orders.csv", "customer_id,ordered_at,amount\n,2024-01-05,1\n,2024-01-06,2\n");
    } => ["rfm", "orders.csv"];
    ids_that_a_spreadsheet_destroyed: |f| {
        write(f, "orders.csv", GOOD.replace("\n2,b", "\n1.23E+18,b").replace("\n3,a", "\n1.23E+18,a"));
    } => ["rfm", "orders.csv"];
    a_quote_never_closed: |f| { write(f, "orders.csv", GOOD.replace("2,b,", "2,\"b,")); } => ["rfm", "orders.csv"];
    rows_with_too_many_fields: |f| { write(f, "orders.csv", GOOD.replace("20.50", "20,50")); } => ["rfm", "orders.csv"];
    an_encoding_that_does_not_fit: |f| {
        write(f, "orders.csv", b"customer_id,ordered_at,amount,channel\na,2024-01-05,1,\xff\xfe\xfa\n");
    } => ["rfm", "orders.csv", "--encoding", "utf-8"];
    an_unknown_encoding: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--encoding", "gbkk"];
    a_where_with_an_unknown_column: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--where", "amuont > 3"];
    a_where_that_is_no_sql: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--where", "amount >"];
    a_where_that_is_no_condition: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--where", "amount + 1"];
    a_where_that_keeps_nothing: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--where", "amount > 1000"];
    an_as_of_before_all_rows: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--as-of", "2020-01-01"];
    an_as_of_that_is_no_date: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--as-of", "yesterday"];
    an_address_on_the_network: |_| {} => ["rfm", "https://example.com/orders.csv"];
    a_workbook: |f| { write(f, "orders.xlsx", b"PK\x03\x04\x14\0\x06\0 [Content_Types].xml xl/workbook.xml"); } => ["rfm", "orders.xlsx"];
    a_file_named_twice: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "./orders.csv"];
    output_onto_the_input: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "-o", "./orders.csv"];
    output_into_a_missing_folder: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "-o", "reports/rfm.csv"];
    an_unknown_suffix: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "-o", "rfm.docx"];
    an_unknown_table: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--table", "segment"];
    two_tables_in_one_csv: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--table", "segments,grid", "-f", "csv"];
    bins_that_the_map_cannot_use: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--bins", "4"];
    cuts_without_fixed_scoring: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--recency-cuts", "30,60,90,180"];
    a_segment_map_with_holes: |f| {
        write(f, "orders.csv", GOOD);
        write(f, "map.toml", "name = \"mine\"\nbins = 5\n\n[[segment]]\nkey = \"low\"\nr = \"1-3\"\n\n[[segment]]\nkey = \"high\"\nr = \"3-4\"\n");
    } => ["rfm", "orders.csv", "--segments", "map.toml"];
    an_unknown_key_in_the_configuration: |f| {
        write(f, "orders.csv", GOOD);
        write(f, "siyu.toml", "[rfm]\nbin = 5\n");
    } => ["rfm", "orders.csv"];
    no_input_at_all: |_| {} => ["rfm"];
    a_mask_without_a_key: |f| { write(f, "orders.csv", GOOD); } => ["rfm", "orders.csv", "--mask"];
    money_that_does_not_fit: |f| {
        write(f, "orders.csv", GOOD.replace("20.50", "900000000000000").replace(",5\n", ",900000000000000\n").replace("2,b", "2,a"));
    } => ["rfm", "orders.csv"];
}

#[test]
#[cfg(unix)]
fn an_unreadable_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = write(folder.path(), "orders.csv", GOOD);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&path).is_ok() {
        eprintln!("skipped: this user may read everything");
        return;
    }
    insta::assert_snapshot!("an_unreadable_file", fails(folder.path(), &["rfm", "orders.csv"]));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk() {
    let folder = folder();
    write(folder.path(), "orders.csv", GOOD);
    let mut full = command(folder.path());
    full.args(["rfm", "orders.csv", "-f", "csv", "-o", "/dev/full"]);
    let run = run_command(full, None);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("no space left on device"), "{}", run.stderr);
}

/// A file that a run cannot finish keeps its old content, and no other file is left beside it.
#[test]
fn a_failed_run_leaves_the_old_output() {
    let folder = folder();
    write(folder.path(), "orders.csv", GOOD.replace("20.50", "twenty"));
    write(folder.path(), "rfm.csv", "old");
    fails(folder.path(), &["rfm", "orders.csv", "-o", "rfm.csv"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("rfm.csv")).unwrap(), "old");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 2);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = folder();
    let rows: String = (0..20_000).map(|i| format!("{i},customer{i},2024-01-13,{i}\n")).collect();
    write(folder.path(), "orders.csv", format!("order_id,customer_id,ordered_at,amount\n{rows}"));
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(folder.path()).arg("-c").arg(format!(
        "set -o pipefail; {} rfm orders.csv --table customers -f csv -q | head -n 1",
        env!("CARGO_BIN_EXE_siyu")
    ));
    let run = run_command(shell, None);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

/// The disk says no in the middle of the file: nothing is left under its name, or any other.
#[test]
#[cfg(unix)]
fn an_output_that_cannot_be_finished_leaves_nothing() {
    let folder = folder();
    let rows: String = (0..20_000).map(|i| format!("{i},customer{i},2024-01-13,{i}\n")).collect();
    write(folder.path(), "orders.csv", format!("order_id,customer_id,ordered_at,amount\n{rows}"));
    write(folder.path(), "customers.csv", "old");
    for name in ["customers.csv", "customers.xlsx", "customers.parquet", "customers.json"] {
        let mut shell = std::process::Command::new("bash");
        shell.current_dir(folder.path()).arg("-c").arg(format!(
            "trap '' XFSZ; ulimit -f 16; {} rfm orders.csv --table customers -o {name}",
            env!("CARGO_BIN_EXE_siyu")
        ));
        let run = run_command(shell, None);
        assert_eq!(run.status, 2, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(name), "{}", run.stderr);
    }
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(folder.path()).arg("-c").arg(format!(
        "trap '' XFSZ; ulimit -f 16; {} sample . --customers 3000 --formats parquet",
        env!("CARGO_BIN_EXE_siyu")
    ));
    let run = run_command(shell, None);
    assert!(run.status == 2 && run.stderr.contains("cannot write ./orders.parquet"), "{}", run.stderr);
    let mut left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["customers.csv", "orders.csv"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("customers.csv")).unwrap(), "old");
}
