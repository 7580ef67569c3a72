"""Programs as data: what they say, what they mean, how they print, and Hypothesis strategies that grow them.

Names that need torch or Hypothesis are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from strategies.constructs import CONSTRUCTS, Construct
from strategies.evaluate import evaluate, holds
from strategies.program import SCHEMA_VERSION, Param, Program, ProgramError, Scalar, Statement
from strategies.semantics import Requirement, example, guarantees, leaves, requirements, source_of
from strategies.source import program_source, render_term
from strategies.statement import Unrealisable
from strategies.terms import Apply, Const, Term, Undefined, Var, apply

if TYPE_CHECKING:
    from strategies.compile import as_module, compile_program
    from strategies.generate import programs
    from strategies.inputs import build_inputs, input_dims, input_names, input_of_leaf, scalar_inputs

__all__ = [
    "CONSTRUCTS",
    "SCHEMA_VERSION",
    "Apply",
    "Const",
    "Construct",
    "Param",
    "Program",
    "ProgramError",
    "Requirement",
    "Scalar",
    "Statement",
    "Term",
    "Undefined",
    "Unrealisable",
    "Var",
    "apply",
    "as_module",
    "build_inputs",
    "compile_program",
    "evaluate",
    "example",
    "guarantees",
    "holds",
    "input_dims",
    "input_names",
    "input_of_leaf",
    "leaves",
    "program_source",
    "programs",
    "render_term",
    "requirements",
    "scalar_inputs",
    "source_of",
]

_LATE = {
    "as_module": "strategies.compile",
    "compile_program": "strategies.compile",
    "programs": "strategies.generate",
    "build_inputs": "strategies.inputs",
    "input_dims": "strategies.inputs",
    "input_names": "strategies.inputs",
    "input_of_leaf": "strategies.inputs",
    "scalar_inputs": "strategies.inputs",
}


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(importlib.import_module(_LATE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
