"""``torch.arange(start, end, step)``: a size that is a rounded quotient of a difference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class ArangeBetween(Construct):
    """Needs an end that is not before the start; the step is a constant of at least 1."""

    name = "arange_between"
    kind = "consumer"
    fields = (Field("start", "int term"), Field("end", "int term"), Field("step", "int"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        step = statement.number("step")
        return None if step >= 1 else f"step={step}; at least 1 is allowed"

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        length, step = apply("sub", statement.term("end"), statement.term("start")), statement.number("step")
        size = length if step == 1 else apply("floordiv", apply("add", length, step - 1), step)
        return Effect(tensors=(Tensor((size,), "int64"),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return (apply("ge", statement.term("end"), statement.term("start")),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        step = "" if statement.number("step") == 1 else f", {statement.number('step')}"
        start, end = render(statement.term("start")), render(statement.term("end"))
        return (f"{result} = torch.arange({start}, {end}{step})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        end = chooser.size(scope)
        value = int(evaluate(end, scope.values))
        starts = [leaf for leaf in (*scope.unbacked, *scope.backed) if value - 60 <= scope.values[leaf] <= value]
        starts = [leaf for leaf in starts if Var(leaf) != end]
        start: Term = Var(chooser.pick(starts)) if starts else apply("sub", end, chooser.below(5))
        return (self.statement(start=start, end=end, step=1 + chooser.below(3)),)


CONSTRUCT = ArangeBetween()
