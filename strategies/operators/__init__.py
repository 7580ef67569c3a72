"""The operator table: every operator that a Program, an obligation or an emitted assert may use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from strategies.operators import arithmetic, bits, comparison, conversion, floats, logic
from strategies.operators.row import Operator, Sort
from strategies.terms import Apply, Const, Term, Var, sort_of_value

__all__ = ["APPROXIMATIONS", "OPERATORS", "Operator", "Sort", "applied", "operator_named", "sort_of"]

OPERATORS: dict[str, Operator] = {
    row.name: row
    for rows in (arithmetic.ROWS, comparison.ROWS, logic.ROWS, bits.ROWS, floats.ROWS, conversion.ROWS)
    for row in rows
}

APPROXIMATIONS: dict[str, str] = {
    "rounding": "the rounding of a real number to the nearest double is known by its error bound, its monotony and the"
    " numbers that it leaves alone",
    "libm": "what the C library's function yields is known only to be the same for the same operands",
    "remainder": "the quotient and remainder of floats are known only to be the same for the same operands",
    "decimal": "rounding to decimal digits is known only to be the same for the same operands",
    "power": "a power with an exponent that is no constant is known for small exponents and by its sign",
    "bits": "the common bits of two numbers of which none is a constant are known by their bounds",
}
"""What a solver may not know exactly, by id.

What is proved from these facts is proved. A model that uses the freedom that they leave is checked by evaluating the
terms; if it does not stand, the question goes to the next, more exact solver, and is undecided at the end.
"""


def operator_named(name: str) -> Operator:
    """The row of ``name``.

    Raises:
        KeyError: if there is no such operator.
    """
    return OPERATORS[name]


def sort_of(term: Term) -> Sort:
    """What kind of value ``term`` has."""
    if isinstance(term, Const):
        return sort_of_value(term.value)
    return term.sort if isinstance(term, Var) else OPERATORS[term.op].result


def _by(names: str) -> Mapping[str, tuple[Operator, ...]]:
    found: dict[str, list[Operator]] = defaultdict(list)
    for row in OPERATORS.values():
        for name in getattr(row, names):
            found[name].append(row)
    return {name: tuple(rows) for name, rows in found.items()}


ROWS_OF_TARGET = _by("fx")
"""By call target: the rows that it may mean, by the sorts of its operands."""
ROWS_OF_CLASS = _by("sympy")
"""The same by name of a sympy class."""


def applied(rows: Sequence[Operator], args: Sequence[Term]) -> Term | None:
    """The application of the row among ``rows`` that Python would choose for ``args``; None if none fits.

    Beside a float an int is turned into one (an ``OverflowError`` if it is too large), except in a comparison, which
    Python makes exactly.
    """
    sorts: list[Sort] = [sort_of(arg) for arg in args]
    for row in rows:
        if _fits(row, sorts):
            return _folded(row, args)
    for row in rows:
        # An int of exactly that value; Python's comparison does not tell them apart either.
        if row.name.startswith("mixed_") and sorts == ["float", "int"]:
            mirrored = f"mixed_{comparison.MIRROR[comparison.relation(row.name)]}"
            return Apply(mirrored, (args[1], args[0]))
    if "float" in sorts and all(sort in ("float", "int") for sort in sorts[_conditions(rows) :]):
        promoted = [promote(arg) if sort == "int" else arg for arg, sort in zip(args, sorts, strict=True)]
        promoted_sorts: list[Sort] = [sort_of(arg) for arg in promoted]
        for row in rows:
            if _fits(row, promoted_sorts):
                return _folded(row, promoted)
    return None


def _conditions(rows: Sequence[Operator]) -> int:
    """How many leading operands are conditions (one of the conditional, else none)."""
    return 1 if any(row.sorts[0] == "bool" and row.result != "bool" for row in rows) else 0


def _fits(row: Operator, sorts: Sequence[Sort]) -> bool:
    width = len(row.sorts)
    if tuple(sorts[:width]) != row.sorts:
        return False
    return len(sorts) == width or (row.variadic and all(sort == row.sorts[-1] for sort in sorts[width:]))


def _folded(row: Operator, args: Sequence[Term]) -> Term:
    width = len(row.sorts)
    term = Apply(row.name, tuple(args[:width]))
    for arg in args[width:]:
        term = Apply(row.name, (term, arg))
    return term


def promote(term: Term) -> Term:
    """An int as the float that Python makes of it; a literal at once, if it fits."""
    if isinstance(term, Const) and abs(int(term.value)) < conversion.BEYOND:
        return Const(float(term.value))
    return Apply("to_float", (term,))
