"""From ``finding`` rows to buckets: one entry a cause, with its smallest program, however many rows it has."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.known import KnownEntry, find_entry
from reports.triage.decisions import Decisions

Row = Mapping[str, Any]

# The known list cannot excuse it: it is the pass that the other subjects are measured against.
NEVER_EXCUSED = "reference"


@dataclass(frozen=True, slots=True)
class Finding:
    """One bucket: the ``finding`` row that stands for it, the others, and how many programs fell in it.

    ``known`` is the entry that the row matches, ``expired`` whether that entry has run out. ``bucket`` is the name
    under which people have put it, if they merged or split buckets.
    """

    row: Row
    line: int
    hits: int
    known: KnownEntry | None
    expired: bool = False
    bucket: str = ""
    others: tuple[tuple[int, Row], ...] = ()

    @property
    def id(self) -> str:
        return self.row["id"]

    @property
    def new(self) -> bool:
        return self.known is None or self.expired or self.row["subject"] == NEVER_EXCUSED


@dataclass(frozen=True, slots=True)
class _Judged:
    row: Row
    line: int
    known: KnownEntry | None
    expired: bool

    @property
    def new(self) -> bool:
        return self.known is None or self.expired or self.row["subject"] == NEVER_EXCUSED

    @property
    def order(self) -> tuple[bool, int, int, str]:
        """New ones stand for their bucket before known ones, and short programs before long ones."""
        return not self.new, self.row["statements"], len(self.row["source"]), self.row["id"]


def group(
    rows: Sequence[tuple[int, Row]],
    hits: Sequence[tuple[int, Row]],
    known: Sequence[KnownEntry],
    decisions: Decisions,
    *,
    torch: str,
    day: datetime.date | None,
) -> tuple[Finding, ...]:
    """The buckets of ``rows`` and ``hits`` (each with its line of the log): new ones first, then by subject,
    property and how often they were hit. A merge does not excuse: a bucket is new if one of its rows is."""
    judged = [_judge(line, row, known, torch, day) for line, row in rows]
    buckets: defaultdict[str, list[_Judged]] = defaultdict(list)
    for one in judged:
        buckets[decisions.bucket_of(one.row)].append(one)
    counts = _counts(hits, decisions)
    found = [_bucket(name, sorted(every, key=lambda one: one.order), counts[name]) for name, every in buckets.items()]
    return tuple(
        sorted(found, key=lambda one: (not one.new, one.row["subject"], one.row["property"], -one.hits, one.id))
    )


def _judge(line: int, row: Row, known: Sequence[KnownEntry], torch: str, day: datetime.date | None) -> _Judged:
    fields = {name: row[name] for name in ("property", "direction", "subject", "signature")}
    entry = find_entry(known, **fields, torch=torch, day=day)
    return _Judged(row, line, entry, entry is not None and entry.expired(day))


def _bucket(name: str, rows: Sequence[_Judged], hits: int) -> Finding:
    first, *rest = rows
    return Finding(
        row=first.row,
        line=first.line,
        hits=max(len(rows), hits),
        known=first.known,
        expired=first.expired,
        bucket=name,
        others=tuple((one.line, one.row) for one in rest),
    )


def _counts(hits: Sequence[tuple[int, Row]], decisions: Decisions) -> Counter[str]:
    """Programs by bucket. Those of a split bucket can be told apart only by front end, which ``hits`` rows count."""
    counts: Counter[str] = Counter()
    for _, row in hits:
        field = decisions.split.get(row["bucket"])
        if field is None:
            counts[decisions.shown_under(row["bucket"])] += row["count"]
        elif field == "frontend":
            for frontend, count in row.get("frontends", {}).items():
                counts[decisions.shown_under(f"{row['bucket']}/{frontend}")] += count
    return counts
