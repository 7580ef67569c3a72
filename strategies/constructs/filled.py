"""What the consumers that make a tensor of given sizes have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import not_negative
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class MakesFilled(Construct):
    """Needs sizes that are not negative."""

    kind = "consumer"
    fields = (Field("shape", "int terms"),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(Tensor(statement.terms("shape"), offset=Const(0)),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return not_negative(statement.terms("shape"), scope)

    def call(self, sizes: list[str]) -> str:
        """The Python expression that makes the tensor."""
        return f"torch.{self.name}({', '.join(sizes) if sizes else '()'})"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = {self.call([render(size) for size in statement.terms('shape')])}",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        shape = [chooser.size(scope)]
        if chooser.flag(4):
            shape.append(chooser.small_size(scope))
        return (self.statement(shape=tuple(shape)),)
