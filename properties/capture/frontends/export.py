"""``torch.export``, non-strict and strict, stopped at the moment when it calls the pass."""

from __future__ import annotations

import warnings

import torch

from properties.capture.frontends.tensors import dynamic_shapes, example_inputs, tensor_capture
from properties.capture.interception import EXPORT_SITES, reach
from properties.capture.types import Capture
from strategies.compile import as_module
from strategies.program import Program


def capture(program: Program, device: str = "cpu") -> Capture:
    """``program`` exported with every varying dim dynamic, up to the call of the pass.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass.
    """
    return _export(program, device, "export", strict=False)


def capture_strict(program: Program, device: str = "cpu") -> Capture:
    """The same through Dynamo (``strict=True``), which writes the Program's checks into the graph.

    Raises:
        NotCaptured: if torch refuses, or if it finishes without calling the pass.
    """
    torch._dynamo.reset()
    try:
        return _export(program, device, "export-strict", strict=True)
    finally:
        torch._dynamo.reset()


def _export(program: Program, device: str, frontend: str, *, strict: bool) -> Capture:
    tensors = example_inputs(program, device)
    module = as_module(program, device)

    def trace() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.export.export(module, tensors, dynamic_shapes=dynamic_shapes(program), strict=strict)

    reached = reach(trace, EXPORT_SITES)
    return tensor_capture(
        program, device, frontend, reached.module, reached.env, export=reached.export, name=reached.name
    )
