"""Equalities that are known: what they determine is put in place, and which of them were needed is told."""

from __future__ import annotations

from fractions import Fraction

from torch import fx

from runtime_assert.equalities import Equalities
from runtime_assert.polynomials import ONE, Monomial
from runtime_assert.values import NEVER, ValueTable


def leaf(table: ValueTable, name: str, slot: int = -1, deadline: int = NEVER) -> Monomial:
    return (table.opaque(fx.Graph().placeholder(name), slot, "int", deadline),)


def leaves(*names: str) -> list[Monomial]:
    table = ValueTable(-1)
    return [leaf(table, name) for name in names]


def test_what_nothing_determines_stays_and_nothing_is_used() -> None:
    x, y, z = leaves("x", "y", "z")
    known = Equalities()
    assert not known
    assert known.reduce({x: 2, ONE: 5}) == ({x: Fraction(2), ONE: Fraction(5)}, [])
    assert known.add({y: 1, x: -1}, "y is x")
    assert known
    assert known.reduce({z: 3, x: 1}) == ({z: 3, x: 1}, [])


def test_the_later_value_is_written_by_the_earlier_one() -> None:
    x, y = leaves("x", "y")
    known = Equalities()
    known.add({y: 2, x: -3, ONE: 4}, "a")  # y is (3 x - 4) / 2
    assert known.reduce({y: 2}) == ({x: 3, ONE: -4}, ["a"])
    assert known.reduce({y: 1, x: 1}) == ({x: Fraction(5, 2), ONE: -2}, ["a"])
    assert known.reduce({x: 1}) == ({x: 1}, [])


def test_equalities_are_used_one_after_the_other_until_nothing_is_determined() -> None:
    x, y, z, w = leaves("x", "y", "z", "w")
    known = Equalities()
    known.add({y: 1, x: -1, ONE: -1}, "y is x + 1")
    known.add({z: 1, y: -1, ONE: -2}, "z is y + 2")
    known.add({w: 1, z: -1, y: -1}, "w is z + y")
    # The second and the third were taken in with y and z written by x: they say so of x only beside the others.
    assert known.reduce({z: 1}) == ({x: 1, ONE: 3}, ["z is y + 2", "y is x + 1"])
    assert known.reduce({w: 1}) == ({x: 2, ONE: 4}, ["w is z + y", "z is y + 2", "y is x + 1"])
    rest, used = known.reduce({w: 1, z: -2})
    assert (rest, used) == ({ONE: -2}, ["w is z + y", "z is y + 2", "y is x + 1"])
    assert known.reduce({w: 1, z: -1, y: -1})[0] == {}


def test_an_equality_that_comes_later_is_used_where_an_earlier_one_leads_to_it() -> None:
    x, y, z = leaves("x", "y", "z")
    known = Equalities()
    known.add({z: 1, y: -1, x: -1}, "z is y + x")
    known.add({y: 1, x: -5}, "y is 5 x")
    assert known.reduce({z: 1}) == ({x: 6}, ["z is y + x", "y is 5 x"])
    assert known.reduce({z: 1, y: -1}) == ({x: 1}, ["z is y + x"])


def test_what_follows_or_cannot_be_is_not_taken_in() -> None:
    x, y = leaves("x", "y")
    known = Equalities()
    assert known.add({x: 1, ONE: -3}, "first")
    assert not known.add({x: 2, ONE: -6}, "again")
    assert not known.add({x: 1, ONE: -4}, "contradiction")
    assert not known.add({}, "nothing")
    assert not known.add({ONE: 4}, "never")
    assert known.reduce({x: 1}) == ({ONE: 3}, ["first"])
    assert known.add({y: 1, x: 1}, "second")
    assert known.reduce({y: 1}) == ({ONE: -3}, ["second", "first"])


def test_values_made_at_run_time_are_written_by_inputs_and_late_ones_by_early_ones() -> None:
    table = ValueTable(-1)
    made = leaf(table, "u", slot=3, deadline=7)
    later = leaf(table, "v", slot=5, deadline=9)
    given = leaf(table, "s", slot=8)
    known = Equalities()
    known.add({made: 1, given: -1}, "u is s")
    known.add({made: 1, later: -2}, "u is 2 v")
    assert known.reduce({made: 1}) == ({given: 1}, ["u is s"])
    assert known.reduce({later: 2}) == ({given: 1}, ["u is 2 v", "u is s"])
    product: Monomial = (given[0], made[0])
    other = Equalities()
    other.add({product: 1, given: -4}, "s u is 4 s")
    assert other.reduce({product: 1}) == ({given: 4}, ["s u is 4 s"])


def test_a_constant_is_never_written_by_values() -> None:
    x, y = leaves("x", "y")
    known = Equalities()
    known.add({ONE: 7, x: -1}, "x is 7")
    assert known.reduce({ONE: 2, x: 3, y: 1}) == ({ONE: 23, y: 1}, ["x is 7"])


def test_what_cancels_on_the_way_does_not_keep_the_rest_from_being_determined() -> None:
    w, x, y, z = leaves("w", "x", "y", "z")
    known = Equalities()
    known.add({w: 1, ONE: -2}, "w is 2")
    known.add({z: 1, y: -1, x: -1}, "z is y + x")
    known.add({y: 1, x: -5}, "y is 5 x")
    assert known.reduce({z: 1, y: -1, w: 1}) == ({x: 1, ONE: 2}, ["z is y + x", "w is 2"])
