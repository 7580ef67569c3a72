"""Strides and offsets of what an operator yields, for what lies as its sizes say and for views of what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from properties.read.eager_shapes import place_in
from strategies.terms import Const, Term, apply

_FRESH = frozenset(
    {
        *(f"aten.{name}.default" for name in ("zeros", "ones", "full", "arange", "eye")),
        "aten.empty.memory_format",
        "aten.arange.start",
        "aten.eye.m",
        *(f"torch.{name}" for name in ("zeros", "ones", "full", "empty", "arange", "eye")),
    }
)
"""What makes a tensor that lies without gaps in a storage of its own."""


@dataclass(frozen=True)
class Layout:
    """One term a stride, in elements, and the number of the first element in the storage."""

    strides: tuple[Term, ...]
    offset: Term


def contiguous(shape: Sequence[Term]) -> Layout:
    """The layout of a new tensor of ``shape``; an empty dimension counts as one of 1."""
    strides: list[Term] = []
    step: Term = Const(1)
    for size in reversed(shape):
        strides.append(step)
        least = Const(max(1, int(size.value))) if isinstance(size, Const) else apply("max", size, 1)
        step = least if step == Const(1) else step if least == Const(1) else apply("mul", step, least)
    return Layout(tuple(reversed(strides)), Const(0))


def layout_of(name: str, args: Sequence[Any], base: Layout | None, sizes: Any, shape: Any) -> Layout | None:
    """The layout of what the call ``name`` yields, which has ``shape``; ``base`` and ``sizes`` are its operand's.

    ``None`` where no row knows it.
    """
    if name in _FRESH:
        return contiguous(shape) if isinstance(shape, tuple) else None
    view = _VIEWS.get(name)
    if view is None or base is None or not isinstance(sizes, tuple) or len(sizes) != len(base.strides):
        return None
    try:
        return view(base, sizes, *args[1:])
    except (TypeError, IndexError, ValueError, AttributeError):
        # A form of the call that the row does not know.
        return None


def _axis(dim: Any, base: Layout) -> int:
    return int(dim.value) % len(base.strides)


def _moved(base: Layout, axis: int, start: Term) -> Term:
    step = base.strides[axis]
    if start == Const(0):
        return base.offset
    distance = start if step == Const(1) else apply("mul", start, step)
    return distance if base.offset == Const(0) else apply("add", base.offset, distance)


def _select(base: Layout, sizes: Sequence[Term], dim: Any, index: Term) -> Layout:
    axis = _axis(dim, base)
    if isinstance(index, Const) and index.value < 0:
        raise ValueError("counted from the end")
    return Layout((*base.strides[:axis], *base.strides[axis + 1 :]), _moved(base, axis, index))


def _narrow(base: Layout, sizes: Sequence[Term], dim: Any, start: Term, _length: Any) -> Layout:
    return Layout(base.strides, _moved(base, _axis(dim, base), start))


def _slice(
    base: Layout, sizes: Sequence[Term], dim: Any = None, start: Any = None, stop: Any = None, step: Any = None
) -> Layout:
    axis, times = 0 if dim is None else _axis(dim, base), Const(1) if step is None else step
    first = Const(0) if start is None else place_in(start, sizes[axis])
    strides = list(base.strides)
    strides[axis] = strides[axis] if times == Const(1) else apply("mul", strides[axis], times)
    return Layout(tuple(strides), _moved(base, axis, first))


def _indexed(base: Layout, sizes: Sequence[Term], index: Any) -> Layout:
    parts = index if isinstance(index, tuple) else (index,)
    for axis, part in enumerate(parts):
        if not isinstance(part, slice):
            raise TypeError("an index that is no slice")
        if (part.start, part.stop, part.step) != (None, None, None):
            base = _slice(base, sizes, Const(axis), part.start, part.stop, part.step)
    return base


_VIEWS: dict[str, Callable[..., Layout]] = {
    **dict.fromkeys(("aten.select.int", "select"), _select),
    **dict.fromkeys(("aten.narrow.default", "narrow"), _narrow),
    "aten.slice.Tensor": _slice,
    "_operator.getitem": _indexed,
}
