"""The shape of a constraint without its names and numbers: what findings of one cause have in common."""

from __future__ import annotations

from collections.abc import Mapping

from strategies.operators.comparison import MIRROR
from strategies.terms import Apply, Const, Term, Var

_COMMUTATIVE = frozenset({"add", "mul", "min", "max", "eq", "ne", "and", "or"})


def skeleton(term: Term, kinds: Mapping[str, str]) -> str:
    """``term`` with each leaf replaced by its kind (``item``, ``dim``, ...) and each number by ``c``.

    Operands whose order does not matter are sorted, and ``>``, ``>=`` are turned into ``<``, ``<=``.
    """
    if isinstance(term, Const):
        return str(term.value).lower() if isinstance(term.value, bool) else "c"
    if isinstance(term, Var):
        return kinds.get(term.name, "leaf")
    assert isinstance(term, Apply)
    args = [skeleton(arg, kinds) for arg in term.args]
    op = term.op
    if op in ("gt", "ge"):
        op, args = MIRROR[op], args[::-1]
    if op in _COMMUTATIVE:
        args.sort()
    return f"{op}({', '.join(args)})"
