"""Two runs side by side: which causes are new, which are gone, which are still there, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.grouping import Finding
from reports.model import Report
from reports.status import ExitStatus

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One cause in the first run, in the second, or in both."""

    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has a finding on at least one side")
        return found


@dataclass(frozen=True, slots=True)
class Diff:
    """``not_looked`` are causes of the first run that the second could not have met: it did not check their property
    with their subject on their front end. ``complete`` tells whether both runs were carried out."""

    new: tuple[Change, ...]
    fixed: tuple[Change, ...]
    still: tuple[Change, ...]
    not_looked: tuple[Change, ...]
    complete: bool

    @property
    def status(self) -> ExitStatus:
        """NEW_FINDINGS if something is new, else INCOMPLETE if what is gone may only not have been looked for."""
        if self.new:
            return ExitStatus.NEW_FINDINGS
        return ExitStatus.CLEAN if self.complete and not self.not_looked else ExitStatus.INCOMPLETE


def diff(before: Report, after: Report, subjects: tuple[str | None, str | None] = (None, None)) -> Diff:
    """Compares by cause: property, direction, coarse cause and signature, and the subject as well unless one is
    named for each side, which compares two subjects with each other."""
    named = subjects[0] is not None and subjects[1] is not None
    left, right = (_by_key(report, subject, named) for report, subject in zip((before, after), subjects, strict=True))
    new, fixed, still, unknown = [], [], [], []
    for key in dict.fromkeys([*right, *left]):
        change = Change(left.get(key), right.get(key))
        if change.before is None:
            new.append(change)
        elif change.after is not None:
            still.append(change)
        elif _looked(after, change.before.row, subjects[1]):
            fixed.append(change)
        else:
            unknown.append(change)
    return Diff(tuple(new), tuple(fixed), tuple(still), tuple(unknown), before.complete and after.complete)


def _by_key(report: Report, subject: str | None, named: bool) -> dict[Key, Finding]:
    return {
        _key(finding.row, named): finding
        for finding in report.findings
        if subject is None or finding.row["subject"] == subject
    }


def _key(row: Mapping[str, Any], named: bool) -> Key:
    key = (row["property"], row["direction"], str(row.get("cause", "")), row["signature"])
    return key if named else (row["subject"], *key)


def _looked(report: Report, row: Mapping[str, Any], subject: str | None) -> bool:
    name = subject or row["subject"]
    return row["property"] in report.plan["properties"] and any(
        cell.frontend == row["frontend"] and name in cell.totals and cell.programs for cell in report.cells
    )
