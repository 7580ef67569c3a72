"""Cases by remainders: which leaves are split, into what, and what becomes of the divisions."""

from __future__ import annotations

import pytest

from properties.solver.residues import ResidueCase, cases, undivided
from strategies.evaluate import evaluate
from strategies.terms import FALSE, Const, Var, apply, leaves_of


def _split(*terms, broken=()) -> dict[str, int]:
    """By leaf the modulus by which it is split."""
    found = [{name: modulus for name, (modulus, _) in case.leaves.items()} for case in cases(terms, broken)]
    assert all(case == found[0] for case in found)
    return found[0] if found else {}


def test_a_leaf_is_split_by_the_least_common_multiple_of_what_divides_it():
    six = apply("eq", apply("mod", "x", 6), apply("floordiv", apply("add", "x", "y"), -4))
    assert _split(six) == {"x": 12, "y": 4}
    assert _split(apply("gt", "z", 1), broken=[[six, apply("eq", apply("mod", "z", 5), 1)]]) == {"y": 4, "z": 5}
    assert _split(apply("eq", apply("mod", "x", 2), 1)) == {"x": 2}


def test_what_no_constant_divides_is_not_split():
    by_one = apply("eq", apply("mod", "x", 1), apply("floordiv", "x", -1))
    by_leaf = apply("eq", apply("mod", "x", "y"), apply("mod", "x", 0))
    rounded = apply("eq", apply("mod", apply("trunc", Var("f", "float")), 2), 1)
    sixth = apply("gt", apply("mul", "x", 6), 1)
    for term in (by_one, by_leaf, rounded, sixth, FALSE):
        assert list(cases([term], [])) == []


def test_there_are_at_most_64_cases_and_small_moduli_come_first():
    terms = [apply("eq", apply("mod", name, modulus), 1) for name, modulus in (("x", 9), ("y", 8), ("z", 8))]
    assert _split(*terms) == {"y": 8, "z": 8}
    assert len(list(cases(terms, []))) == 64
    # Of leaves with one modulus the first by name are split.
    assert _split(*(apply("eq", apply("mod", name, 8), 1) for name in "zyx")) == {"x": 8, "y": 8}
    assert _split(terms[0], apply("eq", apply("mod", "w", 8), 1)) == {"w": 8}
    assert _split(apply("eq", apply("mod", "x", 64), 1)) == {"x": 64}
    assert _split(apply("eq", apply("mod", "x", 65), 1)) == {}


def test_each_case_speaks_of_quotients_and_divides_no_more():
    term = apply("eq", apply("add", apply("mod", "x", 2), apply("floordiv", "x", 2)), 5)
    even, odd = cases([term], [[term]])
    assert [case.leaves for case in (even, odd)] == [{"x": (2, 0)}, {"x": (2, 1)}]
    for case in (even, odd):
        assert case.sorts == {"x/": "int"}
        assert case.hold == case.broken[0]
        assert "mod" not in str(case.hold)
        assert "floordiv" not in str(case.hold)


def test_a_model_of_a_case_is_one_of_the_query():
    case = ResidueCase((), (), {"x": (7, 3), "y": (2, 1)})
    assert case.model({"x/": 2, "y/": -1, "z": 4}) == {"x": 17, "y": -1, "z": 4}
    # A quotient that nothing speaks of any more may be anything.
    assert case.model({"z": 4}) == {"x": 3, "y": 1, "z": 4}


def test_the_leaves_of_a_case_are_those_of_all_its_terms():
    case = ResidueCase((apply("gt", "x", 1),), ((apply("gt", "y", 1),), (Var("b", "bool"),)), {})
    assert case.sorts == {"x": "int", "y": "int", "b": "bool"}


@pytest.mark.parametrize("divisor", [3, -3])
@pytest.mark.parametrize("op", ["mod", "floordiv"])
def test_a_division_is_carried_out_where_the_remainder_is_known(op, divisor):
    inner = apply("add", apply("mul", 6, "x"), apply("add", apply("mul", -9, "y"), 5))
    found = undivided(apply(op, inner, divisor))
    assert "mod" not in str(found)
    assert "floordiv" not in str(found)
    assert leaves_of(found).keys() == ({"x", "y"} if op == "floordiv" else set())
    for x, y in ((0, 0), (3, 1), (-2, 5), (7, -4)):
        values = {"x": x, "y": y}
        assert repr(evaluate(found, values)) == repr(evaluate(apply(op, inner, divisor), values))
    # Below other operators, too, and twice.
    assert undivided(apply("max", "x", apply(op, inner, divisor))) == apply("max", "x", found)
    assert undivided(apply("mod", apply("mul", 6, apply(op, inner, divisor)), 2)) == Const(0)


def test_a_division_stays_where_the_remainder_is_not_known_or_there_may_be_none():
    quotient = apply("floordiv", "x", "y")
    for term in (
        apply("mod", apply("add", apply("mul", 6, "x"), "y"), 3),
        apply("floordiv", apply("mul", 4, "x"), 8),
        apply("mod", apply("mul", 3, quotient), 3),  # undefined where y is zero
        apply("mod", apply("mul", 3, "x"), 0),
        apply("mod", apply("mul", 3, "x"), "y"),
        apply("max", apply("mul", 3, "x"), 3),
        Var("x"),
    ):
        assert undivided(term) == term
