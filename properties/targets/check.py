"""Checks foreign code: traces it, runs the subjects, decides every property that can be decided, all as rows."""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from properties.campaign.check import OUTSIDE, Checked
from properties.campaign.environment import environment
from properties.campaign.finding import json_number
from properties.campaign.identity import identity_check
from properties.campaign.signature import signature_of
from properties.case import Case, apply
from properties.checks.placement import unaliased
from properties.errors import NotCaptured, ToolError
from properties.registry import properties
from properties.subjects import Subject
from properties.targets import OF_PROGRAMS
from properties.targets.asserts import NOWHERE, Names, Origins, assert_rows, unchecked_rows
from properties.targets.code import Code
from properties.targets.foreign import ForeignFacts
from properties.targets.places import place_of_error, written_at
from properties.targets.trace import trace
from properties.verdict import Outcome, Status, Verdict, Witness
from strategies.source import render_term

SCHEMA = 1
_TIMINGS = 3
_REASON = 400


def check_code(
    code: Code,
    frontends: Sequence[str],
    subjects: Mapping[str, Subject],
    codes: Sequence[str] = (),
    *,
    skip_plain: bool = False,
    exchange: bool = False,
) -> list[dict[str, Any]]:
    """A ``target`` row for each frontend. Faults of this tool are recorded in the row and never raised.

    With ``skip_plain`` no pass runs where torch recorded nothing for run time and the graph reads no such value. With
    ``exchange`` the first row tells what comes of our pass in torch's place, also on the inputs that showed an assert
    to be missing.
    """
    every = tuple(codes) or tuple(code for code in properties() if code not in OF_PROGRAMS)
    accepted: list[tuple[Any, ...]] = []
    rows = [_row(code, frontend, subjects, every, skip_plain, accepted) for frontend in frontends]
    if exchange and rows:
        from properties.targets.in_place import in_place

        rows[0]["in_place"] = in_place(code, extra=accepted)
    return rows


def empty_row(target: str, frontend: str) -> dict[str, Any]:
    """A ``target`` row before anything is known."""
    return {
        "kind": "target",
        "target": target,
        "frontend": frontend,
        "outcome": "captured",
        "reason": "",
        "source": "",
        "line": "",
        "fixed": {},
        "seconds": {},
        "leaves": {},
        "nodes": 0,
        "obligations": 0,
        "subjects": {},
        "errors": [],
    }


def head() -> dict[str, Any]:
    """What every result begins with."""
    return {"kind": "check", "schema": SCHEMA, "environment": environment()}


def _row(
    code: Code,
    frontend: str,
    subjects: Mapping[str, Subject],
    codes: tuple[str, ...],
    skip_plain: bool,
    accepted: list[tuple[Any, ...]],
) -> dict[str, Any]:
    """One row; ``accepted`` is added the inputs that a guarded graph accepts and eager rejects."""
    row = empty_row(code.name, frontend)
    start = time.perf_counter()
    try:
        facts = trace(code, frontend)
        row["seconds"]["trace"] = round(time.perf_counter() - start, 4)
        identity_check(facts, thorough=False)
    except NotCaptured as refusal:
        row["outcome"] = "refused"
        row["reason"] = _reason(refusal)
        row |= written_at(place_of_error(refusal.__cause__) if refusal.__cause__ is not None else "")
        return row
    except Exception as error:  # noqa: BLE001 - the boundary of a target: a fault of ours is a row, not a crash
        row["outcome"], row["reason"] = "tool error", f"{type(error).__name__}: {error}"[:300]
        row["errors"].append(_trace(error))
        return row
    row["leaves"] = dict(facts.leaf_names)
    row["fixed"] = facts.fixed
    row["nodes"] = len(facts.capture.graph.graph.nodes)
    row["obligations"] = len(facts.required)
    if skip_plain and not facts.obligations and not facts.unread and not facts.unplaceable and not facts.bindings.bound:
        row["outcome"] = "plain"
        return row
    for name, subject in subjects.items():
        row["subjects"][name] = _subject(facts, name, subject, codes, row, accepted)
    return row


def _reason(refusal: NotCaptured) -> str:
    """torch's own first line where there is one; symbols and numbers help the user here."""
    cause = refusal.__cause__
    if cause is None:
        return str(refusal)
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    # Violated constraints are listed below a first line that only says so.
    listed = [line for line in lines[1:4] if line.startswith("- ")]
    if "Suggested fixes:" in lines:
        fixes = lines[lines.index("Suggested fixes:") + 1 :]
        listed += ["Suggested fixes:", *(line for line in fixes[:3] if " = " in line)]
    return " ".join([f"{type(cause).__name__}:", *lines[:1], *listed])[:_REASON]


def _subject(
    facts: ForeignFacts,
    name: str,
    subject: Subject,
    codes: tuple[str, ...],
    row: dict[str, Any],
    accepted: list[tuple[Any, ...]],
) -> dict[str, Any]:
    case = Case(facts, name, subject)
    # The best of a few runs on copies: the first one in a process imports and fills caches.
    spent = min(_timed(facts, subject) for _ in range(_TIMINGS))
    verdicts = {code: _decide(code, case, row) for code in codes}
    names = facts.leaf_names
    result: dict[str, Any] = {"seconds": round(spent, 5), "crash": case.crash, "asserts": [], "unchecked": []}
    try:
        result["asserts"] = assert_rows(case, names)
        result["unchecked"] = unchecked_rows(case, names)
    except Exception as error:  # noqa: BLE001 - see above
        row["errors"].append(f"asserts, {name}: {_trace(error)}")
    result["verdicts"] = {code: _verdict(verdict, names) for code, verdict in verdicts.items()}
    # One cause, one finding, as in a campaign.
    checked = Checked(verdicts={name: verdicts}, cases={name: case})
    found = checked.refutations(name)
    outside = [checked.outside(stage) for stage in OUTSIDE]
    found += [fault[1:] for fault in outside if fault is not None]
    accepted += [
        facts.inputs(dict(verdict.witness.values))
        for _, verdict in found
        if verdict.direction == "missing" and verdict.witness is not None
    ]
    result["findings"] = [_finding(case, code, verdict, facts) for code, verdict in found]
    return result


def _timed(facts: ForeignFacts, subject: Subject) -> float:
    module = facts.capture.copy_of_graph()
    start = time.perf_counter()
    apply(subject, facts.capture, module)
    return time.perf_counter() - start


def _decide(code: str, case: Case, row: dict[str, Any]) -> Verdict:
    try:
        return properties()[code].check(case)
    except ToolError as error:
        row["errors"].append(f"{code}, {case.subject_name}: {error}")
        return Verdict(Status.TOOL_ERROR, reason="oracle and execution disagree", detail=str(error))
    except Exception as error:  # noqa: BLE001 - the boundary of a property: a fault of ours is a row, not a crash
        row["errors"].append(f"{code}, {case.subject_name}: {_trace(error)}")
        return Verdict(Status.TOOL_ERROR, reason=type(error).__name__, detail=str(error)[:300])


def _verdict(verdict: Verdict, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "status": verdict.status.value,
        "text": str(verdict),
        "why": verdict.reason,
        "stage": verdict.stage,
        "constraint": render_term(verdict.constraint, Names(names)) if verdict.constraint is not None else "",
        "detail": verdict.detail[:500],
    }


def _finding(case: Case, code: str, verdict: Verdict, facts: ForeignFacts) -> dict[str, Any]:
    signature = signature_of(case, code, verdict)
    names = facts.leaf_names
    identity = f"{signature.bucket}/{facts.code.name if facts.code else ''}/{case.capture.frontend}"
    return {
        "id": hashlib.sha256(identity.encode()).hexdigest()[:8],
        "bucket": signature.bucket,
        "signature": str(signature),
        "property": code,
        "property_name": properties()[code].name,
        "direction": verdict.direction,
        "subject": signature.subject,
        "stage": verdict.stage,
        "constraint": render_term(verdict.constraint, Names(names)) if verdict.constraint is not None else "",
        "detail": verdict.detail[:1000],
        **(NOWHERE if verdict.constraint is None else Origins(case).of_term(verdict.constraint, unaliased(facts))),
        "witness": _witness(verdict.witness, names, case),
    }


def _witness(witness: Witness | None, names: Mapping[str, str], case: Case) -> dict[str, Any] | None:
    if witness is None:
        return None
    example = case.capture.example()
    return {
        "values": {names.get(name, name): json_number(value) for name, value in witness.values},
        "is_example": all(example.get(name) == value for name, value in witness.values),
        "eager": _outcome(witness.eager),
        "before": _outcome(witness.before),
        "after": _outcome(witness.after),
    }


def _outcome(outcome: Outcome) -> dict[str, str]:
    return {"outcome": outcome.outcome, "by": outcome.by, "error": outcome.error, "text": outcome.text}


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-2000:]
