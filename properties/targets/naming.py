"""How a person would write a value of a graph: ``x.shape[0]``, ``mask.nonzero().shape[0]``, ``x[mask].shape[0]``."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import fx

from properties.capture.facts import Facts
from properties.read.bindings import TensorLeaf
from properties.read.targets import target_name
from properties.targets.realise import Slot
from strategies.terms import Var

_CALLS = 2
"""How many calls a name shows, one inside the other; an ellipsis stands for what is further inside."""
_INFIX = {
    "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!=", "add": "+", "sub": "-", "mul": "*",
    "div": "/", "bitwise_and": "&", "logical_and": "&", "bitwise_or": "|", "logical_or": "|",
}  # fmt: skip
_PREFIX = {"logical_not": "~", "bitwise_not": "~", "invert": "~", "neg": "-"}
_SAID = {"_local_scalar_dense": "item", "_unique2": "unique", "_unique": "unique"}
# What changes neither the shape nor, for a reader, the value.
_SILENT = frozenset({"_to_copy", "to", "clone", "detach", "alias", "contiguous", "lift_fresh_copy"})
# With one argument these are functions of the module, not methods.
_FUNCTIONS = frozenset({"where"})


def operator_name(node: fx.Node) -> str:
    """The name of an operator, function or method without its library and overload."""
    parts = target_name(node.target).split(".")
    return parts[1] if parts[0] in ("aten", "prims") else parts[-1]


def leaf_names(graph: fx.Graph, facts: Facts, slots: Sequence[Slot], inputs: Sequence[str]) -> dict[str, str]:
    """A name for each leaf of ``facts``; ``inputs`` are those of the user's flat inputs."""
    names: dict[str, str] = {}
    shown: dict[fx.Node, str] = {}
    for node, slot in zip(graph.find_nodes(op="placeholder"), slots, strict=True):
        label = inputs[slot.index] if slot.index is not None else node.name
        if slot.axis is not None:
            label = f"{label}.shape[{slot.axis}]"
        shown[node] = label
        names |= {name: text for name, text in input_names(label, facts, node) if name not in names}
    for node in graph.nodes:
        for path, leaf in facts.bindings.sources.get(node.name, {}).items():
            names.setdefault(leaf, _leaf(node, path, shown))
    return names


def input_names(label: str, facts: Facts, node: fx.Node) -> list[tuple[str, str]]:
    """The leaves of one input with their names."""
    binding = facts.bindings.placeholders.get(node.name)
    if isinstance(binding, Var):
        return [(binding.name, label)]
    if not isinstance(binding, TensorLeaf):
        return []
    parts = (
        *((term, f"{label}.shape[{axis}]") for axis, term in enumerate(binding.shape)),
        *((term, f"{label}.stride({axis})") for axis, term in enumerate(binding.stride)),
        (binding.offset, f"{label}.storage_offset()"),
    )
    return [(term.name, text) for term, text in parts if isinstance(term, Var)]


def _leaf(node: fx.Node, path: tuple[str, ...], shown: Mapping[fx.Node, str]) -> str:
    size = f".shape[{path[-1]}]" if "size" in path else ""
    return f"{_text(node, shown, _CALLS)}{size}"


def _text(value: Any, shown: Mapping[fx.Node, str], depth: int) -> str:
    """``value``, a node or what stands among the arguments of one, as an expression of at most ``depth`` calls."""
    if isinstance(value, (list, tuple)):
        inside = ", ".join(":" if item is None else _bare(_text(item, shown, depth)) for item in value)
        return f"[{inside}]"
    if isinstance(value, slice):
        return ":".join("" if part is None else _text(part, shown, depth) for part in (value.start, value.stop))
    if not isinstance(value, fx.Node):
        return str(value)
    if value in shown:
        return shown[value]
    if value.op not in ("call_function", "call_method") or not value.args:
        return value.name
    return _call(value, shown, depth)


def _call(node: fx.Node, shown: Mapping[fx.Node, str], depth: int) -> str:
    name, args = operator_name(node), list(node.args)
    if name in _SILENT:
        return _text(args[0], shown, depth)
    rows = args[0] if node.target is operator.getitem and isinstance(args[0], fx.Node) else None
    if rows is not None and operator_name(rows) == "unbind" and rows.args[1:] in ((), (0,)):
        return f"{_text(rows.args[0], shown, depth)}[{args[1]}]"
    simple = name in _INFIX or name in _PREFIX or name in ("index", "getitem", "select")
    if depth == 0 and not simple:
        return "…"
    said = [_text(arg, shown, depth if simple else depth - 1) for arg in args]
    if name in _INFIX and len(args) == 2:
        return f"({said[0]} {_INFIX[name]} {said[1]})"
    if name in _PREFIX and len(args) == 1:
        return f"{_PREFIX[name]}{said[0]}"
    if name == "index":
        return f"{said[0]}{said[1]}"
    if node.target is operator.getitem:
        return f"{said[0]}{said[1] if isinstance(args[1], (list, tuple)) else f'[{said[1]}]'}"
    if name == "select" and args[1:2] == [0]:
        return f"{said[0]}[{said[2]}]"
    name = _SAID.get(name, name)
    rest = [text for text, arg in zip(said[1:], args[1:], strict=True) if not isinstance(arg, bool)]
    if hasattr(torch.Tensor, name) and name not in _FUNCTIONS:
        return f"{said[0]}.{name}({', '.join(rest)})"
    return f"{name}({', '.join((_bare(said[0]), *rest))})"


def _bare(text: str) -> str:
    """``text`` without parentheses around the whole of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for index, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0 and index < len(text) - 1:
            return text
    return text[1:-1]
