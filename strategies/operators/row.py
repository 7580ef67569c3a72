"""What one row of the operator table says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from strategies.terms import Sort

__all__ = ["Operator", "Sort", "always"]


def always(z: Any, *args: Any) -> Any:
    """The definedness of a total operator."""
    return z.BoolVal(True)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator: the single place that says how it runs, prints, is read back and is solved.

    ``python`` computes on plain Python numbers and raises an ``ArithmeticError`` or ``ValueError`` where it is
    undefined, as Python does. ``template`` prints an application in the words of a torch
    program. ``fx`` and ``sympy`` name the call targets of a graph and the sympy classes that mean this
    operator. ``encode`` and ``defined`` give the same meaning to a solver; ``z`` is a
    :class:`properties.solver.context.Builder`, so this package needs no solver.
    """

    name: str
    sorts: tuple[Sort, ...]
    result: Sort
    python: Callable[..., Any]
    template: str
    precedence: float
    encode: Callable[..., Any]
    defined: Callable[..., Any] = always
    fx: tuple[str, ...] = ()
    sympy: tuple[str, ...] = ()
    variadic: bool = False
    """Whether more than two operands fold from the left (sums, conjunctions)."""
    lazy: bool = False
    """Whether the second operand is computed only where the first is true, and the result is true elsewhere."""
    approximation: str = ""
    """The id of what a solver may not know exactly (:data:`strategies.operators.APPROXIMATIONS`); empty: exact."""
