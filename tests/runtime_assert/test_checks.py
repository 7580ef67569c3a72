"""The user's own checks: kept, in one spelling, with their words; and the asserts an earlier run left."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import fx

from runtime_assert import insert_with_report
from runtime_assert._torch_api import PRESERVE_KEY, CallMethodKey, SequenceKey
from runtime_assert.checks import constant_text
from tests.runtime_assert.graphs import GraphBuilder, accepts, asserts, aten

GLOBAL_TEXT = "from a global"
CHECK = torch._check
SCALAR = getattr(torch, "_assert_scalar")  # noqa: B009


def outer() -> Any:
    text = "from a closure"
    return lambda: text


def plain_function() -> str:
    return "from a function"


class Callable:
    def __call__(self) -> str:
        return "never run"


def program(target: Any, message: Any, keyword: bool, attribute: bool = False) -> tuple[fx.GraphModule, Any]:
    """`u = item(); target(u >= 3, message); zeros(u)` as Dynamo would write it."""
    made = GraphBuilder()
    source = made.tensor("a", 1)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    condition = made.call(__import__("operator").ge, (item, 3), value >= 3)
    torch._check(value >= 3)
    module = torch.nn.Module()
    if attribute:
        module.words = message  # type: ignore[assignment]
        message = made.graph.get_attr("words")
    name = "message" if target is CHECK else "assert_msg"
    first = {CHECK: "cond", SCALAR: "symbol"}.get(target, "self")
    if keyword:
        args: tuple[Any, ...] = (condition,) if first == "symbol" else ()
        kwargs = {} if first == "symbol" else {first: condition}
        kwargs.update({name: message} if message is not None else {})
    else:
        args, kwargs = ((condition,) if message is None else (condition, message)), {}
    made.graph.call_function(target, args, dict[str, Any](kwargs))
    made.graph.output((item,))
    gm = fx.GraphModule(module, made.graph)
    return gm, made.env


@pytest.mark.parametrize("keyword", [False, True])
@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("plain words", "plain words"),
        (lambda: "from a lambda", "from a lambda"),
        (lambda: GLOBAL_TEXT, "from a global"),
        (outer(), "from a closure"),
        (plain_function, "from a function"),
    ],
)
def test_the_users_words_are_kept_in_every_form(message: Any, expected: str, keyword: bool) -> None:
    """Only strings can be written into a graph as they are; Dynamo puts callables behind an attribute."""
    gm, env = program(CHECK, message, keyword, attribute=callable(message))
    report = insert_with_report(gm, env, "test", strict=True)
    (check,) = asserts(gm)
    assert check.args[1] == expected
    assert check.meta[PRESERVE_KEY] is True
    assert report.emitted == ()
    assert [n for n in gm.graph.nodes if n.op == "get_attr"] == []
    assert accepts(gm, torch.tensor([3]))
    assert not accepts(gm, torch.tensor([2]))


@pytest.mark.parametrize(
    "message", [None, lambda: f"{GLOBAL_TEXT} built at run time", Callable(), lambda text="x": text]
)
def test_words_that_only_running_code_would_give_are_replaced_by_the_condition(message: Any) -> None:
    gm, env = program(CHECK, message, False, message is not None)
    insert_with_report(gm, env, "test", strict=True)
    (check,) = asserts(gm)
    assert re.fullmatch(
        r"Runtime assertion failed: a\.item\(\) >= 3 \(checked at test_checks\.py:\d+\)", str(check.args[1])
    )


@pytest.mark.parametrize("target", [CHECK, SCALAR, aten._assert_scalar.default])
@pytest.mark.parametrize("keyword", [False, True])
def test_every_spelling_of_a_check_becomes_one_assert(target: Any, keyword: bool) -> None:
    if target is SCALAR and keyword:
        keyword = False
    gm, env = program(target, "words", keyword)
    report = insert_with_report(gm, env, "test", strict=True)
    (check,) = asserts(gm)
    assert check.args[1] == "words" if check.args[1:] else check.kwargs["assert_msg"] == "words"
    assert report.emitted == ()
    text = str(gm.graph)
    insert_with_report(gm, env, "test", strict=True)
    assert str(gm.graph) == text


def test_both_of_two_equal_checks_of_the_user_are_kept() -> None:
    """Issue 182703: the user's checks are not the compiler's to prune."""
    gm, env = program(CHECK, "first", False)
    (check,) = [n for n in gm.graph.nodes if n.target is CHECK]
    with gm.graph.inserting_after(check):
        gm.graph.call_function(CHECK, (check.args[0], "second"))
    insert_with_report(gm, env, "test", strict=True)
    assert [node.args[1] for node in asserts(gm)] == ["first", "second"]


def test_a_repeated_assert_of_the_compiler_goes() -> None:
    gm, env = program(aten._assert_scalar.default, "compiler", False)
    (check,) = asserts(gm)
    with gm.graph.inserting_after(check):
        gm.graph.call_function(aten._assert_scalar.default, (check.args[0], "again"))
    insert_with_report(gm, env, "test", strict=True)
    assert [node.args[1] for node in asserts(gm)] == ["compiler"]


@pytest.mark.parametrize("target", [CHECK, aten._assert_scalar.default])
def test_a_check_of_a_constant_truth_goes(target: Any) -> None:
    gm, env = program(target, "words", False)
    output = next(n for n in gm.graph.nodes if n.op == "output")
    with gm.graph.inserting_before(output):
        gm.graph.call_function(target, (True, "always"))
    report = insert_with_report(gm, env, "test", strict=True)
    assert [node.args[1] for node in asserts(gm)] == ["words"]
    assert [row.outcome for row in report if row.source == "check"] == ["present", "trivial"]


def test_a_check_of_a_constant_falsehood_stays() -> None:
    gm, env = program(CHECK, "words", False)
    output = next(n for n in gm.graph.nodes if n.op == "output")
    with gm.graph.inserting_before(output):
        gm.graph.call_function(CHECK, (False, "never"))
    insert_with_report(gm, env, "test", strict=True)
    assert not accepts(gm, torch.tensor([9]))


def test_a_check_behind_the_use_of_its_value_moves_before_it() -> None:
    gm, env = program(CHECK, "words", False)
    item = next(n for n in gm.graph.nodes if n.target is aten.item.default)
    with gm.graph.inserting_after(item):
        zeros = gm.graph.call_function(aten.zeros.default, ([item],))
    next(n for n in gm.graph.nodes if n.op == "output").args = (zeros,)
    report = insert_with_report(gm, env, "test", strict=True)
    gm.graph.lint()
    order = list(gm.graph.nodes)
    (check,) = asserts(gm)
    assert order.index(check) < order.index(zeros)
    assert [row.outcome for row in report if row.source == "check"] == ["moved"]
    assert not accepts(gm, torch.tensor([-1]))


def test_a_check_in_time_stays_where_the_user_put_it() -> None:
    gm, env = program(CHECK, "words", False)
    item = next(n for n in gm.graph.nodes if n.target is aten.item.default)
    with gm.graph.inserting_after(item):
        other = gm.graph.call_function(aten.neg.default, (item.args[0],))
    insert_with_report(gm, env, "test", strict=True)
    order = list(gm.graph.nodes)
    assert order.index(asserts(gm)[0]) > order.index(other)


def test_constrain_range_calls_become_asserts() -> None:
    made = GraphBuilder()
    source = made.tensor("a", 1)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    made.call(aten.sym_constrain_range.default, (item,), None).kwargs = {"min": 2, "max": 5}
    made.call(aten.sym_constrain_range_for_size.default, (item,), None)
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert not [n for n in gm.graph.nodes if "constrain" in str(n.target)]
    assert [accepts(gm, torch.tensor([n])) for n in (1, 2, 5, 6)] == [False, True, True, False]


def test_constant_text_never_runs_the_function() -> None:
    def explode() -> str:
        raise AssertionError("was run")

    assert constant_text(explode) is None
    assert constant_text(len) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("digits", [(), (None,)])
def test_rounding_is_known_in_dynamos_spelling(digits: tuple[None, ...]) -> None:
    """`round` of a float is a call of its `__round__` in the graphs of Dynamo."""
    made = GraphBuilder()
    source = made.tensor("a", 1)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    as_float = made.call(torch.sym_float, (item,), torch.sym_float(value))
    rounded = made.graph.call_method("__round__", (as_float, *digits))
    number: Any = torch.sym_float(value)
    rounded.meta["val"] = round(number)
    condition = made.call(__import__("operator").le, (rounded, 3), round(number) <= 3)
    torch._check(round(number) <= 3)
    made.graph.call_function(torch._check, (condition,))
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    (check,) = asserts(gm)
    assert "round(float(" in str(check.args[1])
    assert accepts(gm, torch.tensor([3]))
    assert not accepts(gm, torch.tensor([4]))


def test_a_float_made_an_integer_is_known_in_dynamos_spelling() -> None:
    """`torch.sym_int` stays in the graphs of Dynamo; what the ShapeEnv recorded of the check is the same check."""
    made = GraphBuilder()
    source = made.tensor("a", 1)
    value = made.unbacked()
    item = made.call(aten.item.default, (source,), value, u0=())
    as_float = made.call(torch.sym_float, (item,), torch.sym_float(value))
    as_int = made.call(torch.sym_int, (as_float,), torch.sym_int(torch.sym_float(value)))
    same = made.call(torch.sym_int, (as_int,), torch.sym_int(torch.sym_float(value)))
    condition = made.call(__import__("operator").le, (same, 3), torch.sym_int(torch.sym_float(value)) <= 3)
    torch._check(torch.sym_int(torch.sym_float(value)) <= 3)
    made.graph.call_function(torch._check, (condition,))
    gm = made.finish(item)
    insert_with_report(gm, made.env, "test", strict=True)
    assert len(asserts(gm)) == 1
    assert accepts(gm, torch.tensor([3]))
    assert not accepts(gm, torch.tensor([4]))


def test_a_check_of_the_number_of_elements_is_no_second_check_of_what_the_size_equals() -> None:
    """Tracing puts in what replaced each size: `numel()` of u0 elements reads as the s0 that u0 equals."""
    made = GraphBuilder()
    size = made.size()
    other = made.tensor("a", size)
    source = made.tensor("m", 8)
    length = made.unbacked()
    with made.mode:
        found = made.call(
            aten.nonzero.default, (source,), torch.empty(length), u0=(CallMethodKey("size"), SequenceKey(0))
        )
    first = made.call(aten.sym_size.int, (found, 0), length)
    limit = made.call(aten.sym_size.int, (other, 0), size)
    eq = __import__("operator").eq
    made.graph.call_function(CHECK, (made.call(eq, (first, limit), length == size), "first"))
    torch._check(length == size)
    count = made.graph.call_method("numel", (found,))
    count.meta["val"] = size
    made.graph.call_function(CHECK, (made.call(eq, (count, first), True), "second"))
    gm = made.finish(found)
    report = insert_with_report(gm, made.env, "test", strict=True)
    assert [node.args[1] for node in asserts(gm)] == ["first"]
    assert [row.outcome for row in report if row.source == "check"] == ["present", "trivial"]
