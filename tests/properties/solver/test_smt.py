"""One call of z3: what it may cost, what it says when it ends without an answer, and that no model is believed."""

from __future__ import annotations

import time

from properties.phases import listen
from properties.solver import smt
from properties.solver.context import Builder
from properties.solver.smt import Budget, approximations, ask, satisfies
from properties.solver.smtlib import smtlib
from strategies.terms import FALSE, TRUE, Var, apply

F = Var("f", "float")
LARGE, SMALL = apply("gt", "x", 4), apply("lt", "x", 9)
WAVE = apply("float_gt", apply("float_sin", F), 2.0)


def test_a_solution_makes_every_term_hold_and_breaks_one_of_each_group():
    assert satisfies([LARGE, SMALL], [[apply("lt", "x", 7), LARGE]], {"x": 7})
    assert not satisfies([LARGE, SMALL], [], {"x": 9})
    assert not satisfies([], [[LARGE, SMALL]], {"x": 7})
    assert not satisfies([], [[LARGE], [SMALL]], {"x": 9})
    assert satisfies([], [], {})
    assert not satisfies([], [[]], {})


def test_an_answer_names_who_gave_it_and_has_a_model_of_all_leaves():
    answer = ask([LARGE], [[apply("lt", "y", 3)], [Var("b", "bool"), SMALL]], Budget(10**6), 10**6)
    assert (answer.status, answer.by, answer.reason) == ("sat", "z3", "")
    assert answer.model is not None
    assert list(answer.model) == ["b", "x", "y"]
    assert satisfies([LARGE], [[apply("lt", "y", 3)], [Var("b", "bool"), SMALL]], answer.model)
    none = ask([LARGE], [[apply("gt", "x", 3)]], Budget(10**6), 10**6)
    assert (none.status, none.by, none.model, none.reason) == ("unsat", "z3", None, "")
    assert ask([TRUE], [[FALSE]], Budget(10**6), 10**6).model == {}


def test_work_is_taken_from_the_budget_and_no_call_does_more_than_is_left():
    budget = Budget(10**6)
    ask([apply("eq", apply("mul", "x", "y"), 77), apply("gt", "x", 8)], [], budget, 10**5)
    spent = 10**6 - budget.left
    assert 0 < spent < 10**5
    for left, work in ((0, 10**6), (-5, 10**6), (10**6, 0)):
        answer = ask([LARGE], [], Budget(left), work)
        assert (answer.status, answer.by, answer.model) == ("unknown", "z3", None)
        assert answer.reason == "the budget is used up"
    # One unit is a call, which ends at once.
    hard = [apply("eq", apply("mul", "x", apply("mul", "x", "x")), apply("add", apply("mul", "y", "y"), 117))]
    for left, work in ((1, 10**6), (10**6, 1)):
        limited = ask(hard, [], Budget(left), work)
        assert (limited.status, limited.by, limited.model, limited.reason) == ("unknown", "z3", None, "canceled")


def test_a_clock_stands_behind_the_budget(monkeypatch):
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert Budget(1).milliseconds == 1000 * smt.WATCHDOG_SECONDS
    budget = Budget(10**6, 2.5)
    now = 101.0
    assert budget.milliseconds == 1500
    now = 102.5
    assert budget.milliseconds == 0
    assert ask([LARGE], [], budget, 10**6).reason == "watchdog"
    now = 200.0
    assert budget.milliseconds == 0


def test_a_model_that_evaluating_does_not_confirm_is_a_hint_and_says_what_it_rests_on():
    quotient = apply("eq", apply("floordiv", "x", "y"), 3)
    wave = ask([apply("float_gt", apply("float_sin", F), 0.9), quotient], [], Budget(10**7), 10**7)
    assert wave.status == "unknown"
    assert wave.reason == "model not confirmed by evaluation (approximate: libm)"
    assert wave.model is not None


def test_what_may_be_approximate_is_named_if_there_is_any():
    class Careless(Builder):
        """Forgets what it was asked."""

        def conjunction(self, terms):
            super().conjunction(terms)
            return self.BoolVal(True)

    exact = ask([LARGE], [], Budget(10**6), 10**6, Careless())
    assert (exact.status, exact.by, exact.model) == ("unknown", "z3", {"x": 0})
    assert exact.reason == "model not confirmed by evaluation"
    rounded = apply("float_gt", apply("float_add", apply("float_sin", F), F), 9.0)
    rests = ask([rounded], [], Budget(10**6), 10**6, Careless())
    assert rests.reason == "model not confirmed by evaluation (approximate: libm, rounding)"


def test_a_call_ends_when_its_time_is_up():
    cubes = apply("mul", "x", apply("mul", "x", "x"))
    hard = [apply("eq", cubes, apply("add", apply("mul", "y", "y"), 117)), apply("gt", "x", 1000)]
    budget = Budget(10**9, 0.05)
    assert ask(hard, [], budget, 10**9).status == "unknown"
    assert budget.left > 0


def test_approximations_are_named_once_in_order():
    bits = apply("eq", apply("bitand", "x", "y"), apply("bitor", "x", "y"))
    assert approximations([LARGE]) == ()
    assert approximations([WAVE, LARGE, bits, WAVE]) == tuple(sorted({"libm", *approximations([bits])}))
    assert "libm" in approximations([LARGE, WAVE])


def test_the_text_of_a_query_has_its_conditions_and_asks():
    text = smtlib([LARGE], [[SMALL, apply("gt", "y", 3)]])
    assert text.splitlines() == [
        "(set-logic ALL)",
        "(declare-fun x () Int)",
        "(declare-fun y () Int)",
        "(assert (and (< 4 x)))",
        "(assert (not (and (> 9 x) (< 3 y))))",
        "(check-sat)",
    ]
    assert text.endswith("\n")


def test_the_text_of_a_query_about_floats_has_the_facts_about_roundings():
    text = smtlib([apply("float_gt", apply("float_add", F, 0.1), 4.0)], [])
    assert text.count("(assert") > 5
    assert "nearest!1" in text


def test_work_of_z3_is_told_as_the_solvers():
    told: list[tuple[str, ...]] = []
    listen(told.append)
    try:
        ask([LARGE], [], Budget(10**6), 10**6)
    finally:
        listen(None)
    assert ("solver",) in told
