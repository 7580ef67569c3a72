"""The second solver: a chance where the first gives up, a witness on request, and never needed."""

from __future__ import annotations

import time

import pytest

from properties.errors import ToolError, UsageError
from properties.solver import Answer, second, solve
from properties.solver.smt import Budget
from properties.solver.statistics import Statistics, add, collected
from strategies.terms import Term, apply

PRODUCT = [apply("eq", apply("mul", "u0", "u1"), 391), apply("gt", "u0", 1), apply("gt", "u1", 1)]


def test_a_model_of_the_second_solver_is_confirmed_by_evaluation() -> None:
    answer = second.second(PRODUCT, [], Budget(1))
    assert answer is not None
    assert (answer.status, answer.by) == ("sat", "cvc5")
    assert answer.model in ({"u0": 17, "u1": 23}, {"u0": 23, "u1": 17})


def test_the_second_solver_proves() -> None:
    answer = second.second(
        [apply("eq", apply("mod", "u0", 4), 1)], [[apply("eq", apply("mod", "u0", 2), 1)]], Budget(1)
    )
    assert answer == Answer("unsat", "cvc5")


def test_without_the_second_solver_a_query_ends_as_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second, "available", lambda: False)
    assert second.second(PRODUCT, [], Budget(1)) is None
    assert solve(PRODUCT).status == "sat"
    with pytest.raises(UsageError, match=r"pip install -e '\.\[cvc5\]'"), second.confirming():
        pass


def test_answers_on_which_both_agree_stand() -> None:
    with second.confirming():
        assert solve([apply("ge", "u0", 3)], [apply("ge", "u0", 2)]).status == "unsat"
        assert solve(PRODUCT).status == "sat"


@pytest.mark.parametrize(
    ("hold", "wrong"),
    [([apply("ge", "u0", 3)], Answer("unsat", "z3")), ([apply("ne", "u0", "u0")], Answer("sat", "z3", {"u0": 1}))],
    ids=["unsat", "sat"],
)
def test_a_disagreement_is_an_error_of_this_tool(hold: list[Term], wrong: Answer) -> None:
    second.confirm(hold, [], wrong)
    with second.confirming(), pytest.raises(ToolError, match="two solvers disagree"):
        second.confirm(hold, [], wrong)


def test_every_query_is_counted_under_the_step_that_decided_it() -> None:
    found = Statistics(time.perf_counter)
    with collected(found):
        assert solve([apply("ge", "u0", 3)], [apply("ge", "u0", 2)]).by == "bounds"
        by = solve(PRODUCT).by
    solve(PRODUCT)
    assert {name: row["decided"] for name, row in found.steps.items() if row["decided"]} == {"bounds": 1, by: 1}
    assert all(row["seconds"] >= 0 for row in found.steps.values())
    twice: dict[str, dict[str, float]] = {}
    add(twice, found.steps)
    add(twice, found.steps)
    assert twice["bounds"]["decided"] == 2
