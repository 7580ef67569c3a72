"""Runs a Program eagerly, or a graph, on concrete inputs, and classifies how the run ended."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import fx
from torch.utils._pytree import tree_flatten

from properties.capture.types import Capture
from properties.read.graph import ASSERT_TARGETS, target_name
from properties.verdict import Outcome
from strategies.compile import compile_program
from strategies.inputs import build_inputs
from strategies.program import Program
from strategies.source import statement_of_line

_TEXT_LIMIT = 400


@functools.lru_cache(maxsize=32)
def _compiled(program: Program) -> Callable[..., Any]:
    return compile_program(program)


def run_eager(program: Program, valuation: Mapping[str, int]) -> Outcome:
    """The Program itself on the inputs of ``valuation``; a rejection names the statement that raised."""
    inputs = build_inputs(program, valuation)
    forward = _compiled(program)
    try:
        results = forward(*inputs)
    except Exception as error:  # noqa: BLE001 - whatever a program raises is its rejection
        index = _failed_statement(program, error)
        kind = "check" if index is not None and program.body[index].op.startswith("check") else "operator"
        return Outcome("rejected", kind, type(error).__name__, str(error)[:_TEXT_LIMIT], index)
    return Outcome("accepted", results=_flat(results))


def _failed_statement(program: Program, error: BaseException) -> int | None:
    """The index of the statement whose line is in the traceback of ``error``."""
    name = _compiled(program).__code__.co_filename
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == name and frame.lineno is not None:
            return statement_of_line(program, frame.lineno)
    return None


def run_graph(module: fx.GraphModule, capture: Capture, valuation: Mapping[str, int]) -> Outcome:
    """``module`` on the inputs of ``valuation``; a rejection says whether an assert node raised it.

    Nodes are run one by one: generating code for a graph that runs a few times costs more than running it.
    """
    interpreter = _Interpreter(module, garbage_collect_values=False)
    interpreter.extra_traceback = False
    try:
        results = interpreter.run(*capture.arguments(valuation))
    except Exception as error:  # noqa: BLE001 - whatever a graph raises is its rejection
        last = interpreter.last
        by = "assert" if last is not None and target_name(last.target) in ASSERT_TARGETS else "operator"
        return Outcome("rejected", by, type(error).__name__, str(error)[:_TEXT_LIMIT])
    return Outcome("accepted", results=_flat(results))


class _Interpreter(fx.Interpreter):
    """Knows which node it ran last."""

    last: fx.Node | None = None

    def run_node(self, n: fx.Node) -> Any:
        self.last = n
        return super().run_node(n)


def _flat(results: Any) -> tuple[Any, ...]:
    leaves, _ = tree_flatten(results)
    return tuple(leaves)


def same_results(first: Outcome, second: Outcome) -> bool:
    """Whether two accepted runs gave the same: equal sizes, types and bits."""
    if len(first.results) != len(second.results):
        return False
    return all(_same(a, b) for a, b in zip(first.results, second.results, strict=True))


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return (
            a.shape == b.shape
            and a.dtype == b.dtype
            and a.stride() == b.stride()
            and torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
        )
    return type(a) is type(b) and a == b
