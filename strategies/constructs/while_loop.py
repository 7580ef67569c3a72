"""``while_loop(again, body, ...)``: a body that is run a number of times that sizes of inputs decide, or never."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.branches import HasFunctions, has_a_value
from strategies.statement import Scope, Statement
from strategies.terms import TRUE, Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class WhileLoop(HasFunctions):
    """Runs its block ``rounds`` times, each time on the same tensors, so that all rounds demand the same."""

    name = "while_loop"
    fields = (Field("rounds", "int term"), Field("length", "int"))
    lengths = ("length",)
    functions = ("body(i, total)",)

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        length, rounds = statement.number("length"), statement.term("rounds")
        if not 0 <= length <= 100:
            return f"length={length}; 0 to 100 statements are allowed"
        if isinstance(rounds, Const) and not -1 <= rounds.value <= 100:
            return f"rounds={rounds.value}; -1 to 100 are allowed"
        return None

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        return has_a_value(apply("gt", statement.term("rounds"), 0))

    def condition(self, statement: Statement, scope: Scope, block: int) -> Term:
        rounds = statement.term("rounds")
        return TRUE if isinstance(rounds, Const) and rounds.value > 0 else apply("gt", rounds, 0)

    def opening(self, statement: Statement, scope: Scope, block: int, render: Callable[[Term], str]) -> tuple[str, ...]:
        head = ("def again(i, total):", f"    return i < {render(statement.term('rounds'))}")
        return (*head, *super().opening(statement, scope, block, render))

    def result(self, text: str) -> str:
        return f"i + 1, total + ({text})"

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"_, {result} = torch._higher_order_ops.while_loop(again, body, (0, torch.zeros(())))",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        rounds: Term = Const(1 + chooser.below(3))
        few = [name for name in scope.dims if scope.values[name] <= 16]
        if few and chooser.flag(2):
            rounds = Var(chooser.pick(few))
            if chooser.flag(3):
                rounds = apply("sub", rounds, chooser.below(4))
        return (self.statement(rounds=rounds, length=0),)


CONSTRUCT = WhileLoop()
