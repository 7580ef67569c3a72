"""Which sizes of the example inputs ``dynamic_shapes`` leaves open."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from properties.targets.code import Code


def open_axes(code: Code) -> list[tuple[int, ...]]:
    """For each flat input the axes that ``code.dynamic_shapes`` leaves open; none without it."""
    if code.dynamic_shapes is None:
        return [()] * len(code.flat)
    found: list[tuple[int, ...]] = []
    specs = _flat_specs(code)
    for value, spec in zip(code.flat, specs, strict=True):
        if not isinstance(value, torch.Tensor) or spec is None:
            found.append(())
            continue
        items = spec.items() if isinstance(spec, dict) else enumerate(spec)
        found.append(tuple(axis for axis, dim in items if _is_dynamic(dim)))
    return found


def _is_dynamic(dim: Any) -> bool:
    return dim is not None and not isinstance(dim, int) and dim is not torch.export.Dim.STATIC


def _flat_specs(code: Code) -> list[Any]:
    """The part of ``dynamic_shapes`` that belongs to each flat input."""
    spec = code.dynamic_shapes
    kwargs = dict(code.kwargs)
    if isinstance(spec, dict):
        positional = positional_names(code.call)[: len(code.args)]
        spec = (tuple(spec.get(name) for name in positional), {name: spec.get(name) for name in kwargs})
    else:
        parts = tuple(spec)
        if len(parts) != len(code.args) and parts and isinstance(parts[-1], tuple):
            # ``*args`` of the code are one entry of the export's description.
            parts = (*parts[:-1], *parts[-1])
        spec = (parts[: len(code.args)], dict(zip(kwargs, parts[len(code.args) :], strict=False)))
    return _specs_along((code.args, kwargs), spec)


def positional_names(call: Callable[..., Any]) -> list[str]:
    try:
        parameters = inspect.signature(getattr(call, "forward", call)).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [item.name for item in parameters if item.kind in kinds]


def _specs_along(value: Any, spec: Any) -> list[Any]:
    if isinstance(value, torch.Tensor) or not isinstance(value, (tuple, list, dict)):
        if isinstance(value, torch.Tensor) or pytree.tree_leaves(value) == [value]:
            return [spec]
        return [None] * len(pytree.tree_leaves(value))
    if isinstance(value, dict):
        return [item for key, part in value.items() for item in _specs_along(part, spec.get(key) if spec else None)]
    parts = list(spec) if isinstance(spec, (tuple, list)) else [None] * len(value)
    parts += [None] * (len(value) - len(parts))
    return [item for part, its in zip(value, parts, strict=True) for item in _specs_along(part, its)]
