"""How long the solver's queries take, and how many it leaves open, on the queries of generated Programs.

    python benchmarks/bench_solver.py [NUMBER OF QUERIES]

Prints how often each step decided, median and upper percentiles in milliseconds, of the clock and of the processor
(which other work on the machine changes less), and the queries left open. The aim is a median below 5 ms,
nothing left open without floats, and less than one in a thousand with floats.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from statistics import median, quantiles
from typing import Any

from properties.campaign.check import check_program
from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import prepare
from properties.registry import properties
from properties.solver import query
from properties.subjects import resolve
from strategies.terms import leaves_of

SUBJECTS = ("reference", "torch", "mutant:drops-equalities")
_FOLLOWED = ("RA101", "RA102", "RA103", "RA105", "RA402", "RA701")


def main(wanted: int) -> None:
    """Runs Programs until ``wanted`` queries were asked."""
    prepare()
    subjects = {name: resolve(name) for name in SUBJECTS}
    codes = tuple(code for code in properties() if code in _FOLLOWED)
    times: list[float] = []
    worked: list[float] = []
    by: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    real = query.solve

    def timed(hold: Any, *broken: Any, **options: Any) -> Any:
        start, begun = time.perf_counter(), time.process_time()
        answer = real(hold, *broken, **options)
        times.append(time.perf_counter() - start)
        worked.append(time.process_time() - begun)
        by[answer.by if answer.status != "unknown" else "none"] += 1
        if answer.status == "unknown":
            sorts = leaves_of(*hold, *(term for group in broken for term in group)).values()
            unknown["with floats" if "float" in sorts else "without floats"] += 1
        return answer

    for name, module in list(sys.modules.items()):
        if name.startswith("properties.") and getattr(module, "solve", None) is real:
            module.solve = timed  # type: ignore[attr-defined]
    programs = shard = 0
    while len(times) < wanted:
        for program in draw(shard_seed(0, 0, shard), "nightly", 50):
            frontend = ("shape_env", "make_fx")[programs % 2]
            check_program(program, frontend, subjects, codes, thorough=True)
            _patch_late(real, timed)
            programs += 1
            if len(times) >= wanted:
                break
        shard += 1
    print(f"{len(times):,} queries of {programs:,} programs")
    for name, spent in (("clock", times), ("processor", worked)):
        cuts = quantiles(spent, n=100)
        print(f"{name}: median {median(spent) * 1e3:.2f} ms, 90 % {cuts[89] * 1e3:.2f} ms,", end=" ")
        print(f"99 % {cuts[98] * 1e3:.2f} ms, slowest {max(spent) * 1e3:.0f} ms")
    print("decided by " + ", ".join(f"{step} {count:,}" for step, count in by.most_common()))
    print(f"left open: {dict(unknown) or 'none'}")


def _patch_late(real: Any, timed: Any) -> None:
    """Properties are imported when they are first asked."""
    for name, module in list(sys.modules.items()):
        if name.startswith("properties.checks") and getattr(module, "solve", None) is real:
            module.solve = timed  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
