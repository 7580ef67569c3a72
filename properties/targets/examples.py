"""torch's own examples for export (``torch._export.db``, in the wheel), every case with its own inputs."""

from __future__ import annotations

from typing import Any

import torch

from properties.targets.code import Code
from properties.targets.inputs import automatic, for_export


def names() -> list[str]:
    return sorted(_cases())


def codes(name: str) -> list[Code]:
    """The case ``name`` with the sizes that it says are dynamic, or else every size left open."""
    case = _cases()[name]
    model = case.model
    if isinstance(model, torch.nn.Module):
        model.eval()
    args, kwargs = tuple(case.example_args), dict(case.example_kwargs)
    shapes = case.dynamic_shapes or for_export(name, model, args, kwargs, automatic(args, kwargs))
    return [Code(name, model, args, kwargs, shapes)]


def _cases() -> dict[str, Any]:
    from torch._export.db.examples import all_examples

    return all_examples()
