"""What a node yields, as far as it can be said over the leaves, and how questions for it are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import fx

from properties.read.bindings import TensorLeaf
from properties.read.layouts import Layout
from properties.read.sympy_terms import leaf_of
from properties.read.targets import target_name
from properties.read.truths import CONVERTED, truth_of
from strategies.custom_operators import NAMESPACE
from strategies.operators import ROWS_OF_TARGET, applied, sort_of
from strategies.terms import Apply, Const, Term, Var, apply


@dataclass(frozen=True)
class Opaque:
    """A value that this reader cannot express over the leaves; ``reason`` names the node to blame."""

    reason: str


@dataclass(frozen=True)
class Sized:
    """What an operator yields: sizes that are terms, or (None) sizes that are leaves named after the node."""

    node: str
    shape: tuple[Term, ...] | None
    named: Mapping[tuple[str, ...], str] | None = None
    layout: Layout | None = None
    parts: Mapping[int, Any] = field(default_factory=dict)
    """Of a source with several results: the sizes of those that bind no symbol of their own."""

    def size_of_part(self, part: int) -> Any:
        """The symbol that is the first size of one of several results."""
        name = (self.named or {}).get((str(part), "size", "0"))
        return Var(name) if name else Opaque(f"size of result {part} of {self.node}")

    def size(self, dim: int) -> Any:
        if self.named is not None and ("size", str(dim)) in self.named:
            return leaf_of(self.named["size", str(dim)])
        if self.shape is not None and -len(self.shape) <= dim < len(self.shape):
            return self.shape[dim]
        return Opaque(f"size {dim} of {self.node}")


@dataclass(frozen=True)
class SizeTuple:
    """All sizes of a tensor of which some are not known; one of them is asked for by its index."""

    tensor: Sized


def shape_of(value: Any) -> Any:
    """The sizes of what a node yields, of each part where it is several; what is no tensor is its own."""
    if isinstance(value, TensorLeaf):
        return value.shape
    if isinstance(value, Sized):
        return value.shape if value.shape is not None else Opaque(f"sizes of {value.node}")
    if isinstance(value, tuple):
        parts = tuple(shape_of(item) for item in value)
        return next((part for part in parts if isinstance(part, Opaque)), parts)
    return value


_CUSTOM = ("compress", "first_few", "pairs")
_VECTORS = frozenset(
    {
        "aten.repeat_interleave.Tensor",
        "aten.masked_select.default",
        "aten.bincount.default",
        "torch.repeat_interleave",
        "torch.masked_select",
        "torch.bincount",
        *(f"{NAMESPACE}.{name}.default" for name in _CUSTOM),
        *(f"torch._ops.{NAMESPACE}.{name}" for name in _CUSTOM),
    }
)
"""Sources that yield one dimension: the length that they bind is all that there is to know of their shape."""


_FLAT = frozenset({"torch.functional.unique", "torch.functional.unique_consecutive"})
"""Sources that yield one dimension as long as nothing but a tensor is given to them."""
_COORDINATES = frozenset({"aten.nonzero.default", "torch.nonzero"})
"""Sources that yield a row for each element that is found, and in it a number for each dimension of the operand."""


def _is_flat(node: Any) -> bool:
    return target_name(node.target) in _FLAT and len(node.args) == 1 and "dim" not in node.kwargs


def source_value(node: fx.Node, bound: Mapping[tuple[str, ...], str], args: Sequence[Any]) -> Any:
    """What a node yields that binds the symbols ``bound``, each behind its key path."""
    if () in bound:
        return leaf_of(bound[()])
    if len(bound) == 1:
        (path,) = bound
        if path == CONVERTED:
            return truth_of(leaf_of(bound[path]))
        if path[:2] == ("size", "0") and target_name(node.target) in _VECTORS:
            # Behind a divisor the symbol is a part of the size.
            factors = [int(step) for step in path[2:]]
            size = leaf_of(bound[path])
            return Sized(node.name, (apply("mul", size, factors[0]) if factors else size,), bound)
        if path == ("size", "0"):
            name, operand = target_name(node.target), shape_of(args[0]) if args else None
            # Of several results the node takes one.
            if _is_flat(node) or (name == "_operator.getitem" and _is_flat(node.args[0])):
                return Sized(node.name, (leaf_of(bound[path]),), bound)
            if name == "_operator.getitem" and isinstance(operand, tuple) and isinstance(args[1], (TensorLeaf, Sized)):
                # Only a mask leaves the data to say how many entries there are; it may be of the first dims alone.
                mask = shape_of(args[1])
                if isinstance(mask, tuple) and mask:
                    return Sized(node.name, (leaf_of(bound[path]), *operand[len(mask) :]), bound)
            if name in _COORDINATES and len(args) == 1 and isinstance(operand, tuple) and not node.kwargs:
                return Sized(node.name, (leaf_of(bound[path]), Const(len(operand))), bound)
    return Sized(node.name, None, bound)


def _size_of(node: fx.Node, tensor: Any, dim: Any = None) -> Any:
    if dim is None:
        shape = shape_of(tensor)
        if isinstance(shape, tuple):
            return shape
        return SizeTuple(tensor) if isinstance(tensor, Sized) else Opaque(f"size of {node.name}")
    if isinstance(tensor, TensorLeaf):
        return tensor.shape[int(dim.value)]
    if isinstance(tensor, Sized):
        return tensor.size(int(dim.value))
    return Opaque(f"size of {node.name}")


def _attribute_of(node: fx.Node, tensor: Any, name: str) -> Any:
    if name == "shape":
        return _size_of(node, tensor)
    # A tensor inside of what binds its sizes: they stand behind its name in the key paths.
    named = (isinstance(tensor, Sized) and tensor.named) or {}
    inside = {path[1:]: symbol for path, symbol in named.items() if path[:1] == (name,)}
    return Sized(node.name, None, inside) if inside else None


def _values_of(node: fx.Node, tensor: Any) -> Any:
    """All elements of a jagged input, one row behind the other."""
    inside = tensor.inside if isinstance(tensor, TensorLeaf) else {}
    return Sized(node.name, inside["_values"]) if "_values" in inside else Opaque(f"values in {node.name}")


def _stride_of(node: fx.Node, tensor: Any, dim: Any = None) -> Any:
    if dim is not None:
        axis = int(dim.value)
        if isinstance(tensor, TensorLeaf):
            return tensor.stride[axis]
        if isinstance(tensor, Sized) and tensor.named and ("stride", str(axis)) in tensor.named:
            return Var(tensor.named["stride", str(axis)])
        if isinstance(tensor, Sized) and tensor.layout is not None:
            return tensor.layout.strides[axis]
    return Opaque(f"stride in {node.name}")


def _offset_of(node: fx.Node, tensor: Any) -> Any:
    if isinstance(tensor, TensorLeaf):
        return tensor.offset
    if isinstance(tensor, Sized) and tensor.named and ("storage_offset",) in tensor.named:
        # A view whose start is a run-time value: its offset is a leaf of its own.
        return Var(tensor.named[("storage_offset",)])
    if isinstance(tensor, Sized) and tensor.layout is not None:
        return tensor.layout.offset
    return Opaque(f"offset in {node.name}")


def _numel_of(node: fx.Node, tensor: Any) -> Any:
    shape = shape_of(tensor)
    if not isinstance(shape, tuple):
        return Opaque(f"numel in {node.name}")
    total: Term = Const(1)
    for size in shape:
        total = size if total == Const(1) else apply("mul", total, size)
    return total


def _sum_of(node: fx.Node, terms: Any) -> Any:
    parts = list(terms)
    for part in parts:
        if not isinstance(part, (Const, Var, Apply)):
            return part if isinstance(part, Opaque) else Opaque(f"sum in {node.name}")
    total = parts[0] if parts else Const(0)
    for part in parts[1:]:
        total = applied(ROWS_OF_TARGET["_operator.add"], (total, part)) or Opaque(f"sum in {node.name}")
        if isinstance(total, Opaque):
            break
    return total


def _power_of(node: fx.Node, base: Any, exponent: Any) -> Any:
    """A power with a small constant exponent, as the product that it is."""
    if not isinstance(base, (Const, Var, Apply)):
        return base if isinstance(base, Opaque) else Opaque(f"power in {node.name}")
    if not isinstance(exponent, (Const, Var, Apply)):
        return exponent if isinstance(exponent, Opaque) else Opaque(f"exponent in {node.name}")
    whole = isinstance(exponent, Const) and not isinstance(exponent.value, (bool, float)) and 1 <= exponent.value <= 8
    if not isinstance(exponent, Const) or not whole or sort_of(base) == "float":
        power = applied(ROWS_OF_TARGET["_operator.pow"], (base, exponent))
        return power if power is not None else Opaque(f"exponent in {node.name}")
    product: Term = base
    for _ in range(int(exponent.value) - 1):
        product = apply("mul", product, base)
    return product


def truth(value: Any) -> Any:
    """A number is true unless it is zero, as in Python; what is no number stays what it is."""
    if not isinstance(value, (Const, Var, Apply)) or sort_of(value) == "bool":
        return value
    return apply("ne", value, 0) if sort_of(value) == "int" else apply("float_ne", value, 0.0)


def _truth_of(node: fx.Node, value: Any) -> Any:
    scalar = isinstance(value, (Const, Var, Apply, Opaque))
    return truth(value) if scalar else Opaque(f"truth of what is no number in {node.name}")


def _item(node: fx.Node, container: Any, index: Any) -> Any:
    if not isinstance(index, Const):
        return None
    if isinstance(container, SizeTuple):
        return container.tensor.size(int(index.value))
    if isinstance(container, Sized) and container.named is not None:
        # One part of a source with several results: what stands behind its index in the key paths.
        part = {path[1:]: name for path, name in container.named.items() if path[:1] == (str(index.value),)}
        if isinstance(shape := container.parts.get(int(index.value)), tuple):
            return Sized(node.name, shape, part or None)
        return source_value(node, part, ()) if part else None
    if not isinstance(container, tuple):
        return None
    # A rule may know the first of many results only.
    place = int(index.value)
    return container[place] if -len(container) <= place < len(container) else None


READERS: dict[str, Callable[..., Any]] = {
    "aten.sym_size.int": _size_of,
    "aten.sym_size.default": _size_of,
    "size": _size_of,
    "builtins.getattr": _attribute_of,
    "values": _values_of,
    "aten.sym_stride.int": _stride_of,
    "stride": _stride_of,
    "aten.sym_storage_offset.default": _offset_of,
    "storage_offset": _offset_of,
    "aten.sym_numel.default": _numel_of,
    "numel": _numel_of,
    "torch.sym_sum": _sum_of,
    "_operator.getitem": _item,
    "_operator.pow": _power_of,
    "builtins.pow": _power_of,
    "builtins.bool": _truth_of,
    "_operator.truth": _truth_of,
}

SCALAR_TARGETS = frozenset(ROWS_OF_TARGET) | frozenset(READERS)
"""Call targets of scalar arithmetic and of questions for sizes."""
