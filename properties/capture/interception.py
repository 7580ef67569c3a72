"""Stops torch at the moment when it calls the pass, and brings the pass's arguments out.

torch binds the pass by name in several modules; the names that a frontend passes through are exchanged while one
Program is traced, so a capture is exactly what torch itself would hand to the pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from unittest import mock

from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.capture.refusals import refused
from properties.capture.types import copy_module
from properties.errors import NotCaptured

EXPORT_SITES = (
    "torch._export.utils.insert_deferred_runtime_asserts",
    "torch.export.exported_program.insert_deferred_runtime_asserts",
)
DYNAMO_SITES = ("torch._dynamo.output_graph.insert_deferred_runtime_asserts",)


class Reached(BaseException):
    """Carries the pass's arguments out of the trace that called it; no handler of torch's takes it for an error."""

    def __init__(self, module: fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
        super().__init__(name)
        self.module, self.env, self.name, self.export = copy_module(module), env, name, export


def _interrupt(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    raise Reached(gm, shape_env, name, export)


def reach(trace: Callable[[], object], sites: Sequence[str]) -> Reached:
    """Runs ``trace`` until it calls the pass at one of ``sites``.

    Raises:
        NotCaptured: if torch refuses, or finishes without calling the pass.
    """
    with contextlib.ExitStack() as stack:
        for site in sites:
            stack.enter_context(mock.patch(site, _interrupt))
        try:
            with refused():
                trace()
        except Reached as reached:
            return reached
    raise NotCaptured("the trace ended without a call of the pass")
