"""What is wrong with the form of a graph that a pass left, so that neither a reader nor torch can make sense of it."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import fx

from properties.read.targets import condition_of, is_assert, message_of, target_name


def fault_of(graph: fx.Graph, before: fx.Graph) -> tuple[str, str] | None:
    """The first fault of ``graph`` as (kind, detail), or None; ``before`` is the graph that the pass was given.

    Kinds: ``lint`` (FX's own), ``inputs`` (others than before, or in another order), ``order`` (a node stands before
    the last of them), ``output`` (not one, at the end), ``condition``, ``message`` and ``call`` (an assert of something
    that is neither a node nor a truth value, whose operator wants a text and has none, or with other arguments).
    """
    try:
        graph.lint()
    except Exception as error:  # noqa: BLE001 - the graph is foreign, and lint has no type of its own
        lines = str(error).splitlines()
        return "lint", (lines[0] if lines else type(error).__name__)[:200]
    nodes = list(graph.nodes)
    inputs, expected = _inputs(graph), _inputs(before)
    if inputs != expected:
        return "inputs", f"placeholders {inputs}, before the pass {expected}"
    if any(node.op != "placeholder" for node in nodes[: len(inputs)]):
        return "order", "a node stands before the last placeholder"
    if sum(node.op == "output" for node in nodes) != 1 or nodes[-1].op != "output":
        return "output", "the graph does not end in its one output"
    # What was there before is not the pass's doing: programs of others are traced as they are.
    odd = _odd_asserts(before)
    return next((fault for name, fault in _odd_asserts(graph).items() if odd.get(name) != fault), None)


def _odd_asserts(graph: fx.Graph) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for node in graph.nodes:
        if not is_assert(node):
            continue
        condition = condition_of(node)
        if not isinstance(condition, (fx.Node, bool)):
            found[node.name] = "condition", f"{node.name} asserts {condition!r}"
        elif "assert_msg" in _arguments(node.target) and not isinstance(message_of(node), str):
            found[node.name] = "message", f"{node.name} has no text to say: {message_of(node)!r}"
        elif fault := _call_fault(node):
            found[node.name] = "call", f"{node.name} is no call of {target_name(node.target)}: {fault}"
    return found


def _arguments(target: Any) -> list[str]:
    """The names of an operator's arguments; none for what is no operator."""
    schema = target._schema if isinstance(target, torch._ops.OpOverload) else None
    return [argument.name for argument in schema.arguments] if schema is not None else []


def _call_fault(node: fx.Node) -> str:
    """What is wrong with the arguments of ``node``, as far as its target says which it takes."""
    if isinstance(node.target, torch._ops.OpOverload):
        known = _arguments(node.target)
        unknown = [*map(str, node.args[len(known) :]), *(key for key in node.kwargs if key not in known)]
        return f"it does not take {', '.join(unknown)}" if unknown else ""
    try:
        inspect.signature(node.target).bind(*node.args, **node.kwargs)  # type: ignore[arg-type]
    except TypeError as error:
        return str(error)
    except ValueError:
        pass  # A builtin that has no signature.
    return ""


def _inputs(graph: fx.Graph) -> list[Any]:
    """The placeholders, by the name under which a caller may give their values where it is not the node's."""
    nodes = [node for node in graph.nodes if node.op == "placeholder"]
    return [node.name if node.name == node.target else f"{node.name} ({node.target})" for node in nodes]
