"""How tensors lie in their storage: strides and offsets of what is made anew and of parts of it."""

from __future__ import annotations

from collections.abc import Sequence

from strategies.constructs.sizes import numel
from strategies.statement import Tensor
from strategies.terms import Const, Term, apply

_ONE: Term = Const(1)


def strides_of(tensor: Tensor) -> tuple[Term, ...] | None:
    """One term a dimension, or ``None`` where they are not known."""
    if tensor.strides is not None:
        return tensor.strides
    # An empty dimension counts as one of 1.
    steps = [_step(size) for size in tensor.shape]
    return tuple(numel(steps[axis + 1 :]) for axis in range(len(steps))) if tensor.contiguous else None


def part_of(
    tensor: Tensor,
    shape: Sequence[Term],
    contiguous: bool,
    dim: int,
    start: Term,
    step: Term = _ONE,
    *,
    drops: bool = False,
) -> Tensor:
    """The view of ``tensor`` that begins at ``start`` of dimension ``dim`` and takes every ``step``-th of it.

    With ``drops`` the dimension is gone in it.
    """
    strides = strides_of(tensor)
    if strides is None:
        return Tensor(tuple(shape), tensor.dtype, contiguous)
    offset = tensor.offset
    if offset is not None and start != Const(0):
        distance = start if strides[dim] == Const(1) else apply("mul", start, strides[dim])
        offset = distance if offset == Const(0) else apply("add", offset, distance)
    own = () if drops else (strides[dim] if step == _ONE else apply("mul", strides[dim], step),)
    left = (*strides[:dim], *own, *strides[dim + 1 :])
    return Tensor(tuple(shape), tensor.dtype, contiguous, None if contiguous else left, offset)


def _step(size: Term) -> Term:
    return Const(max(1, int(size.value))) if isinstance(size, Const) else apply("max", size, 1)
