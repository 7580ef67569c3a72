"""The campaign: runs properties on many Programs in disposable workers and hands plain data to its caller.

Nothing in here prints. Importing this package imports no torch; the functions below do when they are called.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from properties.campaign.plan import Cell, Plan, audit_plan, check_names
from properties.campaign.units import Limits

__all__ = [
    "Cell",
    "Limits",
    "Plan",
    "audit_plan",
    "check_arguments",
    "check_names",
    "head",
    "replay",
    "rows_of",
    "run",
    "run_plan",
]

SCHEMA = 1
Append = Callable[[Mapping[str, Any]], None]


def check_arguments(subjects: tuple[str, ...], frontends: tuple[str, ...], property_codes: tuple[str, ...]) -> None:
    """Whether a campaign with these names can start: every subject is imported once, in a worker.

    Raises:
        UsageError: if not; one line with the value and what is allowed.
    """
    check_names(frontends, property_codes)
    from properties.campaign.apart import check_subjects

    check_subjects(subjects, Limits())


def head(plan: Plan, *, command: str = "audit") -> dict[str, Any]:
    """The first record of a run, its ``run`` row: what is planned, on which versions, under an ``id`` of its own."""
    from properties.campaign.environment import code, environment

    subjects = tuple(dict.fromkeys(name for cell in plan.cells for name in cell.subjects))
    return {
        "kind": "run",
        "schema": SCHEMA,
        "id": uuid.uuid4().hex[:12],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "plan": plan.to_json(),
        "environment": environment(),
        "code": code(subjects),
    }


def run(
    plan: Plan,
    append: Append,
    *,
    done: Sequence[Mapping[str, Any]] = (),
    stopping: Callable[[], bool] = lambda: False,
    engine: str = "local",
    address: str | None = None,
    limits: Limits | None = None,
    spent: float = 0.0,
    urgent: Callable[[Sequence[str]], bool] = lambda signature: True,
) -> bool:
    """Carries out what ``done`` (the records of earlier goes) does not hold yet of ``plan``.

    ``append`` is called with the record of each unit of work as it is finished, and its return says that the record is
    safe. See :func:`properties.campaign.conduct.carry_out` for ``stopping``, ``spent``, ``urgent`` and the result.

    Raises:
        UsageError: if the engine cannot be used.
    """
    from properties.campaign.conduct import carry_out
    from properties.campaign.engines import open_engine

    opened = open_engine(engine, plan, workers=plan.jobs, limits=limits or Limits(), address=address)
    try:
        return carry_out(plan, opened, append, done=done, stopping=stopping, spent=spent, urgent=urgent)
    finally:
        opened.close()


def rows_of(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the log, in the order of the plan, from the records of a run; imports no torch."""
    from properties.campaign.derive import rows_of as derived

    return derived(records)


def run_plan(plan: Plan) -> list[dict[str, Any]]:
    """The rows of the log of a whole run of ``plan``, which leaves nothing on disk."""
    import time

    start = time.monotonic()
    records: list[Mapping[str, Any]] = [head(plan)]
    complete = run(plan, records.append)
    records.append({"kind": "end", "complete": complete, "seconds": round(time.monotonic() - start, 2)})
    return rows_of(records)


def replay(
    program: Mapping[str, Any],
    *,
    subject: str,
    frontend: str,
    property_codes: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> dict[str, Any]:
    """One Program's JSON through one frontend and subject again, in a worker of its own.

    See :func:`properties.campaign.replaying.replay` for the result.

    Raises:
        UsageError: if a name is unknown, or ``program`` is none.
    """
    from properties.campaign.apart import replay_apart

    return replay_apart(program, subject, frontend, property_codes, limits or Limits())
