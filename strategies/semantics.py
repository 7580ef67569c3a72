"""What a Program means: the truth that eager execution has, as terms over its leaves, without running anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Literal

from strategies.constructs import CONSTRUCTS
from strategies.input_forms import DENSE, demands
from strategies.program import Param, Program
from strategies.statement import Input, Scope, Tensor
from strategies.terms import Apply, Term, Value, Var, apply, sort_of_value


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition without which the Program stops: written by the user, or demanded by an operator.

    What stands in a branch is demanded where the branch is taken, and so is ``implies(condition of the branch, ...)``.
    ``statement`` is the index in ``program.body`` of the statement that demands it.
    """

    term: Term
    kind: Literal["check", "precondition"]
    statement: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way through a Program.

    ``before``: a statement is about to be run in ``scope``. ``enter`` and ``leave``: the scope at the start and at the
    end of one of its blocks. ``behind``: its blocks lie behind, and ``scope`` is the one that its effect adds to.
    """

    kind: Literal["before", "enter", "leave", "behind"]
    statement: int
    scope: Scope
    block: int = 0


@lru_cache(maxsize=256)
def steps(program: Program) -> tuple[Step, ...]:
    """The way through a Program from its first statement to its last, into every block."""
    return _walk(program)[0]


@lru_cache(maxsize=256)
def scopes(program: Program) -> tuple[Scope, ...]:
    """The scope before each statement, and the one behind the last."""
    return (*(step.scope for step in steps(program) if step.kind == "before"), _walk(program)[1])


@lru_cache(maxsize=256)
def _walk(program: Program) -> tuple[tuple[Step, ...], Scope]:
    found: list[Step] = []

    def through(index: int, count: int, scope: Scope) -> tuple[int, Scope]:
        """``count`` statements from ``index`` on, each with its blocks, or as many as there are."""
        while index < len(program.body) and count:
            here, before, statement = index, scope, program.body[index]
            construct = CONSTRUCTS[statement.op]
            blocks = construct.encloses(statement)
            found.append(Step("before", here, before))
            index, count = index + 1, count - 1
            for block, length in enumerate(blocks):
                inner = construct.inside(statement, before, scope, block)
                found.append(Step("enter", here, inner, block))
                index, scope = through(index, length, inner)
                found.append(Step("leave", here, scope, block))
            if blocks:
                scope = construct.behind(statement, before, scope)
            found.append(Step("behind", here, scope))
            learned = construct.requires(statement, before) + construct.guarantees(statement, before)
            scope = scope.after(statement.op, construct.effect(statement, before), learned)
        return index, scope

    _, last = through(0, len(program.body), initial_scope(program))
    return tuple(found), last


def initial_scope(program: Program) -> Scope:
    """The scope before the first statement: the dims, the scalars, and the tensors ``a0, a1, ...``."""
    return Scope(
        values={f"d{index}": value for index, value in enumerate(program.dims)}
        | {f"n{index}": scalar.value for index, scalar in enumerate(program.scalars)},
        # Of what is not dense a program uses the sizes alone.
        tensors={f"a{index}": _tensor(param) for index, param in enumerate(program.params) if param.form == DENSE},
        unbacked_dims=frozenset(name for param in program.params for name in _hidden(param)),
    )


def _hidden(param: Param) -> Iterator[str]:
    """The dims of ``param`` that tracing may not look at."""
    for axis in param.unbacked:
        size = param.shape[axis]
        if isinstance(size, Var):
            yield size.name


def _tensor(param: Param) -> Tensor:
    return Tensor(param.shape, param.dtype, param.strides is None, param.strides, param.offset)


@lru_cache(maxsize=256)
def requirements(program: Program) -> tuple[Requirement, ...]:
    """The truth P: everything that the Program demands, in the order in which it runs."""
    found = []
    for index, (statement, scope) in enumerate(zip(program.body, scopes(program), strict=False)):
        construct = CONSTRUCTS[statement.op]
        kind = "check" if construct.kind == "check" else "precondition"
        for term in construct.requires(statement, scope):
            found.append(Requirement(reduce(_where, reversed(scope.given), term), kind, index))
    return tuple(found)


def _where(term: Term, condition: Term) -> Term:
    """``term`` where ``condition`` is true; nothing is demanded elsewhere."""
    return Apply("implies", (condition, term))


@lru_cache(maxsize=256)
def guarantees(program: Program) -> tuple[Term, ...]:
    """What holds of the leaves before any check runs: dims are sizes, and what the sources make sure of.

    Sizes fit in int64, and integers that are inputs do, as every compiled form of a program wants them.
    """
    found: list[Term] = []
    for index in range(len(program.dims)):
        found += [apply("ge", Var(f"d{index}"), 0), apply("le", Var(f"d{index}"), 2**63 - 1)]
    derived = (size for param in program.params for size in param.shape if isinstance(size, Apply))
    found += [apply("ge", size, 0) for size in derived]
    found += [term for param in program.params for term in demands(param.form, param.shape)]
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
            found.append(
                Input(
                    f"a{position}",
                    param.shape,
                    param.dtype,
                    strides=param.strides,
                    offset=param.offset,
                    unbacked=param.unbacked,
                    form=param.form,
                )
            )
    return (*found, *source_inputs(program))


def has_form(program: Program, form: str) -> bool:
    """Whether an input of ``program`` holds its elements in ``form``, a word of :mod:`strategies.input_forms`."""
    return any(item.form == form for item in all_inputs(program))


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
