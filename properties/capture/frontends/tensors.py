"""What the frontends that trace tensor code share."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import sympy
import torch
from torch import fx
from torch._guards import Source
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv
from torch.utils._sympy.value_ranges import ValueRanges

from properties.capture.interception import Reached
from properties.capture.state import EnvState
from properties.capture.types import Body, Capture, ranges_before_checks
from properties.devices import stand_ins, why_not_run
from properties.errors import NotCaptured
from strategies.evaluate import evaluate
from strategies.input_forms import JAGGED
from strategies.inputs import build_inputs, input_dims, input_of_leaf, scalar_inputs, unbacked_axes
from strategies.program import Program
from strategies.semantics import example, has_form
from strategies.terms import Const, Term, Valuation, Value, Var

_DERIVED = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
"""The arithmetic by which a ``Dim`` may follow from another one."""


def dynamic_shapes(program: Program) -> tuple[Any, ...]:
    """``torch.export``'s description of the inputs: every size that is not a constant is dynamic, and every number.

    A size of 0 or 1 on the example is left to torch, which takes it for a constant.
    """
    dim: Any = torch.export.Dim
    numbers, specialised = scalar_inputs(program), specialised_axes(program)
    return tuple(
        dim.DYNAMIC
        if position in numbers
        else {
            axis: dim.AUTO if axis in specialised[position] else dim.DYNAMIC
            for axis, size in enumerate(shape)
            if not isinstance(size, Const)
        }
        or None
        for position, shape in enumerate(input_dims(program))
    )


def named_shapes(program: Program) -> tuple[Any, ...]:
    """:func:`dynamic_shapes` with a named ``Dim`` for each dim, which sizes share; those like ``2*d`` derive from it.

    A dim is at least 1, so that ``2*d - 1`` is a size.
    """
    roots = {f"d{index}": torch.export.Dim(f"d{index}", min=1) for index, size in enumerate(program.dims) if size > 1}
    return tuple(
        {axis: _named(size, roots) or how for (axis, how), size in zip(by_axis.items(), _varying(shape), strict=True)}
        if isinstance(by_axis, dict)
        else by_axis
        for by_axis, shape in zip(dynamic_shapes(program), input_dims(program), strict=True)
    )


def _varying(shape: tuple[Term, ...]) -> list[Term]:
    return [size for size in shape if not isinstance(size, Const)]


def _named(size: Term, roots: Mapping[str, Any]) -> Any:
    """``size`` as a ``Dim``, or as one that is derived from one; None where torch has no such, or takes a constant."""
    if isinstance(size, Const):
        return size.value
    if isinstance(size, Var):
        return roots.get(size.name)
    parts = [_named(part, roots) for part in size.args]
    if None in parts or size.op not in _DERIVED or len(parts) != 2:
        return None
    return _DERIVED[size.op](*parts)


def specialised_axes(program: Program) -> tuple[tuple[int, ...], ...]:
    """For each argument of ``forward`` the dimensions that vary, but are 0 or 1 on the example."""
    values = example(program)
    return tuple(
        tuple(
            axis for axis, size in enumerate(shape) if not isinstance(size, Const) and evaluate(size, values) in (0, 1)
        )
        for shape in input_dims(program)
    )


def refuse_scalars(program: Program, *kinds: type) -> None:
    """Raise NotCaptured for an input of one of ``kinds``, which torch takes for a constant in this frontend."""
    for scalar in program.scalars:
        if type(scalar.value) in kinds:
            raise NotCaptured(f"an input of type {type(scalar.value).__name__} becomes a constant")


def refuse_jagged(program: Program, reason: str) -> None:
    """Raise NotCaptured with ``reason`` for an input with rows of unequal length."""
    if has_form(program, JAGGED):
        raise NotCaptured(reason)


def refuse_unbacked(program: Program) -> None:
    """Raise NotCaptured for an unbacked size of an input, which torch does not take in this frontend."""
    if any(unbacked_axes(program)):
        raise NotCaptured("an unbacked size of an input becomes a constant")


def example_inputs(program: Program, device: str) -> tuple[Any, ...]:
    """The inputs of the Program's own example: on ``device``, or fake ones where it cannot run here.

    Raises:
        NotCaptured: if this torch cannot trace for the device.
    """
    if not why_not_run(device):
        return build_inputs(program, example(program), device)
    refuse_jagged(program, "a jagged input has no stand-in for a device")
    return stand_ins(build_inputs(program, example(program)), device, FakeTensorMode())


def fake_mode(env: ShapeEnv) -> FakeTensorMode:
    """A fake tensor mode for one Program.

    Without the cache of results: every ShapeEnv has symbols of its own, so that filling it costs a quarter of the
    tracing and nothing is ever found in it.
    """
    mode = FakeTensorMode(shape_env=env)
    mode.cache_enabled = False
    return mode


def symbolic_number(env: ShapeEnv, value: Value, source: Source) -> Any:
    """A number that is an input, as a backed symbol of ``env``; the symbol of a truth value is 0 or 1."""
    symbol = env.create_unspecified_symbol(
        int(value) if isinstance(value, bool) else value, source, dynamic_dim=DimDynamic.DYNAMIC
    )
    if isinstance(value, bool):
        return env.create_symboolnode(sympy.Eq(symbol, 1))  # type: ignore[arg-type]
    if isinstance(value, float):
        return env.create_symfloatnode(symbol, hint=value, source=source)
    return env.create_symintnode(symbol, hint=value, source=source)


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
    bodies: tuple[Body, ...] = (),
) -> Capture:
    """The capture of a graph whose placeholders are the Program's inputs in their order."""
    numbers = scalar_inputs(program)

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
        placeholders=tuple(numbers.get(position, position) for position in range(len(input_dims(program)))),
        source_placeholders=input_of_leaf(program),
        arguments=arguments,
        device=device,
        input_ranges=ranges_before_checks(module, env) if ranges is None else ranges,
        bodies=bodies,
    )


def reached_capture(program: Program, device: str, frontend: str, reached: Reached) -> Capture:
    """The capture of what torch was about to give to the pass."""
    return tensor_capture(
        program,
        device,
        frontend,
        reached.module,
        reached.env,
        export=reached.export,
        name=reached.name,
        bodies=reached.bodies,
    )
