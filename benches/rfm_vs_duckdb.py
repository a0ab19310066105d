#!/usr/bin/env python3
"""`siyu rfm` against DuckDB doing the same by SQL, side by side.

Runs alternate, each in a process of its own; reported are the medians of the ratios of wall time and of peak memory
(siyu / DuckDB) with their spread. DuckDB's wall time is that of its query alone, inside Python: the start of Python and
the import are not counted. siyu's is that of the whole process. See README.md beside this file.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from side_by_side import Sides, measure

# One row is one order: what a quick SQL does, three columns.
ROWS = """
SELECT customer_id, max(ordered_at) AS last_at, count(*) AS f, sum(amount - coalesce(refund_amount, 0)) AS m
FROM {source} WHERE customer_id IS NOT NULL GROUP BY customer_id
"""
# The definition of siyu: rows with one order id are one order; an order whose net is positive is a purchase.
ORDERS = """
SELECT customer_id, max(moment) FILTER (net > 0) AS last_at, count(*) FILTER (net > 0) AS f, sum(net) AS m
FROM (
  SELECT customer_id, order_id, min(ordered_at) AS moment, sum(amount - coalesce(refund_amount, 0)) AS net
  FROM {source} WHERE customer_id IS NOT NULL GROUP BY customer_id, order_id
) GROUP BY customer_id HAVING count(*) FILTER (net > 0) > 0
"""
SEGMENTS = """
WITH c AS ({facts}),
s AS (SELECT *, ntile(5) OVER (ORDER BY last_at, customer_id) AS r, ntile(5) OVER (ORDER BY f, customer_id) AS fs,
             ntile(5) OVER (ORDER BY m, customer_id) AS ms FROM c)
SELECT CASE WHEN r = 5 AND fs >= 4 THEN 'champions' WHEN r >= 3 AND fs >= 4 THEN 'loyal'
            WHEN r >= 4 AND fs >= 2 THEN 'potential_loyalists' WHEN r = 5 THEN 'new' WHEN r = 4 THEN 'promising'
            WHEN r = 3 AND fs = 3 THEN 'need_attention' WHEN r = 3 THEN 'about_to_sleep'
            WHEN fs = 5 THEN 'cant_lose' WHEN fs >= 3 THEN 'at_risk' ELSE 'hibernating' END AS segment,
       count(*) AS customers, sum(m) AS revenue, sum(f) AS orders, median(last_at) AS last_median,
       avg(f) AS frequency_mean, avg(m) AS monetary_mean, avg(ms) AS m_score_mean
FROM s GROUP BY 1 ORDER BY 1
"""


def duckdb_query(source: str, facts: str, threads: int) -> None:
    """The other side, in its own process: prints the seconds of the query and its answer's totals."""
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    start = time.perf_counter()
    rows = connection.execute(SEGMENTS.format(facts=facts.format(source=source))).fetchall()
    seconds = time.perf_counter() - start
    total = {"customers": sum(r[1] for r in rows), "revenue": float(sum(r[2] for r in rows))}
    print(json.dumps({"seconds": seconds, "version": duckdb.__version__, **total}))


def make_data(args) -> None:
    """Orders by `siyu sample`, unless they are there: CSV, Parquet, and the same rows with three columns and an id."""
    if (args.data / "orders.parquet").exists():
        return
    import duckdb

    sample = [args.siyu, "sample", str(args.data), "--customers", str(args.customers), "--frames", "orders"]
    subprocess.run(sample, check=True)
    duckdb.execute(
        f"COPY (SELECT customer_id, ordered_at, amount FROM '{args.data}/orders.parquet' WHERE amount > 0)"
        f" TO '{args.data}/narrow.parquet' (FORMAT parquet)"
    )


def compare(name: str, siyu: list[str], source: str, facts: str, args) -> None:
    sides = Sides()
    totals = None
    for turn in range(args.runs + 1):
        seconds, mib, out = measure(siyu)
        other = [sys.executable, __file__, "--duckdb-query", source, "--facts", facts, "--threads", str(args.threads)]
        _, other_mib, answer = measure(other)
        answer = json.loads(answer)
        segments = json.loads(out)["tables"]["segments"]
        totals = (
            sum(s["customers"] for s in segments), round(sum(s["revenue"] for s in segments), 2),
            answer["customers"], round(answer["revenue"], 2),
        )
        if turn == 0:
            continue  # warms the cache of the disk
        sides.add((seconds, mib), (answer["seconds"], other_mib))
    print(
        f"| {name} | {sides.cells()} | {totals[0]:,} / {totals[1]:,} | {totals[2]:,} / {totals[3]:,} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--siyu", default="target/release/siyu")
    parser.add_argument("--data", type=Path, default=Path("target/bench-data"))
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="a part of a case's name")
    parser.add_argument("--duckdb-query", help=argparse.SUPPRESS)
    parser.add_argument("--facts", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.duckdb_query:
        duckdb_query(args.duckdb_query, args.facts, args.threads)
        return
    make_data(args)
    import duckdb

    print(f"siyu / DuckDB {duckdb.__version__}, {args.threads} threads, {args.runs} alternating runs, {args.customers:,} customers")
    print("| case | wall time | peak memory | siyu | DuckDB | siyu: customers / revenue | DuckDB |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    base = [args.siyu, "rfm", "-f", "json", "-q", "--table", "segments", "--threads", str(args.threads)]
    parquet, narrow, csv = (str(args.data / n) for n in ("orders.parquet", "narrow.parquet", "orders.csv"))
    types = "types = {'customer_id': 'VARCHAR', 'order_id': 'VARCHAR', 'ordered_at': 'TIMESTAMP', 'amount': 'DECIMAL(18,2)', 'refund_amount': 'DECIMAL(18,2)'}"
    narrow_facts = ROWS.replace(" - coalesce(refund_amount, 0)", "")
    cases = [
        ("Parquet, a row is an order", [*base, narrow], f"'{narrow}'", narrow_facts),
        ("Parquet, order ids, DuckDB: a row is an order", [*base, parquet], f"'{parquet}'", ROWS),
        ("Parquet, order ids, DuckDB: the same definition", [*base, parquet], f"'{parquet}'", ORDERS),
        ("CSV, order ids, DuckDB: a row is an order", [*base, csv], f"read_csv('{csv}', {types})", ROWS),
        ("CSV, order ids, DuckDB: the same definition", [*base, csv], f"read_csv('{csv}', {types})", ORDERS),
    ]
    for name, siyu, source, facts in cases:
        if args.only is None or args.only in name:
            compare(name, siyu, source, facts, args)


if __name__ == "__main__":
    main()
