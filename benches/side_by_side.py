"""What the benchmarks share: a command measured as a process of its own, and the figures of two sides, run by run."""

import os
import statistics
import subprocess
import sys
import time


def measure(command: list[str]) -> tuple[float, float, str]:
    """Seconds of wall time, peak memory in MiB, standard output.

    On Linux the peak of a process is at least what its parent held when it was started: import no engine here.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return seconds, usage.ru_maxrss / 1024, out


class Sides:
    """Seconds and MiB of both sides, run by run."""

    def __init__(self) -> None:
        self.ours, self.theirs = [], []

    def add(self, ours: tuple[float, float], theirs: tuple[float, float]) -> None:
        self.ours.append(ours)
        self.theirs.append(theirs)

    def cells(self) -> str:
        """Median (least to largest) of the ratios of wall time and memory, and each side's medians."""
        mid = statistics.median
        ratios = ([o[i] / t[i] for o, t in zip(self.ours, self.theirs)] for i in (0, 1))
        shown = [f"{mid(r):.2f} ({min(r):.2f} to {max(r):.2f})" for r in ratios]
        shown += [f"{mid(s for s, _ in side):.2f} s, {mid(m for _, m in side):.0f} MiB" for side in (self.ours, self.theirs)]
        return " | ".join(shown)
