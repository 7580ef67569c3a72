"""Code that others wrote, with example inputs, and what eager execution makes of it."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch.utils import _pytree as pytree

from properties.verdict import Outcome

_TEXT_LIMIT = 400


@dataclass(frozen=True)
class Code:
    """Foreign code with example inputs: what is traced, and what runs eagerly.

    ``call`` takes ``args`` and ``kwargs``. ``dynamic_shapes`` is what ``torch.export`` takes; ``names`` are those of
    the flat inputs (the leaves of ``(args, kwargs)``), for people.
    """

    name: str
    call: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    dynamic_shapes: Any = None

    @cached_property
    def flat(self) -> tuple[Any, ...]:
        return tuple(pytree.tree_leaves((self.args, dict(self.kwargs))))

    @cached_property
    def names(self) -> tuple[str, ...]:
        paths, _ = pytree.tree_flatten_with_path((self.args, dict(self.kwargs)))
        return tuple(_input_name(path, self.call) for path, _ in paths)

    def unflatten(self, flat: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        _, spec = pytree.tree_flatten((self.args, dict(self.kwargs)))
        return pytree.tree_unflatten(list(flat), spec)


def _input_name(path: Any, call: Callable[..., Any]) -> str:
    group, *rest = path
    inside = "".join(pytree.keystr((key,)) for key in rest[1:])
    if group.idx == 1:
        return f"{rest[0].key}{inside}"
    code = getattr(getattr(call, "forward", call), "__code__", None)
    position = rest[0].idx
    if code is not None:
        parameters = [name for name in code.co_varnames[: code.co_argcount] if name != "self"]
        if position < len(parameters):
            return f"{parameters[position]}{inside}"
    return f"args[{position}]{inside}"


def run_code(code: Code, flat: Sequence[Any]) -> Outcome:
    """``code`` run eagerly; ``by`` is ``check`` if a check of the author's rejects: torch's or Python's own."""
    values = [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in flat]
    args, kwargs = code.unflatten(values)
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            results = code.call(*args, **kwargs)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever foreign code raises is its rejection
        by = "check" if _is_check(error) else "operator"
        return Outcome("rejected", by, type(error).__name__, str(error)[:_TEXT_LIMIT])
    return Outcome("accepted", results=tuple(pytree.tree_leaves(results)))


def _is_check(error: BaseException) -> bool:
    """Whether ``torch._check`` or an ``assert`` or ``raise`` outside of torch raised ``error``."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return False
    last = frames[-1]
    if last.filename == torch.__file__ and last.name.startswith("_check"):
        return True
    return isinstance(error, AssertionError) or (last.line or "").lstrip().startswith(("raise ", "assert "))
