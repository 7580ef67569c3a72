"""Terms for z3: what is exact is computed, and of the rest so much is known as is stated, and all of it is true."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import z3

from properties.solver.context import Builder
from properties.solver.smt import Answer, Budget, ask
from strategies.evaluate import evaluate
from strategies.terms import FALSE, TRUE, Apply, Term, Undefined, Var, apply

WORK = 400_000
NEAR = range(-4, 5)


class Told:
    """What the solver knows of the value of ``term``."""

    def __init__(self, term: Term) -> None:
        self.builder = Builder()
        self.value, self.defined = self.builder.encode(term)
        self.solver = z3.SimpleSolver(ctx=self.builder.context)
        self.solver.set("rlimit", WORK)
        self.solver.add(*self.builder.facts())

    def proves(self, claim: Any, values: Mapping[str, int]) -> bool:
        """Whether ``claim`` holds where the leaves have ``values``."""
        self.solver.push()
        leaves = self.builder.variables
        self.solver.add(*(leaves[name] == value for name, value in values.items() if name in leaves))
        self.solver.add(self.builder.Not(claim))
        found = self.solver.check()
        self.solver.pop()
        return found == z3.unsat

    def excludes(self, number: int, **values: int) -> bool:
        return self.proves(self.value != number, values)

    def knows(self, number: int, **values: int) -> bool:
        return self.proves(self.value == number, values)

    def computed(self, **values: int) -> int:
        """What the value comes to by computing alone."""
        pairs = [
            (self.builder.variables[name], z3.IntVal(value, self.builder.context)) for name, value in values.items()
        ]
        found: Any = z3.simplify(z3.substitute(self.value, *pairs))
        return found.as_long()


MASKS = (0, 1, 2, 3, 5, 6, 12, 13, 27, 64, -1, -2, -4, -6, -13)


@pytest.mark.parametrize("mask", MASKS)
def test_the_bits_in_common_with_a_literal_are_computed(mask):
    for told in (Told(apply("bitand", "x", mask)), Told(apply("bitand", mask, "x"))):
        for value in (*range(-20, 21), 127, -128, 2**40 + 13):
            assert told.computed(x=value) == value & mask, (value, mask)


def test_the_bits_in_common_of_two_literals_are_a_literal():
    builder = Builder()
    for first, second in itertools.product((-6, 0, 5, 12), repeat=2):
        found, _ = builder.encode(apply("bitand", first, second))
        assert found.as_long() == first & second
    assert not list(builder.facts())


def test_what_is_stated_of_the_bits_in_common_is_true():
    told = Told(apply("bitand", "x", "y"))
    for x, y in itertools.product(NEAR, NEAR):
        assert not told.excludes(x & y, x=x, y=y), (x, y)


@pytest.mark.parametrize(
    ("given", "follows"),
    [
        (["x >= 0"], ["0 <= both", "both <= x"]),
        (["y >= 0"], ["0 <= both", "both <= y"]),
        (["x < 0", "y < 0"], ["both <= x", "both <= y"]),
        (["x == -1"], ["both == y"]),
        (["y == -1"], ["both == x"]),
        (["x == y"], ["both == x"]),
    ],
)
def test_what_is_known_of_the_bits_in_common(given, follows):
    told = Told(apply("bitand", "x", "y"))
    names = {**told.builder.variables, "both": told.value}
    claim = told.builder.And(*(eval(text, dict(names)) for text in follows))
    assert not told.proves(claim, {})
    told.solver.add(*(eval(text, dict(names)) for text in given))
    assert told.proves(claim, {})


def test_the_bits_in_common_are_the_same_in_either_order():
    assert Told(apply("sub", apply("bitand", "x", "y"), apply("bitand", "y", "x"))).knows(0)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 16])
def test_a_power_by_a_small_literal_is_a_product(exponent):
    told = Told(apply("pow", "x", exponent))
    for base in (-3, -1, 0, 1, 2):
        assert told.computed(x=base) == base**exponent
        assert told.knows(base**exponent, x=base)


def test_a_power_of_two_literals_is_a_literal_unless_it_is_huge():
    builder = Builder()
    for base, exponent in ((2, 10), (-3, 5), (7, 0), (2, 4096)):
        found, _ = builder.encode(apply("pow", base, exponent))
        assert found.as_long() == base**exponent
    assert not list(builder.facts())
    found, _ = builder.encode(apply("pow", 2, 4097))
    assert not z3.is_int_value(found)


def test_the_powers_of_a_number_are_computed_as_far_as_they_are_written_down():
    for base in (-3, 0, 2):
        told = Told(apply("pow", base, "y"))
        for exponent in range(16):
            assert told.knows(base**exponent, y=exponent), (base, exponent)
            assert not told.excludes(base**exponent, y=exponent), (base, exponent)
        assert not told.knows(base**16, y=16)
    told = Told(apply("pow", "x", "y"))
    for base, exponent in itertools.product((-2, 0, 1, 3), range(4)):
        assert told.knows(base**exponent, x=base, y=exponent), (base, exponent)
        assert not told.excludes(base**exponent, x=base, y=exponent), (base, exponent)
    assert not told.knows(81, x=3, y=4)
    assert not Told(apply("pow", "x", 17)).knows(3**17, x=3)


def test_a_power_is_positive_and_beyond_its_exponent_where_the_base_says_so():
    told = Told(apply("pow", "x", "y"))
    for base, exponent in itertools.product((1, 2, 3), (0, 1, 4, 5, 20)):
        assert not told.excludes(base**exponent, x=base, y=exponent)
        assert told.excludes(0, x=base, y=exponent)
        assert told.excludes(-1, x=base, y=exponent)
        assert base == 1 or told.excludes(exponent, x=base, y=exponent)
    for base, exponent in ((-1, 4), (-2, 5), (0, 4), (1, 5), (1, 4)):
        assert not told.excludes(base**exponent, x=base, y=exponent)


FLAG, OTHER, F = Var("b", "bool"), Var("c", "bool"), Var("f", "float")


@pytest.mark.parametrize(
    "term",
    [
        apply("add", "x", "y", 3, "x"),
        apply("sub", apply("mul", "x", "y"), apply("neg", "y")),
        apply("floordiv", "x", "y"),
        apply("add", apply("floordiv", "x", "y"), apply("mod", "y", "x")),
        apply("min", "x", apply("floordiv", 7, "y"), 2),
        apply("implies", apply("ne", "x", 0), apply("eq", apply("mod", 6, "x"), 0)),
        apply("implies", apply("ge", "x", "y"), apply("ne", apply("mod", 6, "x"), 0)),
        apply("implies", apply("ge", "x", "y"), apply("eq", apply("mod", 6, "x"), 0)),
        apply("implies", apply("eq", apply("mod", 6, "y"), 0), apply("ge", "x", "y")),
        apply("and", apply("gt", "x", "y"), apply("eq", apply("mod", 6, "x"), 0), TRUE),
        apply("or", apply("gt", "x", "y"), FALSE, apply("eq", "x", 2)),
        apply("not", apply("eq", apply("floordiv", 6, "x"), "y")),
    ],
    ids=str,
)
def test_a_term_has_its_value_where_it_is_defined(term):
    told = Told(term)
    for x, y in itertools.product(NEAR, NEAR):
        try:
            claim = told.builder.And(told.defined, told.value == evaluate(term, {"x": x, "y": y}))
        except Undefined:
            claim = told.builder.Not(told.defined)
        assert told.proves(claim, {"x": x, "y": y}), (x, y)


def test_a_term_is_encoded_once_and_a_leaf_is_one():
    builder = Builder()
    term = apply("add", "x", apply("mul", "x", "y"))
    assert builder.encode(term)[0] is builder.encode(apply("add", "x", apply("mul", "x", "y")))[0]
    assert list(builder.variables) == ["x", "y"]


def test_what_is_always_defined_demands_nothing():
    builder = Builder()
    total = apply("gt", apply("add", "x", "y"), 3)
    value, _ = builder.encode(total)
    assert builder.holds(total) is value
    quotient = apply("gt", apply("floordiv", "x", "y"), 3)
    value, defined = builder.encode(quotient)
    assert builder.holds(quotient).eq(builder.And(defined, value))
    assert builder.conjunction([total, quotient]).eq(builder.And(builder.holds(total), builder.holds(quotient)))
    assert z3.is_true(builder.conjunction([]))


def test_no_two_builders_share_a_context():
    first, second = Builder(), Builder()
    assert first.context is not second.context
    term = Apply("or", (FLAG, apply("float_gt", F, 1.5), apply("gt", "x", 3), TRUE, FALSE, apply("not", OTHER)))
    for builder in (first, second):
        assert builder.holds(term).ctx is builder.context


def test_a_model_has_the_values_of_truths_and_integers():
    hold = [FLAG, apply("not", OTHER), apply("eq", "x", -(2**70))]
    assert ask(hold, [], Budget(WORK), WORK) == Answer("sat", "z3", {"b": True, "c": False, "x": -(2**70)})
