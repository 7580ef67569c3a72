"""The verdict of a run: every reason for which it is not clean, with the exit status that each calls for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reports.status import VACUOUS_LIMIT, ExitStatus, prevailing
from reports.text import one_line, plural
from reports.totals import Totals

Reason = tuple[ExitStatus, str]


def status_of(reasons: Sequence[Reason]) -> ExitStatus:
    """The exit status that ``reasons`` call for; CLEAN if there are none."""
    return prevailing(status for status, _ in reasons)


def reasons(
    *,
    new: Sequence[Mapping[str, Any]],
    subjects: Mapping[str, Totals],
    tool_errors: Sequence[Mapping[str, Any]],
    unfinished: Sequence[str],
    complete: bool,
    gates: Sequence[Mapping[str, Any]] = (),
    absent: Sequence[str] = (),
) -> tuple[Reason, ...]:
    """Why the run is not clean, one sentence each; empty if it is clean.

    ``new`` are the finding rows that no known entry excuses, ``unfinished`` names the parts of the plan that
    were not run to the end, ``absent`` the devices of the plan on which nothing was run.
    """
    found: list[Reason] = []
    if not complete:
        where = f": {', '.join(unfinished)}" if unfinished else ""
        found.append((ExitStatus.INCOMPLETE, f"the run did not finish{where}"))
    found += [(ExitStatus.INCOMPLETE, f"not run on {device}") for device in absent]
    for subject in dict.fromkeys(row["subject"] for row in new):
        count = sum(row["subject"] == subject for row in new)
        found.append((ExitStatus.NEW_FINDINGS, f"{plural(count, 'new finding')} in {one_line(subject)}"))
    for gate in gates:
        if gate["outcome"] == "failed":
            # A fault that nobody sees shows that the checks are blind; what real programs show is a finding.
            status = ExitStatus.TOOL_ERROR if gate["part"] in ("mutants", "recall") else ExitStatus.NEW_FINDINGS
            found.append((status, f"{one_line(gate['part'])}: {plural(len(gate['failed']), 'failure')}"))
    broken = max(len(tool_errors), sum(totals.tool_error for totals in subjects.values()))
    if broken:
        found.append((ExitStatus.TOOL_ERROR, f"{plural(broken, 'error')} of this tool"))
    for subject, totals in subjects.items():
        found += [(ExitStatus.UNDECIDED, f"{one_line(subject)}: {text}") for text in _doubts(totals)]
    if complete and not any(totals.programs for totals in subjects.values()):
        found.append((ExitStatus.UNDECIDED, "no program was checked"))
    return tuple(found)


def _doubts(totals: Totals) -> list[str]:
    doubts = []
    if totals.count("undecided"):
        doubts.append(f"{plural(totals.count('undecided'), 'program')} UNDECIDED (the limit is 0)")
    vacuous = totals.count("vacuous")
    if vacuous > VACUOUS_LIMIT * totals.programs:
        limit = f"{VACUOUS_LIMIT:.0%} of {totals.programs:,}"
        doubts.append(f"{plural(vacuous, 'program')} VACUOUS (the limit is {limit})")
    # Without this, a front end that refuses every program would pass for a clean one.
    if totals.programs and not totals.decided:
        doubts.append(f"not one of {plural(totals.programs, 'program')} was decided")
    return doubts
