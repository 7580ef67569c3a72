"""What is not drawn for a front end because torch can never capture it there, with the reason; one place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from strategies.constructs import CONSTRUCTS
from strategies.input_forms import COO, DENSE, JAGGED
from strategies.program import Program
from strategies.terms import sort_of_value

_CONSTANT = "torch takes it for a constant"
_NO_SPARSE = "Dynamo takes no sparse input"
_NO_JAGGED = "the sizes of a jagged input become constants"
_NO_INSIDE = "no input shows the sizes of the tensors inside a jagged one"
UNBACKED_DIM = "input dim unbacked"


def of_form(form: str) -> str:
    """The name of the kind of inputs of a form of :mod:`strategies.input_forms`."""
    return f"input {form}"


_EXPORT: Mapping[str, str] = {
    "input float": _CONSTANT,
    "input bool": _CONSTANT,
    UNBACKED_DIM: _CONSTANT,
    of_form(JAGGED): _NO_JAGGED,
}
_INPUTS: Mapping[str, Mapping[str, str]] = {
    "make_fx": {of_form(JAGGED): _NO_INSIDE},
    "export": _EXPORT,
    "export-strict": _EXPORT,
    "compile": {"input float": _CONSTANT, "input bool": _CONSTANT, of_form(COO): _NO_SPARSE},
}


@lru_cache(maxsize=64)
def not_asked(frontend: str) -> Mapping[str, str]:
    """Constructs, and kinds of inputs as :func:`inputs_of` names them, that ``frontend`` refuses for ever, and why.

    A variant (``export+deferred``) refuses what its front end does; an unknown front end refuses nothing.
    """
    base = frontend.partition("+")[0]
    found = {name: construct.refused_by[base] for name, construct in CONSTRUCTS.items() if base in construct.refused_by}
    return MappingProxyType({**found, **_INPUTS.get(base, {})})


def inputs_of(program: Program) -> set[str]:
    """The kinds of inputs that need something of a front end: numbers by their sort, forms, and unbacked dims."""
    found = {f"input {sort_of_value(scalar.value)}" for scalar in program.scalars}
    found |= {of_form(param.form) for param in program.params if param.form != DENSE}
    return found | {UNBACKED_DIM for param in program.params if param.unbacked}
