"""What a mutant is, and how one is made: a right pass, and then one fault."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.mutants.edits import Edit
from strategies.program import Program

LE, GE, EQ, NE, LT, GT = operator.le, operator.ge, operator.eq, operator.ne, operator.lt, operator.gt


@dataclass(frozen=True)
class Mutant:
    """One seeded fault.

    ``killed_by`` is the code of the property that names it, ``like`` a public thread of torch's with such a fault,
    and ``frontend`` the cheapest one whose graphs can show it. ``needs`` are constructs one of which a Program must
    have to show it, or ``construct=word`` for one that has that word among its arguments: where they are rare, others
    need not be traced.
    """

    name: str
    killed_by: str
    subject: Callable[..., None]
    like: str = ""
    frontend: str = "shape_env"
    needs: tuple[str, ...] = ()

    def may_show_in(self, program: Program) -> bool:
        """Whether ``program`` has what the fault needs."""
        return not self.needs or any(
            statement.op in self.needs
            or any(f"{statement.op}={value}" in self.needs for _, value in statement.args if isinstance(value, str))
            for statement in program.body
        )


def after(edit: Edit) -> Callable[..., None]:
    """The reference pass, and then ``edit``."""

    def subject(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        from runtime_assert import insert_deferred_runtime_asserts

        insert_deferred_runtime_asserts(gm, shape_env, name, export=export)
        edit(gm)

    return subject


def with_env(act: Callable[[fx.GraphModule, ShapeEnv], None]) -> Callable[..., None]:
    """The reference pass, and then ``act``, which may change the ShapeEnv."""

    def subject(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        from runtime_assert import insert_deferred_runtime_asserts

        insert_deferred_runtime_asserts(gm, shape_env, name, export=export)
        act(gm, shape_env)

    return subject


def always(_: fx.Node) -> bool:
    """Chooses every node."""
    return True


def table(*rows: tuple[Any, ...]) -> dict[str, Mutant]:
    """Mutants by name, from rows of their fields."""
    return {row[0]: Mutant(*row) for row in rows}
