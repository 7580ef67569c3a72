"""Where a tensor lies in its storage is known for what is made anew and for parts of it, and read back from graphs."""

from __future__ import annotations

from typing import Any

import pytest

from properties.campaign.check import check_program
from properties.subjects import resolve
from properties.verdict import Status
from strategies import Program, ProgramError, build_inputs, compile_program, evaluate, example
from strategies.constructs.layouts import strides_of
from strategies.semantics import scopes
from tests.strategies.drawing import draw_programs


def test_known_offsets_and_strides_are_those_of_the_real_tensors() -> None:
    offsets = strides = 0
    for program in draw_programs(150, start=2, consumers=["narrow", "slice", "select", "zeros", "narrow", "slice"]):
        made = [name for name in scopes(program)[-1].tensors if name.startswith("t")]
        if not made:
            continue
        results = compile_program(program)(*build_inputs(program, example(program)))
        results = results if isinstance(results, tuple) else (results,)
        for name, result in zip(made, results, strict=False):
            tensor = scopes(program)[-1].tensors[name]
            if tensor.offset is not None and result.numel():
                offsets += tensor.offset != 0
                assert result.storage_offset() == evaluate(tensor.offset, example(program))
            known = strides_of(tensor)
            if known is not None and result.numel():
                strides += len(known)
                real = [step for step, size in zip(result.stride(), result.shape, strict=True) if size > 1]
                said = [
                    evaluate(step, example(program)) for step, size in zip(known, result.shape, strict=True) if size > 1
                ]
                assert said == real
    assert offsets > 20
    assert strides > 50


def part(*checks: dict[str, Any]) -> Program:
    row = {"op": "select", "tensor": "a0", "dim": 0, "index": 1}
    rest = {"op": "slice", "tensor": "a0", "dim": 1, "start": 1, "stop": "d1", "step": 1}
    param = {"shape": ["d0", "d1"], "dtype": "float32"}
    body = [{"op": "item", "value": 9}, row, rest, *checks]
    return Program.from_json({"schema": 1, "dims": [3, 4], "params": [param], "body": body})


ASKED = (
    {"op": "check_offset", "tensor": "t0", "comparison": "lt", "other": "u0"},
    {"op": "check_query", "tensor": "t1", "query": "stride", "dim": 0, "comparison": "le", "other": "u0"},
)


@pytest.mark.parametrize("frontend", ["make_fx", "export"])
def test_what_a_part_says_of_itself_is_read_back_from_a_graph(frontend: str) -> None:
    checked = check_program(part(*ASKED), frontend, {"reference": resolve("reference")}, ("RA101", "RA102"))
    assert checked.faults == []
    assert checked.overall("reference").status is Status.PROVED


def test_an_offset_that_the_data_decides_is_not_asked_for() -> None:
    start = [
        {"op": "check", "cond": ["ge", "u0", 0]},
        {"op": "narrow", "tensor": "a0", "dim": 0, "start": "u0", "length": 0},
    ]
    with pytest.raises(ProgramError, match="the data decides"):
        part(*start, {**ASKED[0], "tensor": "t2"})


@pytest.mark.parametrize(
    "made",
    [
        {"op": "elementwise", "tensor": "t1", "function": "neg"},
        {"op": "scale", "tensor": "t1", "factor": "u0"},
        {"op": "zeros_like", "tensor": "t1"},
    ],
)
def test_what_is_made_of_a_part_does_not_begin_where_the_part_does(made: dict[str, Any]) -> None:
    assert scopes(part())[-1].tensors["t1"].offset is not None
    assert scopes(part(made))[-1].tensors["t2"].offset is None
