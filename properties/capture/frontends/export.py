"""``torch.export``, non-strict and strict, stopped at the moment when it calls the pass."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from properties.capture.frontends.tensors import (
    dynamic_shapes,
    example_inputs,
    named_shapes,
    reached_capture,
    refuse_jagged,
    refuse_scalars,
    refuse_unbacked,
)
from properties.capture.interception import EXPORT_SITES, reach
from properties.capture.types import Capture
from strategies.compile import as_module
from strategies.program import Program


def capture(program: Program, device: str = "cpu", name: str = "export", *, deferred: bool = False) -> Capture:
    """``program`` exported with every varying dim dynamic, up to the call of the pass.

    ``deferred`` is told in :class:`properties.capture.table.Frontend`.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass.
    """
    return _export(program, device, name, strict=False, deferred=deferred)


def capture_strict(
    program: Program, device: str = "cpu", name: str = "export-strict", *, deferred: bool = False
) -> Capture:
    """The same through Dynamo (``strict=True``), which writes the Program's checks into the graph.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass.
    """
    torch._dynamo.reset()
    try:
        return _export(program, device, name, strict=True, deferred=deferred)
    finally:
        torch._dynamo.reset()


def capture_named(
    program: Program, device: str = "cpu", name: str = "export+named", *, deferred: bool = False
) -> Capture:
    """The same as :func:`capture` with a named ``Dim`` for each dim, from which other sizes are derived.

    A condition on named dims that they do not meet by themselves makes torch refuse.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass.
    """
    return _export(program, device, name, strict=False, deferred=deferred, named=True)


def _export(
    program: Program, device: str, frontend: str, *, strict: bool, deferred: bool, named: bool = False
) -> Capture:
    tensors, module = example_inputs(program, device), as_module(program, device)

    def trace() -> None:
        exported(program, module, tensors, strict=strict, deferred=deferred, named=named)

    reached = reach(trace, EXPORT_SITES)
    return reached_capture(program, device, frontend, reached)


def exported(
    program: Program,
    module: torch.nn.Module,
    tensors: tuple[Any, ...],
    *,
    strict: bool = False,
    deferred: bool = False,
    named: bool = False,
) -> torch.export.ExportedProgram:
    """``program``, as a module with its example inputs, as torch exports it: every varying dim and integer dynamic.

    With ``named`` the dims have names, by which inputs share them.

    Raises:
        NotCaptured: if an input is a float or a truth value, has an unbacked size, or rows of unequal length:
            torch makes a constant of it.
    """
    refuse_scalars(program, float, bool)
    refuse_unbacked(program)
    refuse_jagged(program, "the sizes of a jagged input become constants")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.export.export(
            module,
            tensors,
            dynamic_shapes=(named_shapes if named else dynamic_shapes)(program),
            strict=strict,
            prefer_deferred_runtime_asserts_over_guards=deferred,
        )
