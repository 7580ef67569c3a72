"""Operators that write into their first argument and give that very tensor back, with its sizes, strides and offset."""

from __future__ import annotations

NAMES = frozenset(
    f"{name}_"
    for name in [
        "add",
        "sub",
        "mul",
        "div",
        "remainder",
        "pow",
        "neg",
        "abs",
        "relu",
        "clamp",
        "clamp_min",
        "clamp_max",
        "sqrt",
        "exp",
        "log",
        "sigmoid",
        "tanh",
        "floor",
        "ceil",
        "round",
        "trunc",
        "bitwise_and",
        "bitwise_or",
        "bitwise_xor",
        "logical_and",
        "logical_or",
        "logical_not",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "fill",
        "zero",
        "copy",
        "masked_fill",
        "index_fill",
        "index_add",
        "index_copy",
        "index_put",
        "scatter",
        "scatter_add",
        "cumsum",
        "lerp",
        "addcmul",
        "addcdiv",
    ]
)
AUGMENTED = frozenset(f"_operator.{name}" for name in ("iadd", "isub", "imul", "itruediv", "iand", "ior", "ixor"))


def gives_back(name: str) -> bool:
    """Whether the call ``name`` (``add_``, ``aten.add_.Tensor``, ``_operator.iadd``) yields its first argument itself.

    Whatever else is broadcast into it, an operator of this list cannot resize its tensor; the in-place forms of views
    (``transpose_``, ``unsqueeze_``) and ``resize_`` can, and are not in it.
    """
    return name in AUGMENTED or name.removeprefix("aten.").partition(".")[0] in NAMES
