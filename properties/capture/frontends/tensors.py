"""What the frontends that trace tensor code share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.value_ranges import ValueRanges

from properties.capture.state import EnvState
from properties.capture.types import Capture
from properties.devices import stand_ins, why_not_run
from strategies.inputs import build_inputs, input_dims, input_of_leaf
from strategies.program import Program
from strategies.semantics import example
from strategies.terms import Const, Valuation


def dynamic_shapes(program: Program) -> tuple[dict[int, Any] | None, ...]:
    """``torch.export``'s description of the inputs: every size that is not a constant is dynamic."""
    return tuple(
        {
            axis: torch.export.Dim.DYNAMIC  # type: ignore[attr-defined]
            for axis, size in enumerate(shape)
            if not isinstance(size, Const)
        }
        or None
        for shape in input_dims(program)
    )


def example_inputs(program: Program, device: str) -> tuple[torch.Tensor, ...]:
    """The inputs of the Program's own example: on ``device``, or fake ones where it cannot run here.

    Raises:
        NotCaptured: if this torch cannot trace for the device.
    """
    if not why_not_run(device):
        return build_inputs(program, example(program), device)
    return stand_ins(build_inputs(program, example(program)), device, FakeTensorMode())


def fake_mode(env: ShapeEnv) -> FakeTensorMode:
    """A fake tensor mode for one Program.

    Without the cache of results: every ShapeEnv has symbols of its own, so that filling it costs a quarter of the
    tracing and nothing is ever found in it.
    """
    mode = FakeTensorMode(shape_env=env)
    mode.cache_enabled = False
    return mode


def tensor_capture(
    program: Program,
    device: str,
    frontend: str,
    module: fx.GraphModule,
    env: ShapeEnv,
    *,
    export: bool,
    name: str,
    ranges: Mapping[str, ValueRanges] | None = None,
) -> Capture:
    """The capture of a graph whose placeholders are the Program's inputs in their order."""

    def arguments(valuation: Valuation) -> tuple[Any, ...]:
        return build_inputs(program, valuation, device)

    return Capture(
        program=program,
        frontend=frontend,
        graph=module,
        shape_env=env,
        state=EnvState.take(env),
        export=export,
        name=name,
        placeholders=tuple(range(len(input_dims(program)))),
        source_placeholders=input_of_leaf(program),
        arguments=arguments,
        device=device,
        input_ranges=ranges,
    )
