"""What a Program means: the truth that eager execution has, as terms over its leaves, without running anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from strategies.constructs import CONSTRUCTS
from strategies.program import Param, Program
from strategies.statement import Input, Scope, Tensor
from strategies.terms import Apply, Term, Value, Var, apply, sort_of_value


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition without which the Program stops: written by the user, or demanded by an operator.

    ``statement`` is the index in ``program.body`` of the statement that demands it.
    """

    term: Term
    kind: Literal["check", "precondition"]
    statement: int


@lru_cache(maxsize=256)
def scopes(program: Program) -> tuple[Scope, ...]:
    """The scope before each statement, and the one behind the last."""
    scope = initial_scope(program)
    result = [scope]
    for statement in program.body:
        construct = CONSTRUCTS[statement.op]
        effect = construct.effect(statement, scope)
        learned = construct.requires(statement, scope) + construct.guarantees(statement, scope)
        scope = scope.after(statement.op, effect, learned)
        result.append(scope)
    return tuple(result)


def initial_scope(program: Program) -> Scope:
    """The scope before the first statement: the dims, the scalars, and the tensors ``a0, a1, ...``."""
    return Scope(
        values={f"d{index}": value for index, value in enumerate(program.dims)}
        | {f"n{index}": scalar.value for index, scalar in enumerate(program.scalars)},
        tensors={f"a{index}": _tensor(param) for index, param in enumerate(program.params)},
    )


def _tensor(param: Param) -> Tensor:
    return Tensor(param.shape, param.dtype, param.strides is None, param.strides)


@lru_cache(maxsize=256)
def requirements(program: Program) -> tuple[Requirement, ...]:
    """The truth P: everything that the Program demands, in the order in which it runs."""
    found = []
    for index, (statement, scope) in enumerate(zip(program.body, scopes(program), strict=False)):
        construct = CONSTRUCTS[statement.op]
        kind = "check" if construct.kind == "check" else "precondition"
        found.extend(Requirement(term, kind, index) for term in construct.requires(statement, scope))
    return tuple(found)


@lru_cache(maxsize=256)
def guarantees(program: Program) -> tuple[Term, ...]:
    """What holds of the leaves before any check runs: dims are sizes, and what the sources make sure of.

    Integers that are inputs fit in int64, as every compiled form of a program wants them.
    """
    found: list[Term] = [apply("ge", Var(f"d{index}"), 0) for index in range(len(program.dims))]
    derived = (size for param in program.params for size in param.shape if isinstance(size, Apply))
    found += [apply("ge", size, 0) for size in derived]
    for leaf in initial_scope(program).scalars:
        found += [apply("ge", leaf, -(2**63)), apply("le", leaf, 2**63 - 1)]
    for statement, scope in zip(program.body, scopes(program), strict=False):
        found.extend(CONSTRUCTS[statement.op].guarantees(statement, scope))
    return tuple(found)


def leaves(program: Program) -> tuple[str, ...]:
    """The names of the run-time values that nothing computes: ``d0, ...``, ``n0, ...`` and then ``u0, ...``."""
    return tuple(scopes(program)[-1].values)


def example(program: Program) -> dict[str, Value]:
    """The example value of each leaf; a generated Program accepts it."""
    return dict(scopes(program)[-1].values)


@lru_cache(maxsize=256)
def all_inputs(program: Program) -> tuple[Input, ...]:
    """The arguments of ``forward`` in order: params with the scalars between them, then what the sources read."""
    found: list[Input] = []
    for position in range(len(program.params) + 1):
        found += [
            Input(f"n{index}", (), sort_of_value(scalar.value), leaves=(f"n{index}",), scalar=True)
            for index, scalar in enumerate(program.scalars)
            if scalar.before == position
        ]
        if position < len(program.params):
            param = program.params[position]
            found.append(Input(f"a{position}", param.shape, param.dtype, strides=param.strides, offset=param.offset))
    return (*found, *source_inputs(program))


@lru_cache(maxsize=256)
def source_inputs(program: Program) -> tuple[Input, ...]:
    """The inputs that the sources read, in the order in which ``forward`` takes them (at its end)."""
    return tuple(
        item
        for statement, scope in zip(program.body, scopes(program), strict=False)
        for item in CONSTRUCTS[statement.op].inputs(statement, scope)
    )


def source_of(program: Program, leaf: str) -> tuple[str, int | str]:
    """Where ``leaf`` comes from: ``("dim", position of a param that has it)`` or ``(construct, input name)``.

    The leaf of a scalar input has ``scalar`` in the place of a construct.

    Raises:
        KeyError: if the Program has no such leaf.
    """
    if leaf.startswith("d"):
        for position, param in enumerate(program.params):
            if Var(leaf) in param.shape:
                return "dim", position
        raise KeyError(leaf)
    if leaf in initial_scope(program).values:
        return "scalar", leaf
    origin = scopes(program)[-1].origins[leaf]
    return origin, next(item.name for item in source_inputs(program) if leaf in item.leaves)
