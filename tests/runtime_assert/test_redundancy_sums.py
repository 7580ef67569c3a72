"""Which equalities and bounds of sums make which others superfluous, to the last number."""

from __future__ import annotations

import pytest

from runtime_assert.claims import Claim, Source
from runtime_assert.redundancy import ELIMINATION_LIMIT, NEIGHBOUR_LIMIT, drop_redundant
from tests.runtime_assert.worlds import World, kept


def three_equalities(w: World, source: Source) -> list[Claim]:
    """Each follows from the other two. The first can be decided first and has the most time."""
    return [
        w.claim("eq", w.u0, w.u1, horizon=9, source=source),
        w.claim("eq", w.u1, w.u2, horizon=2),
        w.claim("eq", w.u0, w.u2, horizon=5),
    ]


def test_of_equalities_those_are_kept_that_are_needed_first() -> None:
    wanted = three_equalities(World(), "deferred")
    drop_redundant([], [], wanted, {})
    assert [c.status for c in wanted] == ["implied", None, None]


def test_an_equality_that_is_in_the_graph_already_counts_from_where_it_stands() -> None:
    present, *wanted = three_equalities(World(), "check")
    drop_redundant([], [present], wanted, {})
    assert [c.status for c in (present, *wanted)] == [None, None, "implied"]


def test_among_equalities_of_the_same_place_those_in_the_graph_come_first() -> None:
    w = World()
    present = w.claim("eq", w.u0, w.u2, source="check")
    wanted = [w.claim("eq", w.u0, w.u1, horizon=2), w.claim("eq", w.u1, w.u2)]
    drop_redundant([], [present], wanted, {})
    assert [c.status for c in (present, *wanted)] == [None, None, "implied"]


@pytest.mark.parametrize(("terms", "status"), [(ELIMINATION_LIMIT, "implied"), (ELIMINATION_LIMIT + 1, None)])
def test_equalities_of_many_terms_are_not_worked_into_others_and_do_not_keep_them_from_it(
    terms: int, status: str | None
) -> None:
    w = World()
    total = w.value("sum", *(w.value("mul", 3, getattr(w, f"s{index}")) for index in range(terms - 1)))
    one, other, same = w.claim("eq", total, w.u0), w.claim("eq", w.u0, w.u1), w.claim("eq", total, w.u1)
    short = w.claim("eq", w.u0, w.u2), w.claim("eq", w.u1, w.u2)
    drop_redundant([], [], [one, other, same, *short], {})
    assert [c.status for c in (one, other, same, *short)] == [None, None, status, None, "implied"]


@pytest.mark.parametrize(("terms", "status"), [(ELIMINATION_LIMIT, "implied"), (ELIMINATION_LIMIT + 1, None)])
def test_equalities_are_worked_into_bounds_of_not_too_many_terms(terms: int, status: str | None) -> None:
    w = World()
    total = w.value("sum", *(w.value("mul", 3, getattr(w, f"s{index}")) for index in range(terms - 1)))
    equal = w.claim("eq", w.u0, w.u1)
    bounds = w.claim("le", w.value("add", total, w.u0), 1), w.claim("le", w.value("add", total, w.u1), 1)
    drop_redundant([], [], [equal, *bounds], {})
    assert [c.status for c in (equal, *bounds)] == [None, None, status]


def test_a_sum_bounds_what_is_in_it_by_whole_numbers() -> None:
    """2 x + y <= 9 and y >= 0 leave x at most 4, though 9 / 2 is more."""
    w = World()
    total = w.claim("le", w.value("add", w.value("mul", 2, w.u0), w.u1), 9)
    least = w.claim("ge", w.u1, 0)
    assert kept(least, total, w.claim("le", w.u0, 4, horizon=1)) == [True, True, False]
    w = World()
    total = w.claim("le", w.value("add", w.value("mul", 2, w.u0), w.u1), 9)
    least = w.claim("ge", w.u1, 0)
    assert kept(least, total, w.claim("le", w.u0, 3, horizon=1)) == [True, True, True]


def test_a_sum_that_comes_too_late_does_not_hide_one_that_is_in_time() -> None:
    w = World()
    least = [w.claim("ge", value, 0) for value in (w.u0, w.u5)]
    late = w.claim("le", w.value("add", w.u1, w.u5), 8)
    timely = w.claim("le", w.value("add", w.u1, w.u0), 9)
    assert kept(*least, late, timely, w.claim("le", w.u1, 9)) == [True, True, True, True, False]


def test_of_conditions_that_all_hold_the_tightest_bound_counts() -> None:
    """Whatever their order is, which nobody decides; so there are many."""
    for leaf in range(4):
        w = World()
        value = getattr(w, f"u{leaf}")
        bounds = [w.value("le", value, limit) for limit in range(3, 30)]
        while len(bounds) > 1:
            bounds.append(w.value("and", bounds.pop(), bounds.pop()))
        either = w.claim("or", bounds[0], w.value("le", value, 2))
        assert kept(either, w.claim("le", value, 3)) == [True, False]


@pytest.mark.parametrize("divisor", [3, -3])
def test_a_quotient_that_is_known_bounds_what_is_divided_on_both_sides(divisor: int) -> None:
    for op, limit, needed in (("le", 8, False), ("le", 7, True), ("ge", 6, False), ("ge", 7, True)):
        w = World()
        known = w.claim("eq", w.value("floordiv", w.u0, divisor), 2)
        value = w.u0 if divisor > 0 else w.value("neg", w.u0)
        assert kept(known, w.claim(op, value, limit)) == [True, needed]


@pytest.mark.parametrize(
    ("op", "limit", "needed"), [("le", 20, False), ("le", 19, True), ("ge", 8, False), ("ge", 9, True)]
)
def test_a_value_that_is_known_bounds_products_on_both_sides(op: str, limit: int, needed: bool) -> None:
    w = World()
    known = [w.claim("eq", w.u0, 4), w.claim("ge", w.u1, 2), w.claim("le", w.u1, 5)]
    assert kept(*known, w.claim(op, w.value("mul", w.u0, w.u1), limit)) == [True, True, True, needed]


def test_a_bound_that_equalities_contradict_is_asserted() -> None:
    w = World()
    equal = w.claim("eq", w.u0, w.value("add", w.u1, 2))
    assert kept(equal, w.claim("le", w.u0, w.value("add", w.u1, 1))) == [True, True]


def test_an_assert_of_the_graph_that_equalities_imply_stays_where_it_is() -> None:
    w = World()
    bound = w.claim("le", w.u0, w.value("add", w.u1, 3), source="check")
    equal = w.claim("eq", w.u0, w.value("add", w.u1, 2))
    drop_redundant([], [bound], [equal], {})
    assert [bound.status, equal.status] == [None, None]


def test_an_equality_that_stands_too_late_is_not_worked_into_bounds() -> None:
    w = World()
    equal = w.claim("eq", w.u0, w.u1, source="check")
    equal.slot = 9
    bounds = [w.claim("le", w.u0, 3), w.claim("le", w.u1, 3), w.claim("le", w.u0, w.u1)]
    drop_redundant([], [equal], bounds, {})
    assert [c.status for c in (equal, *bounds)] == [None, None, None, None]


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("factor", [1, 2**61 + 1])
def test_an_equality_with_factors_is_worked_into_a_bound_in_whole_numbers(limit: int, factor: int) -> None:
    """2 z == 3 f x + 3 y and z <= 4 leave f x + y at most 2 (8 / 3); where it is at most 2, z is at most 3."""
    w = World()
    total = w.value("add", w.value("mul", factor, w.u0), w.u1)
    equal = w.claim("eq", w.value("mul", 2, w.u2), w.value("mul", 3, total))
    found = kept(equal, w.claim("le", w.u2, 4), w.claim("le", total, limit, horizon=2))
    assert found == [True, limit > 2, limit <= 2]


def test_of_bounds_that_an_equality_makes_one_that_of_the_graph_is_kept() -> None:
    w = World()
    check, equal = w.claim("le", w.u1, 3, source="check"), w.claim("eq", w.u0, w.u1)
    bound = w.claim("le", w.u0, 3, horizon=1)
    drop_redundant([], [check], [bound, equal], {})
    assert [c.status for c in (check, bound, equal)] == [None, "implied", None]


@pytest.mark.parametrize(("op", "limit", "needed"), [("ge", 3, False), ("ge", 4, True), ("le", -3, True)])
def test_a_difference_bounds_what_is_taken_away_from_below(op: str, limit: int, needed: bool) -> None:
    w = World()
    other = w.claim("ge", w.u0, 0), w.claim("ge", w.u1, w.value("add", w.u0, 3))
    assert kept(*other, w.claim(op, w.u1, limit)) == [True, True, needed]


@pytest.mark.parametrize(("terms", "needed"), [(NEIGHBOUR_LIMIT, False), (NEIGHBOUR_LIMIT + 1, True)])
def test_sums_of_not_too_many_terms_bound_each_of_them(terms: int, needed: bool) -> None:
    w = World()
    values = [getattr(w, f"s{index}") for index in range(1, terms)]
    least = [w.claim("ge", value, 0) for value in values]
    total = w.claim("le", w.value("sum", w.u0, *values), 9)
    assert kept(*least, total, w.claim("le", w.u0, 9)) == [True] * terms + [needed]


def test_a_bound_that_was_dropped_for_a_tighter_one_is_in_nobodys_way() -> None:
    w = World()
    bounds = w.claim("le", w.u0, 3), w.claim("le", w.u0, 4), w.claim("le", w.u1, 5)
    assert kept(*bounds, w.claim("le", w.value("add", w.u0, w.u1), 8)) == [True, False, True, False]


@pytest.mark.parametrize(
    ("op", "limit", "needed"), [("ge", 2, False), ("ge", 3, True), ("le", 9, False), ("le", 8, True)]
)
def test_a_bound_that_the_range_of_its_value_says_is_not_asserted(op: str, limit: int, needed: bool) -> None:
    w = World()
    assert kept(w.claim(op, w.u0, limit), ranges={(w.u0,): (2, 9)}) == [needed]


def test_a_bound_that_is_there_first_stands_for_one_that_an_equality_makes_the_same() -> None:
    """Whichever of the two was recorded first."""
    for turned in (False, True):
        w = World()
        bounds = [w.claim("le", w.u0, 3), w.claim("le", w.u5, 3)]
        equal = w.claim("eq", w.u5, w.u0)
        kept(*(reversed(bounds) if turned else bounds), equal)
        assert [c.status for c in (*bounds, equal)] == [None, "implied", None]


def test_bounds_of_what_is_computed_follow_from_those_of_its_operands_each_by_itself() -> None:
    w = World()
    bounds = w.claim("le", w.u0, 9), w.claim("le", w.u1, 9)
    larger, smaller = w.value("max", w.u0, w.u1), w.value("min", w.u0, w.u1)
    wanted = w.claim("le", larger, 9), w.claim("le", smaller, 9), w.claim("le", larger, 8)
    assert kept(*bounds, *wanted[:2]) == [True, True, False, False]
    assert kept(*bounds, wanted[2])[-1]


def test_a_sum_does_not_exclude_a_value_that_it_only_bounds() -> None:
    w = World()
    bounds = w.claim("ge", w.u0, 0), w.claim("le", w.value("add", w.u0, w.u1), 9)
    assert kept(*bounds, w.claim("ne", w.u1, 9)) == [True, True, True]
    w = World()
    bounds = w.claim("ge", w.u0, 0), w.claim("le", w.value("add", w.u0, w.u1), 9)
    assert kept(*bounds, w.claim("le", w.value("add", w.u1, w.u2), 9)) == [True, True, True]


def test_what_is_left_of_a_sum_is_counted_from_the_least_of_the_others() -> None:
    for limit, needed in ((7, False), (6, True)):
        w = World()
        bounds = w.claim("ge", w.u0, 2), w.claim("le", w.value("add", w.u0, w.u1), 9)
        assert kept(*bounds, w.claim("le", w.u1, limit)) == [True, True, needed]


@pytest.mark.parametrize(
    ("op", "value", "needs"), [("ge", 3, True), ("ge", 2, False), ("le", 3, True), ("le", 4, False)]
)
def test_a_value_at_the_end_of_a_range_is_not_excluded(op: str, value: int, needs: bool) -> None:
    w = World()
    assert kept(w.claim(op, w.u0, 3), w.claim("ne", w.u0, value)) == [True, needs]


@pytest.mark.parametrize(("op", "limit", "loose"), [("le", 4, 20), ("ge", 4, -20)])
def test_only_what_narrows_a_range_is_a_premise(op: str, limit: int, loose: int) -> None:
    """Not the asserts of the graph that say as much or less."""
    w = World()
    same, looser = w.claim(op, w.u0, limit, source="check"), w.claim(op, w.u0, loose, source="check")
    equal, other = w.claim("eq", w.u0, limit), w.claim(op, w.u1, 5)
    product = w.claim(op, w.value("max", w.u0, w.u1), 5 if op == "le" else 4)
    drop_redundant([], [same, looser], [equal, other, product], {})
    assert product.status == "implied"
    assert equal in product.premises
    assert same not in product.premises
    assert looser not in product.premises


def test_the_least_that_is_known_of_a_value_counts_whatever_the_graph_says_of_it_besides() -> None:
    w = World()
    looser = w.claim("ge", w.u0, -5, source="check")
    bounds = [w.claim("ge", w.u0, 3), w.claim("ge", w.u1, 0)]
    total = w.claim("ge", w.value("add", w.u0, w.u1), 3)
    drop_redundant([], [looser], [*bounds, total], {})
    assert [c.status for c in (looser, *bounds, total)] == [None, None, None, "implied"]
