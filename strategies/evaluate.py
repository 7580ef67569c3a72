"""The concrete meaning of a term: its value for given leaves, computed in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from strategies.operators import OPERATORS
from strategies.terms import Const, Term, Undefined, Valuation, Value, Var, remembered

Function: TypeAlias = Callable[[Valuation], Value]


def evaluate(term: Term, valuation: Valuation) -> Value:
    """The value of ``term`` where each variable has the value that ``valuation`` gives it.

    Every operand is computed, as a graph does, but of an ``implies`` whose first operand is false.

    Raises:
        Undefined: if an operator has no value (a zero divisor, ``int(nan)``), as executing it would raise.
        KeyError: if a variable has no value in ``valuation``.
    """
    return function_of(term)(valuation)


def holds(term: Term, valuation: Valuation) -> bool:
    """Whether ``term`` is defined and true: an assert of it would let the run go on."""
    try:
        return bool(function_of(term)(valuation))
    except Undefined:
        return False


@remembered("_function")
def function_of(term: Term) -> Function:
    """``term`` as a function of a valuation: a search tries a term on thousands, and looks at its form once."""
    if isinstance(term, Const):
        return _constant(term.value)
    if isinstance(term, Var):
        return itemgetter(term.name)
    row = OPERATORS[term.op]
    operands = [function_of(arg) for arg in term.args]
    if row.lazy:
        return _lazy(*operands)
    if len(operands) == len(row.sorts) == 2:
        return _binary(term.op, row.python, *operands)
    return _general(term.op, row.python, len(row.sorts), operands)


def _constant(value: Value) -> Function:
    return lambda valuation: value


def _lazy(condition: Function, then: Function) -> Function:
    return lambda valuation: not condition(valuation) or then(valuation)


def _binary(name: str, python: Callable[..., Any], left: Function, right: Function) -> Function:
    def run(valuation: Valuation) -> Value:
        first, second = left(valuation), right(valuation)
        try:
            return python(first, second)
        except (ArithmeticError, ValueError) as error:
            raise _undefined(name, [first, second], error) from error

    return run


def _general(name: str, python: Callable[..., Any], width: int, operands: Sequence[Function]) -> Function:
    """An operator of ``width`` operands; one with more is applied to its result and the next, from the left."""

    def run(valuation: Valuation) -> Value:
        values = [operand(valuation) for operand in operands]
        try:
            result = python(*values[:width])
            for value in values[width:]:
                result = python(result, value)
        except (ArithmeticError, ValueError) as error:
            raise _undefined(name, values, error) from error
        return result

    return run


def _undefined(name: str, values: Sequence[Value], error: Exception) -> Undefined:
    # ``int(nan)``, a negative shift and the root of a negative number are a ValueError in Python.
    return Undefined(f"{name} of {values}: {error}")
