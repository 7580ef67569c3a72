"""``torch.cond(pred, yes, no)``: two branches, of which a run takes one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.branches import HasFunctions, has_a_value
from strategies.operators.comparison import opposite
from strategies.statement import Scope, Statement
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Cond(HasFunctions):
    """Demands that the condition can be computed, and in each branch what that branch demands.

    In eager mode the condition is a Python bool, and torch runs the branch that it says.
    """

    name = "cond"
    fields = (Field("pred", "bool term"), Field("then", "int"), Field("otherwise", "int"))
    lengths = ("then", "otherwise")
    functions = ("yes()", "no()")

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        lengths = self.encloses(statement)
        return None if min(lengths) >= 0 and max(lengths) <= 100 else f"{lengths}; 0 to 100 statements are allowed"

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return has_a_value(statement.term("pred"))

    def condition(self, statement: Statement, scope: Scope, block: int) -> Term:
        pred = statement.term("pred")
        return opposite(pred) if block else pred

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = torch.cond({render(statement.term('pred'))}, yes, no)",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        pred = chooser.condition(scope)
        if pred is None:
            return None
        if chooser.flag(2):
            pred = opposite(pred)
        return (self.statement(pred=pred, then=0, otherwise=0),)


CONSTRUCT = Cond()
