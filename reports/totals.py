"""What the programs of a subject came to, added up over shards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OUTCOMES = ("proved", "refuted", "undecided", "not_captured", "vacuous", "tool_error")


@dataclass(frozen=True, slots=True)
class Totals:
    """Programs by their worst verdict over the properties: the six outcomes add up to ``programs``.

    ``refuted`` is by direction, ``undecided``, ``vacuous`` and ``not_captured`` are by reason. ``host_waits`` are the
    operations by which a run waits for the device only because an assert needs their value.
    """

    programs: int = 0
    proved: int = 0
    refuted: Mapping[str, int] = field(default_factory=dict)
    undecided: Mapping[str, int] = field(default_factory=dict)
    vacuous: Mapping[str, int] = field(default_factory=dict)
    not_captured: Mapping[str, int] = field(default_factory=dict)
    tool_error: int = 0
    asserts_emitted: int = 0
    asserts_required: int = 0
    host_waits: int = 0
    queries: int = 0

    @property
    def decided(self) -> int:
        """Programs that ended as PROVED or REFUTED."""
        return self.proved + sum(self.refuted.values())

    def count(self, outcome: str) -> int:
        """How many programs ended as ``outcome``, one of OUTCOMES."""
        value = getattr(self, outcome)
        return value if isinstance(value, int) else sum(value.values())

    def to_json(self) -> dict[str, Any]:
        """The totals under the names that the log uses."""
        return {name: value if isinstance(value, int) else dict(value) for name, value in self._items()}

    def _items(self) -> list[tuple[str, Any]]:
        return [(name, getattr(self, name)) for name in _NAMES]


_NAMES = tuple(Totals.__dataclass_fields__)
_BY_KEY = ("refuted", "undecided", "vacuous", "not_captured")


def from_row(row: Mapping[str, Any]) -> Totals:
    """The totals that one subject's part of a ``shard`` row states; keys with the count 0 are left out."""
    fields: dict[str, Any] = {name: row.get(name, {} if name in _BY_KEY else 0) for name in _NAMES}
    for name in _BY_KEY:
        fields[name] = {key: count for key, count in fields[name].items() if count}
    return Totals(**fields)


def add_up(parts: Iterable[Totals]) -> Totals:
    """The sum of ``parts``; reasons are ordered by count, then by name."""
    every = list(parts)
    columns: dict[str, list[Any]] = {name: [getattr(part, name) for part in every] for name in _NAMES}
    fields: dict[str, Any] = {
        name: merged(column) if name in _BY_KEY else sum(column) for name, column in columns.items()
    }
    return Totals(**fields)


def merged(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of several counts, the most frequent first, equal ones by name."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items(), key=lambda item: (-item[1], item[0])))
