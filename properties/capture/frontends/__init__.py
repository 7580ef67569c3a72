"""The frontends: the ways in which a Program is traced. One file each; :mod:`properties.capture.table` names them."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from properties.capture.table import FRONTENDS
from properties.capture.types import Capture
from properties.devices import indexed
from properties.errors import NotCaptured
from strategies.program import Program


def capture(program: Program, frontend: str, device: str = "cpu") -> Capture:
    """``program`` traced by ``frontend`` for ``device``, stopped where the pass would run.

    A device that cannot run here is traced for with fake tensors: the capture is the same, and cannot be executed.

    Raises:
        KeyError: if there is no such frontend.
        NotCaptured: if torch refuses to trace it, with a normalised reason.
        ToolError: if this torch has no place where the frontend could be stopped.
        UsageError: if there is no device of that name.
    """
    row = FRONTENDS[frontend]
    # A frontend is imported when it is first used: one that this torch lacks the parts for does not stop the others.
    module = importlib.import_module(f"{__name__}.{row.module}")
    trace: Callable[..., Capture] = getattr(module, row.function)
    return trace(program, indexed(device), frontend, deferred=row.deferred)


__all__ = ["FRONTENDS", "Capture", "NotCaptured", "capture"]
