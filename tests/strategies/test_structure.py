"""Branches: what they demand is demanded where they are taken, what they bind stays in them, and they shrink away."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, find, settings

from properties.campaign.draw import without_local_constants
from properties.campaign.minimise import minimise
from strategies import (
    CONSTRUCTS,
    Program,
    ProgramError,
    Unrealisable,
    build_inputs,
    compile_program,
    example,
    guarantees,
    holds,
    program_source,
    programs,
    requirements,
)
from strategies.constructs import names_of_kind
from strategies.semantics import scopes
from strategies.source import statement_of_line
from tests.strategies.drawing import draw_programs

STRUCTURES = names_of_kind("structure")


def program(*body: dict[str, Any], dims: tuple[int, ...] = (4,)) -> Program:
    params = [{"shape": [f"d{axis}"], "dtype": "float32"} for axis in range(len(dims))]
    return Program.from_json({"schema": 1, "dims": list(dims), "params": params, "body": list(body)})


BRANCHES = program(
    {"op": "item", "value": 5},
    {"op": "cond", "pred": ["gt", "u0", 4], "then": 3, "otherwise": 2},
    {"op": "item", "value": 3},
    {"op": "check", "cond": ["ge", "u1", 1]},
    {"op": "zeros", "shape": ["u1"]},
    {"op": "item", "value": 3},
    {"op": "check", "cond": ["lt", "u2", 7]},
)


def accepts(drawn: Program, values: dict[str, Any]) -> bool:
    inputs = build_inputs(drawn, values)
    try:
        with torch.compiler.set_stance("force_eager"):
            compile_program(drawn)(*inputs)
    except (RuntimeError, ArithmeticError, ValueError):
        return False
    return True


def test_prints_branches_as_functions_of_their_own() -> None:
    assert program_source(BRANCHES) == (
        "def forward(a0, x0, x1, x2):\n"
        "    u0 = x0.item()\n"
        "    def yes():\n"
        "        u1 = x1.item()\n"
        "        torch._check(u1 >= 1)\n"
        "        t0 = torch.zeros(u1)\n"
        "        return torch.zeros(()) + t0.sum().float()\n"
        "    def no():\n"
        "        u2 = x2.item()\n"
        "        torch._check(u2 < 7)\n"
        "        return torch.zeros(()) + u2\n"
        "    t1 = torch.cond(u0 > 4, yes, no)\n"
        "    return t1, u0\n"
    )
    owners = [statement_of_line(BRANCHES, line) for line in range(1, 14)]
    assert owners == [None, 0, 1, 2, 3, 4, 1, 1, 5, 6, 1, 1, None]


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({"u0": 5, "u1": 0, "u2": 3}, False),
        ({"u0": 5, "u1": 1, "u2": 7}, True),
        ({"u0": 4, "u1": 0, "u2": 6}, True),
        ({"u0": 4, "u1": 1, "u2": 7}, False),
    ],
)
def test_a_branch_demands_only_where_it_is_taken(values: dict[str, int], accepted: bool) -> None:
    whole = {"d0": 4, **values}
    assert all(holds(item.term, whole) for item in requirements(BRANCHES)) is accepted
    assert accepts(BRANCHES, whole) is accepted


def test_what_is_not_computed_in_a_branch_cannot_raise_there() -> None:
    divides = program(
        {"op": "item", "value": 2},
        {"op": "cond", "pred": ["ne", "u0", 0], "then": 1, "otherwise": 0},
        {"op": "check", "cond": ["eq", ["floordiv", 6, "u0"], 3]},
    )
    for value, accepted in ((0, True), (2, True), (3, False)):
        whole = {"d0": 4, "u0": value}
        assert all(holds(item.term, whole) for item in requirements(divides)) is accepted
        assert accepts(divides, whole) is accepted


def test_what_a_branch_binds_cannot_be_named_behind_it() -> None:
    document = BRANCHES.to_json()
    for use in ({"op": "check", "cond": ["ge", "u1", 0]}, {"op": "flatten", "tensor": "t0"}):
        with pytest.raises(ProgramError, match=r"body\[7\]"):
            Program.from_json({**document, "body": [*document["body"], use]})


def test_blocks_cannot_be_nested_without_end() -> None:
    nested = [{"op": "cond", "pred": ["gt", "d0", 1], "then": 1, "otherwise": 0}] * 11
    with pytest.raises(ProgramError, match="nested deeper than 10"):
        program(*nested)
    assert accepts(program(*nested[:10]), {"d0": 4})


@pytest.mark.parametrize("lengths", [(-1, 0), (0, 101)])
def test_wrong_lengths_of_blocks_are_refused(lengths: tuple[int, int]) -> None:
    with pytest.raises(ProgramError, match="0 to 100 statements"):
        program({"op": "cond", "pred": ["gt", "d0", 1], "then": lengths[0], "otherwise": lengths[1]})


def test_generated_structure_runs_and_means_what_eager_execution_does() -> None:
    drawn = [one for start in range(5) for one in draw_programs(30, start=start, profile="nightly")]
    with_blocks = [one for one in drawn if any(CONSTRUCTS[part.op].kind == "structure" for part in one.body)]
    assert len(with_blocks) > 5
    for one in with_blocks:
        assert Program.from_json(one.to_json()) == one
        assert accepts(one, example(one))
        assert all(holds(item.term, example(one)) for item in requirements(one))


def inside(found: Program, op: str) -> bool:
    """Whether a statement ``op`` stands in a branch."""
    return any(part.op == op and scope.given for part, scope in zip(found.body, scopes(found), strict=False))


QUICK = settings(
    max_examples=4000,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize(
    ("planted", "statements"),
    [
        # A number from outside cannot be named in every branch: the shortest check there has one of its own.
        (lambda found: inside(found, "check"), 4),
        # The structure is beside the point and goes, or leaves what it holds in its place.
        (lambda found: any(part.op == "nonzero" for part in found.body), 1),
    ],
    ids=["check in a branch", "source anywhere"],
)
def test_structure_shrinks_to_what_the_fault_needs(planted: Any, statements: int) -> None:
    """By the two steps of a campaign: Hypothesis shrinks the choices, the reducers the Program that is left."""
    drawn = programs(profile="smoke", structures=["cond"], sources=["item", "nonzero"], consumers=[])
    with without_local_constants():
        found = find(drawn, planted, settings=QUICK, random=random.Random(0))
    assert len(Program.from_json(minimise(found.to_json(), planted)).body) <= statements


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        (lambda found: inside(found, "zeros"), ["cond", "zeros"]),
        (lambda found: any(part.op == "zeros" for part in found.body), ["zeros"]),
        (lambda found: sum(part.op == "item" for part in found.body) > 1, ["item", "item"]),
    ],
    ids=["in a branch", "anywhere", "two items"],
)
def test_reducers_take_branches_away_or_put_what_they_hold_in_their_place(planted: Any, expected: list[str]) -> None:
    smallest = Program.from_json(minimise(BRANCHES.to_json(), planted))
    assert [part.op for part in smallest.body] == expected
    assert accepts(smallest, example(smallest))


LOOP = program(
    {"op": "while_loop", "rounds": ["sub", "d0", 3], "length": 2},
    {"op": "item", "value": 3},
    {"op": "check", "cond": ["le", "u0", "d0"]},
)
ROWS = program(
    {"op": "map_rows", "tensor": "a0", "length": 2},
    {"op": "item", "value": 3},
    {"op": "check", "cond": ["le", "u0", "d1"]},
    dims=(4, 3),
)


def test_prints_loops_as_torch_wants_them() -> None:
    assert program_source(LOOP) == (
        "def forward(a0, x0):\n"
        "    def again(i, total):\n"
        "        return i < a0.shape[0] - 3\n"
        "    def body(i, total):\n"
        "        u0 = x0.item()\n"
        "        torch._check(u0 <= a0.shape[0])\n"
        "        return i + 1, total + (torch.zeros(()) + u0)\n"
        "    _, t0 = torch._higher_order_ops.while_loop(again, body, (0, torch.zeros(())))\n"
        "    return t0\n"
    )
    assert program_source(ROWS) == (
        "def forward(a0, a1, x0):\n"
        "    def each(row):\n"
        "        u0 = x0.item()\n"
        "        torch._check(u0 <= a1.shape[0])\n"
        "        return row.sum().float() + u0\n"
        "    t0 = torch._higher_order_ops.map(each, a0).sum()\n"
        "    return t0\n"
    )


@pytest.mark.parametrize(
    ("drawn", "values", "accepted"),
    [
        (LOOP, {"d0": 5, "u0": 5}, True),
        (LOOP, {"d0": 5, "u0": 6}, False),
        (LOOP, {"d0": 3, "u0": 6}, True),
        (ROWS, {"d0": 2, "d1": 3, "u0": 3}, True),
        (ROWS, {"d0": 2, "d1": 3, "u0": 4}, False),
    ],
)
def test_a_body_demands_where_it_is_run_at_all(drawn: Program, values: dict[str, int], accepted: bool) -> None:
    assert accepts(drawn, values) is accepted
    assert all(holds(item.term, values) for item in requirements(drawn)) is accepted


@pytest.mark.parametrize(
    ("form", "second"), [("same", 5), ("clone", 5), ("view", 5), ("add", 8), ("zero", 0)], ids=lambda item: str(item)
)
def test_an_element_is_read_twice_around_a_write(form: str, second: int) -> None:
    twice = program({"op": "item_twice", "value": 5, "form": form})
    assert example(twice) == {"d0": 4, "u0": 5, "u1": second}
    assert compile_program(twice)(*build_inputs(twice, example(twice))) == (5, second)
    assert [holds(term, {**example(twice), "u1": second + 1}) for term in guarantees(twice)].count(False) == 1
    with pytest.raises(Unrealisable):
        build_inputs(twice, {"d0": 4, "u0": 5, "u1": second + 1})


def test_a_tensor_that_a_branch_makes_last_must_have_room() -> None:
    # Running out of memory proves nothing about the program.
    last = program(
        {"op": "cond", "pred": ["gt", "d0", 1], "then": 2, "otherwise": 0},
        {"op": "item", "value": 3},
        {"op": "zeros", "shape": ["u0"]},
    )
    with pytest.raises(Unrealisable):
        build_inputs(last, {"d0": 4, "u0": 2**40})
    build_inputs(last, {"d0": 1, "u0": 2**40})
