"""The asserts that a user put into the graph: their message in every form, and their one normal spelling."""

from __future__ import annotations

import dis
from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.reading import check_condition

_SKIPPED = frozenset({"CACHE", "COPY_FREE_VARS", "EXTENDED_ARG", "NOP", "RESUME", "RESUME_CHECK"})


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
        if message.op != "get_attr" or not isinstance(message.target, str):
            return None
        found: Any = module
        for name in message.target.split("."):
            found = getattr(found, name, None)
        message = found
    if isinstance(message, str):
        return message
    return constant_text(message) if callable(message) else None


def constant_text(function: Callable[..., object]) -> str | None:
    """What a function without arguments returns, if that is a constant string or one from its closure."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount or code.co_kwonlyargcount:
        return None
    steps = [(i.opname, i.argval) for i in dis.get_instructions(code) if i.opname not in _SKIPPED]
    text: object = None
    if len(steps) == 1 and steps[0][0] == "RETURN_CONST":
        text = steps[0][1]
    elif len(steps) == 2 and steps[1][0] == "RETURN_VALUE":
        opcode, operand = steps[0]
        if opcode == "LOAD_CONST":
            text = operand
        elif opcode == "LOAD_DEREF":
            text = _closure_value(function, operand)
        elif opcode == "LOAD_GLOBAL":
            text = getattr(function, "__globals__", {}).get(operand)
    return text if isinstance(text, str) else None


def _closure_value(function: Any, name: str) -> object:
    try:
        return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents
    except ValueError:  # no variable of the closure, or one whose cell is still empty
        return None


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
