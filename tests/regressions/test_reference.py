"""Programs on which the reference pass, or what was said of it, was once wrong: none of them shows a fault now."""

from __future__ import annotations

import pytest

from properties.campaign.check import check_program
from properties.registry import properties
from properties.subjects import resolve
from properties.verdict import Status
from strategies.program import Program

PROGRAMS = {
    "a moved assert of the user's own keeps its words": {
        "schema": 1,
        "dims": [2],
        "params": [{"shape": ["d0"], "dtype": "float32"}],
        "body": [
            {"op": "repeat_interleave_of", "length": ["d0"], "count": 0},
            {"op": "check_assert", "cond": ["le", "u0", 0], "form": "scalar"},
        ],
    },
    "an equality does not hide the message of a check beside it": {
        "schema": 1,
        "dims": [],
        "params": [],
        "body": [
            {"op": "item", "value": 0},
            {"op": "check", "cond": ["ge", "u0", 0]},
            {"op": "check_assert", "cond": ["le", "u0", 0], "form": "scalar"},
        ],
    },
}

# The same, where only one front end shows it.
CAPTURED = {
    "a check that mentions a truth value that is an input is asserted": (
        "make_fx",
        {
            "schema": 1,
            "dims": [],
            "params": [],
            "scalars": [{"value": True, "before": 0}, {"value": False, "before": 0}],
            "body": [
                {"op": "check", "cond": "n0"},
                {"op": "item", "value": 5},
                {"op": "check", "cond": ["or", ["not", "n1"], ["gt", "u0", 7]]},
                {"op": "check", "cond": ["ge", ["ite", "n1", "u0", ["add", "u0", -3]], 2]},
            ],
        },
    ),
    "beside the user's check of a truth value another one of its number is not asserted": (
        "compile",
        {
            "schema": 1,
            "dims": [],
            "params": [],
            "body": [
                {"op": "item_truth", "value": 1},
                {"op": "check", "cond": "u0"},
                {"op": "item", "value": 4},
                {"op": "check", "cond": ["ge", ["ite", "u0", "u1", ["add", "u1", 1]], 2]},
                {"op": "check", "cond": "u0"},
            ],
        },
    ),
    "a second run finds the parts of a conjunction asserted that could not stand before what they protect": (
        "make_fx",
        {
            "schema": 1,
            "dims": [],
            "params": [],
            "body": [
                {"op": "item", "value": 0},
                {"op": "zeros", "shape": ["u0"]},
                {"op": "item", "value": 0},
                {"op": "check", "cond": ["or", ["le", "u0", 0], ["and", ["lt", "u1", -2], ["gt", "u1", -2]]]},
            ],
        },
    ),
    "what tracing made a constant of in one input is assumed of the size of another that it may not look at": (
        "make_fx",
        {
            "schema": 1,
            "dims": [0],
            "params": [{"shape": ["d0"], "dtype": "float32", "unbacked": [0]}],
            "body": [
                {"op": "nonzero", "shape": ["d0"], "count": 0},
                {"op": "check", "cond": ["le", "u0", 0]},
            ],
        },
    ),
    "a conjunction of which one part holds anyway is not dropped for the sake of the other": (
        "make_fx",
        {
            "schema": 1,
            "dims": [4, 2, 5],
            "params": [{"shape": ["d0", 1], "dtype": "float32"}, {"shape": ["d1", "d2"], "dtype": "float32"}],
            "body": [
                {"op": "item", "value": 2},
                {
                    "op": "check_assert",
                    "cond": ["and", ["lt", "d2", 6], ["ge", ["mod", "u0", -2], -40]],
                    "form": "scalar",
                },
            ],
        },
    ),
    "a part of a conjunction is asserted at its check, though the conjunction says it later": (
        "make_fx",
        {
            "schema": 1,
            "dims": [2],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "item", "value": 2},
                {"op": "check", "cond": ["lt", "u0", 6]},
                {"op": "zeros", "shape": ["u0"]},
                {"op": "item", "value": 3},
                {"op": "check_assert", "cond": ["and", ["lt", "u0", 6], ["lt", "u1", 8]], "form": "scalar"},
            ],
        },
    ),
    "a check that tracing added is asserted of the input that its value was found equal to": (
        "make_fx",
        {
            "schema": 1,
            "dims": [6],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "custom_pairs", "shape": ["d0"], "count": 6},
                {"op": "narrow", "tensor": "t0", "dim": 0, "start": "u0", "length": "d0"},
                {"op": "while_loop", "rounds": 1, "length": 1},
                {"op": "unflatten", "tensor": "t1", "dim": 0, "sizes": ["d0", 1]},
            ],
        },
    ),
    "a condition that was recorded about another value may have none where eager stops before it": (
        "shape_env+deferred",
        {
            "schema": 1,
            "dims": [],
            "params": [],
            "scalars": [{"value": 0, "before": 0}],
            "body": [
                {"op": "item", "value": 0},
                {"op": "check", "cond": ["eq", "u0", "n0"]},
                {"op": "check", "cond": ["float_le", ["float_sqrt", ["to_float", "u0"]], ["float", "0.5"]]},
            ],
        },
    ),
    "words that two checks of one condition have are recorded once": (
        "make_fx+deferred",
        {
            "schema": 1,
            "dims": [],
            "params": [],
            "body": [
                {"op": "item", "value": 7},
                {"op": "check_assert", "cond": ["ne", ["mod", "u0", 4], 1], "form": "scalar"},
                {"op": "check_assert", "cond": ["ne", ["mod", "u0", 4], 1], "form": "scalar"},
                {"op": "check_message", "cond": ["ge", "u0", 5], "function": "with", "message": "plain"},
            ],
        },
    ),
    "the number of elements that a mask leaves is read": (
        "compile",
        {
            "schema": 1,
            "dims": [5],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "mask_index", "shape": ["d0"], "count": 3},
                {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "lt", "other": "d0"},
            ],
        },
    ),
    "a message that is left of a check which always holds is not another one's": (
        "make_fx",
        {
            "schema": 1,
            "dims": [2],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "check_assert", "cond": ["eq", "d0", 2], "form": "operator"},
                {"op": "tolist", "values": [9, 2]},
                {
                    "op": "check_message",
                    "cond": ["eq", ["mul", 3, "u1"], ["sub", "u0", 3]],
                    "function": "type",
                    "message": "plain",
                },
            ],
        },
    ),
    "a check behind a child module has the trace of its own line": (
        "compile",
        {
            "schema": 1,
            "dims": [6],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "submodule", "length": 1},
                {"op": "check", "cond": ["eq", ["bitor", "d0", 1], 7]},
                {"op": "check", "cond": ["eq", 7, ["bitor", "d0", 1]]},
            ],
        },
    ),
    "a name in a message stands for a size, however much the graph computes before": (
        "export",
        {
            "schema": 1,
            "dims": [2],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "item_twice", "value": 0, "form": "add"},
                {"op": "custom_pairs", "shape": ["d0"], "count": 2},
                {
                    "op": "check",
                    "cond": [
                        "and",
                        ["not", ["and", ["lt", ["add", "u0", 3], "d0"], ["gt", "u2", 3]]],
                        ["ne", "d0", ["sub", "u2", 1]],
                    ],
                },
                {"op": "check", "cond": ["le", ["min", 9, "u0"], 8]},
                {"op": "check_error", "cond": ["lt", -36, ["floordiv", "u0", -2]], "function": "not_implemented"},
            ],
        },
    ),
    "an assert over inputs names the line of its check and not the one that uses an input": (
        "compile+deferred",
        {
            "schema": 1,
            "dims": [2, 3, 4],
            "params": [
                {"shape": ["d0"], "dtype": "float32"},
                {"shape": ["d1"], "dtype": "float32"},
                {"shape": ["d2"], "dtype": "float32"},
            ],
            "body": [
                {"op": "item", "value": 0},
                {"op": "check", "cond": ["le", ["sub", ["add", "d0", "u0"], "u0"], 2]},
                {"op": "item", "value": 0},
            ],
        },
    ),
    "the size of an entry is asked for once, and a second run changes nothing": (
        "compile",
        {
            "schema": 1,
            "dims": [2],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "custom_compress_both", "shape": ["d0"], "count": 0, "other": 0},
                {"op": "slice", "tensor": "t0", "dim": 0, "start": 0, "stop": "u0", "step": 1},
            ],
        },
    ),
    "a check of the number of elements is no copy of what the size equals": (
        "compile",
        {
            "schema": 1,
            "dims": [5],
            "params": [{"shape": ["d0"], "dtype": "float32"}],
            "body": [
                {"op": "unique", "length": ["d0"], "count": 5},
                {"op": "check", "cond": ["eq", "u0", "d0"]},
                {"op": "check_query", "tensor": "t0", "query": "numel", "dim": 0, "comparison": "eq", "other": "u0"},
            ],
        },
    ),
    "an assert of the graph that another one came before is gone after the first run, its words are not": (
        "make_fx+deferred",
        {
            "schema": 1,
            "dims": [8],
            "params": [{"shape": ["d0", 2], "dtype": "float32"}],
            "body": [
                {"op": "repeat_interleave_of", "length": ["d0"], "count": 4},
                {"op": "item", "value": 13},
                {"op": "check_assert", "cond": ["ne", ["add", "u1", "u0"], ["add", "u1", 6]], "form": "scalar"},
            ],
        },
    ),
}


CASES = [
    (name, frontend, program) for name, program in PROGRAMS.items() for frontend in ("shape_env", "make_fx", "export")
]
CASES += [(name, frontend, program) for name, (frontend, program) in CAPTURED.items()]


@pytest.mark.parametrize(("name", "frontend", "program"), CASES, ids=[f"{name}-{where}" for name, where, _ in CASES])
def test_the_reference_pass_shows_no_fault_on(name, frontend, program):
    """Every property that is asked of each program is PROVED, and none is left open."""
    codes = [code for code, one in properties().items() if not one.share]
    checked = check_program(
        Program.from_json(program), frontend, {"reference": resolve("reference")}, codes, thorough=True
    )
    assert not checked.faults
    assert {verdict.status for verdict in checked.verdicts["reference"].values()} == {Status.PROVED}
