"""What the pass did with every obligation: a row for each, so that nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["emitted", "present", "moved", "merged", "implied", "trivial", "elsewhere", "unplaceable"]


@dataclass(frozen=True, slots=True)
class Row:
    """One obligation, or one assert that the graph had before.

    source: `range`, `deferred`, `replacement` (from the ShapeEnv), `constraint` (a sym_constrain_range call) or
    `check` (an assert that was in the graph). outcome: emitted at `node`; present (moved, if it stood too late)
    at `node`; merged with the same condition at `node`; implied by the asserts at `premises`; trivial; elsewhere
    (another graph's); unplaceable for `reason`.
    """

    source: str
    condition: str
    outcome: Outcome
    node: str | None = None
    premises: tuple[str, ...] = ()
    reason: str = ""
    location: str = ""

    def __str__(self) -> str:
        where = f" at {self.node}" if self.node else ""
        given = f" by {', '.join(self.premises)}" if self.premises else ""
        why = f": {self.reason}" if self.reason else ""
        place = f" ({self.location})" if self.location else ""
        return f"{self.source:<11} {self.condition}{place} — {self.outcome}{where}{given}{why}"


@dataclass(frozen=True, slots=True)
class InsertionReport:
    """Rows in the order of the obligations, and what else changed in the graph."""

    name: str
    rows: tuple[Row, ...]
    shared: int = 0
    removed: int = 0

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def having(self, outcome: Outcome) -> tuple[Row, ...]:
        """The rows with one outcome."""
        return tuple(row for row in self.rows if row.outcome == outcome)

    @property
    def emitted(self) -> tuple[Row, ...]:
        """The rows whose assert this run put into the graph."""
        return self.having("emitted")

    @property
    def unplaceable(self) -> tuple[Row, ...]:
        """The rows whose condition this graph cannot check although it should."""
        return self.having("unplaceable")

    def __str__(self) -> str:
        head = f"{self.name}: {len(self.rows)} obligations, {len(self.emitted)} asserts emitted"
        return "\n".join([head, *(f"  {row}" for row in self.rows)])
