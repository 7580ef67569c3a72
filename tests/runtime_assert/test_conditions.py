"""What claims say over the values of a graph, where they can be checked, and why some of them cannot."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
import sympy
import torch
from torch import fx

from runtime_assert._torch_api import CONSTRAIN_RANGE, sympy_functions
from runtime_assert.bindings import Bindings, bind, symbol_kind
from runtime_assert.claims import Claim
from runtime_assert.conditions import assume, assumed_ranges, read_checks, resolve
from runtime_assert.lowering import Lowering
from runtime_assert.normal import Constant, relation
from runtime_assert.reading import Check, Reading
from runtime_assert.values import NEVER, Value, ValueTable
from tests.runtime_assert.graphs import GraphBuilder

S, T, R = (sympy.Symbol(name, integer=True, positive=True) for name in ("s0", "s1", "s2"))
U, V, W, OLD = (sympy.Symbol(name, integer=True) for name in ("u0", "u1", "u2", "u9"))
Z = sympy.Symbol("zuf0", real=True)


@dataclass
class Env:
    """What is read of a ShapeEnv."""

    replacements: dict[Any, Any] = field(default_factory=dict)
    var_to_range: dict[Any, Any] = field(default_factory=dict)
    guards: list[Any] = field(default_factory=list)
    specialize_zero_one: bool = True


class World:
    """A graph whose inputs end at position 2, and what is known of its symbols: `u0` is made at 5 and used at 9."""

    def __init__(self, env: Env | None = None, renamed: dict[Any, Any] | None = None) -> None:
        self.env: Any = env or Env()
        self.graph, self.table = fx.Graph(), ValueTable(2)
        self.module = _module(fx.Graph())
        self.bindings = Bindings(renamed or {})
        self.lowering = Lowering(self.table, self.bindings.leaves, True)
        self.reading = Reading({}, 2)
        self.u = self.bind(U, 5, 9)
        self.bindings.defined[U] = None

    def bind(self, symbol: sympy.Symbol, slot: int = -1, deadline: int = NEVER) -> Value:
        value = self.table.opaque(self.graph.placeholder(str(symbol)), slot, symbol_kind(symbol), deadline)
        bind(self.bindings, symbol, value)
        return value

    def mention(self, value: object) -> None:
        """Let a node of the graph have been traced with `value`."""
        node = self.graph.placeholder("mentions")
        node.meta["val"] = value
        self.reading.position[node] = len(self.reading.position)

    def resolve(self, *claims: Claim, branch: bool = False) -> None:
        resolve(self.module, self.env, list(claims), self.bindings, self.lowering, self.reading, branch)

    def told(self, claim: Claim, branch: bool = False) -> tuple[str | None, str]:
        """What becomes of `claim`, and why."""
        self.resolve(claim, branch=branch)
        return claim.status, claim.reason


def _module(graph: fx.Graph) -> fx.GraphModule:
    graph.output(())
    return fx.GraphModule(torch.nn.Module(), graph)


def deferred(expr: Any) -> Claim:
    return Claim("deferred", expr)


# The asserts that a graph has.


def test_an_assert_of_the_graph_is_a_claim_with_the_place_of_its_condition() -> None:
    world = World()
    node = world.graph.call_function(torch._check, (True,))
    flag = world.table.opaque(world.graph.placeholder("flag"), 4, "bool")
    conditions = [world.table.get("ge", (world.u, 3)), flag, False]
    world.reading.busy = [0] * 20
    world.reading.checks = [Check(node, condition, 12, condition is flag) for condition in conditions]
    claims = read_checks(world.reading)
    assert [(c.source, c.expr, c.node, c.status) for c in claims] == [("check", None, node, None)] * 3
    assert [c.condition for c in claims] == conditions
    assert [c.user for c in claims] == [False, True, False]
    assert [c.relation for c in claims] == [relation(condition) for condition in conditions]
    # What no use at run time limits is checked as soon as it is known, a constant behind the inputs.
    assert [(c.slot, c.deadline) for c in claims] == [(5, 9), (4, 5), (2, 3)]


@pytest.mark.parametrize(
    ("computes", "deadline", "late"),
    [
        (None, NEVER, False),
        (None, 4, False),
        (5, NEVER, False),  # it makes the value
        (6, NEVER, True),
        (6, 7, True),
        (6, 8, False),  # nothing before the check uses the value
        (6, 12, False),
        (7, NEVER, True),
        (8, NEVER, False),
    ],
)
def test_a_check_is_late_behind_what_was_computed_with_a_value_that_it_protects(
    computes: int | None, deadline: int, late: bool
) -> None:
    """Of a value that the inputs give, behind anything that was computed since."""
    world = World()
    flag = world.table.opaque(world.graph.placeholder("flag"), 5, "bool", deadline)
    node = world.graph.call_function(torch._check, (True,))
    world.reading.busy = [int(computes is not None and computes < position) for position in range(20)]
    world.reading.checks = [Check(node, flag, 8, False), Check(node, False, 8, False)]
    first, constant = read_checks(world.reading)
    assert first.late is late
    assert constant.late is False


# Ranges and calls that constrain.


@pytest.mark.parametrize(
    ("symbol", "op", "bound", "expected"),
    [
        (U, "ge", 3, sympy.Ge(U, 3)),
        (U, "le", 3, sympy.Le(U, 3)),
        (S, "ge", 0, sympy.Ge(S, 0, evaluate=False)),
        (Z, "le", 0.5, sympy.Le(Z, sympy.Float(0.5))),
        (Z, "ge", 2.0, sympy.Ge(Z, sympy.Float(2.0))),
    ],
)
def test_a_range_is_the_bound_of_its_symbol(symbol: Any, op: str, bound: float, expected: sympy.Basic) -> None:
    """Also where sympy would know the answer: a range says what has to be checked."""
    world = World()
    leaf = world.u if symbol is U else world.bind(symbol, 5, 9)
    claim = Claim("range", None, (op, bound), symbol=symbol)
    world.resolve(claim)
    assert claim.expr == expected
    assert claim.condition is world.table.get(op, (leaf, bound))
    assert (claim.condition.kind, claim.condition.expr) == ("bool", expected)
    assert (claim.relation, claim.slot, claim.deadline) == (relation(claim.condition), 5, 9)


def test_a_bound_that_the_graph_computes_already_keeps_its_expression() -> None:
    world = World()
    known = world.table.get("ge", (world.u, 3))
    known.expr = sympy.Le(3, U)
    claim = Claim("range", None, ("ge", 3), symbol=U)
    world.resolve(claim)
    assert claim.condition is known
    assert known.expr == sympy.Le(3, U)


def test_the_range_of_a_symbol_that_no_value_has_is_unplaceable() -> None:
    claim = Claim("range", None, ("ge", 3), symbol=V)
    assert World().told(claim) == ("unplaceable", "no node of this graph computes u1")
    assert claim.expr == sympy.Ge(V, 3)


@pytest.mark.parametrize("keyword", [False, True])
@pytest.mark.parametrize("op", ["ge", "le"])
def test_a_call_that_constrains_a_value_says_a_bound_of_it(op: str, keyword: bool) -> None:
    world = World()
    number = world.graph.placeholder("n")
    args: tuple[Any, ...] = () if keyword else (number,)
    named: dict[str, Any] = {"size": number} if keyword else {}
    node = world.graph.call_function(CONSTRAIN_RANGE, args, named)
    world.reading.values[number] = world.u
    claim = Claim("constraint", None, (op, node, 3), node=node)
    world.resolve(claim)
    assert claim.condition is world.table.get(op, (world.u, 3))
    assert (claim.slot, claim.deadline) == (5, 9)


@pytest.mark.parametrize(
    ("op", "bound", "truth"), [("ge", 5, True), ("ge", 6, False), ("le", 5, True), ("le", 4, False)]
)
def test_a_call_that_constrains_a_number_is_true_or_not(op: str, bound: int, truth: bool) -> None:
    world = World()
    node = world.graph.call_function(CONSTRAIN_RANGE, (5,))
    claim = Claim("constraint", None, (op, node, bound), node=node)
    world.resolve(claim)
    assert (claim.condition, claim.relation) == (truth, Constant(truth))


def test_a_call_that_constrains_what_is_not_known_is_unplaceable() -> None:
    world = World()
    number = world.graph.placeholder("n")
    node = world.graph.call_function(CONSTRAIN_RANGE, (number,))
    claim = Claim("constraint", None, ("ge", node, 3), node=node)
    assert world.told(claim) == ("unplaceable", f"{node} constrains n, which has no known value")


# Expressions.


def test_each_claim_that_nobody_has_decided_gets_its_condition_whatever_came_before_it() -> None:
    world = World()
    decided = Claim("deferred", sympy.Ne(U, 1), status="merged")
    unknown = deferred(sympy.Function("mystery")(U))
    zero = deferred(sympy.Eq(sympy_functions.FloorDiv(sympy.Integer(5), sympy.Integer(0), evaluate=False), U))
    unbound, last = deferred(sympy.Ne(V, 3)), deferred(sympy.Ne(U, 3))
    world.resolve(decided, unknown, zero, unbound, last)
    assert decided.condition is None
    assert (decided.status, decided.reason) == ("merged", "")
    assert (unknown.status, unknown.reason) == ("unplaceable", "no operator computes mystery")
    with pytest.raises(ZeroDivisionError) as fault:
        operator.floordiv(5, 0)
    assert (zero.status, zero.reason) == ("unplaceable", str(fault.value))
    assert (unbound.status, unbound.condition) == ("unplaceable", None)
    assert (last.status, last.condition) == (None, world.table.get("ne", (world.u, 3)))
    assert (last.relation, last.slot, last.deadline) == (relation(last.condition), 5, 9)


@pytest.mark.parametrize(
    ("replacements", "limit"),
    [
        ({S: sympy.Integer(4)}, 4),
        ({S: R, R: sympy.Integer(4)}, 4),
        # A size that the graph can be asked for is asked for, whatever it is known to be.
        ({S: T, T: sympy.Integer(4)}, T),
        ({S: R, R: T, T: sympy.Integer(4)}, T),
    ],
)
def test_a_size_that_is_gone_is_what_it_was_specialised_to(replacements: dict[Any, Any], limit: Any) -> None:
    world = World(Env(replacements))
    world.bind(T)
    claim = deferred(sympy.Le(U, S))
    world.resolve(claim)
    expected = world.bindings.leaves[T] if limit is T else limit
    assert claim.condition is world.table.get("le", (world.u, expected))


@pytest.mark.parametrize("replacements", [{}, {S: S}, {S: R}, {S: R, R: R}])
def test_a_size_that_is_gone_and_was_no_number_is_unplaceable(replacements: dict[Any, Any]) -> None:
    status, reason = World(Env(replacements)).told(deferred(sympy.Le(U, S)))
    gone = replacements.get(S, S)
    assert (status, reason) == ("unplaceable", f"no input of this graph has {gone} as a size")


def test_what_replaced_a_value_made_at_run_time_is_not_put_in_its_place() -> None:
    """It is what has to be checked."""
    world = World(Env({V: sympy.Integer(4)}))
    world.mention(_traced(V))
    reason = "u1 is used, but no node declares that it binds it"
    assert world.told(deferred(sympy.Le(V, 9))) == ("unplaceable", reason)


# Symbols that no value has.


def _traced(symbol: sympy.Symbol) -> Any:
    """A symbolic integer that is `symbol`."""
    made = GraphBuilder()
    value: Any = made.unbacked()
    value.node._expr = symbol
    return value


def _tensor(symbol: sympy.Symbol) -> torch.Tensor:
    """A tensor with `symbol` as its second size."""
    made = GraphBuilder()
    value: Any = made.unbacked()
    with made.mode:
        found = torch.empty(2, value)
    value.node._expr = symbol
    size: Any = found.shape[1]
    size.node._expr = symbol
    return found


@pytest.mark.parametrize(
    ("expr", "replacements", "names"),
    [
        (sympy.Le(V, 9), {V: sympy.Integer(5)}, "u1"),
        (sympy.Eq(V, U), {V: U}, "u1"),
        (sympy.Eq(V, U), {V: OLD}, "u1"),
        (sympy.Eq(V + W, 2 * U), {V: U, W: U}, "u1, u2"),
        # An input's size that is known is no size that a check would have to read.
        (sympy.Le(V, S), {V: sympy.Integer(3), S: sympy.Integer(4)}, "u1"),
        (sympy.Le(V, S), {V: sympy.Integer(3), S: R, R: sympy.Integer(4)}, "u1"),
    ],
)
def test_what_an_earlier_trace_left_behind_is_nothing_to_check(
    expr: sympy.Basic, replacements: dict[Any, Any], names: str
) -> None:
    world = World(Env(replacements), {OLD: U})
    world.bindings.defined.clear()
    world.mention(_traced(T))
    assert world.told(deferred(expr)) == ("elsewhere", f"no node of this graph computes {names}")


@pytest.mark.parametrize(
    ("expr", "replacements"),
    [
        (sympy.Le(V, 9), {V: sympy.Integer(11)}),
        (sympy.Le(V, 9), {V: U}),
        (sympy.Le(V, 9), {V: W}),
        (sympy.Le(V, W), {V: W}),
        (sympy.Le(V, 9), {V: sympy.Function("mystery")(U)}),
        (sympy.Le(V, 9), {V: sympy_functions.FloorDiv(sympy.Integer(5), sympy.Integer(0), evaluate=False)}),
        (sympy.Le(V, S), {V: sympy.Integer(3)}),
    ],
)
def test_what_still_says_something_is_not_taken_for_left_behind(
    expr: sympy.Basic, replacements: dict[Any, Any]
) -> None:
    status, reason = World(Env(replacements)).told(deferred(expr))
    assert status == "unplaceable"
    assert reason in (f"no node of this graph computes {name}" for name in ("u1", "u2"))


@pytest.mark.parametrize("make", [_traced, _tensor])
@pytest.mark.parametrize("name", [V, OLD])
def test_what_a_value_of_the_graph_mentions_is_not_left_behind(make: Any, name: sympy.Symbol) -> None:
    world = World(Env({V: sympy.Integer(5)}), {OLD: V})
    world.mention(7)
    world.mention(make(name))
    reason = "u1 is used, but no node declares that it binds it"
    assert world.told(deferred(sympy.Le(V, 9))) == ("unplaceable", reason)


def test_why_a_symbol_could_not_be_bound_is_said_before_all_else() -> None:
    world = World()
    world.bindings.faults[V] = "unknown key"
    world.module.add_module("body", _body(V))
    assert world.told(deferred(sympy.Le(V, 9)), branch=True) == ("unplaceable", "u1: unknown key")


def _body(*symbols: sympy.Symbol) -> fx.GraphModule:
    """The body of an operator that makes `symbols`."""
    graph = fx.Graph()
    node = graph.placeholder("x")
    graph.placeholder("y")
    if symbols:
        node.meta["unbacked_bindings"] = dict.fromkeys(symbols, ())
    return _module(graph)


@pytest.mark.parametrize("name", [V, OLD])
def test_what_is_made_in_the_body_of_an_operator_is_checked_there(name: sympy.Symbol) -> None:
    world = World(renamed={OLD: V})
    world.mention(_traced(V))
    world.module.add_module("body", _body(W, name))
    assert world.told(deferred(sympy.Le(V, 9))) == ("elsewhere", "u1 is made in the body of an operator")


def test_in_a_branch_what_speaks_of_none_of_its_own_symbols_is_the_enclosing_graphs() -> None:
    for symbol in (V, S):
        claim = deferred(sympy.Le(symbol, 9))
        assert World().told(claim, branch=True) == ("elsewhere", f"{symbol} belongs to the enclosing graph")
        own = deferred(sympy.Le(symbol, U))
        reason = {V: "no node of this graph computes u1", S: "no input of this graph has s0 as a size"}[symbol]
        assert World().told(own, branch=True) == ("elsewhere" if symbol is V else "unplaceable", reason)


@pytest.mark.parametrize("source", ["deferred", "replacement"])
@pytest.mark.parametrize("part", [None, "body", "layer"])
def test_what_nothing_computes_is_lost_unless_bodies_or_replacements_account_for_it(source: Any, part: str) -> None:
    world = World()
    if part is not None:
        world.module.add_module(part, _body() if part == "body" else torch.nn.Linear(1, 1))
    accounted = source == "replacement" or part == "body"
    told = world.told(Claim(source, sympy.Le(V, 9)))
    assert told == ("elsewhere" if accounted else "unplaceable", "no node of this graph computes u1")
    # No input is made in a body, and none is replaced.
    told = world.told(Claim(source, sympy.Le(U, S)))
    assert told == ("unplaceable", "no input of this graph has s0 as a size")
    world.mention(_traced(V))
    told = world.told(Claim(source, sympy.Le(V, 9)))
    assert told == ("unplaceable", "u1 is used, but no node declares that it binds it")


# What holds before the graph runs.


def test_the_guards_on_inputs_are_assumed_as_far_as_they_can_be_read() -> None:
    zero = sympy_functions.FloorDiv(sympy.Integer(5), sympy.Integer(0), evaluate=False)
    exprs = [
        sympy.Ge(U, 3),
        sympy.Ge(R, 3),
        sympy.Ge(sympy.Function("mystery")(S), 3),
        sympy.Eq(S, zero),
        sympy.Eq(S, S, evaluate=False),
        sympy.Ge(S, 3),
        sympy.Ne(S, T),
    ]
    world = World(Env(guards=[SimpleNamespace(expr=expr) for expr in exprs]))
    s, t = world.bind(S), world.bind(T)
    claims = assume(world.env, world.lowering)
    assert [(c.source, c.expr, c.slot) for c in claims] == [("assumption", expr, -1) for expr in exprs[-2:]]
    assert [c.condition for c in claims] == [world.table.get("ge", (s, 3)), world.table.get("ne", (s, t))]
    assert [c.relation for c in claims] == [relation(c.condition) for c in claims]


@pytest.mark.parametrize(
    ("bound", "specialised", "low"),
    [
        (None, True, 0),
        (-3, True, 0),
        (0, True, 0),
        (1, True, 1),
        (2, True, 2),
        (7, True, 2),
        (7, False, 0),
    ],
)
def test_a_size_is_assumed_to_be_what_tracing_does_not_specialise(
    bound: int | None, specialised: bool, low: int
) -> None:
    """What the range says beyond that may come from the checks that are to be asserted."""
    limits = SimpleNamespace(is_int=True, lower=sympy.oo if bound is None else sympy.Integer(bound), upper=sympy.oo)
    world = World(Env(var_to_range={S: limits, U: limits}, specialize_zero_one=specialised))
    s, _ = world.bind(S), world.bind(T)
    world.bindings.dimensions |= {S, U}
    assert assumed_ranges(world.env, world.bindings) == {(s,): (low, inf), (world.u,): (0, inf)}
