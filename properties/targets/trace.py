"""Traces foreign code up to the moment when torch calls the pass, by the same ways as a Program."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest import mock

import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
from torch.utils import _pytree as pytree

from properties.capture.interception import DYNAMO_SITES, EXPORT_SITES, Reached, reach
from properties.capture.refusals import refused
from properties.errors import NotCaptured
from properties.targets.axes import open_axes, positional_names
from properties.targets.code import Code
from properties.targets.foreign import ForeignFacts, foreign_capture
from properties.targets.places import Places, noted
from properties.targets.realise import Slot

_ARGUMENT = re.compile(r"L\['flat'\]\[(\d+)\](?:\.size\(\)\[(\d+)\])?")
_PASS_OF_EXPORT = "torch.export._trace.apply_runtime_assertion_pass"


def as_module(code: Code) -> torch.nn.Module:
    """What ``torch.export`` takes: the module, or one whose ``forward`` passes the code's arguments on by name."""
    if isinstance(code.call, torch.nn.Module):
        return code.call
    positional = positional_names(code.call)
    names = [positional[i] if i < len(positional) else f"arg{i}" for i in range(len(code.args))]
    named = list(code.kwargs)
    if not all(name.isidentifier() for name in (*names, *named)):
        raise NotCaptured("an argument whose name is no identifier")
    head = ", ".join(["self", *names, *(["*", *named] if named else [])])
    tail = ", ".join([*names, *(f"{name}={name}" for name in named)])
    namespace: dict[str, Any] = {"_call": code.call}
    exec(f"def forward({head}):\n    return _call({tail})\n", namespace)
    return type("Wrapped", (torch.nn.Module,), {"forward": namespace["forward"]})()


def trace(code: Code, frontend: str) -> ForeignFacts:
    """``code`` traced by ``frontend``.

    Raises:
        NotCaptured: if torch refuses, or finishes without calling the pass; the reason is one line.
        KeyError: if there is no such frontend.
    """
    return FRONTENDS[frontend](code)


def export_arguments(code: Code) -> dict[str, Any]:
    """The arguments of ``torch.export.export`` for ``code``, but the module."""
    return {"args": code.args, "kwargs": dict(code.kwargs) or None, "dynamic_shapes": code.dynamic_shapes}


def _export(code: Code) -> ForeignFacts:
    return _exported(code, "export", strict=False)


def _export_strict(code: Code) -> ForeignFacts:
    with fresh_dynamo():
        return _exported(code, "export-strict", strict=True)


def _exported(code: Code, frontend: str, *, strict: bool) -> ForeignFacts:
    module = as_module(code)
    signatures: list[Any] = []
    from torch._export.utils import apply_runtime_assertion_pass as original

    def noting(gm: fx.GraphModule, graph_signature: Any) -> Any:
        signatures.append(graph_signature)
        return original(gm, graph_signature)

    def run() -> None:
        with quiet(), mock.patch(_PASS_OF_EXPORT, noting):
            torch.export.export(module, **export_arguments(code), strict=strict)

    with noted() as places:
        reached = reach(run, EXPORT_SITES)
    placeholders = reached.module.graph.find_nodes(op="placeholder")
    own = len(placeholders) - len(code.flat)
    if own < 0:
        raise NotCaptured(f"the graph has {len(placeholders)} inputs for {len(code.flat)} of the code's")
    state = _state_of(module)
    signature = signatures[-1]
    lifted = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
    slots = [Slot(value=_stored(node, lifted, state, module)) for node in placeholders[:own]]
    slots += [Slot(index=index) for index in range(len(code.flat))]
    return _capture(code, frontend, reached, slots, places)


def _state_of(module: torch.nn.Module) -> dict[str, Any]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _stored(node: fx.Node, lifted: Mapping[str, str], state: Mapping[str, Any], module: torch.nn.Module) -> Any:
    name = lifted.get(node.name, "")
    if name in state:
        return state[name].detach()
    # Strict export renames; the flat names of Dynamo spell the path with underscores.
    spelt = [value for key, value in state.items() if key.replace(".", "_") in name or name.endswith(key)]
    value = node.meta.get("val")
    fitting = [item for item in spelt if isinstance(value, torch.Tensor) and item.shape == value.shape]
    if len(fitting) == 1:
        return fitting[0].detach()
    raise NotCaptured("a parameter of the graph that the module does not have")


def _compile(code: Code) -> ForeignFacts:
    flat = [value.detach().clone() if isinstance(value, torch.Tensor) else value for value in code.flat]
    for value, axes in zip(flat, open_axes(code), strict=True):
        for axis in axes:
            torch._dynamo.mark_dynamic(value, axis)
    call, (_, spec) = code.call, pytree.tree_flatten((code.args, dict(code.kwargs)))

    def flat_call(*flat: Any) -> Any:
        args, kwargs = pytree.tree_unflatten(flat, spec)
        return call(*args, **kwargs)

    function = torch.compile(flat_call, backend="eager", fullgraph=True)

    def run() -> None:
        with (
            quiet(),
            torch.no_grad(),
            torch._dynamo.config.patch(capture_scalar_outputs=True, capture_dynamic_output_shape_ops=True),
        ):
            function(*flat)

    with fresh_dynamo(), noted() as places:
        reached = reach(run, DYNAMO_SITES)
    slots = [_dynamo_slot(node) for node in reached.module.graph.find_nodes(op="placeholder")]
    return _capture(code, "compile", reached, slots, places)


def _dynamo_slot(node: fx.Node) -> Slot:
    """What Dynamo's input stands for: an argument of ``flat_call``, the size of one, or a tensor of the module's."""
    argument = node.meta.get("grapharg")
    name = getattr(getattr(argument, "source", None), "name", "")
    found = _ARGUMENT.fullmatch(name if isinstance(name, str) else name())
    if found:
        return Slot(index=int(found[1]), axis=int(found[2]) if found[2] else None)
    value = getattr(argument, "example", None)
    if isinstance(value, torch.Tensor):
        return Slot(value=value.detach())
    raise NotCaptured("an input of Dynamo's graph that is no input of the code")


def _make_fx(code: Code) -> ForeignFacts:
    env = ShapeEnv(duck_shape=False)
    mode = FakeTensorMode(shape_env=env)
    module = code.call if isinstance(code.call, torch.nn.Module) else None
    state = {key: value.detach() for key, value in _state_of(module).items()} if module is not None else {}
    names = list(state)

    def flat_call(*values: Any) -> Any:
        args, kwargs = code.unflatten(values[len(names) :])
        if module is None:
            return code.call(*args, **kwargs)
        return torch.func.functional_call(module, dict(zip(names, values, strict=False)), args, kwargs)

    with refused(), quiet(), torch.no_grad(), noted() as places:
        values = [mode.from_tensor(value, static_shapes=True) for value in state.values()]
        for position, (value, axes) in enumerate(zip(code.flat, open_axes(code), strict=True)):
            if not isinstance(value, torch.Tensor):
                values.append(value)
                continue
            context = StatelessSymbolicContext(
                dynamic_sizes=[
                    DimDynamic.DYNAMIC if axis in axes else DimDynamic.STATIC for axis in range(value.dim())
                ],
                constraint_sizes=[None] * value.dim(),
            )
            values.append(mode.from_tensor(value, symbolic_context=context, source=ConstantSource(f"__arg{position}")))
        graph = make_fx(flat_call, tracing_mode="fake")(*values)
    slots = [Slot(value=value) for value in state.values()]
    slots += [Slot(index=index) for index in range(len(code.flat))]
    reached = Reached(graph, env, "make_fx", False)
    return _capture(code, "make_fx", reached, slots, places)


def _capture(code: Code, frontend: str, reached: Reached, slots: list[Slot], places: Places) -> ForeignFacts:
    return foreign_capture(
        code,
        frontend,
        reached.module,
        reached.env,
        slots=slots,
        export=reached.export,
        name=reached.name,
        places=places,
        bodies=reached.bodies,
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Neither warnings nor logs: what torch says when it refuses is the reason, and is reported."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def fresh_dynamo() -> Iterator[None]:
    torch._dynamo.reset()
    try:
        yield
    finally:
        torch._dynamo.reset()


FRONTENDS: dict[str, Callable[[Code], ForeignFacts]] = {
    "export": _export,
    "export-strict": _export_strict,
    "make_fx": _make_fx,
    "compile": _compile,
}
