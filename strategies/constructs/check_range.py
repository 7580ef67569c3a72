"""``torch.sym_constrain_range(number, min, max)`` and its kin: two bounds at once, as torch's own operators ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

FUNCTIONS: dict[str, str] = {
    "constrain": "torch.sym_constrain_range({0}, min={1}, max={2})",
    "is_size": "torch._check_is_size({0}, max={2})",
    "for_size": "torch.sym_constrain_range_for_size({0}, min={1}, max={2})",
}
"""How the bounds are demanded, by the word that stands for it in a document."""


class CheckRange(Construct):
    """Raises if the leaf lies outside of ``least`` and ``most``; a size has the least value 0."""

    name = "check_range"
    kind = "check"
    fields = (
        Field("leaf", "int term"),
        Field("least", "int"),
        Field("most", "int"),
        Field("function", "word", tuple(FUNCTIONS)),
    )

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        leaf, least, most = statement.term("leaf"), statement.number("least"), statement.number("most")
        if not isinstance(leaf, Var) or leaf.name not in scope.unbacked:
            return "only an unbacked leaf has a range of its own"
        if statement.name("function") == "is_size" and least != 0:
            return f"least={least}; the least size is 0"
        if statement.name("function") == "for_size" and least < 0:
            return f"least={least}; no size is negative"
        smallest = 3 if statement.name("function") == "for_size" else 2
        if not -(2**63) <= least < most < 2**63 or most < smallest:
            return f"least={least}, most={most} are no bounds that torch takes"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        leaf = statement.term("leaf")
        return apply("ge", leaf, statement.number("least")), apply("le", leaf, statement.number("most"))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        bounds = statement.number("least"), statement.number("most")
        return (FUNCTIONS[statement.name("function")].format(render(statement.term("leaf")), *bounds),)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        leaves = [name for name in scope.unbacked if -(2**31) < scope.values[name] < 2**31]
        if not leaves:
            return None
        leaf = chooser.pick(leaves)
        value = scope.values[leaf]
        function = chooser.pick(tuple(FUNCTIONS) if value >= 0 else ("constrain",))
        least = 0 if function == "is_size" else value - chooser.below(4)
        least = max(0, least) if function == "for_size" else least
        most = max(value + chooser.below(5), least + 1, 3 if function == "for_size" else 2)
        return (self.statement(leaf=Var(leaf), least=least, most=most, function=function),)


CONSTRUCT = CheckRange()
