"""The sentences and figures that several formats share, so that they cannot contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reports.model import Finding, Report
from reports.status import MEANING, ExitStatus
from reports.text import one_line, plural
from reports.totals import Totals

# What a table of subjects shows, in its order.
COLUMNS = ("programs", "PROVED", "REFUTED", "UNDECIDED", "VACUOUS", "NOT_CAPTURED")
COLUMNS += ("asserts emitted", "asserts required", "host waits for asserts")


def heading(report: Report) -> str:
    """What kind of run it was."""
    return {"fuzz": "Fuzzing of the runtime-assert pass"}.get(report.command, "Audit of the runtime-assert pass")


def headline(report: Report) -> str:
    """The verdict in one line."""
    if report.status is ExitStatus.CLEAN:
        tail = f", besides {plural(len(report.known), 'known finding')}" if report.known else ""
        return f"clean{tail}"
    return f"{MEANING[report.status]}: {'; '.join(text for _, text in report.reasons)}"


def cells(totals: Totals, by_key: Callable[[Mapping[str, int]], str] | None = None) -> tuple[str, ...]:
    """The figures of one row of the table of subjects, in the order of COLUMNS.

    ``by_key`` writes counts by direction or reason; on one line if it is not given.
    """
    by_key = by_key or on_one_line
    return (
        f"{totals.programs:,}",
        f"{totals.proved:,}",
        by_key(totals.refuted),
        by_key(totals.undecided),
        by_key(totals.vacuous),
        f"{totals.count('not_captured'):,}",
        f"{totals.asserts_emitted:,}",
        f"{totals.asserts_required:,}",
        f"{totals.host_waits:,}",
    )


def on_one_line(counts: Mapping[str, int]) -> str:
    """``12 (9 missing, 3 extra)``."""
    parts = ", ".join(f"{count:,} {one_line(key, 40)}" for key, count in counts.items())
    return f"{sum(counts.values()):,} ({parts})" if counts else "0"


def on_lines(counts: Mapping[str, int]) -> str:
    """``12``, and below it ``9 missing`` and ``3 extra``."""
    parts = [f"{count:,} {one_line(key, 30)}" for key, count in counts.items()]
    return "\n".join([f"{sum(counts.values()):,}", *parts])


def label(finding: Finding) -> str:
    """``known`` or ``new``, as the lists of findings say it."""
    if finding.known is None:
        return "new"
    if finding.expired:
        return "new: its known entry has expired"
    return "known, but never excused" if finding.new else "known"


def ran(outcome: Mapping[str, Any]) -> str:
    """What one execution did, in one line."""
    if outcome.get("outcome") == "accepted":
        return "accepts"
    if outcome.get("outcome") == "rejected":
        by = {"check": "a check", "assert": "an assert", "operator": "an operator"}.get(outcome.get("by", ""), "")
        error = ": ".join(part for part in (outcome.get("error", ""), outcome.get("text", "")) if part)
        return one_line(f"rejects{' by ' + by if by else ''}{': ' + error if error else ''}")
    return one_line(outcome.get("outcome", "was not run"))


def other_runs(witness: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """What else ran on the input: devices and compilers by name, with what each did."""
    others = witness.get("others")
    pairs = others.items() if isinstance(others, dict) else ()
    return [(name, one) for name, one in pairs if isinstance(one, dict)]


def inputs(row: Mapping[str, Any], expressions: list[str]) -> list[tuple[str, str]]:
    """The inputs by name; without names, by position."""
    names = row.get("input_names") or [f"input {index}" for index in range(len(expressions))]
    return [(one_line(name, 20), one_line(text)) for name, text in zip(names, expressions, strict=True)]


def values(witness: Mapping[str, Any]) -> str:
    """``d0 = 3, u0 = 8``."""
    return ", ".join(f"{one_line(name, 20)} = {value}" for name, value in witness.get("values", {}).items())


_SIDES = (("demanded", "the program"), ("recorded", "what was recorded"), ("asserted", "what is asserted"))


def judged(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Who accepts the witness's input, and by which condition who rejects it: the comparisons that tell the stage."""
    found = row.get("judged") or {}
    if not any(found.values()):
        # An input that everybody accepts tells nothing apart.
        return []
    return [(name, one_line(found[side], 160)) for side, name in _SIDES if side in found]


def replay_command(finding_id: str) -> str:
    """The command that runs a finding again, as called from the report's folder."""
    return f"runtime-assert replay findings/{finding_id}.json"
