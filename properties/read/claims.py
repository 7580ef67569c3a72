"""What the message of an assert claims: the condition that it shows, as a term over the names in it.

Messages call a value by a symbol (``u0``), by an expression of the program (``x.item()``, ``a.shape[0]``), or in their
own way. So what a name stands for is open: a claim can be shown to be wrong whatever its names stand for.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from strategies.operators import ROWS_OF_CLASS, ROWS_OF_TARGET, Operator, applied, sort_of
from strategies.terms import Const, Term, apply

_MOST_NAMES = 3
_AROUND = (
    re.compile(r"\s*\((?:checked|value made) at .*\)\s*$", re.DOTALL),
    re.compile(r"\s+on node '[^']*'\s*$"),
    re.compile(r"\s*\([^()]*:\d+\)\s*$"),
)
_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "_operator.add",
    ast.Sub: "_operator.sub",
    ast.Mult: "_operator.mul",
    ast.FloorDiv: "_operator.floordiv",
    ast.Mod: "_operator.mod",
    ast.Div: "_operator.truediv",
    ast.Pow: "_operator.pow",
    ast.BitAnd: "_operator.and_",
    ast.BitOr: "_operator.or_",
    ast.BitXor: "_operator.xor",
    ast.LShift: "_operator.lshift",
    ast.RShift: "_operator.rshift",
}
_COMPARISON: dict[type[ast.cmpop], str] = {
    ast.Eq: "_operator.eq",
    ast.NotEq: "_operator.ne",
    ast.Lt: "_operator.lt",
    ast.LtE: "_operator.le",
    ast.Gt: "_operator.gt",
    ast.GtE: "_operator.ge",
}
_FUNCTION: dict[str, Sequence[Operator]] = {
    **{name: ROWS_OF_TARGET[f"builtins.{name}"] for name in ("min", "max", "abs", "float", "int", "round", "pow")},
    **{name: ROWS_OF_TARGET[f"math.{name}"] for name in ("trunc", "floor", "ceil", "sqrt")},
    "ite": ROWS_OF_TARGET["torch.sym_ite"],
    "Eq": ROWS_OF_CLASS["Equality"],
    "Ne": ROWS_OF_CLASS["Unequality"],
    **ROWS_OF_CLASS,
}
_NO_NAMES = frozenset({"int_oo", "oo", "zoo", "nan", "inf"})


class _Unclear(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Claim:
    """A condition whose ``names`` stand for values that nobody knows."""

    names: tuple[str, ...]
    _tree: ast.expr

    def term(self, values: Mapping[str, Term]) -> Term | None:
        """The condition where each name stands for a term; None if that makes no condition."""
        try:
            found = _term(self._tree, values)
        except _Unclear:
            return None
        return found if sort_of(found) == "bool" else None

    def readings(self, candidates: Sequence[Term]) -> Iterator[Term]:
        """The condition for every way in which its names may stand for ``candidates``."""
        for chosen in itertools.product(candidates, repeat=len(self.names)):
            term = self.term(dict(zip(self.names, chosen, strict=True)))
            if term is not None:
                yield term


def claim_in(message: str, words: Sequence[str]) -> Claim | None:
    """The condition that ``message`` shows at its end, the ``words`` of users left out.

    None if there is none that can be read, or it has too many names to tell anything of.
    """
    for tree in _expressions(message, words):
        if not isinstance(tree, (ast.Compare, ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Call)):
            continue
        try:
            names = tuple(dict.fromkeys(_names(tree)))
        except _Unclear:
            return None
        if len(names) <= _MOST_NAMES and _claims(tree):
            return Claim(names, tree)
        return None
    return None


def names_a_value(message: str) -> bool:
    """Whether ``message`` ends with what a value is called, as where a truth value is asserted by itself."""
    return any(
        isinstance(tree, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)) for tree in _expressions(message, ())
    )


def _expressions(message: str, words: Sequence[str]) -> Iterator[ast.expr]:
    """What can be read as an expression at the end of ``message``, shortest first, the ``words`` of users left out."""
    for text in words:
        message = message.replace(text, "")
    for pattern in _AROUND:
        message = pattern.sub("", message)
    starts = [0, *(found.end() for found in re.finditer(r":\s|\bfor expression\s", message))]
    for start in reversed(starts):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            yield ast.parse(message[start:].strip(), mode="eval").body


def _claims(tree: ast.expr) -> bool:
    """Whether there is a comparison at all."""
    relations = ("Eq", "Ne")
    return any(
        isinstance(node, ast.Compare)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in relations)
        for node in ast.walk(tree)
    )


def _names(tree: ast.expr) -> Iterator[str]:
    """What stands for a value that is not computed in the message itself."""
    match tree:
        case ast.Constant(value=bool() | int() | float()):
            return
        case ast.BinOp(left=left, right=right):
            parts: Sequence[ast.expr] = (left, right)
        case ast.UnaryOp(operand=operand):
            parts = (operand,)
        case ast.BoolOp(values=values):
            parts = values
        case ast.Compare(left=left, comparators=others):
            parts = (left, *others)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name == "Piecewise":
                parts = [item for pair in args for item in _pair(pair)]
            elif name in _FUNCTION:
                parts = args
            else:
                raise _Unclear(name)
        case ast.Name(id=name):
            if name in _NO_NAMES:
                raise _Unclear(name)
            yield ast.unparse(tree)
            return
        case ast.Attribute() | ast.Subscript() | ast.Call(func=ast.Attribute()):
            yield ast.unparse(tree)
            return
        case _:
            raise _Unclear(ast.dump(tree))
    for part in parts:
        yield from _names(part)


def _pair(tree: ast.expr) -> Sequence[ast.expr]:
    if isinstance(tree, ast.Tuple) and len(tree.elts) == 2:
        return tree.elts
    raise _Unclear("no pair")


def _term(tree: ast.expr, values: Mapping[str, Term]) -> Term:
    match tree:
        case ast.Constant(value=bool() | int() | float() as value):
            return Const(value)
        case ast.BinOp(left=left, op=op, right=right):
            rows = ROWS_OF_TARGET.get(_BINARY.get(type(op), ""), ())
            return _applied(rows, [_term(left, values), _term(right, values)])
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Const(-value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _applied(ROWS_OF_TARGET["_operator.neg"], [_term(operand, values)])
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            return _applied(ROWS_OF_TARGET["torch.sym_not"], [_term(operand, values)])
        case ast.BoolOp(op=op, values=parts):
            return apply("and" if isinstance(op, ast.And) else "or", *(_term(part, values) for part in parts))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            rows = ROWS_OF_TARGET.get(_COMPARISON.get(type(op), ""), ())
            return _applied(rows, [_term(left, values), _term(right, values)])
        case ast.Call(func=ast.Name(id="Piecewise"), args=[first, second]):
            (then, condition), (other, _) = _pair(first), _pair(second)
            parts = [_term(condition, values), _term(then, values), _term(other, values)]
            return _applied(ROWS_OF_TARGET["torch.sym_ite"], parts)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _applied(_FUNCTION.get(name, ()), [_term(arg, values) for arg in args])
        case _:
            found = values.get(ast.unparse(tree))
            if found is None:
                raise _Unclear(ast.dump(tree))
            return found


def _applied(rows: Sequence[Operator], args: Sequence[Term]) -> Term:
    found = applied(rows, args) if rows else None
    if found is None:
        raise _Unclear("no operator takes these operands")
    return found
