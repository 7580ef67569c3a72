"""Each way of writing a check raises its own error with the writer's words, exactly where its condition is false."""

from __future__ import annotations

import pytest

from strategies import Program, apply, build_inputs, compile_program, program_source
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


def test_a_message_prints_as_a_function_that_returns_it() -> None:
    program = one_check({"op": "check_message", "cond": ["le", "u0", 3], "function": "value", "message": "quoted"})
    assert "torch._check_value(u0 <= 3, lambda: 'it\\'s \"too long\"')" in program_source(program)


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
    return [statement.term("cond") for statement in program.body if statement.op in ("check", "check_message")]


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
