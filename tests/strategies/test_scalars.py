"""Inputs that are numbers: how they are written, how they run, and what a document may say of them."""

from __future__ import annotations

import pytest

from strategies import Param, Program, ProgramError, Scalar, Statement, Var, apply, build_inputs, compile_program
from strategies.inputs import input_names
from strategies.semantics import example, guarantees, source_of
from strategies.source import program_source
from tests.strategies.drawing import draw_programs, many_programs

CHECK = Statement("check", (("cond", apply("le", apply("add", "n0", "d0"), 9)),))
MIXED = Program((3,), (Param((Var("d0"),)),), (CHECK,), (Scalar(5), Scalar(True, 1), Scalar(2.5, 1)))


def test_a_number_stands_among_the_arguments_where_the_program_says() -> None:
    assert input_names(MIXED) == ("n0", "a0", "n1", "n2")
    assert program_source(MIXED).startswith("def forward(n0, a0, n1, n2):\n    torch._check(n0 + a0.shape[0] <= 9)\n")


def test_the_arguments_are_the_numbers_of_the_valuation() -> None:
    n0, a0, n1, n2 = build_inputs(MIXED, {**example(MIXED), "n0": -7})
    assert (n0, list(a0.shape), n1, n2) == (-7, [3], True, 2.5)


def test_a_check_of_a_number_rejects_what_breaks_it() -> None:
    run = compile_program(MIXED)
    run(*build_inputs(MIXED, {**example(MIXED), "n0": 6}))
    with pytest.raises(RuntimeError):
        run(*build_inputs(MIXED, {**example(MIXED), "n0": 7}))


def test_a_program_with_numbers_comes_back_from_its_document() -> None:
    assert Program.from_json(MIXED.to_json()) == MIXED


def test_numbers_of_different_types_are_different_inputs() -> None:
    kinds = {Program((), (), (), (Scalar(value),)) for value in (1, True, 1.0)}
    assert len(kinds) == 3


def test_a_program_without_numbers_is_written_as_it_was_before_there_were_any() -> None:
    assert "scalars" not in Program((3,), (Param((Var("d0"),)),), (CHECK,)).to_json()


def test_an_integer_that_is_an_input_fits_in_int64() -> None:
    assert apply("le", "n0", 2**63 - 1) in guarantees(MIXED)
    assert source_of(MIXED, "n0") == ("scalar", "n0")


@pytest.mark.parametrize(
    ("scalar", "complaint"),
    [
        ({"value": 2**63, "before": 0}, "an int that fits in int64"),
        ({"value": "n0", "before": 0}, "an int that fits in int64"),
        ({"value": 1, "before": 2}, "the position of a param"),
        ({"value": 1}, "the key before is missing"),
        ({"value": ["float", "1"], "before": 0}, "with a float as Python prints it"),
        ({"value": 1, "before": 0, "name": "n"}, "only the keys value, before"),
    ],
)
def test_a_document_with_a_wrong_number_is_told_what_is_allowed(scalar: object, complaint: str) -> None:
    document = MIXED.to_json() | {"scalars": [scalar], "body": []}
    with pytest.raises(ProgramError, match=complaint):
        Program.from_json(document)


def test_a_truth_value_is_no_integer_in_a_document() -> None:
    document = MIXED.to_json() | {"body": [{"op": "check", "cond": ["le", "n1", 3]}]}
    with pytest.raises(ProgramError, match="an int, which n1 is not"):
        Program.from_json(document)


def test_numbers_are_drawn_and_most_of_them_are_integers() -> None:
    kinds = [type(scalar.value) for program in many_programs() for scalar in program.scalars]
    assert len(set(kinds)) > 1
    assert kinds.count(int) > 0.8 * len(kinds) > 80


def test_a_check_of_a_truth_value_has_one_to_ask_about() -> None:
    for program in draw_programs(20, checks=["flag"], consumers=[]):
        assert any(type(scalar.value) is bool for scalar in program.scalars)
