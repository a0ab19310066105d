#!/usr/bin/env python3
"""Maximum likelihood of BG/NBD and Pareto/NBD: siyu against lifetimes 0.11.3, side by side, by CPU time.

The same customers, (x, t_x, T) in whole days: lifetimes gets them as numpy arrays in weeks (days need more steps of it), siyu's
example `fit_model` as a list of rows; reading is outside of both clocks. siyu runs on one thread, so that its wall time is its CPU
time; lifetimes' is the CPU time of its process. Runs alternate; reported are medians. See README.md beside this file.
"""

import argparse
import csv
import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from rfm_vs_duckdb import make_data

FITTERS = {"bg-nbd": "BetaGeoFitter", "pareto-nbd": "ParetoNBDFitter"}


def lifetimes_fit(model: str, file: str) -> None:
    """The other side, in its own process."""
    import warnings

    import lifetimes
    import pandas

    warnings.filterwarnings("ignore")
    customers = pandas.read_csv(file)
    fitter = getattr(lifetimes, FITTERS[model])()
    start = time.process_time()
    fitter.fit(customers.x, customers.t_x / 7, customers.t / 7)
    seconds = time.process_time() - start
    parameters = [float(value) for value in fitter.params_]
    print(json.dumps({"seconds": seconds, "parameters": parameters, "version": lifetimes.__version__}))


def siyu_fit(example: str, model: str, file: str, more: list[str]) -> dict:
    out = subprocess.run([example, model, file, *more], capture_output=True, text=True, check=True).stdout
    number = lambda name: float(re.search(rf"\b{name} (\S+)", out).group(1))
    parameters = json.loads(re.search(r"parameters \(weeks\) (\[.*\])", out).group(1))
    answer = {"seconds": number("seconds"), "parameters": parameters, "log_likelihood": number("log_likelihood")}
    if more:
        answer["bootstrap_seconds"] = number("bootstrap_seconds")
    return answer


def siyu_likelihood(example: str, model: str, file: str, at: str) -> float:
    """Log-likelihood (weeks) of parameters found elsewhere."""
    out = subprocess.run([example, model, file, "--at", at], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"log_likelihood (\S+)", out).group(1))


def summary(args) -> Path:
    """(x, t_x, T) of every customer of the sample data, by DuckDB."""
    import duckdb

    file = args.data / "customers.csv"
    if file.exists():
        return file
    make_data(args)
    duckdb.execute(f"""COPY (
        WITH o AS (SELECT customer_id, min(ordered_at) AS moment, sum(amount - coalesce(refund_amount, 0)) AS net
                   FROM '{args.data}/orders.parquet' WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id),
             d AS (SELECT DISTINCT customer_id, moment::date AS day FROM o WHERE net > 0),
             e AS (SELECT max(ordered_at)::date AS day FROM '{args.data}/orders.parquet')
        SELECT count(*) - 1 AS x, max(day) - min(day) AS t_x, (SELECT day FROM e) - min(day) AS t
        FROM d GROUP BY customer_id ORDER BY customer_id) TO '{file}'""")
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siyu", default="target/release/siyu")
    parser.add_argument("--example", default="target/release/examples/fit_model")
    parser.add_argument("--data", type=Path, default=Path("target/bench-data"))
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--pareto-customers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cdnow", type=Path, help="btyd_cdnowSummary_cbs.csv: measures 200 bootstraps")
    parser.add_argument("--lifetimes", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.lifetimes:
        lifetimes_fit(*args.lifetimes)
        return
    file = summary(args)
    part = args.data / "customers_part.csv"
    with file.open() as whole, part.open("w") as out:
        rows = whole.readlines()
        every = max(1, (len(rows) - 1) // args.pareto_customers)
        out.writelines([rows[0], *rows[1::every][: args.pareto_customers]])
    print("| model | customers | lifetimes / siyu, CPU time | siyu | lifetimes | log-likelihood at ours, at theirs |")
    print("| --- | --- | --- | --- | --- | --- |")
    for model, source in (("bg-nbd", file), ("pareto-nbd", part)):
        ours, theirs = [], []
        for _ in range(args.runs):
            mine = siyu_fit(args.example, model, str(source), [])
            command = [sys.executable, __file__, "--lifetimes", model, str(source)]
            other = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            ours.append(mine["seconds"])
            theirs.append(other["seconds"])
        # The likelihood at their parameters, by our formula: ours must not be lower.
        at = ",".join(str(value) for value in other["parameters"])
        likelihood = siyu_likelihood(args.example, model, str(source), at)
        customers = sum(1 for _ in csv.reader(source.open())) - 1
        ratio = statistics.median(theirs) / statistics.median(ours)
        print(
            f"| {model} | {customers:,} | {ratio:.0f} | {statistics.median(ours):.3f} s {mine['parameters']} "
            f"| {statistics.median(theirs):.2f} s {other['parameters']} | {mine['log_likelihood']:.3f}, {likelihood:.3f} |",
            flush=True,
        )
    if args.cdnow:
        days = args.data / "cdnow_days.csv"
        with args.cdnow.open() as source, days.open("w") as out:
            out.write("x,t_x,t\n")
            for row in csv.DictReader(source):
                out.write(f"{row['x']},{round(float(row['t.x']) * 7)},{round(float(row['T.cal']) * 7)}\n")
        answer = siyu_fit(args.example, "bg-nbd", str(days), ["200"])
        print(f"\n200 bootstraps of BG/NBD on CDNOW, one thread: {answer['bootstrap_seconds']:.2f} s of CPU")


if __name__ == "__main__":
    main()
