"""torch's operator database: each operator on its own sample inputs, with the sizes of their tensors left open.

What its authors collected to test the operators, among them every one whose result's size depends on data and every one
that checks sizes. The database is part of torch's wheel.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch.utils import _pytree as pytree

from properties.errors import NotCaptured, UsageError
from properties.targets.code import Code
from properties.targets.inputs import automatic

SAMPLES = 2
"""How many of an operator's sample inputs are taken, of different signatures (number of arguments and dimensions)."""
_LOOKED_AT = 24
_DTYPES = (torch.float32, torch.int64, torch.bool)
_MAX_ELEMENTS = 4096


def names() -> list[str]:
    return list(_operators())


@lru_cache(maxsize=1)
def _operators() -> dict[str, Any]:
    logging.disable(logging.WARNING)
    try:
        from torch.testing._internal.common_methods_invocations import op_db
        from torch.testing._internal.custom_op_db import custom_op_db
        from torch.testing._internal.hop_db import hop_db
    except ImportError as error:
        raise UsageError(
            f"torch:operators: torch's operator database needs {error.name}; install '.[models]'"
        ) from error
    finally:
        logging.disable(logging.NOTSET)
    found: dict[str, Any] = {}
    for kind, database in (("op", op_db), ("hop", hop_db), ("custom", custom_op_db)):
        for info in database:
            variant = f".{info.variant_test_name}" if info.variant_test_name else ""
            found.setdefault(f"{kind}:{info.name}{variant}", info)
    return found


def codes(name: str) -> list[Code]:
    """The operator ``name`` on up to :data:`SAMPLES` of its sample inputs.

    Raises:
        NotCaptured: if it has no sample inputs on the CPU.
    """
    info = _operators()[name]
    dtype = next((item for item in _DTYPES if item in info.dtypes), None) or next(iter(info.dtypes), None)
    if dtype is None:
        raise NotCaptured("no dtype on the CPU")
    torch.manual_seed(0)
    found: dict[Any, Code] = {}
    try:
        for sample in itertools.islice(info.sample_inputs("cpu", dtype, requires_grad=False), _LOOKED_AT):
            code, signature = _code(name, info, sample)
            if code is not None:
                found.setdefault(signature, code)
    except Exception as error:
        raise NotCaptured(f"no sample inputs: {type(error).__name__}") from error
    if not found:
        raise NotCaptured("no sample inputs with tensors")
    # Those with the most tensors first: a size that depends on data comes from a second tensor more often than not.
    chosen = sorted(found.values(), key=lambda code: -len(code.args))[:SAMPLES]
    return [replace(code, name=f"{name}#{index}") for index, code in enumerate(chosen)]


def _code(name: str, info: Any, sample: Any) -> tuple[Code | None, Any]:
    whole = (sample.input, tuple(sample.args), dict(sample.kwargs))
    leaves, spec = pytree.tree_flatten(whole)
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    tensors = tuple(leaves[place].detach().clone() for place in places)
    if not tensors or any(tensor.numel() > _MAX_ELEMENTS or tensor.layout != torch.strided for tensor in tensors):
        return None, None
    call = _call(info, leaves, spec, places)
    shapes, _ = automatic(tensors, {})
    signature = (len(leaves), tuple(tensor.dim() for tensor in tensors), min(t.numel() for t in tensors) == 0)
    return Code(name, call, tensors, {}, shapes), signature


def _call(info: Any, leaves: list[Any], spec: Any, places: list[int]) -> Callable[..., Any]:
    def call(*tensors: torch.Tensor) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        first, args, kwargs = pytree.tree_unflatten(filled, spec)
        return info.op(first, *args, **kwargs)

    return call
