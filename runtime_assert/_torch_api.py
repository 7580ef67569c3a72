"""Every private name of torch that the pass relies on, in one place, so that a new torch is met here only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy
import torch
from torch import fx

try:
    from torch._subclasses.meta_utils import is_sparse_any
    from torch.fx.experimental import _config
    from torch.fx.experimental import sym_node as _sym_node
    from torch.fx.experimental.sym_node import SymNode
    from torch.fx.experimental.symbolic_shapes import (
        CallMethodKey,
        ConvertIntKey,
        DivideByKey,
        InnerTensorKey,
        RuntimeAssert,
        ShapeEnv,
        canonicalize_bool_expr,
    )
    from torch.utils._pytree import GetAttrKey, MappingKey, SequenceKey
    from torch.utils._sympy import functions as sympy_functions
    from torch.utils._sympy.numbers import int_oo
    from torch.utils._sympy.symbol import SymT, prefix_str
except ImportError as fault:
    raise ImportError(
        f"runtime_assert is for torch 2.11 and newer; torch {torch.__version__} lacks something that it needs: {fault}"
    ) from fault

__all__ = [
    "ASSERT_SCALAR",
    "CONSTRAIN_RANGE",
    "CONSTRAIN_RANGE_FOR_SIZE",
    "PRESERVE_KEY",
    "CallMethodKey",
    "ConvertIntKey",
    "DivideByKey",
    "GetAttrKey",
    "InnerTensorKey",
    "MappingKey",
    "RuntimeAssert",
    "SequenceKey",
    "ShapeEnv",
    "SymNode",
    "int_oo",
    "is_sparse_any",
    "sympy_functions",
]

SymValue = torch.SymInt | torch.SymFloat | torch.SymBool
SYM_TYPES = (torch.SymInt, torch.SymFloat, torch.SymBool)

ASSERT_SCALAR = torch.ops.aten._assert_scalar.default
CONSTRAIN_RANGE = torch.ops.aten.sym_constrain_range.default
CONSTRAIN_RANGE_FOR_SIZE = torch.ops.aten.sym_constrain_range_for_size.default

# torch's own pass marks an assert that came from the user by this key (pull 184608); later runs of either
# pass recognise the other's marks by it.
PRESERVE_KEY = "_fx_runtime_assert_preserve"

# Under this key Dynamo keeps, for each input of a whole graph and some of a body's, what to pass for it.
GRAPH_ARGUMENT = "grapharg"

_NO_HINT = getattr(_sym_node, "_NO_HINT", None)
_EMPTY_STACK = "_empty_nn_module_stack_from_metadata_hook"
_UNBACKED = (prefix_str[SymT.UNBACKED_INT], prefix_str[SymT.UNBACKED_FLOAT])


def is_unbacked(symbol: sympy.Basic) -> bool:
    """Whether `symbol` stands for a value that is unknown until run time (u0, zuf0)."""
    return isinstance(symbol, sympy.Symbol) and symbol.name.startswith(_UNBACKED)


def example_value(node: fx.Node) -> Any:
    """The traced value of a node: Dynamo keeps it under another key than everybody else."""
    meta = node.meta
    value = meta.get("example_value")
    return meta.get("val") if value is None else value


def value_key(graph: fx.Graph) -> str:
    """The metadata key under which this graph keeps traced values."""
    for node in graph.nodes:
        if "example_value" in node.meta:
            return "example_value"
        if "val" in node.meta:
            return "val"
    return "val"


def raw_expr(value: object) -> sympy.Basic | None:
    """The expression of a symbolic value before replacements, None if it has none (plain, nested int).

    `SymNode.expr` answers what the value is known to equal; `_expr` answers which value it is.
    """
    if isinstance(value, SYM_TYPES) and isinstance(value.node, SymNode):
        found: Any = value.node._expr
        return found
    return None


def replaced_expr(value: object) -> sympy.Basic | None:
    """The expression of a symbolic value after replacements, None if it has none.

    Not asked of the SymNode itself: to answer, its ShapeEnv shortens chains of replacements and refines ranges.
    """
    found: Any = raw_expr(value)
    if found is None:
        return None
    replacements = value.node.shape_env.replacements  # type: ignore[attr-defined]
    for _ in replacements:  # as many steps as a chain can have
        step = {symbol: replacements[symbol] for symbol in found.free_symbols if symbol in replacements}
        if not step:
            break
        found = found.xreplace(step)
    return found


def canonical(expr: sympy.Basic) -> sympy.Basic:
    """A condition in the form in which the ShapeEnv keeps it as a deferred assert."""
    found: Any = canonicalize_bool_expr(expr)  # type: ignore[type-var]
    return found


def renamings(env: ShapeEnv) -> dict[sympy.Symbol, sympy.Symbol]:
    """Later names of unbacked symbols, mapped to the first name (chains are followed to their end)."""
    direct: Mapping[sympy.Symbol, sympy.Symbol] = getattr(env, "unbacked_renamings", None) or {}
    resolved = {}
    for name in direct:
        seen, last = {name}, name
        while last in direct and direct[last] not in seen:
            last = direct[last]
            seen.add(last)
        resolved[name] = last
    return resolved


def backed_values(env: ShapeEnv) -> Mapping[sympy.Symbol, Any]:
    """The example value of each backed symbol."""
    values = getattr(env, "backed_var_to_val", None)
    return env.var_to_val if values is None else values  # type: ignore[attr-defined]


def specialises_zero_one(env: ShapeEnv) -> bool:
    """Whether tracing makes constants of sizes that are 0 or 1, so that a symbolic size is at least 2."""
    return bool(getattr(env, "specialize_zero_one", False)) and not getattr(_config, "backed_size_oblivious", False)


_EDGE = 2**63 - 1


def finite_int_bounds(env: ShapeEnv, symbol: sympy.Symbol) -> tuple[int | None, int | None]:
    """The bounds that `var_to_range` states for an integer symbol, None where it states none.

    The edges of int64 count as no bound: torch writes sys.maxsize - 1 where it knows nothing.
    """
    vr = env.var_to_range.get(symbol)
    if vr is None or not vr.is_int:
        return None, None
    lower: Any = vr.lower
    upper: Any = vr.upper
    # Infinities are no sympy.Integer.
    return (
        int(lower) if isinstance(lower, sympy.Integer) and lower > -_EDGE - 1 else None,
        int(upper) if isinstance(upper, sympy.Integer) and upper < _EDGE - 1 else None,
    )


def finite_float_bounds(env: ShapeEnv, symbol: sympy.Symbol) -> tuple[float | None, float | None]:
    """The bounds that `var_to_range` states for a float symbol, None where it states none."""
    vr = env.var_to_range.get(symbol)
    if vr is None or not vr.is_float:
        return None, None
    lower = None if vr.lower == -sympy.oo else float(vr.lower)
    upper = None if vr.upper == sympy.oo else float(vr.upper)
    return lower, upper


def make_value(expr: sympy.Basic, kind: str, env: ShapeEnv, made_at_run_time: bool = False) -> Any:
    """A symbolic value for metadata, made without running any operation, so that nothing is recorded.

    `made_at_run_time`: it is known to contain an unbacked symbol, so that there is no hint to look for.
    """
    wrapped, number = _WRAPPED.get(kind, (torch.SymFloat, float))
    hint: Any = _NO_HINT if made_at_run_time or number is bool else _hint(expr, number, env)
    return wrapped(SymNode(expr, env, number, hint))


_WRAPPED: dict[str, tuple[Any, type]] = {"int": (torch.SymInt, int), "bool": (torch.SymBool, bool)}
# What more symbols are in is not worked out: partial sums of hundreds of terms would each be gone through again.
_HINT_LIMIT = 16


def _hint(expr: sympy.Basic, number: type, env: ShapeEnv) -> Any:
    """The example value of an expression over backed symbols."""
    free: set[Any] = expr.free_symbols
    if len(free) > _HINT_LIMIT:
        return _NO_HINT
    known = backed_values(env)
    if not free <= known.keys():
        return _NO_HINT
    found = expr.xreplace({symbol: known[symbol] for symbol in free})
    return number(found) if isinstance(found, sympy.Number) else _NO_HINT


def _is_export_hook(hook: Any) -> bool:
    func: Any = hook.func if isinstance(hook, partial) else hook
    return func.__module__ == "torch._export.passes._node_metadata_hook"


@contextmanager
def without_metadata_hooks(graph: fx.Graph) -> Iterator[dict[str, Any] | None]:
    """Silence torch.export's metadata hook, which runs every new node and so may write to the ShapeEnv.

    Yields the metadata that the hook would have attached (None if there is no such hook), so that the pass
    can attach it itself. Hooks of others stay.
    """
    module: Any = graph.owning_module
    hooks = getattr(module, "_create_node_hooks", None)
    silenced = [hook for hook in hooks or () if _is_export_hook(hook)]
    if module is None or not silenced:
        yield None
        return
    extra: dict[str, Any] = {}
    for hook in silenced:
        if isinstance(hook, partial):
            extra.update(hook.keywords.get("metadata") or {})
    module._create_node_hooks = [hook for hook in hooks or () if hook not in silenced]
    try:
        yield extra
    finally:
        module._create_node_hooks = hooks


class CallMaker:
    """Creates the call nodes of one graph, in a fraction of the time where the graph is laid out as expected.

    The public way walks all arguments for raw symbolic values, of which the pass never writes any, and works
    out the name of the target anew; these two are the dearest parts of creating a node. With hooks on node
    creation, or with another layout, the public way is taken.
    """

    def __init__(self, graph: fx.Graph) -> None:
        self._graph: Any = graph
        self._kinds: dict[int, _Kind] = {}
        self._short = not getattr(graph.owning_module, "_create_node_hooks", None) and hasattr(graph, "_len")
        try:
            names = self._graph._graph_namespace
            self._name_of: dict[Any, str] = names._obj_to_name
            self._used: set[str] = names._used_names
            self._counts: dict[str, int] = names._base_count
            self._listed: dict[tuple[str, Any], Any] = self._graph._find_nodes_lookup_table.table
        except AttributeError:
            self._short = False

    def call(self, target: Any, args: tuple[Any, ...], anchor: fx.Node) -> fx.Node:
        """`call_function(target, args)` right behind the node `anchor`."""
        graph = self._graph
        kind = self._kinds.get(id(target))
        if kind is None:
            with graph.inserting_after(anchor):
                node = graph.call_function(target, args)
            if self._short:
                self._learn(node)
            return node
        # As create_name counts on, without taking the candidate apart each time.
        base = kind.base
        number = self._counts[base] + 1
        while (name := f"{base}_{number}") in self._used:
            number += 1
        self._used.add(name)
        self._counts[base] = number
        node = fx.Node(graph, name, "call_function", target, args, {})
        self._name_of[node] = name
        anchor.append(node)
        kind.listed[node] = None
        graph._len += 1
        return node

    def _learn(self, node: fx.Node) -> None:
        """See from a node that was created the public way how the next call of the same target is to be made."""
        target: Any = node.target
        base = _NUMBER.sub("", node.name)
        listed = self._listed.get(("call_function", target))
        if base in self._counts and isinstance(listed, dict) and node in listed:
            self._kinds[id(target)] = _Kind(target, base, listed)


@dataclass(frozen=True, slots=True)
class _Kind:
    """The calls of one target: how their names begin, and where the graph lists them.

    They are found by the target's id, because operators work out their hash anew each time; the target is kept here
    so that its id stays its own.
    """

    target: Any
    base: str
    listed: dict[fx.Node, None]


_NUMBER = re.compile(r"_\d+$")


def export_metadata(node: fx.Node) -> dict[str, Any]:
    """What torch.export's verifier wants on every call: a module stack, even an empty one, and a name."""
    name = getattr(node.target, "__name__", str(node.target))
    return {
        "nn_module_stack": {_EMPTY_STACK: (_EMPTY_STACK, _EMPTY_STACK)},
        "torch_fn": (f"{name}_0", f"{type(node.target).__name__}.{name}"),
        "custom": {},
    }


def raw_frames(stacks: list[Any]) -> list[list[dict[str, Any]]]:
    """Every frame, innermost first, for many captured tracebacks at once: `filename`, `line` and `name`.

    A frame that several tracebacks share is one and the same object in all of them.
    """
    import torch._C._profiler as profiler

    held = [getattr(stack, "tb", None) for stack in stacks]
    found = iter(profiler.symbolize_tracebacks([tb for tb in held if tb is not None]))
    return [[] if tb is None else next(found) for tb in held]


def _text(source: Any) -> str:
    name: Any = source.name
    return str(name() if callable(name) else name)


def input_sources(env: ShapeEnv | None, inputs: list[fx.Node]) -> dict[fx.Node, str]:
    """The sources of inputs as torch writes them, as far as they are known.

    A symbolic scalar knows its symbol, and the ShapeEnv that symbol's source. Of tensors, torch.export lists
    the user's in order, behind those that it lifted, and calls all of them `arg0_1` until it is done.
    """
    found: dict[fx.Node, str] = {}
    for node in inputs:
        value = example_value(node)
        expr = raw_expr(value)
        if isinstance(expr, sympy.Symbol):
            source = source_name(value.node.shape_env, expr)
            if source is not None:
                found[node] = source
    listed = list(getattr(env, "tracked_fakes", None) or ())
    last = inputs[len(inputs) - len(listed) :]
    shapes = [str(getattr(example_value(node), "shape", None)) for node in last]
    expected = [str(getattr(fake.fake, "shape", None)) for fake in listed]
    if shapes == expected and all(_ANONYMOUS.match(str(node.target)) for node in last):
        found.update({node: _text(fake.source) for node, fake in zip(last, listed, strict=True)})
    return found


_ANONYMOUS = re.compile(r"^arg\d+_\d+$")


def source_name(env: ShapeEnv | None, symbol: sympy.Symbol | None) -> str | None:
    """The first source of a symbol as torch writes it, such as `L['a'].size()[0]`, if it has one: what is made at run
    time has none."""
    found = (getattr(env, "var_to_sources", None) or {}).get(symbol)
    if not found:
        return None
    return _text(found[0])
