"""What is counted about queries: which step decided them, and where the time went."""

from __future__ import annotations

import itertools

import pytest

from properties.solver import solve
from properties.solver.portfolio import STEPS
from properties.solver.statistics import Statistics, add, collected, query, step
from strategies.terms import Var, apply

F = Var("f", "float")
LARGE = apply("gt", apply("add", "x", "y"), 20)
WAVE = apply("float_gt", apply("float_add", apply("float_sin", F), apply("float_sin", apply("float_mul", F, 3.0))), 1.9)


def _collected(*conditions, small: bool = False) -> dict[str, dict[str, float]]:
    found = Statistics(lambda: 0.0)
    with collected(found):
        solve(conditions, small=small, work=200_000)
    return found.steps


def _decided(steps: dict[str, dict[str, float]]) -> dict[str, float]:
    return {name: row["decided"] for name, row in steps.items() if row["decided"]}


def test_a_query_counts_for_the_step_that_decided_it():
    assert _decided(_collected(apply("gt", "x", 3))) == {"bounds": 1}
    assert _decided(_collected(apply("gt", "x", 3), apply("lt", "x", 3))) == {"bounds": 1}
    assert _decided(_collected(LARGE)) == {"z3": 1}


def test_a_query_that_no_step_decides_counts_as_decided_by_none():
    steps = _collected(WAVE)
    assert _decided(steps) == {"none": 1}
    # Every step that was asked in vain has a row, too.
    assert {"z3", "search", "values"} <= steps.keys()


def test_each_row_is_that_of_a_step_and_making_a_model_smaller_is_one():
    names = {name for name, _ in STEPS}
    assert _collected(LARGE, small=True).keys() <= {*names, "bounds", "smaller models"}
    assert "smaller models" in _collected(apply("gt", "x", 3), small=True)
    # The query is decided by the step that found the model, not by what was done to it.
    assert _decided(_collected(LARGE, small=True)) == {"z3": 1}


def test_the_time_of_a_query_is_that_of_its_steps_and_the_rest():
    ticks = itertools.count()
    found = Statistics(lambda: float(next(ticks)))
    with collected(found), query() as decided:  # at 0
        with step("one"):  # from 1 to 2
            pass
        with step("two"):  # from 3 to 4
            pass
        with step("one"):  # from 5 to 6
            pass
        decided("two")  # and the end at 7
    assert found.steps["one"] == {"decided": 0, "seconds": 2.0}
    assert found.steps["two"] == {"decided": 1, "seconds": 1.0}
    assert found.steps["bounds"] == {"decided": 0, "seconds": 4.0}


def test_the_time_of_a_step_that_fails_counts():
    ticks = itertools.count()
    found = Statistics(lambda: float(next(ticks)))
    with collected(found), pytest.raises(KeyError), query(), step("one"):
        raise KeyError
    assert found.steps == {
        "one": {"decided": 0, "seconds": 1.0},
        "bounds": {"decided": 0, "seconds": 2.0},
    }


def test_queries_are_counted_by_whoever_asks_and_by_nobody_else():
    outer, inner = Statistics(lambda: 0.0), Statistics(lambda: 0.0)
    with collected(outer):
        with collected(inner):
            solve([apply("gt", "x", 3)])
        solve([LARGE])
    solve([LARGE])
    assert _decided(inner.steps) == {"bounds": 1}
    assert _decided(outer.steps) == {"z3": 1}


def test_counts_are_added_step_by_step():
    total = {"z3": {"decided": 1, "seconds": 2.0}}
    add(total, {"z3": {"decided": 2, "seconds": 0.5}, "bits": {"decided": 1, "seconds": 4.0}})
    assert total == {"z3": {"decided": 3, "seconds": 2.5}, "bits": {"decided": 1, "seconds": 4.0}}
    add(total, {"bits": {"decided": 1, "seconds": 1.0}})
    assert total["bits"] == {"decided": 2, "seconds": 5.0}
