"""Reads a graph once: where every node stands, which symbol it binds, which value it computes."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.bindings import Bindings, node_kind
from runtime_assert.lowering import Lowering, NotLowerable, UnboundSymbol
from runtime_assert.operators import READ, kind_of, operator_of
from runtime_assert.values import Argument, Value, ValueTable

CHECK_TARGETS = frozenset({torch._check, getattr(torch, "_assert_scalar"), api.ASSERT_SCALAR})  # noqa: B009
_CONSTRAIN = frozenset({api.CONSTRAIN_RANGE, api.CONSTRAIN_RANGE_FOR_SIZE})

_aten = torch.ops.aten
QUERY_FUNCTIONS: dict[Any, str] = {
    _aten.sym_size.int: "size",
    _aten.sym_stride.int: "stride",
    _aten.sym_storage_offset.default: "storage_offset",
    _aten.sym_numel.default: "numel",
}
_QUERY_METHODS = frozenset({"size", "stride", "storage_offset", "numel", "dim"})
_NUMEL = frozenset({_aten.sym_numel.default, "numel"})
_CONVERSIONS = {"float": "float", "trunc": "int"}
# Functions that neither fail on nor use up a value, whatever their arguments.
_TRANSPARENT = CHECK_TARGETS | _CONSTRAIN | QUERY_FUNCTIONS.keys() | READ.keys()
_ITEM = frozenset({_aten.item.default, _aten._local_scalar_dense.default, "item"})


@dataclass(frozen=True, slots=True)
class Check:
    """An assert that the graph already has."""

    node: fx.Node
    condition: Argument
    position: int
    user: bool


@dataclass(slots=True)
class Reading:
    """What one walk over a graph found.

    position: index of every node. uses: for every node the first position at which its value is used by
    something other than symbolic arithmetic and checks. busy: for every position how many nodes before it
    compute something. values: value of every symbolic node. shared: nodes that repeat an earlier value.
    """

    position: dict[fx.Node, int]
    preamble: int
    values: dict[fx.Node, Value] = field(default_factory=dict)
    shared: list[tuple[fx.Node, Value]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    constraints: list[fx.Node] = field(default_factory=list)
    uses: dict[fx.Node, int] = field(default_factory=dict)
    busy: list[int] = field(default_factory=list)


def is_query(node: fx.Node) -> bool:
    """Whether a node asks a tensor for a size, a stride or an offset, or takes an entry of such an answer."""
    if node.op == "call_method":
        return node.target in _QUERY_METHODS
    return node.op == "call_function" and (node.target in QUERY_FUNCTIONS or _is_entry(node))


def _is_entry(node: fx.Node) -> bool:
    """Whether a call takes the sizes of a tensor, or an entry of them."""
    if node.target is getattr:
        return node.args[1] in ("shape", "ndim")
    return node.target is operator.getitem and _is_size(node.args[0])


def _is_size(argument: Any) -> bool:
    return isinstance(argument, fx.Node) and isinstance(api.example_value(argument), tuple)


def is_transparent(node: fx.Node) -> bool:
    """Whether a node neither fails on nor uses up a value: arithmetic, queries, checks, inputs."""
    if node.op in ("placeholder", "get_attr"):
        return True
    if node.op == "call_function":
        # Asked once for all tables: operators of torch work out their hash anew each time.
        return node.target in _TRANSPARENT or _is_entry(node)
    return node.op == "call_method" and (operator_of(node) is not None or is_query(node))


def locate(nodes: list[fx.Node]) -> Reading:
    """Where every node stands, when it is first used, and where computation goes on."""
    reading = Reading({node: index for index, node in enumerate(nodes)}, -1)
    position, uses = reading.position, reading.uses
    never = len(nodes)
    clear = [is_transparent(node) for node in nodes]
    for node in reversed(nodes):
        first = never
        for user in node.users:
            at = position[user]
            if clear[at]:
                at = never if user.target in CHECK_TARGETS else uses[user]
            first = min(first, at)
        uses[node] = first
    busy = 0
    for is_clear in clear:
        reading.busy.append(busy)
        busy += not is_clear
    reading.busy.append(busy)
    for index, node in enumerate(nodes):
        if node.op == "placeholder" and reading.busy[index] == 0:
            reading.preamble = index
    return reading


def read_graph(
    nodes: list[fx.Node], bindings: Bindings, table: ValueTable, lowering: Lowering, reading: Reading
) -> None:
    """Fill in values, checks and repeated nodes; `nodes` are the nodes of one graph in order."""
    for node in nodes:
        if node.op not in ("call_function", "call_method"):
            if node.op == "placeholder" and api.raw_expr(api.example_value(node)) is not None:
                reading.values[node] = _placeholder_value(node, bindings, table, reading)
            continue
        if node in bindings.producers:
            value = bindings.direct.get(node)
            if value is None and api.raw_expr(api.example_value(node)) is not None:
                value = _opaque(node, table, reading)
            if value is not None:
                reading.values[node] = value
        elif node.target in CHECK_TARGETS:
            reading.checks.append(_read_check(node, table, reading))
        elif node.target in _CONSTRAIN:
            reading.constraints.append(node)
        elif (op := operator_of(node)) is not None:
            _read_operator(node, op, table, reading)
        else:
            _read_symbolic(node, bindings, table, lowering, reading)


def _placeholder_value(node: fx.Node, bindings: Bindings, table: ValueTable, reading: Reading) -> Value:
    leaf = bindings.leaves.get(bindings.first_names(api.raw_expr(api.example_value(node))))
    if leaf is not None:
        return leaf
    slot = max(reading.preamble, reading.position[node])
    return table.opaque(node, slot, node_kind(node))


def _opaque(node: fx.Node, table: ValueTable, reading: Reading) -> Value:
    return table.opaque(node, reading.position[node], node_kind(node), reading.uses[node])


def _argument(argument: Any, reading: Reading) -> Argument | None:
    if isinstance(argument, fx.Node):
        return reading.values.get(argument)
    return argument if isinstance(argument, (bool, int, float)) else None


def _read_operator(node: fx.Node, op: str, table: ValueTable, reading: Reading) -> None:
    raw = node.args[0] if op == "sum" and isinstance(node.args[0], (list, tuple)) else node.args
    if op == "round" and len(raw) == 2 and raw[1] is None:
        raw = raw[:1]  # the same as no number of digits
    args = [_argument(a, reading) for a in raw]  # type: ignore[union-attr]
    if node.kwargs or any(a is None for a in args):
        if api.raw_expr(api.example_value(node)) is not None:
            reading.values[node] = _opaque(node, table, reading)
        return
    if not any(isinstance(a, Value) for a in args):
        return
    operand: Any = args[0]
    if kind_of(operand) == _CONVERSIONS.get(op):
        # sym_float of a float and sym_int of an integer are the operand itself.
        reading.values[node] = operand
        reading.shared.append((node, operand))
        return
    _record(node, table.get(op, args), reading)


def _record(node: fx.Node, value: Value, reading: Reading) -> None:
    reading.values[node] = value
    if value.node is None:
        value.node = node
    elif value.node is not node:
        reading.shared.append((node, value))


def _read_symbolic(node: fx.Node, bindings: Bindings, table: ValueTable, lowering: Lowering, reading: Reading) -> None:
    """A node whose value the table does not compute: a query, a repeated item, or something unknown."""
    traced = api.example_value(node)
    raw = api.raw_expr(traced)
    if raw is None:
        return
    item = node.target in _ITEM
    if node.target in _NUMEL:
        raw = _product_of_sizes(node) or raw
    asks = item or is_query(node)
    value = _lower_first(lowering, bindings, raw, api.replaced_expr(traced), item) if asks else None
    if isinstance(value, Value) and value.slot <= reading.position[node]:
        reading.values[node] = value
        if value.node is None and _asks_for(node, value):
            value.node = node
        elif value.node is not node:
            reading.shared.append((node, value))
    else:
        reading.values[node] = _opaque(node, table, reading)


def _product_of_sizes(node: fx.Node) -> sympy.Basic | None:
    """How many elements a tensor has, by its sizes as they were first named.

    Tracing multiplies them, and puts in what replaced each: `t.numel() == u0` would become a second check of whatever
    u0 was found to equal.
    """
    traced = api.example_value(node.all_input_nodes[0])
    if not isinstance(traced, torch.Tensor):
        return None
    sizes: list[Any] = [size if isinstance(size, int) else api.raw_expr(size) for size in traced.shape]
    return None if None in sizes else sympy.Mul(*sizes)


def _asks_for(node: fx.Node, value: Value) -> bool:
    """Whether a query asks the very tensor that `value` is read from, in whatever spelling."""
    if value.op not in ("size", "stride", "storage_offset"):
        return False
    source: Any = node.args[0] if node.target is operator.getitem else node
    asked = tuple(node.args[1:])
    return bool(source.args) and asked == value.args[1:] and _yields(source.args[0], value.args[0])


def _yields(node: Any, value: Value) -> bool:
    """Whether a node computes `value`, which may be an entry of what an operator yields."""
    if node is value.node:
        return True
    if value.op != "getitem" or not isinstance(node, fx.Node) or node.target is not operator.getitem:
        return False
    return tuple(node.args[1:]) == value.args[1:] and _yields(node.args[0], value.args[0])


def _lower_first(
    lowering: Lowering, bindings: Bindings, raw: sympy.Basic, replaced: sympy.Basic | None, item: bool
) -> Argument | None:
    # A repeated item() is the same value only if it was given the same symbol: what the symbol is known to
    # equal is for an assert to check, not to be put in its place. So it is with a size that only the data decides, of
    # an operator whose binding was lost (decompositions lose those in branches).
    expressions = [raw] if item or any(map(api.is_unbacked, raw.free_symbols)) else [raw, replaced]
    for expr in expressions:
        try:
            return lowering.lower(bindings.first_names(expr))
        except (UnboundSymbol, NotLowerable):
            continue
    return None


def _read_check(node: fx.Node, table: ValueTable, reading: Reading) -> Check:
    condition = check_condition(node)
    value: Any = condition
    if isinstance(condition, fx.Node):
        value = reading.values.get(condition)
        if value is None:
            value = table.opaque(condition, reading.position[condition], "bool", reading.uses[condition])
    user = node.target is not api.ASSERT_SCALAR or node.meta.get(api.PRESERVE_KEY) is True
    return Check(node, value, reading.position[node], user)


def check_condition(node: fx.Node) -> Any:
    """The condition argument of a check, positional or by keyword."""
    return node.args[0] if node.args else node.kwargs.get("cond", node.kwargs.get("self"))
