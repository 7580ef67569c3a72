"""Sizes of inputs that tracing may not look at: what a document may mark, and what the program then knows of them."""

from __future__ import annotations

from typing import Any

import pytest

from strategies import Program, ProgramError, Var
from strategies.inputs import unbacked_axes
from strategies.semantics import initial_scope
from tests.strategies.drawing import many_programs


def document(*params: dict[str, Any]) -> dict[str, Any]:
    return {"schema": 1, "dims": [3, 4], "params": [{"dtype": "float32", **param} for param in params], "body": []}


MARKED = document({"shape": ["d0", "d1"], "unbacked": [1]}, {"shape": ["d0"]})


def test_a_program_with_a_marked_size_comes_back_from_its_document() -> None:
    program = Program.from_json(MARKED)
    assert unbacked_axes(program) == ((1,), ())
    assert program.to_json() == MARKED


def test_a_marked_size_counts_as_one_that_the_data_decides() -> None:
    scope = initial_scope(Program.from_json(MARKED))
    assert scope.depends_on_data(Var("d1"))
    assert not scope.depends_on_data(Var("d0"))


@pytest.mark.parametrize(
    "params",
    [
        [{"shape": ["d0", "d1"], "unbacked": [0]}, {"shape": ["d0"]}],
        [{"shape": ["d0", "d1"], "unbacked": [0]}, {"shape": [["add", "d0", 1]]}],
        [{"shape": ["d0", "d1"], "unbacked": [0], "strides": [["mul", "d0", "d1"], 1], "offset": 0}],
        [{"shape": ["d0", "d1"], "unbacked": [2]}],
        [{"shape": ["d0", "d1"], "unbacked": [0, 0]}],
        [{"shape": ["d0", "d1", 3], "unbacked": [2]}],
    ],
)
def test_a_size_that_others_share_or_that_is_no_dim_cannot_be_marked(params: list[dict[str, Any]]) -> None:
    with pytest.raises(ProgramError, match="unbacked"):
        Program.from_json(document(*params))


def test_marked_sizes_are_drawn_at_every_place_among_the_params() -> None:
    marked = [program for program in many_programs() if any(unbacked_axes(program))]
    assert len(marked) > 30
    assert {next(i for i, axes in enumerate(unbacked_axes(program)) if axes) for program in marked} >= {0, 1}
    for program in marked:
        assert Program.from_json(program.to_json()) == program
