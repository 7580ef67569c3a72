"""Stops torch at the moment when it calls the pass, and brings the pass's arguments out.

torch binds the pass by name in several modules; the names that a frontend passes through are exchanged while one
Program is traced, so a capture is exactly what torch itself would hand to the pass.

torch calls the pass for the body of every branch and loop too, before it does so for the graph around them. These
calls are only noted: the bodies stay as they are, and each subject is asked to work on all of them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.capture.refusals import refused
from properties.capture.state import EnvState
from properties.capture.types import Body, copy_module, subgraphs
from properties.errors import NotCaptured, ToolError

_PASS = "insert_deferred_runtime_asserts"
EXPORT_SITES = (f"torch._export.utils.{_PASS}", f"torch.export.exported_program.{_PASS}")
DYNAMO_SITES = (f"torch._dynamo.output_graph.{_PASS}",)
BODY_SITES = (
    f"torch.fx.passes.runtime_assert.{_PASS}",
    f"torch._higher_order_ops.utils.{_PASS}",
    f"torch._higher_order_ops.invoke_subgraph.{_PASS}",
)
"""Where bodies are handed to the pass when they are traced (``reenter_make_fx``)."""


class Reached(BaseException):
    """Carries the pass's arguments out of the trace that called it; no handler of torch's takes it for an error."""

    def __init__(
        self, module: fx.GraphModule, env: ShapeEnv, name: str, export: bool, bodies: tuple[Body, ...] = ()
    ) -> None:
        super().__init__(name)
        self.module, self.env, self.name, self.export = copy_module(module), env, name, export
        self.bodies = bodies


class Bodies:
    """The calls of the pass for bodies, in order, with what the ShapeEnv knew at each of them."""

    def __init__(self) -> None:
        self._calls: list[tuple[fx.GraphModule, EnvState, str, bool]] = []

    def note(self, gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        """Takes the place of the pass."""
        self._calls.append((gm, EnvState.take(shape_env), name, export))

    def within(self, module: fx.GraphModule) -> tuple[Body, ...]:
        """Those of the noted bodies that ``module`` holds, in the order of the calls; torch throws others away."""
        paths = {id(body): path for path, body in subgraphs(module)}
        return tuple(
            Body(paths[id(gm)], state, name, export) for gm, state, name, export in self._calls if id(gm) in paths
        )


def _is_body(gm: fx.GraphModule) -> bool:
    """Whether Dynamo, which calls the pass for all bodies first and from one place, does so for one of them."""
    # Nothing in the graphs tells them apart for certain; the loop over the bodies has this name for the one at hand.
    return sys._getframe(2).f_locals.get("subgraph") is gm


@contextlib.contextmanager
def exchanged(sites: Sequence[str], function: Callable[..., Any]) -> Iterator[None]:
    """``function`` in the pass's place at those of ``sites`` that this torch has.

    Raises:
        ToolError: if it has none of them.
    """
    places = [(module, name) for module, name in map(_place, sites) if hasattr(module, name)]
    if not places:
        raise ToolError(f"torch {torch.__version__} calls the pass at none of {', '.join(sites)}")
    before = [getattr(module, name) for module, name in places]
    try:
        for module, name in places:
            setattr(module, name, function)
        yield
    finally:
        for (module, name), own in zip(reversed(places), reversed(before), strict=True):
            setattr(module, name, own)


@functools.cache
def _place(site: str) -> tuple[ModuleType | None, str]:
    """The module of ``site``, if this torch has it, and the name that it binds."""
    module, _, name = site.rpartition(".")
    try:
        return importlib.import_module(module), name
    except ImportError:
        return None, name


@contextlib.contextmanager
def noted(bodies: Bodies) -> Iterator[None]:
    """Notes the calls of the pass for bodies in ``bodies``, instead of carrying them out.

    A tracer other than Dynamo has Dynamo look at a branch or loop first, and traces what that made of it: there the
    reference pass answers, whatever the subject, because without asserts torch would lose values that only they use.
    """
    from runtime_assert import insert_deferred_runtime_asserts

    with exchanged(DYNAMO_SITES, insert_deferred_runtime_asserts), exchanged(BODY_SITES, bodies.note):
        yield


@contextlib.contextmanager
def in_place_of_torch(sites: Sequence[str], subject: Callable[..., Any]) -> Iterator[None]:
    """``subject`` in the pass's place at ``sites``, and for every body."""
    with exchanged((*BODY_SITES, *DYNAMO_SITES, *sites), subject):
        yield


def reach(trace: Callable[[], object], sites: Sequence[str]) -> Reached:
    """Runs ``trace`` until it calls the pass at one of ``sites``.

    Raises:
        NotCaptured: if torch refuses, or finishes without calling the pass.
        ToolError: if this torch has none of the sites.
    """
    bodies = Bodies()

    def interrupt(gm: fx.GraphModule, shape_env: ShapeEnv, name: str, export: bool = False) -> None:
        if sites == DYNAMO_SITES and _is_body(gm):
            bodies.note(gm, shape_env, name, export)
            return
        raise Reached(gm, shape_env, name, export, bodies.within(gm))

    with noted(bodies), exchanged(sites, interrupt):
        try:
            with refused():
                trace()
        except Reached as reached:
            return reached
    raise NotCaptured("the trace ended without a call of the pass")
