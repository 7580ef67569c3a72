"""Stops torch at the moment when it calls the pass, and brings the pass's arguments out.

torch binds the pass by name in several modules; the names that a frontend passes through are exchanged while one
Program is traced, so a capture is exactly what torch itself would hand to the pass.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.capture.refusals import refused
from properties.capture.types import copy_module
from properties.errors import NotCaptured, ToolError

_PASS = "insert_deferred_runtime_asserts"
EXPORT_SITES = (f"torch._export.utils.{_PASS}", f"torch.export.exported_program.{_PASS}")
DYNAMO_SITES = (f"torch._dynamo.output_graph.{_PASS}",)


class Reached(BaseException):
    """Carries the pass's arguments out of the trace that called it; no handler of torch's takes it for an error."""

    def __init__(self, module: fx.GraphModule, env: ShapeEnv, name: str, export: bool) -> None:
        super().__init__(name)
        self.module, self.env, self.name, self.export = copy_module(module), env, name, export


def _interrupt(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
    raise Reached(gm, shape_env, name, export)


@contextlib.contextmanager
def exchanged(sites: Sequence[str], function: Callable[..., Any]) -> Iterator[None]:
    """``function`` in the pass's place at those of ``sites`` that this torch has.

    Raises:
        ToolError: if it has none of them.
    """
    present = [site for site in sites if _has(site)]
    if not present:
        raise ToolError(f"torch {torch.__version__} calls the pass at none of {', '.join(sites)}")
    with contextlib.ExitStack() as stack:
        for site in present:
            stack.enter_context(mock.patch(site, function))
        yield


def _has(site: str) -> bool:
    module, _, attribute = site.rpartition(".")
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return False


def reach(trace: Callable[[], object], sites: Sequence[str]) -> Reached:
    """Runs ``trace`` until it calls the pass at one of ``sites``.

    Raises:
        NotCaptured: if torch refuses, or finishes without calling the pass.
        ToolError: if this torch has none of the sites.
    """
    with exchanged(sites, _interrupt):
        try:
            with refused():
                trace()
        except Reached as reached:
            return reached
    raise NotCaptured("the trace ended without a call of the pass")
