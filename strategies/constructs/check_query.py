"""``torch._check(tensor.size(dim) == size)``: what a tensor that the program made says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.layouts import strides_of
from strategies.constructs.sizes import numel
from strategies.constructs.tensors import DIM, TENSOR
from strategies.evaluate import evaluate
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser

QUERIES: dict[str, str] = {
    "size": "{0}.size({1})",
    "shape": "{0}.shape[{1}]",
    "numel": "{0}.numel()",
    "stride": "{0}.stride({1})",
}
"""How a tensor is asked, by the word that stands for it in a document."""
COMPARISONS = {"eq": "==", "ne": "!=", "le": "<=", "lt": "<", "ge": ">=", "gt": ">"}


class CheckQuery(Construct):
    """Compares a size, a stride or the number of elements of a tensor with a term.

    Strides are asked of inputs, of what is made anew, and of parts of either.
    """

    name = "check_query"
    kind = "check"
    fields = (
        TENSOR,
        Field("query", "word", tuple(QUERIES)),
        DIM,
        Field("comparison", "word", tuple(COMPARISONS)),
        Field("other", "int term"),
    )

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        tensor, query = scope.tensors[statement.name("tensor")], statement.name("query")
        if not 0 <= statement.number("dim") < max(1, len(tensor.shape)) or (not tensor.shape and query != "numel"):
            return f"dim={statement.number('dim')} is no dimension of a tensor of {len(tensor.shape)}"
        if query == "stride" and strides_of(tensor) is None:
            return f"{statement.name('tensor')} is not known to be contiguous"
        return None

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect()

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        tensor, dim = scope.tensors[statement.name("tensor")], statement.number("dim")
        answer = _answer(tensor, statement.name("query"), dim)
        return (apply(statement.name("comparison"), answer, statement.term("other")),)

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        query = QUERIES[statement.name("query")].format(statement.name("tensor"), statement.number("dim"))
        return (f"torch._check({query} {COMPARISONS[statement.name('comparison')]} {render(statement.term('other'))})",)

    def grow(self, chooser: Chooser, scope: Scope) -> tuple[Statement, ...] | None:
        names = chooser.tensors(scope)
        # What the program made comes first.
        names.sort(key=lambda name: name.startswith("a"))
        if not names:
            return None
        name = chooser.pick(names)
        tensor = scope.tensors[name]
        dim = chooser.below(len(tensor.shape)) if len(tensor.shape) > 1 else 0
        queries = ["size", "shape", "numel"]
        # Other strides are not read back from every graph.
        if tensor.offset is not None and strides_of(tensor) is not None:
            queries += ["stride"] if tensor.strides is not None or len(tensor.shape) > 1 else []
        query = chooser.pick(queries)
        value = int(evaluate(_answer(tensor, query, dim), scope.values))
        comparison, other = compared(chooser, scope, value)
        return (self.statement(tensor=name, query=query, dim=dim, comparison=comparison, other=other),)


def compared(chooser: Chooser, scope: Scope, value: int) -> tuple[str, Term]:
    """A comparison that holds between ``value`` and a leaf or a constant."""
    leaves = (*scope.unbacked, *scope.backed)
    same = [Var(name) for name in leaves if scope.values[name] == value]
    match chooser.below(6):
        case 0:
            return "le", Const(value + chooser.below(3))
        case 1:
            return "ge", Const(value - chooser.below(3))
        case 2:
            return chooser.pick(("eq", "le", "ge")), chooser.pick([*same, Const(value)])
        case 3:
            return "ne", Const(value + 1 + chooser.below(3))
        case 4:
            above = [Var(name) for name in leaves if scope.values[name] > value]
            return "lt", chooser.pick([*above, Const(value + 1)])
        case _:
            below = [Var(name) for name in leaves if scope.values[name] < value]
            return "gt", chooser.pick([*below, Const(value - 1)])


def _answer(tensor: Tensor, query: str, dim: int) -> Term:
    if query == "numel":
        return numel(tensor.shape)
    if query == "stride":
        strides = strides_of(tensor)
        assert strides is not None, "validate has refused it"
        return strides[dim]
    return tensor.shape[dim]


CONSTRUCT = CheckQuery()
