"""Printed programs read well and compute what the terms mean."""

from __future__ import annotations

import gc
import inspect
import linecache
import math
import traceback
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from strategies import (
    CONSTRUCTS,
    Apply,
    Const,
    Param,
    Program,
    Statement,
    Term,
    Undefined,
    Var,
    apply,
    as_module,
    build_inputs,
    compile_program,
    evaluate,
    example,
    input_names,
    program_source,
    render_term,
)
from strategies.operators import OPERATORS
from strategies.semantics import scopes
from strategies.source import has_parts, statement_of_line
from tests.strategies.drawing import nightly_programs

NAMES = {"d0": "a", "u0": "b", "u1": "c"}
FLOATS = {"f0": "x", "f1": "y"}

ints: st.SearchStrategy[Term] = st.deferred(
    lambda: st.integers(-9, 9).map(Const) | st.sampled_from(sorted(NAMES)).map(Var) | _applied("int")
)
bools: st.SearchStrategy[Term] = st.deferred(lambda: st.booleans().map(Const) | _applied("bool"))
floats: st.SearchStrategy[Term] = st.deferred(
    lambda: st.floats().map(Const) | st.sampled_from(sorted(FLOATS)).map(lambda n: Var(n, "float")) | _applied("float")
)
SORTS = {"int": ints, "bool": bools, "float": floats}


def _applied(sort: str) -> st.SearchStrategy[Term]:
    # For a negative base or exponent Python's power is a number of another kind.
    rows = [row for row in OPERATORS.values() if row.result == sort and row.name not in ("pow", "float_pow")]

    @st.composite
    def application(draw: Any) -> Term:
        row = draw(st.sampled_from(rows))
        sorts = row.sorts + ((row.sorts[-1],) if row.variadic and draw(st.booleans()) else ())
        return Apply(row.name, tuple(draw(SORTS[operand]) for operand in sorts))

    return application()


@given(bools | ints | floats, st.tuples(*[st.integers(-12, 12)] * 3), st.tuples(st.floats(), st.floats()))
def test_a_printed_term_computes_what_the_term_means(term: Term, numbers: Any, doubles: Any) -> None:
    text = render_term(term, NAMES | FLOATS)
    code = compile(text, "term", "eval")
    named = dict(zip((*NAMES.values(), *FLOATS.values()), (*numbers, *doubles), strict=True))
    names = {"torch": torch, "math": math, **named}
    try:
        expected = evaluate(term, dict(zip((*NAMES, *FLOATS), (*numbers, *doubles), strict=True)))
    except Undefined:
        with pytest.raises((ArithmeticError, ValueError)):
            eval(code, names)
        return
    assert repr(eval(code, names)) == repr(expected)


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (apply("eq", apply("add", "d0", "u0"), "u1"), "a + b == c"),
        (apply("sub", "d0", apply("sub", "u0", "u1")), "a - (b - c)"),
        (apply("sub", apply("sub", "d0", "u0"), "u1"), "a - b - c"),
        (apply("mul", apply("add", "d0", 1), -2), "(a + 1) * -2"),
        (apply("floordiv", -3, "d0"), "-3 // a"),
        (apply("mod", "d0", apply("mul", 2, "u0")), "a % (2 * b)"),
        (apply("neg", apply("add", "d0", "u0")), "-(a + b)"),
        (apply("le", apply("min", "u0", apply("add", "d0", 1)), 5), "torch.sym_min(b, a + 1) <= 5"),
        (apply("min", "d0", "u0", 3), "torch.sym_min(torch.sym_min(a, b), 3)"),
        (apply("and", apply("le", "d0", 3), apply("ge", "u0", 1)), "(a <= 3) & (b >= 1)"),
        (apply("and", apply("or", True, False), True), "(True | False) & True"),
        (apply("add", "d0", "u0", apply("add", "u1", 1)), "a + b + (c + 1)"),
    ],
)
def test_prints_only_the_parentheses_that_are_needed(term: Term, text: str) -> None:
    assert render_term(term, NAMES) == text


def program(*body: Statement) -> Program:
    return Program((3, 5), (Param((Var("d0"),)), Param((Var("d1"),))), body)


SUM = program(
    Statement("item", (("value", 8),)),
    Statement("check", (("cond", apply("eq", apply("add", "d0", "d1"), "u0")),)),
    Statement("zeros", (("shape", (Var("u0"),)),)),
)


def test_prints_a_whole_program_as_a_person_would() -> None:
    assert program_source(SUM) == (
        "def forward(a0, a1, x0):\n"
        "    u0 = x0.item()\n"
        "    torch._check(a0.shape[0] + a1.shape[0] == u0)\n"
        "    t0 = torch.zeros(u0)\n"
        "    return t0\n"
    )


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ((), "a0.sum()"),
        (SUM.body[:1], "u0"),
        ((*SUM.body, SUM.body[0]), "t0, u1"),
    ],
)
def test_returns_what_it_made_or_read_or_something_else(body: tuple[Statement, ...], result: str) -> None:
    assert program_source(program(*body)).splitlines()[-1] == f"    return {result}"


def test_a_program_without_inputs_returns_something() -> None:
    empty = Program((), (), ())
    assert compile_program(empty)() == torch.zeros(())


def test_every_program_binds_the_shapes_that_its_scope_says() -> None:
    for drawn in nightly_programs():
        inputs = build_inputs(drawn, example(drawn))
        with torch.compiler.set_stance("force_eager"):  # else torch compiles the body of a loop
            results = compile_program(drawn)(*inputs)
        results = results if isinstance(results, tuple) else (results,)
        tensors = {name: t for name, t in scopes(drawn)[-1].tensors.items() if name.startswith("t")}
        for result, tensor in zip(results, tensors.values(), strict=False):
            assert list(result.shape) == [evaluate(size, example(drawn)) for size in tensor.shape]
            assert str(result.dtype) == f"torch.{tensor.dtype}"
            assert result.is_contiguous() or not tensor.contiguous


def test_a_traceback_shows_the_line_of_the_check() -> None:
    inputs = build_inputs(SUM, {"d0": 3, "d1": 5, "u0": 7})
    with pytest.raises(RuntimeError) as caught:
        compile_program(SUM)(*inputs)
    frame = next(frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.name == "forward")
    assert frame.line == "torch._check(a0.shape[0] + a1.shape[0] == u0)"
    assert statement_of_line(SUM, frame.lineno or 0) == 1


def test_the_lines_of_a_program_go_when_its_last_function_goes() -> None:
    first, second = compile_program(SUM), compile_program(SUM)
    name = second.__code__.co_filename
    del first
    gc.collect()
    assert name in linecache.cache
    del second
    gc.collect()
    assert name not in linecache.cache


def test_a_module_has_the_signature_of_the_program_and_computes_the_same() -> None:
    for drawn in nightly_programs()[:60]:
        module, inputs = as_module(drawn), build_inputs(drawn, example(drawn))
        assert tuple(inspect.signature(module.forward).parameters) == input_names(drawn)
        # A program may write to its inputs.
        again = build_inputs(drawn, example(drawn))
        torch.testing.assert_close(module(*inputs), compile_program(drawn)(*again))


def test_each_line_of_a_body_belongs_to_its_statement() -> None:
    for drawn in nightly_programs()[:60]:
        lines = program_source(drawn).splitlines()
        # A region at the end that holds nothing is filled with a line that is no statement's.
        body = [number for number, line in enumerate(lines, 1) if line.strip() != "pass"][1:-1]
        owners = [statement_of_line(drawn, number) for number in body]
        # Where a function is called behind its body, lines of a statement stand on both sides of those that it holds.
        called = any(CONSTRUCTS[statement.op].kind == "structure" for statement in drawn.body)
        if not called and not has_parts(drawn):
            assert owners == sorted(owners, key=lambda owner: -1 if owner is None else owner)
        assert {*owners} == {*range(len(drawn.body))}
        assert statement_of_line(drawn, 1) is None
        assert statement_of_line(drawn, len(lines)) is None


def test_a_region_holds_the_statements_that_it_says_and_no_more() -> None:
    body = [
        {"op": "item", "value": 3},
        {"op": "annotate", "length": 2},
        {"op": "check", "cond": ["ge", "u0", 1]},
        {"op": "annotate", "length": 9},
        {"op": "zeros", "shape": ["u0"]},
    ]
    program = Program.from_json({"schema": 1, "dims": [], "params": [], "body": body})
    indents = [len(line) - len(line.lstrip()) for line in program_source(program).splitlines()]
    assert indents == [0, 4, 4, 8, 8, 12, 4]
    assert [statement_of_line(program, line) for line in range(1, 8)] == [None, 0, 1, 2, 3, 4, None]


def test_an_empty_region_still_runs() -> None:
    body = [{"op": "item", "value": 3}, {"op": "annotate", "length": 1}]
    program = Program.from_json({"schema": 1, "dims": [], "params": [], "body": body})
    assert compile_program(program)(*build_inputs(program, {"u0": 3})) == 3


def test_a_size_that_follows_from_a_dim_is_an_input_of_that_size() -> None:
    params = [{"shape": ["d0"], "dtype": "float32"}, {"shape": [["sub", ["mul", "d0", 2], 1]], "dtype": "float32"}]
    program = Program.from_json({"schema": 1, "dims": [3], "params": params, "body": [{"op": "item", "value": 3}]})
    assert [list(tensor.shape) for tensor in build_inputs(program, {"d0": 4, "u0": 1})[:2]] == [[4], [7]]
