"""What inputs and operators of foreign code make sure of by themselves, whatever the program checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from properties.capture.facts import GraphFacts
from properties.read.bindings import TensorLeaf
from properties.read.graph import read_nodes
from properties.read.sympy_terms import leaf_of
from properties.read.targets import target_name
from properties.read.truths import CONVERTED, is_number
from properties.read.values import Sized
from strategies.terms import Const, Term, Var, apply, variables

_COUNT_THEIR_FIRST = frozenset(
    {"aten.nonzero.default", "nonzero", "aten.argwhere.default", "aten._unique2.default", "aten._unique.default"}
)
_INTEGERS = (torch.int8, torch.uint8, torch.int16, torch.int32)


def size_leaves(placeholders: Mapping[str, TensorLeaf | Term | None]) -> list[str]:
    """The sizes of the inputs that vary; strides and offsets follow from how inputs are built."""
    shapes = [binding.shape for binding in placeholders.values() if isinstance(binding, TensorLeaf)]
    return list(dict.fromkeys(term.name for shape in shapes for term in shape if isinstance(term, Var)))


def scalar_leaves(placeholders: Mapping[str, TensorLeaf | Term | None]) -> list[str]:
    """The numbers among the inputs that vary (under ``compile`` sizes as well); of any sign."""
    found = dict.fromkeys(binding.name for binding in placeholders.values() if isinstance(binding, Var))
    return [name for name in found if name not in size_leaves(placeholders)]


def guarantees(graph: fx.Graph, found: GraphFacts) -> list[Term]:
    """What operators make sure of by themselves: sizes are not negative, counts not larger than what is counted."""
    _, values = read_nodes(graph, found.bindings)
    terms: list[Term] = [apply("ge", name, 0) for name in size_leaves(found.bindings.placeholders)]
    for node in graph.nodes:
        names = found.bindings.sources.get(node.name)
        if not names:
            continue
        for path, name in names.items():
            if "size" in path:
                terms.append(apply("ge", name, 0))
                counted = _counted(node, path)
                if counted is not None:
                    terms += _at_most_all(name, values.get(counted))
            elif path == CONVERTED:
                terms += is_number(leaf_of(name))
            elif path == () and node.args:
                terms += _dtype_range(name, node.args[0])
    return [term for term in terms if variables(term)]


def _counted(node: fx.Node, path: tuple[str, ...]) -> fx.Node | None:
    """The tensor of whose elements the size ``path`` of ``node`` counts some; None if that is not known."""
    target = target_name(node.target)
    first = node.args[0] if node.args else None
    if target in _COUNT_THEIR_FIRST and isinstance(first, fx.Node):
        # The second size of what ``nonzero`` yields is the number of dimensions.
        return first if path[-1] == "0" else None
    if target == "aten.index.Tensor" and isinstance(node.args[1], (list, tuple)):
        masks = [item for item in node.args[1] if isinstance(item, fx.Node)]
        if len(masks) == 1 and _dtype(masks[0]) == torch.bool:
            return masks[0]
    return None


def _dtype(tensor: Any) -> torch.dtype | None:
    value = tensor.meta.get("val", tensor.meta.get("example_value")) if isinstance(tensor, fx.Node) else None
    return value.dtype if isinstance(value, torch.Tensor) else None


def _at_most_all(name: str, tensor: Any) -> list[Term]:
    shape = tensor.shape if isinstance(tensor, (TensorLeaf, Sized)) else None
    if shape is None:
        return []
    total: Term = Const(1)
    for size in shape:
        total = size if total == Const(1) else apply("mul", total, size)
    return [apply("le", name, total)]


def _dtype_range(name: str, tensor: Any) -> list[Term]:
    dtype = _dtype(tensor)
    if dtype not in _INTEGERS:
        return []
    limits = torch.iinfo(dtype)
    return [apply("ge", name, limits.min), apply("le", name, limits.max)]
