"""Finding one finding of a run by what a person types: an id, a bucket, or the beginning of either."""

from __future__ import annotations

from dataclasses import dataclass

from reports.grouping import Finding, Row
from reports.model import Report
from reports.reading import ReadingError
from reports.text import one_line

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Selected:
    """A finding's row with its line of the log, and the bucket that it belongs to."""

    row: Row
    line: int
    finding: Finding


def select(report: Report, name: str) -> Selected:
    """The finding whose id, or else the bucket whose name, is ``name`` or begins with it.

    Raises:
        ReadingError: if none does, or several do; one line with the candidates.
    """
    every = [Selected(row, line, one) for one in report.findings for line, row in ((one.line, one.row), *one.others)]
    # A bucket that is shown under another one keeps its name: its own findings are the ones that are meant.
    buckets = {one.finding.bucket: one for one in reversed(every)} | {one.row["bucket"]: one for one in reversed(every)}
    for found in (
        [one for one in every if one.row["id"] == name],
        [one for bucket, one in buckets.items() if bucket == name],
        [one for one in every if name and one.row["id"].startswith(name)]
        or [one for bucket, one in buckets.items() if name and bucket.startswith(name)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            raise ReadingError(f"{one_line(name, 40)} is not clear: {_ids(found)}")
    raise ReadingError(f"no finding is called {one_line(name, 40)!r} (there are: {_ids(list(buckets.values()))})")


def _ids(found: list[Selected]) -> str:
    names = [one_line(one.row["id"], 16) for one in found]
    return (", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")) or "none"
