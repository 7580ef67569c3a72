"""Call targets by name, and those that assert."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import fx

ASSERT_TARGETS = frozenset({"aten._assert_scalar.default", "torch._assert_scalar", "torch._check", "_operator._assert"})


def target_name(target: Any) -> str:
    """A call target as text: ``aten.sym_size.int``, ``_operator.add``, ``torch.sym_max``, ``size``."""
    if isinstance(target, str):
        return target
    if isinstance(target, torch._ops.OpOverload):
        return _overload_name(target)
    return f"{getattr(target, '__module__', '') or ''}.{getattr(target, '__name__', target)}"


def condition_of(node: fx.Node) -> Any:
    """What an assert node asserts, however it is written: a node, or a literal."""
    return node.args[0] if node.args else node.kwargs.get("cond", node.kwargs.get("self"))


def message_of(node: fx.Node) -> Any:
    """What an assert node says, however it is written: a text, something that makes one, or None."""
    said = [node.kwargs[key] for key in ("assert_msg", "message", "msg") if key in node.kwargs]
    return node.args[1] if len(node.args) > 1 else next(iter(said), None)


# There are few overloads, and each is looked at in every graph.
_overload_name = lru_cache(maxsize=4096)(str)
