#!/usr/bin/env python3
"""`siyu cohort` and `siyu repurchase` against DuckDB doing the same by SQL, side by side.

Runs alternate, each in a process of its own; reported are the medians of the ratios of wall time and of peak memory
(siyu / DuckDB) with their spread. DuckDB's wall time is that of its queries alone, inside Python: the start of Python and
the import are not counted. siyu's is that of the whole process. The answers are compared. See README.md beside this file.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from rfm_vs_duckdb import make_data
from side_by_side import Sides, measure

# A row is an order with a positive amount: three columns.
ROWS = "SELECT customer_id, ordered_at::date AS day, amount AS net FROM {source} WHERE customer_id IS NOT NULL"
# The definition of siyu: rows with one order id are one order, at the moment of its first sale.
ORDERS = """
SELECT customer_id, coalesce(min(ordered_at) FILTER (amount > 0), min(ordered_at))::date AS day,
       sum(amount - coalesce(refund_amount, 0)) AS net
FROM {source} WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id
"""
COHORT = """
WITH o AS ({orders}),
first AS (SELECT customer_id, min(day) AS day FROM o WHERE net > 0 GROUP BY customer_id),
active AS (
  SELECT date_trunc('month', first.day) AS cohort, date_diff('month', first.day, o.day) AS period, o.customer_id
  FROM o JOIN first USING (customer_id) WHERE o.net > 0
)
SELECT cohort, period, count(DISTINCT customer_id) AS customers FROM active GROUP BY ALL ORDER BY ALL
"""
# Kaplan-Meier of the time to the second day with a purchase, the gaps of all customers, rates within windows, the ladder.
GAPS = """
CREATE TEMP TABLE gaps AS
WITH o AS ({orders}),
days AS (SELECT DISTINCT customer_id, day FROM o WHERE net > 0)
SELECT customer_id, day, row_number() OVER w AS n, lead(day) OVER w - day AS gap,
       (SELECT max(ordered_at)::date FROM {source}) - day AS open
FROM days WINDOW w AS (PARTITION BY customer_id ORDER BY day)
"""
SURVIVAL = """
WITH t AS (SELECT coalesce(gap, open) AS t, gap IS NOT NULL AS event FROM gaps WHERE n = 1),
d AS (SELECT t, count(*) FILTER (event) AS events, count(*) AS leaving FROM t GROUP BY t),
r AS (SELECT t, events, sum(leaving) OVER (ORDER BY t DESC) AS at_risk FROM d)
SELECT t, exp(sum(ln(greatest(1.0 - events / at_risk, 1e-300))) OVER (ORDER BY t)) AS survival FROM r ORDER BY t
"""
INTERVALS = "SELECT count(gap), avg(gap), quantile_cont(gap, [0.25, 0.5, 0.75, 0.9]) FROM gaps"
WINDOWS = "SELECT w, count(*) FILTER (open >= w) AS eligible, count(*) FILTER (open >= w AND gap <= w) FROM gaps, (VALUES (30), (60), (90), (180), (365)) v(w) WHERE n = 1 GROUP BY w ORDER BY w"
LADDER = "SELECT n, count(*), count(gap), median(gap) FROM gaps WHERE n <= 10 GROUP BY n ORDER BY n"


def duckdb_query(what: str, source: str, orders: str, threads: int) -> None:
    """The other side, in its own process: prints the seconds of the queries and figures of their answer."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    orders = orders.format(source=source)
    start = time.perf_counter()
    if what == "cohort":
        rows = connection.execute(COHORT.format(orders=orders)).fetchall()
        answer = {"cells": len(rows), "sum": sum(r[2] for r in rows)}
    else:
        connection.execute(GAPS.format(orders=orders, source=source))
        curve = connection.execute(SURVIVAL).fetchall()
        intervals = connection.execute(INTERVALS).fetchone()
        windows = connection.execute(WINDOWS).fetchall()
        ladder = connection.execute(LADDER).fetchall()
        within = [survival for t, survival in curve if t <= 90][-1]
        answer = {"S(90)": round(within, 9), "gaps": intervals[0], "in 90 days": windows[2][2], "to 2": ladder[0][2]}
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "answer": answer}))


def siyu_answer(what: str, out: str) -> dict:
    tables = json.loads(out)["tables"]
    if what == "cohort":
        cells = [c for c in tables["cells"] if c["numerator"]]
        return {"cells": len(cells), "sum": sum(c["numerator"] for c in cells)}
    within = [row["survival"] for row in tables["curve"] if row["day"] <= 90][-1]
    window = next(row for row in tables["windows"] if row["window_days"] == 90)
    return {
        "S(90)": round(within, 9),
        "gaps": next(row for row in tables["intervals"] if row["from_order"] == "all")["complete_gaps"],
        "in 90 days": window["repurchased"],
        "to 2": tables["ladder"][0]["went_on"],
    }


def compare(name: str, what: str, siyu: list[str], source: str, orders: str, args) -> None:
    sides = Sides()
    for turn in range(args.runs + 1):
        seconds, mib, out = measure(siyu)
        other = [sys.executable, __file__, "--duckdb-query", what, "--source", source, "--orders", orders]
        _, other_mib, answer = measure([*other, "--threads", str(args.threads)])
        answer = json.loads(answer)
        mine = siyu_answer(what, out)
        if mine != answer["answer"]:
            sys.exit(f"{name}: the answers differ: siyu {mine}, DuckDB {answer['answer']}")
        if turn == 0:
            continue  # warms the cache of the disk
        sides.add((seconds, mib), (answer["seconds"], other_mib))
    print(f"| {name} | {sides.cells()} | {mine} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siyu", default="target/release/siyu")
    parser.add_argument("--data", type=Path, default=Path("target/bench-data"))
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="a part of a case's name")
    parser.add_argument("--duckdb-query", help=argparse.SUPPRESS)
    parser.add_argument("--source", help=argparse.SUPPRESS)
    parser.add_argument("--orders", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.duckdb_query:
        duckdb_query(args.duckdb_query, args.source, args.orders, args.threads)
        return
    import duckdb

    make_data(args)
    print(f"siyu / DuckDB {duckdb.__version__}, {args.threads} threads, {args.runs} alternating runs")
    print("| case | wall time | peak memory | siyu | DuckDB | both say |")
    print("| --- | --- | --- | --- | --- | --- |")
    common = ["-f", "json", "-q", "--no-config", "--threads", str(args.threads)]
    parquet, narrow = (str(args.data / name) for name in ("orders.parquet", "narrow.parquet"))
    commands = {
        "cohort": [args.siyu, "cohort", *common, "--table", "cells,matrix"],
        "repurchase": [args.siyu, "repurchase", *common, "--table", "survival,curve,intervals,windows,ladder"],
    }
    for what, command in commands.items():
        for name, file, orders in (("a row is an order", narrow, ROWS), ("order ids", parquet, ORDERS)):
            name = f"{what}, {name}"
            if args.only is None or args.only in name:
                compare(name, what, [*command, file], f"'{file}'", orders, args)


if __name__ == "__main__":
    main()
