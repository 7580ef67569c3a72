"""What this process is doing: told to whoever has to say, after its sudden end, whose fault that was.

A worker sets a listener; without one nothing is told, and a phase costs about a microsecond. Names nest, the innermost
is what was going on: ``("RA102", "torch", GRAPH_AFTER)``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType

DRAW = "draw"
EAGER = "eager"
TRACE = "trace"
IDENTITY = "identity check"
SUBJECT = "subject"
SOLVER = "solver"
GRAPH_BEFORE = "graph before"
GRAPH_AFTER = "graph after"

Listener = Callable[[tuple[str, ...]], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
_current: ContextVar[tuple[str, ...]] = ContextVar("current", default=())


def listen(listener: Listener | None) -> None:
    """From now on ``listener`` is told every change of phase in this context, with the names from the outermost in."""
    _listener.set(listener)


class phase:
    """While the block runs, this process does ``names``."""

    __slots__ = ("_before", "_names")

    def __init__(self, *names: str) -> None:
        self._names = names
        self._before: tuple[str, ...] = ()

    def __enter__(self) -> None:
        listener = _listener.get()
        if listener is not None:
            self._before = _current.get()
            current = (*self._before, *self._names)
            _current.set(current)
            listener(current)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        listener = _listener.get()
        if listener is not None:
            _current.set(self._before)
            listener(self._before)
