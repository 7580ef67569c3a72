"""``make_fx`` in symbolic mode: the Program's own tensor code, with dynamic input dims and no duck shaping."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch._dynamo.source import ConstantSource
from torch._guards import Source
from torch.fx._lazy_graph_module import _use_lazy_graph_module
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import (
    DimDynamic,
    ShapeEnv,
    StatelessSymbolicContext,
    SubclassSymbolicContext,
    SymbolicContext,
)

from properties.capture.frontends.tensors import fake_mode, refuse_jagged, symbolic_number, tensor_capture
from properties.capture.interception import Bodies, noted
from properties.capture.refusals import refused
from properties.capture.types import Capture, input_ranges
from properties.devices import stand_ins, why_not_run
from strategies.compile import compile_program
from strategies.constructs import CONSTRUCTS
from strategies.inputs import build_inputs, inner_dims, input_dims, unbacked_axes
from strategies.program import Program
from strategies.semantics import example
from strategies.source import has_parts
from strategies.terms import Const, Term


def capture(program: Program, device: str = "cpu", name: str = "make_fx", *, deferred: bool = False) -> Capture:
    """``program`` traced by ``make_fx`` under a fake tensor mode of its own.

    ``deferred`` is told in :class:`properties.capture.table.Frontend`.

    Raises:
        NotCaptured: if torch refuses.
    """
    refuse_jagged(program, "no input shows the sizes of the tensors inside a jagged one")
    env = ShapeEnv(duck_shape=False, prefer_deferred_runtime_asserts_over_guards=deferred)
    mode = fake_mode(env)
    absent = bool(why_not_run(device))
    tensors = build_inputs(program, example(program), "cpu" if absent else device)
    hidden = unbacked_axes(program)
    with refused():
        fakes = []
        for position, (tensor, dims) in enumerate(zip(tensors, input_dims(program), strict=True)):
            if not isinstance(tensor, torch.Tensor):
                fakes.append(symbolic_number(env, tensor, ConstantSource(f"__arg{position}")))
                continue
            sizes = [
                DimDynamic.STATIC
                if isinstance(dim, Const)
                else DimDynamic.UNBACKED
                if axis in hidden[position]
                else DimDynamic.DYNAMIC
                for axis, dim in enumerate(dims)
            ]
            source = ConstantSource(f"__arg{position}")
            context = _context(sizes, source, inner_dims(program)[position])
            # The unbacked sizes of inputs are no results of an operation, which tracing would look for.
            with env.ignore_fresh_unbacked_symbols():
                fakes.append(mode.from_tensor(tensor, symbolic_context=context, source=source))
        if absent:
            fakes = [*stand_ins(fakes, device, mode)]
        ranges = input_ranges(env)
        # The inputs are fake already: "real", under their own mode, leaves them as they are; "fake" makes them again.
        bodies = Bodies()
        # Nobody runs the graph itself: its code is generated if somebody does.
        with mode, noted(bodies), _use_lazy_graph_module(True), _modules_as_they_are(program):
            module = make_fx(compile_program(program, device), tracing_mode="real")(*fakes)

    return tensor_capture(
        program, device, name, module, env, export=False, name="make_fx", ranges=ranges, bodies=bodies.within(module)
    )


def _context(sizes: list[DimDynamic], source: Source, inside: Mapping[str, tuple[Term, ...]]) -> SymbolicContext:
    """What torch is told of an input with ``sizes``; those of the tensors ``inside`` are dynamic if terms are."""
    own: dict[str, Any] = {"dynamic_sizes": sizes, "constraint_sizes": [None] * len(sizes)}
    if not inside:
        return StatelessSymbolicContext(**own)
    contexts: dict[str, Any] = {}
    for name, dims in inside.items():
        inner = [DimDynamic.STATIC if isinstance(dim, Const) else DimDynamic.DYNAMIC for dim in dims]
        contexts[name] = StatelessSymbolicContext(dynamic_sizes=inner, constraint_sizes=[None] * len(inner))
    return SubclassSymbolicContext(**own, tensor_source=source, inner_contexts=contexts)


_PATCHED = "__fx_already_patched"
"""The mark by which FX knows what it need not patch."""


@contextlib.contextmanager
def _modules_as_they_are(program: Program) -> Iterator[None]:
    """Keeps FX from exchanging two methods of ``torch.nn.Module``, where ``program`` calls no module.

    Python then looks at each of the hundreds of subclasses, four times a trace: a tenth of its time.
    """
    methods = (torch.nn.Module.__call__, torch.nn.Module.__getattr__)
    if has_parts(program) or any(CONSTRUCTS[statement.op].kind == "structure" for statement in program.body):
        methods = ()
    for method in methods:
        setattr(method, _PATCHED, True)
    try:
        yield
    finally:
        for method in methods:
            delattr(method, _PATCHED)
