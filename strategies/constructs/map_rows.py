"""``map(each, tensor)``: a body that is run for every row of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.branches import HasFunctions
from strategies.constructs.tensors import TENSOR
from strategies.evaluate import evaluate
from strategies.statement import Scope, Statement
from strategies.terms import TRUE, Const, Term, apply, variables

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class MapRows(HasFunctions):
    """Demands at least one row; the block does the same for each of them."""

    name = "map_rows"
    fields = (TENSOR, Field("length", "int"))
    lengths = ("length",)
    functions = ("each(row)",)
    start = "row.sum().float()"

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        tensor, length = scope.tensors[statement.name("tensor")], statement.number("length")
        if not 0 <= length <= 100:
            return f"length={length}; 0 to 100 statements are allowed"
        return None if tensor.shape else f"{statement.name('tensor')} has no rows"

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        rows = scope.tensors[statement.name("tensor")].shape[0]
        return () if isinstance(rows, Const) and rows.value > 0 else (apply("ge", rows, 1),)

    def inside(self, statement: Statement, before: Scope, scope: Scope, block: int) -> Scope:
        inner = super().inside(statement, before, scope, block)
        # Tracing refuses a body that takes the tensor whose rows it is run for, and so every size that it shows.
        name = statement.name("tensor")
        return replace(inner, hidden=inner.hidden | {name, *variables(apply("add", *before.tensors[name].shape, 0))})

    def condition(self, statement: Statement, scope: Scope, block: int) -> Term:
        # Without a row the statement itself fails.
        return TRUE

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        return (f"{result} = torch._higher_order_ops.map(each, {statement.name('tensor')}).sum()",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if self._fits(name, scope)]
        return (self.statement(tensor=chooser.pick(names), length=0),) if names else None

    def _fits(self, name: str, scope: Scope) -> bool:
        tensor = scope.tensors[name]
        rows = tensor.shape[0]
        # A number of rows that is read from data is refused, none fails, and each row costs a run of the body.
        few = int(evaluate(rows, scope.values)) >= 1 and (not isinstance(rows, Const) or rows.value <= 16)
        return few and name.startswith("a") and tensor.dtype == "float32" and tensor.contiguous


CONSTRUCT = MapRows()
