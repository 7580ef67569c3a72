"""Whether known entries still say the truth: each entry's vector is run again."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.known import KnownEntry
from reports.known.versions import in_range
from reports.reading import ReadingError, read_case
from reports.text import one_line

REPRODUCES = "reproduces"
GONE = "no longer reproduces"
EXPIRED = "has expired"
NO_VECTOR = "has no vector"
OTHER_VERSION = "is for other versions"
UNKNOWN = "could not be replayed"

# States in which an entry is as it should be.
GOOD = (REPRODUCES, NO_VECTOR, OTHER_VERSION)

Replay = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class State:
    """What became of one entry."""

    entry: KnownEntry
    state: str
    why: str = ""


def replay_vectors(
    entries: Sequence[KnownEntry], replay: Replay, *, torch: str, day: datetime.date
) -> tuple[State, ...]:
    """The state of each entry on this ``torch`` and ``day``; ``replay`` is :func:`reports.cli.campaign.replay`."""
    return tuple(_state(entry, replay, torch, day) for entry in entries)


def _state(entry: KnownEntry, replay: Replay, torch: str, day: datetime.date) -> State:
    if entry.expired(day):
        return State(entry, EXPIRED, f"on {entry.expires}")
    if not in_range(torch, entry.versions):
        return State(entry, OTHER_VERSION, entry.versions)
    if entry.vector is None:
        return State(entry, NO_VECTOR)
    try:
        case = read_case(entry.vector)
    except ReadingError as error:
        return State(entry, UNKNOWN, str(error))
    row = replay(
        case.program,
        subject=case.subject or entry.subject,
        frontend=case.frontend or "make_fx",
        codes=(entry.property,),
    )
    if any((one["property"], one["direction"]) == (entry.property, entry.direction) for one in row["findings"]):
        return State(entry, REPRODUCES)
    if row["errors"] or row["refusal"]:
        return State(entry, UNKNOWN, one_line([*row["errors"], row["refusal"]][0]))
    return State(entry, GONE)
