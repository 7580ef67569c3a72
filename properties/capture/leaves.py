"""Which leaves of the Program the leaves of a capture are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import fx

from properties.capture.types import Capture, Part
from properties.read.bindings import Bindings, TensorLeaf
from properties.read.bodies import Entered
from properties.read.sympy_terms import leaf_of
from properties.read.targets import target_name
from properties.read.truths import CONVERTED, is_number, number_in, truth_of
from strategies.inputs import all_inputs, inner_dims, input_offsets, input_strides, outer_dims
from strategies.terms import Apply, Const, Term, Var, apply, sort_of_value, substitute, variables

_PARTS = ("aten.unbind.int", "aten.split.Tensor", "aten.split_with_sizes.default")
"""Operators whose results are one element each where the elements of an input are read."""
_NOT_READ = " (not read)"


def is_lost(leaf: str) -> bool:
    """Whether this leaf of a capture stands for a value of the Program that nothing in the graph reads."""
    return leaf.endswith(_NOT_READ)


def named_leaf(leaf: Term) -> Var | None:
    """The leaf of a capture that a leaf of the Program is: itself, or the number of which it is the truth value.

    None for a constant, which names nothing.
    """
    return leaf if isinstance(leaf, Var) else number_in(leaf)


def program_leaves(
    capture: Capture, bindings: Bindings, bodies: tuple[Entered, ...] = ()
) -> tuple[dict[str, Term], list[Term]]:
    """The Program's leaves over the capture's, and the equations between inputs that they imply."""
    found: dict[str, Term] = {}
    pending: list[tuple[Term, Term]] = []
    inputs, inside = outer_dims(capture.program), inner_dims(capture.program)
    strides, offsets = input_strides(capture.program), input_offsets(capture.program)
    laid_out = [item.strides is not None for item in all_inputs(capture.program)]
    for binding, spec in zip(bindings.placeholders.values(), capture.placeholders, strict=True):
        if isinstance(binding, TensorLeaf) and isinstance(spec, Part):
            pending += zip(binding.shape, inside[spec.position][spec.attribute], strict=True)
        elif isinstance(binding, TensorLeaf) and isinstance(spec, int):
            for leaf, term in zip(binding.shape, inputs[spec], strict=True):
                if term is None:
                    continue
                if isinstance(term, Var) and term.name not in found:
                    found[term.name] = leaf
                else:
                    pending.append((leaf, term))
            # A step or start that is a symbol of its own has the value that the input was laid out with.
            layout = zip((*binding.stride, binding.offset), (*strides[spec], offsets[spec]), strict=True)
            if laid_out[spec]:
                pending += [(leaf, term) for leaf, term in layout if isinstance(leaf, Var)]
        elif isinstance(spec, str) and isinstance(binding, (Var, Const, Apply)):
            found.setdefault(spec, binding)
        elif isinstance(spec, (Const, Var, Apply)) and isinstance(binding, Var):
            pending.append((binding, spec))
    by_node = list(bindings.placeholders)
    taken = {leaf.name for leaf in found.values() if isinstance(leaf, Var)}
    truths: list[Var] = []
    for node, paths, names in _reading(capture.graph.graph, bindings, bodies):
        origins = {by_node.index(name) for name in names}
        for symbol, truth in _read_here(paths):
            leaves = [leaf for leaf, position in capture.source_placeholders.items() if position in origins]
            element = _element(node) if len(origins) == 1 else None
            # An input with several leaves has them read one by one, in their order; what is not used may not be read.
            own = leaves[element : element + 1] if element is not None else []
            first = next((leaf for leaf in (*own, *leaves) if leaf not in found), None)
            if first is None or symbol in taken:
                continue
            taken.add(symbol)
            number = leaf_of(symbol)
            found[first] = truth_of(number) if truth else number
            truths += [number] if truth else []
    # A value that torch no longer reads, because it took another one in its place, is still one of the program's.
    for leaf, value in capture.example().items():
        if leaf.startswith("u"):
            found.setdefault(leaf, Var(leaf + _NOT_READ, sort_of_value(value)))
    # Two constants are the same. One alone is what tracing took a size for.
    links: list[Term] = [apply("eq", leaf, substitute(term, found)) for leaf, term in pending]
    links += [condition for number in truths for condition in is_number(number)]
    return found, [link for link in links if variables(link)]


def _read_here(paths: Mapping[tuple[str, ...], str]) -> list[tuple[str, bool]]:
    """The symbol that a node binds first, and the sizes of its other results: each is a leaf of the program's.

    With each, whether the leaf is a truth value, of which the symbol is the number.
    """
    first, *others = paths.items()
    sizes = ((symbol, False) for path, symbol in others if path[1:2] == ("size",))
    return [(first[1], first[0] == CONVERTED), *sizes]


def _reading(
    graph: fx.Graph, bindings: Bindings, bodies: tuple[Entered, ...]
) -> Iterator[tuple[fx.Node, Mapping[tuple[str, ...], str], set[str]]]:
    """Each node that binds something, in the graph and in its bodies, and the outer inputs that it is computed from."""
    for node in graph.nodes:
        # What a loop or a branch binds are results of its own, and none of the Program's leaves.
        inner = isinstance(node.target, torch._ops.HigherOrderOperator)
        if (paths := bindings.sources.get(node.name)) and not inner:
            yield node, paths, _origins(node)
    for body in bodies:
        for node in body.module.graph.nodes:
            inner = isinstance(node.target, torch._ops.HigherOrderOperator)
            if (paths := body.bindings.sources.get(node.name)) and not inner:
                yield node, paths, _outer_origins(body, _origins(node))


def _element(node: fx.Node) -> int | None:
    """The position of the element that ``node`` reads of a tensor with one dimension, where the graph says a number."""
    current: object = node
    while isinstance(current, fx.Node) and current.op != "placeholder":
        match target_name(current.target), current.args:
            case "aten.select.int", (_, 0, int(index)):
                return index
            case "aten.slice.Tensor", (_, 0, int(start), int(end)) if end == start + 1:
                return start
            case "_operator.getitem", (fx.Node() as parts, int(index)) if target_name(parts.target) in _PARTS:
                return index
        current = current.args[0] if current.args else None
    return None


def _outer_origins(body: Entered, names: set[str]) -> set[str]:
    """The outermost inputs that stand behind the inputs ``names`` of a body."""
    inputs = [node.name for node in body.module.graph.find_nodes(op="placeholder")]
    handed = (operand for name, operand in zip(inputs, body.operands, strict=False) if name in names)
    found = set().union(*(_origins(operand) for operand in handed if isinstance(operand, fx.Node)))
    return found if body.parent is None else _outer_origins(body.parent, found)


def _origins(node: object) -> set[str]:
    """The placeholders that ``node`` is computed from."""
    seen: set[object] = set()
    stack = [node]
    names: set[str] = set()
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        if current.op == "placeholder":  # type: ignore[attr-defined]
            names.add(current.name)  # type: ignore[attr-defined]
        stack.extend(current.all_input_nodes)  # type: ignore[attr-defined]
    return names
