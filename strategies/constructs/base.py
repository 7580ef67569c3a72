"""What a construct must say about itself: one object a kind of statement, found by the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from strategies.statement import Effect, Input, Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

Kind: TypeAlias = Literal["source", "check", "consumer", "structure"]
FieldKind: TypeAlias = Literal[
    "int", "int term", "bool term", "float term", "int terms", "dim terms", "tensor", "tensors", "word"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One argument of a construct: its key in JSON and what may stand there.

    ``dim terms`` are sizes of inputs, so they name no unbacked leaf; ``word`` is one of ``words``.
    """

    name: str
    kind: FieldKind
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The call that reads a leaf from the one input that decides it, without anything else that the source does.

    ``target`` names an overload of ``torch.ops``. ``path`` says where in its result the leaf is: the index of an
    output, then ``"size"`` and a dimension; the empty path is the result itself. ``bounded`` says that the leaf
    is at most the number of the input's elements. ``before`` names the overload whose result is read instead of the
    input itself. The size that is bound is ``factor`` times the leaf. ``least`` and ``most`` are what torch is told of
    the leaf, where that is more than that it is a size; ``most`` is ``None`` where it is told nothing. ``truth`` says
    that the leaf is a truth value.
    """

    target: str
    path: tuple[str | int, ...] = ("size", 0)
    bounded: bool = False
    before: str = ""
    factor: int = 1
    least: int | None = None
    most: int | None = None
    truth: bool = False


SCALAR = Reading("aten._local_scalar_dense.default", ())
"""How the element of a tensor of one is read."""
TRUTH = Reading("aten._local_scalar_dense.default", (), truth=True)
"""How the element of a tensor of one truth value is read, as what it is."""


class Construct(ABC):
    """One kind of statement: what it needs, what it yields, how it prints and how it is grown.

    A subclass lives in a module of its own in :mod:`strategies.constructs` and is registered by that module's
    ``CONSTRUCT``. Nothing else has to be edited to add one.
    """

    name: ClassVar[str]
    kind: ClassVar[Kind]
    fields: ClassVar[tuple[Field, ...]]
    reading: ClassVar[Reading | None] = None
    """How each leaf of a source is read from its input; ``None`` if no single call does it."""
    refused_by: ClassVar[Mapping[str, str]] = {}
    """The front ends that can never capture it, each with the reason: it is not drawn for them."""
    lengths: ClassVar[tuple[str, ...]] = ()
    """The fields (of kind ``int``) that say how long each of the blocks is that follow the statement."""

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        """Why ``statement`` cannot stand in ``scope``, or ``None``. The form of the fields was tested before."""
        return None

    @abstractmethod
    def effect(self, statement: Statement, scope: Scope) -> Effect:
        """The leaves (with example values) and the tensors (with shapes) that the statement binds."""

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        """What must be true for the statement to run: eager execution raises exactly if one of them is not."""
        return ()

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        """What the operator itself makes sure of about the leaves that it binds."""
        return ()

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        """The tensors that the statement reads and that no other statement has: inputs of ``forward``."""
        return ()

    def operators(self) -> tuple[str, ...]:
        """The operators of :mod:`strategies.custom_operators` that the statement calls."""
        return ()

    def encloses(self, statement: Statement) -> tuple[int, ...]:
        """How many statements each of the blocks holds that follow this one, as far as there are so many.

        A statement counts once, whatever its own blocks hold.
        """
        return tuple(statement.number(name) for name in self.lengths)

    def inside(self, statement: Statement, before: Scope, scope: Scope, block: int) -> Scope:
        """The scope at the start of a block: ``before`` is that of the statement, ``scope`` what came about since."""
        return scope

    def behind(self, statement: Statement, before: Scope, scope: Scope) -> Scope:
        """The scope behind all blocks, in which :meth:`effect` adds what the statement itself binds."""
        return scope

    def opening(self, statement: Statement, scope: Scope, block: int, render: Callable[[Term], str]) -> tuple[str, ...]:
        """The lines in front of a block, whose own are indented; a block without lines gets a ``pass``."""
        return ()

    def closing(self, statement: Statement, before: Scope, scope: Scope, block: int) -> tuple[str, ...]:
        """The last lines of a block; ``before`` and ``scope`` are those at its start and at its end."""
        return ()

    def sized(self, statement: Statement, lengths: tuple[int, ...]) -> Statement:
        """``statement`` with blocks of these lengths."""
        sizes = dict(zip(self.lengths, lengths, strict=True))
        return Statement(statement.op, tuple((name, sizes.get(name, value)) for name, value in statement.args))

    @abstractmethod
    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        """Lines of Python that run the statement, behind its blocks; ``render`` prints a term."""

    def source_behind(
        self, statement: Statement, before: Scope, scope: Scope, render: Callable[[Term], str]
    ) -> tuple[str, ...]:
        """:meth:`source` for one that says what came about in its blocks, since ``before``."""
        return self.source(statement, scope, render)

    @abstractmethod
    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        """Statements, the last of them of this construct, that run on the example values of ``scope``.

        The ones before it are the checks without which torch could not trace it. ``None`` if nothing in
        ``scope`` suits.
        """

    def statement(self, **arguments: object) -> Statement:
        """A statement of this construct with its arguments in the declared order."""
        return Statement(self.name, tuple((field.name, arguments[field.name]) for field in self.fields))  # type: ignore[misc]
