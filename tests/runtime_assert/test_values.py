"""Values of a graph: one object for one computation, with the place where it can be made and has to be known."""

from __future__ import annotations

import itertools

import pytest
import sympy
from torch import fx

from runtime_assert.operators import COMPARISONS, WRITTEN, Kind
from runtime_assert.values import NEVER, Value, ValueTable, in_order


class World:
    """Integers x and y, a float f and a flag b; x is made at 3 and used at 9, y at 5 and 7."""

    def __init__(self, preamble: int = -1) -> None:
        graph = fx.Graph()
        self.table = ValueTable(preamble)
        self.nodes = {name: graph.placeholder(name) for name in "xyfb"}
        self.x = self.table.opaque(self.nodes["x"], 3, "int", 9)
        self.y = self.table.opaque(self.nodes["y"], 5, "int", 7)
        self.f = self.table.opaque(self.nodes["f"], 4, "float", 8)
        self.b = self.table.opaque(self.nodes["b"], 4, "bool")


def test_a_node_is_one_value_and_needs_nothing_to_be_computed() -> None:
    world = World()
    assert world.table.opaque(world.nodes["x"], 99, "float") is world.x
    assert (world.x.op, world.x.args, world.x.kind, world.x.slot, world.x.deadline) == ("node", ("x",), "int", 3, 9)
    assert world.x.node is world.nodes["x"]
    assert world.x.settled
    assert world.b.deadline == NEVER
    assert [value.rank for value in (world.x, world.y, world.f, world.b)] == [0, 1, 2, 3]


@pytest.mark.parametrize("op", ["add", "mul", "min", "max", "eq", "ne", "and", "or", "xor"])
def test_the_order_of_operands_does_not_matter_where_it_does_not(op: str) -> None:
    world = World()
    for left, right in itertools.combinations((world.x, world.y, world.f, 3, 2.5), 2):
        assert world.table.get(op, (left, right)) is world.table.get(op, (right, left))


@pytest.mark.parametrize("op", ["sub", "floordiv", "mod", "pow"])
def test_the_order_of_operands_matters_where_it_does(op: str) -> None:
    world = World()
    for left, right in itertools.combinations((world.x, world.y, 3), 2):
        assert world.table.get(op, (left, right)) is not world.table.get(op, (right, left))


@pytest.mark.parametrize(("op", "mirrored"), [("lt", "gt"), ("le", "ge"), ("gt", "lt"), ("ge", "le")])
def test_a_comparison_is_the_mirrored_one_of_exchanged_operands(op: str, mirrored: str) -> None:
    world = World()
    for left, right in itertools.permutations((world.x, world.y, world.f, 3), 2):
        assert world.table.get(op, (left, right)) is world.table.get(mirrored, (right, left))
        assert world.table.get(op, (left, right)) is not world.table.get(op, (right, left))


def test_operands_that_python_calls_equal_are_not_the_same() -> None:
    world = World()
    made = [world.table.get("ite", (world.b, world.f, other), "float") for other in (1, 1.0, True, "1", 0.0, -0.0)]
    assert len({id(value) for value in made}) == len(made)


def test_among_floats_an_integer_that_a_float_holds_is_that_float() -> None:
    world = World()
    for op in ("add", "mul", "le", "eq", "truediv"):
        assert world.table.get(op, (world.f, 3)) is world.table.get(op, (world.f, 3.0))
        assert world.table.get(op, (world.f, 2**53)) is world.table.get(op, (world.f, 2.0**53))
        assert world.table.get(op, (world.f, 2**53 + 1)) is not world.table.get(op, (world.f, float(2**53 + 1)))
    assert world.table.get("floordiv", (world.f, 3)) is not world.table.get("floordiv", (world.f, 3.0))
    assert world.table.get("add", (world.x, 3)) is not world.table.get("add", (world.x, 3.0))
    assert world.table.get("le", (2.5, world.x)) is not world.table.get("le", (2.5, world.y))


@pytest.mark.parametrize("preamble", [-1, 4, 6])
def test_a_value_is_made_after_its_operands_and_known_before_the_first_use_of_one(preamble: int) -> None:
    world = World(preamble)
    x, y, f = world.x, world.y, world.f
    cases = {
        (x, 3): (3, 9),
        (3, x): (3, 9),
        (x, y): (5, 7),
        (y, x): (5, 7),
        (x, f): (4, 8),
        (f, y): (5, 7),
        (x, 2.5): (3, 9),
        (2.5, x): (3, 9),
        (2, 3): (-1, NEVER),
    }
    for op in ("sub", "add", "le"):
        for operands, (slot, deadline) in cases.items():
            value = world.table.get(op, operands)
            assert (value.slot, value.deadline) == (max(slot, preamble), deadline), (op, operands)
        assert world.table.get("sub", operands).args == operands
    three = world.table.get("sum", (x, 4, y))
    assert (three.slot, three.deadline) == (max(5, preamble), 7)


def test_the_kind_of_a_value_is_that_of_its_operator_or_as_asked() -> None:
    world = World()
    kinds = {
        ("add", world.x, 3): "int",
        ("add", world.x, world.y): "int",
        ("truediv", world.x, world.y): "float",
        ("truediv", world.x, 3): "float",
        ("le", world.x, 3): "bool",
        ("le", world.x, world.y): "bool",
        ("add", world.x, world.f): "float",
        ("le", world.f, 2.0): "bool",
    }
    for (op, *operands), kind in kinds.items():
        assert world.table.get(op, operands).kind == kind
    assert world.table.get("ite", (world.b, world.f, world.f), "float").kind == "float"
    # Nobody knows what an operator yields that the table does not have.
    for other in (3, world.y):
        assert world.table.get("method:other", (world.x, other)).kind == "other"


def test_values_are_ranked_as_they_are_made_and_share_where_atoms_meet() -> None:
    world = World()
    first = world.table.get("add", (world.x, 3))
    second = world.table.get("mul", (world.x, world.y))
    third = world.table.get("ite", (world.b, first, second), "int")
    assert [value.rank for value in (first, second, third)] == [4, 5, 6]
    assert world.table.get("add", (3, world.x)) is first
    assert first.atoms is second.atoms is third.atoms is world.x.atoms
    for value in (first, second, third):
        assert (value.node, value.expr, value.symbol, value.poly, value.relation) == (None,) * 5
        assert value.settled is False


def test_a_value_is_shown_by_its_symbol_or_by_its_operands() -> None:
    world = World()
    total = world.table.get("add", (world.x, 3))
    assert repr(total) == "add(node(x), 3)"
    world.x.symbol = sympy.Symbol("u0")
    assert repr(total) == "add(u0, 3)"


def test_what_is_below_a_value_comes_in_order_and_once() -> None:
    world = World()
    one = world.table.get("add", (world.x, 1))
    two = world.table.get("mul", (one, world.y))
    three = world.table.get("sub", (two, one))
    everything = [world.x, world.y, one, two, three]
    assert list(in_order(three, lambda value: False)) == everything
    assert list(in_order(three, lambda value: value is three)) == []
    assert list(in_order(three, lambda value: value in (one, two))) == [three]
    # What is done is not looked below.
    assert list(in_order(three, lambda value: value is one)) == [world.y, two, three]
    assert list(in_order(world.x, lambda value: False)) == [world.x]
    long: Value = world.x
    for number in range(5_000):
        long = world.table.get("add", (long, number))
    assert len(list(in_order(long, lambda value: False))) == 5_001


@pytest.mark.parametrize("op", sorted(COMPARISONS))
@pytest.mark.parametrize("limit", range(-1, 3))
def test_a_comparison_of_a_truth_values_number_is_the_truth_value_or_its_opposite(op: str, limit: int) -> None:
    table = ValueTable(0)
    truth = table.opaque(fx.Graph().placeholder("p"), 0, "bool")
    found = table.get(op, (table.get("ite", (truth, 1, 0)), limit))
    compare = WRITTEN[op][0]
    if compare(1, limit) == compare(0, limit):
        assert (found.op, found.args[1]) == (op, limit)
    elif compare(1, limit):
        assert found is truth
    else:
        assert found is table.get("not", (truth,))


@pytest.mark.parametrize("choice", [(1, 0, "int"), (0, 1, "bool"), (2, 0, "bool"), (1, 1, "bool")])
def test_what_is_no_truth_values_number_is_compared_as_it_is(choice: tuple[int, int, Kind]) -> None:
    then, other, kind = choice
    table = ValueTable(0)
    chosen = table.get("ite", (table.opaque(fx.Graph().placeholder("p"), 0, kind), then, other))
    assert table.get("eq", (chosen, 1)).op == "eq"
    assert table.get("add", (chosen, 1)).op == "add"
