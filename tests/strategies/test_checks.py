"""Each way of writing a check raises its own error with the writer's words, exactly where its condition is false."""

from __future__ import annotations

import pytest

from strategies import Program, apply, build_inputs, compile_program, holds, program_source, requirements
from strategies.constructs import check_assert as assertions
from strategies.constructs import check_error as errors
from strategies.constructs import check_formatted as formatted
from strategies.constructs.check_message import FUNCTIONS, MESSAGES
from strategies.statement import Effect, Scope
from strategies.terms import Apply, Term, conjuncts
from tests.strategies.drawing import draw_programs, nightly_programs

ERRORS = {
    "check": RuntimeError,
    "value": ValueError,
    "index": IndexError,
    "type": TypeError,
    "not_implemented": NotImplementedError,
    "with": ArithmeticError,
}


def one_check(statement: dict) -> Program:
    body = [{"op": "item", "value": 3}, statement]
    return Program.from_json({"schema": 1, "dims": [], "params": [], "body": body})


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("message", MESSAGES)
def test_a_check_with_a_message_raises_the_error_of_its_function_with_the_message(function: str, message: str) -> None:
    program = one_check({"op": "check_message", "cond": ["le", "u0", 3], "function": function, "message": message})
    run = compile_program(program)
    run(*build_inputs(program, {"u0": 3}))
    with pytest.raises(ERRORS[function]) as caught:
        run(*build_inputs(program, {"u0": 4}))
    assert type(caught.value) is ERRORS[function]
    assert MESSAGES[message] in str(caught.value)


@pytest.mark.parametrize("function", errors.FUNCTIONS)
def test_a_check_without_a_message_raises_the_error_of_its_function(function: str) -> None:
    run = compile_program(program := one_check({"op": "check_error", "cond": ["le", "u0", 3], "function": function}))
    run(*build_inputs(program, {"u0": 3}))
    with pytest.raises(ERRORS[function]) as caught:
        run(*build_inputs(program, {"u0": 4}))
    assert type(caught.value) is ERRORS[function]


def test_a_message_prints_as_a_function_that_returns_it() -> None:
    program = one_check({"op": "check_message", "cond": ["le", "u0", 3], "function": "value", "message": "quoted"})
    assert "torch._check_value(u0 <= 3, lambda: 'it\\'s \"too long\"')" in program_source(program)


@pytest.mark.parametrize("form", formatted.FORMS)
def test_a_message_that_is_made_when_it_is_needed_shows_the_value(form: str) -> None:
    program = one_check({"op": "check_formatted", "cond": ["le", ["mul", "u0", 2], 6], "form": form})
    run = compile_program(program)
    run(*build_inputs(program, {"u0": 3}))
    with pytest.raises(RuntimeError, match="4"):
        run(*build_inputs(program, {"u0": 4}))


def test_a_message_can_be_the_value_of_a_variable() -> None:
    program = one_check({"op": "check_variable", "cond": ["le", "u0", 3]})
    run = compile_program(program)
    run(*build_inputs(program, {"u0": 3}))
    with pytest.raises(RuntimeError, match="the size does not fit"):
        run(*build_inputs(program, {"u0": 4}))


@pytest.mark.parametrize("form", assertions.FORMS)
def test_an_assertion_raises_exactly_where_its_condition_is_false(form: str) -> None:
    program = one_check({"op": "check_assert", "cond": ["le", "u0", 3], "form": form})
    run = compile_program(program)
    run(*build_inputs(program, {"u0": 3}))
    with pytest.raises(RuntimeError if form in ("scalar", "operator") else AssertionError):
        run(*build_inputs(program, {"u0": 4}))


@pytest.mark.parametrize(("function", "least"), [("constrain", -2), ("is_size", 0)])
def test_a_range_is_demanded_from_both_sides(function: str, least: int) -> None:
    program = one_check({"op": "check_range", "leaf": "u0", "least": least, "most": 5, "function": function})
    for value in range(-4, 8):
        inputs = build_inputs(program, {"u0": value})
        if least <= value <= 5:
            compile_program(program)(*inputs)
        else:
            with pytest.raises(RuntimeError):
                compile_program(program)(*inputs)


@pytest.mark.parametrize(
    ("query", "dim", "answer"), [("size", 1, 3), ("shape", 0, 4), ("numel", 0, 12), ("stride", 0, 3)]
)
def test_a_tensor_is_asked_for_its_sizes_and_strides(query: str, dim: int, answer: int) -> None:
    for comparison, holds_at in (("eq", (0,)), ("ne", (-1, 1)), ("lt", (1,)), ("le", (0, 1)), ("gt", (-1,))):
        for offset in (-1, 0, 1):
            asked = {"op": "check_query", "tensor": "t0", "query": query, "dim": dim, "comparison": comparison}
            body = [
                {"op": "item", "value": 4},
                {"op": "zeros", "shape": ["u0", 3]},
                {**asked, "other": answer + offset},
            ]
            program = Program.from_json({"schema": 1, "dims": [], "params": [], "body": body})
            fails = [not holds(item.term, {"u0": 4}) for item in requirements(program)]
            assert any(fails) == (offset not in holds_at)
            if any(fails):
                with pytest.raises(RuntimeError):
                    compile_program(program)(*build_inputs(program, {"u0": 4}))
            else:
                compile_program(program)(*build_inputs(program, {"u0": 4}))


@pytest.mark.parametrize("value", [-1, 0, 1])
def test_a_number_that_cannot_be_a_size_is_refused_and_no_other(value: int) -> None:
    program = one_check({"op": "check_is_size", "size": ["sub", "u0", 3]})
    inputs = build_inputs(program, {"u0": value + 3})
    if value >= 0:
        compile_program(program)(*inputs)
    else:
        with pytest.raises(RuntimeError):
            compile_program(program)(*inputs)


def test_a_number_checked_to_be_a_size_may_shape_a_view() -> None:
    body = [
        {"op": "item", "value": 3},
        {"op": "check_is_size", "size": "u0"},
        {"op": "view", "tensor": "a0", "shape": ["u0"]},
    ]
    params = [{"shape": ["d0"], "dtype": "float32"}]
    assert len(Program.from_json({"schema": 1, "dims": [3], "params": params, "body": body}).body) == 3


def test_what_was_learned_stands_in_scope_in_order() -> None:
    first, second = apply("le", "u0", 3), apply("ge", "u0", 1)
    scope = Scope(values={"u0": 2}).after("check", Effect(), (first,)).after("check", Effect(), (second,))
    assert scope.learned == (first, second)


def demands(program: Program) -> list[Term]:
    return [
        statement.term("cond")
        for statement in program.body
        if statement.op in ("check", "check_error", "check_message")
    ]


def test_the_same_check_stands_twice_in_some_programs() -> None:
    repeating = [program for program in nightly_programs() if len(set(demands(program))) < len(demands(program))]
    assert len(repeating) > 0.02 * len(nightly_programs())


def test_a_chain_bounds_one_leaf_from_both_sides() -> None:
    drawn = draw_programs(20, checks=["chained"], consumers=[], min_statements=3, max_statements=6)
    chains = [term for program in drawn for term in demands(program)]
    assert chains
    for chain in chains:
        below, above = conjuncts(chain)
        assert isinstance(below, Apply)
        assert isinstance(above, Apply)
        assert below.args[1] == above.args[0]
