"""The asserts that a user put into the graph: their message in every form, and their one normal spelling."""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.reading import check_condition

_SKIPPED = frozenset({"CACHE", "COPY_FREE_VARS", "EXTENDED_ARG", "NOP", "RESUME", "RESUME_CHECK", "RETURN_VALUE"})


def message_argument(node: fx.Node) -> Any:
    """The message argument of a check, positional or by keyword, None if there is none."""
    if len(node.args) > 1:
        return node.args[1]
    return node.kwargs.get("message" if node.target is torch._check else "assert_msg")


def message_text(module: torch.nn.Module, node: fx.Node) -> str | None:
    """The text of a check's message if it is known without running the user's code, else None.

    A message may be a string, a callable without arguments, or a graph attribute that holds either.
    """
    message = message_argument(node)
    if isinstance(message, fx.Node):
        if message.op != "get_attr":
            return None
        found: Any = module
        for name in str(message.target).split("."):
            found = getattr(found, name, None)
        message = found
    return message if isinstance(message, str) else constant_text(message)


def constant_text(function: object) -> str | None:
    """What a function returns, if that is a constant string, or one from its closure or from its module."""
    code = getattr(function, "__code__", None)
    if code is None:
        return None
    steps = [(step.opname, step.argval) for step in dis.get_instructions(code) if step.opname not in _SKIPPED]
    if len(steps) != 1 or steps[0][0] not in _READERS:
        return None
    opcode, operand = steps[0]
    text = _READERS[opcode](function, operand)
    return text if isinstance(text, str) else None


def _closure_value(function: Any, name: str) -> object:
    try:
        return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents
    except ValueError:  # no variable of the closure, or one whose cell is still empty
        return None


_READERS: dict[str, Callable[[Any, Any], object]] = {
    "LOAD_CONST": lambda _, value: value,
    "RETURN_CONST": lambda _, value: value,
    "LOAD_DEREF": _closure_value,
    "LOAD_GLOBAL": lambda function, name: function.__globals__.get(name),
}


def normalise(graph: fx.Graph, node: fx.Node, message: str) -> fx.Node:
    """Turn a user's check into `aten._assert_scalar(condition, message)` in its place.

    The message's own node goes if nothing else needs it: export accepts no attribute that is no tensor.
    """
    text = message_argument(node)
    if node.target is api.ASSERT_SCALAR:
        return node
    with graph.inserting_before(node):
        replacement = graph.call_function(api.ASSERT_SCALAR, (check_condition(node), message))
    replacement.meta.update(node.meta)
    replacement.meta[api.PRESERVE_KEY] = True
    node.replace_all_uses_with(replacement)
    graph.erase_node(node)
    if isinstance(text, fx.Node) and text.op == "get_attr" and not text.users:
        graph.erase_node(text)
    return replacement
