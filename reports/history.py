"""The runs before this one, as the trend charts need them: a handful of figures each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.store import Store

OUTCOMES = ("proved", "refuted", "undecided", "not_captured", "vacuous", "tool_error")

# A chart of more runs than this has bars too thin to see.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Past:
    """One run. ``started`` is ISO 8601 in UTC, ``outcomes`` are programs by outcome over all subjects and front
    ends, ``buckets`` names what was found."""

    id: str
    started: str
    torch: str
    complete: bool
    programs: int
    seconds: float
    outcomes: Mapping[str, int]
    buckets: frozenset[str]

    @property
    def rate(self) -> float:
        """Programs a second; 0.0 if the time is not known."""
        return self.programs / self.seconds if self.seconds else 0.0


def past_runs(store: Store, *, before: tuple[str, str]) -> tuple[Past, ...]:
    """The last runs of ``store`` that were begun before the run with this (start, id), the oldest first."""
    runs = [run for run in store.runs() if (run.started, run.id) < before and run.id != before[1]][-_SHOWN:]
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in store.tallies():
        outcomes[row["run"]].update({name: row[name] for name in OUTCOMES})
    return tuple(
        Past(
            id=run.id,
            started=run.started,
            torch=run.torch,
            complete=run.complete,
            programs=run.programs,
            seconds=run.seconds,
            outcomes=dict(outcomes[run.id]),
            buckets=frozenset(finding["bucket"] for finding in store.findings(run.id)),
        )
        for run in runs
    )
