"""What the statements have in common whose blocks are functions of their own: branches, and the bodies of loops."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from strategies.constructs.base import Construct
from strategies.operators import OPERATORS
from strategies.operators.comparison import opposite
from strategies.operators.row import always
from strategies.statement import Effect, Scope, Statement, Tensor
from strategies.terms import TRUE, Apply, Term, variables, walk


def has_a_value(condition: Term) -> tuple[Term, ...]:
    """What is true exactly where computing the condition does not raise; nothing if that is always so."""
    partial = any(isinstance(part, Apply) and OPERATORS[part.op].defined is not always for part in walk(condition))
    return (Apply("or", (condition, opposite(condition))),) if partial else ()


class HasFunctions(Construct):
    """Each block is a function whose result is a number that depends on all that it makes.

    What a block binds is gone behind it. Numbers from outside that are no sizes of inputs can be named in it, and so
    can tensors with a size that was read, but tracers that do not read Python code refuse that.
    """

    kind = "structure"
    refused_by = MappingProxyType({"shape_env": "a graph of integers has no functions in it"})
    functions: ClassVar[tuple[str, ...]]
    """The headings of the blocks: the names of the functions with their parameters."""
    start: ClassVar[str] = "torch.zeros(())"
    """What the result of a block is added to."""

    @abstractmethod
    def condition(self, statement: Statement, scope: Scope, block: int) -> Term:
        """When a block is run at all, in the scope in front of the statement."""

    def result(self, text: str) -> str:
        """What a block returns, ``text`` being the number that it comes to."""
        return text

    def inside(self, statement: Statement, before: Scope, scope: Scope, block: int) -> Scope:
        numbers = frozenset(name for name in before.values if not name.startswith("d"))
        sized = (name for name, tensor in before.tensors.items() if before.depends_on_data(*tensor.shape))
        condition = self.condition(statement, before, block)
        return replace(
            self.behind(statement, before, scope),
            given=before.given if condition == TRUE else (*before.given, condition),
            hidden=before.hidden | numbers | frozenset(sized),
        )

    def behind(self, statement: Statement, before: Scope, scope: Scope) -> Scope:
        gone = scope.values.keys() - before.values.keys()
        return replace(before, values=scope.values, origins=scope.origins, made=scope.made, closed=scope.closed | gone)

    def effect(self, statement: Statement, scope: Scope) -> Effect:
        return Effect(tensors=(Tensor(()),))

    def opening(self, statement: Statement, scope: Scope, block: int, render: Callable[[Term], str]) -> tuple[str, ...]:
        return (f"def {self.functions[block]}:",)

    def closing(self, statement: Statement, before: Scope, scope: Scope, block: int) -> tuple[str, ...]:
        made = [name for name in scope.tensors if name not in before.tensors]
        sized = {leaf for name in made for size in scope.tensors[name].shape for leaf in variables(size)}
        read = [leaf for leaf in scope.visible if leaf not in before.values and leaf not in sized]
        # One dtype whatever the block makes, because all blocks of a statement have to return the same.
        parts = [f"{name}.sum().float()" for name in made]
        return (f"return {self.result(' + '.join([self.start, *parts, *read]))}",)
