"""Inputs of foreign code for wanted values of a graph's leaves: example inputs resized, and written into.

A dimension is realised by an input of another size. A value that the graph reads out of an input is realised where the
way from that input to the reader only moves elements: the way is run on the elements' positions, which tells where
to write. What was reached is observed by running the graph, never assumed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import fx
from torch.utils import _pytree as pytree

from properties.read.bindings import Bindings, TensorLeaf, key_path
from properties.read.targets import target_name
from strategies.evaluate import evaluate
from strategies.statement import Unrealisable
from strategies.terms import Apply, Const, Term, Undefined, Var

MAX_ELEMENTS = 2**22
"""No input is made larger than this, unless the example is."""
_ROUNDS = 3

_OVERLOADS = {
    "select": "int", "view": "default", "reshape": "default", "squeeze": "default dim dims", "unsqueeze": "default",
    "slice": "Tensor", "permute": "default", "transpose": "int", "t": "default", "expand": "default",
    "clone": "default", "detach": "default", "alias": "default", "contiguous": "default", "flatten": "using_ints",
    "narrow": "default", "unbind": "int", "split": "Tensor", "split_with_sizes": "default", "chunk": "default",
    "lift_fresh_copy": "default", "_unsafe_view": "default", "ravel": "default",
}  # fmt: skip
# Operators and methods that show elements of a tensor, and change none.
_MOVES = frozenset(
    {"_operator.getitem", *_OVERLOADS}
    | {f"aten.{name}.{overload}" for name, overloads in _OVERLOADS.items() for overload in overloads.split(" ")}
)
_CASTS = frozenset(
    {"aten._to_copy.default", "aten.to.dtype", "aten.to.dtype_layout", "prims.convert_element_type.default"}
    | {"to", "long", "int", "bool", "float", "double"}
)
_ITEMS = frozenset({"aten._local_scalar_dense.default", "aten.item.default", "item"})
_COUNTS = {
    "aten.nonzero.default": 0,
    "aten.nonzero_numpy.default": 0,
    "nonzero": 0,
    "aten.masked_select.default": 1,
    "masked_select": 1,
}
_DISTINCT = frozenset({"aten._unique2.default", "aten._unique.default", "aten.unique_consecutive.default"})
_SUMS = frozenset({"aten.sum.default", "sum"})
_EXTREMES = frozenset({"aten.max.default", "aten.min.default", "aten.amax.default", "aten.amin.default", "max", "min"})
# A comparison with a number: what to write for true, and for false, as steps from that number.
_COMPARISONS = {"gt": (1, 0), "ge": (0, -1), "lt": (-1, 0), "le": (0, 1), "eq": (0, 1), "ne": (1, 0)}


@dataclass(frozen=True)
class Slot:
    """What a placeholder of the graph gets: the user's flat input ``index`` (its size ``axis``), or ``value``."""

    index: int | None = None
    axis: int | None = None
    value: Any = None

    def fill(self, inputs: Sequence[Any]) -> Any:
        if self.index is None:
            return self.value.clone() if isinstance(self.value, torch.Tensor) else self.value
        value = inputs[self.index]
        return value if self.axis is None else value.shape[self.axis]


@dataclass(frozen=True)
class Observation:
    """The values of the leaves in one run of the graph, and the values of all nodes up to the first that raised."""

    leaves: Mapping[str, Any]
    nodes: Mapping[fx.Node, Any]


class _Recorder(fx.Interpreter):
    """Keeps every value."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.extra_traceback = False


def observe(module: fx.GraphModule, bindings: Bindings, arguments: Sequence[Any]) -> Observation:
    """What the leaves of ``bindings`` are when ``module`` runs on ``arguments``."""
    recorder = _Recorder(module)
    # Whatever a graph raises: the values that it computed before are the answer.
    with contextlib.suppress(Exception):
        recorder.run(*arguments)
    nodes = dict(recorder.env)
    leaves: dict[str, Any] = {}
    placeholders = module.graph.find_nodes(op="placeholder")
    for node, argument in zip(placeholders, arguments, strict=False):
        _note(leaves, bindings.placeholders.get(node.name), argument)
    for node in module.graph.nodes:
        names = bindings.sources.get(node.name)
        if not names or node not in nodes:
            continue
        if () in names:
            leaves.setdefault(names[()], _plain(nodes[node]))
        for path in node.meta.get("unbacked_bindings", {}).values():
            name = names.get(key_path(path))
            if name is not None:
                leaves.setdefault(name, _plain(pytree.key_get(nodes[node], path)))
    return Observation(leaves, nodes)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, torch.Tensor) else value


def _note(leaves: dict[str, Any], binding: TensorLeaf | Term | None, argument: Any) -> None:
    if isinstance(binding, TensorLeaf) and isinstance(argument, torch.Tensor):
        named = (
            *zip(binding.shape, argument.shape, strict=True),
            *zip(binding.stride, argument.stride(), strict=True),
            (binding.offset, argument.storage_offset()),
        )
        for term, value in named:
            if isinstance(term, Var):
                leaves.setdefault(term.name, value)
    elif isinstance(binding, Var):
        leaves.setdefault(binding.name, argument)


class Realiser:
    """Builds inputs of one captured graph: ``examples`` are the user's flat inputs, ``slots`` the placeholders'."""

    def __init__(
        self, module: fx.GraphModule, bindings: Bindings, slots: Sequence[Slot], examples: Sequence[Any]
    ) -> None:
        self.module, self.bindings, self.slots = module, bindings, tuple(slots)
        self.examples = tuple(examples)
        self.placeholders = module.graph.find_nodes(op="placeholder")
        self._built: dict[tuple[tuple[str, Any], ...], tuple[tuple[Any, ...], Observation]] = {}

    def observed(self, inputs: Sequence[Any]) -> Observation:
        return observe(self.module, self.bindings, [slot.fill(_fresh(inputs)) for slot in self.slots])

    def build(self, wanted: Mapping[str, Any]) -> tuple[tuple[Any, ...], Observation]:
        """Flat inputs in which the leaves have the ``wanted`` values, and what was observed.

        Raises:
            Unrealisable: if there are none that this class can make, with the leaf that is to blame.
        """
        key = tuple(sorted((name, repr(value)) for name, value in wanted.items()))
        if key not in self._built:
            if len(self._built) > 64:
                self._built.clear()
            self._built[key] = self._build(wanted)
        return self._built[key]

    def _build(self, wanted: Mapping[str, Any]) -> tuple[tuple[Any, ...], Observation]:
        inputs = list(self._resized(wanted))
        seen = self.observed(inputs)
        for _ in range(_ROUNDS):
            wrong = {
                name: value
                for name, value in wanted.items()
                if name in self.bindings.bound | self.bindings.undeclared and _differs(seen, name, value)
            }
            if not wrong:
                break
            for node in self.module.graph.nodes:
                for path, name in self.bindings.sources.get(node.name, {}).items():
                    if name in wrong:
                        self._write(inputs, seen, node, path, wrong[name], name)
            seen = self.observed(inputs)
        for name, value in wanted.items():
            if name in seen.leaves and _differs(seen, name, value):
                raise Unrealisable(
                    f"{name} is {seen.leaves[name]!r} in every input that was tried, {value!r} is wanted"
                )
        return tuple(inputs), seen

    def _resized(self, wanted: Mapping[str, Any]) -> list[Any]:
        inputs = [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in self.examples]
        wanted = derived(self.bindings, wanted)
        for node, slot in zip(self.placeholders, self.slots, strict=True):
            binding = self.bindings.placeholders.get(node.name)
            if slot.index is None or slot.axis is not None:
                continue
            if isinstance(binding, TensorLeaf) and isinstance(inputs[slot.index], torch.Tensor):
                sizes = [
                    _size(term, wanted, old) for term, old in zip(binding.shape, inputs[slot.index].shape, strict=True)
                ]
                inputs[slot.index] = resized(inputs[slot.index], sizes)
            elif isinstance(binding, Var) and binding.name in wanted:
                inputs[slot.index] = type(inputs[slot.index])(wanted[binding.name])
        return inputs

    def _write(
        self, inputs: list[Any], seen: Observation, reader: fx.Node, path: tuple[str, ...], value: Any, name: str
    ) -> None:
        target = target_name(reader.target)
        tensor = reader.args[_COUNTS.get(target, 0)] if reader.args else None
        if not isinstance(tensor, fx.Node):
            raise Unrealisable(f"{name} is read by {target}, not from an input")
        if target in _ITEMS and path == ():
            self._write_item(inputs, seen, tensor, value, name)
        elif target in _COUNTS:
            self._write_count(inputs, seen, tensor, int(value), name)
        elif target in _DISTINCT:
            where, positions = self._where(seen, tensor, name)
            if not 0 < value <= len(positions):
                raise Unrealisable(f"{name}: {value} distinct values of {len(positions)} elements")
            for step, position in enumerate(positions):
                _put(inputs, where, position, min(step, int(value) - 1))
        else:
            raise Unrealisable(f"{name} is computed by {target}, and was not looked for")

    def _write_item(self, inputs: list[Any], seen: Observation, tensor: fx.Node, value: Any, name: str) -> None:
        source = _behind_casts(tensor)
        target = target_name(source.target)
        operand = source.args[0] if source.args else None
        if target in _EXTREMES and isinstance(operand, fx.Node) and len(source.args) == 1:
            where, positions = self._where(seen, operand, name)
            for position in positions:
                _put(inputs, where, position, value)
        elif target in _SUMS and isinstance(operand, fx.Node) and len(source.args) == 1:
            shown = seen.nodes.get(_behind_casts(operand))
            if isinstance(shown, torch.Tensor) and shown.dtype == torch.bool:
                self._write_count(inputs, seen, operand, int(value), name)
            else:
                where, positions = self._where(seen, operand, name)
                for step, position in enumerate(positions):
                    _put(inputs, where, position, value if step == 0 else 0)
        else:
            where, positions = self._where(seen, tensor, name)
            if positions:
                _put(inputs, where, positions[0], value)

    def _write_count(self, inputs: list[Any], seen: Observation, mask: fx.Node, count: int, name: str) -> None:
        """Makes ``count`` elements of ``mask`` true."""
        source = _behind_casts(mask)
        yes, no = 1.0, 0.0
        operation = target_name(source.target).removeprefix("aten.").removeprefix("_operator.").split(".")[0]
        if operation in ("logical_not", "bitwise_not", "invert") and isinstance(source.args[0], fx.Node):
            yes, no, source = no, yes, source.args[0]
        elif operation in _COMPARISONS and isinstance(source.args[0], fx.Node):
            number = source.args[1]
            if not isinstance(number, (int, float)):
                raise Unrealisable(f"{name} counts a comparison of two tensors")
            steps = _COMPARISONS[operation]
            yes, no, source = number + steps[0], number + steps[1], source.args[0]
        where, positions = self._where(seen, source, name)
        if not 0 <= count <= len(positions):
            raise Unrealisable(f"{name}: {count} of {len(positions)} elements")
        for step, position in enumerate(positions):
            _put(inputs, where, position, yes if step < count else no)

    def _where(self, seen: Observation, node: fx.Node, name: str) -> tuple[int, list[int]]:
        """The input that ``node`` shows elements of, and their positions, in the order in which it shows them."""
        found = self._tracked(seen, node)
        if found is None:
            raise Unrealisable(f"{name} is computed on the way from the inputs, and was not looked for")
        index, positions = found
        return index, list(dict.fromkeys(positions.reshape(-1).tolist()))

    def _tracked(self, seen: Observation, node: fx.Node) -> tuple[int, Any] | None:
        if node.op == "placeholder":
            slot = self.slots[self.placeholders.index(node)]
            value = seen.nodes.get(node)
            if slot.index is None or not isinstance(value, torch.Tensor):
                return None
            return slot.index, torch.arange(value.numel()).reshape(value.shape)
        name = target_name(node.target)
        if name not in _MOVES and name not in _CASTS:
            return None
        first = node.args[0] if node.args else None
        below = self._tracked(seen, first) if isinstance(first, fx.Node) else None
        if below is None or name in _CASTS:
            return below
        try:
            args = fx.map_arg(node.args[1:], lambda other: seen.nodes[other])
            kwargs = fx.map_arg(node.kwargs, lambda other: seen.nodes[other])
            call: Callable[..., Any] = (
                getattr(torch.Tensor, str(node.target)) if node.op == "call_method" else node.target  # type: ignore[assignment]
            )
            return below[0], call(below[1], *args, **kwargs)
        except Exception:  # noqa: BLE001 - the sizes of this run may not fit; then the way cannot be followed
            return None


def derived(bindings: Bindings, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """``wanted`` with the leaves that the links of the inputs (a size ``2*s0``) decide from others."""
    values = dict(wanted)
    for link in bindings.links:
        match link:
            case Apply("eq", (Var(name), term)) if name not in values:
                with contextlib.suppress(KeyError, Undefined):
                    values[name] = evaluate(term, values)
    return values


def _behind_casts(node: fx.Node) -> fx.Node:
    while target_name(node.target) in _CASTS and node.args and isinstance(node.args[0], fx.Node):
        node = node.args[0]
    return node


def _differs(seen: Observation, name: str, value: Any) -> bool:
    return name not in seen.leaves or seen.leaves[name] != value


def _size(term: Term, wanted: Mapping[str, Any], old: int) -> int:
    if isinstance(term, Const):
        return old
    try:
        return int(evaluate(term, wanted))
    except (KeyError, Undefined):
        return old


def resized(tensor: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
    """``tensor`` cut, or its elements repeated, to ``sizes``, so that what it may hold stays what it was.

    Raises:
        Unrealisable: for a negative size, or more than :data:`MAX_ELEMENTS` elements.
    """
    if list(tensor.shape) == list(sizes):
        return tensor
    if min(sizes, default=0) < 0:
        raise Unrealisable(f"an input would have the negative size {min(sizes)}")
    if prod(sizes) > max(MAX_ELEMENTS, tensor.numel()):
        raise Unrealisable(f"an input would have the shape {list(sizes)}, more than {MAX_ELEMENTS} elements")
    if tensor.numel() == 0:
        return torch.zeros(tuple(sizes), dtype=tensor.dtype, device=tensor.device)
    for axis, size in enumerate(sizes):
        index = torch.arange(size, device=tensor.device) % tensor.shape[axis]
        tensor = tensor.index_select(axis, index)
    return tensor


def _put(inputs: list[Any], index: int, position: int, value: Any) -> None:
    flat = inputs[index] if inputs[index].is_contiguous() else inputs[index].contiguous()
    if inputs[index].dtype == torch.bool:
        value = bool(value)
    try:
        flat.detach().view(-1)[position] = value
    except (RuntimeError, OverflowError) as error:
        raise Unrealisable(f"{value!r} is no {inputs[index].dtype}") from error
    inputs[index] = flat


def _fresh(inputs: Sequence[Any]) -> list[Any]:
    return [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in inputs]


__all__ = ["Observation", "Realiser", "Slot", "observe", "resized"]
