"""Inputs that are no plain tensors: what they are built of, how they print, and what a document may say of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from properties.campaign.finding import input_expressions
from strategies import Param, Program, ProgramError, Unrealisable, Var, build_inputs, compile_program, example
from strategies.constructs import CONSTRUCTS
from strategies.input_forms import DEFINITION, FORMS, JAGGED, WRAPPER
from strategies.semantics import guarantees, initial_scope
from strategies.source import program_source, standalone_source
from strategies.statement import Statement
from strategies.terms import Term, apply

D0, D1, D2 = (Var(f"d{axis}") for axis in range(3))


def check(op: str, left: str, right: str) -> Statement:
    return CONSTRUCTS["check"].statement(cond=apply(op, left, right))


def with_input(form: str, *body: Statement) -> Program:
    """A program that takes one input of ``form`` with three sizes, and an item."""
    read = CONSTRUCTS["item"].statement(value=4)
    return Program((2, 7, 3), (Param((D0, D1, D2), form=form),), (read, *body))


def everywhere(form: str) -> Program:
    """The same with a check of each size."""
    return with_input(form, check("ge", "u0", "d0"), check("le", "u0", "d1"), check("gt", "u0", "d2"))


@pytest.mark.parametrize("form", FORMS)
def test_an_input_has_the_sizes_that_the_program_asks_it_for(form: str) -> None:
    program = everywhere(form)
    forward = compile_program(program)
    forward(*build_inputs(program, example(program)))
    for other in ({"d0": 5}, {"d1": 3}, {"d2": 4}):
        with pytest.raises(RuntimeError, match="Expected cond to be True"):
            forward(*build_inputs(program, {**example(program), **other}))


@pytest.mark.parametrize("form", FORMS)
def test_a_form_outlasts_a_document_and_a_plain_tensor_says_nothing_of_it(form: str) -> None:
    program = everywhere(form)
    document = program.to_json()
    assert Program.from_json(document) == program
    assert ("form" in document["params"][0]) == (form != "dense")


@pytest.mark.parametrize("form", FORMS)
def test_the_printed_program_runs_on_the_printed_inputs(form: str) -> None:
    program = everywhere(form)
    inputs = ", ".join(input_expressions(program, example(program)))
    space: dict[str, Any] = {}
    exec(f"import torch\n{standalone_source(program)}\nresult = forward({inputs})", space)
    assert space["result"] == 4
    assert (DEFINITION in standalone_source(program)) == (form == "wrapped")


def test_no_statement_takes_what_is_no_plain_tensor() -> None:
    assert [form for form in FORMS if initial_scope(with_input(form)).tensors] == ["dense"]
    document = with_input("coo").to_json()
    document["body"].append({"op": "flatten", "tensor": "a0"})
    with pytest.raises(ProgramError, match=r"body\[1\]\.tensor"):
        Program.from_json(document)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"form": "sparse"}, r"form.*one of dense, coo"),
        ({"form": "jagged", "shape": ["d0"]}, "jagged needs a shape of two sizes"),
        ({"form": "coo", "unbacked": [0]}, "dense beside strides"),
        ({"form": "wrapped", "strides": [1], "offset": 0}, "dense beside strides"),
    ],
)
def test_what_no_input_can_be_is_said_with_its_place(change: dict[str, Any], problem: str) -> None:
    document = Program((3,), (Param((D0,)),), ()).to_json()
    document["params"][0] |= change
    with pytest.raises(ProgramError, match=problem):
        Program.from_json(document)


def test_a_jagged_input_has_a_row_and_says_so() -> None:
    program = with_input(JAGGED)
    demand: Term = apply("ge", "d0", 1)
    assert demand in guarantees(program)
    with pytest.raises(Unrealisable, match="without rows"):
        build_inputs(program, {**example(program), "d0": 0})


def test_the_rows_of_a_jagged_input_share_its_elements_evenly() -> None:
    (tensor, _) = build_inputs(with_input(JAGGED), {"d0": 4, "d1": 10, "d2": 3, "u0": 0})
    assert [tuple(row.shape) for row in tensor.unbind()] == [(2, 3), (3, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("item_wrapped", {"value": 3}, "u0 = x0.item()"),
        ("nonzero_wrapped", {"shape": (D0,), "count": 3}, "u0 = torch.nonzero(m0).shape[0]"),
    ],
)
def test_a_source_reads_a_tensor_that_is_held_by_another(name: str, value: dict[str, Any], line: str) -> None:
    program = Program((5,), (Param((D0,)),), (CONSTRUCTS[name].statement(**value),))
    assert Program.from_json(program.to_json()) == program
    assert line in program_source(program)
    forward = compile_program(program)
    for number in (3, 0, 5):
        inputs = build_inputs(program, {"d0": 5, "u0": number})
        assert [type(tensor).__name__ for tensor in inputs] == ["Tensor", WRAPPER]
        assert forward(*inputs) == number


def test_a_wrapper_works_on_the_tensor_inside() -> None:
    (held, _) = build_inputs(with_input("wrapped"), example(with_input("wrapped")))
    doubled = held * 2
    assert type(doubled).__name__ == WRAPPER
    assert torch.equal(doubled.inner, held.inner * 2)
    assert repr(held) == f"Wrapped({held.inner})"
