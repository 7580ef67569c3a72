"""Who checks the checker: after how many Programs each seeded fault is found by the property that names it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from properties.campaign.draw import draw, shard_seed
from properties.campaign.pool import Lost, results
from properties.capture.facts import facts_of
from properties.capture.frontends import capture
from properties.case import Case
from properties.errors import NotCaptured, UsageError
from properties.execution.run import run_eager
from properties.mutants import MUTANTS
from properties.registry import properties
from properties.verdict import Status
from strategies.program import Program
from strategies.semantics import example
from strategies.statement import Unrealisable

PROGRAMS = 300
"""How many Programs each mutant may survive by default: the share of a nightly run that one shard has."""
RARE = 10
"""So many times more Programs are drawn for a mutant that needs a rare construct; those without it are not traced."""
PROFILE = "nightly"
_SHARD = 25
_GROUP = 12
_TIMEOUT = 3600.0


def chosen(names: Sequence[str]) -> tuple[str, ...]:
    """The mutants called ``names``, or all of them.

    Raises:
        UsageError: if there is no such mutant; one line.
    """
    for name in names:
        if name not in MUTANTS:
            raise UsageError(f"mutant {name!r} is unknown; allowed: {', '.join(sorted(MUTANTS))}")
    return tuple(dict.fromkeys(names)) or tuple(MUTANTS)


def selfcheck(names: Sequence[str], *, seed: int, programs: int, jobs: int) -> Iterator[dict[str, Any]]:
    """A row for each mutant, as it is done: whether it was killed, by which property, after how many Programs.

    A row's ``error`` says what kept a mutant from being judged (a fault of this tool, a lost worker), if anything.
    """
    groups: list[tuple[str, tuple[str, ...]]] = []
    kinds = dict.fromkeys((MUTANTS[name].frontend, bool(MUTANTS[name].needs)) for name in names)
    for frontend, rare in kinds:
        own = [name for name in names if (MUTANTS[name].frontend, bool(MUTANTS[name].needs)) == (frontend, rare)]
        groups += [(frontend, tuple(own[start : start + _GROUP])) for start in range(0, len(own), _GROUP)]
    work = [(frontend, group, seed, programs) for frontend, group in groups]
    for (_, group, *_), found in zip(work, results(hunt, work, workers=jobs, timeout=_TIMEOUT), strict=True):
        if isinstance(found, Lost):
            yield from (_row(name, None, 0, 0.0, str(found)) for name in group)
        else:
            yield from found


def hunt(frontend: str, names: Sequence[str], seed: int, programs: int) -> list[dict[str, Any]]:
    """Random Programs through one frontend, each for all of ``names`` that still live and may show in it.

    A mutant that needs a rare construct may survive :data:`RARE` times as many.
    """
    alive = dict.fromkeys(names)
    spent = dict.fromkeys(names, 0.0)
    rows: dict[str, dict[str, Any]] = {}
    limit = {name: programs * (RARE if MUTANTS[name].needs else 1) for name in names}
    for count, program in enumerate(_programs(seed, max(limit.values())), 1):
        alive = {name: None for name in alive if count <= limit[name]}
        if not alive:
            break
        showing = [name for name in alive if MUTANTS[name].may_show_in(program)]
        if not showing:
            continue
        try:
            if not run_eager(program, example(program)).accepted:
                continue
            facts = facts_of(capture(program, frontend))
        except (NotCaptured, Unrealisable):
            continue
        for name in showing:
            start = time.perf_counter()
            mutant = MUTANTS[name]
            try:
                verdict = properties()[mutant.killed_by].check(Case(facts, name, mutant.subject))
            except Exception as error:  # noqa: BLE001 - a fault of ours on this mutant: reported, and no kill
                rows[name] = _row(name, None, count, spent[name], f"{type(error).__name__}: {error}")
                del alive[name]
                continue
            spent[name] += time.perf_counter() - start
            if verdict.status is Status.REFUTED and verdict.stage != "frontend":
                rows[name] = _row(name, verdict.direction, count, spent[name])
                del alive[name]
    return [rows.get(name) or _row(name, None, limit[name], spent[name]) for name in names]


def _programs(seed: int, programs: int) -> Iterator[Program]:
    for shard, start in enumerate(range(0, programs, _SHARD)):
        yield from draw(shard_seed(seed, 0, shard), PROFILE, min(_SHARD, programs - start))


def _row(name: str, direction: str | None, programs: int, seconds: float, error: str = "") -> dict[str, Any]:
    mutant = MUTANTS[name]
    return {
        "mutant": name,
        "property": mutant.killed_by,
        "frontend": mutant.frontend,
        "like": mutant.like,
        "killed": direction is not None,
        "direction": direction or "",
        "programs": programs,
        "seconds": round(seconds, 3),
        "error": error,
    }
