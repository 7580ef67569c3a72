"""What conditions say about ranges: bounds that follow, what holds always or never, and what surely has a value."""

from __future__ import annotations

import pytest

from properties.solver.bounds import Box, Contradiction, box_of
from properties.solver.intervals import Interval
from strategies.operators.conversion import BEYOND
from strategies.terms import FALSE, TRUE, Const, Term, Var, apply

F = Var("f", "float")


def ge(term, edge: int) -> Term:
    return apply("ge", term, edge)


def le(term, edge: int) -> Term:
    return apply("le", term, edge)


@pytest.mark.parametrize(
    ("hold", "expected"),
    [
        # A comparison with a number is a bound, in whichever way it is written.
        ([ge("x", 3)], {"x": (3, None)}),
        ([apply("gt", "x", 3), apply("lt", "x", 9)], {"x": (4, 8)}),
        ([apply("eq", 7, "x")], {"x": (7, 7)}),
        ([apply("not", apply("lt", "x", 3))], {"x": (3, None)}),
        ([apply("not", apply("not", le("x", 3)))], {"x": (None, 3)}),
        ([apply("and", ge("x", 1), apply("and", le("x", 5), ge("y", 2)))], {"x": (1, 5), "y": (2, None)}),
        ([apply("not", apply("or", apply("lt", "x", 1), apply("gt", "x", 5)))], {"x": (1, 5)}),
        ([apply("not", apply("and", apply("lt", "x", 1), apply("lt", "x", 5)))], {"x": (1, None)}),
        # A factor divides, and rounds to an integer.
        ([le(apply("mul", 3, "x"), 10)], {"x": (None, 3)}),
        ([ge(apply("mul", 3, "x"), 10)], {"x": (4, None)}),
        ([le(apply("mul", -3, "x"), 10)], {"x": (-3, None)}),
        ([ge(apply("mul", -3, "x"), 10)], {"x": (None, -4)}),
        ([apply("eq", apply("mul", 3, "x"), 12)], {"x": (4, 4)}),
        # A sum leaves to each part what the others leave.
        ([ge("y", 2), le(apply("add", "x", "y"), 9)], {"y": (2, None), "x": (None, 7)}),
        ([ge("x", 1), ge("y", 2), le(apply("add", "x", "y"), 9)], {"x": (1, 7), "y": (2, 8)}),
        ([le("x", 5), ge(apply("sub", "x", "y"), 2)], {"x": (None, 5), "y": (None, 3)}),
        ([ge("x", 1), le("x", 4), apply("eq", apply("add", "x", "y"), 9)], {"x": (1, 4), "y": (5, 8)}),
        (
            [ge("x", 1), ge("y", 1), le(apply("add", apply("mul", 2, "x"), apply("mul", 3, "y")), 11)],
            {"x": (1, 4), "y": (1, 3)},
        ),
        # In one direction two parts may be open, and none in the other.
        ([le("x", 5), le("y", 5), apply("eq", apply("add", "x", "y"), 9)], {"x": (4, 5), "y": (4, 5)}),
        ([ge("x", 5), ge("y", 5), apply("eq", apply("add", "x", "y"), 11)], {"x": (5, 6), "y": (5, 6)}),
        # Nothing follows if two parts are open.
        ([le(apply("add", "x", "y"), 9)], {}),
        ([ge("x", 1), le(apply("add", "x", apply("add", "y", "z")), 9)], {"x": (1, None)}),
        # What holds for each of several options holds.
        ([apply("or", apply("eq", "x", 2), apply("eq", "x", 5))], {"x": (2, 5)}),
        ([apply("or", ge("x", 2), ge("x", 5))], {"x": (2, None)}),
        ([apply("or", le("x", 2), le("x", 5))], {"x": (None, 5)}),
        ([apply("or", ge("x", 2), ge("y", 5))], {}),
        ([ge("x", 3), apply("or", apply("lt", "x", 3), apply("eq", "y", 1))], {"x": (3, None), "y": (1, 1)}),
        # A number that is left out moves an end, and no other value.
        ([ge("x", 3), apply("ne", "x", 3)], {"x": (4, None)}),
        ([le("x", 3), apply("ne", "x", 3)], {"x": (None, 2)}),
        ([ge("x", 2**60 + 1), apply("ne", "x", 2**60 + 1)], {"x": (2**60 + 2, None)}),
        ([ge("x", 3), le("x", 9), apply("ne", "x", 5)], {"x": (3, 9)}),
        ([ge("x", 3), apply("ne", apply("mul", 2, "x"), 6)], {"x": (4, None)}),
        ([ge("x", 3), apply("ne", apply("mul", 2, "x"), 7)], {"x": (3, None)}),
        ([ge("x", 3), ge("y", 3), apply("ne", "x", "y")], {"x": (3, None), "y": (3, None)}),
        ([ge("x", 3), apply("ne", apply("sub", 8, "x"), 5)], {"x": (4, None)}),
        # Operators are taken back.
        ([ge(apply("min", "x", "y"), 3)], {"x": (3, None), "y": (3, None)}),
        ([le(apply("min", "x", "y"), 3)], {}),
        ([le(apply("max", "x", "y"), 3)], {"x": (None, 3), "y": (None, 3)}),
        ([ge(apply("max", "x", "y"), 3)], {}),
        ([le(apply("abs", "x"), 3)], {"x": (-3, 3)}),
        ([ge(apply("abs", "x"), 3)], {}),
        ([le(apply("mul", "x", "x"), 10)], {"x": (-3, 3)}),
        ([le(apply("mul", "x", "x"), 9)], {"x": (-3, 3)}),
        ([le(apply("mul", "x", "x"), 0)], {"x": (0, 0)}),
        ([ge(apply("mul", "x", "x"), 9)], {}),
        ([le(apply("mul", "x", "y"), 9)], {}),
        ([le(apply("mul", "x", "x", "x"), 9)], {}),
        ([apply("eq", apply("bitxor", "x", 5), 3)], {"x": (6, 6)}),
        ([apply("eq", apply("bitxor", 5, "x"), 3)], {"x": (6, 6)}),
        ([apply("eq", apply("mul", 2, apply("bitxor", 5, "x")), 6)], {"x": (6, 6)}),
        ([apply("eq", apply("bitxor", apply("add", "x", 1), 5), 3)], {"x": (5, 5)}),
        ([apply("eq", apply("bitxor", "x", "y"), 3)], {}),
        ([le(apply("bitxor", "x", 5), 3)], {}),
        ([apply("eq", apply("floordiv", "x", 3), 2)], {"x": (6, 8)}),
        ([ge(apply("floordiv", "x", 3), 2)], {"x": (6, None)}),
        ([le(apply("floordiv", "x", 3), 2)], {"x": (None, 8)}),
        ([apply("eq", apply("floordiv", "x", -3), 2)], {"x": (-8, -6)}),
        ([ge(apply("floordiv", "x", -3), 2)], {"x": (None, -6)}),
        ([le(apply("floordiv", "x", -3), 2)], {"x": (-8, None)}),
        ([apply("eq", apply("floordiv", "x", 1), 2)], {"x": (2, 2)}),
        ([apply("eq", apply("floordiv", "x", -1), 2)], {"x": (-2, -2)}),
        ([ge(apply("floordiv", "x", "y"), 2)], {}),
        ([ge(apply("floordiv", "x", 0), 2)], {}),
        ([ge(apply("mod", "x", 5), 2)], {}),
        # Below an operator there may be a sum.
        ([le(apply("abs", apply("add", "x", 2)), 3)], {"x": (-5, 1)}),
        ([ge(apply("min", apply("mul", 2, "x"), "y"), 3)], {"x": (2, None), "y": (3, None)}),
        # What is no comparison of integers says nothing about them, and a literal nothing at all.
        ([apply("float_ge", F, 2.0), TRUE, Var("b", "bool"), apply("not", Var("c", "bool"))], {}),
        # Each leaf is narrowed until nothing moves.
        ([apply("lt", "x", "y"), apply("lt", "y", "z"), le("z", 9)], {"z": (None, 9), "y": (None, 8), "x": (None, 7)}),
    ],
    ids=str,
)
def test_the_bounds_that_follow(hold: list[Term], expected: dict[str, Interval]) -> None:
    assert box_of(hold).intervals == expected


@pytest.mark.parametrize(
    "hold",
    [
        [FALSE],
        [ge("x", 3), le("x", 2)],
        [ge("x", 3), le("x", 3), apply("ne", "x", 3)],
        [apply("or", apply("and", ge("x", 3), le("x", 2)), FALSE)],
        [apply("lt", "x", "x")],
        [apply("ne", "x", "x")],
        [apply("eq", apply("mul", 2, "x"), 3)],
        [apply("eq", "x", 3), apply("not", apply("eq", "x", 3))],
        [apply("and", TRUE, FALSE)],
        [le(apply("abs", "x"), -1)],
        [ge("x", 1), ge("y", 1), le(apply("add", "x", "y"), 1)],
        [ge(apply("mod", "x", 5), 5)],
        [apply("eq", apply("mul", 2, apply("mod", "x", "y")), 3)],
    ],
    ids=str,
)
def test_what_cannot_be_is_a_contradiction(hold: list[Term]) -> None:
    with pytest.raises(Contradiction):
        box_of(hold)


def test_an_interval_that_gets_narrower_with_each_round_is_left_after_a_few() -> None:
    low, _ = box_of([ge("x", 0), ge("y", 0), apply("lt", "x", "y"), apply("lt", "y", "x")]).of(Var("x"))
    assert low is not None
    assert 8 <= low <= 16


def test_conditions_are_gone_through_until_nothing_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Term] = []
    narrow = Box.narrow
    monkeypatch.setattr(Box, "narrow", lambda box, condition: asked.append(condition) or narrow(box, condition))
    below, edge = apply("lt", "x", "y"), le("y", 9)
    assert box_of([below, edge]).intervals == {"x": (None, 8), "y": (None, 9)}
    assert asked == [below, edge] * 3


@pytest.mark.parametrize("conditions", [[], [ge("x", 3)], [apply("eq", "x", 3)], [le("x", 3), le("y", -2)]])
def test_a_box_as_terms_is_the_box(conditions) -> None:
    box = box_of(conditions)
    assert box_of(box.as_terms()) == box
    assert len(box.as_terms()) == sum(end is not None for ends in box.intervals.values() for end in ends)


BOX = Box({"x": (1, 5), "y": (-2, 2), "n": (-9, -1), "z": (0, None)})


@pytest.mark.parametrize(
    ("term", "total"),
    [
        (Var("w"), True),
        (apply("add", "x", "w"), True),
        (apply("floordiv", "w", "x"), True),
        (apply("mod", "w", "n"), True),
        (apply("mod", "w", "y"), False),
        (apply("floordiv", "w", "z"), False),
        (apply("floordiv", "w", apply("add", "z", 1)), True),
        (apply("floordiv", "w", "w"), False),
        (apply("add", 1, apply("mod", "w", "y")), False),
        (apply("to_float", "x"), True),
        (apply("to_float", "w"), False),
        (apply("to_float", "z"), False),
        (apply("to_float", Const(BEYOND - 1)), True),
        (apply("to_float", Const(BEYOND)), False),
        (apply("to_float", Const(1 - BEYOND)), True),
        (apply("to_float", Const(-BEYOND)), False),
        (apply("int_div", "x", "n"), True),
        (apply("int_div", "x", "y"), False),
        (apply("int_div", "w", "n"), False),
        (apply("int_div", "x", "z"), False),
        (apply("int_div", Const(BEYOND), "x"), False),
        (apply("int_div", Const(BEYOND - 1), "x"), True),
        (apply("int_div", Const(1 - BEYOND), "x"), True),
        (apply("int_div", Const(-BEYOND), "x"), False),
        (apply("pow", "y", 0), True),
        (apply("int_div", "x", Const(BEYOND)), True),
        (apply("pow", "y", "x"), True),
        (apply("pow", "y", 16), True),
        (apply("pow", "y", 17), False),
        (apply("pow", "y", "y"), False),
        (apply("pow", "w", 2), False),
        (apply("pow", Const(2**64), 2), True),
        (apply("pow", Const(2**64 + 1), 2), False),
        (apply("pow", Const(-(2**64)), 2), True),
        (apply("pow", Const(-(2**64) - 1), 2), False),
        (apply("lshift", "w", "x"), True),
        (apply("rshift", "w", 0), True),
        (apply("rshift", "w", 1 << 16), True),
        (apply("rshift", "w", (1 << 16) + 1), False),
        (apply("lshift", "w", "y"), False),
        (apply("float_div", F, 2.0), True),
        (apply("float_div", F, 0.0), False),
        (apply("float_div", F, F), False),
        (apply("float_mod", F, 2.0), True),
        (apply("float_floordiv", F, 2.0), True),
        (apply("float_sqrt", Const(2.0)), False),
        (apply("float_add", F, 2.0), True),
    ],
    ids=str,
)
def test_a_term_has_a_value_for_all_values_within_the_box(term: Term, total: bool) -> None:
    assert BOX.total(term) is total


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ge("x", 1), TRUE),
        (ge("x", 2), ge("x", 2)),
        (ge("x", 6), FALSE),
        (le("x", 5), TRUE),
        (le("x", 4), le("x", 4)),
        (le("x", 0), FALSE),
        (apply("eq", "x", 6), FALSE),
        (apply("eq", "x", 0), FALSE),
        (apply("eq", "x", 5), apply("eq", "x", 5)),
        (apply("ne", "x", 6), TRUE),
        (apply("ne", "x", 0), TRUE),
        (apply("ne", "x", 1), apply("ne", "x", 1)),
        (apply("eq", "x", "x"), TRUE),
        (apply("ne", "x", "x"), FALSE),
        (apply("gt", apply("add", "x", "z"), 0), TRUE),
        (apply("lt", apply("add", "x", "z"), 1), FALSE),
        (apply("lt", "n", "x"), TRUE),
        (apply("gt", "w", 3), apply("gt", "w", 3)),
        (apply("ge", apply("mul", 2, "x"), 2), TRUE),
        # What is undefined somewhere in the box is not decided.
        (apply("le", apply("mod", "x", "y"), 9), apply("le", apply("mod", "x", "y"), 9)),
        (apply("not", ge("x", 1)), FALSE),
        (apply("not", ge("x", 6)), TRUE),
        (apply("not", ge("x", 2)), apply("not", ge("x", 2))),
        (apply("and", ge("x", 1), ge("x", 2)), ge("x", 2)),
        (apply("and", ge("x", 1), le("x", 5)), TRUE),
        (apply("and", ge("x", 6), ge("x", 2)), FALSE),
        (apply("or", ge("x", 6), ge("x", 2)), ge("x", 2)),
        (apply("or", ge("x", 6), le("x", 0)), FALSE),
        (apply("or", ge("x", 2), ge("x", 1)), TRUE),
        (apply("or", ge("x", 2), ge("x", 2)), ge("x", 2)),
        (apply("and", ge("x", 2), le("y", 1), ge("x", 1)), apply("and", ge("x", 2), le("y", 1))),
        # False, but not where the other part has no value: that is left to be asked.
        (
            apply("and", ge("x", 6), apply("eq", apply("mod", "x", "y"), 0)),
            apply("and", FALSE, apply("eq", apply("mod", "x", "y"), 0)),
        ),
        (
            apply("or", ge("x", 1), apply("eq", apply("mod", "x", "y"), 0)),
            apply("or", TRUE, apply("eq", apply("mod", "x", "y"), 0)),
        ),
        (TRUE, TRUE),
        (Var("b", "bool"), Var("b", "bool")),
        (apply("float_ge", F, 2.0), apply("float_ge", F, 2.0)),
    ],
    ids=str,
)
def test_what_a_condition_comes_to_within_the_box(condition: Term, expected: Term) -> None:
    assert BOX.simplified(condition) == expected


def test_restricting_a_term_says_so_if_it_cannot_lie_there() -> None:
    box = Box({"x": (1, 5)})
    box.restrict(Var("x"), (None, 4))
    assert box.intervals == {"x": (1, 4)}
    box.restrict(apply("add", "x", 1), (3, None))
    assert box.of(Var("x")) == (1, 4)
    box.restrict(Var("x"), (4, 4))
    assert box.intervals == {"x": (4, 4)}
    for to in ((5, None), (None, 3), (5, 3)):
        with pytest.raises(Contradiction):
            box.restrict(Var("x"), to)
