"""Planted faults shrink to the shortest program that shows them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, find, settings

from strategies import Apply, Program, Var, programs
from strategies.terms import Term, variables, walk

_QUICK = settings(
    max_examples=3000,
    database=None,
    derandomize=False,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def any_check(predicate: Callable[[Apply], bool]) -> Callable[[Program], bool]:
    def planted(program: Program) -> bool:
        return any(
            statement.op == "check" and isinstance(condition := statement.term("cond"), Apply) and predicate(condition)
            for statement in program.body
        )

    return planted


def equates_an_item_with_a_sum_of_dims(condition: Apply) -> bool:
    def is_sum(term: Term) -> bool:
        dims = variables(term)
        return isinstance(term, Apply) and term.op == "add" and len(dims) > 1 and all(d[0] == "d" for d in dims)

    if condition.op != "eq":
        return False
    left, right = condition.args
    return any(
        isinstance(one, Var) and one.name[0] == "u" and is_sum(other) for one, other in ((left, right), (right, left))
    )


def bounds_through_a_minimum(condition: Apply) -> bool:
    return any(isinstance(part, Apply) and part.op == "min" for part in walk(condition))


def relates_two_items(condition: Apply) -> bool:
    return sum(name[0] == "u" for name in variables(condition)) > 1


def constructs(*names: str) -> Callable[[Program], bool]:
    return lambda program: {*names} <= {statement.op for statement in program.body}


@pytest.mark.parametrize(
    ("planted", "statements", "narrowed"),
    [
        (any_check(equates_an_item_with_a_sum_of_dims), 2, {}),
        (any_check(bounds_through_a_minimum), 2, {}),
        (any_check(relates_two_items), 3, {}),
        (constructs("nonzero", "cat"), 2, {"consumers": ["zeros", "cat", "view"]}),
        (constructs("masked_select", "narrow", "check"), 3, {"consumers": ["zeros", "narrow", "stack"]}),
    ],
    ids=["item == sum of dims", "sym_min", "two items", "nonzero and cat", "masked_select, narrow and check"],
)
def test_shrinks_to_the_least_number_of_statements(
    planted: Callable[[Program], bool], statements: int, narrowed: dict[str, Any]
) -> None:
    found = find(programs(profile="audit", **narrowed), planted, settings=_QUICK, random=random.Random(0))
    assert len(found.body) <= statements
