"""What the sources that read one element of a tensor have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from strategies.constructs.base import SCALAR, Construct, Field
from strategies.statement import Dtype, Effect, Input, Scope, Statement, Unrealisable
from strategies.terms import Const, Term, Valuation, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ReadsOneElement(Construct):
    """Binds the element of a tensor of ``dtype``, an integer between ``least`` and ``most``.

    The tensor has the shape ``[1]``: the element of a 0-dimensional input is a backed symbol in some frontends.
    ``conversion`` is what the program calls on the tensor before it reads.
    """

    kind = "source"
    fields = (Field("value", "int"),)
    reading = SCALAR
    dtype: ClassVar[Dtype]
    least: ClassVar[int]
    most: ClassVar[int]
    conversion: ClassVar[str] = ""

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if not self.least <= statement.number("value") <= self.most:
            return f"value={statement.number('value')} does not fit in {self.dtype}"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(leaves=(statement.number("value"),))

    def guarantees(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        (leaf,) = scope.next_leaves(1)
        return apply("ge", leaf, self.least), apply("le", leaf, self.most)

    def inputs(self, statement: Statement, scope: Scope) -> tuple[Input, ...]:
        (leaf,) = scope.next_leaves(1)

        def element(count: int, valuation: Valuation) -> list[int]:
            value = int(valuation[leaf])
            if not self.least <= value <= self.most:
                raise Unrealisable(f"{leaf}={value} does not fit in {self.dtype}")
            return [value]

        return (Input(f"x{leaf[1:]}", (Const(1),), self.dtype, element, (leaf,)),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (leaf,) = scope.next_leaves(1)
        return (f"{leaf} = x{leaf[1:]}{self.conversion}.item()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...]:
        value = chooser.item_value(scope)
        return (self.statement(value=max(self.least, min(value, self.most))),)
