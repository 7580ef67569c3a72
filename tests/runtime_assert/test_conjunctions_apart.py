"""Which parts a conjunction has, and which of them are put together again: of claims made by hand."""

from __future__ import annotations

from typing import Any

import pytest
import sympy

from runtime_assert.claims import Claim
from runtime_assert.conjunctions import facts_of, join, parts_of, split
from runtime_assert.normal import relation
from runtime_assert.values import NEVER, Value
from tests.runtime_assert.worlds import World

U = sympy.Symbol("u0", integer=True)


def both(world: World, *parts: Any) -> Value:
    """A conjunction, nested to the left."""
    found = parts[0]
    for part in parts[1:]:
        found = world.value("and", found, part)
    return found


def test_a_conjunction_consists_of_conditions_in_the_order_in_which_they_were_written() -> None:
    world = World()
    first, second, third = (world.value("le", world.u0, number) for number in (7, 5, 3))
    assert parts_of(both(world, third, first, second)) == [third, first, second]
    assert parts_of(both(world, third, both(world, first, third, second))) == [third, first, second]
    assert parts_of(world.value("or", first, second)) == [world.value("or", first, second)]
    # Neither a comparison of two values, nor of bits, nor with a constant truth.
    for other in (
        world.value("le", world.u0, world.u1),
        world.value("and", world.u0, world.u1),
        world.value("and", first, True),
    ):
        assert parts_of(other) == [other]


def test_a_conjunction_becomes_claims_of_its_parts_that_keep_what_is_known_of_it() -> None:
    world = World()
    low, high, later, of_inputs = (
        world.value("ge", world.u1, 2),
        world.value("le", world.u1, 9),
        world.value("ne", world.u3, 4),
        world.value("ne", world.s0, 4),
    )
    assertion: Any = object()
    whole = Claim("deferred", sympy.Ne(U, 1), both(world, low, later, of_inputs), symbol=U, assertion=assertion)
    plain, constant, settled = Claim("check", None, high), Claim("check", None, True), Claim("check", None, None)
    settled.condition, settled.status = both(world, low, high), "merged"
    second = Claim("replacement", None, both(world, low, high))
    result = split([plain, whole, constant, settled, second])
    assert (result[0], *result[4:6]) == (plain, constant, settled)
    parts, others = result[1:4], result[6:]
    assert [part.condition for part in parts] == [low, later, of_inputs]
    assert [part.condition for part in others] == [low, high]
    assert [part.relation for part in parts] == [relation(part.condition) for part in parts]
    assert [(part.slot, part.deadline) for part in parts] == [(1, 10), (3, 12), (-1, 0)]
    for part in parts:
        assert (part.source, part.expr, part.symbol, part.assertion) == ("deferred", sympy.Ne(U, 1), U, assertion)
        assert part.status is None
    assert [part.source for part in others] == ["replacement"] * 2
    # The parts of one are told from those of another.
    assert len({part.group for part in parts}) == len({part.group for part in others}) == 1
    assert None not in (parts[0].group, others[0].group)
    assert parts[0].group != others[0].group
    assert plain.group is None


def test_what_conjunctions_of_the_graphs_own_asserts_say_is_known_part_by_part() -> None:
    world = World()
    low, high = world.value("ge", world.u1, 2), world.value("le", world.u1, 9)
    whole = Claim("check", None, both(world, low, high))
    dropped = Claim("check", None, both(world, high, low), status="merged")
    facts = facts_of([Claim("check", None, low), dropped, Claim("check", None, True), whole])
    assert [(fact.condition, fact.user, fact.group) for fact in facts] == [(low, True, None), (high, True, None)]
    assert facts_of([]) == []


def test_what_a_conjunction_says_is_known_when_the_whole_is_checked_and_not_before() -> None:
    world = World()
    early, late = world.value("le", world.u1, 5), world.value("le", world.u3, 7)
    whole = Claim("check", None, both(world, early, late), slot=3, deadline=12)
    assert [(fact.slot, fact.deadline) for fact in facts_of([whole])] == [(3, 12), (3, 12)]


def test_a_conjunction_that_says_no_more_than_one_of_its_parts_says_nothing_beside_itself() -> None:
    """What would be dropped for the sake of that part is the part's own assert."""
    world = World()
    low, always = world.value("le", world.u1, 5), world.value("ge", world.value("mod", world.u1, -2), -40)
    condition = both(world, low, always)
    (fact,) = facts_of([Claim("check", None, condition, relation(condition), slot=3)])
    assert fact.condition == always


def parts(world: World, *conditions: Value) -> list[Claim]:
    return split([Claim("deferred", None, both(world, *conditions))])


def test_parts_that_can_wait_are_asserted_with_the_one_that_is_known_last() -> None:
    world = World()
    other = Claim("deferred", None, world.value("ne", world.u5, 1), slot=5)
    first, last, third = parts(
        world, world.value("ne", world.u0, 3), world.value("ne", world.u2, 4), world.value("ne", world.u1, 5)
    )
    join([other, first, last, third], world.table)
    for part in (first, third):
        assert (part.status, part.by, part.reason) == ("merged", last, "part of the same check")
    assert last.status is None
    # It reads as it was written.
    assert last.condition.op == "and"
    assert last.condition.args == (both(world, first.condition, world.value("ne", world.u2, 4)), third.condition)
    assert last.condition.args[0].args == (first.condition, world.value("ne", world.u2, 4))
    assert last.relation == relation(last.condition)
    assert (other.status, other.condition.op) == (None, "ne")


def test_parts_of_two_conjunctions_and_parts_that_are_settled_are_not_put_together() -> None:
    world = World()
    conditions = [world.value("ne", world.u0, number) for number in range(6)]
    wholes = [Claim("deferred", None, both(world, *conditions[start : start + 3])) for start in (0, 3)]
    claims = split(wholes)
    claims[1].status = "implied"
    join(claims, world.table)
    assert [claim.status for claim in claims] == [None, "implied", "merged", None, "merged", "merged"]
    assert claims[2].by is claims[0]
    assert claims[4].by is claims[5].by is claims[3]
    assert parts_of(claims[0].condition) == [conditions[0], conditions[2]]
    assert parts_of(claims[3].condition) == conditions[3:]


@pytest.mark.parametrize(("used", "waits"), [(1, False), (2, False), (3, True), (NEVER, True)])
def test_a_part_waits_for_the_last_one_unless_what_it_protects_is_used_until_then(used: int, waits: bool) -> None:
    """A node at 2 uses the value before an assert behind that node could reject it."""
    world = World()
    value = world.table.opaque(world.graph.placeholder("v"), 0, "int", used)
    early, late = parts(world, world.value("ne", value, 3), world.value("ne", world.u2, 4))
    join([early, late], world.table)
    assert early.status == ("merged" if waits else None)
    assert (early.by, late.by) == (late if waits else None, None)
    assert (late.condition.op, early.condition.op) == ("and" if waits else "ne", "ne")


@pytest.mark.parametrize("status", ["implied", "merged", "trivial"])
@pytest.mark.parametrize("named", ["by", "premises"])
@pytest.mark.parametrize(
    ("horizons", "waits"), [([1], False), ([2], True), ([3], True), ([1, 3], False), ([3, 1], False)]
)
def test_a_part_waits_unless_it_is_too_late_then_for_what_was_dropped_for_its_sake(
    status: Any, named: str, horizons: list[int], waits: bool
) -> None:
    world = World()
    early, late = parts(world, world.value("ne", world.u0, 3), world.value("ne", world.u2, 4))
    dropped = [world.claim("ne", world.u0, 6 + number, horizon=horizon) for number, horizon in enumerate(horizons)]
    for claim in dropped:
        claim.status = status
        claim.by, claim.premises = (early, ()) if named == "by" else (None, (late, early))
    join([*dropped, early, late], world.table)
    assert (early.status == "merged") is (waits or status == "trivial")


def test_a_part_that_waits_for_nobody_lets_the_others_wait_for_each_other() -> None:
    world = World()
    hasty = world.table.opaque(world.graph.placeholder("v"), 0, "int", 1)
    first, second, third, last = parts(
        world,
        world.value("ne", hasty, 3),
        world.value("ne", world.table.opaque(world.graph.placeholder("w"), 0, "int", 2), 3),
        world.value("ne", world.table.opaque(world.graph.placeholder("x"), 1, "int", 3), 3),
        world.value("ne", world.u4, 4),
    )
    join([first, second, third, last], world.table)
    assert [part.by for part in (first, second, third, last)] == [None, third, None, None]
