"""The runs before this one, as the trend charts need them: a handful of figures each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier run. ``started`` is ISO 8601 in UTC, ``outcomes`` programs by outcome over all subjects,
    ``buckets`` the names of what was found, by which new and gone ones are told."""

    name: str
    started: str
    torch: str
    status: int
    programs: int
    seconds: float
    outcomes: Mapping[str, int]
    buckets: frozenset[str]
    new: int

    @property
    def rate(self) -> float:
        """Programs a second, 0.0 if the time is not known."""
        return self.programs / self.seconds if self.seconds else 0.0
