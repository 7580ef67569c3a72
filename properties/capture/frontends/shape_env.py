"""The fast frontend: constraints issued straight on a ShapeEnv, into a graph of integers without tensors.

Each requirement of the Program (its checks, and what its operators demand of sizes) becomes one
``torch._check`` on SymInts. The graph has the dims as integer inputs and one node for each unbacked source.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable, Mapping
from math import prod
from operator import attrgetter
from typing import Any

import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx._lazy_graph_module import _LazyGraphModule
from torch.fx.experimental.symbolic_shapes import (
    CallMethodKey,
    ConvertIntKey,
    DimDynamic,
    DivideByKey,
    ShapeEnv,
    _constrain_range_for_size,
)
from torch.utils._pytree import SequenceKey

from properties.capture.frontends.tensors import fake_mode, symbolic_number
from properties.capture.refusals import refused
from properties.capture.state import EnvState
from properties.capture.types import Capture, input_ranges
from properties.errors import NotCaptured
from strategies.compile import define
from strategies.constructs import CONSTRUCTS
from strategies.constructs.base import Reading
from strategies.inputs import build_inputs
from strategies.operators import OPERATORS
from strategies.program import Program
from strategies.semantics import example, initial_scope, requirements, source_inputs
from strategies.source import operators_of
from strategies.statement import Input
from strategies.terms import Const, Term, Valuation, Var

_KEYS: dict[type, Callable[[Any], Any]] = {str: CallMethodKey, int: SequenceKey}
_MODULES = {"_operator": operator, "torch": torch, "math": math, "builtins": builtins}
_FUNCTIONS = {
    name: getattr(_MODULES[row.fx[0].split(".")[0]], row.fx[0].split(".")[1])
    for name, row in OPERATORS.items()
    if row.fx and row.fx[0].split(".")[0] in _MODULES
}


def symbolic(term: Term, values: Mapping[str, Any]) -> Any:
    """``term`` computed on SymInts, by the functions that a traced program would call."""
    if isinstance(term, Const):
        return term.value
    if isinstance(term, Var):
        return values[term.name]
    function = _FUNCTIONS[term.op]
    first, *rest = (symbolic(arg, values) for arg in term.args)
    if len(term.args) <= len(OPERATORS[term.op].sorts):
        return function(first, *rest)
    for value in rest:
        first = function(first, value)
    return first


def capture(program: Program, device: str = "cpu", name: str = "shape_env", *, deferred: bool = False) -> Capture:
    """``program`` issued on a fresh ShapeEnv; ``deferred`` is told in :class:`properties.capture.table.Frontend`.

    Raises:
        NotCaptured: if the ShapeEnv refuses a check.
    """
    env = ShapeEnv(duck_shape=False, prefer_deferred_runtime_asserts_over_guards=deferred)
    mode = fake_mode(env)
    graph = fx.Graph()
    values: dict[str, Any] = {}
    numbers, hidden = _numbers(program), initial_scope(program).unbacked_dims
    for position, leaf in enumerate(numbers):
        hint, source = example(program)[leaf], ConstantSource(f"__number{position}")
        if leaf in hidden:
            values[leaf] = env.create_unbacked_symint(source)
            _constrain_range_for_size(values[leaf])
        elif leaf.startswith("d"):
            symbol = env.create_symbol(int(hint), source, dynamic_dim=DimDynamic.DYNAMIC, constraint_dim=None)
            values[leaf] = env.create_symintnode(symbol, hint=int(hint), source=source)
        else:
            values[leaf] = symbolic_number(env, hint, source)
        graph.placeholder(leaf).meta["val"] = values[leaf]
    ranges = input_ranges(env)
    for name_of_operator in operators_of(program):
        define(name_of_operator)
    inputs = source_inputs(program)
    nodes = {item.name: graph.placeholder(item.name) for item in inputs}
    readers = [item for item in inputs if item.leaves]
    demands = requirements(program)

    def issue() -> None:
        bound = iter(readers)
        for index, statement in enumerate(program.body):
            construct = CONSTRUCTS[statement.op]
            if construct.kind == "structure":
                raise NotCaptured(f"shape_env has no {statement.op}")
            if construct.kind == "source":
                if construct.reading is None:
                    raise NotCaptured(f"shape_env has no source {statement.op}")
                _bind(construct.reading, next(bound), graph, nodes, env, mode, device, values)
            for demand in demands:
                if demand.statement == index:
                    torch._check(symbolic(demand.term, values))

    with refused():
        issue()
    results = [node for node in graph.nodes if node.op == "call_function"]
    graph.output(tuple(results))
    module = _LazyGraphModule({}, graph)
    positions = {leaf: len(numbers) + position for position, item in enumerate(inputs) for leaf in item.leaves}
    first_source = len(program.params) + len(program.scalars)

    def arguments(valuation: Valuation) -> tuple[Any, ...]:
        tensors = build_inputs(program, {**example(program), **valuation}, device)
        return (*(valuation[leaf] for leaf in numbers), *tensors[first_source:])

    return Capture(
        program=program,
        frontend=name,
        graph=module,
        shape_env=env,
        state=EnvState.take(env),
        export=False,
        name="shape_env",
        placeholders=(*numbers, *range(first_source, first_source + len(inputs))),
        source_placeholders=positions,
        arguments=arguments,
        device=device,
        input_ranges=ranges,
    )


def _numbers(program: Program) -> tuple[str, ...]:
    """The dims and the scalars, in the order in which the graph takes them."""
    first = [f"n{index}" for index, scalar in enumerate(program.scalars) if scalar.before == 0]
    others = [f"n{index}" for index, scalar in enumerate(program.scalars) if scalar.before]
    return (*first, *initial_scope(program).dims, *others)


def _bind(
    reading: Reading,
    item: Input,
    graph: fx.Graph,
    nodes: Mapping[str, fx.Node],
    env: ShapeEnv,
    mode: FakeTensorMode,
    device: str,
    values: dict[str, Any],
) -> None:
    """Nodes for one source, with the metadata that tracing would leave on them."""
    for index, leaf in enumerate(item.leaves):
        tensor = nodes[item.name]
        if len(item.leaves) > 1:
            tensor = graph.call_function(torch.ops.aten.select.int, (tensor, 0, index))
            with mode:
                tensor.meta["val"] = torch.empty((), dtype=torch.int64, device=device)
        if item.dtype == "bool" and not (reading.path or reading.before or reading.truth):
            # The item of a bool tensor is a bool, of which torch makes no symbolic integer.
            tensor = graph.call_function(torch.ops.aten._to_copy.default, (tensor,), {"dtype": torch.int32})
            with mode:
                sizes = tuple(symbolic(size, values) for size in item.shape)
                tensor.meta["val"] = torch.empty(sizes, dtype=torch.int32, device=device)
        if reading.before:
            tensor = graph.call_function(attrgetter(reading.before)(torch.ops), (tensor,))
            with mode:
                tensor.meta["val"] = torch.empty((), dtype=torch.int64, device=device)
        values[leaf] = _unbacked(reading, item, env)
        node = graph.call_function(attrgetter(reading.target)(torch.ops), (tensor,))
        _describe(reading, item, node, mode, device, values, values[leaf])


def _unbacked(reading: Reading, item: Input, env: ShapeEnv) -> torch.SymInt | torch.SymFloat | torch.SymBool:
    if reading.truth:
        return env.create_unbacked_symbool()
    real = item.dtype.startswith("float") and not reading.path
    return env.create_unbacked_symfloat() if real else env.create_unbacked_symint()


def _describe(
    reading: Reading,
    item: Input,
    node: fx.Node,
    mode: FakeTensorMode,
    device: str,
    values: Mapping[str, Any],
    leaf: Any,
) -> None:
    """The metadata of a node that reads the symbolic ``leaf`` of a source."""
    path = tuple(_KEYS[type(step)](step) for step in reading.path)
    if reading.factor != 1:
        path += (DivideByKey(reading.factor),)
    if reading.truth:
        path += (ConvertIntKey(),)
    # Of a truth value the symbol is the number that torch makes of it.
    (symbol,) = leaf.node._expr.free_symbols
    node.meta["unbacked_bindings"] = {symbol: path}
    if not reading.path:
        if reading.least is not None:
            torch._check(leaf >= reading.least)
        node.meta["val"] = leaf
        return
    sizes = [symbolic(size, values) for size in item.shape]
    elements = prod(sizes)
    if reading.least is not None:
        _constrain_range_for_size(leaf, min=reading.least, max=reading.most)
    elif reading.bounded and isinstance(elements, int):
        _constrain_range_for_size(leaf, max=elements)
    else:
        _constrain_range_for_size(leaf)
    matrix = node.target is torch.ops.aten.nonzero.default
    with mode:
        shape = (leaf, len(sizes)) if matrix else (reading.factor * leaf,)
        result = torch.empty(shape, dtype=torch.int64, device=device)
        # A source of several results has the wanted one first; torch leaves those empty that were not asked for.
        others = (torch.empty(0, dtype=torch.int64, device=device) for _ in range(2))
        node.meta["val"] = (result, *others) if reading.path[0] == 0 else result
