"""What a claim is left to: which other claims, and for which reason, is told of each that gets no assert of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from runtime_assert.claims import Claim
from runtime_assert.normal import relation
from runtime_assert.redundancy import drop_redundant
from tests.runtime_assert.worlds import World


@dataclass
class Case:
    """Claims in order, the one that is dropped, what it is left to, and why."""

    wanted: list[Claim]
    dropped: Claim
    by: Claim | None
    reason: str
    premises: list[Claim] = field(default_factory=list)
    status: str = "implied"
    assumptions: list[Claim] = field(default_factory=list)
    present: list[Claim] = field(default_factory=list)
    ranges: dict[Any, Any] = field(default_factory=dict)


def trivial(w: World) -> Case:
    claim = w.claim("le", w.u0, w.value("max", w.u0, w.u0))
    return Case([claim], claim, None, "it holds for all values", status="trivial")


def trivial_in_the_graph(w: World) -> Case:
    claim = w.claim("le", w.u0, w.value("max", w.u0, w.u0), source="check")
    return Case([], claim, None, "it holds for all values", status="trivial", present=[claim])


def guarded(w: World) -> Case:
    guard, claim = w.claim("le", w.s0, 3, source="assumption"), w.claim("le", w.s0, 4)
    return Case([claim], claim, None, "it follows from the guards and ranges of the inputs", assumptions=[guard])


def repeated(w: World) -> Case:
    first, second = w.claim("le", w.u0, 3), w.claim("lt", w.u0, 4)
    return Case([first, second], second, first, "the same condition", status="merged")


def too_late_in_the_graph(w: World) -> Case:
    check, claim = w.claim("le", w.u0, 3, source="check"), w.claim("le", w.u0, 3)
    check.slot = 5
    return Case([claim], check, claim, "the same condition", status="merged", present=[check])


def a_range_beside_a_check(w: World) -> Case:
    bound, claim = w.claim("le", w.u0, 3, source="range"), w.claim("le", w.u0, 3)
    return Case([bound, claim], bound, claim, "the same condition", status="merged")


def decided_by_ranges(w: World) -> Case:
    claim = w.claim("eq", w.value("min", w.u0, 2), 2)
    ranges = {(w.u0,): (2, 9)}
    return Case([claim], claim, None, "the ranges of the inputs leave no other value", ranges=ranges)


def squeezed(w: World) -> Case:
    value, other = w.u0, w.value("add", w.u1, 2)
    below, above = w.claim("le", value, other, source="check"), w.claim("ge", value, other, source="check")
    claim = w.claim("eq", value, other)
    return Case([claim], claim, below, "it follows from two bounds", [below, above], present=[below, above])


def spanned(w: World) -> Case:
    first, second, third = w.claim("eq", w.u0, w.u1), w.claim("eq", w.u1, w.u2), w.claim("eq", w.u0, w.u2)
    return Case([first, second, third], third, second, "it follows from other equalities", [second, first])


def decided_by_equalities(w: World) -> Case:
    other = w.value("add", w.u1, 2)
    equal, bound = w.claim("eq", w.u0, other), w.claim("ge", w.u0, other)
    return Case([equal, bound], bound, equal, "it follows from equalities", [equal])


def looser(w: World) -> Case:
    tight, loose = w.claim("le", w.u0, 3), w.claim("le", w.u0, 4)
    return Case([loose, tight], loose, tight, "a bound at least as tight is asserted", [tight])


def looser_behind_an_equality(w: World) -> Case:
    equal, tight = w.claim("eq", w.u1, w.value("add", w.u0, 5)), w.claim("le", w.u0, 3)
    loose = w.claim("le", w.u1, 9)
    return Case([equal, tight, loose], loose, tight, "a bound at least as tight is asserted", [tight, equal])


def by_intervals(w: World) -> Case:
    left, right = w.claim("le", w.u0, 3), w.claim("le", w.u1, 4)
    total = w.claim("le", w.value("add", w.u0, w.u1), 7)
    return Case([left, right, total], total, left, "it follows from bounds", [left, right])


def different_by_intervals(w: World) -> Case:
    bound, differs = w.claim("ge", w.u0, 3), w.claim("ne", w.u0, 2)
    return Case([bound, differs], differs, bound, "it follows from bounds", [bound])


def by_a_neighbour(w: World) -> Case:
    other, total = w.claim("ge", w.u0, 0), w.claim("le", w.value("add", w.u0, w.u1), 9)
    claim = w.claim("le", w.u1, 9)
    return Case([other, total, claim], claim, total, "it follows from bounds", [total, other])


CASES = [
    trivial,
    trivial_in_the_graph,
    guarded,
    repeated,
    too_late_in_the_graph,
    a_range_beside_a_check,
    decided_by_ranges,
    squeezed,
    spanned,
    decided_by_equalities,
    looser,
    looser_behind_an_equality,
    by_intervals,
    different_by_intervals,
    by_a_neighbour,
]


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_claim_without_an_assert_says_what_it_is_left_to_and_why(make: Callable[[World], Case]) -> None:
    case = make(World())
    drop_redundant(case.assumptions, case.present, case.wanted, case.ranges)
    dropped = case.dropped
    assert (dropped.status, dropped.reason) == (case.status, case.reason)
    assert dropped.by is case.by
    assert list(dropped.premises) == case.premises
    everything = [*case.assumptions, *case.present, *case.wanted]
    assert [c for c in everything if c.status is not None] == [dropped]


def test_what_never_holds_keeps_an_assert_of_its_own_with_its_own_words() -> None:
    w = World()
    first, second = w.claim("lt", w.u0, w.u0), w.claim("lt", w.u1, w.u1)
    drop_redundant([], [], [first, second], {})
    assert [first.status, second.status] == [None, None]


def test_a_condition_that_is_false_and_no_value_is_asserted_once() -> None:
    claims = [Claim("deferred", None, False, relation(False), slot=3, deadline=4) for _ in range(2)]
    drop_redundant([], [], claims, {})
    assert [c.status for c in claims] == [None, "merged"]


@pytest.mark.parametrize("trace", [None, "File ..."])
def test_a_call_that_constrains_gives_way_to_a_check_unless_it_knows_its_own_line(trace: str | None) -> None:
    w = World()
    call, check = w.claim("ge", w.u0, 2, source="constraint"), w.claim("ge", w.u0, 2)
    call.node = w.graph.placeholder("call")
    if trace is not None:
        call.node.meta["stack_trace"] = trace
    drop_redundant([], [], [call, check], {})
    assert [call.by, check.by] == ([check, None] if trace is None else [None, call])


def test_an_assert_of_the_users_that_comes_late_stays_beside_the_one_that_is_in_time() -> None:
    w = World()
    check, claim = w.claim("ne", w.u0, 3, source="check"), w.claim("ne", w.u0, 3)
    check.slot, check.user = 5, True
    drop_redundant([], [check], [claim], {})
    assert [check.status, claim.status, claim.check] == [None, None, None]


def test_an_assert_in_time_knows_the_late_one_whose_place_it_takes_through_whatever_it_is_merged_with() -> None:
    w = World()
    check, bound, claim = (w.claim("ge", w.u0, 3, source=source) for source in ("check", "range", "deferred"))
    check.slot = 5
    drop_redundant([], [check], [bound, claim], {})
    assert [check.by, bound.by, claim.by] == [bound, claim, None]
    assert claim.check is check


def test_beside_a_late_assert_of_the_users_one_in_time_stands_for_all_that_say_the_same() -> None:
    w = World()
    check, bound, claim, again = (
        w.claim("ge", w.u0, 3, source=source) for source in ("check", "range", "deferred", "deferred")
    )
    check.slot, check.user = 5, True
    drop_redundant([], [check], [w.claim("le", w.u1, 8), bound, claim, again], {})
    assert [one.by for one in (check, bound, claim, again)] == [None, claim, None, claim]
    assert [one.status for one in (check, bound, claim, again)] == [None, "merged", None, "merged"]


def test_what_the_guards_imply_is_found_behind_what_they_say_nothing_of() -> None:
    w = World()
    guard = w.claim("le", w.s0, 3, source="assumption")
    first, second = w.claim("le", w.u0, 3), w.claim("le", w.s0, 4)
    drop_redundant([guard], [], [first, second], {})
    assert [first.status, second.status] == [None, "implied"]
    assert second.reason == "it follows from the guards and ranges of the inputs"


def test_of_several_equalities_that_the_ranges_decide_none_is_asserted() -> None:
    w = World()
    first, second = (w.claim("eq", w.value("min", leaf, 2), 2) for leaf in (w.u0, w.u1))
    drop_redundant([], [], [first, second], {(w.u0,): (2, 9), (w.u1,): (2, 9)})
    assert [first.status, second.status] == ["implied", "implied"]


@pytest.mark.parametrize("group", [None, 7])
def test_a_part_of_a_conjunction_waits_for_a_check_of_the_users_as_long_as_it_waits_for_the_other_parts(
    group: int | None,
) -> None:
    """Else a second run of the pass would assert again what the first one left to the whole conjunction."""
    w = World()
    check, part = w.claim("ge", w.u0, 3, source="check"), w.claim("ge", w.u0, 3)
    check.slot, check.user, part.group = 5, True, group
    drop_redundant([], [check], [part], {})
    assert part.by is (None if group is None else check)


def test_an_assumption_is_never_given_up_for_what_would_have_to_be_asserted() -> None:
    """x <= 5 follows from x + y <= 5 and y >= 0; but x <= 5 is there, and x + y <= 5 follows from it and y <= 0."""
    w = World()
    x, y = w.s0, w.s1
    given = w.claim("le", x, 5, source="assumption")
    least, total, most = w.claim("ge", y, 0), w.claim("le", w.value("add", x, y), 5), w.claim("le", y, 0)
    drop_redundant([given], [], [least, total, most], {})
    assert [c.status for c in (given, least, total, most)] == [None, None, "implied", None]
