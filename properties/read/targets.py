"""Call targets by name, and those that assert."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import fx

_ASSERTS = frozenset(
    {
        "aten._assert_scalar.default",
        "torch._assert_scalar",
        "torch._assert",
        "torch._check",
        "torch._check_index",
        "torch._check_not_implemented",
        "torch._check_type",
        "torch._check_value",
        "torch._check_with",
        "_operator._assert",
    }
)
_CONDITION_AT = {"torch._check_with": 1}
"""Where the condition is not the first argument; the message stands behind it."""
_TENSOR_ASSERTS = frozenset({"aten._assert_async.default", "aten._assert_async.msg", "torch._assert_async"})
_NUMBERS_AS_TENSORS = frozenset({"aten.scalar_tensor.default", "torch.scalar_tensor", "torch.tensor"})
"""What lets a condition be asserted on the device: a tensor that holds nothing but the number."""


def target_name(target: Any) -> str:
    """A call target as text: ``aten.sym_size.int``, ``_operator.add``, ``torch.sym_max``, ``size``."""
    if isinstance(target, str):
        return target
    if isinstance(target, torch._ops.OpOverload):
        return _overload_name(target)
    return f"{getattr(target, '__module__', '') or ''}.{getattr(target, '__name__', target)}"


def is_assert(node: fx.Node) -> bool:
    """Whether ``node`` asserts a condition over numbers; an assert about the data of a tensor is an operator."""
    name = target_name(node.target)
    return name in _ASSERTS or (name in _TENSOR_ASSERTS and _number_of(node) is not None)


def carries_condition(node: fx.Node) -> bool:
    """Whether ``node`` only makes a tensor of a condition, for an assert."""
    return target_name(node.target) in _NUMBERS_AS_TENSORS and bool(node.users) and all(map(is_assert, node.users))


def condition_of(node: fx.Node) -> Any:
    """What an assert node asserts, however it is written: a node, or a literal."""
    name = target_name(node.target)
    if name in _TENSOR_ASSERTS:
        return _number_of(node)
    return _argument(node, _CONDITION_AT.get(name, 0), ("cond", "self", "condition"))


def _number_of(node: fx.Node) -> Any:
    """The number that is in the tensor that ``node`` asserts, None if that is not known."""
    tensor = node.args[0] if node.args else node.kwargs.get("self")
    if not isinstance(tensor, fx.Node) or target_name(tensor.target) not in _NUMBERS_AS_TENSORS:
        return None
    number = tensor.args[0] if tensor.args else None
    return number if isinstance(number, (bool, int, float, fx.Node)) else None


def message_of(node: fx.Node) -> Any:
    """What an assert node says, however it is written: a text, something that makes one, or None."""
    place = _CONDITION_AT.get(target_name(node.target), 0) + 1
    return _argument(node, place, ("assert_msg", "message", "msg"))


def _argument(node: fx.Node, place: int, names: tuple[str, ...]) -> Any:
    """The argument at ``place``, or the one that is given by one of ``names``; None if there is none."""
    named = (node.kwargs[name] for name in names if name in node.kwargs)
    return node.args[place] if len(node.args) > place else next(named, None)


# There are few overloads, and each is looked at in every graph.
_overload_name = lru_cache(maxsize=4096)(str)
