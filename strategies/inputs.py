"""Real tensors for a valuation: every value of every leaf is realised by an input of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any

import torch

from strategies.evaluate import evaluate, holds
from strategies.input_forms import JAGGED, has_strides, inner_sizes, outer_sizes
from strategies.input_tensors import in_form
from strategies.program import Program
from strategies.semantics import all_inputs, requirements, scopes, steps
from strategies.statement import Input, Tensor, Unrealisable
from strategies.terms import Const, Term, Undefined, Valuation, Value, apply

__all__ = [
    "MAX_ELEMENTS",
    "Unrealisable",
    "all_inputs",
    "build_inputs",
    "inner_dims",
    "input_dims",
    "input_names",
    "input_of_leaf",
    "input_offsets",
    "input_strides",
    "outer_dims",
    "scalar_inputs",
    "unbacked_axes",
]

MAX_ELEMENTS = 2**20
"""No input and no tensor that the program makes may have more elements than this."""

_DTYPES: Mapping[str, torch.dtype] = {
    "float32": torch.float32,
    "float64": torch.float64,
    "int64": torch.int64,
    "int32": torch.int32,
    "bool": torch.bool,
}


def input_names(program: Program) -> tuple[str, ...]:
    """The names of the arguments of ``forward``, in order."""
    return tuple(item.name for item in all_inputs(program))


def input_dims(program: Program) -> tuple[tuple[Term, ...], ...]:
    """For each argument of ``forward`` the term of each of its dimensions; a number has none."""
    return tuple(item.shape for item in all_inputs(program))


def outer_dims(program: Program) -> tuple[tuple[Term | None, ...], ...]:
    """:func:`input_dims` as the inputs show them themselves: None for a size that is no number."""
    return tuple(outer_sizes(item.form, item.shape) for item in all_inputs(program))


def inner_dims(program: Program) -> tuple[Mapping[str, tuple[Term, ...]], ...]:
    """For each argument of ``forward`` the dimensions of the tensors that it holds, by the names of its attributes."""
    return tuple(inner_sizes(item.form, item.shape) for item in all_inputs(program))


def input_strides(program: Program) -> tuple[tuple[Term, ...], ...]:
    """For each argument of ``forward`` the term of each of its strides, in elements, where it has any."""
    return tuple(
        item.strides if item.strides is not None else _contiguous(item.shape) if has_strides(item.form) else ()
        for item in all_inputs(program)
    )


def input_offsets(program: Program) -> tuple[Term, ...]:
    """For each argument of ``forward`` the term of the number of its first element in its storage."""
    return tuple(item.offset for item in all_inputs(program))


def unbacked_axes(program: Program) -> tuple[tuple[int, ...], ...]:
    """For each argument of ``forward`` the dimensions whose size tracing may not look at."""
    return tuple(item.unbacked for item in all_inputs(program))


def _contiguous(shape: Sequence[Term]) -> tuple[Term, ...]:
    steps: list[Term] = []
    step: Term = Const(1)
    for size in reversed(shape):
        steps.append(step)
        step = size if step == Const(1) else apply("mul", step, size)
    return tuple(reversed(steps))


def input_of_leaf(program: Program) -> dict[str, int]:
    """For each unbacked leaf the position of the argument of ``forward`` whose contents decide it."""
    return {
        leaf: position for position, item in enumerate(all_inputs(program)) for leaf in item.leaves if not item.scalar
    }


def scalar_inputs(program: Program) -> dict[int, str]:
    """The arguments of ``forward`` that are numbers: their positions, and their names, which are those of leaves."""
    return {position: item.name for position, item in enumerate(all_inputs(program)) if item.scalar}


def build_inputs(program: Program, valuation: Valuation, device: str | torch.device = "cpu") -> tuple[Any, ...]:
    """Tensors and numbers in the order of ``forward``'s arguments, in which each leaf has its value in ``valuation``.

    The same call gives equal tensors. They are built on the CPU and then moved to ``device``.

    Raises:
        Unrealisable: if there are no such tensors, or if one of them, or one that the program would make on its
            way, has more than :data:`MAX_ELEMENTS` elements.
        KeyError: if ``valuation`` lacks a leaf.
    """
    items = all_inputs(program)
    shapes = [_sizes(item, valuation) for item in items]
    _require_room(program, valuation)
    return tuple(
        _number(item, valuation[item.name]) if item.scalar else _tensor(item, shape, valuation, device)
        for item, shape in zip(items, shapes, strict=True)
    )


def _number(item: Input, value: Value) -> Value:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise Unrealisable(f"{item.name}={value} does not fit in int64")
    return value


def _sizes(item: Input, valuation: Valuation) -> list[int]:
    sizes = [int(evaluate(size, valuation)) for size in item.shape]
    if min(sizes, default=0) < 0:
        raise Unrealisable(f"{item.name} would have the negative size {min(sizes)}")
    if prod(sizes) > MAX_ELEMENTS or max(sizes, default=0) > MAX_ELEMENTS:
        raise Unrealisable(f"{item.name} would have the shape {sizes}, more than {MAX_ELEMENTS} elements")
    return sizes


def _require_room(program: Program, valuation: Valuation) -> None:
    """Raise if the program, before it stops, makes a tensor too large: running out of memory proves nothing."""
    stops_at = next(
        (item.statement for item in requirements(program) if not holds(item.term, valuation)),
        len(program.body),
    )
    for name, tensor in _made_until(program, stops_at, valuation):
        try:
            sizes = [int(evaluate(size, valuation)) for size in tensor.shape]
        except Undefined:
            continue
        if prod(sizes) > MAX_ELEMENTS or max(sizes, default=0) > MAX_ELEMENTS:
            raise Unrealisable(f"{name} would have the shape {sizes}, more than {MAX_ELEMENTS} elements")


def _made_until(program: Program, statement: int, valuation: Valuation) -> Iterator[tuple[str, Tensor]]:
    """The tensors that the program makes before ``statement``; of a branch that is not taken it makes none."""
    outside = scopes(program)[statement].tensors
    yield from outside.items()
    # What the last statement of a block makes is in scope at the end of the block alone.
    ends = (step.scope for step in steps(program) if step.kind == "leave" and step.statement < statement)
    for scope in (*(one for one in scopes(program)[:statement] if one.given), *(one for one in ends if one.made)):
        if all(holds(condition, valuation) for condition in scope.given):
            yield from ((name, one) for name, one in scope.tensors.items() if name not in outside)


def _tensor(item: Input, shape: Sequence[int], valuation: Valuation, device: str | torch.device) -> torch.Tensor:
    count, dtype = prod(shape), _DTYPES[item.dtype]
    if item.strides is not None:
        return _strided(item, shape, item.strides, valuation, device)
    # No view of a base, for which tracing would make a base, too: the last step makes a tensor of its own.
    if item.form == JAGGED:
        rows, *shape = shape
        if not rows:
            raise Unrealisable(f"{item.name} would be a jagged tensor without rows")
    else:
        rows = 0
    if item.fill is None:
        made = _numbered if count > _FEW_ELEMENTS else _numbered_before
        return in_form(item.form, made(tuple(shape), dtype).clone().to(device), rows)
    elements: Sequence[Value] = item.fill(count, valuation)
    return in_form(item.form, torch.tensor(elements, dtype=dtype).reshape(tuple(shape)).clone().to(device), rows)


def _numbered(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """A tensor whose elements count from 1 on, modulo 7."""
    return torch.arange(1, prod(shape) + 1).reshape(shape).remainder(7).to(dtype)


_FEW_ELEMENTS = 1024
_numbered_before = lru_cache(maxsize=512)(_numbered)
"""The same, for small tensors, of which a campaign builds millions of few shapes. Whoever uses one takes a copy."""


def _strided(
    item: Input, shape: Sequence[int], strides: Sequence[Term], valuation: Valuation, device: str | torch.device
) -> torch.Tensor:
    steps = [int(evaluate(step, valuation)) for step in strides]
    if min(steps, default=0) < 0:
        raise Unrealisable(f"{item.name} would have the negative stride {min(steps)}")
    offset = int(evaluate(item.offset, valuation))
    if offset < 0:
        raise Unrealisable(f"{item.name} would have the negative offset {offset}")
    last = offset + sum((size - 1) * step for size, step in zip(shape, steps, strict=True) if size)
    if last >= MAX_ELEMENTS:
        raise Unrealisable(f"{item.name} would need a storage of {last + 1} elements, more than {MAX_ELEMENTS}")
    storage = torch.arange(1, last + 2).remainder(7).to(_DTYPES[item.dtype]).to(device)
    tensor = torch.empty(0, dtype=storage.dtype, device=device)
    return tensor.set_(storage.untyped_storage(), offset, tuple(shape), tuple(steps))
