"""Integers as vectors of bits: how wide they have to be, and that nothing overflows in that width."""

from __future__ import annotations

import itertools

import pytest

from properties.solver.bits import WIDEST, bit_builder, width_for
from properties.solver.bounds import Box
from properties.solver.smt import Budget, ask
from strategies.evaluate import evaluate
from strategies.terms import TRUE, Const, Undefined, Var, apply

F, B = Var("f", "float"), Var("b", "bool")
BOX = Box({"x": (-3, 5), "y": (0, 100), "z": (0, 2**40), "v": (-40, 3), "low": (0, None), "high": (None, 0)})


@pytest.mark.parametrize(
    ("term", "largest"),
    [
        (apply("le", "v", 0), 40),
        (apply("gt", "x", 2), 5),
        (apply("gt", "x", -9), 9),
        (apply("gt", apply("mul", "x", "y"), 2), 500),
        (apply("gt", apply("sub", "x", "y"), 2), 103),
        # Operands are joined one by one: what is large on the way counts, not only the end.
        (apply("gt", apply("mul", "z", "y", 0), 2), 100 * 2**40),
        (apply("gt", apply("add", "y", -700, 600), 2), 700),
        (apply("and", B, apply("ne", apply("bitand", "y", "x"), 0)), 100),
        (B, 1),
        (Const(True), 1),
        (apply("eq", 0, 0), 1),
    ],
    ids=str,
)
def test_a_vector_holds_the_largest_number_its_sign_and_a_difference(term, largest):
    assert width_for([term], BOX) == largest.bit_length() + 3
    assert width_for([apply("gt", "x", 2), term], BOX) == max(5, largest).bit_length() + 3


@pytest.mark.parametrize(
    "term",
    [
        apply("gt", "w", 2),
        apply("gt", "low", 2),
        apply("gt", "high", 2),
        apply("gt", apply("add", "x", "w"), 2),
        apply("float_gt", F, 1.0),
        apply("float_gt", apply("to_float", "x"), 1.0),
        apply("gt", apply("pow", "x", 2), 1),
        apply("gt", apply("lshift", "x", 2), 1),
        apply("gt", apply("rshift", "x", 2), 1),
        apply("gt", apply("trunc", F), 1),
    ],
    ids=str,
)
def test_what_may_be_any_number_or_is_none_has_no_width(term):
    assert width_for([term], BOX) is None
    assert width_for([apply("gt", "x", 2), term], BOX) is None
    assert bit_builder([term], BOX) is None


def test_vectors_are_not_wider_than_is_worth_trying():
    widest = 2 ** (WIDEST - 3) - 1
    assert width_for([apply("gt", "x", widest)], BOX) == WIDEST
    assert width_for([apply("gt", "x", widest + 1)], BOX) is None


@pytest.mark.parametrize(
    ("op", "numbers"),
    [
        *((op, (-7, -2, -1, 0, 3, 6)) for op in ("floordiv", "mod", "mul", "sub")),
        *((op, (0, 1, 5, 6)) for op in ("bitand", "bitor", "bitxor")),
    ],
)
def test_vectors_compute_what_python_does(op, numbers):
    limits = (min(numbers), max(numbers))
    for x, y in itertools.product(numbers, repeat=2):
        term = apply(op, Const(x), Const(y))
        try:
            value = evaluate(term, {})
        except Undefined:
            continue
        for wanted, status in ((value, "sat"), (value + 1, "unsat")):
            query = [apply("eq", apply(op, "x", "y"), wanted), apply("eq", "x", x), apply("eq", "y", y)]
            builder = bit_builder(query, Box({"x": limits, "y": limits}))
            assert builder is not None
            answer = ask(query, [], Budget(10**7), 10**7, builder)
            assert answer.status == status, (op, x, y)
            if status == "sat":
                assert answer.model == {"x": x, "y": y}


def test_a_leaf_of_truth_is_one_of_the_model():
    query = [apply("and", B, apply("gt", "x", 4)), apply("le", "x", 5)]
    answer = ask(query, [], Budget(10**6), 10**6, bit_builder(query, BOX))
    assert repr(answer.model) == "{'b': True, 'x': 5}"


def test_a_leaf_on_which_nothing_depends_has_some_value():
    for leaf in (apply("gt", "x", 3), B):
        query = [apply("or", TRUE, leaf)]
        answer = ask(query, [], Budget(10**6), 10**6, bit_builder(query, BOX))
        assert answer.status == "sat"
        assert len(answer.model or {}) == 1
        usual = ask(query, [], Budget(10**6), 10**6)
        assert len(usual.model or {}) == 1
