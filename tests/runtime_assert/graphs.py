"""Captures, snapshots and readers that the tests of the pass share."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy
import torch
from torch import fx
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext

aten = torch.ops.aten
ASSERT = aten._assert_scalar.default


def capture(
    function: Callable[..., Any],
    args: tuple[torch.Tensor, ...],
    dynamic: tuple[Iterable[int], ...],
    unbacked: tuple[Iterable[int], ...] = (),
    env: ShapeEnv | None = None,
) -> tuple[fx.GraphModule, ShapeEnv]:
    """Trace with make_fx; `dynamic` and `unbacked` say which dimensions of each argument are symbols."""
    env = env or ShapeEnv()
    mode = FakeTensorMode(shape_env=env)
    fakes = []
    for index, argument in enumerate(args):
        free = set(unbacked[index]) if index < len(unbacked) else set()
        kinds = [
            DimDynamic.UNBACKED if d in free else DimDynamic.DYNAMIC if d in set(dynamic[index]) else DimDynamic.STATIC
            for d in range(argument.dim())
        ]
        context = StatelessSymbolicContext(dynamic_sizes=kinds, constraint_sizes=[None] * argument.dim())
        source = ConstantSource(f"input{index}")
        fakes.append(mode.from_tensor(argument, symbolic_context=context, source=source))
    env.pending_fresh_unbacked_symbols.clear()  # the inputs bind them, no operator has to
    return make_fx(function, tracing_mode="fake")(*fakes), env


def asserts(gm: fx.GraphModule) -> list[fx.Node]:
    """The asserts of a graph, in order."""
    return [node for node in gm.graph.nodes if node.target is ASSERT]


def conditions(gm: fx.GraphModule) -> list[str]:
    """The condition of every assert, written out over the nodes that are no arithmetic."""
    return [expression(node.args[0]) for node in asserts(gm)]


_SIGNS = {
    operator.add: "+",
    operator.sub: "-",
    operator.mul: "*",
    operator.floordiv: "//",
    operator.mod: "%",
    operator.truediv: "/",
    operator.eq: "==",
    operator.ne: "!=",
    operator.le: "<=",
    operator.lt: "<",
    operator.ge: ">=",
    operator.gt: ">",
}


def expression(argument: Any) -> str:
    """An argument as text, by reading nodes only."""
    if not isinstance(argument, fx.Node):
        return str(argument)
    if argument.target in _SIGNS:
        left, right = argument.args
        return f"({expression(left)} {_SIGNS[argument.target]} {expression(right)})"  # type: ignore[index]
    if argument.target is aten.sym_size.int:
        return f"{argument.args[0]}.size({argument.args[1]})"
    if argument.target in (torch.sym_min, torch.sym_max):
        name = "min" if argument.target is torch.sym_min else "max"
        return f"{name}({', '.join(expression(a) for a in argument.args)})"
    return argument.name


def snapshot(env: ShapeEnv) -> dict[str, Any]:
    """Everything about a ShapeEnv that a pass must leave alone, as plain data (order counts)."""
    return {
        "deferred": [
            (str(k), [(id(ra), str(ra.expr), ra.msg) for ra in v]) for k, v in env.deferred_runtime_asserts.items()
        ],
        "ranges": [(str(k), str(v)) for k, v in env.var_to_range.items()],
        "replacements": [(str(k), str(v)) for k, v in env.replacements.items()],
        "guards": [str(guard.expr) for guard in env.guards],
        "count": env.num_deferred_runtime_asserts,
        "axioms": str(env.axioms),
        "version": env._version_counter,
        "divisible": str(env.divisible),
        "renamings": str(env.unbacked_renamings),
        "pending": str(env.pending_fresh_unbacked_symbols),
    }


def accepts(gm: fx.GraphModule, *args: Any) -> bool:
    """Whether the graph runs on these inputs; any error but an assert's is passed on."""
    gm.recompile()
    try:
        gm(*args)
    except RuntimeError as error:
        texts = [node.args[1] if len(node.args) > 1 else node.kwargs["assert_msg"] for node in asserts(gm)]
        if any(str(text) in str(error) for text in texts):
            return False
        raise
    return True


class GraphBuilder:
    """A graph made by hand over its own ShapeEnv, for bindings that tracing seldom makes."""

    def __init__(self) -> None:
        self.env = ShapeEnv()
        self.mode = FakeTensorMode(shape_env=self.env)
        self.graph = fx.Graph()

    def tensor(self, name: str, *sizes: object) -> fx.Node:
        """A tensor input with these sizes, symbolic or not."""
        node = self.graph.placeholder(name)
        with self.mode:
            node.meta["val"] = torch.empty(list(sizes))  # type: ignore[arg-type]
        return node

    def scalar(self, name: str, value: object) -> fx.Node:
        """An input that is a symbolic scalar."""
        node = self.graph.placeholder(name)
        node.meta["val"] = value
        return node

    def size(self, hint: int = 8) -> torch.SymInt:
        """A new backed size."""
        context = StatelessSymbolicContext(dynamic_sizes=[DimDynamic.DYNAMIC], constraint_sizes=[None])
        source = ConstantSource(f"size{len(self.env.var_to_range)}")
        return self.mode.from_tensor(torch.empty(hint), symbolic_context=context, source=source).shape[0]  # type: ignore[return-value]

    def unbacked(self) -> torch.SymInt:
        """A new unbacked integer."""
        return self.env.create_unbacked_symint()

    def call(self, target: Callable[..., Any], args: tuple[Any, ...], value: object, **bindings: Any) -> fx.Node:
        """A call with a traced value; `bindings` are symbol name → key path."""
        name = target.__name__.split(".")[0]
        node = self.graph.create_node("call_function", target, args, name=name)
        node.meta["val"] = value
        if bindings:
            node.meta["unbacked_bindings"] = {sympy.Symbol(name, integer=True): path for name, path in bindings.items()}
        return node

    def finish(self, *outputs: Any) -> fx.GraphModule:
        """The module."""
        self.graph.output(outputs)
        return fx.GraphModule(torch.nn.Module(), self.graph)
