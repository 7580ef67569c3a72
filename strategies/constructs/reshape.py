"""``tensor.reshape(sizes)``: a view where there can be one, a copy otherwise; which of them, nobody has to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal, numel
from strategies.constructs.view import grown_shape
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Reshape(Construct):
    """Each size must be known not to be negative where it stands, because ``-1`` has a meaning of its own."""

    name = "reshape"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("shape", "int terms"))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        if not all(map(scope.is_nonnegative, statement.terms("shape"))):
            return "every size must be checked to be >= 0 before (-1 means: infer)"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = scope.tensors[statement.name("tensor")]
        return Effect(tensors=(Tensor(statement.terms("shape"), tensor.dtype, tensor.contiguous),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        tensor = scope.tensors[statement.name("tensor")]
        return equal(numel(statement.terms("shape")), numel(tensor.shape))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        sizes = ", ".join(map(render, statement.terms("shape"))) or "()"
        return (f"{result} = {statement.name('tensor')}.reshape({sizes})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        name = chooser.pick(names)
        grown = grown_shape(chooser, scope, scope.tensors[name].shape)
        if grown is None:
            return None
        checks, shape = grown
        return (*checks, self.statement(tensor=name, shape=shape))


CONSTRUCT = Reshape()
