"""Our pass in torch's place: export and compile of foreign code give what they give with torch's own pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

import runtime_assert
from properties.capture.refusals import normalised
from properties.execution.run import same_results
from properties.targets.axes import open_axes
from properties.targets.code import Code
from properties.targets.trace import as_module, export_arguments, fresh_dynamo, quiet
from properties.verdict import Outcome

STAGES = ("export", "compile")


@dataclass(frozen=True)
class Built:
    """A program that a stage built, or the reason why it did not."""

    run: Callable[..., Any] | None
    reason: str = ""


def in_place(code: Code, stages: Sequence[str] = STAGES, extra: Sequence[Sequence[Any]] = ()) -> dict[str, str]:
    """By stage what comes of having our pass instead of torch's.

    ``same``: both build a program, and on the example inputs and on each of ``extra`` (flat inputs) they give the same
    outputs or both reject. ``both refuse``: torch refuses the code with either pass. ``stricter``: the same, but for an
    input of ``extra`` that eager rejects, and that only the program with our pass rejects too. Anything else names a
    difference: ``refused with ours: ...``, ``refused with torch's: ...``, ``outputs differ``, ``rejects good inputs``,
    ``accepts bad inputs``.
    """
    found = {}
    with _deterministic():
        for stage in stages:
            build = {"export": _exported, "compile": _compiled}[stage]
            theirs = _built(build, code, nullcontext())
            ours = _built(build, code, runtime_assert.installed())
            found[stage] = _compared(code, theirs, ours, [code.flat, *extra])
    return found


@contextmanager
def _deterministic() -> Iterator[None]:
    """Memory that ``empty`` and the like leave as it is has one content, so that outputs can be compared.

    It holds while programs are built, too: Dynamo compiles anew, with torch's own pass, where the mode has changed.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def _built(build: Callable[[Code], Callable[..., Any]], code: Code, place: AbstractContextManager[None]) -> Built:
    try:
        with fresh_dynamo(), quiet(), place:
            return Built(build(code))
    except Exception as error:  # noqa: BLE001 - whatever torch raises here is its refusal
        return Built(None, normalised(error))


def _exported(code: Code) -> Callable[..., Any]:
    return torch.export.export(as_module(code), **export_arguments(code)).module()


def _compiled(code: Code) -> Callable[..., Any]:
    """Compiled for the code's example inputs; what is compiled later, for other inputs, is torch's own affair."""
    torch._dynamo.reset()
    flat = _fresh(code.flat)
    for value, axes in zip(flat, open_axes(code), strict=True):
        for axis in axes:
            torch._dynamo.maybe_mark_dynamic(value, axis)
    function = torch.compile(code.call, backend="aot_eager")
    args, kwargs = code.unflatten(flat)
    with torch.no_grad(), _dynamo_options():
        function(*args, **kwargs)

    def run(*args: Any, **kwargs: Any) -> Any:
        with _dynamo_options():
            return function(*args, **kwargs)

    return run


def _dynamo_options() -> Any:
    return torch._dynamo.config.patch(capture_scalar_outputs=True, capture_dynamic_output_shape_ops=True)


def _fresh(flat: Sequence[Any]) -> list[Any]:
    return [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in flat]


def _run(code: Code, function: Callable[..., Any], flat: Sequence[Any]) -> Outcome:
    args, kwargs = code.unflatten(_fresh(flat))
    torch.manual_seed(0)
    try:
        with torch.no_grad(), quiet():
            return Outcome("accepted", results=tuple(pytree.tree_leaves(function(*args, **kwargs))))
    except Exception as error:  # noqa: BLE001 - whatever the program raises is its rejection
        return Outcome("rejected", "", type(error).__name__, str(error)[:200])


def _compared(code: Code, theirs: Built, ours: Built, inputs: Sequence[Sequence[Any]]) -> str:
    if theirs.run is None or ours.run is None:
        if theirs.run is None and ours.run is None:
            return "both refuse"
        return f"refused with ours: {ours.reason}" if ours.run is None else f"refused with torch's: {theirs.reason}"
    stricter = False
    for flat in inputs:
        eager = _run(code, code.call, flat)
        one, two = _run(code, theirs.run, flat), _run(code, ours.run, flat)
        if eager.accepted:
            if one.accepted and not two.accepted:
                return f"rejects good inputs: {two.error}"
            if one.accepted and two.accepted and not same_results(one, two):
                return "outputs differ"
        elif two.accepted and not one.accepted:
            return "accepts bad inputs"
        elif one.accepted and not two.accepted:
            stricter = True
    return "stricter" if stricter else "same"
