"""How two executions of one input differ: what rejected it, or what came out, by dtype-aware tolerance."""

from __future__ import annotations

from typing import Any

import torch

from properties.verdict import Outcome

_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5, torch.bfloat16: 2e-2, torch.float16: 2e-3}
"""Relative and absolute: sums may be taken in another order. Types that are not listed are compared exactly."""


def difference(first: Outcome, second: Outcome) -> str:
    """What distinguishes two runs, in a few words; empty if nothing does.

    Rejections by an assert or by a check have to give the same error type and text; what an operator's own error
    says differs between kernels, and is not compared.
    """
    if first.accepted != second.accepted:
        return f"{first.outcome} and {second.outcome}"
    if first.accepted:
        return _results_differ(first, second)
    if {first.by, second.by} <= {"assert", "check"} and first.by == second.by:
        if first.error != second.error:
            return f"{first.error} and {second.error}"
        if first.text != second.text:
            return f"texts {first.text!r} and {second.text!r}"
        return ""
    guarded = [outcome.by in ("assert", "check") for outcome in (first, second)]
    return f"rejected by {first.by} and by {second.by}" if guarded[0] != guarded[1] else ""


def _results_differ(first: Outcome, second: Outcome) -> str:
    if len(first.results) != len(second.results):
        return f"{len(first.results)} and {len(second.results)} results"
    for index, (one, other) in enumerate(zip(first.results, second.results, strict=True)):
        text = _values_differ(one, other)
        if text:
            return f"result {index}: {text}"
    return ""


def _values_differ(one: Any, other: Any) -> str:
    if not isinstance(one, torch.Tensor) or not isinstance(other, torch.Tensor):
        same = type(one) is type(other) and (one == other or (one != one and other != other))
        return "" if same else f"{one!r} and {other!r}"
    for name in ("shape", "dtype"):
        if getattr(one, name) != getattr(other, name):
            return f"{name} {getattr(one, name)} and {getattr(other, name)}"
    tolerance = _TOLERANCE.get(one.dtype, 0.0)
    if not torch.allclose(one.detach(), other.detach(), rtol=tolerance, atol=tolerance, equal_nan=True):
        return "values differ"
    return ""
