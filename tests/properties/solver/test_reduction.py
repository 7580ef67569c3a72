"""What is left of a query: it has the same solutions, names fewer leaves, and falls apart where it can."""

from __future__ import annotations

import pytest

from properties.solver.bounds import Box, Contradiction
from properties.solver.reduction import Part, free_values, parts_of, reduced
from strategies.terms import FALSE, TRUE, Var, apply

TANGLED = apply("gt", apply("mul", "x", "y"), 7)


def test_what_bounds_tell_is_not_asked_again():
    part = reduced([apply("ge", "x", 3), apply("ge", "y", 1), TANGLED], [[apply("ge", "x", 2), apply("lt", "y", 5)]])
    assert part.box.intervals == {"x": (3, None), "y": (1, None)}
    assert part.broken == ((apply("lt", "y", 5),),)
    assert TANGLED in part.hold
    assert part.sorts == {"x": "int", "y": "int"}


def test_the_bounds_of_leaves_that_are_left_stay_and_others_go():
    part = reduced([apply("ge", "x", 3), apply("le", "z", 4), TANGLED], [])
    assert set(part.hold) == {TANGLED, apply("ge", "x", 3)}
    assert part.box.intervals == {"x": (3, None), "z": (None, 4)}


def test_a_query_that_cannot_be_solved_is_a_contradiction():
    for hold, broken in (
        ([FALSE], []),
        ([apply("gt", "x", 3), apply("lt", "x", 3)], []),
        ([TANGLED], [[TANGLED]]),
        ([TANGLED], [[]]),
        ([TANGLED], [[TRUE]]),
        ([apply("ge", "x", 3)], [[apply("gt", "x", 2)]]),
    ):
        with pytest.raises(Contradiction):
            reduced(hold, broken)


def test_a_group_that_is_broken_anyway_is_left_out():
    part = reduced([TANGLED, apply("ge", "x", 3)], [[apply("lt", "x", 3), apply("gt", "y", 4)], [apply("gt", "y", 5)]])
    assert part.broken == ((apply("gt", "y", 5),),)


def test_conjuncts_of_what_has_to_be_broken_are_terms_of_their_group():
    first, second = apply("gt", "x", 4), apply("gt", "y", 4)
    assert reduced([], [[apply("and", first, second)]]).broken == ((first, second),)
    assert reduced([apply("and", TANGLED, TRUE)], []).hold == (TANGLED,)


@pytest.mark.parametrize("turned", [False, True])
def test_what_follows_through_definitions_is_seen_at_once(turned):
    """A stride is a product of sizes: with the leaf written out, the condition is the one that holds."""
    sides = ["s", apply("mul", "x", "y")]
    stride = apply("eq", *(sides[::-1] if turned else sides))
    known = apply("gt", apply("mul", "x", "y"), 7)
    with pytest.raises(Contradiction):
        reduced([stride, known], [[apply("gt", "s", 7)]])
    # Defined by what is defined: two steps, in either order.
    total = apply("eq", "t", apply("add", "s", apply("mul", "z", "z")))
    wanted = [apply("gt", apply("sub", "t", apply("mul", "z", "z")), 7)]
    for hold in ([stride, total, known], [total, stride, known]):
        with pytest.raises(Contradiction):
            reduced(hold, [wanted])
    assert reduced([stride, known], [[apply("gt", "s", 8)]]).broken == ((apply("gt", "s", 8),),)


def test_a_definition_is_found_wherever_it_stands_and_the_first_good_one_stays():
    product, known, wanted = apply("mul", "y", "z"), apply("gt", apply("mul", "y", "z"), 7), [apply("gt", "s", 7)]
    definition, looped = apply("eq", "s", product), apply("eq", "s", apply("mul", "s", "x"))
    for hold in ([known, definition], [looped, definition, known], [definition, looped, known]):
        with pytest.raises(Contradiction):
            reduced(hold, [wanted])


def test_the_bound_of_the_only_leaf_stays():
    square = apply("ne", apply("mul", "x", "x"), 17)
    assert set(reduced([apply("ge", "x", 3), square], []).hold) == {square, apply("ge", "x", 3)}


def test_what_may_be_undefined_defines_nothing():
    quotient = apply("eq", "s", apply("floordiv", "x", "y"))
    looped = apply("eq", "s", apply("mul", "s", "x"))
    other = apply("gt", "s", 7)
    for definition in (quotient, looped, apply("ne", "s", apply("mul", "x", "y"))):
        assert reduced([definition, TANGLED], [[other]]).broken == ((other,),)
    above = apply("gt", apply("floordiv", "x", "y"), 7)
    assert reduced([quotient, above], [[other]]).broken == ((other,),)


def test_parts_share_no_leaf_and_the_smallest_comes_first():
    chain = [apply("gt", apply("mul", first, second), 7) for first, second in ("ab", "cd", "bc")]
    alone = apply("gt", apply("mul", "e", "e"), 7)
    query = reduced([*chain, alone], [[apply("ne", "f", 4), apply("ne", "g", 4)], [apply("ne", "g", 5)]])
    small, middle, large = parts_of(query)
    assert (small.sorts.keys(), small.hold, small.broken) == ({"e"}, (alone,), ())
    assert middle.sorts.keys() == {"f", "g"}
    assert middle.broken == query.broken
    assert middle.hold == ()
    assert (large.sorts.keys(), large.hold) == (set("abcd"), tuple(chain))
    assert all(part.box == query.box for part in (small, middle, large))


def test_of_parts_with_as_many_leaves_the_one_with_fewer_conditions_comes_first():
    twice = [apply("gt", apply("mul", "a", "a"), 7), apply("ne", apply("mul", "a", "a"), 9)]
    once = apply("gt", apply("mul", "b", "b"), 7)
    assert [part.sorts.keys() for part in parts_of(reduced([*twice, once], []))] == [{"b"}, {"a"}]


def test_conditions_without_a_leaf_belong_to_one_part():
    undefined = apply("eq", apply("floordiv", 1, 0), 0)
    box = Box()
    (only,) = parts_of(Part((undefined,), (), {}, box))
    assert only == Part((undefined,), (), {}, box)
    (group,) = parts_of(Part((), ((undefined,),), {}, box))
    assert group.broken == ((undefined,),)
    leaves: dict = {"x": "int", "y": "int"}
    first, second = parts_of(Part((apply("ne", "x", 4), undefined, apply("ne", "y", 4)), ((undefined,),), leaves, box))
    assert sorted((len(part.hold), len(part.broken)) for part in (first, second)) == [(1, 0), (2, 1)]
    assert parts_of(Part((), (), {}, box)) == []


def test_a_leaf_that_nothing_speaks_of_any_more_is_free_within_its_box():
    intervals = {"a": (3, 9), "b": (-9, -3), "c": (-1, 4), "d": (None, -2), "e": (5, None), "x": (7, 8)}
    query = Part((), (), {"x": "int"}, Box(dict(intervals)))
    sorts: dict = {**dict.fromkeys((*intervals, "other"), "int"), "flag": "bool", "f": "float"}
    found = free_values(query, sorts)
    assert found == {"a": 3, "b": -3, "c": 0, "d": -2, "e": 5, "other": 0, "flag": False, "f": 0.0}
    assert type(found["f"]) is float
    assert free_values(
        Part((), (), {}, Box({"z": (0, 0), "n": (0, 5), "p": (-5, 0)})), dict.fromkeys("znp", "int")
    ) == {"z": 0, "n": 0, "p": 0}


def test_the_terms_of_a_part_are_all_of_them():
    first, second, third = (apply("ne", name, 4) for name in "xyz")
    assert Part((first,), ((second,), (third, first)), {}, Box()).terms == (first, second, third, first)


def test_a_float_leaf_is_reduced_to_a_range():
    f = Var("f", "float")
    part = reduced([apply("float_le", apply("float_sqrt", f), 2.0)], [[apply("float_lt", f, 1.0)]])
    assert "sqrt" not in str(part.hold)
