"""The exact steps of the solver that need no z3: what they say of a condition is what evaluating it says."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from properties.solver import solve
from properties.solver.bits import bit_builder
from properties.solver.bounds import Box, Contradiction, box_of
from properties.solver.enumeration import enumerate_all
from properties.solver.monotone import without_functions
from properties.solver.reduction import parts_of, reduced
from properties.solver.residues import cases, undivided
from properties.solver.smt import Budget, ask
from strategies.evaluate import evaluate, holds
from strategies.terms import FALSE, TRUE, Apply, Const, Term, Undefined, Var, apply, leaves_of
from tests.properties.terms_strategy import conditions, integers, valuations

X, F = Var("x"), Var("f", "float")
LIMITS = [apply(op, leaf, edge) for leaf in "xyz" for op, edge in (("ge", -5), ("le", 5))]


def _inside(box: Box, values: dict[str, int]) -> bool:
    return all(
        (low is None or low <= values[name]) and (high is None or values[name] <= high)
        for name, (low, high) in box.intervals.items()
    )


@settings(max_examples=200)
@given(st.lists(conditions(), max_size=3), valuations())
def test_every_solution_lies_within_the_bounds(terms: list[Term], values: dict[str, int]) -> None:
    if not all(holds(term, values) for term in terms):
        return
    assert _inside(box_of(terms), values)


@settings(max_examples=200)
@given(conditions(), conditions(), valuations())
def test_within_its_box_a_condition_means_what_it_meant(given_: Term, term: Term, values: dict[str, int]) -> None:
    try:
        box = box_of([given_])
    except Contradiction:
        assert not holds(given_, values)
        return
    if _inside(box, values):
        assert holds(term, values) == holds(box.simplified(term), values)
        low, high = box.of(apply("sub", "x", "y"))
        assert low is None or low <= values["x"] - values["y"]
        assert high is None or values["x"] - values["y"] <= high


@given(integers(), valuations())
def test_the_interval_of_a_term_holds_its_value(term: Term, values: dict[str, int]) -> None:
    box = box_of([apply("ge", "x", -9), apply("le", "x", 9), apply("ge", "y", 0), apply("ge", "z", 1)])
    low, high = box.of(term)
    try:
        value = evaluate(term, values)
    except Undefined:
        assert not box.total(term) or not _inside(box, values)
        return
    if _inside(box, values):
        assert low is None or low <= value
        assert high is None or value <= high


def _floats(leaf: Term) -> st.SearchStrategy[Term]:
    """Terms of floats over one leaf, an int or a float."""
    start = leaf if leaf == F else Apply("to_float", (leaf,))
    literals = st.sampled_from([0.0, 1.0, -1.0, 0.1, 2.5, -3.0, 1e300, 7.0]).map(Const)
    base = st.just(start) | literals
    if leaf == X:
        base |= st.builds(
            lambda divisor, turned: Apply("int_div", (Const(divisor), X) if turned else (X, Const(divisor))),
            st.sampled_from([1, -2, 3, 7]),
            st.booleans(),
        )
    binary = st.sampled_from(["float_add", "float_sub", "float_mul", "float_div", "float_min", "float_max"])
    unary = st.sampled_from(["float_neg", "float_abs", "float_sqrt"])
    return st.recursive(
        base,
        lambda inner: (
            st.builds(lambda op, a, b: Apply(op, (a, b)), binary, inner, inner)
            | st.builds(lambda op, a: Apply(op, (a,)), unary, inner)
        ),
        max_leaves=3,
    )


def _one_leaf(leaf: Term) -> st.SearchStrategy[Term]:
    relations = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
    floats = _floats(leaf)
    rounded = st.builds(lambda op, a: Apply(op, (a,)), st.sampled_from(["trunc", "floor", "ceil", "round"]), floats)
    atoms = st.one_of(
        st.builds(lambda op, a, b: Apply(f"float_{op}", (a, b)), relations, floats, floats),
        st.builds(lambda op, a, b: Apply(op, (a, Const(b))), relations, rounded, st.integers(-4, 4)),
        st.builds(lambda op, a, b: Apply(f"mixed_{op}", (Const(a), b)), relations, st.integers(-4, 4), floats),
    )
    return st.recursive(
        atoms,
        lambda inner: (
            st.builds(lambda op, a, b: Apply(op, (a, b)), st.sampled_from(["and", "or"]), inner, inner)
            | inner.map(lambda term: Apply("not", (term,)))
        ),
        max_leaves=3,
    )


@settings(max_examples=200, deadline=None)
@given(_one_leaf(X), st.integers(-70, 70) | st.sampled_from([2**53 + 1, -(2**62)]))
def test_a_condition_on_one_int_is_the_range_that_stands_for_it(term: Term, value: int) -> None:
    box = box_of([apply("ge", X, -(2**62)), apply("le", X, 2**62)])
    assert holds(without_functions(term, box), {"x": value}) == holds(term, {"x": value})


@settings(max_examples=200, deadline=None)
@given(
    _one_leaf(F),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 2.5, math.nextafter(2.5, 3), 1e-320, 6.25, 1e155, 1.7e308])
    | st.floats(allow_nan=True),
    st.booleans(),
)
@example(Apply("float_ne", (apply("float_sub", F, F), Const(0.0))), math.inf, False)
@example(Apply("not", (Apply("float_gt", (F, Const(1.0))),)), math.nan, False)
def test_a_condition_on_one_double_is_the_range_that_stands_for_it(term: Term, value: float, negative: bool) -> None:
    values = {"f": -value if negative else value}
    assert holds(without_functions(term, Box()), values) == holds(term, values)


def test_the_edge_of_a_range_is_exact() -> None:
    """The root of the next double above a quarter rounds to a half; that of the one after it does not."""
    condition = apply("float_le", apply("float_sqrt", F), 0.5)
    found = without_functions(condition, Box())
    edge = math.nextafter(0.25, 1.0)
    edge = edge if math.sqrt(edge) <= 0.5 else 0.25
    beyond = math.nextafter(edge, 1.0)
    assert all(op not in str(found) for op in ("sqrt",))
    assert holds(found, {"f": edge})
    assert not holds(found, {"f": beyond})
    assert solve([condition], [apply("float_le", F, edge)]).status == "unsat"


@given(st.lists(conditions(), min_size=1, max_size=2), conditions())
def test_going_through_all_values_finds_a_solution_if_there_is_one(hold: list[Term], broken: Term) -> None:
    conditions_ = [*hold, *LIMITS]
    sorts = leaves_of(*conditions_, broken)
    box = Box(dict.fromkeys(sorts, (-5, 5)))
    found = enumerate_all(conditions_, [[broken]], sorts, box, 10**6)
    assert found.complete
    if found.model is None:
        assert solve(conditions_, [broken], work=200_000).status != "sat"
    else:
        assert all(holds(term, found.model) for term in conditions_)
        assert not holds(broken, found.model)


@given(conditions(), valuations())
def test_a_division_that_is_carried_out_keeps_the_value(term: Term, values: dict[str, int]) -> None:
    assert holds(undivided(term), values) == holds(term, values)


@given(conditions(), valuations())
def test_each_value_belongs_to_one_case_of_remainders(term: Term, values: dict[str, int]) -> None:
    found = list(cases([term], []))
    matching = [
        case for case in found if all(values[name] % modulus == rest for name, (modulus, rest) in case.leaves.items())
    ]
    assert len(matching) == (1 if found else 0)
    for case in matching:
        quotients: dict[str, Any] = {f"{name}/": values[name] // modulus for name, (modulus, _) in case.leaves.items()}
        assert holds(case.hold[0], {**values, **quotients}) == holds(term, values)
        assert {name: case.model(quotients)[name] for name in case.leaves} == {
            name: values[name] for name in case.leaves
        }


@settings(deadline=None)
@given(conditions(), conditions())
def test_vectors_of_bits_agree_with_integers(first: Term, second: Term) -> None:
    """Within bounds, an answer of vectors is the answer of going through all values."""
    query = [first, *LIMITS]
    box = Box(dict.fromkeys("xyz", (-5, 5)))
    builder = bit_builder([*query, second], box)
    assert builder is not None
    answer = ask(query, [[second]], Budget(10**6), 10**6, builder)
    whole = enumerate_all(query, [[second]], leaves_of(*query, second), box, 10**6)
    if answer.status != "unknown":
        assert answer.status == ("unsat" if whole.model is None else "sat")


def test_bits_that_two_numbers_share_are_exact_in_vectors() -> None:
    box = Box({"x": (0, 2**40), "y": (0, 2**40)})
    limits = [apply("ge", name, 0) for name in "xy"] + [apply("le", name, 2**40) for name in "xy"]
    wanted = [apply("eq", apply("bitand", "x", "y"), 2**33 + 5), apply("eq", apply("bitxor", "x", "y"), 2**39 + 8)]
    builder = bit_builder(wanted, box)
    answer = ask([*limits, *wanted], [], Budget(10**7), 10**7, builder)
    assert answer.model is not None
    assert all(holds(term, answer.model) for term in (*limits, *wanted))


def test_conditions_that_share_no_leaf_are_decided_apart() -> None:
    query = reduced(
        [apply("gt", apply("mul", "x", "y"), 7), apply("eq", apply("mul", "z", "z"), apply("add", "w", 2))],
        [[apply("le", "v", 3)]],
    )
    assert sorted(sorted(part.sorts) for part in parts_of(query)) == [["v"], ["w", "z"], ["x", "y"]]
    joined = reduced([apply("gt", "x", 7)], [[apply("le", "v", 3), apply("le", "x", 9)]])
    assert [sorted(part.sorts) for part in parts_of(joined)] == [["v", "x"]]


@pytest.mark.parametrize("constant", [TRUE, FALSE, apply("eq", apply("floordiv", 1, 0), 0)], ids=str)
def test_a_condition_without_a_leaf_counts(constant: Term) -> None:
    expected = "sat" if constant == TRUE else "unsat"
    assert solve([constant]).status == expected
    assert solve([constant, apply("gt", "x", 2)]).status == expected
    assert solve([apply("gt", "x", 2)], [constant]).status == ("unsat" if constant == TRUE else "sat")


@pytest.mark.parametrize(
    ("hold", "broken", "status"),
    [
        # Each of these was left open, or took seconds, in an audit.
        (
            [
                apply("ge", apply("mul", apply("mod", "u0", 2), "u0"), 11),
                apply("le", apply("neg", apply("floordiv", apply("neg", "u0"), -3)), -1),
                apply("ge", "u0", -(2**63)),
                apply("le", "u0", 2**63 - 1),
            ],
            apply("lt", apply("mul", apply("mod", "u0", -4), "u0"), -10),
            "unsat",
        ),
        (
            [
                apply("eq", 7, apply("bitor", "u0", 7)),
                apply("or", apply("eq", "u0", 2), apply("and", apply("lt", "u0", 2), apply("gt", "u0", 2))),
                apply("ge", apply("rshift", "u0", 3), -5),
            ],
            apply("float_eq", math.sqrt(2), apply("float_sqrt", apply("to_float", "u0"))),
            "unsat",
        ),
        ([apply("float_le", apply("float_sqrt", F), 0.500000001)], apply("float_le", F, 0.250000001), None),
        (
            [
                apply("float_eq", apply("int_div", "u1", "u0"), 0.5833333333333334),
                *(apply("ge", name, 2) for name in ("s0", "s1", "s2", "s3")),
                apply("eq", "s0", "s1"),
                apply("eq", "s1", "s2"),
                apply("ge", "u1", 0),
            ],
            apply("and", apply("eq", "u1", 7), apply("and", apply("eq", "u0", 12), apply("eq", "s3", 6))),
            "sat",
        ),
    ],
    ids=["remainders", "bits", "root", "ratio"],
)
def test_queries_that_were_left_open_are_decided(hold: list[Term], broken: Term, status: str | None) -> None:
    answer = solve(hold, [broken])
    assert answer.status in ({status} if status else {"sat", "unsat"})


def test_a_condition_on_two_small_counts_that_nothing_meets_is_seen_beside_many_leaves() -> None:
    """Found by the audit: u + v as floats is no 3.999999999, whatever the product and the quotient of others are."""
    u, v, w, x = (Var(name) for name in "uvwx")
    total = apply("float_add", apply("to_float", u), apply("to_float", v))
    small = [apply(op, leaf, edge) for leaf in (u, v, w, x) for op, edge in (("ge", 1), ("le", 64))]
    tangled = apply("float_gt", apply("int_div", u, w), Const(-0.1)), apply("eq", apply("mod", x, w), 0)
    given_ = (*small, *tangled, apply("le", v, w))
    assert solve(given_, (apply("float_ne", total, Const(3.999999999)),)).status == "unsat"
    assert solve(given_, (apply("float_ne", total, Const(4.0)),)).status == "sat"


def test_a_quotient_is_gone_through_by_its_divisor_whatever_else_has_few_values() -> None:
    """Found by the campaign: no number of at most 64 divides another one to 4.999999999."""
    u, v, s, w = (Var(name) for name in "uvsw")
    limits = [apply("ge", u, -(2**63)), apply("le", u, 2**63 - 1)]
    limits += [
        apply(op, leaf, edge) for leaf, low in ((v, 1), (s, 2), (w, 2)) for op, edge in (("ge", low), ("le", 64))
    ]
    given_ = (*limits, apply("le", v, w), apply("eq", s, w))
    for number, status in ((4.999999999, "unsat"), (4.96875, "sat")):
        other = apply("float_ne", apply("int_div", u, v), Const(number))
        assert solve(given_, (other,)).status == status


SQUARE = Apply("float_mul", (Var("x", "float"), Var("x", "float")))
CUBE = Apply("float_pow", (Var("x", "float"), Const(3.0)))


def float_is(relation: str, term: Term, number: float) -> Term:
    return Apply(f"float_{relation}", (term, Const(number)))


@pytest.mark.parametrize(("number", "root"), [(0.25, -0.5), (2.25, -1.5)])
def test_the_few_numbers_that_a_condition_leaves_are_gone_through(number, root):
    """What the mathematics library computes of them is known by evaluating, and by no solver."""
    other = float_is("ne", CUBE, root**3)
    at_root = float_is("le", Var("x", "float"), 0.0)
    for hold, *broken in (
        ((float_is("eq", SQUARE, number), at_root),),
        ((at_root,), (float_is("ne", SQUARE, number),)),
    ):
        assert solve((*hold, other), *broken).status == "unsat"
        assert solve((*hold, float_is("eq", CUBE, root**3)), *broken).model == {"x": root}
