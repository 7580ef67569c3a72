"""Small tasks in a worker of their own, so that what ends its process ends only that. No torch is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from properties.campaign.deaths import CODE, death_hit
from properties.campaign.drawn import drawn_row
from properties.campaign.local import Local, Result
from properties.campaign.plan import FRONTEND_SUBJECT, Plan, check_names
from properties.campaign.units import CHECK, REPLAY, Limits, Unit
from properties.errors import UsageError
from strategies.program import Program, ProgramError
from strategies.source import standalone_source

_NOWHERE = {"seed": 0, "cell": 0, "shard": 0, "index": 0}


def replay_apart(
    document: Mapping[str, Any], subject: str, frontend: str, property_codes: tuple[str, ...], limits: Limits
) -> dict[str, Any]:
    """What :func:`properties.campaign.replaying.replay` returns, or the finding that the worker ended.

    Raises:
        UsageError: if a name is unknown, or the document is no Program.
    """
    check_names((frontend,), property_codes)
    try:
        program = Program.from_json(document)
    except ProgramError as error:
        raise UsageError(f"not a program: {error}") from error
    asked = {"program": dict(document), "subject": subject, "frontend": frontend, "codes": list(property_codes)}
    result = _result(Unit(REPLAY, 0, 0, 1, asked), limits)
    if result.death is None and result.state is not None:
        return result.state
    row: dict[str, Any] = {
        "kind": "replay",
        "subject": subject,
        "frontend": frontend,
        "source": standalone_source(program),
        "valid": True,
        "refusal": "",
        "verdicts": {},
        "findings": [],
        "errors": [],
    }
    death = result.death
    if death is None or death.subject not in (subject, FRONTEND_SUBJECT):
        row["errors"] = [f"worker: {'no result' if death is None else death.detail}"]
        return row
    row["verdicts"] = {CODE: f"REFUTED({death.direction})"}
    row["findings"] = [drawn_row(death_hit(death.to_json(), program, _NOWHERE), frontend)]
    return row


def check_subjects(subjects: Sequence[str], limits: Limits) -> None:
    """Imports every subject once.

    Raises:
        UsageError: if one is unknown, cannot be imported, or ends or holds the process that imports it.
    """
    result = _result(Unit(CHECK, 0, 0, 1, {"subjects": list(subjects)}), limits)
    death = result.death
    if death is not None:
        who = f"subject {death.subject!r}: importing it ends in this: " if death.subject else ""
        raise UsageError(f"{who}{death.cause}")


def _result(unit: Unit, limits: Limits) -> Result:
    plan = Plan(seed=0, cells=(), properties=(), shard_size=1, jobs=1)
    with Local(plan, 1, limits) as engine:
        engine.submit(unit)
        found: list[Result] = []
        while not found:
            found = engine.results(60.0)
    return found[0]
