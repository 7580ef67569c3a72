"""Printed programs for a device: every tensor that a program makes out of nothing is made there."""

from __future__ import annotations

import ast

FACTORIES = frozenset(
    {
        "arange",
        "empty",
        "empty_permuted",
        "empty_strided",
        "eye",
        "full",
        "hann_window",
        "linspace",
        "logspace",
        "ones",
        "rand",
        "randint",
        "randn",
        "randperm",
        "scalar_tensor",
        "sparse_coo_tensor",
        "tensor",
        "tril_indices",
        "triu_indices",
        "zeros",
    }
)
"""Functions of ``torch`` that make a tensor on the default device; those with a tensor to go by are not among them."""


def placed(source: str, device: str) -> str:
    """``source`` with ``device=`` in every call of a factory that says none; lines keep their numbers.

    Raises:
        SyntaxError: if ``source`` is no Python.
    """
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _makes(node)]
    # From the end of the text to its start, so that the positions of what is left to do stay right.
    for call in sorted(calls, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0), reverse=True):
        line, column = (call.end_lineno or 1) - 1, (call.end_col_offset or 1) - 1
        before, after = lines[line][:column].rstrip(), lines[line][column:]
        comma = b"" if before.endswith((b"(", b",")) else b", "
        lines[line] = before + comma + f"device={device!r}".encode() + after
    return b"".join(lines).decode()


def _makes(call: ast.Call) -> bool:
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in FACTORIES
        and isinstance(function.value, ast.Name)
        and function.value.id == "torch"
        and not any(keyword.arg == "device" for keyword in call.keywords)
    )
