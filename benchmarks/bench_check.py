"""How many Programs a second one core checks completely, where the time goes, and what a campaign adds to it.

A complete check draws the Program, runs it eagerly, traces it, runs the pass, and decides every property. The first
table counts processor time of one process; the second compares the same shards in this process, with one worker and
with two, by the clock: it means something only on a machine that does nothing else (the load is printed).
Run as ``python benchmarks/bench_check.py [--programs N] [--subject NAME] [--campaign-only]``.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from properties.campaign import head
from properties.campaign.conduct import carry_out
from properties.campaign.local import Local
from properties.campaign.plan import FRONTENDS, Plan, audit_plan
from properties.campaign.pool import prepare
from properties.campaign.shard import run_shard
from properties.campaign.units import SEARCH, Limits, Unit
from reports.store import Journal

TARGETS = {"shape_env": 150, "make_fx": 40}
SPEEDUP = 1.8
OVERHEAD = 0.05


def rates(subject: str, profile: str, programs: int) -> None:
    """Measures each frontend after a warm-up and prints one line for each."""
    print(f"{'frontend':<24}{'programs/s':>11}{'target':>8}   share of the time")
    for frontend in FRONTENDS:
        plan = _plan(subject, profile, frontend, 10 * programs)
        run_shard(plan, 0, 1, 20)
        start = time.process_time()
        result = run_shard(plan, 0, 0, programs)
        spent = time.process_time() - start
        shares = result["shard"]["seconds"]
        total = sum(shares.values())
        text = ", ".join(
            f"{name} {value / total:.0%}" for name, value in sorted(shares.items(), key=lambda item: -item[1])[:6]
        )
        target = TARGETS.get(frontend, "")
        print(f"{frontend:<24}{result['shard']['programs'] / spent:>11.1f}{target:>8}   {text}", flush=True)


def campaign(subject: str, profile: str, programs: int) -> None:
    """Times the search of the same shards without a campaign and with one, and prints what that comes to."""
    plan = _plan(subject, profile, "shape_env", programs)
    run_shard(plan, 0, 0, 20)
    start = time.perf_counter()
    for cell, shard, count in plan.shards():
        run_shard(plan, cell, shard, count)
    alone = time.perf_counter() - start
    (one, own), (two, _) = searched(plan, 1), searched(plan, 2)
    print(f"\n{programs} programs: {alone:.1f} s in this process, {one:.1f} s with a worker, {two:.1f} s with two")
    print(f"processor time of the campaign's own process: {own:.2f} s, {own / alone:.1%} of the search")
    print(f"what the campaign adds: {one / alone - 1:+.1%} (target: at most {OVERHEAD:.0%})")
    print(f"two workers for one: {one / two:.2f} times (target: at least {SPEEDUP})")
    print(f"load of the machine, 1 minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def searched(plan: Plan, workers: int) -> tuple[float, float]:
    """A campaign with a journal on the disk searches all shards of ``plan``, its workers warm: seconds by the clock,
    and of processor time in this process, which hands out and records."""
    last = 0.0
    open_units = len(list(plan.shards()))

    def append(record: Mapping[str, Any]) -> None:
        nonlocal last, open_units
        journal.append(record)
        open_units -= 1
        last = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder, Local(plan, workers, Limits()) as engine:
        for place in range(workers):
            engine.submit(Unit(SEARCH, 0, 1000 + place, 20))
        while engine.pending:
            engine.results(60.0)
        with Journal.create(Path(folder), head(plan)) as journal:
            start, own = time.perf_counter(), time.process_time()
            # Nothing is shrunk: that is no part of the search.
            carry_out(plan, engine, append, stopping=lambda: open_units == 0)
            own = time.process_time() - own
    return last - start, own


def _plan(subject: str, profile: str, frontend: str, programs: int) -> Plan:
    return audit_plan(subjects=(subject,), frontends=(frontend,), programs=programs, profile=profile, jobs=1)


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=300, help="Programs a frontend")
    parser.add_argument("--subject", default="reference")
    parser.add_argument("--profile", default="smoke", help="smoke, audit or nightly")
    parser.add_argument("--campaign-only", action="store_true", help="leave out the first table")
    options = parser.parse_args()
    prepare()
    if not options.campaign_only:
        rates(options.subject, options.profile, options.programs)
    campaign(options.subject, options.profile, options.programs)


if __name__ == "__main__":
    main()
