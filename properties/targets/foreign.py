"""Captures and facts of code that others wrote: the same kinds as a Program's, with what is not known left open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from properties.capture.facts import Facts, graph_facts, inside_of
from properties.capture.state import EnvState
from properties.capture.types import Body, Capture
from properties.read.bindings import TensorLeaf
from properties.read.bodies import bodies_of
from properties.targets.axes import open_axes
from properties.targets.code import Code, run_code
from properties.targets.guarantees import guarantees, scalar_leaves, size_leaves
from properties.targets.naming import leaf_names, operator_name
from properties.targets.places import Places
from properties.targets.realise import Realiser, Slot, derived
from properties.verdict import Outcome
from strategies.program import Program
from strategies.terms import Const, Var

NO_PROGRAM = Program((), (), ())
"""What stands where a capture of generated code names its Program."""


@dataclass(frozen=True, eq=False)
class ForeignCapture(Capture):
    """A capture of foreign code; its leaves are the graph's own."""

    code: Code | None = None
    realiser: Realiser | None = None
    places: Places = field(default_factory=Places)

    @cached_property
    def _example(self) -> dict[str, Any]:
        assert self.realiser is not None
        return dict(self.realiser.observed(self.realiser.examples).leaves)

    def example(self) -> dict[str, Any]:
        return dict(self._example)

    def eager(self, valuation: Mapping[str, Any]) -> Outcome:
        assert self.realiser is not None
        assert self.code is not None
        return run_code(self.code, self.realiser.build(valuation)[0])

    def eager_example(self) -> Outcome:
        return self.eager(self.example())


@dataclass(frozen=True)
class ForeignFacts(Facts):
    """Γ and O of foreign code; P is not known. Leaves stand for themselves."""

    code: Code | None = None

    def valuation(self, program_values: Mapping[str, Any]) -> dict[str, Any]:
        """The leaves as a run on the inputs for ``program_values`` shows them."""
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        seen = capture.realiser.build(program_values)[1].leaves
        return {**derived(self.bindings, program_values), **seen}

    def inputs(self, program_values: Mapping[str, Any]) -> tuple[Any, ...]:
        """The code's flat inputs in which the leaves have these values."""
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        return capture.realiser.build(program_values)[0]

    @cached_property
    def kinds(self) -> dict[str, str]:
        """``dim``, ``scalar`` or the operator that yields the leaf."""
        found = dict.fromkeys(scalar_leaves(self.bindings.placeholders), "scalar")
        found |= dict.fromkeys(size_leaves(self.bindings.placeholders), "dim")
        for node in self.capture.graph.graph.nodes:
            for name in self.bindings.sources.get(node.name, {}).values():
                found[name] = operator_name(node)
        return {name: "item" if kind == "_local_scalar_dense" else kind for name, kind in found.items()}

    @cached_property
    def leaf_names(self) -> dict[str, str]:
        """How a person would write each leaf: ``x.shape[0]``, ``mask.nonzero().shape[0]``."""
        assert self.code is not None
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        return leaf_names(capture.graph.graph, self, capture.realiser.slots, self.code.names)

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """What tracing made a constant although it is an input: numbers, and sizes that were to stay open."""
        assert self.code is not None
        capture = self.capture
        assert isinstance(capture, ForeignCapture)
        assert capture.realiser is not None
        found: dict[str, Any] = {
            name: value
            for name, value in zip(self.code.names, self.code.flat, strict=True)
            if isinstance(value, (bool, int, float, str))
        }
        asked = open_axes(self.code)
        for node, slot in zip(capture.realiser.placeholders, capture.realiser.slots, strict=True):
            binding = self.bindings.placeholders.get(node.name)
            if slot.index is None:
                continue
            name = self.code.names[slot.index]
            if isinstance(binding, Var):
                found.pop(name, None)
            elif isinstance(binding, TensorLeaf):
                shape = zip(binding.shape, capture.realiser.examples[slot.index].shape, strict=True)
                sizes = {axis: size for axis, (term, size) in enumerate(shape) if isinstance(term, Const)}
                found |= {f"{name}.shape[{axis}]": size for axis, size in sizes.items() if axis in asked[slot.index]}
        return found


def foreign_capture(
    code: Code,
    frontend: str,
    module: fx.GraphModule,
    env: ShapeEnv,
    *,
    slots: Sequence[Slot],
    export: bool,
    name: str,
    places: Places,
    bodies: tuple[Body, ...] = (),
) -> ForeignFacts:
    """The facts of ``module``, whose placeholders get ``slots``, as a trace of ``code`` left it."""
    found = graph_facts(module.graph, env)
    realiser = Realiser(module, found.bindings, slots, code.flat)

    def arguments(valuation: Mapping[str, Any]) -> tuple[Any, ...]:
        inputs = realiser.build(valuation)[0]
        # Seeded, so that random operators draw alike in every run that is compared.
        torch.manual_seed(0)
        return tuple(slot.fill([v.clone() if isinstance(v, torch.Tensor) else v for v in inputs]) for slot in slots)

    capture = ForeignCapture(
        program=NO_PROGRAM,
        frontend=frontend,
        graph=module,
        shape_env=env,
        state=EnvState.take(env),
        export=export,
        name=name,
        placeholders=(),
        source_placeholders={},
        arguments=arguments,
        bodies=bodies,
        code=code,
        realiser=realiser,
        places=places,
    )
    placeholders = found.bindings.placeholders
    read = found.bindings.bound | found.bindings.undeclared
    leaves = sorted(read.union(size_leaves(placeholders), scalar_leaves(placeholders)))
    entered = tuple(bodies_of(module, found.bindings, None, getattr(env, "unbacked_renamings", None)))
    inside, unplaceable, unread = inside_of(env, found, entered)
    leaves += sorted({name for body in entered for name in body.bound} - set(leaves))
    return ForeignFacts(
        capture,
        found.bindings,
        tuple(dict.fromkeys((*found.assumptions, *guarantees(module.graph, found)))),
        found.obligations,
        unplaceable,
        (*found.unread, *unread),
        (),
        {name: Var(name) for name in leaves},
        truth_known=False,
        inside=inside,
        bodies={body.path: body.bindings for body in entered},
        code=code,
    )
