"""Which words a check has, told without running any code of the user's, and the one spelling that checks get."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import fx

from runtime_assert._torch_api import ASSERT_SCALAR, PRESERVE_KEY
from runtime_assert.checks import constant_text, message_argument, message_text, normalise

GLOBAL_TEXT = "from the module"
SCALAR = getattr(torch, "_assert_scalar")  # noqa: B009


def call(graph: fx.Graph, target: Any, *args: Any, **kwargs: Any) -> fx.Node:
    return graph.call_function(target, args, kwargs)


@pytest.mark.parametrize(
    ("target", "keyword", "other"),
    [
        (torch._check, "message", "assert_msg"),
        (SCALAR, "assert_msg", "message"),
        (ASSERT_SCALAR, "assert_msg", "message"),
    ],
)
def test_the_message_is_the_second_argument_or_that_of_its_keyword(target: Any, keyword: str, other: str) -> None:
    graph = fx.Graph()
    assert message_argument(call(graph, target, True, "words")) == "words"
    assert message_argument(call(graph, target, True, **{keyword: "words"})) == "words"
    assert message_argument(call(graph, target, cond=True, **{keyword: "words"})) == "words"
    for silent in (call(graph, target, True), call(graph, target, True, **{other: "words"})):
        assert message_argument(silent) is None


def test_a_message_is_known_as_a_text_or_as_an_attribute_that_is_one_or_returns_one() -> None:
    graph, module = fx.Graph(), torch.nn.Module()
    inner: Any = SimpleNamespace(text="of a part", number=3)
    module.text, module.made, module.inner = "of the module", lambda: "of a function", inner  # type: ignore[assignment]
    texts = {"text": "of the module", "made": "of a function", "inner.text": "of a part"}
    for name, text in texts.items():
        assert message_text(module, call(graph, torch._check, True, graph.get_attr(name))) == text
    for name in ("inner.number", "inner", "missing", "missing.text"):
        assert message_text(module, call(graph, torch._check, True, graph.get_attr(name))) is None
    assert message_text(module, call(graph, torch._check, True, "plain")) == "plain"
    assert message_text(module, call(graph, torch._check, True, lambda: "called")) == "called"
    assert message_text(module, call(graph, torch._check, True)) is None
    # A node of the program that has the name of an attribute.
    assert message_text(module, call(graph, torch._check, True, graph.placeholder("text"))) is None


def closed_over(text: Any) -> Any:
    return lambda: text


def empty_cell() -> Any:
    words = closed_over("never said")
    del words.__closure__[0].cell_contents
    return words


class Words:
    def say(self) -> str:
        return "of a method"

    def __call__(self) -> str:
        return "never run"


def plain() -> str:
    return "of a function"


def chosen(flag: bool = True) -> str:
    return "yes" if flag else "no"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (plain, "of a function"),
        (lambda: "of a lambda", "of a lambda"),
        (lambda: GLOBAL_TEXT, "from the module"),
        (closed_over("closed over"), "closed over"),
        (Words().say, "of a method"),
        (lambda: 3, None),
        (closed_over(3), None),
        (lambda: no_such_name, None),  # type: ignore[name-defined] # noqa: F821
        (empty_cell(), None),
        (lambda: GLOBAL_TEXT.upper(), None),
        (lambda text="x": text, None),
        (chosen, None),
        (Words(), None),
        (len, None),
        ("a text", None),
        (None, None),
    ],
)
def test_what_a_function_returns_is_known_if_it_is_a_constant(function: Any, expected: str | None) -> None:
    assert constant_text(function) == expected


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("kind", ["get_attr", "placeholder", "text", "none"])
def test_a_check_becomes_an_assert_with_these_words_in_its_place(kind: str, shared: bool) -> None:
    graph = fx.Graph()
    condition = graph.placeholder("condition")
    made = {"get_attr": graph.get_attr, "placeholder": graph.placeholder, "text": str}
    message: Any = made[kind]("words") if kind in made else None
    node = call(graph, torch._check, condition, *([] if message is None else [message]))
    behind = call(graph, torch.neg, node)
    if shared and isinstance(message, fx.Node):
        call(graph, torch.neg, message)
    node.meta["stack_trace"] = "here"
    found = normalise(graph, node, "these words")
    assert (found.target, found.args) == (ASSERT_SCALAR, (condition, "these words"))
    assert found.meta == {"stack_trace": "here", PRESERVE_KEY: True}
    assert behind.args == (found,)
    order = list(graph.nodes)
    assert node not in order
    assert order.index(condition) < order.index(found) < order.index(behind)
    if isinstance(message, fx.Node):
        assert (message in order) is (shared or kind == "placeholder")


def test_an_assert_that_has_its_one_spelling_stays_as_it_is() -> None:
    graph = fx.Graph()
    message = graph.get_attr("words")
    node = call(graph, ASSERT_SCALAR, graph.placeholder("condition"), message)
    assert normalise(graph, node, "other words") is node
    assert node.args[1] is message
