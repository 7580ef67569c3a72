"""``torch.compile``: the graph that Dynamo hands to the pass, before any backend.

Here the Program's checks stand in the graph as ``torch._check`` nodes, and sizes are inputs of their own.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import fx

from properties.capture.frontends.tensors import example_inputs, refuse_scalars, specialised_axes
from properties.capture.interception import DYNAMO_SITES, Reached, reach
from properties.capture.state import EnvState
from properties.capture.types import Capture, Part, ranges_before_checks
from properties.devices import why_not_run
from properties.errors import NotCaptured
from strategies.compile import compile_program
from strategies.evaluate import evaluate
from strategies.input_tensors import holders_of_size
from strategies.inputs import (
    build_inputs,
    inner_dims,
    input_dims,
    input_names,
    input_of_leaf,
    input_offsets,
    input_strides,
    outer_dims,
    scalar_inputs,
    unbacked_axes,
)
from strategies.program import Program
from strategies.terms import Const, Term, Valuation, Var, as_term

_WHOLE = re.compile(r"L\['(\w+)'\]")
_SIZE = re.compile(r"L\['(\w+)'\]\.size\(\)\[(\d+)\]")
_OFFSET = re.compile(r"L\['(\w+)'\]\.storage_offset\(\)")
_STRIDE = re.compile(r"L\['(\w+)'\]\.stride\(\)\[(\d+)\]")
_INSIDE = re.compile(r"L\['(\w+)'\]\.(\w+)")
_INNER_SIZE = re.compile(r"L\['(\w+)'\]\.(\w+)\.size\(\)\[(\d+)\]")


def capture(program: Program, device: str = "cpu", name: str = "compile", *, deferred: bool = False) -> Capture:
    """``program`` under ``torch.compile`` with its varying dims marked dynamic.

    ``deferred`` is told in :class:`properties.capture.table.Frontend`.

    Raises:
        NotCaptured: if Dynamo refuses, or breaks the graph, or would not trace the Program as it is.
    """
    refuse_scalars(program, float, bool)
    if why_not_run(device) and any(unbacked_axes(program)):
        # Where the device is absent the inputs are fake, and Dynamo overlooks the mark on them.
        raise NotCaptured("Dynamo makes constants of the unbacked dims of fake tensors")
    tensors = example_inputs(program, device)
    mark_dynamic(program, tensors)
    function = torch.compile(compile_program(program, device), backend="eager", fullgraph=True)

    def trace() -> None:
        with (
            warnings.catch_warnings(),
            torch._dynamo.config.patch(
                capture_scalar_outputs=True,
                capture_dynamic_output_shape_ops=True,
                prefer_deferred_runtime_asserts_over_guards=deferred,
            ),
            torch.compiler.config.patch(dynamic_sources=dynamic_sources(program)),  # type: ignore[attr-defined]
        ):
            warnings.simplefilter("ignore")
            function(*tensors)

    torch._dynamo.reset()
    try:
        reached = reach(trace, DYNAMO_SITES)
    finally:
        torch._dynamo.reset()
    return _from_graph(program, device, name, reached)


def mark_dynamic(program: Program, tensors: Sequence[Any]) -> None:
    """Marks every varying dim of ``program``'s inputs for Dynamo; numbers are told to it by their names."""
    axes = zip(tensors, input_dims(program), unbacked_axes(program), specialised_axes(program), strict=True)
    for tensor, shape, hidden, specialised in axes:
        for axis, size in enumerate(shape):
            if isinstance(size, Const):
                continue
            mark: Any = torch._dynamo.maybe_mark_dynamic if axis in specialised else torch._dynamo.mark_dynamic
            if axis in hidden:
                mark = torch._dynamo.decorators.mark_unbacked
            for holder, place in holders_of_size(tensor, axis):
                mark(holder, place)


def dynamic_sources(program: Program) -> str:
    """Dynamo's names of the inputs that are numbers, which it would take for constants otherwise."""
    return ",".join(f"L['{name}']" for name in scalar_inputs(program).values())


def _from_graph(program: Program, device: str, frontend: str, reached: Reached) -> Capture:
    inputs = input_of_leaf(program)
    placeholders: list[int | str | Term | Part] = []
    sources: dict[str, int] = {}
    for node in reached.module.graph.find_nodes(op="placeholder"):
        spec = _input_of(node, program)
        sources.update((leaf, len(placeholders)) for leaf, position in inputs.items() if position == spec)
        placeholders.append(spec)

    def arguments(valuation: Valuation) -> tuple[Any, ...]:
        tensors = build_inputs(program, valuation, device)
        return tuple(
            spec.of(tensors)
            if isinstance(spec, Part)
            else tensors[spec]
            if isinstance(spec, int)
            else evaluate(as_term(spec), valuation)
            for spec in placeholders
        )

    return Capture(
        program=program,
        frontend=frontend,
        graph=reached.module,
        shape_env=reached.env,
        state=EnvState.take(reached.env),
        export=reached.export,
        name=reached.name,
        placeholders=tuple(placeholders),
        source_placeholders=sources,
        arguments=arguments,
        device=device,
        input_ranges=ranges_before_checks(reached.module, reached.env),
        bodies=reached.bodies,
    )


def _input_of(node: fx.Node, program: Program) -> int | str | Term | Part:
    """Which input (its position), dim (its name), term or part a placeholder stands for, by Dynamo's source of it."""
    names = input_names(program)
    source = getattr(node.meta.get("grapharg"), "source", None)
    name = getattr(source, "name", node.name)
    text = name if isinstance(name, str) else name()
    size = _SIZE.fullmatch(text)
    if size and size[1] in names:
        position, axis = names.index(size[1]), int(size[2])
        term = outer_dims(program)[position][axis]
        if term is None:
            return Part(position, "shape", axis)
        if not isinstance(term, Const):
            return _named(term)
    inner = _INNER_SIZE.fullmatch(text)
    if inner and inner[1] in names:
        # The number of elements of all rows is dynamic for torch, even where the program has a constant.
        return _named(inner_dims(program)[names.index(inner[1])][inner[2]][int(inner[3])])
    stride = _STRIDE.fullmatch(text)
    if stride and stride[1] in names:
        return input_strides(program)[names.index(stride[1])][int(stride[2])]
    offset = _OFFSET.fullmatch(text)
    if offset and offset[1] in names:
        return input_offsets(program)[names.index(offset[1])]
    whole = _WHOLE.fullmatch(text)
    if whole and whole[1] in names:
        position = names.index(whole[1])
        return scalar_inputs(program).get(position, position)
    inside = _INSIDE.fullmatch(text)
    if inside and inside[1] in names and inside[2] in inner_dims(program)[names.index(inside[1])]:
        return Part(names.index(inside[1]), inside[2])
    raise NotCaptured(f"Dynamo input from {re.sub(r'[0-9]+', 'n', text)}")


def _named(term: Term) -> str | Term:
    """The name of a term that is a dim alone, else the term."""
    return term.name if isinstance(term, Var) else term
