"""What is not drawn for a front end because torch can never capture it there, with the reason; one place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from strategies.constructs import CONSTRUCTS
from strategies.program import Program
from strategies.terms import sort_of_value

_CONSTANT = "torch takes it for a constant"
UNBACKED_DIM = "input dim unbacked"
_INPUTS: Mapping[str, Mapping[str, str]] = {
    "export": {"input float": _CONSTANT, "input bool": _CONSTANT, UNBACKED_DIM: _CONSTANT},
    "export-strict": {"input float": _CONSTANT, "input bool": _CONSTANT, UNBACKED_DIM: _CONSTANT},
    "compile": {"input float": _CONSTANT, "input bool": _CONSTANT},
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
    """The kinds of inputs that need something of a front end: numbers by their sort, and unbacked dims."""
    found = {f"input {sort_of_value(scalar.value)}" for scalar in program.scalars}
    return found | {UNBACKED_DIM for param in program.params if param.unbacked}
