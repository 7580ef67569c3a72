"""What the sources have in common whose length follows from the values in a vector of integers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate, holds
from strategies.statement import Effect, Input, Scope, Statement, Tensor, Unrealisable
from strategies.terms import Term, Valuation, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

INT64_MAX = 2**63 - 1


class MeasuresVector(Construct):
    """Binds the length of what ``function`` of torch makes of a vector of ``length`` integers, and the result.

    ``count`` is the example value of the length that comes out.
    """

    kind = "source"
    fields = (Field("length", "dim terms"), Field("count", "int"))
    function: ClassVar[str]

    @abstractmethod
    def bounds(self, leaf: Var, length: Term) -> tuple[Term, ...]:
        """Which results there are for a vector of ``length``: each of them, and no other, can be reached."""

    @abstractmethod
    def elements(self, length: int, result: int) -> Sequence[int]:
        """A vector of ``length`` for which ``result`` comes out, which :meth:`bounds` allow."""

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if len(statement.terms("length")) != 1:
            return "the vector has exactly one length"
        (leaf,) = scope.next_leaves(1)
        values = {**scope.values, leaf: statement.number("count")}
        if not all(holds(term, values) for term in self.guarantees(statement, scope)):
            return f"count={statement.number('count')} is no result for the example's length"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((Var(leaf),), "int64"),))

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        (leaf,), (length,) = scope.next_leaves(1), statement.terms("length")
        return (*self.bounds(Var(leaf), length), apply("le", leaf, INT64_MAX))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)
        demands = self.guarantees(statement, scope)

        def vector(count: int, valuation: Valuation) -> Sequence[int]:
            if not all(holds(term, valuation) for term in demands):
                raise Unrealisable(f"{leaf}={valuation[leaf]} does not come out of {count} numbers")
            return self.elements(count, int(valuation[leaf]))

        return (Input(f"v{leaf[1:]}", statement.terms("length"), "int64", vector, (leaf,)),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (result,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{result} = torch.{self.function}(v{leaf[1:]})", f"{leaf} = {result}.shape[0]"

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        if not scope.dims:
            return None
        length = Var(chooser.pick(scope.dims))
        (leaf,) = scope.next_leaves(1)
        size = int(evaluate(length, scope.values))
        bounds = self.bounds(Var(leaf), length)
        allowed = [n for n in range(size + 8) if all(holds(term, {**scope.values, leaf: n}) for term in bounds)]
        return (self.statement(length=(length,), count=chooser.pick(allowed)),)
