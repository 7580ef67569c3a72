"""The steps that decide a part: the first that knows decides, each stays within its share, and none is believed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from properties.solver import portfolio, solve
from properties.solver.bounds import Box
from properties.solver.enumeration import MANY
from properties.solver.portfolio import STEPS, _complement, _narrowest, _points, _ranges, decide
from properties.solver.reduction import Part, reduced
from properties.solver.smt import Answer, Budget, satisfies
from properties.solver.statistics import Statistics, collected
from strategies.terms import Apply, Const, Term, Var, apply, leaves_of

F, G = Var("f", "float"), Var("g", "float")
WORK = 10**6
ALONE = {step.__name__: ((name, step),) for name, step in STEPS}
"""Each step as a portfolio of its own."""


def part_of(*hold: Term, broken: tuple[tuple[Term, ...], ...] = (), **intervals) -> Part:
    terms = (*hold, *(term for group in broken for term in group))
    return Part(hold, broken, leaves_of(*terms), Box(intervals))


def decided(name: str, part: Part, work: int = WORK, steps: Any = None) -> Answer:
    return decide(part, Budget(10 * work), work, ALONE[name] if steps is None else steps)


def wave(limit: float = 1.9) -> Term:
    """Something of which the solver knows nothing: it will have a model that evaluating does not confirm."""
    return apply(
        "float_gt", apply("float_add", apply("float_sin", F), apply("float_sin", apply("float_neg", F))), limit
    )


def limits(name: str, low: int, high: int) -> list[Term]:
    return [apply("ge", name, low), apply("le", name, high)]


def test_the_first_step_that_knows_decides_and_what_an_earlier_one_guessed_is_its_hint():
    seen = []

    def step(answer: Answer | None):
        return lambda part, budget, work, hint: seen.append(dict(hint)) or answer

    unknown = Answer("unknown", "inner", {"x": 4}, "a guess")
    steps = [
        ("silent", step(None)),
        ("guess", step(unknown)),
        ("mute", step(Answer("unknown", "inner", None, "no idea"))),
        ("sure", step(Answer("sat", "inner", {"x": 5}))),
        ("never asked", step(Answer("unsat", "inner"))),
    ]
    part = part_of(apply("gt", "x", 3))
    assert decide(part, Budget(1), 1, steps) == Answer("sat", "sure", {"x": 5})
    assert seen == [{}, {}, {"x": 4}, {"x": 4}]
    assert decide(part, Budget(1), 1, steps[:3]) == Answer("unknown", "inner", None, "no idea")
    assert decide(part, Budget(1), 1, steps[:1]) == Answer("unknown", "none", None, "no step decides this")
    assert decide(part, Budget(1), 1, [steps[4]]) == Answer("unsat", "never asked")


def test_what_a_step_asks_of_other_steps_is_not_counted_by_itself():
    found = Statistics(lambda: 0.0)
    part = part_of(apply("gt", "x", 3), x=(0, 9))
    with collected(found):
        decided("_few", part)
        assert found.steps == {}
        decide(part, Budget(WORK), WORK)
    assert found.steps.keys() == {"enumeration"}


def test_few_values_are_gone_through_and_more_where_roundings_matter():
    exact = part_of(apply("eq", "x", apply("mul", "y", "y")), x=(0, 399), y=(7, 7))
    assert decided("_few", exact) == Answer("sat", "enumeration", {"x": 49, "y": 7})
    assert decided("_few", part_of(apply("lt", "x", "x"), x=(0, 399))).status == "unsat"
    assert decided("_few", part_of(apply("lt", "x", "x"), x=(0, 400))).status == "unknown"
    assert decided("_many", part_of(apply("lt", "x", "x"), x=(0, 400))).status == "unsat"
    assert decided("_many", part_of(apply("lt", "x", "x"), x=(0, None))).status == "unknown"
    pairs = part_of(apply("lt", apply("add", "x", "y"), 0), x=(0, 199), y=(0, 199))
    assert 200 * 200 <= MANY < 200 * 200 + 200
    assert decided("_many", pairs).status == "unknown"
    rounded = apply("float_lt", apply("to_float", "x"), 0.0)
    assert decided("_few", part_of(rounded, x=(0, 4_999))).status == "unsat"
    assert decided("_few", part_of(broken=((apply("not", rounded),),), x=(0, 4_999))).status == "unsat"


def test_a_condition_on_floats_that_nothing_meets_decides_alone():
    ratio = apply("float_eq", apply("int_div", "x", 7), 0.3)
    other = apply("gt", apply("mul", "u", "v"), 3)
    part = part_of(other, ratio, x=(0, 99))
    assert decided("_one_condition", part) == Answer("unsat", "enumeration")
    group = (apply("float_ne", apply("int_div", "x", 7), 0.3),)
    assert decided("_one_condition", part_of(other, broken=(group,), x=(0, 99))).status == "unsat"
    # One that can be met alone, one of integers, and one with too many values leave the question open.
    fits = apply("float_eq", apply("int_div", "x", 4), 0.75)
    for open_ in (fits, apply("lt", "x", "x")):
        assert decided("_one_condition", part_of(other, open_, x=(0, 99))).status == "unknown"
    assert decided("_one_condition", part_of(other, ratio)).status == "unknown"
    both = (group[0], apply("gt", "x", 100))
    assert decided("_one_condition", part_of(other, broken=(both,), x=(0, 99))).status == "unknown"


@pytest.mark.parametrize(
    ("name", "share"), [("_glance", 0.01), ("_quick", 0.1), ("_thorough", 1.0), ("_residues", 0.02), ("_bits", 1.0)]
)
def test_a_call_of_z3_may_do_its_share_of_the_work(monkeypatch, name, share):
    asked = []

    def ask(hold, broken, budget, work, builder=None):
        asked.append((work, budget, builder is not None))
        return Answer("unknown", "z3", None, "asked")

    monkeypatch.setattr(portfolio, "ask", ask)
    budget = Budget(77)
    part = part_of(apply("eq", apply("mod", "x", 3), 1), apply("gt", "x", 5), x=(0, 99))
    decide(part, budget, 1000, ALONE[name])
    assert asked == [(int(1000 * share), budget, name == "_bits")]


def test_what_is_left_for_a_value_is_decided_with_a_tenth_of_the_work_by_steps_that_ask_no_other(monkeypatch):
    asked = []
    monkeypatch.setattr(portfolio, "decide", lambda *args: asked.append(args[1:]) or Answer("unsat"))
    budget = Budget(77)
    for count in (2, 3):
        part = part_of(apply("gt", apply("mul", "x", "y"), 5), x=(1, count))
        assert decide(part, budget, 1000, ALONE["_values"]).status == "unsat"
        assert asked == [(budget, 100, portfolio._INNER)] * count
        asked.clear()


def test_z3_is_asked_about_the_whole_part():
    part = part_of(apply("gt", apply("add", "x", "y"), 7), broken=((apply("gt", "x", 7), apply("gt", "y", 3)),))
    for name in ("_glance", "_quick", "_thorough"):
        answer = decided(name, part)
        assert (answer.status, answer.by) == ("sat", "z3")
        assert answer.model is not None
        assert satisfies(part.hold, part.broken, answer.model)
        assert decided(name, part_of(*part.hold, broken=((part.hold[0],),))).status == "unsat"


def test_remainders_are_gone_through_case_by_case():
    square = apply("mod", apply("mul", "x", "x"), 8)
    assert decided("_residues", part_of(apply("eq", square, 3))) == Answer("unsat", "residues")
    part = part_of(apply("eq", square, 4), apply("gt", "x", 50), broken=((apply("lt", "x", 60), apply("gt", "y", 3)),))
    answer = decided("_residues", part)
    assert (answer.status, answer.by) == ("sat", "residues")
    assert answer.model is not None
    assert satisfies(part.hold, part.broken, answer.model)
    # Nothing is split, or a case stays open.
    assert decided("_residues", part_of(apply("gt", apply("mul", "x", "x"), 8))).reason == "no step decides this"
    assert decided("_residues", part_of(apply("eq", square, 4), wave())).reason == "no step decides this"


def test_a_case_that_the_budget_leaves_open_leaves_the_question_open():
    """Whatever the other cases say: none of these has a solution, but nobody has shown it."""
    cubes = apply("eq", apply("mul", "x", "x", "x"), apply("add", apply("mul", 9, "y"), 4))
    remainder = apply("eq", apply("mod", "x", 3), apply("mod", "y", 2))
    assert decide(part_of(cubes, remainder), Budget(0), WORK, ALONE["_residues"]).status == "unknown"
    narrow = part_of(cubes, v=(1, 2), broken=((apply("lt", "v", 4), apply("gt", "y", 1)),))
    assert decide(narrow, Budget(0), WORK, ALONE["_values"]).status == "unknown"


@pytest.mark.parametrize("name", ["_residues", "_values"])
def test_no_model_of_a_case_is_believed(monkeypatch, name):
    part = part_of(apply("eq", apply("mod", "x", 3), 1), apply("gt", apply("mul", "x", "y"), 1000), x=(0, 4))
    monkeypatch.setattr(portfolio, "ask", lambda *args: Answer("sat", "z3", {"x/": 0, "y": 1, "x": 0}))
    monkeypatch.setattr(portfolio, "decide", lambda *args: Answer("sat", "z3", {"y": 1}))
    assert decide(part, Budget(WORK), WORK, ALONE[name]).reason == "no step decides this"


def test_vectors_of_bits_are_for_what_is_known_to_fit():
    product = apply("eq", apply("mul", "x", "y"), 77)
    both = [*limits("x", 2, 40), *limits("y", 2, 40)]
    answer = decided("_bits", part_of(product, *both, x=(2, 40), y=(2, 40)))
    assert answer.model is not None
    assert sorted(answer.model.values()) == [7, 11]
    assert decided("_bits", part_of(product, *both, broken=((product,),), x=(2, 40), y=(2, 40))).status == "unsat"
    assert decided("_bits", part_of(product, x=(2, 40))).reason == "no step decides this"


def test_a_search_starts_from_the_hint_and_tries_as_much_as_it_may(monkeypatch):
    part = part_of(apply("eq", apply("mul", "x", "y"), 1001), broken=((apply("lt", "x", 78),),))
    guess = ("guess", lambda part, budget, work, hint: Answer("unknown", "guess", {"x": 91, "y": 12}, "near"))
    for name in ("_search_few", "_search"):
        assert decided(name, part, steps=(guess, *ALONE[name])) == Answer("sat", "search", {"x": 91, "y": 11})
    asked = []
    monkeypatch.setattr(
        portfolio, "search_solution", lambda hold, broken, hint, most: asked.append((hold, broken, most))
    )
    for name in ("_search_few", "_search"):
        assert decided(name, part).status == "unknown"
    assert asked == [(part.hold, part.broken, 2_000), (part.hold, part.broken, 30_000)]


def test_a_leaf_with_few_values_is_gone_through_value_by_value():
    """Of each value a bound on the other leaf is left."""
    ratio = apply("float_eq", apply("int_div", "u", "v"), 0.75)
    sized = part_of(ratio, apply("gt", "u", 2), v=(1, 8), u=(-(10**9), 10**9))
    for name in ("_values", "_values_of_rounded"):
        answer = decided(name, sized)
        assert (answer.status, answer.by) == ("sat", "values")
        assert answer.model in ({"u": 3, "v": 4}, {"u": 6, "v": 8})
        never = part_of(apply("float_eq", apply("int_div", "u", "v"), 0.3), v=(1, 8), u=(-(10**9), 10**9))
        assert decided(name, never) == Answer("unsat", "values")
        assert decided(name, part_of(ratio, wave(), v=(1, 8), u=(-99, 99))).reason == "no step decides this"
        assert decided(name, part_of(ratio, u=(0, 900))).reason == "no step decides this"
    whole = part_of(apply("eq", apply("mul", "u", "v"), 77), v=(8, 20), u=(2, 900))
    assert decided("_values", whole).model == {"u": 7, "v": 11}
    assert decided("_values_of_rounded", whole).reason == "no step decides this"
    broken = (apply("ne", apply("mul", "u", "v"), 77),)
    assert decided("_values", part_of(broken=(broken,), v=(8, 20), u=(2, 900))).model == {"u": 7, "v": 11}


def test_a_square_beside_a_leaf_with_few_values_is_decided():
    """Of each ``v`` a question about the root of a number is left; of each ``w``, which has fewer, the whole one."""
    square = apply("eq", apply("mul", apply("mul", "u", "u"), "v"), 1_999_960)
    beside = (apply("le", "v", "w"), apply("ge", "v", 1), apply("ge", "w", 2), apply("le", "w", 64))
    assert solve((square, *beside)) == Answer("unsat", "values")


def test_a_leaf_with_one_value_does_not_hide_one_with_few():
    """``w`` is 1, and stands beside a rounding as ``v`` does; of each ``v`` a bound of ``u`` is left."""
    never = apply("float_eq", apply("int_div", "u", "v"), 1.666666666666667)
    beside = apply("float_ne", apply("int_div", "w", "v"), 5e-324)
    ends = [
        apply(op, name, end)
        for name, low, high in (("u", 3, 2000), ("v", 3, 63))
        for op, end in (("ge", low), ("le", high))
    ]
    part = part_of(never, beside, *ends, v=(3, 63), u=(3, 2000), w=(1, 1))
    assert _narrowest(part) == ("w", range(1, 2))
    assert decided("_values", part) == Answer("unsat", "values")


def test_the_leaf_with_the_fewest_values_is_chosen_one_beside_a_rounding_first():
    sides = [apply("gt", apply("mul", "x", "y"), "z"), apply("gt", "w", 3)]
    intervals = {"x": (0, 9), "y": (5, 7), "z": (-9, 99), "w": (None, 2)}
    assert _narrowest(part_of(*sides, **intervals)) == ("y", range(5, 8))
    rounded = apply("float_gt", apply("to_float", "x"), 0.5)
    assert _narrowest(part_of(*sides, rounded, **intervals)) == ("x", range(10))
    assert _narrowest(part_of(*sides, x=(-3, 60), y=(2, 65))) == ("x", range(-3, 61))
    assert _narrowest(part_of(*sides, x=(-3, 61), y=(2, 66))) is None
    assert _narrowest(part_of(*sides, x=(None, 3), y=(3, None), q=(1, 2))) is None
    # Of two that are alike the first by name.
    assert _narrowest(part_of(*sides, z=(1, 2), x=(3, 4), y=(5, 6))) == ("x", range(3, 5))
    # A factor of a product before what stands beside it, however few values that has; a multiple is no product.
    assert _narrowest(part_of(*sides, z=(1, 2), y=(5, 7))) == ("y", range(5, 8))
    doubled = apply("gt", apply("mul", 2, "y"), "z")
    assert _narrowest(part_of(doubled, z=(1, 2), y=(5, 7))) == ("z", range(1, 3))
    flag = part_of(apply("and", Var("b", "bool"), sides[1]), b=(0, 1))
    assert _narrowest(flag) is None


def between(leaf: Term, low: float, high: float) -> Apply:
    return Apply("and", (apply("float_ge", leaf, low), apply("float_le", leaf, high)))


def outside(*ends: float) -> Apply:
    """What holds for all numbers but those strictly between two ends, and for NaN."""
    edges = [-math.inf, *ends, math.inf]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return Apply("or", (*(between(F, low, high) for low, high in pairs), apply("float_ne", F, F)))


def test_ranges_are_read_of_conditions_on_one_float():
    assert _ranges(between(F, 1.0, 2.0)) == ("f", [(1.0, 2.0)])
    two = Apply("or", (between(F, 1.0, 2.0), between(F, 4.0, 4.0)))
    assert _ranges(two) == ("f", [(1.0, 2.0), (4.0, 4.0)])
    assert _ranges(Apply("or", (between(F, 1.0, 2.0), between(G, 4.0, 4.0)))) is None
    assert _ranges(apply("and", apply("float_ge", F, 1.0), apply("float_le", G, 2.0))) is None
    for other in (
        apply("float_ge", F, 1.0),
        apply("or", between(F, 1.0, 2.0), apply("float_ge", F, 5.0)),
        Apply("and", (*between(F, 1.0, 2.0).args, Var("b", "bool"))),
        Apply("and", between(F, 1.0, 2.0).args[::-1]),
        apply("and", apply("float_gt", F, 1.0), apply("float_le", F, 2.0)),
        Var("b", "bool"),
        Const(True),
    ):
        assert _ranges(other) is None


def test_where_a_condition_does_not_hold_is_read_of_the_ranges_where_it_does():
    step = math.nextafter
    found = _complement(outside(1.0, 2.0, 4.0, 5.0))
    assert found == ("f", [(step(1.0, 2.0), step(2.0, 1.0)), (step(4.0, 5.0), step(5.0, 4.0))])
    # The order of the ranges does not matter.
    *options, nan = outside(1.0, 2.0).args
    assert _complement(Apply("or", (*options[::-1], nan))) == ("f", [(step(1.0, 2.0), step(2.0, 1.0))])
    for other in (
        Apply("or", tuple(options)),
        Apply("or", (*options, apply("float_ne", G, G))),
        Apply("or", (options[0], nan)),
        Apply("or", (options[1], nan)),
        Apply("or", (apply("float_ge", F, 2.0), nan)),
        Apply("and", (*options, nan)),
        nan,
        Var("b", "bool"),
    ):
        assert _complement(other) is None


def test_a_float_of_which_a_few_numbers_are_left_is_gone_through():
    point = between(F, 2.5, 2.5)
    tangled = apply("float_gt", G, 1.0)
    assert _points(part_of(tangled, point)) == ("f", [2.5])
    two = Apply("or", (point, between(F, 0.0, 0.0)))
    name, numbers = _points(part_of(two)) or ("", [])
    assert (name, [str(number) for number in numbers]) == ("f", ["2.5", "0.0", "-0.0"])
    assert _points(part_of(Apply("or", (point, between(F, 3.0, 4.0))))) is None
    beside = math.nextafter(math.nextafter(1.0, 2.0), 2.0)
    hole = outside(1.0, beside)
    assert _points(part_of(broken=((hole,),))) == ("f", [math.nextafter(1.0, 2.0)])
    assert _points(part_of(hole)) is None
    assert _points(part_of(broken=((hole, tangled),))) is None
    assert _points(part_of(broken=((outside(1.0, 2.0),),))) is None
    cube = Apply("float_pow", (F, Const(3.0)))
    answer = decided("_values", part_of(two, apply("float_gt", cube, 1.0), apply("float_lt", G, 1.0)))
    assert answer.model is not None
    assert answer.model["f"] == 2.5
    assert decided("_values", part_of(two, apply("float_gt", cube, 16.0))) == Answer("unsat", "values")


def test_a_step_asks_no_other_one_that_asks_it():
    assert [name for name, _ in portfolio._INNER].count("values") == 0
    assert {name for name, _ in STEPS} - {name for name, _ in portfolio._INNER} == {"values", "fractions", "cvc5"}


def test_the_first_steps_are_the_cheap_ones():
    part = reduced([apply("float_gt", F, 1.0), apply("float_lt", apply("float_add", F, F), G)], [])
    answer = decide(part, Budget(3 * WORK), WORK)
    assert (answer.status, answer.by) == ("sat", "z3")


def test_a_solution_of_many_integers_that_are_rounded_is_looked_for_near_zero():
    """z3 takes integers so large that a rounding matters, and says of it what is not so; found in a search."""
    first, second = apply("to_float", "a"), apply("to_float", "c")
    wide = [apply(op, name, end) for name in "abcd" for op, end in (("ge", -(2**63)), ("le", 2**63 - 1))]
    hold = [
        *wide,
        apply("le", Apply("add", (Var("c"), Var("a"), Var("b"), Var("d"))), 24),
        apply("ge", apply("bitand", "a", 1), 1),
        apply("eq", "c", apply("sub", "d", 2)),
        apply("float_eq", apply("float_sub", first, second), 9.0),
        apply("le", 0, "c"),
    ]
    broken = [apply("mixed_le", "c", 1.0)]
    answer = solve(hold, broken)
    assert answer.status == "sat"
    assert answer.model is not None
    assert satisfies(hold, (broken,), answer.model)


def test_a_quotient_that_has_to_be_a_number_is_solved_as_a_fraction_and_nothing_is_said_if_none_fits():
    quotient = apply("float_eq", apply("int_div", "u0", "u1"), 2.5)
    found = decided("_fractions", part_of(quotient, apply("ge", "u1", 3), u1=(3, None)))
    assert (found.status, found.by) == ("sat", "fractions")
    assert found.model is not None
    assert found.model["u0"] / found.model["u1"] == 2.5
    # What speaks of no such quotient, what contradicts itself, and what has no solution among multiples of 5 and 2.
    for part in (
        part_of(apply("ge", "u1", 3)),
        part_of(quotient, apply("eq", "u1", 0)),
        part_of(quotient, *limits("u1", 3, 3), u1=(3, 3)),
    ):
        assert decided("_fractions", part).status == "unknown"


@pytest.mark.parametrize(("op", "end"), [("ge", 2**20), ("le", -(2**20))])
def test_near_zero_is_up_to_where_no_rounding_matters(op, end):
    def beyond(number: int) -> Part:
        rounded = apply("float_ne", apply("to_float", "x"), F)
        return part_of(
            apply("or", Var("b", "bool"), apply(op, "x", number)),
            broken=((apply("not", rounded),), (Var("b", "bool"),)),
        )

    answer = decided("_near_zero", beyond(end))
    assert (answer.status, answer.by) == ("sat", "z3")
    assert answer.model is not None
    assert answer.model["x"] == end
    # That there is none near zero says nothing.
    away = end + (1 if op == "ge" else -1)
    assert decided("_near_zero", beyond(away)).reason == "no step decides this"
    assert decided("_thorough", beyond(away)).status == "sat"


def test_near_zero_is_for_integers_that_are_rounded(monkeypatch):
    asked = []

    def ask(hold, broken, budget, work):
        asked.append((hold, broken, budget, work))
        return Answer("unknown", "z3", None, "asked")

    monkeypatch.setattr(portfolio, "ask", ask)
    budget = Budget(77)
    for part in (part_of(apply("gt", "x", 5)), part_of(apply("float_gt", F, 5.0))):
        assert decide(part, budget, 1000, ALONE["_near_zero"]).reason == "no step decides this"
    assert asked == []
    rounded = apply("float_gt", apply("to_float", "x"), F)
    part = part_of(rounded, broken=((rounded,),))
    assert decide(part, budget, 1000, ALONE["_near_zero"]).reason == "no step decides this"
    near = (apply("le", -(2**20), "x"), apply("le", "x", 2**20))
    assert asked == [((rounded, *near), part.broken, budget, 100)]


def test_a_simple_fraction_is_looked_for_with_a_tenth_of_the_work_and_is_not_believed(monkeypatch):
    asked = []
    guess = Answer("sat", "z3", {"u0": 1, "u1": 1})
    monkeypatch.setattr(portfolio, "decide", lambda *args: asked.append(args[1:]) or guess)
    part = part_of(apply("float_eq", apply("int_div", "u0", "u1"), 2.5), apply("ge", "u1", 3), u1=(3, None))
    budget = Budget(77)
    assert decide(part, budget, 1000, ALONE["_fractions"]).reason == "no step decides this"
    assert len(asked) > 1
    assert all(each == (budget, 100, portfolio._INNER) for each in asked)
