"""Which known entry a finding belongs to, and which entries a run should have met and did not."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.known.entries import KnownEntry
from reports.known.versions import in_range


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a finished run looked at: the subjects by frontend, the properties, and torch's version."""

    frontends: dict[str, frozenset[str]]
    properties: frozenset[str]
    torch: str


def find_entry(
    entries: Sequence[KnownEntry],
    *,
    property: str,
    direction: str,
    subject: str,
    signature: str,
    torch: str,
    day: datetime.date | None = None,
) -> KnownEntry | None:
    """The first entry that a finding matches in every field, for this torch; None for a new finding.

    An entry that has expired by ``day`` is the answer only if no other matches.
    """
    matching = [
        entry
        for entry in entries
        if (entry.property, entry.direction, entry.subject) == (property, direction, subject)
        and in_range(torch, entry.versions)
        and any(glob(one, signature) for one in entry.signatures)
    ]
    return next((entry for entry in matching if not entry.expired(day)), matching[0] if matching else None)


def unseen(entries: Sequence[KnownEntry], *, seen: Iterable[str], coverage: Coverage) -> tuple[KnownEntry, ...]:
    """The entries whose ids are not in ``seen`` although the run looked where they show.

    An entry that names frontends shows in any of them; it counts when the run covered them all. An entry that
    names none counts as soon as its subject was audited.
    """
    met = frozenset(seen)
    return tuple(
        entry
        for entry in entries
        if entry.id not in met
        and entry.subject in coverage.frontends
        and coverage.frontends[entry.subject] >= frozenset(entry.frontends)
        and entry.property in coverage.properties
        and in_range(coverage.torch, entry.versions)
    )


def glob(pattern: str, text: str) -> bool:
    """Whether ``text`` as a whole matches ``pattern``, in which only ``*`` and ``?`` are special.

    Signatures hold brackets, which the standard library's globs would take for sets of characters.
    """
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, text, re.DOTALL) is not None
