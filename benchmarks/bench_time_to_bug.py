"""How long random search takes to its first, tenth and twentieth fault of torch, and what limits it.

Two workers, nothing stored from earlier runs. A fault counts when its witness was executed; two are of different kinds
if they differ in property, direction, coarse cause (the way in which a campaign groups them before it shrinks) or in
who is to blame, the pass or the front end. Time runs from the first draw of the first Program.
Run as ``python benchmarks/bench_time_to_bug.py``; the long form is ``--goal 20 --minutes 30 --seeds 1``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

os.environ.setdefault("OMP_NUM_THREADS", "1")

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import Lost, results
from properties.campaign.signature import signature_of
from properties.registry import properties
from properties.subjects import resolve

FRONTENDS = ("shape_env", "make_fx", "shape_env", "export", "shape_env+deferred", "compile", "make_fx+deferred")
"""In turn, the cheap one more often."""
SHARD = 20
FIRST_GOAL, TENTH_GOAL, TWENTIETH_GOAL = 5.0, 120.0, 1800.0
GROUPS = {
    "draw": ("draw",),
    "trace": ("trace",),
    "pass": ("pass", "RA301", "RA304", "RA305"),
    "proof": ("proof", "RA101", "RA105", "RA401", "RA402"),
    "execution": ("run", "RA102", "RA103", "RA201", "RA501", "RA502"),
}
"""What the parts of a check are counted as; the rest is ``other``."""

Kind = tuple[str, str, str, str]
"""Who is to blame, property, direction, coarse cause."""


@dataclass
class Search:
    """One search: when each kind of fault was first seen, and where the workers' time went."""

    programs: int = 0
    start: float = 0.0
    kinds: dict[Kind, float] = field(default_factory=dict)
    seconds: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    def time_of(self, number: int) -> float | None:
        """Seconds from the first Program to the ``number``-th kind, or None if it was not found."""
        times = sorted(self.kinds.values())
        return times[number - 1] - self.start if len(times) >= number else None


def shard(seed: int, place: int, frontend: str) -> tuple[float, int, list[tuple[Kind, float]], dict[str, float]]:
    """One worker's job: (when it began, Programs, the kinds of fault with the time of each, seconds by part).

    Times are of the machine's monotonic clock, which all processes share.
    """
    began = time.monotonic()
    programs = draw(shard_seed(seed, place, 0), "audit", SHARD, frontend)
    seconds: Counter[str] = Counter({"draw": time.monotonic() - began})
    found: list[tuple[Kind, float]] = []
    subject = {"torch": resolve("torch")}
    # Those that are asked of every Program; the others compare devices and backends.
    codes = [code for code, row in properties().items() if not row.share]
    for program in programs:
        checked = check_program(program, frontend, subject, codes, thorough=False)
        seconds.update(checked.seconds)
        case = checked.cases.get("torch")
        if case is None:
            continue
        faults = checked.refutations("torch")
        recorded_wrong = checked.outside("frontend")
        if recorded_wrong is not None:
            faults = [*faults, recorded_wrong[1:]]
        for code, verdict in faults:
            signature = signature_of(case, code, verdict)
            found.append(((signature.subject, code, signature.direction, signature.cause), time.monotonic()))
    return began, len(programs), found, dict(seconds)


def search(seed: int, goal: int, limit: float, jobs: int) -> Search:
    """Searches until ``goal`` kinds are known or ``limit`` seconds have passed."""
    result = Search()
    places = range(round(10 * limit))
    queue = [(seed, place, frontend) for place, frontend in zip(places, cycle(FRONTENDS), strict=False)]
    for one in results(shard, queue, workers=jobs, timeout=120):
        if isinstance(one, Lost):
            result.lost += 1
            continue
        began, programs, found, seconds = one
        result.start = result.start or began
        result.programs += programs
        result.seconds.update(seconds)
        for kind, when in found:
            result.kinds[kind] = min(when, result.kinds.get(kind, when))
        if len(result.kinds) >= goal or time.monotonic() - result.start > limit:
            break
    return result


def shares(searches: list[Search]) -> str:
    total: Counter[str] = Counter()
    group_of = {part: group for group, parts in GROUPS.items() for part in parts}
    for one in searches:
        for part, spent in one.seconds.items():
            total[group_of.get(part, "other")] += spent
    whole = sum(total.values()) or 1.0
    return ", ".join(f"{name} {spent / whole:.0%}" for name, spent in total.most_common())


def main() -> None:
    """Runs the searches and prints one line for each goal, what was found, and where the time went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--goal", type=int, default=10, help="kinds of fault after which a search ends")
    parser.add_argument("--minutes", type=float, default=2.0, help="limit of one search")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    searches = [search(seed, options.goal, 60 * options.minutes, options.jobs) for seed in range(options.seeds)]
    print(
        f"{'kinds of fault':<16}{'median':>9}{'worst':>9}{'goal':>8}   of {options.seeds} seeds, {options.jobs} workers"
    )
    for number, goal in ((1, FIRST_GOAL), (10, TENTH_GOAL), (20, TWENTIETH_GOAL)):
        if number > options.goal:
            continue
        times = [one.time_of(number) for one in searches]
        known = [value if value is not None else float("inf") for value in times]
        print(f"{number:<16}{statistics.median(known):>8.1f}s{max(known):>8.1f}s{goal:>7.0f}s")
    programs = sum(one.programs for one in searches)
    print(
        f"{programs} programs, {sum(one.lost for one in searches)} shards lost; time of the workers: {shares(searches)}"
    )
    seen = Counter(kind for one in searches for kind in one.kinds)
    for (blamed, code, direction, cause), number in sorted(seen.items()):
        print(f"  {blamed} {code} {direction}: {cause} ({number} of {options.seeds} seeds)")


if __name__ == "__main__":
    main()
