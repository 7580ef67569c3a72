"""The fast frontend: constraints issued straight on a ShapeEnv, into a graph of integers without tensors.

Each requirement of the Program (its checks, and what its operators demand of sizes) becomes one
``torch._check`` on SymInts. The graph has the dims as integer inputs and one node for each unbacked source.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx._lazy_graph_module import _LazyGraphModule
from torch.fx.experimental.symbolic_shapes import (
    CallMethodKey,
    DimDynamic,
    ShapeEnv,
    _constrain_range_for_size,
)
from torch.utils._pytree import SequenceKey

from properties.capture.refusals import refused
from properties.capture.state import EnvState
from properties.capture.types import Capture
from properties.errors import NotCaptured
from strategies.inputs import build_inputs
from strategies.operators import OPERATORS
from strategies.program import Program
from strategies.semantics import example, initial_scope, requirements, source_inputs
from strategies.statement import Input
from strategies.terms import Const, Term, Var

_MODULES = {"_operator": operator, "torch": torch}
_FUNCTIONS = {
    name: getattr(_MODULES[row.fx[0].split(".")[0]], row.fx[0].split(".")[1])
    for name, row in OPERATORS.items()
    if row.fx and row.fx[0].split(".")[0] in _MODULES
}
SCALARS, SIZES = frozenset({"item"}), frozenset({"nonzero", "masked_select"})


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


def capture(program: Program) -> Capture:
    """``program`` issued on a fresh ShapeEnv.

    Raises:
        NotCaptured: if the ShapeEnv refuses a check.
    """
    env = ShapeEnv(duck_shape=False)
    mode = FakeTensorMode(shape_env=env)
    graph = fx.Graph()
    values: dict[str, Any] = {}
    dims = initial_scope(program).dims
    for position, (name, hint) in enumerate(zip(dims, program.dims, strict=True)):
        source = ConstantSource(f"__dim{position}")
        symbol = env.create_symbol(hint, source, dynamic_dim=DimDynamic.DYNAMIC, constraint_dim=None)
        values[name] = env.create_symintnode(symbol, hint=hint, source=source)
        graph.placeholder(name).meta["val"] = values[name]
    inputs = source_inputs(program)
    nodes = {item.name: graph.placeholder(item.name) for item in inputs}
    readers = [item for item in inputs if item.leaf is not None]
    demands = requirements(program)

    def issue() -> None:
        bound = iter(readers)
        for index, statement in enumerate(program.body):
            if statement.op in SCALARS | SIZES:
                _bind(statement.op, next(bound), graph, nodes, env, mode, values)
            for demand in demands:
                if demand.statement == index:
                    torch._check(symbolic(demand.term, values))

    with refused():
        issue()
    results = [node for node in graph.nodes if node.op == "call_function"]
    graph.output(tuple(results))
    module = _LazyGraphModule({}, graph)
    leaf_of_position = {item.leaf: len(dims) + inputs.index(item) for item in readers}
    first_source = len(program.params)

    def arguments(valuation: Mapping[str, int]) -> tuple[Any, ...]:
        tensors = build_inputs(program, {**example(program), **valuation})
        return (*(valuation[name] for name in dims), *tensors[first_source:])

    return Capture(
        program=program,
        frontend="shape_env",
        graph=module,
        shape_env=env,
        state=EnvState.take(env),
        export=False,
        name="shape_env",
        placeholders=(*dims, *range(first_source, first_source + len(inputs))),
        source_placeholders={leaf: position for leaf, position in leaf_of_position.items() if leaf},
        arguments=arguments,
    )


def _bind(
    op: str,
    item: Input,
    graph: fx.Graph,
    nodes: Mapping[str, fx.Node],
    env: ShapeEnv,
    mode: FakeTensorMode,
    values: dict[str, Any],
) -> None:
    """A node for one source, with the metadata that tracing would leave on it."""
    leaf = item.leaf or ""
    symint = env.create_unbacked_symint()
    symbol = symint.node._expr
    values[leaf] = symint
    if op in SCALARS:
        node = graph.call_function(torch.ops.aten._local_scalar_dense.default, (nodes[item.name],))
        node.meta["val"] = symint
        node.meta["unbacked_bindings"] = {symbol: ()}
        return
    if op not in SIZES:
        raise NotCaptured(f"shape_env has no source {op}")
    sizes = [symbolic(size, values) for size in item.shape]
    elements = 1
    for size in sizes:
        elements = elements * size
    if isinstance(elements, int):
        _constrain_range_for_size(symint, max=elements)
    else:
        _constrain_range_for_size(symint)
    node = graph.call_function(torch.ops.aten.nonzero.default, (nodes[item.name],))
    with mode:
        node.meta["val"] = torch.empty(symint, len(sizes), dtype=torch.int64)
    node.meta["unbacked_bindings"] = {symbol: (CallMethodKey("size"), SequenceKey(0))}
