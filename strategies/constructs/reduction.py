"""``tensor.sum(dim)`` and its kin: a dimension goes, and some of them need it to hold something."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Term, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


FUNCTIONS = ("sum", "mean", "amax")


class Reduction(Construct):
    """The greatest of nothing does not exist; the mean of integers neither."""

    name = "reduction"
    kind = "consumer"
    fields = (Field("tensor", "tensor"), Field("dim", "int"), Field("function", "word", FUNCTIONS))

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        rank = len(scope.tensors[statement.name("tensor")].shape)
        if not 0 <= statement.number("dim") < rank:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {rank}"
        dtype = scope.tensors[statement.name("tensor")].dtype
        if dtype not in ("float32", "float64", "int64") or (statement.name("function") == "mean" and dtype == "int64"):
            return f"no {statement.name('function')} of {dtype}"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        shape = (*tensor.shape[:dim], *tensor.shape[dim + 1 :])
        # The layout of what is left is the kernel's own affair where the operand is no plain one.
        return Effect(tensors=(Tensor(shape, tensor.dtype, tensor.contiguous),))

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        size = scope.tensors[statement.name("tensor")].shape[statement.number("dim")]
        return (apply("ge", size, 1),) if statement.name("function") == "amax" else ()

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        call = f"{statement.name('tensor')}.{statement.name('function')}({statement.number('dim')})"
        return (f"{result} = {call}",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        if not names:
            return None
        name = chooser.pick(names)
        tensor = scope.tensors[name]
        dim = chooser.below(len(tensor.shape)) if len(tensor.shape) > 1 else 0
        functions = ["sum"]
        if tensor.dtype != "int64":
            functions.append("mean")
        if evaluate(tensor.shape[dim], scope.values) > 0:
            functions.append("amax")
        return (self.statement(tensor=name, dim=dim, function=chooser.pick(functions)),)


CONSTRUCT = Reduction()
