"""``tensor[start:stop:step]``: a part of one dimension, as much of it as there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Field
from strategies.constructs.layouts import part_of
from strategies.constructs.tensors import DIM, TENSOR, ResizesDimension
from strategies.statement import Effect, Scope, Statement
from strategies.terms import Const, Term, Var, apply

if TYPE_CHECKING:
    from strategies.drawing.chooser import Chooser


class Slice(ResizesDimension):
    """Eager execution refuses no slice. One that reaches beyond the end, or whose start is behind its stop, is cut.

    Where one of the bounds is decided by the data, ``0 <= start <= stop <= size`` must be known where the slice
    stands: torch gives the length of any other such slice a symbol of its own. A step of 0 or less is refused.
    """

    name = "slice"
    fields = (TENSOR, DIM, Field("start", "int term"), Field("stop", "int term"), Field("step", "int term"))

    def problem(self, statement: Statement, scope: Scope) -> str | None:
        start, stop, step = statement.term("start"), statement.term("stop"), statement.term("step")
        if isinstance(step, Const) and step.value < 1:
            return f"step={step.value}; torch takes steps of at least 1"
        # A size that is compared as it is traced is known not to be negative, however it is written.
        whole = stop == self.size(statement, scope) and not scope.depends_on_data(stop)
        if not (scope.is_nonnegative(start) and (whole or scope.is_nonnegative(stop))):
            return "both bounds must be checked to be >= 0 before (a negative one counts from the end)"
        if scope.depends_on_data(start, stop) and not self._inside(statement, scope):
            return "a bound that the data decides must be checked before: start <= stop <= size"
        return None

    def _inside(self, statement: Statement, scope: Scope) -> bool:
        start, stop = statement.term("start"), statement.term("stop")
        return scope.is_at_most(start, stop) and scope.is_at_most(stop, self.size(statement, scope))

    def new_size(self, statement: Statement, scope: Scope) -> Term:
        start, stop, step = statement.term("start"), statement.term("stop"), statement.term("step")
        if not self._inside(statement, scope):
            size = self.size(statement, scope)
            start = apply("min", start, size)
            stop = apply("max", apply("min", stop, size), start)
        length = stop if start == Const(0) else apply("sub", stop, start)
        if step == Const(1):
            return length
        rounded = apply("add", length, step.value - 1) if isinstance(step, Const) else apply("add", length, step, -1)
        return apply("floordiv", rounded, step)

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        step = statement.term("step")
        return () if isinstance(step, Const) or _is_positive(step, scope) else (apply("ge", step, 1),)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        tensor = self.operand(statement, scope)
        shape = self.resized(statement, scope, self.new_size(statement, scope))
        contiguous = tensor.contiguous and statement.number("dim") == 0 and statement.term("step") == Const(1)
        start, dim = statement.term("start"), statement.number("dim")
        if not self._inside(statement, scope) and start != Const(0):
            start = apply("min", start, self.size(statement, scope))
        part = part_of(tensor, shape, contiguous, dim, start, statement.term("step"))
        return Effect(tensors=(part,))

    def call(self, statement: Statement, render: Callable[[Term], str]) -> str:
        start = "" if statement.term("start") == Const(0) else render(statement.term("start"))
        step = "" if statement.term("step") == Const(1) else f":{render(statement.term('step'))}"
        before = ":, " * statement.number("dim")
        return f"{statement.name('tensor')}[{before}{start}:{render(statement.term('stop'))}{step}]"

    def grow_on(self, chooser: Chooser, scope: Scope, name: str, dim: int, size: int) -> tuple[Statement, ...]:
        whole = scope.tensors[name].shape[dim]
        fitting = [leaf for leaf in scope.unbacked if 0 <= scope.values[leaf] <= size]
        step: Term = Const(2 if chooser.flag(4) else 1)
        strides = [leaf for leaf in scope.unbacked if 1 <= scope.values[leaf] <= 8]
        if strides and chooser.flag(3):
            step = Var(chooser.pick(strides))
            # Without the check torch could not tell how the step counts.
            checks = () if _is_positive(step, scope) else (chooser.check(apply("ge", step, 1)),)
            first = Const(0) if scope.depends_on_data(whole) else Const(chooser.below(2))
            # A length that the data decides is taken whole.
            checks += chooser.nonnegative(scope, whole) if scope.depends_on_data(whole) else ()
            return (*checks, self._statement(name, dim, first, whole, step))
        if not fitting or scope.depends_on_data(whole):
            if scope.depends_on_data(whole):
                # A constant bound would be compared with a size that tracing does not know.
                stop: Term = whole
            else:
                stop = Const(1 + chooser.below(8)) if chooser.flag(2) else whole
            start: Term = Const(chooser.below(3)) if not scope.depends_on_data(whole) else Const(0)
            checks = chooser.nonnegative(scope, stop) if scope.depends_on_data(stop) else ()
            return (*checks, self._statement(name, dim, start, stop, step))
        leaf = Var(chooser.pick(fitting))
        start, stop = (leaf, whole) if chooser.flag(3) else (Const(0), leaf)
        checks = chooser.nonnegative(scope, leaf)
        if not scope.is_at_most(leaf, whole):
            checks = (*checks, chooser.check(apply("le", leaf, whole)))
        return (*checks, self._statement(name, dim, start, stop, step))

    def _statement(self, name: str, dim: int, start: Term, stop: Term, step: Term) -> Statement:
        return self.statement(tensor=name, dim=dim, start=start, stop=stop, step=step)


def _is_positive(step: Term, scope: Scope) -> bool:
    return apply("ge", step, 1) in scope.learned


CONSTRUCT = Slice()
