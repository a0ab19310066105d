#!/usr/bin/env python3
"""`siyu funnel` against ClickHouse's windowFunnel (chdb) and DuckDB's SQL, side by side.

Runs alternate, each in a process of its own; wall time and peak memory are those of the whole process on every side. What
the other sides need for their query alone, without the start of Python and the import, stands in a column of its own. Users
per step are compared before any time is told: with what `siyu sample` counted while it made the events, and with each
other, but for the SQL that begins at the first exposure alone, which answers another question. See README.md beside this
file.

    pip install chdb duckdb
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from side_by_side import measure

STEPS = ["exposure", "click", "register", "pay"]
QUOTED = ", ".join(f"'{step}'" for step in STEPS)

WINDOW_FUNNEL = f"""
SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3), countIf(level >= 4) FROM (
  SELECT customer_id, windowFunnel(604800)(toDateTime(at), {", ".join(f"event = '{step}'" for step in STEPS)}) AS level
  FROM {{source}} WHERE event IN ({QUOTED}) GROUP BY customer_id
) SETTINGS max_threads = {{threads}}
"""

# From the first exposure on, as it is written by hand: a chain that begins later is not seen.
FIRST_ENTRY = f"""
WITH s AS (SELECT customer_id, event, "at" FROM {{source}} WHERE event IN ({QUOTED})),
e AS (SELECT customer_id, min("at") AS entry FROM s WHERE event = 'exposure' GROUP BY customer_id),
c AS (SELECT customer_id, entry, min("at") AS t FROM e JOIN s USING (customer_id)
      WHERE event = 'click' AND "at" BETWEEN entry AND entry + INTERVAL 7 DAY GROUP BY ALL),
r AS (SELECT customer_id, entry, min(s."at") AS t FROM c JOIN s USING (customer_id)
      WHERE event = 'register' AND s."at" BETWEEN c.t AND entry + INTERVAL 7 DAY GROUP BY ALL),
p AS (SELECT customer_id FROM r JOIN s USING (customer_id)
      WHERE event = 'pay' AND s."at" BETWEEN r.t AND entry + INTERVAL 7 DAY GROUP BY customer_id)
SELECT (SELECT count(*) FROM e), (SELECT count(*) FROM c), (SELECT count(*) FROM r), (SELECT count(*) FROM p)
"""

# windowFunnel's rule: the latest beginning of a chain that came as far as each step is carried from row to row.
CARRIED = f"""
WITH s AS (SELECT customer_id, "at", list_position([{QUOTED}], event) AS step FROM {{source}} WHERE event IN ({QUOTED})),
a AS (SELECT *, max(CASE WHEN step = 1 THEN "at" END) OVER w AS c1 FROM s
      WINDOW w AS (PARTITION BY customer_id ORDER BY "at", step ROWS UNBOUNDED PRECEDING)),
b AS (SELECT *, max(CASE WHEN step = 2 AND "at" <= c1 + INTERVAL 7 DAY THEN c1 END) OVER w AS c2 FROM a
      WINDOW w AS (PARTITION BY customer_id ORDER BY "at", step ROWS UNBOUNDED PRECEDING)),
c AS (SELECT *, max(CASE WHEN step = 3 AND "at" <= c2 + INTERVAL 7 DAY THEN c2 END) OVER w AS c3 FROM b
      WINDOW w AS (PARTITION BY customer_id ORDER BY "at", step ROWS UNBOUNDED PRECEDING)),
d AS (SELECT customer_id, max(CASE WHEN step = 4 AND "at" <= c3 + INTERVAL 7 DAY THEN 4 WHEN c3 IS NOT NULL THEN 3
                                   WHEN c2 IS NOT NULL THEN 2 WHEN c1 IS NOT NULL THEN 1 END) AS level
      FROM c GROUP BY customer_id)
SELECT count(*) FILTER (level >= 1), count(*) FILTER (level >= 2), count(*) FILTER (level >= 3), count(*) FILTER (level >= 4) FROM d
"""

CLICKHOUSE, FIRST, EQUAL = "ClickHouse windowFunnel", "DuckDB, first exposure alone", "DuckDB, the same rule"
QUERIES = {CLICKHOUSE: WINDOW_FUNNEL, FIRST: FIRST_ENTRY, EQUAL: CARRIED}


def source_of(engine: str, file: Path) -> str:
    """How an engine reads a file; of a CSV all sides are told the types of the columns that they need."""
    if engine == CLICKHOUSE:
        if file.suffix == ".parquet":
            return f"file('{file}', Parquet)"
        columns = "customer_id String, event String, at DateTime, channel String, value String"
        return f"file('{file}', CSVWithNames, '{columns}')"
    if file.suffix == ".parquet":
        return f"'{file}'"
    types = "{'customer_id': 'VARCHAR', 'event': 'VARCHAR', 'at': 'TIMESTAMP', 'channel': 'VARCHAR', 'value': 'VARCHAR'}"
    return f"read_csv('{file}', columns = {types}, header = true)"


def ask(engine: str, file: Path, threads: int) -> None:
    """The other side, in its own process: prints the seconds of the query and users per step."""
    query = QUERIES[engine].format(source=source_of(engine, file), threads=threads)
    if engine == CLICKHOUSE:
        import chdb

        start = time.perf_counter()
        answer = [int(users) for users in str(chdb.query(query, "CSV")).split(",")]
    else:
        import duckdb

        connection = duckdb.connect()
        connection.execute(f"SET threads = {threads}")
        start = time.perf_counter()
        answer = list(connection.execute(query).fetchone())
    print(json.dumps({"seconds": time.perf_counter() - start, "answer": answer}))


def sort_by_time(folder: Path) -> None:
    """In a process of its own."""
    import duckdb

    unfinished = folder / "unfinished.parquet"
    duckdb.execute(
        f"COPY (SELECT * FROM '{folder}/clicks.parquet' ORDER BY \"at\", customer_id, event) TO '{unfinished}'"
        " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 262144)"
    )
    unfinished.rename(folder / "by_time.parquet")


def versions() -> None:
    """In a process of its own: the one that measures is to stay small (see `measure`)."""
    import chdb
    import duckdb

    clickhouse = str(chdb.query("SELECT version()", "TSV")).strip()
    print(f"ClickHouse {clickhouse} (chdb {chdb.__version__}), DuckDB {duckdb.__version__}")


def make_clicks(args) -> list[int]:
    """Clicks by `siyu sample`, unless they are there, and the same rows in order of time, as a log has them. Gives the
    users per step that the generator counted."""
    folder = args.data / f"clicks-{args.customers}"
    if not (folder / "by_time.parquet").exists():
        sample = [args.siyu, "sample", str(folder), "--customers", str(args.customers), "--frames", "clicks"]
        subprocess.run(sample, check=True)
        subprocess.run([sys.executable, __file__, "--sort", "--file", str(folder)], check=True)
    told = (folder / "README.md").read_text().split("customers who reach it")[1]
    return [int(re.search(rf"\| {step} \| ([\d,]+) \|", told).group(1).replace(",", "")) for step in STEPS]


def siyu_answer(out: str) -> list[int]:
    return [row["users"] for row in json.loads(out)["tables"]["steps"]]


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def compare(name: str, file: Path, expected: list[int], args) -> None:
    siyu = [args.siyu, "funnel", str(file), "--steps", ",".join(STEPS), "--window", "7d", "--table", "steps"]
    siyu += ["-f", "json", "-q", "--no-config", "--threads", str(args.threads)]
    engines = [engine for engine in QUERIES if args.against is None or args.against in engine]
    figures = {engine: [] for engine in ["siyu", *engines]}
    answers = {}
    for turn in range(args.runs + 1):
        seconds, mib, out = measure(siyu)
        runs = {"siyu": (seconds, mib, seconds)}
        answers["siyu"] = siyu_answer(out)
        for engine in engines:
            other = [sys.executable, __file__, "--ask", engine, "--file", str(file), "--threads", str(args.threads)]
            seconds, mib, out = measure(other)
            told = json.loads(out)
            runs[engine] = (seconds, mib, told["seconds"])
            answers[engine] = told["answer"]
        for engine, answer in answers.items():
            if engine != FIRST and answer != expected:
                sys.exit(f"{name}: {engine} finds {answer}, the generator counted {expected}")
        if turn > 0:  # the first turn warms the cache of the disk
            for engine, run in runs.items():
                figures[engine].append(run)
    mine = figures["siyu"]
    for engine in ["siyu", *engines]:
        theirs = figures[engine]
        wall, memory, query = ([run[at] for run in theirs] for at in range(3))
        cells = [f"{statistics.median(wall):.2f} s", f"{statistics.median(memory):.0f} MiB"]
        if engine == "siyu":
            cells += ["", "", "", ""]
        else:
            cells.append(f"{statistics.median(query):.2f} s")
            cells += [spread([m[0] / t[0] for m, t in zip(mine, theirs)]), spread([m[0] / t[2] for m, t in zip(mine, theirs)])]
            cells.append(spread([m[1] / t[1] for m, t in zip(mine, theirs)]))
        users = " > ".join(f"{users:,}" for users in answers[engine])
        print(f"| {name} | {engine} | {' | '.join(cells)} | {users} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--siyu", default="target/release/siyu")
    parser.add_argument("--data", type=Path, default=Path("target/bench-data"))
    parser.add_argument("--customers", type=int, default=1_000_000, help="20 events each")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="a part of a case's name")
    parser.add_argument("--against", help="a part of the other side's name")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    parser.add_argument("--versions", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--sort", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.ask:
        ask(args.ask, args.file, args.threads)
        return
    if args.versions:
        versions()
        return
    if args.sort:
        sort_by_time(args.file)
        return
    expected = make_clicks(args)
    folder = (args.data / f"clicks-{args.customers}").resolve()
    _, _, others = measure([sys.executable, __file__, "--versions"])
    print(
        f"siyu against {others.strip()}; {args.threads} threads, {args.runs} alternating runs, {args.customers:,} customers;"
        " medians, of ratios with their spread"
    )
    print("| case | side | wall | peak memory | query alone | siyu / it: wall | siyu / it: query alone | siyu / it: memory | users per step |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    cases = [
        ("Parquet, by customer", folder / "clicks.parquet"),
        ("Parquet, by time", folder / "by_time.parquet"),
        ("CSV, by customer", folder / "clicks.csv"),
    ]
    for name, file in cases:
        if args.only is None or args.only in name:
            compare(name, file, expected, args)


if __name__ == "__main__":
    main()
