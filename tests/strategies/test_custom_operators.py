"""Operators of this project's own: what their definitions say, and that a printed program brings them along."""

from __future__ import annotations

import subprocess
import sys

import pytest

from strategies import Param, Program, Statement, Unrealisable, Var, apply, build_inputs, compile_program
from strategies.constructs import CONSTRUCTS
from strategies.custom_operators import DEFINITIONS, FACTOR, LEAST, MOST
from strategies.semantics import example, initial_scope
from strategies.source import operators_of, program_source, standalone_source
from strategies.statement import Scope
from strategies.terms import Term


def calling(op: str, **arguments: object) -> Statement:
    return CONSTRUCTS[op].statement(shape=(Var("d0"),), **arguments)


ALL = (
    calling("custom_compress", count=1),
    calling("custom_first_few", count=2),
    calling("custom_pairs", count=3),
    calling("custom_count", count=4),
    calling("custom_compress_both", count=5, other=6),
)


def program(*body: Statement) -> Program:
    return Program((12,), (Param((Var("d0"),)),), body)


def test_every_operator_is_called_by_a_construct() -> None:
    assert set(operators_of(program(*ALL))) == set(DEFINITIONS)


def test_each_leaf_has_its_value_when_the_program_runs() -> None:
    checks = [Statement("check", (("cond", apply("eq", f"u{index}", index + 1)),)) for index in range(6)]
    whole = program(*ALL, *checks)
    compress, few, pairs, both, other = compile_program(whole)(*build_inputs(whole, example(whole)))[:5]
    assert [len(result) for result in (compress, few, pairs, both, other)] == [1, 2, 3 * FACTOR, 5, 6]


def test_a_printed_program_runs_with_torch_alone() -> None:
    """The definitions stand before the program; nothing of this project is needed, or could be found."""
    masks = ", ".join("torch.arange(12) < 3" for _ in range(6))
    script = f"import torch\n\n\n{standalone_source(program(*ALL))}\n\nprint(len(forward(torch.ones(12), {masks})))\n"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # Five vectors, and the number that no size names.
    assert done.stdout.strip() == "6"


def test_a_program_without_such_operators_prints_as_ever() -> None:
    plain = program(CONSTRUCTS["item"].statement(value=3))
    assert standalone_source(plain) == program_source(plain)


@pytest.mark.parametrize("value", [LEAST - 1, MOST + 1])
def test_an_operator_with_bounds_yields_nothing_beyond_them(value: int) -> None:
    few = program(ALL[1])
    with pytest.raises(Unrealisable):
        build_inputs(few, {"d0": 12, "u0": value})


def test_an_operator_with_a_least_size_yields_it_for_an_empty_mask() -> None:
    few = program(ALL[1])
    (result,) = (compile_program(few)(*build_inputs(few, {"d0": 0, "u0": LEAST})),)
    assert len(result) == LEAST


def test_a_size_behind_a_divisor_is_a_multiple_of_the_leaf() -> None:
    (term,) = CONSTRUCTS["custom_pairs"].effect(ALL[2], _scope()).tensors[0].shape
    assert term == apply("mul", "u0", FACTOR)


def _scope() -> Scope:
    return initial_scope(program())


def guarantees_of(statement: Statement) -> tuple[Term, ...]:
    return CONSTRUCTS[statement.op].guarantees(statement, _scope())


def test_what_its_author_promises_is_guaranteed() -> None:
    assert {apply("ge", "u0", LEAST), apply("le", "u0", MOST)} <= set(guarantees_of(ALL[1]))
