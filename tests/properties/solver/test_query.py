"""A query: its parts together, and no model that evaluating the query itself does not confirm."""

from __future__ import annotations

import pytest

from properties.errors import ToolError
from properties.solver import Answer, query, solve
from strategies.terms import apply

TANGLED = apply("gt", apply("mul", "x", "y"), 7)


def test_a_model_of_what_was_left_that_is_none_of_the_query_is_a_fault_of_ours(monkeypatch):
    monkeypatch.setattr(query, "decide", lambda part, budget, work: Answer("sat", "z3", {"x": 0, "y": 0}))
    with pytest.raises(ToolError, match=r"the solver's reduction is wrong: .* but not"):
        solve([TANGLED])


@pytest.mark.parametrize("small", [False, True])
def test_a_leaf_that_only_a_group_names_has_a_value_also_where_its_group_is_broken_without_it(small):
    hold, positive = (apply("ge", "x", 0),), apply("ge", "y", 1)
    answer = solve(hold, (positive,), small=small)
    assert answer.status == "sat"
    assert answer.model is not None
    assert answer.model["y"] < 1
    answer = solve(hold, (apply("lt", "x", 0), positive), small=small)
    assert answer.model is not None
    assert answer.model.keys() == {"x", "y"}
