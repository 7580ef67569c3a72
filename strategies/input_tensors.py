"""Real tensors in the forms of :mod:`strategies.input_forms`, made of plain ones, and how they are written down."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import torch

from strategies.input_forms import COO, DEFINITION, INNER, JAGGED, WRAPPED, WRAPPER

_NAME = __name__


@functools.cache
def wrapper() -> type[torch.Tensor]:
    """The class of wrapped tensors, one a process."""
    namespace: dict[str, Any] = {"torch": torch, "__name__": _NAME}
    exec(compile(DEFINITION, f"<{WRAPPER}>", "exec"), namespace)
    return namespace[WRAPPER]


def in_form(form: str, tensor: torch.Tensor, rows: int = 0) -> torch.Tensor:
    """The elements of ``tensor`` held in ``form``; of a jagged one they are spread evenly over ``rows``."""
    if form == COO:
        with _quietly():
            return tensor.to_sparse()
    if form == WRAPPED:
        made: Any = wrapper()
        return made(tensor)
    if form == JAGGED:
        total = tensor.shape[0]
        offsets = torch.tensor([row * total // rows for row in range(rows + 1)], device=tensor.device)
        with _quietly():
            return torch.nested.nested_tensor_from_jagged(tensor, offsets)
    return tensor


def expression_of(tensor: torch.Tensor, plain: Callable[[torch.Tensor], str]) -> str:
    """The input ``tensor`` in Python, whatever its form; ``plain`` writes a plain tensor."""
    if tensor.layout == torch.sparse_coo:
        return f"{plain(tensor.to_dense())}.to_sparse()"
    if tensor.is_nested:
        parts: Any = tensor
        return f"torch.nested.nested_tensor_from_jagged({plain(parts.values())}, {plain(parts.offsets())})"
    if type(tensor).__name__ == WRAPPER:
        return f"{WRAPPER}({plain(getattr(tensor, INNER))})"
    return plain(tensor)


def holders_of_size(tensor: torch.Tensor, axis: int) -> tuple[tuple[torch.Tensor, int], ...]:
    """Where Dynamo has to be told of size ``axis``: on the input itself, and on the tensors inside that have it."""
    if not tensor.is_nested:
        return ((tensor, axis),)
    parts: Any = tensor
    inside = (parts._offsets, 0) if axis == 0 else (parts._values, axis - 1)
    return (inside,) if axis == 1 else ((tensor, axis), inside)


def _quietly() -> warnings.catch_warnings:
    """Silence about forms that torch calls unfinished, which is no news here."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)
