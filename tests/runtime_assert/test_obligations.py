"""What a ShapeEnv obliges a graph to check: of which symbols, in which order, and what is said twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import sympy
from torch import fx
from torch.utils._sympy.value_ranges import ValueRanges

from runtime_assert._torch_api import CONSTRAIN_RANGE, CONSTRAIN_RANGE_FOR_SIZE
from runtime_assert.obligations import _as_bound, collect

U, V, S = (sympy.Symbol(name, integer=True) for name in ("u0", "u1", "s0"))
OLD = sympy.Symbol("u9", integer=True)
Z = sympy.Symbol("zuf0", real=True)


@dataclass
class Assertion:
    expr: sympy.Basic


@dataclass
class Env:
    """What is read of a ShapeEnv."""

    var_to_range: dict[Any, Any] = field(default_factory=dict)
    deferred_runtime_asserts: dict[Any, list[Assertion]] = field(default_factory=dict)
    replacements: dict[Any, Any] = field(default_factory=dict)


@dataclass
class Names:
    """What is read of the bindings: symbols made in the graph, symbols that come in, and first names."""

    defined: dict[Any, Any]
    visible: dict[Any, Any] = field(default_factory=dict)
    first: dict[Any, Any] = field(default_factory=dict)

    def first_names(self, expr: Any) -> Any:
        return expr.xreplace(self.first)


def deferred(*conditions: Any) -> dict[Any, list[Assertion]]:
    return {U: [Assertion(condition) for condition in conditions]}


def shown(claims: list[Any]) -> list[tuple[Any, ...]]:
    return [(claim.source, claim.expr, claim.condition, claim.status) for claim in claims]


def collected(env: Env, names: Names, nodes: list[fx.Node] | None = None, branch: bool = False) -> list[Any]:
    return collect(env, names, nodes or [], branch)  # type: ignore[arg-type]


def test_ranges_come_first_then_calls_then_checks_then_replacements() -> None:
    env = Env({U: ValueRanges(2, 9)}, deferred(sympy.Ne(V, 4)), {V: U + 1, S: sympy.Integer(4)})
    graph = fx.Graph()
    call = graph.call_function(CONSTRAIN_RANGE, (graph.placeholder("n"),), {"min": 1})
    claims = collected(env, Names({U: None}, {V: None}), [call])
    assert shown(claims) == [
        ("range", None, ("ge", 2), None),
        ("range", None, ("le", 9), None),
        ("constraint", None, ("ge", call, 1), None),
        ("deferred", sympy.Ne(V, 4), None, None),
        ("replacement", sympy.Eq(U + 1, V, evaluate=False), None, None),
    ]
    assert [claim.symbol for claim in claims] == [U, U, None, None, V]
    assert claims[2].node is call
    assert claims[3].assertion is env.deferred_runtime_asserts[U][0]


def test_a_range_that_a_check_states_is_merged_with_the_first_one_that_does() -> None:
    conditions = [sympy.Le(U, 9), sympy.Le(2, U), sympy.Le(U, 8), sympy.Le(U, 9)]
    env = Env({U: ValueRanges(2, 9)}, deferred(*conditions))
    low, high, first, second, *others = collected(env, Names({U: None}))
    assert (high.status, high.by, high.reason) == ("merged", first, "the same condition")
    assert (low.status, low.by, low.reason) == ("merged", second, "the same condition")
    assert [claim.status for claim in (first, second, *others)] == [None] * 4


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (sympy.Le(U, 9), (U, "le", 9)),
        (sympy.Le(2, U), (U, "ge", 2)),
        (sympy.Lt(U, 9), None),
        (sympy.Le(U + V, 9), None),
        (sympy.Le(U, V), None),
        (sympy.Eq(U, 9), None),
        (sympy.Le(Z, sympy.Float(2.5)), None),
        (sympy.Ge(U, 2), None),
    ],
    ids=str,
)
def test_a_check_that_is_a_bound_is_read_as_the_shape_env_keeps_it(expr: sympy.Basic, expected: Any) -> None:
    assert _as_bound(expr) == expected


def test_a_side_without_a_bound_states_nothing() -> None:
    env = Env({U: ValueRanges(-sympy.oo, 9), V: ValueRanges(3, sympy.oo), S: ValueRanges(2, 7)})
    claims = collected(env, Names({U: None, V: None}))
    assert [(claim.symbol, claim.condition) for claim in claims] == [(U, ("le", 9)), (V, ("ge", 3))]
    # A symbol that merely comes in is the graph's to check, unless it is a branch.
    both = collected(env, Names({U: None}, {S: None}))
    assert [(claim.symbol, claim.condition) for claim in both] == [(U, ("le", 9)), (S, ("ge", 2)), (S, ("le", 7))]
    branch = collected(env, Names({U: None}, {S: None}), branch=True)
    assert [claim.symbol for claim in branch] == [U]


def test_the_range_of_a_float_is_one_of_floats() -> None:
    env = Env({Z: ValueRanges(sympy.Float(0.5), sympy.oo)})
    (claim,) = collected(env, Names({Z: None}))
    assert (claim.symbol, claim.condition) == (Z, ("ge", 0.5))
    assert type(claim.condition[1]) is float


def test_symbols_have_the_names_that_they_had_first() -> None:
    env = Env({}, deferred(sympy.Ne(OLD, 4)), {OLD: V, V: OLD, U: S})
    claims = collected(env, Names({U: None}, first={OLD: V}))
    assert [claim.expr for claim in claims] == [sympy.Ne(V, 4), sympy.Eq(S, U, evaluate=False)]


def test_in_a_branch_only_what_speaks_of_its_own_symbols_is_its_own() -> None:
    env = Env({U: ValueRanges(2, 9)}, deferred(sympy.Ne(V, 4), sympy.Ne(U, V)), {V: S + 1})
    claims = collected(env, Names({U: None}, {V: None}), branch=True)
    assert [(claim.source, claim.status) for claim in claims] == [
        ("range", None),
        ("range", None),
        ("deferred", "elsewhere"),
        ("deferred", None),
        ("replacement", "elsewhere"),
    ]
    assert {claim.reason for claim in claims if claim.status} == {"it belongs to the enclosing graph"}
    whole = collected(env, Names({U: None}, {V: None}))
    assert [claim.status for claim in whole if claim.source != "range"] == [None] * 3


@pytest.mark.parametrize(
    ("target", "args", "kwargs", "expected"),
    [
        (CONSTRAIN_RANGE, (), {}, []),
        (CONSTRAIN_RANGE, (2,), {}, [("ge", 2)]),
        (CONSTRAIN_RANGE, (2, 9), {}, [("ge", 2), ("le", 9)]),
        (CONSTRAIN_RANGE, (None, 9), {}, [("le", 9)]),
        (CONSTRAIN_RANGE, (), {"min": 2, "max": 9}, [("ge", 2), ("le", 9)]),
        (CONSTRAIN_RANGE, (2,), {"max": 9}, [("ge", 2), ("le", 9)]),
        (CONSTRAIN_RANGE, (), {"min": 0}, [("ge", 0)]),
        (CONSTRAIN_RANGE_FOR_SIZE, (), {}, [("ge", 0)]),
        (CONSTRAIN_RANGE_FOR_SIZE, (2,), {}, [("ge", 2)]),
        (CONSTRAIN_RANGE_FOR_SIZE, (), {"max": 9}, [("ge", 0), ("le", 9)]),
    ],
)
def test_a_call_that_constrains_a_range_states_its_ends(target: Any, args: Any, kwargs: Any, expected: Any) -> None:
    graph = fx.Graph()
    node = graph.call_function(target, (graph.placeholder("n"), *args), kwargs)
    claims = collected(Env(), Names({}), [node])
    assert [(op, bound) for op, _, bound in (claim.condition for claim in claims)] == expected
    assert all(claim.condition[1] is node and claim.node is node for claim in claims)


def test_what_a_symbol_was_replaced_by_is_asked_as_it_stands_also_where_sympy_would_know_better() -> None:
    """A range that a symbol has is no proof that its value at run time is in it."""
    positive = sympy.Symbol("u5", integer=True, positive=True)
    assert sympy.Eq(0, positive) is sympy.false
    (claim,) = collected(Env(replacements={positive: sympy.Integer(0)}), Names({positive: None}))
    assert claim.expr == sympy.Eq(0, positive, evaluate=False)
    assert isinstance(claim.expr, sympy.Eq)
