"""Symbolic values of a graph, interned by structure: what computes them and from what, never what is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sympy
from torch import fx

from runtime_assert.operators import (
    COMMUTATIVE,
    COMPARISONS,
    MIRRORED,
    OF_INTEGERS,
    WRITTEN,
    Kind,
    kind_of,
    result_kind,
)

NEVER = sys.maxsize

Argument = Any  # Value | int | float | bool | str


class Value:
    """One value: an operator of the table over other values, or a node that the table cannot see into.

    slot: position in the graph after which the value can be computed.
    deadline: first position that uses one of the run-time values in it (NEVER: it is made of inputs only).
    rank: order of creation; arguments come before what is computed from them.
    node: the node that computes it, None as long as there is none.
    symbol: the symbol of the ShapeEnv that this value is bound to, if any.
    expr: the sympy expression over the symbols as first named, None until somebody asks.
    poly, relation, atoms: normal form of an integer value, of a condition, and where equal atoms of normal
    forms meet (see polynomials.py, normal.py).
    """

    __slots__ = (
        "args",
        "atoms",
        "deadline",
        "expr",
        "kind",
        "node",
        "op",
        "poly",
        "rank",
        "relation",
        "settled",
        "slot",
        "symbol",
    )

    def __init__(
        self,
        op: str,
        args: tuple[Argument, ...],
        kind: Kind,
        slot: int,
        deadline: int,
        rank: int,
        atoms: dict[tuple[Any, ...], Value],
    ) -> None:
        self.op = op
        self.args = args
        self.kind: Kind = kind
        self.slot = slot
        self.deadline = deadline
        self.rank = rank
        self.node: fx.Node | None = None
        self.expr: sympy.Basic | None = None
        self.symbol: sympy.Symbol | None = None
        self.poly: Any = None
        self.relation: Any = None
        self.atoms = atoms
        self.settled = False

    def __repr__(self) -> str:
        return f"{self.op}({', '.join(map(str, self.args))})" if self.symbol is None else str(self.symbol)


# Among floats, 3 and 3.0 are the same operand of these, as long as the float holds the integer exactly.
_ROUNDING = frozenset({"add", "sub", "mul", "truediv", "pow", *COMPARISONS})


def _as_float(token: Any) -> Any:
    return repr(float(token)) if type(token) is int and abs(token) <= 2**53 else token


class ValueTable:
    """Interns values: asking twice for the same operator over the same arguments gives the same object."""

    def __init__(self, preamble: int) -> None:
        self.preamble = preamble
        self._values: dict[Any, Value] = {}
        self._atoms: dict[tuple[Any, ...], Value] = {}

    def opaque(self, node: fx.Node, slot: int, kind: Kind, deadline: int = NEVER) -> Value:
        """The value of a node that is not looked into."""
        found = self._values.get(node)
        if found is None:
            found = Value("node", (node.name,), kind, slot, deadline, len(self._values), self._atoms)
            found.node, found.settled = node, True
            self._values[node] = found
        return found

    def get(self, op: str, args: Sequence[Argument], kind: Kind | None = None) -> Value:
        """The value `op(*args)`; its slot is the latest of its arguments."""
        if len(args) == 2:
            left, right = args
            if type(left) is Value and left.kind == "int":
                if type(right) is int:
                    return self._with_constant(op, left, right)
                if type(right) is Value and right.kind == "int":
                    return self._of_integers(op, left, right)
        tokens: list[Any] = []
        slot, deadline, rounds = self.preamble, NEVER, False
        for argument in args:
            if type(argument) is Value:
                tokens.append(argument)
                slot, deadline = max(slot, argument.slot), min(deadline, argument.deadline)
                rounds = rounds or argument.kind == "float"
            else:
                # Constants that are no integers by their text: True, 1 and 1.0 are equal in Python, but not the same.
                tokens.append(argument if type(argument) is int else repr(argument))
        if rounds and op in _ROUNDING:
            tokens = [_as_float(token) for token in tokens]
        if op in COMMUTATIVE:
            tokens.sort(key=_order)
            key: tuple[Any, ...] = (op, *tokens)
        elif op in MIRRORED:
            key = (MIRRORED[op], *reversed(tokens))
        else:
            key = (op, *tokens)
        found = self._values.get(key)
        if found is None:
            what = kind or result_kind(op, args)
            found = Value(op, tuple(args), what, slot, deadline, len(self._values), self._atoms)
            self._values[key] = found
        return found

    def _with_constant(self, op: str, left: Value, right: int) -> Value:
        """`get` for the most frequent form, an integer and a constant: nothing to sort and nothing that rounds."""
        key = (MIRRORED[op], right, left) if op in MIRRORED else (op, left, right)
        found = self._values.get(key)
        if found is None:
            slot = max(left.slot, self.preamble)
            kind = OF_INTEGERS.get(op, "other")
            found = self._of_truth(op, left, right) if left.op == "ite" else None
            found = found or Value(op, (left, right), kind, slot, left.deadline, len(self._values), self._atoms)
            self._values[key] = found
        return found

    def _of_truth(self, op: str, left: Value, right: int) -> Value | None:
        """The truth value that is asked for by a comparison of its number: `ite(x, 1, 0) == 1` is x."""
        truth, *numbers = left.args
        if op not in COMPARISONS or numbers != [1, 0] or kind_of(truth) != "bool":
            return None
        compare = WRITTEN[op][0]
        match compare(1, right), compare(0, right):
            case True, False:
                return truth
            case False, True:
                return self.get("not", (truth,))
        return None

    def _of_integers(self, op: str, left: Value, right: Value) -> Value:
        """`get` for two integers, of which nothing rounds."""
        if op in MIRRORED:
            key = (MIRRORED[op], right, left)
        elif op in COMMUTATIVE and right.rank < left.rank:
            key = (op, right, left)
        else:
            key = (op, left, right)
        found = self._values.get(key)
        if found is None:
            slot = max(left.slot, right.slot, self.preamble)
            deadline = min(left.deadline, right.deadline)
            kind = OF_INTEGERS.get(op, "other")
            found = Value(op, (left, right), kind, slot, deadline, len(self._values), self._atoms)
            self._values[key] = found
        return found


def _order(token: Any) -> tuple[bool, Any]:
    return (False, token.rank) if type(token) is Value else (True, str(token))


def in_order(root: Value, done: Callable[[Value], bool]) -> Iterable[Value]:
    """`root` and everything below it that is not done, arguments first, without recursion."""
    if done(root):
        return ()
    found, stack = {root.rank: root}, [root]
    while stack:
        for argument in stack.pop().args:
            if isinstance(argument, Value) and argument.rank not in found and not done(argument):
                found[argument.rank] = argument
                stack.append(argument)
    return [found[rank] for rank in sorted(found)]
