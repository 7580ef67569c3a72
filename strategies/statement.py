"""What one line of a Program is, and what stands in scope when it runs: plain data without a torch object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from strategies.input_forms import DENSE
from strategies.terms import Apply, Const, Term, Valuation, Value, Var, variables

Argument: TypeAlias = Term | tuple[Term, ...] | tuple[str, ...] | str | int
Dtype: TypeAlias = Literal["float32", "float64", "int64", "int32", "bool"]
DTYPES: tuple[str, ...] = ("float32", "float64", "int64", "int32", "bool")

_START: Term = Const(0)


class ProgramError(ValueError):
    """A Program, or a document that should hold one, breaks a rule; the message says where and what is allowed."""


class Unrealisable(ValueError):
    """No input tensors exist for a valuation (more true entries than elements, a negative or huge size)."""


@dataclass(frozen=True, slots=True)
class Param:
    """An ordinary tensor input of a Program, one without a role of its own in the data.

    ``shape`` has one term a dimension, over the Program's dims and constants, and so has ``strides``, in elements;
    without them the tensor is contiguous. Its first element is number ``offset`` of its storage, a term
    like a stride. The sizes of the dimensions ``unbacked`` are dims that no other param has, and that tracing may not
    look at (``torch._dynamo.mark_unbacked``).
    ``form`` is a word of :mod:`strategies.input_forms`; what is not dense has neither strides nor unbacked dimensions,
    and a Program uses nothing of it but its sizes.
    """

    shape: tuple[Term, ...]
    dtype: str = "float32"
    strides: tuple[Term, ...] | None = None
    offset: Term = _START
    unbacked: tuple[int, ...] = ()
    form: str = DENSE


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number that is an argument of ``forward`` by itself: its example value, and the param that it stands before.

    ``before`` is the position of a param; the number of params stands for the place behind them all.
    """

    value: Value
    before: int = 0

    def __eq__(self, other: object) -> bool:
        # As among constants: True == 1 == 1.0 in Python, but they are inputs of three types.
        return isinstance(other, Scalar) and (Const(self.value), self.before) == (Const(other.value), other.before)

    def __hash__(self) -> int:
        return hash((Const(self.value), self.before))


@dataclass(frozen=True, slots=True)
class Statement:
    """One line: the name of a construct and its arguments, in the order of the construct's fields."""

    op: str
    args: tuple[tuple[str, Argument], ...] = ()

    def __getitem__(self, name: str) -> Argument:
        for key, value in self.args:
            if key == name:
                return value
        raise KeyError(name)

    def term(self, name: str) -> Term:
        """The argument ``name``, which the construct declares to be one term."""
        value = self[name]
        if not isinstance(value, (Const, Var, Apply)):
            raise TypeError(f"{self.op}.{name} is {value!r}, not a term")
        return value

    def terms(self, name: str) -> tuple[Term, ...]:
        """The argument ``name``, which the construct declares to be a list of terms."""
        value = self[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{self.op}.{name} is {value!r}, not a list of terms")
        return value  # type: ignore[return-value]

    def name(self, name: str) -> str:
        """The argument ``name``, which the construct declares to be a tensor's name or a word of a table."""
        value = self[name]
        if not isinstance(value, str):
            raise TypeError(f"{self.op}.{name} is {value!r}, not a name")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """The argument ``name``, which the construct declares to be a list of tensor names."""
        value = self[name]
        if not isinstance(value, tuple):
            raise TypeError(f"{self.op}.{name} is {value!r}, not a list of names")
        return value  # type: ignore[return-value]

    def number(self, name: str) -> int:
        """The argument ``name``, which the construct declares to be a plain int."""
        value = self[name]
        if not isinstance(value, int):
            raise TypeError(f"{self.op}.{name} is {value!r}, not an int")
        return value


@dataclass(frozen=True, slots=True)
class Tensor:
    """What is known of a tensor in scope: a term for each dimension, and whether ``view`` may take it."""

    shape: tuple[Term, ...]
    dtype: str = "float32"
    contiguous: bool = True
    strides: tuple[Term, ...] | None = None
    """The strides of what is not contiguous; ``None`` if they follow from the sizes or are not known."""
    offset: Term | None = None
    """The number of its first element in its storage; ``None`` if it is not known."""


@dataclass(frozen=True, slots=True)
class Input:
    """An argument of ``forward``: its name, its sizes, and how its elements follow from leaves.

    ``fill`` takes the number of elements and a valuation and gives the elements in memory order, or raises
    :class:`Unrealisable`. ``None`` stands for contents that do not matter. ``leaves`` are those that the contents
    decide, in the order in which the program reads them. ``strides``, ``offset``, ``unbacked`` and ``form``
    are those of :class:`Param`. With ``scalar`` it is no tensor but the number that the leaf of its name is.
    """

    name: str
    shape: tuple[Term, ...]
    dtype: str
    fill: Callable[[int, Valuation], Sequence[int | bool | float]] | None = None
    leaves: tuple[str, ...] = ()
    strides: tuple[Term, ...] | None = None
    offset: Term = _START
    scalar: bool = False
    unbacked: tuple[int, ...] = ()
    form: str = DENSE


@dataclass(frozen=True, slots=True)
class Effect:
    """What running a statement adds to the scope, in order: leaves with example values, and tensors."""

    leaves: tuple[Value, ...] = ()
    tensors: tuple[Tensor, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What a statement can name: leaves with their example values, tensors, and sizes known not to be negative.

    ``origins`` tells for each unbacked leaf which construct bound it. ``nonnegative`` holds the terms that
    cannot be negative here, because an operator guarantees it or because the program was left otherwise.
    ``unbacked_dims`` are the dims of inputs that tracing may not look at.
    ``learned`` holds every condition that is true here for either reason, in the order in which it became so.

    ``values`` and ``origins`` are of all leaves so far; those in ``closed`` were bound in a branch that has ended, and
    cannot be named. ``made`` counts the tensors computed so far, those of ended branches too. ``given`` are the
    conditions under which what stands here runs at all. ``hidden`` are names that can be used here but that torch
    refuses in most frontends: nothing is grown with them.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    nonnegative: frozenset[Term] = frozenset()
    learned: tuple[Term, ...] = ()
    made: int = 0
    given: tuple[Term, ...] = ()
    closed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    unbacked_dims: frozenset[str] = frozenset()

    @property
    def visible(self) -> Mapping[str, Any]:
        """The leaves that can be named here, with their example values."""
        return {name: value for name, value in self.values.items() if name not in self.closed}

    @property
    def _shown(self) -> Mapping[str, Any]:
        if not self.closed and not self.hidden:
            return self.values
        gone = self.closed | self.hidden
        return {name: value for name, value in self.values.items() if name not in gone}

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the input dimensions, in order."""
        return tuple(name for name in self._shown if name.startswith("d"))

    @property
    def scalars(self) -> tuple[str, ...]:
        """The names of the integers that are inputs by themselves, in order."""
        return tuple(name for name, value in self._shown.items() if name.startswith("n") and type(value) is int)

    @property
    def backed(self) -> tuple[str, ...]:
        """The names of the integers that the inputs show without being read: dims and scalars."""
        return self.dims + self.scalars

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the leaves that are truth values, in order."""
        return tuple(name for name, value in self._shown.items() if type(value) is bool)

    @property
    def unbacked(self) -> tuple[str, ...]:
        """The names of the unbacked integers, in the order in which they were bound."""
        return tuple(name for name, value in self._shown.items() if name.startswith("u") and type(value) is int)

    @property
    def floats(self) -> tuple[str, ...]:
        """The names of all leaves that are floats, in order."""
        return tuple(name for name, value in self._shown.items() if type(value) is float)

    @property
    def integers(self) -> tuple[str, ...]:
        """The names of all leaves that are integers, in order."""
        return tuple(name for name, value in self._shown.items() if type(value) is int)

    @property
    def from_data(self) -> tuple[str, ...]:
        """The names of all unbacked leaves, in the order in which they were bound."""
        return tuple(name for name in self._shown if name.startswith("u"))

    def next_leaves(self, count: int) -> tuple[str, ...]:
        """The names that the next ``count`` unbacked leaves get."""
        first = len(self.origins)
        return tuple(f"u{first + index}" for index in range(count))

    def next_tensors(self, count: int) -> tuple[str, ...]:
        """The names that the next ``count`` computed tensors get."""
        return tuple(f"t{self.made + index}" for index in range(count))

    def after(self, op: str, effect: Effect, learned: Sequence[Term] = ()) -> Scope:
        """The scope behind a statement of construct ``op`` that ran, where every term of ``learned`` is true."""
        leaves = dict(zip(self.next_leaves(len(effect.leaves)), effect.leaves, strict=True))
        tensors = dict(zip(self.next_tensors(len(effect.tensors)), effect.tensors, strict=True))
        known = frozenset(_nonnegative_by(learned))
        return replace(
            self,
            values={**self.values, **leaves},
            tensors={**self.tensors, **tensors},
            origins={**self.origins, **dict.fromkeys(leaves, op)},
            made=self.made + len(tensors),
            nonnegative=self.nonnegative | known if known else self.nonnegative,
            learned=(*self.learned, *learned),
        )

    def depends_on_data(self, *terms: Term) -> bool:
        """Whether one of ``terms`` names an unbacked leaf, or a dim that is treated as one."""
        return any(name.startswith("u") or name in self.unbacked_dims for term in terms for name in variables(term))

    def is_equal(self, left: Term, right: Term) -> bool:
        """Whether two terms are seen at a glance to be equal: the same term, or one checked to equal the other."""
        return left == right or Apply("eq", (left, right)) in self.learned or Apply("eq", (right, left)) in self.learned

    def is_at_most(self, left: Term, right: Term) -> bool:
        """Whether ``left <= right`` is seen at a glance: the same term, 0 and a size, or what a check says."""
        if left == right or (left == Const(0) and self.is_nonnegative(right)):
            return True
        return Apply("le", (left, right)) in self.learned or Apply("ge", (right, left)) in self.learned

    def is_nonnegative(self, term: Term) -> bool:
        """Whether ``term`` is seen at a glance not to be negative: constants, dims, checked terms, sums, products."""
        if isinstance(term, Const):
            return type(term.value) is int and term.value >= 0
        if isinstance(term, Var) and term.name.startswith("d"):
            return True
        if term in self.nonnegative:
            return True
        return (
            isinstance(term, Apply)
            and term.op in ("add", "mul", "min", "max")
            and all(map(self.is_nonnegative, term.args))
        )


def _nonnegative_by(conditions: Sequence[Term]) -> Iterator[Term]:
    """The terms that stand alone in a condition that bounds them from below by a constant of at least 0."""
    for condition in conditions:
        if not isinstance(condition, Apply) or len(condition.args) != 2:
            continue
        left, right = condition.args
        if isinstance(right, Const) and (
            (condition.op in ("ge", "eq") and right.value >= 0) or (condition.op == "gt" and right.value >= -1)
        ):
            yield left
        elif isinstance(left, Const) and (
            (condition.op in ("le", "eq") and left.value >= 0) or (condition.op == "lt" and left.value >= -1)
        ):
            yield right
