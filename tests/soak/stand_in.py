"""The command line with an engine that traces nothing: what a unit gives depends on the unit alone, when is chance.

Everything else is real: journal, resuming, the rows, the store and the files. Such a run starts in half a second, so a
test can kill it as often as it likes.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

import properties.campaign
import properties.campaign.engines
from properties.campaign.local import Result
from properties.campaign.plan import OUTSIDE, Plan
from properties.campaign.units import SHRINK, Unit
from reports.cli import main
from tests.reports.conftest import finding, tally

KINDS = 7
"""Kinds of hits, each of which is shrunk once."""
_SLOWEST = 0.1  # seconds for a unit


class StandIn:
    """An engine of ``workers`` workers; see the module."""

    def __init__(self, plan: Plan, workers: int) -> None:
        self.workers = workers
        self._plan = plan
        self._due: list[tuple[float, Unit]] = []

    @property
    def pending(self) -> int:
        return len(self._due)

    def submit(self, unit: Unit) -> None:
        self._due.append((time.monotonic() + random.uniform(0, _SLOWEST), unit))

    def results(self, seconds: float) -> list[Result]:
        first = min((due for due, _ in self._due), default=time.monotonic())
        time.sleep(max(0.0, min(seconds, first - time.monotonic())))
        now = time.monotonic()
        ready = [unit for due, unit in self._due if due <= now]
        self._due = [(due, unit) for due, unit in self._due if due > now]
        return [Result(unit, state_of(self._plan, unit)) for unit in ready]

    def abandon(self) -> None:
        self._due.clear()

    def close(self) -> None:
        self.abandon()


def state_of(plan: Plan, unit: Unit) -> dict[str, Any]:
    """What is left of ``unit`` when it is done."""
    if unit.kind == SHRINK:
        assert unit.hit is not None
        number = int(unit.hit["signature"][4].split()[-1])
        return {"finding": finding(id=f"{number:08x}", bucket=f"{number:012x}", signature=f"RA101 missing {number}")}
    subjects = (*plan.cells[unit.cell].subjects, *OUTSIDE)
    return {
        "done": True,
        "programs": unit.count,
        "counts": {},
        "seconds": {"trace": 0.01 * unit.shard},
        "constructs": {"item": unit.count},
        "support": {"item": {"captured": unit.count}},
        "not_run": {},
        "subjects": {
            name: tally(programs=unit.count, proved=unit.count - 1, refuted={"missing": 1}) for name in subjects
        },
        "hits": [_hit(plan, unit)],
        "errors": [],
    }


def _hit(plan: Plan, unit: Unit) -> dict[str, Any]:
    kind = unit.shard % KINDS
    return {
        "where": {"seed": plan.seed, "cell": unit.cell, "shard": unit.shard, "index": 3},
        "seen_with": "torch",
        "signature": ["torch", "RA101", "missing", f"cause {kind}", f"skeleton {kind}"],
        "count": 1,
        "weight": 40 + unit.shard,
        "program": finding()["program"],
        "title": "an assert is missing",
        "stage": "pass",
        "detail": "",
    }


def run(arguments: list[str]) -> int:
    """The command line, with the engine in place."""

    def open_engine(name: str, plan: Plan, *, workers: int, **_: Any) -> StandIn:
        return StandIn(plan, workers)

    properties.campaign.engines.open_engine = open_engine
    properties.campaign.check_arguments = lambda *_: None
    return main(arguments)


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
