"""Which normal form each relation has, written out: what is rearranged, what is rounded, and what is left alone."""

from __future__ import annotations

from typing import Any

import pytest
import sympy
from torch import fx

from runtime_assert.normal import (
    Bound,
    Constant,
    Differs,
    Equal,
    Holds,
    Joined,
    Relation,
    divided_by_constant,
    from_polynomial,
    negated,
    relation,
)
from runtime_assert.polynomials import ONE, Monomial, accumulate, polynomial
from runtime_assert.values import Value, ValueTable
from tests.runtime_assert.test_implication import value_of
from tests.runtime_assert.test_normal import leaves


class World:
    """A table with the leaves w, x, y and z, in this order."""

    def __init__(self) -> None:
        self.table = ValueTable(-1)
        self.names = dict(zip("wxyz", leaves(self.table, 4), strict=True))

    def value(self, text: str) -> Value:
        return value_of(self.table, self.names, text)

    def shown(self, found: Any) -> str:
        if isinstance(found, Value):
            known = {value.rank: name for name, value in self.names.items()}
            return known.get(found.rank) or f"{found.op}({', '.join(map(self.shown, found.args))})"
        if isinstance(found, (Bound, Equal, Differs)):
            sign = {Bound: "<=", Equal: "==", Differs: "!="}[type(found)]
            return f"{self.sum(found.terms)} {sign} {found.limit if isinstance(found, Bound) else found.value}"
        if isinstance(found, Joined):
            return f" {found.op} ".join(sorted(f"({self.shown(part)})" for part in found.parts))
        if isinstance(found, Holds):
            return f"{'' if found.positive else 'not '}{self.shown(found.value)}"
        return str(found.truth) if isinstance(found, Constant) else repr(found)

    def sum(self, terms: Any) -> str:
        return " + ".join(f"{factor} {'*'.join(map(self.shown, monomial))}".strip() for monomial, factor in terms)


RELATIONS = {
    "x <= 3": "1 x <= 3",
    "x < 3": "1 x <= 2",
    "x >= 3": "-1 x <= -3",
    "x > 3": "-1 x <= -4",
    "x == 3": "1 x == 3",
    "x != 3": "1 x != 3",
    "y - x <= 3": "-1 x + 1 y <= 3",
    "x + 2 < y": "1 x + -1 y <= -3",
    "y == x": "1 x + -1 y == 0",
    "y - x == 3": "1 x + -1 y == -3",
    "x - y != 0 - 3": "1 x + -1 y != -3",
    # Coprime, and a bound rounded down to what an integer can be.
    "x * 4 + y * 6 <= 13": "2 x + 3 y <= 6",
    "x * 4 + y * 6 >= 13": "-2 x + -3 y <= -7",
    "x * 4 + y * 6 == 14": "2 x + 3 y == 7",
    "x * 4 + y * 6 == 13": "False",
    "x * 4 + y * 6 != 13": "True",
    "x * 4 - x * 4 <= 0": "True",
    "x - x < 0": "False",
    "x - x == 1": "False",
    "x - x != 1": "True",
    "x - x == 0": "True",
    "x - x != 0": "False",
    # Products are opened, sums of sums too, and a product of leaves is one term in their order.
    "(x + 1) * (y - 2) <= 0": "-2 x + 1 x*y + 1 y <= 2",
    "y * x <= 3": "1 x*y <= 3",
    "x * (x + y) - y * x <= 3": "1 x*x <= 3",
    # A quotient alone is a bound on what is divided, also below another one and with a factor.
    "x // 3 <= 2": "1 x <= 8",
    "x // 3 >= 2": "-1 x <= -6",
    "x // 3 > 2": "-1 x <= -9",
    "x // 3 < 2": "1 x <= 5",
    "x // 3 * 2 <= 5": "1 x <= 8",
    "x // 3 * 2 >= 5": "-1 x <= -9",
    "x // 3 + 4 <= 5": "1 x <= 5",
    "x // 3 // 2 <= 2": "1 x <= 17",
    "x // (0 - 3) <= 2": "-1 x <= 8",
    "x // (0 - 3) >= 2": "1 x <= -6",
    "(x + y) // 3 >= 2": "-1 x + -1 y <= -6",
    "x // 3 + y <= 2": "1 y + 1 floordiv(x, 3) <= 2",
    "x // 3 == 2": "1 floordiv(x, 3) == 2",
    # k * (x // k) is written by the remainder.
    "x // 3 * 3 + y <= 2": "1 x + 1 y + -1 mod(x, 3) <= 2",
    "x // 3 * 6 + y == 2": "2 x + 1 y + -2 mod(x, 3) == 2",
    "x // 3 * 3 + y != 2": "1 x + 1 y + -1 mod(x, 3) != 2",
    "x // 3 * 4 + y <= 2": "1 y + 4 floordiv(x, 3) <= 2",
    "x == x // 3 * 3": "1 mod(x, 3) == 0",
    "x == x // 3 * 3 + x % 3": "True",
    "x != x // 3 * 3 + x % 3": "False",
    "x <= x // 3 * 3 + x % 3": "True",
    # A remainder alone has few values.
    "x % 2 != 0": "1 mod(x, 2) == 1",
    "x % 2 != 1": "1 mod(x, 2) == 0",
    "x % 2 == 2": "False",
    "x % 2 != 2": "True",
    "x % 2 == 0 - 1": "False",
    "x % 5 <= 0": "1 mod(x, 5) == 0",
    "x % 5 <= 3": "1 mod(x, 5) <= 3",
    "x % 5 <= 4": "True",
    "x % 5 >= 4": "1 mod(x, 5) == 4",
    "x % 5 >= 1": "-1 mod(x, 5) <= -1",
    "x % 5 >= 0": "True",
    "x % 5 < 0": "False",
    "x % 5 > 4": "False",
    "x % 5 != 3": "1 mod(x, 5) != 3",
    "x % 5 != 4": "1 mod(x, 5) <= 3",
    "x % 5 != 0": "-1 mod(x, 5) <= -1",
    "x % (0 - 5) != 0": "1 mod(x, -5) <= -1",
    "x % (0 - 5) != 0 - 4": "-1 mod(x, -5) <= 3",
    "x % 5 == 4": "1 mod(x, 5) == 4",
    "x % 1 == 0": "True",
    "x % 1 != 0": "False",
    "x % (0 - 2) != 0": "1 mod(x, -2) == -1",
    "x % (0 - 5) >= 0": "1 mod(x, -5) == 0",
    "x % (0 - 5) <= 0": "True",
    "x % (0 - 5) < 0 - 4": "False",
    "x % (0 - 5) <= 0 - 4": "1 mod(x, -5) == -4",
    "x % 5 + y <= 3": "1 y + 1 mod(x, 5) <= 3",
    "x % y <= 3": "1 mod(x, y) <= 3",
    "x % 0 <= 3": "1 mod(x, 0) <= 3",
    "x // 0 <= 3": "1 floordiv(x, 0) <= 3",
    "x // y <= 3": "1 floordiv(x, y) <= 3",
    "x // y * 2 + z <= 3": "1 z + 2 floordiv(x, y) <= 3",
    "x // 1 + y <= 3": "1 x + 1 y + -1 mod(x, 1) <= 3",
    # Connectives: nested ones opened, in no order, without repetitions and literals.
    "(x < y) & (y > x)": "1 x + -1 y <= -1",
    "(x <= 3) & ((y <= 3) & (z <= 3))": "(1 x <= 3) and (1 y <= 3) and (1 z <= 3)",
    "(x <= 3) | ((y <= 3) | (z <= 3))": "(1 x <= 3) or (1 y <= 3) or (1 z <= 3)",
    "(x <= 3) & ((y <= 3) | (z <= 3))": "((1 y <= 3) or (1 z <= 3)) and (1 x <= 3)",
    "(x <= 3) & (y == y)": "1 x <= 3",
    "(x <= 3) & (y != y)": "False",
    "(x <= 3) | (y == y)": "True",
    "(x <= 3) | (y != y)": "1 x <= 3",
    "(x == x) & (y == y)": "True",
    "(x != x) | (y != y)": "False",
}


@pytest.mark.parametrize("text", RELATIONS)
def test_a_relation_has_this_form(text: str) -> None:
    world = World()
    assert world.shown(relation(world.value(text))) == RELATIONS[text]


@pytest.mark.parametrize("text", ["x <= 3", "x < 3", "x >= 3", "x > 3", "x == 3", "x != 3"])
def test_a_bound_of_what_has_a_symbol_has_the_same_form(text: str) -> None:
    world = World()
    world.names["x"].symbol = sympy.Symbol("u7", integer=True)
    assert world.shown(relation(world.value(text))) == RELATIONS[text]


@pytest.mark.parametrize("op", ["le", "lt", "ge", "gt"])
def test_a_bound_of_a_float_that_has_a_symbol_is_left_alone(op: str) -> None:
    table, graph = ValueTable(-1), fx.Graph()
    number = table.opaque(graph.placeholder("f"), -1, "float")
    number.symbol = sympy.Symbol("zuf0", real=True)
    below = table.get(op, (number, 3))
    assert relation(below) == Holds(below)


NEGATIONS = {
    "x <= 3": "-1 x <= -4",
    "x >= 3": "1 x <= 2",
    "x == 3": "1 x != 3",
    "x != 3": "1 x == 3",
    "x % 2 == 0": "1 mod(x, 2) == 1",
    "x % 5 <= 3": "1 mod(x, 5) == 4",
    "x % 5 >= 1": "1 mod(x, 5) == 0",
    "x == x": "False",
    "x != x": "True",
    "(x <= 3) & (y != 4)": "(-1 x <= -4) or (1 y == 4)",
    "(x <= 3) | (y != 4)": "(-1 x <= -4) and (1 y == 4)",
}


@pytest.mark.parametrize("text", NEGATIONS)
def test_the_negation_of_a_relation_has_this_form(text: str) -> None:
    world = World()
    found = relation(world.value(text))
    assert world.shown(negated(found)) == NEGATIONS[text]
    assert negated(negated(found)) == found
    assert relation(world.table.get("not", (world.value(text),))) == negated(found)


VALUES = {
    "x": "1 x",
    "x + y + x": "2 x + 1 y",
    "x - (y - z)": "1 x + -1 y + 1 z",
    "x * 3 - (y + 4)": "3 x + -1 y + -4",
    "x - x": "",
    "x * y * x": "1 x*x*y",
    "(x + y) * (x - y)": "1 x*x + -1 y*y",
    "min(x, x)": "1 x",
    "min(x + y, y + x)": "1 x + 1 y",
    "max(x, y) - max(y, x)": "",
    "(x + x) // 3 - x * 2 // 3": "",
    "x // 3 - x // 4": "1 floordiv(x, 3) + -1 floordiv(x, 4)",
}


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_this_sum(text: str) -> None:
    world = World()
    found = polynomial(world.value(text))
    constant = [(ONE, found[ONE])] if ONE in found else []
    in_order = sorted((item for item in found.items() if item[0]), key=lambda item: [v.rank for v in item[0]])
    assert world.sum([*in_order, *constant]) == VALUES[text]


def test_powers_are_opened_up_to_the_fourth_and_products_up_to_a_limit() -> None:
    world = World()
    x, y = world.names["x"], world.names["y"]
    total = world.value("x + y")
    assert polynomial(world.table.get("pow", (total, 2))) == {(x, x): 1, (x, y): 2, (y, y): 1}
    assert polynomial(world.table.get("pow", (total, 0))) == {ONE: 1}
    assert len(polynomial(world.table.get("pow", (total, 4)))) == 5
    for exponent in (5, -1, world.names["z"]):
        assert len(polynomial(world.table.get("pow", (total, exponent)))) == 1
    long = world.value("w + x + y + z + w * x + w * y + w * z + x * y")
    assert len(polynomial(long)) == 8
    assert len(polynomial(world.table.get("mul", (long, long)))) > 8
    assert polynomial(world.table.get("pow", (long, 2))) == polynomial(world.table.get("mul", (long, long)))
    longer = world.table.get("add", (long, 1))
    assert len(polynomial(world.table.get("mul", (long, longer)))) == 1
    assert len(polynomial(world.table.get("pow", (longer, 3)))) == 1


def test_choices_between_equals_are_what_they_choose() -> None:
    world = World()
    condition = world.value("x < y")
    one, two = world.value("x + y"), world.value("y + x")
    assert polynomial(world.table.get("ite", (condition, one, two), "int")) == polynomial(one)
    other = world.table.get("ite", (condition, one, world.value("y - x")), "int")
    assert [monomial[0].op for monomial in polynomial(other)] == ["ite"]
    assert polynomial(world.value("min(x - x, 0)")) == {}


def test_what_cancels_leaves_no_term() -> None:
    world = World()
    x, y = ((world.names[name],) for name in "xy")
    total: dict[Monomial, int] = {x: 2, y: 1}
    accumulate(total, {x: 1, y: -1, ONE: 5}, -2)
    assert total == {y: 3, ONE: -10}
    accumulate(total, {y: 1}, -3)
    assert total == {ONE: -10}


def test_relations_of_sums() -> None:
    world = World()
    x = (world.names["x"],)
    assert from_polynomial("bound", {ONE: 3, x: 2}, 8) == Bound(((x, 1),), 2)
    assert from_polynomial("bound", {ONE: 3}, 3) == Constant(True)
    assert from_polynomial("bound", {ONE: 3}, 2) == Constant(False)
    assert from_polynomial("bound", {ONE: 1}) == Constant(False)
    assert from_polynomial("bound", {}) == Constant(True)
    assert from_polynomial("equal", {}) == Constant(True)
    assert from_polynomial("differs", {}) == Constant(False)
    assert from_polynomial("equal", {ONE: 3, x: -3}) == Equal(((x, 1),), 1)
    assert from_polynomial("differs", {ONE: 3, x: 2}) == Constant(True)


def test_a_quotient_by_a_constant_is_read_and_one_with_a_symbol_of_its_own_is_not() -> None:
    world = World()
    x = (world.names["x"],)
    quotient = world.value("x // 3")
    assert divided_by_constant((quotient,)) == ({x: 1}, 3)
    assert divided_by_constant((world.value("x // (0 - 3)"),)) == ({x: -1}, 3)
    for other in (x, (quotient, quotient), (world.value("x // y"),), (world.value("x % 3"),), ONE):
        assert divided_by_constant(other) is None
    assert divided_by_constant((world.table.get("floordiv", (world.names["x"], 0)),)) is None
    quotient.symbol = "u7"  # type: ignore[assignment]
    assert divided_by_constant((quotient,)) is None
    assert world.shown(relation(world.table.get("le", (quotient, 2)))) == "1 floordiv(x, 3) <= 2"
    assert len(polynomial(world.table.get("sub", (world.table.get("mul", (quotient, 3)), world.names["y"])))) == 2


def test_what_is_no_comparison_of_integers_holds_or_does_not() -> None:
    world = World()
    graph = fx.Graph()
    flag = world.table.opaque(graph.placeholder("flag"), -1, "bool")
    number = world.table.opaque(graph.placeholder("f"), -1, "float")
    assert relation(flag) == Holds(flag)
    assert relation(world.table.get("not", (flag,))) == Holds(flag, False)
    assert negated(Holds(flag, False)) == Holds(flag)
    below = world.table.get("lt", (number, 2.0))
    assert relation(below) == Holds(below)
    for literal in (True, False):
        assert relation(literal) == Constant(literal)
    both: Relation = relation(world.table.get("and", (flag, world.value("x <= 3"))))
    assert both == Joined("and", frozenset({Holds(flag), relation(world.value("x <= 3"))}))
    # Of integers, "and" is one of bits.
    bits = world.table.get("and", (world.names["x"], world.names["y"]))
    assert relation(bits) == Holds(bits)


def test_an_integer_made_a_float_beside_an_integer_is_compared_as_an_integer() -> None:
    world = World()
    x, y = world.names["x"], world.names["y"]
    as_float = world.table.get("float", (x,))
    assert relation(world.table.get("lt", (as_float, 3))) == relation(world.value("x < 3"))
    assert relation(world.table.get("lt", (3, as_float))) == relation(world.value("x > 3"))
    for other in (True, y, as_float, world.table.get("float", (y,))):
        condition = world.table.get("lt", (as_float, other))
        assert relation(condition) == Holds(condition)


def test_the_remainder_that_a_division_is_written_by_is_made_where_the_division_is() -> None:
    table = ValueTable(-1)
    graph = fx.Graph()
    x, y = (table.opaque(graph.placeholder(name), slot, "int", 9) for slot, name in enumerate("xy", 3))
    division = table.get("floordiv", (x, 3))
    found = relation(table.get("eq", (table.get("mul", (division, 3)), y)))
    assert isinstance(found, Equal)
    ((remainder,),) = [monomial for monomial, _ in found.terms if monomial[0].op == "mod"]
    assert (remainder.args, remainder.kind, remainder.slot, remainder.deadline) == ((x, 3), "int", 3, 9)
    # It comes behind every value of the table, and a second one is another.
    assert remainder.rank > table.get("add", (x, y)).rank
    again = relation(table.get("eq", (table.get("mul", (division, 6)), table.get("add", (y, 1)))))
    other = relation(table.get("eq", (table.get("mul", (table.get("floordiv", (x, 5)), 5)), y)))
    ranks = [
        value.rank
        for each in (found, again, other)
        if isinstance(each, Equal)
        for monomial, _ in each.terms
        for value in monomial
        if value.op == "mod"
    ]
    assert len(ranks) == 3
    assert ranks[0] == ranks[1] != ranks[2]


def test_a_value_that_has_a_symbol_is_left_whole_alone_and_within_others() -> None:
    """It is what the data decides, whatever computes it."""
    world = World()
    x, y = world.names["x"], world.names["y"]
    named = [world.value(text) for text in ("x * 2", "x + y", "min(x, y)")]
    for value in named:
        value.symbol = sympy.Symbol(f"u{value.rank}", integer=True)
    for value in named:
        inner = world.table.get("mul", (3, world.table.get("sub", (value, y))))
        assert polynomial(inner) == {(value,): 3, (y,): -3}
        assert polynomial(value) == {(value,): 1}
    assert polynomial(world.value("x * 3")) == {(x,): 3}


def test_what_is_multiplied_by_a_truth_is_left_whole() -> None:
    world = World()
    product = world.table.get("mul", (world.names["x"], world.value("y < 3")))
    assert polynomial(product) == {(product,): 1}


def test_operands_that_are_the_same_when_put_in_order_make_the_same_atom() -> None:
    world = World()
    x, y, z = (world.names[name] for name in "xyz")
    one, other = (
        world.table.get("ite", (world.table.get("lt", (value, 3)), y, z)) for value in (x, world.value("x + y - y"))
    )
    assert one is not other
    assert polynomial(one) == polynomial(other)
    assert polynomial(world.value("min(x + y - y, z)")) == polynomial(world.value("min(z, x)"))
    assert polynomial(world.value("x // y")) != polynomial(world.value("y // x"))


def test_floats_are_told_apart_by_what_they_are_and_not_by_what_they_are_called() -> None:
    table, graph = ValueTable(-1), fx.Graph()
    first, second = (table.opaque(graph.placeholder(name), -1, "float") for name in ("f", "g"))
    first.symbol = second.symbol = sympy.Symbol("zuf0", real=True)
    assert polynomial(table.get("floor", (first,))) != polynomial(table.get("floor", (second,)))
    choices = [table.get("ite", (table.get("eq", (first, limit)), 1, 2)) for limit in (2.0, 3.0)]
    assert polynomial(choices[0]) != polynomial(choices[1])
