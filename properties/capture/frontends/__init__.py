"""The frontends: the ways in which a Program is traced. One file each; this table is all that names them."""

from __future__ import annotations

from collections.abc import Callable

from properties.capture.frontends import compile, export, make_fx, shape_env
from properties.capture.types import Capture
from properties.devices import indexed
from properties.errors import NotCaptured
from strategies.program import Program

FRONTENDS: dict[str, Callable[[Program, str], Capture]] = {
    "shape_env": shape_env.capture,
    "make_fx": make_fx.capture,
    "export": export.capture,
    "export-strict": export.capture_strict,
    "compile": compile.capture,
}


def capture(program: Program, frontend: str, device: str = "cpu") -> Capture:
    """``program`` traced by ``frontend`` for ``device``, stopped where the pass would run.

    A device that cannot run here is traced for with fake tensors: the capture is the same, and cannot be executed.

    Raises:
        NotCaptured: if torch refuses to trace it, with a normalised reason.
        UsageError: if there is no device of that name.
    """
    return FRONTENDS[frontend](program, indexed(device))


__all__ = ["FRONTENDS", "Capture", "NotCaptured", "capture"]
