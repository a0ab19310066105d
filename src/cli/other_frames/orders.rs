//! Orders beside another main frame, as histories.

use super::{Other, about};
use crate::cli::run_report::{Job, status_is_not_used};
use crate::error::{Error, Result};
use crate::facts::{CustomerKernel, Histories, Spec};
use crate::input::table_reader::{TableFile, TableSummary};
use crate::input::{Frame, InputOptions, Inputs, Wanted};

/// The orders of `files` up to `as_of_us`: purchases and net revenue of each customer, day by day. The account of the rows goes
/// into the report by `Job::finish_tables`.
pub fn read_orders(job: &Job, files: &[String], as_of_us: i64) -> Result<Histories> {
    let other = Other::of(job, Frame::Orders, files)?;
    let (histories, read) = orders(&other, as_of_us)?;
    job.others.borrow_mut().push(read);
    Ok(histories)
}

fn orders(other: &Other, as_of_us: i64) -> Result<(Histories, TableSummary)> {
    let options = InputOptions { as_of_us: Some(as_of_us), ..other.options.clone() };
    let result = match histories(options.clone()) {
        Err(Error::AmbiguousDates { .. }) if other.date_format.is_some() => {
            histories(InputOptions { date_format: other.date_format.clone(), ..options })
        }
        result => result,
    };
    result.map_err(|error| about(Frame::Orders, error))
}

fn histories(options: InputOptions) -> Result<(Histories, TableSummary)> {
    let (as_of_us, threads) = (options.as_of_us.unwrap_or(i64::MAX), options.threads);
    let inputs = Inputs::open(Frame::Orders, options)?;
    let wanted = Wanted { customers: true, ..Wanted::default() };
    let spec = Spec {
        cutoffs: vec![as_of_us],
        order_ids: inputs.has("order_id"),
        histories: true,
        ..Spec::default()
    };
    let (kernel, read) = inputs.read_orders(&wanted, || CustomerKernel::new(spec.clone()))?;
    let histories = kernel.finish_histories(threads)?;
    let files = inputs.files.iter().map(|file| TableFile {
        raw: file.raw.clone(),
        mapping: file.mapping.clone(),
        dates: Vec::new(),
    });
    let notes = read.notes.into_iter().chain(status_is_not_used(&inputs)).collect();
    Ok((
        histories,
        TableSummary { account: read.account, notes, files: files.collect(), ..TableSummary::default() },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_end_where_the_events_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("orders.csv");
        let text = "customer_id,ordered_at,amount,order_id\n\
                    a,2024-01-01 10:00,5,1\na,2024-01-01 10:00,7,1\na,2024-01-02,1,2\nb,2024-01-03,9,3\n";
        std::fs::write(&file, text).unwrap();
        let main = InputOptions { paths: vec!["events.csv".into()], threads: 2, ..InputOptions::default() };
        let other = Other::beside(&main, &[], Frame::Orders, &[file.display().to_string()]).unwrap();
        let (histories, read) = orders(&other, 19_725 * 86_400_000_000 - 1).unwrap();
        assert_eq!((histories.len(), histories.orders.as_slice()), (1, &[1, 1][..]));
        assert_eq!(histories.net_e4, [120_000, 10_000]);
        assert_eq!(read.account.dropped, [("after as_of".to_owned(), 1)]);
    }
}
