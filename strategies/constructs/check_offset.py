"""``torch._check(tensor.storage_offset() == number)``: where a part of a tensor begins in its storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.check_query import COMPARISONS, compared
from strategies.constructs.tensors import TENSOR
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Const, Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class CheckOffset(Construct):
    """Compares the number of a tensor's first element in its storage with a term; asked of inputs and parts of them."""

    name = "check_offset"
    kind = "check"
    fields = (TENSOR, Field("comparison", "word", tuple(COMPARISONS)), Field("other", "int term"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        name = statement.name("tensor")
        offset = scope.tensors[name].offset
        if offset is None:
            return f"it is not known where {name} begins in its storage"
        # Some frontends give the start of such a view a symbol of its own.
        return f"the data decides where {name} begins in its storage" if scope.depends_on_data(offset) else None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        offset = scope.tensors[statement.name("tensor")].offset
        assert offset is not None, "validate has refused it"
        return (apply(statement.name("comparison"), offset, statement.term("other")),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        comparison, other = COMPARISONS[statement.name("comparison")], render(statement.term("other"))
        return (f"torch._check({statement.name('tensor')}.storage_offset() {comparison} {other})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        # What begins at 0 whatever the inputs says little.
        offsets = {name: scope.tensors[name].offset for name in chooser.tensors(scope)}
        names = [
            name
            for name, offset in offsets.items()
            if offset is not None and offset != Const(0) and not scope.depends_on_data(offset)
        ]
        if not names:
            return None
        name = chooser.pick(names)
        comparison, other = compared(chooser, scope, int(evaluate(offsets[name] or Const(0), scope.values)))
        return (self.statement(tensor=name, comparison=comparison, other=other),)


CONSTRUCT = CheckOffset()
