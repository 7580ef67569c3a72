"""The concrete meaning of a term: its value for given leaves, computed in plain Python."""

from __future__ import annotations

from strategies.operators import OPERATORS
from strategies.terms import Const, Term, Undefined, Valuation, Value, Var


def evaluate(term: Term, valuation: Valuation) -> Value:
    """The value of ``term`` where each variable has the value that ``valuation`` gives it.

    Every operand is computed, as a graph does: no operator is lazy.

    Raises:
        Undefined: if an operator has no value (a zero divisor, ``int(nan)``), as executing it would raise.
        KeyError: if a variable has no value in ``valuation``.
    """
    if isinstance(term, Const):
        return term.value
    if isinstance(term, Var):
        return valuation[term.name]
    row = OPERATORS[term.op]
    values = [evaluate(arg, valuation) for arg in term.args]
    try:
        result = row.python(*values[: len(row.sorts)])
        for value in values[len(row.sorts) :]:
            result = row.python(result, value)
    except (ArithmeticError, ValueError) as error:
        # ``int(nan)``, a negative shift and the root of a negative number are a ValueError in Python.
        raise Undefined(f"{term.op} of {values}: {error}") from error
    return result


def holds(term: Term, valuation: Valuation) -> bool:
    """Whether ``term`` is defined and true: an assert of it would let the run go on."""
    try:
        return bool(evaluate(term, valuation))
    except Undefined:
        return False
