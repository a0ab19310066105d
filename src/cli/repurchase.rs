//! `siyu repurchase`: from orders to the report.

use super::ReportArgs;
use super::histories::{HistoriesWanted, OrderHistories};
use super::run_report::{Job, refuse_ids_under_mask, refuse_of_hidden_tables, status_is_not_used};
use crate::error::{Error, Result, nearest};
use crate::input::Inputs;
use crate::output::report::{Note, TableChoice};
use crate::reports::repurchase::{self, RepurchaseInput, RepurchaseParams};

/// Columns that say what was bought, best first.
const PRODUCT_COLUMNS: [&str; 3] = ["product_id", "product_name", "category"];

pub fn run(args: &ReportArgs<RepurchaseParams>) -> Result<u8> {
    let resolved = args.resolve(|file| file.repurchase.as_ref())?;
    let info = crate::reports::info("repurchase");
    let settings = resolved.params.resolve()?;
    let job = Job::prepare(&resolved, info)?;
    let wants_products = repurchase::wants(&job.plan.choice, "products");
    refuse_options(&args.params, &job.plan.choice)?;

    let inputs = job.open_orders()?;
    let by = resolved.input.by.as_deref();
    repurchase::refuse_tables(by.is_some(), &job.plan.choice)?;
    let items = if wants_products { product_column(settings.products.as_deref(), &inputs)? } else { None };
    if let Some(items) = &items {
        refuse_ids_under_mask("--products", items, &job, &inputs)?;
    } else if let Some(option) = asks_for_products(&args.params, &job.plan.choice) {
        return Err(Error::DoesNotApply {
            option: option.into(),
            why: format!("the orders have no {}: name a column with --products", PRODUCT_COLUMNS.join(", ")),
        });
    }
    let wanted = HistoriesWanted { by, zero_orders: settings.zero_orders, items: items.as_deref() };
    let orders = OrderHistories::read(&job, inputs, wanted)?;
    let input =
        RepurchaseInput { as_of_us: orders.as_of_us, histories: orders.histories, by_name: orders.by_name };
    let mut report = repurchase::run(&settings, &input, &job.plan.choice)?;
    match &items {
        Some(column) => {
            report.params.insert("products".into(), column.as_str().into());
        }
        None if wants_products => report.notes.push(Note::new("repurchase_no_products")),
        None => {}
    }
    report.notes.extend(status_is_not_used(&orders.inputs));
    job.finish(report, &orders.inputs, orders.read, info)?;
    Ok(0)
}

/// Refuses what was typed for a table that is not shown. What siyu.toml says of it is no mistake.
fn refuse_options(params: &RepurchaseParams, tables: &TableChoice) -> Result<()> {
    let waiting = ["survival", "curve", "tests", "intervals", "windows"].as_slice();
    let of_tables = [
        ("--from-order", params.from_order.is_some(), waiting),
        ("--interval", params.interval.is_some(), &["survival", "curve"]),
        ("--windows", params.windows.is_some(), &["windows"]),
        ("--rmst", params.rmst.is_some(), &["survival"]),
        ("--products", params.products.is_some(), &["products"]),
        ("--top", params.top.is_some(), &["products"]),
        ("--states", params.states.is_some(), &["due"]),
        ("--limit", params.limit.is_some(), &["due"]),
    ];
    refuse_of_hidden_tables(&of_tables, |name| repurchase::wants(tables, name))
}

/// What was typed that makes no sense without a column of products.
fn asks_for_products(params: &RepurchaseParams, tables: &TableChoice) -> Option<&'static str> {
    match tables {
        TableChoice::Named(names) if names.iter().any(|name| name == "products") => Some("--table products"),
        _ => params.top.map(|_| "--top"),
    }
}

/// The column of `--products`, or the best that there is.
fn product_column(given: Option<&str>, inputs: &Inputs) -> Result<Option<String>> {
    let Some(given) = given else {
        return Ok(PRODUCT_COLUMNS.into_iter().find(|column| inputs.has(column)).map(str::to_owned));
    };
    let known = inputs.column_names();
    if known.iter().any(|name| name == given) {
        return Ok(Some(given.to_owned()));
    }
    Err(Error::UnknownName {
        what: "column for --products",
        name: given.to_owned(),
        nearest: nearest(given, known.iter().map(String::as_str)),
        known,
    })
}
