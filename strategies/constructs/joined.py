"""What the consumers that put several tensors into one have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from strategies.constructs.base import Construct, Field
from strategies.constructs.sizes import equal
from strategies.evaluate import evaluate
from strategies.statement import Scope, Statement, Tensor
from strategies.terms import Term

if TYPE_CHECKING:
    pass


class JoinsTensors(Construct):
    """All tensors have one rank and one dtype, and equal sizes where the result has one size for all of them."""

    kind = "consumer"
    fields = (Field("tensors", "tensors"), Field("dim", "int"))

    @abstractmethod
    def places(self, rank: int) -> int:
        """How many values ``dim`` can have for tensors of ``rank`` dimensions."""

    @abstractmethod
    def joined(self, axis: int, dim: int) -> bool:
        """Whether the sizes of ``axis`` may differ if ``dim`` is the joint."""

    def operands(self, statement: Statement, scope: Scope) -> list[Tensor]:
        """The tensors that the statement takes."""
        return [scope.tensors[name] for name in statement.names("tensors")]

    def validate(self, statement: Statement, scope: Scope) -> str | None:
        tensors = self.operands(statement, scope)
        if not tensors:
            return "no tensors are given"
        if len({(len(tensor.shape), tensor.dtype) for tensor in tensors}) > 1:
            return "the tensors differ in rank or dtype"
        places = self.places(len(tensors[0].shape))
        if not 0 <= statement.number("dim") < places:
            return f"dim={statement.number('dim')} is no dimension of a tensor of {places}"
        return None

    def requires(self, statement: Statement, scope: Scope) -> tuple[Term, ...]:
        first, *others = (tensor.shape for tensor in self.operands(statement, scope))
        dim = statement.number("dim")
        found = [
            condition
            for other in others
            for axis, (left, right) in enumerate(zip(first, other, strict=True))
            if not self.joined(axis, dim)
            for condition in equal(left, right)
        ]
        return tuple(dict.fromkeys(found))

    def source(self, statement: Statement, scope: Scope, render: Callable[[Term], str]) -> tuple[str, ...]:
        (result,) = scope.next_tensors(1)
        dim = "" if statement.number("dim") == 0 else f", dim={statement.number('dim')}"
        return (f"{result} = torch.{self.name}([{', '.join(statement.names('tensors'))}]{dim})",)

    def mates(self, scope: Scope, names: list[str], first: str, dim: int) -> list[str]:
        """Those of ``names`` that can be joined to ``first`` on the example."""
        one = scope.tensors[first]
        return [
            name
            for name in names
            if (other := scope.tensors[name]).dtype == one.dtype
            and len(other.shape) == len(one.shape)
            and all(
                left == right or evaluate(left, scope.values) == evaluate(right, scope.values)
                for axis, (left, right) in enumerate(zip(one.shape, other.shape, strict=True))
                if not self.joined(axis, dim)
            )
        ]
