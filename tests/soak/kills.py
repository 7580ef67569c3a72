"""Kills a search, every process of it, at random moments, resumes it, and compares its report with an undisturbed one.

Run as ``python -m tests.soak.kills [--kills N] [--seed N]``; ``make soak`` does 100. What has to hold after every
kill: every record that was on the disk before is there, unchanged, and no unit of work is recorded twice. At the end
of every run: the log and the findings are those of the undisturbed run, byte for byte apart from times.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reports.store import NAME, JournalError, read_journal

REAL = "reports"
ROOT = Path(__file__).resolve().parents[2]
SUBJECT = "tests/soak/drops_inequalities.py:insert"
SEARCH = ("--subject", SUBJECT, "--frontend", "shape_env", "--property", "RA101")
_TIMES = ("id", "started", "seconds", "solver_seconds", "jobs")


@dataclass(frozen=True)
class Outcome:
    """How many kills hit a running search, how many runs came to their end, and what was wrong, one line each."""

    kills: int
    runs: int
    moments: tuple[int, ...]
    faults: tuple[str, ...]


def soak(
    kills: int,
    seed: int,
    programs: int,
    jobs: int = 2,
    *,
    module: str = REAL,
    tell: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Kills a search of ``programs`` Programs until ``kills`` kills have hit; ``tell`` hears of each.

    ``module`` is what is run: the command line, or one that stands in for it.
    """
    place = Path(tempfile.mkdtemp(prefix="runtime-assert-kills-"))
    try:
        whole = place / "whole"
        began = time.monotonic()
        start = partial(_start, module, jobs)
        arguments = ["--programs", str(programs), "--seed", str(seed), *SEARCH]
        _wait(start([*arguments, "--output", str(whole)]))
        return _soak(kills, seed, arguments, start, place, time.monotonic() - began, tell)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _soak(
    kills: int,
    seed: int,
    search: Sequence[str],
    start: Callable[[Sequence[str]], subprocess.Popen[bytes]],
    place: Path,
    whole_seconds: float,
    tell: Callable[[str], None],
) -> Outcome:
    chance = random.Random(seed)
    expected = timeless(place / "whole")
    faults: list[str] = []
    moments: list[int] = []
    done = runs = 0
    tell(f"undisturbed: {whole_seconds:.0f} s, {len(_records(place / 'whole'))} records")
    while done < kills and not faults:
        folder = place / f"run{runs}"
        arguments = [*search, "--output", str(folder)]
        while True:
            before = _records(folder)
            process = start(arguments)
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0, whole_seconds))
            hit = process.poll() is None and done < kills
            if hit:
                os.killpg(process.pid, signal.SIGKILL)
                done += 1
            process.wait()
            after = _records(folder)
            faults += _lost(before, after)
            if hit:
                moments.append(len(after))
                tell(f"kill {done} in run {runs}: {len(before)} records before, {len(after)} after")
            if not hit:
                break
            if (folder / NAME).exists() and after:
                arguments = ["--resume", str(folder)]
        runs += 1
        if process.returncode not in (0, 1, 4):
            faults.append(f"run {runs}: exit status {process.returncode}")
        elif timeless(folder) != expected:
            faults.append(f"run {runs}: its report differs from the undisturbed one")
        else:
            tell(f"run {runs}: its report is that of the undisturbed one")
    return Outcome(done, runs, tuple(moments), tuple(faults))


def timeless(folder: Path) -> dict[str, str]:
    """The log and the findings of a run, without what depends on the clock."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    for row in rows:
        # A finding's id says what it is; a run's id only which run it was.
        for name in _TIMES:
            if row["kind"] != "finding":
                row.pop(name, None)
    found = {"log": json.dumps(rows), "findings": (folder / "findings.jsonl").read_text()}
    return found | {path.name: path.read_text() for path in sorted((folder / "findings").glob("*"))}


def _start(module: str, jobs: int, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """The command in a process group of its own, so that all of it can be killed at once."""
    command = [sys.executable, "-m", module, "fuzz", *arguments, "--jobs", str(jobs)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _wait(process: subprocess.Popen[bytes]) -> None:
    if process.wait() not in (0, 1, 4):
        raise RuntimeError(f"the undisturbed search ended with exit status {process.returncode}")


def _records(folder: Path) -> tuple[dict, ...]:
    """What is on the disk; nothing if the search was killed before its first record was whole."""
    try:
        return read_journal(folder).records
    except JournalError:
        return ()


def _lost(before: Sequence[dict], after: Sequence[dict]) -> list[str]:
    faults = []
    if tuple(after[: len(before)]) != tuple(before):
        faults.append(f"of {len(before)} records that were on the disk some are gone or changed")
    units = [json.dumps(record["unit"]) for record in after if record["kind"] == "unit"]
    if len(units) != len(set(units)):
        faults.append("a unit of work is recorded twice")
    return faults


def main() -> int:
    """Prints one line for the whole, and the faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--programs", type=int, default=120)
    options = parser.parse_args()
    began = time.monotonic()
    outcome = soak(options.kills, options.seed, options.programs, tell=lambda line: print(line, flush=True))
    for fault in outcome.faults:
        print(f"FAULT: {fault}")
    print(
        f"{outcome.kills} kills in {outcome.runs} runs, {time.monotonic() - began:.0f} s, {len(outcome.faults)} faults"
    )
    print(f"records on the disk at each kill: {' '.join(map(str, outcome.moments))}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
