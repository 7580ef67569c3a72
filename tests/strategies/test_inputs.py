"""Input tensors realise every value of every leaf, or say that they cannot."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from properties.campaign.check import check_program
from properties.subjects import resolve
from properties.verdict import Status
from strategies import (
    Apply,
    Const,
    Param,
    Program,
    ProgramError,
    Statement,
    Unrealisable,
    Var,
    apply,
    build_inputs,
    compile_program,
    evaluate,
    example,
    guarantees,
    holds,
    input_dims,
    input_names,
    input_of_leaf,
)
from strategies.input_tensors import wrapper
from strategies.inputs import input_strides
from tests.strategies.drawing import nightly_programs

D0, D1, U0 = Var("d0"), Var("d1"), Var("u0")


def one_source(op: str, **arguments: object) -> Program:
    statement = Statement(op, tuple(arguments.items()))  # type: ignore[arg-type]
    return Program((3, 4), (Param((D0, D1)),), (statement,))


ITEM = one_source("item", value=8)
NONZERO = one_source("nonzero", shape=(D0, D1), count=5)
SELECT = one_source("masked_select", shape=(D0,), count=2)


def test_an_item_is_the_element_of_a_tensor_of_one() -> None:
    _, x0 = build_inputs(ITEM, {"d0": 3, "d1": 4, "u0": -(2**63)})
    assert x0.tolist() == [-(2**63)]
    assert x0.dtype == torch.int64


@pytest.mark.parametrize("count", range(13))
def test_a_mask_has_exactly_as_many_true_entries_as_asked_for(count: int) -> None:
    _, mask = build_inputs(NONZERO, {"d0": 3, "d1": 4, "u0": count})
    assert mask.shape == (3, 4)
    assert int(mask.sum()) == count
    assert torch.nonzero(mask).shape[0] == count


@pytest.mark.parametrize(
    ("program", "changes", "message"),
    [
        (ITEM, {"u0": 2**63}, "u0=9223372036854775808 does not fit in int64"),
        (ITEM, {"d0": -1}, "a0 would have the negative size -1"),
        (ITEM, {"d0": 2**20, "d1": 2}, "a0 would have the shape"),
        (ITEM, {"d0": 0, "d1": 2**40}, "a0 would have the shape"),
        (NONZERO, {"u0": 13}, "u0=13 is not a number of true entries among 12"),
        (NONZERO, {"u0": -1}, "u0=-1 is not a number of true entries among 12"),
        (SELECT, {"u0": 4}, "u0=4 is not a number of true entries among 3"),
    ],
)
def test_a_valuation_without_inputs_is_refused(program: Program, changes: dict[str, int], message: str) -> None:
    with pytest.raises(Unrealisable) as caught:
        build_inputs(program, {**example(program), **changes})
    assert message in str(caught.value)


def test_a_program_that_would_make_a_huge_tensor_has_no_inputs_for_it() -> None:
    zeros = Statement("zeros", (("shape", (U0,)),))
    check = Statement("check", (("cond", apply("le", U0, 9)),))
    bare = Program((), (), (*ITEM.body, zeros))
    with pytest.raises(Unrealisable, match="t0 would have the shape"):
        build_inputs(bare, {"u0": 2**40})
    # Stopped before it makes the tensor, the program is a good witness.
    guarded = Program((), (), (*ITEM.body, check, zeros))
    assert build_inputs(guarded, {"u0": 2**40})[0].tolist() == [2**40]


SOURCES = {
    "item_int32": ({"value": 0}, range(-3, 4)),
    "item_bool": ({"value": 0}, range(2)),
    "mask_index": ({"shape": ["d0", "d1"], "count": 0}, range(13)),
    "unique": ({"length": ["d0"], "count": 1}, range(1, 4)),
    "unique_counts": ({"length": ["d0"], "count": 1}, range(1, 4)),
    "unique_consecutive": ({"length": ["d0"], "count": 1}, range(1, 4)),
    "item_sum": ({"shape": ["d0", "d1"], "count": 0}, range(13)),
    "repeat_interleave_of": ({"length": ["d0"], "count": 0}, range(40)),
    "bincount": ({"length": ["d0"], "count": 1}, range(1, 40)),
    "repeat_interleave": ({"length": ["d0"], "count": 0}, range(40)),
}


@pytest.mark.parametrize("op", SOURCES)
def test_every_value_that_a_source_allows_comes_out_of_it_and_no_other_is_allowed(op: str) -> None:
    arguments, allowed = SOURCES[op]
    document = {
        "schema": 1,
        "dims": [3, 4],
        "params": [{"shape": ["d0", "d1"], "dtype": "float32"}],
        "body": [{"op": op, **arguments}],
    }
    program = Program.from_json(document)
    run = compile_program(program)
    for value in range(-5, 40):
        valuation = {"d0": 3, "d1": 4, "u0": value}
        possible = all(holds(term, valuation) for term in guarantees(program))
        assert possible == (value in allowed or (op == "item_int32" and abs(value) > 3)), value
        if possible:
            result = run(*build_inputs(program, valuation))
            first = result[0] if isinstance(result, tuple) else result
            assert (first.shape[0] if isinstance(first, torch.Tensor) else first) == value


@pytest.mark.parametrize("op", ["unique", "bincount", "repeat_interleave"])
def test_nothing_comes_out_of_an_empty_vector(op: str) -> None:
    body = [{"op": op, "length": ["d0"], "count": 0}]
    params = [{"shape": ["d0"], "dtype": "float32"}]
    program = Program.from_json({"schema": 1, "dims": [0], "params": params, "body": body})
    assert compile_program(program)(*build_inputs(program, {"d0": 0, "u0": 0})).shape == (0,)
    with pytest.raises(Unrealisable):
        build_inputs(program, {"d0": 0, "u0": 1})


def test_a_count_that_cannot_come_out_is_refused_when_the_program_is_read() -> None:
    params = [{"shape": ["d0"], "dtype": "float32"}]
    document = {"schema": 1, "dims": [3], "params": params, "body": [{"op": "unique", "length": ["d0"], "count": 4}]}
    with pytest.raises(ProgramError, match="count=4 is no result"):
        Program.from_json(document)


def test_a_missing_leaf_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        build_inputs(ITEM, {"d0": 3, "d1": 4})


def test_inputs_have_the_sizes_that_their_terms_say() -> None:
    for program in nightly_programs():
        inputs, valuation = build_inputs(program, example(program)), example(program)
        assert len(inputs) == len(input_names(program)) == len(input_dims(program))
        for tensor, dims in zip(inputs, input_dims(program), strict=True):
            if not isinstance(tensor, torch.Tensor):
                continue
            sizes = [evaluate(size, valuation) for size in dims]
            if tensor.is_nested:
                assert [tensor.shape[0], *tensor.values().shape] == sizes
            else:
                assert list(tensor.shape) == sizes


def plain(tensor: Any) -> torch.Tensor:
    """The elements of an input of any form."""
    if tensor.is_nested:
        return tensor.values()
    # A plain tensor has a method with the name of the attribute.
    dense: torch.Tensor = tensor.to_dense() if tensor.is_sparse else tensor
    return getattr(dense, "inner") if isinstance(tensor, wrapper()) else dense  # noqa: B009


def test_the_same_valuation_gives_equal_inputs() -> None:
    for program in nightly_programs()[:50]:
        for one, other in zip(
            build_inputs(program, example(program)), build_inputs(program, example(program)), strict=True
        ):
            assert torch.equal(plain(one), plain(other)) if isinstance(one, torch.Tensor) else one == other


def test_who_writes_to_an_input_spoils_no_later_one() -> None:
    prog = Program((4,), (Param((Var("d0"),)),), ())
    (first,) = build_inputs(prog, {"d0": 4})
    first.zero_()
    (second,) = build_inputs(prog, {"d0": 4})
    assert second.tolist() == [1, 2, 3, 4]
    assert not second._is_view()


def test_a_list_is_read_from_one_tensor_in_its_order() -> None:
    program = Program((), (), (Statement("tolist", (("values", (Const(1), Const(-2), Const(3))),)),))
    (tensor,) = build_inputs(program, {"u0": 5, "u1": -6, "u2": 7})
    assert tensor.tolist() == [5, -6, 7]
    assert compile_program(program)(tensor) == (5, -6, 7)
    assert input_of_leaf(program) == {"u0": 0, "u1": 0, "u2": 0}
    with pytest.raises(Unrealisable, match="u1=9223372036854775808"):
        build_inputs(program, {"u0": 5, "u1": 2**63, "u2": 7})


@pytest.mark.parametrize("values", [[1], [1, ["add", 1, 1]], [1, 2**63]])
def test_a_list_of_anything_but_integers_of_a_tensor_is_refused(values: list) -> None:
    document = {"schema": 1, "dims": [], "params": [], "body": [{"op": "tolist", "values": values}]}
    with pytest.raises(ProgramError, match="tolist"):
        Program.from_json(document)


def test_each_unbacked_leaf_is_decided_by_one_input() -> None:
    assert input_of_leaf(ITEM) == {"u0": 1}
    assert input_names(SELECT) == ("a0", "v0", "m0")
    assert input_of_leaf(SELECT) == {"u0": 2}
    for program in nightly_programs():
        decided = sorted(input_of_leaf(program))
        assert decided == sorted(leaf for leaf in example(program) if leaf.startswith("u"))


@pytest.mark.parametrize("value", [0.0, -0.0, 2.5, 1e308, 5e-324, float("inf"), float("-inf"), float("nan")])
def test_every_double_comes_out_of_a_float_item(value: float) -> None:
    document = {"schema": 1, "dims": [], "params": [], "body": [{"op": "item_float", "value": ["float", "2.5"]}]}
    program = Program.from_json(document)
    assert program.to_json() == document
    (result,) = (compile_program(program)(*build_inputs(program, {"u0": value})),)
    assert repr(result.item()) == repr(value)


def test_a_float_and_an_integer_do_not_stand_for_each_other() -> None:
    def demanding(*condition: object) -> dict:
        body = [{"op": "item_float", "value": ["float", "2.5"]}, {"op": "check", "cond": list(condition)}]
        return {"schema": 1, "dims": [], "params": [], "body": body}

    assert Program.from_json(demanding("float_le", "u0", ["float", "2.5"])).body[1].term("cond") == Apply(
        "float_le", (Var("u0", "float"), Const(2.5))
    )
    with pytest.raises(ProgramError, match="an int, which u0 is not"):
        Program.from_json(demanding("le", "u0", 3))


def test_an_input_has_the_strides_and_the_offset_that_its_param_says() -> None:
    param = {"shape": ["d0", "d1"], "dtype": "float32", "strides": [["add", "d1", 2], 1], "offset": 3}
    document = {"schema": 1, "dims": [3, 4], "params": [param], "body": [{"op": "item", "value": 1}]}
    program = Program.from_json(document)
    assert program.to_json() == document
    tensor = build_inputs(program, {"d0": 2, "d1": 5, "u0": 1})[0]
    assert (tuple(tensor.shape), tensor.stride(), tensor.storage_offset()) == ((2, 5), (7, 1), 3)
    assert tensor._base is None
    assert [evaluate(step, {"d0": 2, "d1": 5}) for step in input_strides(program)[0]] == [7, 1]


def test_an_input_begins_where_a_size_says_and_is_read_back_so_from_a_graph() -> None:
    """As rows behind the first are laid out: the start is a row, whose length is a size."""
    param = {"shape": ["d0", "d1"], "dtype": "float32", "strides": ["d1", 1], "offset": "d1"}
    asked = {"op": "check_offset", "tensor": "a0", "comparison": "le", "other": "u0"}
    document = {"schema": 1, "dims": [3, 4], "params": [param], "body": [{"op": "item", "value": 9}, asked]}
    program = Program.from_json(document)
    assert program.to_json() == document
    assert build_inputs(program, {"d0": 2, "d1": 5, "u0": 1})[0].storage_offset() == 5
    for frontend in ("make_fx", "export"):
        checked = check_program(program, frontend, {"reference": resolve("reference")}, ("RA101", "RA102"))
        assert checked.faults == []
        assert checked.overall("reference").status is Status.PROVED


@pytest.mark.parametrize("frontend", ["shape_env", "make_fx", "export", "compile"])
@pytest.mark.parametrize("size", [0, 1])
def test_a_size_that_torch_takes_for_a_constant_is_captured(frontend: str, size: int) -> None:
    params = [{"shape": [dim], "dtype": "float32"} for dim in ("d0", "d1")]
    check = {"op": "check", "cond": ["le", ["add", "d0", "d1"], "u0"]}
    document = {"schema": 1, "dims": [size, 4], "params": params, "body": [{"op": "item", "value": 9}, check]}
    checked = check_program(
        Program.from_json(document), frontend, {"reference": resolve("reference")}, ("RA101", "RA102")
    )
    assert (checked.refusal, checked.faults) == ("", [])
    assert checked.overall("reference").status is Status.PROVED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strides": [1]}, "one stride for each of the 2"),
        ({"strides": [["sub", "d0", 9], 1]}, "a stride of at least 0"),
        ({"offset": -1}, "a number of at least 0"),
        ({"offset": ["sub", "d0", 4]}, "a number of at least 0"),
        ({"offset": "u0"}, "a leaf that is bound before"),
    ],
)
def test_a_layout_that_no_tensor_has_is_refused(changes: dict, message: str) -> None:
    param = {"shape": ["d0", "d1"], "dtype": "float32", "strides": ["d1", 1], "offset": 0, **changes}
    with pytest.raises(ProgramError, match=message):
        Program.from_json({"schema": 1, "dims": [3, 4], "params": [param], "body": []})
