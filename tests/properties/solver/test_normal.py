"""Normal forms of integer conditions: which ways of writing a condition are one, and what is left apart."""

from __future__ import annotations

import pytest

from properties.solver.normal import Known, comparison, is_trivial, linear, normal, normal_set, total_everywhere
from strategies.evaluate import holds
from strategies.terms import FALSE, TRUE, Apply, Const, Term, Var, apply

X, Y, F, B = Var("x"), Var("y"), Var("f", "float"), Var("b", "bool")
QUOTIENT = apply("floordiv", "x", "y")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (apply("le", "x", 3), ("le", ((X, 1),), -3)),
        (apply("lt", "x", 3), ("le", ((X, 1),), -2)),
        (apply("ge", "x", 3), ("le", ((X, -1),), 3)),
        (apply("gt", "x", 3), ("le", ((X, -1),), 4)),
        (apply("gt", "x", "y"), ("le", ((X, -1), (Y, 1)), 1)),
        # Divided by the common factor, the bound is rounded to what an integer can be.
        (apply("le", apply("mul", 4, "x"), apply("add", apply("mul", 6, "y"), 7)), ("le", ((X, 2), (Y, -3)), -3)),
        (apply("le", apply("mul", 3, "x"), 7), ("le", ((X, 1),), -2)),
        (apply("ge", apply("mul", 3, "x"), 7), ("le", ((X, -1),), 3)),
        (apply("le", apply("mul", 3, "x"), -7), ("le", ((X, 1),), 3)),
        (apply("eq", apply("mul", 4, "x"), 12), ("eq", ((X, 1),), -3)),
        (apply("ne", apply("mul", -4, "x"), 12), ("ne", ((X, 1),), 3)),
        (apply("eq", apply("mul", 2, "y"), apply("mul", 6, "x")), ("eq", ((X, 3), (Y, -1)), 0)),
        # No integer does it.
        (apply("eq", apply("mul", 4, "x"), 6), ("eq", (), 1)),
        (apply("ne", apply("mul", 4, "x"), 6), ("ne", (), 1)),
        # But where there may be no value, that must not be forgotten.
        (apply("eq", apply("mul", 4, QUOTIENT), 6), ("eq", ((QUOTIENT, 4),), -6)),
        (apply("ge", apply("sub", QUOTIENT, QUOTIENT), 1), ("le", ((QUOTIENT, 0),), 1)),
        (apply("lt", apply("sub", QUOTIENT, QUOTIENT), 1), ("le", ((QUOTIENT, 0),), 0)),
        (apply("eq", apply("sub", QUOTIENT, apply("add", QUOTIENT, "x")), 0), ("eq", ((QUOTIENT, 0), (X, 1)), 0)),
        (apply("le", 2, 3), ("le", (), -1)),
        (apply("gt", 2, 3), ("le", (), 2)),
        (apply("eq", "x", "x"), ("eq", (), 0)),
    ],
    ids=str,
)
def test_a_comparison_has_one_form(condition, expected):
    assert comparison(condition) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Const(7), ((), 7)),
        (X, (((X, 1),), 0)),
        (apply("add", "x", apply("add", 3, "x")), (((X, 2),), 3)),
        (apply("sub", 5, apply("sub", "x", 2)), (((X, -1),), 7)),
        (apply("neg", apply("sub", "x", 2)), (((X, -1),), 2)),
        (apply("mul", apply("mul", 2, "x"), -3), (((X, -6),), 0)),
        (apply("mul", 2, 3, apply("add", "x", 5)), (((X, 6),), 30)),
        (apply("mul", 2, apply("mul", 3, 4)), ((), 24)),
        (apply("mul", 0, "x"), ((), 0)),
        (apply("mul", 0, QUOTIENT), (((QUOTIENT, 0),), 0)),
        # A number is worked into a sum, also one that makes nothing of it but whether it has a value.
        (apply("mul", 2, apply("add", QUOTIENT, 1)), (((QUOTIENT, 2),), 2)),
        (apply("mul", 0, apply("add", QUOTIENT, "z", 1)), (((QUOTIENT, 0),), 0)),
        (apply("sub", apply("mul", 3, "x"), apply("mul", "x", 3)), ((), 0)),
        # A product of leaves is one atom, in one order, with its number outside.
        (apply("mul", 2, "y", "x"), (((apply("mul", "x", "y"), 2),), 0)),
        (apply("sub", apply("mul", "y", "x"), apply("mul", "x", "y", 4)), (((apply("mul", "x", "y"), -3),), 0)),
        # Operands of an atom are in one order where order does not matter, and only there.
        (apply("max", "y", "x"), (((apply("max", "x", "y"), 1),), 0)),
        (apply("mod", "y", "x"), (((apply("mod", "y", "x"), 1),), 0)),
        (
            apply("abs", apply("max", "y", apply("add", "z", "x"))),
            (((apply("abs", apply("max", apply("add", "x", "z"), "y")), 1),), 0),
        ),
    ],
    ids=str,
)
def test_a_value_is_a_sum_of_atoms(term, expected):
    assert linear(term) == expected


def test_the_atoms_of_a_sum_are_in_one_order():
    assert linear(apply("add", "y", "x")) == linear(apply("add", "x", "y")) == (((X, 1), (Y, 1)), 0)


@pytest.mark.parametrize(
    ("term", "total"),
    [
        (X, True),
        (apply("add", "x", "y"), True),
        (QUOTIENT, False),
        (apply("mod", "x", "y"), False),
        (apply("mod", "x", 3), True),
        (apply("floordiv", "x", -3), True),
        (apply("floordiv", "x", 0), False),
        (apply("add", "x", apply("floordiv", 4, "y")), False),
        (apply("mod", QUOTIENT, 3), False),
        (apply("float_div", F, 2.0), True),
        (apply("float_div", F, 0.0), False),
        (apply("float_mod", F, 2.0), True),
        (apply("float_floordiv", F, 2.0), True),
        (apply("float_sqrt", Const(2.0)), False),
        (apply("int_div", "x", 3), False),
        (apply("lshift", "x", 3), False),
    ],
    ids=str,
)
def test_what_surely_has_a_value(term, total):
    assert total_everywhere(term) is total


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (TRUE, TRUE),
        (B, B),
        (apply("not", B), apply("not", B)),
        (apply("not", apply("and", B, apply("not", apply("lt", "x", "x")))), apply("not", apply("and", TRUE, B))),
        (apply("and", B, B), B),
        (apply("or", apply("lt", "x", "x"), B), apply("or", FALSE, B)),
        (apply("le", 2, 3), TRUE),
        (apply("le", 3, 3), TRUE),
        (apply("le", 4, 3), FALSE),
        (apply("eq", 4, 4), TRUE),
        (apply("eq", 4, 3), FALSE),
        (apply("ne", 4, 3), TRUE),
        (apply("ne", 4, 4), FALSE),
        (apply("le", "x", 3), apply("le", apply("add", -3, apply("mul", 1, "x")), 0)),
        (apply("float_gt", F, 1.0), apply("float_lt", 1.0, F)),
        (apply("float_add", F, 1.0), apply("float_add", F, 1.0)),
        (apply("mixed_gt", "x", F), apply("mixed_gt", "x", F)),
        (apply("float_lt", apply("float_add", F, 1.0), F), apply("float_lt", apply("float_add", 1.0, F), F)),
    ],
    ids=str,
)
def test_the_normal_form_of_a_condition(condition, expected):
    assert normal(condition) == expected


def test_connectives_forget_order():
    first, second = apply("le", "x", 3), apply("lt", "y", 3)
    for op in ("and", "or"):
        assert normal(apply(op, first, second)) == normal(apply(op, second, apply("le", "x", 3)))
    assert normal(apply("and", first, second)) != normal(apply("or", first, second))


@pytest.mark.parametrize(
    ("known", "wanted", "implied"),
    [
        (apply("le", "x", 3), apply("le", "x", 3), True),
        (apply("le", "x", 3), apply("lt", "x", 5), True),
        (apply("le", "x", 3), apply("le", "x", 2), False),
        (apply("le", "x", 3), apply("ge", "x", 3), False),
        (apply("le", "x", 3), apply("ne", "x", 7), False),
        (apply("le", "x", 3), apply("eq", "x", 3), False),
        (apply("eq", "x", 3), apply("le", "x", 3), True),
        (apply("eq", "x", 3), apply("ge", "x", 3), True),
        (apply("eq", "x", 3), apply("ge", "x", 4), False),
        (apply("ne", "x", 3), apply("ne", "x", 3), True),
        (apply("ne", "x", 3), apply("le", "x", 3), False),
        (apply("and", apply("le", "x", 3), apply("le", "y", 4)), apply("le", "y", 5), True),
        (apply("le", apply("add", "x", "y"), 3), apply("le", apply("add", "y", "x"), 4), True),
        (apply("le", apply("add", "x", "y"), 3), apply("le", apply("sub", "x", "y"), 4), False),
        (B, B, True),
        (B, apply("not", B), False),
        (apply("not", apply("gt", "x", 3)), apply("le", "x", 3), True),
        (TRUE, apply("eq", "x", "x"), True),
    ],
    ids=str,
)
def test_what_follows_from_one_condition_by_comparing_numbers(known, wanted, implied):
    assert Known([known]).implies(wanted) is implied


def test_the_tightest_bound_of_all_conditions_counts():
    loose, tight = apply("le", "x", 9), apply("le", "x", 3)
    for given in ([loose, tight], [tight, loose], [apply("eq", "x", 3), loose], [loose, apply("eq", "x", 3)]):
        assert Known(given).implies(apply("le", "x", 4))
        assert not Known(given).implies(apply("le", "x", 2))


def test_what_bounds_nothing_hides_no_bound_behind_it():
    assert Known([B, apply("ne", "x", 9), apply("le", "x", 3)]).implies(apply("le", "x", 4))


def test_sets_of_normal_forms_and_triviality():
    assert normal_set(()) == frozenset()
    assert normal_set((apply("and", B, apply("lt", "x", 4)), apply("le", "x", 3))) == {B, normal(apply("le", "x", 3))}
    assert is_trivial(apply("lt", "x", apply("add", "x", 1)))
    assert not is_trivial(B)


def test_a_literal_of_truth_is_no_number():
    term: Term = Apply("add", (Const(True), Const(2)))
    assert linear(term) == (((Const(True), 1),), 2)
    assert linear(Const(2.5)) == (((Const(2.5), 1),), 0)


@pytest.mark.parametrize("op", ["eq", "ne", "le", "lt", "ge", "gt"])
@pytest.mark.parametrize("limit", range(-1, 8))
def test_a_comparison_of_a_number_that_a_condition_chooses_is_the_condition_or_its_opposite(op, limit):
    """``ite(b, 2, 1) * 3 - 1 == 5`` says b."""
    chosen = apply("sub", apply("mul", apply("ite", B, 2, 1), 3), 1)
    found = normal(apply(op, chosen, limit))
    truths = [holds(apply(op, chosen, limit), {"b": value}) for value in (True, False)]
    assert [holds(found, {"b": value}) for value in (True, False)] == truths
    if truths[0] != truths[1]:
        assert found == (B if truths[0] else Apply("not", (B,)))


def test_a_number_that_a_comparison_chooses_is_compared_as_the_comparison():
    assert normal(apply("ge", 0, apply("ite", apply("ge", "x", 3), 1, 0))) == normal(apply("lt", "x", 3))
    assert normal(apply("eq", apply("ite", apply("ge", "x", 3), 1, "y"), 1)) != normal(apply("ge", "x", 3))
