"""``tensor.select(dim, index)``: one row, by an index that the data decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Select(Construct):
    """The index must be known not to be negative where it stands, because a negative one counts from the end."""

    name = "select"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("dim", "int"), Field("index", "int term"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(scope.tensors[statement.name("tensor")].shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        if not scope.is_nonnegative(statement.term("index")):
            return "the index must be checked to be >= 0 before (a negative index counts from the end)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        shape = (*tensor.shape[:dim], *tensor.shape[dim + 1 :])
        return Effect(tensors=(Tensor(shape, tensor.dtype, tensor.contiguous and dim == 0),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        size = scope.tensors[statement.name("tensor")].shape[statement.number("dim")]
        return (apply("lt", statement.term("index"), size),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        index = render(statement.term("index"))
        return (f"{result} = {statement.name('tensor')}.select({statement.number('dim')}, {index})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = [name for name in chooser.tensors(scope) if evaluate(scope.tensors[name].shape[0], scope.values) > 0]
        if not names:
            return None
        name = chooser.pick(names)
        size = int(evaluate(scope.tensors[name].shape[0], scope.values))
        fitting = [leaf for leaf in scope.unbacked if 0 <= scope.values[leaf] < size]
        index: Term = Var(chooser.pick(fitting)) if fitting else Const(chooser.below(size))
        checks = () if scope.is_nonnegative(index) else (chooser.check(apply("ge", index, 0)),)
        return (*checks, self.statement(tensor=name, dim=0, index=index))


CONSTRUCT = Select()
