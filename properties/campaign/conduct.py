"""Carries a plan out: shards first, then one shrink for each kind of finding; every finished unit is a record."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from properties.campaign.death_shrink import shrink_death
from properties.campaign.derive import hits_of, is_death, representatives, shrink_unit, units_done
from properties.campaign.local import Engine, Result
from properties.campaign.plan import Plan
from properties.campaign.rows import shard_result
from properties.campaign.units import SHRINK_CALLS, Unit, record_of, search_units

Append = Callable[[Mapping[str, Any]], None]

Urgent = Callable[[Sequence[str]], bool]
"""Whether a hit with this signature (subject, property, direction, cause, skeleton) is to be shrunk before others."""

SHRINK_SHARE = 0.2
"""The part of a time box that is kept for shrinking."""
GRACE = 10.0
"""Seconds beyond a time box, or after a stop, that units at work are waited for."""
_PATIENCE = 0.2  # seconds between two looks at the clock and at whether to stop


class Stopped(Exception):
    """The run was asked to stop before its plan was done."""


def carry_out(
    plan: Plan,
    engine: Engine,
    append: Append,
    *,
    done: Sequence[Mapping[str, Any]] = (),
    stopping: Callable[[], bool] = lambda: False,
    spent: float = 0.0,
    urgent: Urgent = lambda signature: True,
) -> bool:
    """Has ``engine`` do what ``done`` does not hold yet, and calls ``append`` with the record of each finished unit.

    A record counts as safe when ``append`` returns. ``stopping`` is asked often: after it is true nothing new
    begins. ``spent`` seconds of a time box were used before. Hits whose signature is ``urgent`` are shrunk first, so
    that a time box that ends early has left out what is known.

    Returns:
        Whether the whole plan was carried out. A plan without a number of Programs is, when its time is over.
    """
    units = dict(units_done(done))
    start = time.monotonic() - spent
    box = None if plan.minutes is None else 60.0 * plan.minutes

    def keep(record: Mapping[str, Any]) -> None:
        append(record)
        units.setdefault(tuple(record["unit"]), record)

    def until(share: float) -> float:
        return float("inf") if box is None else start + box * share

    todo = (unit for unit in search_units(plan) if unit.key not in units)
    whole = _drain(engine, todo, lambda result: keep(_searched(plan, result)), stopping, until(1 - SHRINK_SHARE))
    chosen = sorted(representatives(hits_of(units)), key=lambda hit: not urgent(hit["signature"]))
    calls = SHRINK_CALLS
    shrinks = [unit for unit in (shrink_unit(plan, hit, calls) for hit in chosen) if unit.key not in units]
    # A stop leaves the findings as they were drawn; the next start of this run shrinks them.
    todo = (unit for unit in shrinks if not is_death(unit.hit))
    shrunk = _drain(engine, todo, lambda result: keep(_shrunk(plan, result)), stopping, until(1.0))
    for unit in shrinks:
        if is_death(unit.hit) and shrunk:
            rows = shrink_death(plan, engine, unit, lambda: stopping() or time.monotonic() >= until(1.0))
            shrunk = rows is not None
            if rows is not None:
                keep(record_of(unit, rows, []))
    return (whole or box is not None) and (shrunk or box is not None) and not stopping()


def _drain(
    engine: Engine,
    units: Iterable[Unit],
    keep: Callable[[Result], None],
    stopping: Callable[[], bool],
    until: float,
) -> bool:
    """Has ``units`` done until the clock says ``until`` or somebody says stop; whether all of them were."""
    waiting: Iterator[Unit] = iter(units)
    exhausted = False
    ended: float | None = None
    while True:
        now = time.monotonic()
        if ended is None and (stopping() or now >= until):
            ended = now
        # One unit more than workers lies ready, so that none of them waits for its next.
        while ended is None and not exhausted and engine.pending <= engine.workers:
            unit = next(waiting, None)
            if unit is None:
                exhausted = True
            else:
                engine.submit(unit)
        if engine.pending == 0 and (exhausted or ended is not None):
            return exhausted and ended is None
        if ended is not None and now - ended > GRACE:
            engine.abandon()
            return False
        for result in engine.results(_PATIENCE):
            keep(result)


def _searched(plan: Plan, result: Result) -> dict[str, Any]:
    unit = result.unit
    where = {"seed": plan.seed, "cell": unit.cell, "shard": unit.shard, "index": 0}
    if result.state is not None and result.state.get("done"):
        found = shard_result(plan, unit, result.state)
        return record_of(unit, [*found["errors"], found["shard"]], found["hits"])
    detail = "" if result.death is None else f"{result.death.cause}\n{result.death.detail}"
    return record_of(unit, [_error(plan, where, f"shard of {unit.count} programs lost: {detail}", None)], [])


def _shrunk(plan: Plan, result: Result) -> dict[str, Any]:
    if result.state is not None and "finding" in result.state:
        return record_of(result.unit, [result.state["finding"]], [])
    if result.state is not None and "error" in result.state:
        return record_of(result.unit, [result.state["error"]], [])
    # The hit stands as it was drawn: it was executed, and what ended the worker was a smaller Program.
    return record_of(result.unit, [], [])


def _error(plan: Plan, where: Mapping[str, int], text: str, program: Any) -> dict[str, Any]:
    return {
        "kind": "tool_error",
        "where": "worker",
        "text": text,
        "program": program,
        "case": dict(where),
        "frontend": plan.cells[where["cell"]].frontend,
    }
