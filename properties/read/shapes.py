"""Sizes of what an operator yields, computed from its arguments: one row an operator.

Only operators whose result size follows from sizes and integers alone stand here; the sizes of any other
result are leaves of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from properties.read.eager_shapes import eager_shape, with_inferred
from strategies.custom_operators import NAMESPACE
from strategies.terms import Const, Term, apply

_FIRST = Const(0)

Shape = tuple[Term, ...]


def _same(tensor: Shape, *_: Any, **__: Any) -> Shape:
    return tensor


def _sizes(size: Any, *_: Any, **__: Any) -> Shape | None:
    return tuple(size) if all(_is_term(item) for item in size) else None


def _is_term(value: Any) -> bool:
    return type(value).__name__ in ("Const", "Var", "Apply")


def _arange(*args: Any, **_: Any) -> Shape | None:
    return (args[0],) if len(args) == 1 and _is_term(args[0]) else None


def _view(tensor: Shape, size: Any, *_: Any, **__: Any) -> Shape | None:
    return with_inferred(tuple(size), tensor) if all(_is_term(item) for item in size) else None


def _cat(tensors: Any, dim: Any = None, *_: Any, **__: Any) -> Shape | None:
    dim = Const(0) if dim is None else dim
    if not isinstance(dim, Const) or not all(isinstance(item, tuple) for item in tensors):
        return None
    axis = int(dim.value)
    shapes = list(tensors)
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        return None
    total = shapes[0][axis]
    for shape in shapes[1:]:
        total = apply("add", total, shape[axis])
    result = list(shapes[0])
    result[axis] = total
    return tuple(result)


def _stack(tensors: Any, dim: Any = None, *_: Any, **__: Any) -> Shape | None:
    dim = Const(0) if dim is None else dim
    if not isinstance(dim, Const) or not tensors or not all(isinstance(item, tuple) for item in tensors):
        return None
    first = tensors[0]
    axis = int(dim.value) % (len(first) + 1)
    return (*first[:axis], Const(len(tensors)), *first[axis:])


def _repeat(tensor: Shape, times: Any, *_: Any, **__: Any) -> Shape | None:
    if not all(_is_term(item) for item in times):
        return None
    new = len(times) - len(tensor)
    return (*times[:new], *(apply("mul", number, size) for number, size in zip(times[new:], tensor, strict=True)))


def _index_select(tensor: Shape, dim: Any, index: Any, *_: Any, **__: Any) -> Shape | None:
    if not isinstance(dim, Const) or not isinstance(index, tuple) or len(index) != 1:
        return None
    axis = int(dim.value) % len(tensor)
    return (*tensor[:axis], index[0], *tensor[axis + 1 :])


def _without(tensor: Shape, dim: Any, *_: Any, **__: Any) -> Shape | None:
    """The sizes but that of one dimension, as a selected row has them."""
    if not isinstance(dim, Const) or not tensor:
        return None
    axis = int(dim.value) % len(tensor)
    return (*tensor[:axis], *tensor[axis + 1 :])


def _reduced(tensor: Shape, dims: Any = None, *rest: Any, **options: Any) -> Shape | None:
    """One dimension reduced and dropped; any other form of the call is left unread."""
    if not isinstance(dims, tuple) or len(dims) != 1 or rest or options.get("keepdim"):
        return None
    return _without(tensor, dims[0])


def _arange_from(start: Any, end: Any, step: Any = None, *_: Any, **__: Any) -> Shape | None:
    if not (_is_term(start) and _is_term(end)):
        return None
    length = apply("sub", end, start)
    if step is None or step == Const(1):
        return (length,)
    if not isinstance(step, Const) or step.value < 1:
        return None
    return (apply("floordiv", apply("add", length, int(step.value) - 1), step),)


def _transposed(tensor: Shape, first: Any, second: Any) -> Shape | None:
    if not (isinstance(first, Const) and isinstance(second, Const)):
        return None
    sizes, one, other = list(tensor), int(first.value), int(second.value)
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return tuple(sizes)


def _permuted(tensor: Shape, dims: Any) -> Shape | None:
    if not all(isinstance(dim, Const) for dim in dims):
        return None
    return tuple(tensor[int(dim.value)] for dim in dims)


def _unsqueezed(tensor: Shape, dim: Any) -> Shape | None:
    if not isinstance(dim, Const):
        return None
    place = int(dim.value) % (len(tensor) + 1)
    return (*tensor[:place], Const(1), *tensor[place:])


def _gathered(tensor: Shape, dim: Any, index: Any, *_: Any, **__: Any) -> Shape | None:
    return index if isinstance(index, tuple) else None


def _padded(tensor: Shape, amounts: Any, *_: Any) -> Shape | None:
    if len(amounts) != 2 or amounts[0] != Const(0) or not _is_term(amounts[1]):
        return None
    return (*tensor[:-1], apply("add", tensor[-1], amounts[1]))


def _flattened(tensor: Shape, *dims: Any) -> Shape | None:
    """All dimensions in one; a vector stays as it is, and tracing then takes one for the other."""
    if dims or not tensor:
        return None
    total, *others = tensor
    for size in others:
        total = apply("mul", total, size)
    return (total,)


def _elementwise(tensor: Shape, other: Any, *_: Any, **__: Any) -> Shape | None:
    """With a number, or with a tensor of the very same sizes: nothing is known of what is made alike."""
    return tensor if _is_term(other) or other == tensor else None


def _product(left: Shape, right: Shape) -> Shape:
    return (*left[:-1], *(right[-1:] if len(right) > 1 else ()))


def _as_called(name: str) -> Callable[..., Any]:
    """The rule of the call that this operator is named after, whose arguments it takes."""
    return lambda *args, **kwargs: eager_shape(name, args, kwargs)


def _slice(tensor: Shape, dim: Any = None, start: Any = None, end: Any = None, step: Any = None) -> Shape | None:
    if not isinstance(dim or Const(0), Const):
        return None
    axis = int((dim or Const(0)).value) % len(tensor)
    end = None if end == Const(sys.maxsize) else end
    index = (*(slice(None) for _ in range(axis)), slice(start, end, step))
    return eager_shape("_operator.getitem", (tensor, index), {})


def _pieces(tensor: Shape, size: Any, dim: Any = _FIRST) -> tuple[Shape, ...] | None:
    """The first two pieces of ``size`` each, of which the last one may be shorter; ``chunk(2)`` has no more."""
    if isinstance(size, tuple) or not isinstance(dim, Const):
        return None
    axis = int(dim.value) % len(tensor)
    lengths = (apply("min", size, tensor[axis]), apply("min", size, apply("sub", tensor[axis], size)))
    return tuple((*tensor[:axis], length, *tensor[axis + 1 :]) for length in lengths)


RULES: dict[str, Callable[..., Any]] = {
    "aten.zeros.default": _sizes,
    "aten.ones.default": _sizes,
    "aten.empty.memory_format": _sizes,
    "aten.full.default": _sizes,
    "aten.arange.default": _arange,
    "aten.arange.start": _arange_from,
    "aten.arange.start_step": _arange_from,
    "aten.eye.m": lambda *sizes, **_: _sizes(sizes),
    "aten.relu.default": _same,
    "aten.neg.default": _same,
    "aten.cumsum.default": _same,
    "aten.flip.default": _same,
    "aten.scatter.value": _same,
    "aten.scatter_add.default": _same,
    "aten.index_add.default": _same,
    "aten.index_fill.int_Scalar": _same,
    "aten.fill.Scalar": _same,
    "aten.transpose.int": _transposed,
    "aten.permute.default": _permuted,
    "aten.unsqueeze.default": _unsqueezed,
    "aten.gather.default": _gathered,
    "aten.constant_pad_nd.default": _padded,
    "aten.mm.default": _product,
    "aten.bmm.default": _product,
    "aten.mv.default": _product,
    "aten.mul.Tensor": _elementwise,
    "aten.sub.Tensor": _elementwise,
    "aten.view.default": _view,
    "aten.reshape.default": _view,
    "aten.cat.default": _cat,
    "aten.clone.default": _same,
    "aten.contiguous.default": _same,
    "aten.alias.default": _same,
    "aten.detach.default": _same,
    "aten.to.dtype": _same,
    "aten._to_copy.default": _same,
    "aten.flatten.using_ints": _flattened,
    "aten.zeros_like.default": _same,
    "aten.stack.default": _stack,
    "aten.repeat.default": _repeat,
    "aten.index_select.default": _index_select,
    "aten.select.int": _without,
    "aten.sum.dim_IntList": _reduced,
    "aten.mean.dim": _reduced,
    "aten.amax.default": _reduced,
    "aten.add.Tensor": _elementwise,
    "aten.topk.default": _as_called("torch.topk"),
    "aten.narrow.default": _as_called("narrow"),
    "aten.unfold.default": _as_called("unfold"),
    "aten.expand.default": _as_called("expand"),
    "aten.unflatten.int": _as_called("unflatten"),
    "aten.repeat_interleave.self_int": _as_called("repeat_interleave"),
    "aten.split.Tensor": _pieces,
    "aten.split_with_sizes.default": _as_called("split"),
    "aten.split.sizes": _as_called("split"),
    "aten.chunk.default": _as_called("chunk"),
    "aten.slice.Tensor": _slice,
}


def _unique(vector: Any, size_of_part: Callable[[int], Any]) -> dict[int, Any]:
    """The inverse has the sizes of the vector, the counts those of the result."""
    return {1: vector, 2: (size_of_part(0),)}


def _two_vectors(_: Any, size_of_part: Callable[[int], Any]) -> dict[int, Any]:
    """Each of the two results has a size of its own."""
    return {0: (size_of_part(0),), 1: (size_of_part(1),)}


_BOTH = f"{NAMESPACE}.compress_both"
SEVERAL: dict[str, Callable[..., dict[int, Any]]] = {
    **dict.fromkeys(("aten._unique2.default", "torch.functional.unique"), _unique),
    **dict.fromkeys((f"torch._ops.{_BOTH}", f"{_BOTH}.default"), _two_vectors),
}
"""By target of a source with several results: the sizes of the results behind the first, from those of its input."""
