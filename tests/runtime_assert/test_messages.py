"""A failing assert says what was checked, in the user's terms, and where."""

from __future__ import annotations

import ast
import itertools
import math
from functools import reduce
from typing import Any, cast

import pytest
import torch
from torch import fx

from runtime_assert import insert_with_report
from runtime_assert.messages import LENGTH_LIMIT, location_in_trace, show, user_frames, user_message
from runtime_assert.values import Value, ValueTable
from tests.runtime_assert.graphs import asserts, capture

A, X, M = torch.randn(3), torch.tensor([7, 2]), torch.tensor([1, 0, 1])


def texts(function: Any) -> list[str]:
    gm, env = capture(function, (A, X, M), ((0,), (), (0,)))
    insert_with_report(gm, env, "test", strict=True)
    return [str(node.args[1]) for node in asserts(gm)]


def test_two_values_are_not_called_the_same() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        u, v = x[0].item(), x[0].item()
        torch._check(u <= 2 * v)
        return u, v

    (text,) = [t for t in texts(program) if "<=" in t]
    first, second = text.split(" (checked")[0].split(": ")[1].split(" <= 2*" if "2*" in text else " <= 2 * ")
    assert first != second


def test_the_condition_is_in_the_users_terms_with_the_line_of_the_check() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        u, n = x[0].item(), m.nonzero().shape[0]
        unused = u * 2
        torch._check(2 * a.shape[0] - u <= n)  # the line that the message must name
        return unused

    (text,) = [t for t in texts(program) if "<=" in t]
    line = program.__code__.co_firstlineno + 3
    assert "a.shape[0]" in text
    assert "x.select(0, 0).item()" in text
    assert "m.nonzero().shape[0]" in text
    assert text.endswith(f"(checked at test_messages.py:{line})")


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (lambda u, n: torch.sym_not((u > 5) & (n <= 1)) & (u <= 8), "(not (u > 5) & (n <= 1)) & (u <= 8)"),
        (lambda u, n: torch.sym_not((u > 5) | (n <= 1)), "not (u > 5) | (n <= 1)"),
        (lambda u, n: (u > 5) == torch.sym_not(n <= 1), "(u > 5) == (not n <= 1)"),
        (lambda u, n: u + n <= 2 * n, "u + n <= 2 * n"),
    ],
)
def test_a_condition_reads_in_python_as_what_is_asserted(condition: Any, text: str) -> None:
    """`not` binds less tightly than `&`, and comparisons chain."""
    table = ValueTable(-1)
    graph = fx.Graph()
    u, n = (table.opaque(graph.placeholder(name), -1, "int") for name in "un")
    values = {"u": u, "n": n}
    written = parsed(ast.parse(text, mode="eval").body, table, values)
    assert show(written, lambda value: value.args[0] if value.op == "node" else None) == text
    for numbers in itertools.product(range(4, 8), range(3)):
        known = dict(zip("un", numbers, strict=True))
        assert eval(text, {}, known) == bool(condition(*numbers))


def parsed(node: ast.expr, table: ValueTable, values: dict[str, Value]) -> Any:
    """The value that a Python expression of few operators is."""
    if isinstance(node, ast.Name):
        return values[node.id]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return table.get("not", (parsed(node.operand, table, values),))
    if isinstance(node, ast.Compare):
        (sign,), (right,) = node.ops, node.comparators
        left = node.left
    else:
        assert isinstance(node, ast.BinOp)
        left, sign, right = node.left, node.op, node.right
    return table.get(OPERATORS[type(sign)], [parsed(part, table, values) for part in (left, right)])


OPERATORS: dict[type, str] = {
    ast.Gt: "gt",
    ast.LtE: "le",
    ast.Eq: "eq",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.Add: "add",
    ast.Mult: "mul",
}


def test_the_error_at_run_time_carries_that_text() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(u >= a.shape[0])
        return u

    gm, env = capture(program, (A, X, M), ((0,), (), (0,)))
    insert_with_report(gm, env, "test", strict=True)
    gm.recompile()
    with pytest.raises(RuntimeError, match=r"failed: .*x\.select\(0, 0\)\.item\(\).*checked at test_messages\.py"):
        gm(A, torch.tensor([2, 2]), M)


def test_the_stack_trace_of_an_assert_is_that_of_the_check() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(u != 5)
        return u

    gm, env = capture(program, (A, X, M), ((0,), (), (0,)))
    insert_with_report(gm, env, "test", strict=True)
    trace = asserts(gm)[0].meta["stack_trace"]
    assert "torch._check(u != 5)" in trace
    assert f"line {program.__code__.co_firstlineno + 2}, in program" in trace


def test_a_message_that_came_with_the_obligation_is_carried() -> None:
    gm, env = capture(lambda x: x.item(), (torch.tensor([3]),), ((),))
    (symbol,) = [s for node in gm.graph.nodes for s in node.meta.get("unbacked_bindings", ())]
    env.guard_or_defer_runtime_assert(symbol >= 2, "need two experts")
    insert_with_report(gm, env, "test", strict=True)
    (check,) = asserts(gm)
    assert str(check.args[1]).startswith("need two experts: ")
    assert "x.item() >= 2" in str(check.args[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("need two experts", "need two experts"),
        ("/a/torch/__init__.py:1728", None),
        ("Runtime assertion failed for expression u0 >= 0 on node 'ge'", None),
        ("", None),
        (None, None),
    ],
)
def test_fillers_of_torch_are_no_message(text: Any, expected: str | None) -> None:
    assert user_message(text) == expected


def test_a_long_condition_is_cut() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        values: list[Any] = [(x * i)[0].item() for i in range(80)]
        torch._check(cast("Any", torch.sym_sum(values)) <= 10_000)
        return values[0]

    (text,) = texts(program)
    assert len(text) < LENGTH_LIMIT + 100
    assert "..." in text


@pytest.mark.parametrize("both", [False, True])
def test_a_long_condition_says_how_what_is_left_of_it_compares(both: bool) -> None:
    """The relation behind a long chain was cut off, so that the message named no condition (RA501)."""
    table, graph = ValueTable(-1), fx.Graph()
    leaves = [table.opaque(graph.placeholder(f"a_number_of_some_length_{i}"), -1, "int") for i in range(40)]
    names = {leaf: f"a_number_of_some_length_{i}" for i, leaf in enumerate(leaves)}

    def chain(values: list[Value]) -> Value:
        return reduce(lambda left, right: table.get("add", (left, right)), values)

    text = show(table.get("le", (chain(leaves), chain(leaves[::-1]) if both else 10_000)), names.get)
    assert len(text) <= LENGTH_LIMIT
    assert " <= " in text
    assert both or text.endswith("... <= 10000")


def test_frames_of_the_caller_are_not_taken_for_the_check_under_dynamo() -> None:
    inside = torch.__file__.replace("__init__.py", "_dynamo/symbolic_convert.py")
    frames = [(torch.__file__, 1, "expect_true"), (inside, 2, "call"), ("user.py", 3, "main")]
    assert user_frames(frames) == []
    assert user_frames([frames[0], frames[2]]) == [("user.py", 3, "main")]


def test_code_that_python_made_is_not_the_users() -> None:
    made, own = ("<string>", 1, "<lambda>"), ("<string>", 4, "forward")
    assert user_frames([made]) == []
    assert user_frames([made, (torch.__file__, 1, "expect_true"), own]) == [own]


def test_a_location_is_found_in_a_stack_trace() -> None:
    trace = '  File "/home/me/model.py", line 12, in forward\n    torch._check(u >= 0)\n'
    assert location_in_trace(trace) == "model.py:12"
    assert location_in_trace('File "torch/fx/passes/runtime_assert.py", line 24, in f') == ""
    assert location_in_trace('File "<eval_with_key>.4", line 8, in forward') == ""
    assert location_in_trace(None) == ""


def test_functions_of_the_program_are_printed_as_calls() -> None:
    def program(a: torch.Tensor, x: torch.Tensor, m: torch.Tensor) -> Any:
        u = x[0].item()
        torch._check(torch.sym_max(u, 3) <= 9)
        torch._check(math.ceil(u / 3) <= 4)
        return u

    found = "\n".join(texts(program))
    assert "max(3, x.select(0, 0).item()) <= 9" in found
    assert "ceil(" in found


def test_an_assert_that_stands_for_several_checks_names_the_line_of_each() -> None:
    def program(x: torch.Tensor) -> Any:
        u = x.item()
        torch._check(u * 2 < 1)
        torch._check(u < 1)
        for _ in range(3):
            torch._check(u <= 0)
        return u

    gm, env = capture(program, (torch.tensor([0]),), ((),))
    insert_with_report(gm, env, "test")
    (check,) = asserts(gm)
    first = program.__code__.co_firstlineno + 2
    lines = " and ".join(f"test_messages.py:{line}" for line in (first, first + 1))
    assert f"(checked at {lines}" in str(check.args[1])
    text = str(gm.graph)
    insert_with_report(gm, env, "test")
    assert str(gm.graph) == text
