"""What later stages make of a guarded graph: traced again, decomposed, saved and loaded."""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable

import torch
from torch import fx

from properties.capture.frontends.export import exported
from properties.capture.frontends.tensors import example_inputs
from properties.capture.interception import EXPORT_SITES, in_place_of_torch
from properties.case import Case
from strategies.compile import as_module

EXPORTS = ("export", "export-strict")
"""Frontends whose graph a whole ``torch.export`` makes again."""


def export_with(case: Case, subject: Callable[..., object]) -> torch.export.ExportedProgram:
    """``case``'s Program exported by torch, with ``subject`` in the place of torch's pass; raises what that raises."""
    program, device = case.capture.program, case.capture.device
    strict = case.capture.frontend == "export-strict"
    try:
        with in_place_of_torch(EXPORT_SITES, subject):
            return exported(program, as_module(program, device), example_inputs(program, device), strict=strict)
    finally:
        if strict:
            torch._dynamo.reset()


def decomposed(case: Case, subject: Callable[..., object]) -> fx.GraphModule:
    """The exported Program decomposed to core ATen, ``subject`` having worked on both graphs."""
    first = export_with(case, subject)
    with in_place_of_torch(EXPORT_SITES, subject), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _bare(first.run_decompositions())


def saved_and_loaded(case: Case, subject: Callable[..., object]) -> tuple[fx.GraphModule, fx.GraphModule]:
    """The exported Program's graph, and what a file of it gives back."""
    first = export_with(case, subject)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(first, file)
        file.seek(0)
        return _bare(first), _bare(torch.export.load(file))


def _bare(program: torch.export.ExportedProgram) -> fx.GraphModule:
    module = program.graph_module
    assert isinstance(module, fx.GraphModule)
    return module


def pickled(module: fx.GraphModule) -> fx.GraphModule:
    """``module`` through the Python code that FX writes of it, which is what a pickle holds."""
    found = pickle.loads(pickle.dumps(fx.GraphModule(module, module.graph)))
    assert isinstance(found, fx.GraphModule)
    return found
