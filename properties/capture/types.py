"""What tracing yields at the moment the pass would run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx
from torch.fx._lazy_graph_module import _LazyGraphModule
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.utils._sympy.numbers import int_oo
from torch.utils._sympy.value_ranges import ValueRanges

from properties.capture.state import EnvState
from properties.verdict import Outcome
from strategies.program import Program
from strategies.semantics import example
from strategies.terms import Valuation, Value


@dataclass(frozen=True, eq=False)
class Body:
    """A graph inside of a capture's (a branch, the body of a loop) for which torch calls the pass before.

    ``path`` names it from the outer graph, one attribute a level; ``state`` is the ShapeEnv as the pass finds it there.
    """

    path: str
    state: EnvState
    name: str
    export: bool


@dataclass(frozen=True, slots=True)
class Part:
    """An input of a graph that is a part of the Program's input at ``position``: a tensor inside, or a size of it."""

    position: int
    attribute: str
    axis: int | None = None

    def of(self, inputs: tuple[Any, ...]) -> Any:
        """The part, of the Program's inputs."""
        found = getattr(inputs[self.position], self.attribute)
        return found if self.axis is None else found[self.axis]


@dataclass(frozen=True, eq=False)
class Capture:
    """One traced Program, ready for any number of subjects.

    ``graph`` is never modified: subjects get a copy. ``state`` is the ShapeEnv as the pass would find it and
    is put back after each subject. ``program_dims`` names, for each placeholder, the term over the Program's
    dims that each of its sizes has at run time (None for a placeholder that is a bare integer:
    ``program_scalars`` names its dim), and ``source_inputs`` the placeholder that each unbacked leaf of
    the Program is read from. ``arguments`` turns a valuation of the Program's leaves into the graph's inputs.
    ``device`` is where the inputs are; where it cannot run here, the graph was traced with fake tensors.

    ``input_ranges`` are the ranges of the inputs' symbols before the Program ran; None stands for those of the
    ShapeEnv, for a capture of which nobody knows how it came about.

    ``bodies`` are the graphs inside, innermost first, on which the pass works before it gets to ``graph``.
    """

    program: Program
    frontend: str
    graph: fx.GraphModule
    shape_env: ShapeEnv
    state: EnvState
    export: bool
    name: str
    placeholders: tuple[Any, ...]
    source_placeholders: Mapping[str, int]
    arguments: Callable[[Valuation], tuple[Any, ...]]
    device: str = "cpu"
    input_ranges: Mapping[str, ValueRanges] | None = None
    bodies: tuple[Body, ...] = ()

    def example(self) -> dict[str, Value]:
        """The values of the Program's leaves that its example inputs have."""
        return example(self.program)

    def eager(self, valuation: Valuation) -> Outcome:
        """The Program itself on the inputs of ``valuation``.

        Raises:
            Unrealisable: if there are no inputs with these values.
        """
        from properties.execution.run import run_eager

        return run_eager(self.program, valuation)

    def eager_example(self) -> Outcome:
        """The Program itself on its own example, as :meth:`eager` would run it."""
        from properties.execution.run import run_example

        return run_example(self.program)

    def copy_of_graph(self) -> fx.GraphModule:
        """A graph module of its own for one subject: nodes copied, metadata dicts copied, values shared."""
        return copy_module(self.graph)


def copy_module(module: fx.GraphModule) -> fx.GraphModule:
    """``module`` with a graph of its own; metadata dicts are copied, the values in them are shared."""
    graph = fx.Graph()
    copies: dict[str, fx.GraphModule] = {}
    environment: dict[fx.Node, fx.Node] = {}
    output = graph.graph_copy(module.graph, environment)
    for old in module.graph.nodes:
        if old.op == "output":
            new = graph.output(output)
            new.meta = dict(old.meta)
        else:
            environment[old].meta = dict(old.meta)
            if environment[old].name != old.name:
                environment[old].name = old.name
    # A subject may edit the graphs of branches too, so these are copied with it.
    for node in graph.find_nodes(op="get_attr"):
        inner = getattr(module, str(node.target), None)
        if isinstance(inner, fx.GraphModule):
            copies[str(node.target)] = copy_module(inner)
    # Most copies are never called, or once: code is generated when they are, not when the graph changes.
    copied = _LazyGraphModule(module, graph)
    for name, inner in copies.items():
        setattr(copied, name, inner)
    return copied


def subgraphs(module: fx.GraphModule, prefix: str = "") -> Iterator[tuple[str, fx.GraphModule]]:
    """The graphs that ``module``'s graph hands to an operator, and theirs, by the names of their attributes."""
    for node in module.graph.nodes:
        if node.op != "get_attr":
            continue
        found: object = module
        for part in str(node.target).split("."):
            found = getattr(found, part, None)
        if isinstance(found, fx.GraphModule):
            name = f"{prefix}{node.target}"
            yield name, found
            yield from subgraphs(found, f"{name}.")


def input_ranges(env: ShapeEnv) -> dict[str, ValueRanges]:
    """The ranges that the symbols of ``env`` have now, by name."""
    return {symbol.name: bounds for symbol, bounds in env.var_to_range.items()}


def ranges_before_checks(module: fx.GraphModule, env: ShapeEnv) -> dict[str, ValueRanges]:
    """The ranges that the symbols of the inputs had before any check, as far as a finished trace tells.

    A check on an unbacked value narrows the range of an input that it is compared with, which then nothing but that
    check makes sure of; what guards contributed stands in the guards. So a size is a size, and not 0 or 1 where tracing
    specialises those; a number that is an input may be any.
    """
    found: dict[str, ValueRanges] = {}
    for node in module.graph.find_nodes(op="placeholder"):
        value = node.meta.get("val", node.meta.get("example_value"))
        if isinstance(value, torch.SymInt):
            for symbol in value.node.expr.free_symbols:
                found.setdefault(symbol.name, ValueRanges(-int_oo, int_oo))
    for node in module.graph.find_nodes(op="placeholder"):
        value = node.meta.get("val", node.meta.get("example_value"))
        for size in value.shape if isinstance(value, torch.Tensor) else ():
            if isinstance(size, torch.SymInt):
                for symbol in size.node.expr.free_symbols & env.var_to_range.keys():
                    lower = env.var_to_range[symbol].lower
                    known = int(lower) if lower.is_Integer else 0
                    found[symbol.name] = ValueRanges(min(max(known, 0), 2), int_oo)
    return found
