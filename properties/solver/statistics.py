"""Which step decided how many queries, and how long each took: collected for whoever asks, by nobody else.

The clock is the collector's: the solver layer reads none. Nothing that is decided depends on what is collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

REDUCTION = "bounds"
"""The step under which everything counts that happens before the portfolio is asked."""
UNDECIDED = "none"
"""The step that decided what no step did."""

Counts = dict[str, dict[str, float]]
"""By step: ``decided``, how many queries ended with it, and ``seconds`` that were spent in it."""


@dataclass
class Statistics:
    """Counts by step, over queries; a step that was tried in vain has spent seconds and decided nothing."""

    clock: Callable[[], float]
    steps: Counts = field(default_factory=dict)
    _inner: float = 0.0

    def row(self, step: str) -> dict[str, float]:
        return self.steps.setdefault(step, {"decided": 0, "seconds": 0.0})


_collector: ContextVar[Statistics | None] = ContextVar("collector", default=None)


@contextmanager
def collected(statistics: Statistics) -> Iterator[None]:
    """Queries of this context are counted in ``statistics`` while the block runs."""
    token = _collector.set(statistics)
    try:
        yield
    finally:
        _collector.reset(token)


@contextmanager
def query() -> Iterator[Callable[[str], None]]:
    """One query; what the block is given is told which step decided it."""
    statistics = _collector.get()
    if statistics is None:
        yield lambda step: None
        return
    start, statistics._inner = statistics.clock(), 0.0

    def decided(step: str) -> None:
        statistics.row(step)["decided"] += 1

    try:
        yield decided
    finally:
        statistics.row(REDUCTION)["seconds"] += statistics.clock() - start - statistics._inner


@contextmanager
def step(name: str) -> Iterator[None]:
    """One step of the portfolio at work on a query."""
    statistics = _collector.get()
    if statistics is None:
        yield
        return
    start = statistics.clock()
    try:
        yield
    finally:
        spent = statistics.clock() - start
        statistics._inner += spent
        statistics.row(name)["seconds"] += spent


def add(total: Counts, more: Mapping[str, Mapping[str, float]]) -> None:
    """Adds the counts ``more`` to ``total``."""
    for name, row in more.items():
        own = total.setdefault(name, {"decided": 0, "seconds": 0.0})
        for key, value in row.items():
            own[key] += value
