"""What the sources that count the true entries of a mask have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field, Reading
from strategies.constructs.sizes import numel
from strategies.statement import Effect, Input, Scope, Statement, Tensor, Unrealisable
from strategies.terms import Term, Valuation, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


def mask_of(leaf: str, shape: tuple[Term, ...]) -> Input:
    """A mask of ``shape`` with as many true entries as ``leaf`` says, spread evenly."""

    def entries(count: int, valuation: Valuation) -> Sequence[bool]:
        true = int(valuation[leaf])
        if not 0 <= true <= count:
            raise Unrealisable(f"{leaf}={true} is not a number of true entries among {count}")
        return [(i + 1) * true // count > i * true // count for i in range(count)]

    return Input(f"m{leaf[1:]}", shape, "bool", entries, (leaf,))


class CountsTrueEntries(Construct):
    """Binds the number of true entries of a bool mask of the given shape; ``count`` is its example value."""

    kind = "source"
    fields = (Field("shape", "dim terms"), Field("count", "int"))
    reading = Reading("aten.nonzero.default", bounded=True)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if statement.number("count") < 0:
            return f"count={statement.number('count')} is negative"
        return None

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        (leaf,) = scope.next_leaves(1)
        return apply("ge", leaf, 0), apply("le", leaf, numel(statement.terms("shape")))

    def mask(self, statement: Statement, scope: Scope) -> Input:
        """The mask: exactly as many entries are true as the valuation says, spread evenly."""
        (leaf,) = scope.next_leaves(1)
        return mask_of(leaf, statement.terms("shape"))

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        if not scope.dims:
            return None
        shape: list[str] = [chooser.pick(scope.dims)]
        elements = scope.values[shape[0]]
        if chooser.flag(5):
            shape.append(chooser.pick(scope.dims))
            elements *= scope.values[shape[1]]
        count = chooser.count(scope, elements)
        return (self.statement(shape=tuple(map(Var, shape)), count=count),)


class SelectsElements(CountsTrueEntries):
    """Binds the number of the elements that the mask selects from data of its shape, and the vector of them."""

    @abstractmethod
    def call(self, data: str, mask: str) -> str:
        """The Python expression that selects."""

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        (leaf,) = scope.next_leaves(1)
        return Effect((statement.number("count"),), (Tensor((Var(leaf),)),))

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)
        data = Input(f"v{leaf[1:]}", statement.terms("shape"), "float32")
        return data, self.mask(statement, scope)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,), (selected,) = scope.next_leaves(1), scope.next_tensors(1)
        return f"{selected} = {self.call(f'v{leaf[1:]}', f'm{leaf[1:]}')}", f"{leaf} = {selected}.shape[0]"
