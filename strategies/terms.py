"""Terms: the one expression language that Programs, obligations and emitted asserts are all read into.

A term is plain frozen data. Its leaves are constants and variables; a variable is a run-time value
that nothing in the program computes from other values (an input dimension, the result of ``item()``).
What an operator *means* stands in one row of the table in :mod:`strategies.operators`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Literal, TypeAlias, TypeVar

Sort: TypeAlias = Literal["int", "bool", "float"]
Value: TypeAlias = int | bool | float
Valuation: TypeAlias = Mapping[str, Value]
Result = TypeVar("Result")


class Hashed:
    """Remembers its hash, which a tree of frozen data would compute again at every look into a table.

    The hash is no field: it goes into no copy and no other process, where strings hash otherwise.
    """

    __slots__ = ("_hash",)


class Remembering(Hashed):
    """Remembers, in the same way, what is asked of a term most often: the names of its leaves, and its function."""

    __slots__ = ("_function", "_names")


@dataclass(frozen=True, slots=True)
class Const(Remembering):
    """A literal: an int (any size), a bool or a float."""

    value: Value

    def __eq__(self, other: object) -> bool:
        # True == 1 == 1.0 in Python, but they are three different literals here.
        if self is other:
            return True
        if not isinstance(other, Const) or type(self.value) is not type(other.value):
            return False
        if isinstance(self.value, float):
            return repr(self.value) == repr(other.value)
        return self.value == other.value

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found = hash((type(self.value).__name__, repr(self.value)))
            object.__setattr__(self, "_hash", found)
            return found


@dataclass(frozen=True, slots=True)
class Var(Remembering):
    """A leaf, known by its name (``d0``, ``u1`` in a Program), and what kind of value it has.

    A ``float`` is an IEEE double, an ``int`` is unbounded.
    """

    name: str
    sort: Sort = "int"


@dataclass(frozen=True, slots=True)
class Apply(Remembering):
    """The operator named ``op`` applied to ``args``."""

    op: str
    args: tuple[Term, ...]

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            found = hash((self.op, self.args))
            object.__setattr__(self, "_hash", found)
            return found


Term: TypeAlias = Const | Var | Apply

TRUE = Const(True)
FALSE = Const(False)


class Undefined(ArithmeticError):
    """The term has no value for this valuation (a division by zero, ``int(nan)``): executing it raises."""


def apply(op: str, *args: Term | Value | str) -> Apply:
    """``Apply(op, args)``, with Python literals taken as constants and strings as variables."""
    return Apply(op, tuple(as_term(arg) for arg in args))


def as_term(value: Term | Value | str) -> Term:
    """A literal or a name as a term; a term stays what it is."""
    if isinstance(value, (Const, Var, Apply)):
        return value
    return Var(value) if isinstance(value, str) else Const(value)


def sort_of_value(value: Value) -> Sort:
    """The sort of a Python number."""
    return "bool" if isinstance(value, bool) else "float" if isinstance(value, float) else "int"


def walk(term: Term) -> Iterator[Term]:
    """Every subterm with repetitions, parents before children."""
    stack = [term]
    while stack:
        current = stack.pop()
        yield current
        if isinstance(current, Apply):
            stack.extend(reversed(current.args))


def remembered(slot: str) -> Callable[[Callable[[Term], Result]], Callable[[Term], Result]]:
    """Has each term remember the answer, under ``slot`` of :class:`Remembering`; equal terms share one."""

    def remembering(function: Callable[[Term], Result]) -> Callable[[Term], Result]:
        shared = lru_cache(maxsize=8192)(function)

        @wraps(function)
        def asked(term: Term) -> Result:
            try:
                return getattr(term, slot)
            except AttributeError:
                found = shared(term)
                object.__setattr__(term, slot, found)
                return found

        return asked

    return remembering


@remembered("_names")
def variables(term: Term) -> frozenset[str]:
    """The names of the leaves that occur in ``term``."""
    return frozenset(sub.name for sub in walk(term) if isinstance(sub, Var))


def leaves_of(*terms: Term) -> dict[str, Sort]:
    """The leaves that occur in ``terms`` with their sorts, in the order in which they occur."""
    return {sub.name: sub.sort for term in terms for sub in walk(term) if isinstance(sub, Var)}


def substitute(term: Term, mapping: Mapping[str, Term]) -> Term:
    """``term`` with every variable that ``mapping`` names replaced."""
    if isinstance(term, Var):
        return mapping.get(term.name, term)
    if isinstance(term, Apply):
        return Apply(term.op, tuple(substitute(arg, mapping) for arg in term.args))
    return term


def conjuncts(term: Term) -> tuple[Term, ...]:
    """``term`` split at its outermost ``and``\\ s."""
    if isinstance(term, Apply) and term.op == "and":
        return tuple(part for arg in term.args for part in conjuncts(arg))
    return (term,)


def to_json(term: Term) -> Any:
    """A JSON value: a literal as itself, a variable as its name, an application as ``[op, args...]``.

    Floats that JSON cannot say are written as ``["float", "nan"]``.
    """
    if isinstance(term, Const):
        if isinstance(term.value, float):
            return ["float", repr(term.value)]
        return term.value
    if isinstance(term, Var):
        return term.name
    return [term.op, *(to_json(arg) for arg in term.args)]
