"""The second solver: a chance where the first gives up, a witness on request, and never needed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from properties.errors import ToolError, UsageError
from properties.phases import listen
from properties.solver import Answer, second, solve
from properties.solver.smt import Budget
from properties.solver.statistics import Statistics, add, collected
from strategies.terms import Term, Var, apply

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


F, B = Var("f", "float"), Var("b", "bool")


def test_a_model_has_a_value_of_its_sort_for_every_leaf() -> None:
    hold = [apply("float_gt", F, 1.25), apply("float_lt", F, 1.75), B, apply("gt", "x", 5)]
    answer = second.second(hold, [[apply("lt", "y", 7)], [apply("not", Var("c", "bool"))]], Budget(1))
    assert answer is not None
    assert answer.model is not None
    assert {name: type(value) for name, value in answer.model.items()} == {
        "f": float, "b": bool, "x": int, "y": int, "c": bool
    }  # fmt: skip
    assert (answer.model["b"], answer.model["c"]) == (True, True)


@pytest.mark.parametrize(("found", "status"), [("sat", "sat"), ("unknown", None), ("unsat", "unsat")])
def test_a_leaf_without_a_number_is_zero_and_not_knowing_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, found: str, status: str | None
) -> None:
    monkeypatch.setattr(second, "_asked", lambda text, milliseconds: (found, {}))
    hold = [apply("le", "x", 0), apply("float_le", F, 0.0), apply("not", B)]
    answer = second.second(hold, [[apply("ne", "y", 0)]], Budget(1))
    assert (answer.status if answer else None) == status
    if found == "sat":
        assert answer is not None
        assert repr(answer.model) == "{'x': 0, 'f': 0.0, 'b': False, 'y': 0}"
        # A model that is none is no answer.
        assert second.second([apply("gt", "x", 0)], [], Budget(1)) is None


@pytest.mark.parametrize(("left", "asked"), [(0, []), (1, [1]), (5_000, [5_000]), (60_000, [20_000])])
def test_it_is_asked_for_as_long_as_the_query_has_left(
    monkeypatch: pytest.MonkeyPatch, left: int, asked: list[int]
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(second, "_asked", lambda text, milliseconds: (seen.append(milliseconds), ("unsat", {}))[1])
    budget = Budget(1, left / 1000)
    monkeypatch.setattr(type(budget), "milliseconds", property(lambda own: left))
    assert (second.second(PRODUCT, [], budget) is None) == (not asked)
    assert seen == asked


def test_a_query_that_it_cannot_decide_in_time_is_unknown() -> None:
    hard = [
        apply("eq", apply("add", *(apply("mul", name, name, name) for name in "xyz")), 114),
        *(apply("ne", name, 0) for name in "xyz"),
    ]
    assert second.status(hard, [], 1) == "unknown"
    assert second.second(hard, [], Budget(1, 0.002)) is None


def test_a_text_that_asks_nothing_is_a_fault_of_ours() -> None:
    with pytest.raises(ToolError, match=r"^a query that asks nothing$"):
        second._asked("(set-logic ALL)\n", 1000)


def test_its_work_is_told_as_the_solvers() -> None:
    told: list[tuple[str, ...]] = []
    listen(told.append)
    try:
        assert second.status(PRODUCT, [], 1000) == "sat"
    finally:
        listen(None)
    assert ("solver",) in told


EXACT, ROUNDED = [apply("ge", "x", 3)], [apply("float_gt", apply("float_add", F, 0.1), 3.0)]


@pytest.mark.parametrize(
    ("hold", "broken", "said", "opinion", "agreed"),
    [
        (EXACT, [], "sat", "sat", True),
        (EXACT, [], "sat", "unknown", True),
        (EXACT, [], "sat", "unsat", False),
        (EXACT, [], "unsat", "sat", False),
        # Among real numbers there may be a model where there is none among doubles, not the other way round.
        (ROUNDED, [], "unsat", "sat", True),
        (EXACT, [ROUNDED], "unsat", "sat", True),
        (ROUNDED, [], "sat", "unsat", False),
    ],
)
def test_which_opinions_disagree(
    monkeypatch: pytest.MonkeyPatch, hold: list[Term], broken: list[list[Term]], said: Any, opinion: str, agreed: bool
) -> None:
    monkeypatch.setattr(second, "status", lambda hold, broken, milliseconds: opinion)
    answer = Answer(said, "z3", {} if said == "sat" else None)
    with second.confirming():
        if agreed:
            second.confirm(hold, broken, answer)
        else:
            with pytest.raises(ToolError, match=f"^two solvers disagree: z3 says {said}, cvc5 {opinion}: "):
                second.confirm(hold, broken, answer)


def test_nobody_is_asked_to_confirm_that_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(second, "status", lambda hold, broken, milliseconds: asked.append(milliseconds) or "sat")
    with second.confirming():
        second.confirm(EXACT, [], Answer("unknown", "z3"))
        assert not asked
        second.confirm(EXACT, [], Answer("sat", "z3", {"x": 3}))
    assert asked == [20_000]
