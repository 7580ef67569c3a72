"""Shrinks a Program on which a worker ends: every candidate is tried in a worker that may end, too.

It needs neither the seed nor Hypothesis, whose run would end with the first candidate that shows the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from properties.campaign.deaths import CODE, Death, death_hit
from properties.campaign.drawn import drawn_row
from properties.campaign.local import Engine, Result
from properties.campaign.minimise import minimise
from properties.campaign.plan import FRONTEND_SUBJECT, Plan
from properties.campaign.units import TRIAL, Unit
from strategies.program import Program

CALLS = {"hang": 16}
CALLS_ELSE = 40
"""How many different Programs are tried; one that hangs takes its time."""


class _Halted(Exception):
    """The run was asked to stop, or its time is over."""


def shrink_death(plan: Plan, engine: Engine, unit: Unit, halted: Callable[[], bool]) -> list[dict[str, Any]] | None:
    """The ``finding`` row of the hit of ``unit`` with a shorter Program that ends a worker in the same way.

    No row if it does not show again: the hit then stands as it was drawn. None if ``halted`` became true before the
    end: nothing is recorded, and the next start of the run does it again.
    """
    hit = unit.hit
    if hit is None:
        raise ValueError("a unit without a hit cannot be shrunk")
    frontend = plan.cells[unit.cell].frontend
    subject, _, direction, cause, _ = hit["signature"]
    deaths: dict[str, Death] = {}
    codes = (CODE,)

    def shows(program: Program) -> bool:
        if program.key() in deaths:
            return True
        death = _tried(plan, engine, unit, program, codes, halted)
        if death is None or (death.subject, death.direction, death.cause) != (subject, direction, cause):
            return False
        deaths[program.key()] = death
        return True

    try:
        # What ends the worker may need other properties than the first: a second run, or the graph on inputs.
        if not shows(Program.from_json(hit["program"])):
            codes = tuple(plan.properties)
        smallest = minimise(hit["program"], shows, calls=CALLS.get(direction, CALLS_ELSE))
    except _Halted:
        return None
    except ValueError:
        return []
    program = Program.from_json(smallest)
    death = deaths[program.key()]
    return [{**drawn_row(death_hit(death.to_json(), program, hit["where"]), frontend), "shrunk": True}]


def _tried(
    plan: Plan, engine: Engine, unit: Unit, program: Program, codes: tuple[str, ...], halted: Callable[[], bool]
) -> Death | None:
    """How a worker ends on ``program``; None if it does not."""
    assert unit.hit is not None
    subject = unit.hit["signature"][0]
    asked: Mapping[str, Any] = {
        **unit.hit,
        "program": program.to_json(),
        "subject": plan.cells[unit.cell].subjects[0] if subject == FRONTEND_SUBJECT else subject,
        "codes": list(codes),
    }
    engine.submit(Unit(TRIAL, unit.cell, unit.shard, 1, asked))
    found: list[Result] = []
    while not found:
        if halted():
            engine.abandon()
            raise _Halted
        found = engine.results(0.2)
    return found[0].death
