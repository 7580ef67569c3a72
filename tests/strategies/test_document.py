"""Programs survive JSON, and a document that holds none is refused in one clear line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategies import Apply, Const, Param, Program, ProgramError, Statement, Var, apply, programs
from strategies.constructs import CONSTRUCTS, names_of_kind
from tests.strategies.drawing import draw_programs

GOOD: dict[str, Any] = {
    "schema": 1,
    "dims": [3, 5],
    "params": [{"shape": ["d0", "d1"], "dtype": "float32"}],
    "body": [
        {"op": "item", "value": 8},
        {"op": "check", "cond": ["eq", ["add", "d0", "d1"], "u0"]},
        {"op": "zeros", "shape": ["u0", 2]},
        {"op": "narrow", "tensor": "t0", "dim": 1, "start": 0, "length": 1},
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """``GOOD`` with the value at ``path`` (keys and indices joined by dots) replaced."""
    document = json.loads(json.dumps(GOOD))
    *route, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    spot = document
    for part in route:
        spot = spot[part]
    spot[last] = value
    return document


@given(programs(profile="audit"))
def test_a_program_survives_json(program: Program) -> None:
    text = json.dumps(program.to_json())
    again = Program.from_json(json.loads(text))
    assert again == program
    assert again.key() == program.key()
    assert again.to_json() == json.loads(text)


@pytest.mark.parametrize(("seed", "profile"), [(11, "smoke"), (12, "audit"), (13, "nightly")])
def test_every_drawn_program_reads_back_from_its_json(seed: int, profile: str) -> None:
    for program in draw_programs(300, start=seed, profile=profile):
        assert Program.from_json(json.loads(json.dumps(program.to_json()))) == program


@pytest.mark.parametrize("name", names_of_kind("consumer"))
def test_what_a_consumer_grows_is_what_its_reader_takes(name: str) -> None:
    for program in draw_programs(40, start=5, consumers=[name]):
        assert Program.from_json(json.loads(json.dumps(program.to_json()))) == program


def test_a_slice_may_end_where_its_tensor_does_however_the_size_is_written() -> None:
    # Was drawn, and then not read back: nothing says of 2 * d0 - 1 that it is not negative.
    size = ["sub", ["mul", "d0", 2], 1]
    part = {"op": "slice", "tensor": "a1", "dim": 0, "start": "u0", "stop": size, "step": 1}
    checks = [{"op": "check", "cond": ["ge", "u0", 0]}, {"op": "check", "cond": ["le", "u0", size]}]
    document = {
        "schema": 1,
        "dims": [3],
        "params": [{"shape": ["d0"], "dtype": "float32"}, {"shape": [size], "dtype": "float32"}],
        "body": [{"op": "item", "value": 2}, *checks, part],
    }
    assert Program.from_json(document).to_json() == document
    with pytest.raises(ProgramError, match=">= 0 before"):
        Program.from_json({**document, "body": [*document["body"][:3], {**part, "stop": ["sub", size, 1]}]})


def test_reads_what_a_person_wrote() -> None:
    program = Program.from_json(GOOD)
    assert program.dims == (3, 5)
    assert program.params == (Param((Var("d0"), Var("d1"))),)
    assert program.body[1] == Statement("check", (("cond", apply("eq", apply("add", "d0", "d1"), "u0")),))
    assert program.to_json() == GOOD


def test_the_key_of_a_program_never_changes() -> None:
    # Folders of findings are named by it.
    assert Program.from_json(GOOD).key() == "67f16ff61f04fa27"


def test_different_programs_have_different_keys() -> None:
    assert Program.from_json(GOOD).key() != Program.from_json(changed("body.0.value", 9)).key()


def deep(levels: int) -> Any:
    term: Any = "u0"
    for _ in range(levels):
        term = ["neg", term]
    return ["eq", term, 0]


@pytest.mark.parametrize(
    ("document", "path", "shown", "allowed"),
    [
        (None, "program", "None", "an object with the keys schema, dims, params, body"),
        ([], "program", "[]", "an object"),
        ({}, "program", "schema", "missing"),
        ({**GOOD, "extra": 1}, "program", "'extra'", "only the keys"),
        (changed("schema", 2), "schema", "2", "the schema version 1"),
        (changed("schema", True), "schema", "True", "the schema version 1"),
        (changed("dims", "35"), "dims", "'35'", "a list"),
        (changed("dims.0", -1), "dims[0]", "-1", "an int of at least 0"),
        (changed("dims.0", 1.5), "dims[0]", "1.5", "an int"),
        (changed("dims.0", True), "dims[0]", "True", "an int"),
        (changed("dims", [3, 5, 7]), "dims[2]", "7", "none has d2 in its shape"),
        (changed("params.0.dtype", "complex64"), "params[0].dtype", "'complex64'", "float32"),
        (changed("params.0.dtype", ["float32"]), "params[0].dtype", "['float32']", "float32"),
        (changed("params.0.shape.0", "u0"), "params[0].shape[0]", "'u0'", "d0, d1"),
        (changed("params.0.shape.1", -2), "params[0].shape[1]", "-2", "at least 0"),
        (changed("body.0", "item"), "body[0]", "'item'", '"op"'),
        (changed("body.0.op", "itm"), "body[0].op", "'itm'", "item"),
        (changed("body.0.op", "__import__"), "body[0].op", "'__import__'", "in all"),
        (changed("body.0.op", {}), "body[0].op", "{}", "in all"),
        (changed("body.0.value", "8"), "body[0].value", "'8'", "an int"),
        (changed("body.0.value", 2**63), "body[0]", "value=9223372036854775808", "int64"),
        (changed("body.0.value", 10**2000), "body[0].value", "6644 bits", "4096"),
        (changed("body.1.cond", "u0"), "body[1].cond", "'u0'", "a bool"),
        (changed("body.1.cond", 1), "body[1].cond", "1", "a bool"),
        (changed("body.1.cond.0", "exec"), "body[1].cond[0]", "'exec'", "in all"),
        (changed("body.1.cond.0", "add"), "body[1].cond[0]", "'add'", "yields bool"),
        (changed("body.1.cond", ["eq", "u0"]), "body[1].cond", "['eq', 'u0']", "2 operands"),
        (changed("body.1.cond", ["eq", "u0", 1, 2]), "body[1].cond", "['eq', 'u0', 1, 2]", "2 operands"),
        (changed("body.1.cond.1.1", "u1"), "body[1].cond[1][1]", "'u1'", "bound before"),
        (changed("body.1.cond.2", "u0; import os"), "body[1].cond[2]", "'u0; import os'", "bound before"),
        (changed("body.1.cond.2", "u00"), "body[1].cond[2]", "'u00'", "bound before"),
        (changed("body.1.cond.2", "u0\n"), "body[1].cond[2]", "'u0\\n'", "bound before"),
        (changed("body.1.cond.2", "a0"), "body[1].cond[2]", "'a0'", "bound before"),
        (changed("body.1.cond.2", 1.0), "body[1].cond[2]", "1.0", "an int"),
        (changed("body.1.cond.2", True), "body[1].cond[2]", "True", "an int"),
        (changed("body.1.cond", deep(60)), "body[1].cond", "nested", "50"),
        (changed("body.1.cond", ["eq", ["add", *["u0"] * 9000], 0]), "body[1].cond", "operators", "5000"),
        (changed("body.2.shape", "u0"), "body[2].shape", "'u0'", "a list"),
        (changed("body.3.tensor", "t1"), "body[3].tensor", "'t1'", "a0, t0"),
        (changed("body.3.dim", 2), "body[3]", "dim=2", "a tensor of 2"),
        (changed("body", [GOOD["body"][0]] * 201), "body", "201", "200"),
    ],
)
def test_a_foreign_document_is_refused_with_path_value_and_what_is_allowed(
    document: Any, path: str, shown: str, allowed: str
) -> None:
    with pytest.raises(ProgramError) as caught:
        Program.from_json(document)
    message = str(caught.value)
    assert message.startswith(path)
    assert shown in message
    assert allowed in message
    assert "\n" not in message
    assert len(message) < 400


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["d0", "u0", "t0", "a0", "eq", "add", "float32", "item", ""]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["op", "cond", "value", "shape", "dtype", "tensor"]), inner, max_size=4)
    ),
    max_leaves=10,
)
places = st.sampled_from(
    ["schema", "dims", "dims.0", "params", "params.0", "params.0.shape", "params.0.shape.0", "body", "body.0",
     "body.0.op", "body.0.value", "body.1.cond", "body.1.cond.1", "body.1.cond.2", "body.2.shape", "body.2.shape.0",
     "body.3.tensor", "body.3.dim", "body.3.start", "body.3.length"]
)  # fmt: skip


@given(places, json_values)
def test_any_other_value_anywhere_is_refused_or_read_as_written(place: str, value: Any) -> None:
    document = changed(place, value)
    try:
        program = Program.from_json(document)
    except ProgramError:
        return
    assert program.to_json() == document


def test_a_size_that_may_mean_something_else_is_refused_until_it_is_checked() -> None:
    body = [{"op": "item", "value": 3}, {"op": "view", "tensor": "a0", "shape": ["u0"]}]
    document = {"schema": 1, "dims": [3], "params": [{"shape": ["d0"], "dtype": "float32"}], "body": body}
    with pytest.raises(ProgramError, match="-1 means: infer"):
        Program.from_json(document)
    body.insert(1, {"op": "check", "cond": ["le", 0, "u0"]})
    assert len(Program.from_json(document).body) == 3


@pytest.mark.parametrize("name", sorted(CONSTRUCTS))
def test_each_construct_lists_its_arguments_in_the_order_of_its_fields(name: str) -> None:
    statement = CONSTRUCTS[name].statement(**{field.name: 0 for field in CONSTRUCTS[name].fields})
    assert [key for key, _ in statement.args] == [field.name for field in CONSTRUCTS[name].fields]


def test_bools_and_ints_stay_apart() -> None:
    program = Program.from_json(changed("body.1.cond", ["and", True, ["eq", "u0", 1]]))
    condition = program.body[1].term("cond")
    assert isinstance(condition, Apply)
    assert condition.args[0] == Const(True) != Const(1)
