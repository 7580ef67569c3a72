"""Where each symbol's value can be read at run time: from the inputs, or from the node that makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.operators import Kind
from runtime_assert.values import NEVER, Argument, Value, ValueTable


class UnknownKeyPath(Exception):
    """A binding's key path has a component that this version of the pass does not know."""


@dataclass(slots=True)
class Bindings:
    """Symbol → value, for every symbol that the graph binds.

    leaves: by first name. producers: nodes that declare unbacked symbols; `direct` those whose own result is
    one. defined: the first names of unbacked symbols in the order in which the graph declares them.
    dimensions: symbols that are the size of an input, hence never negative. faults: why a symbol could not be
    bound. compound: inputs whose value is an expression such as 2*s0. multiples: the same for what an operator
    makes, where a binding divides it.
    """

    renamed: dict[sympy.Symbol, sympy.Symbol]
    leaves: dict[sympy.Symbol, Value] = field(default_factory=dict)
    producers: set[fx.Node] = field(default_factory=set)
    direct: dict[fx.Node, Value] = field(default_factory=dict)
    defined: dict[sympy.Symbol, None] = field(default_factory=dict)
    visible: list[sympy.Symbol] = field(default_factory=list)
    dimensions: set[sympy.Symbol] = field(default_factory=set)
    faults: dict[sympy.Symbol, str] = field(default_factory=dict)
    compound: list[tuple[Value, sympy.Expr]] = field(default_factory=list)
    multiples: list[tuple[Value, sympy.Expr]] = field(default_factory=list)

    def first_names(self, expr: Any) -> Any:
        """The expression over first names: what a retrace renamed is called as it was at first."""
        if not self.renamed or expr is None:
            return expr
        if isinstance(expr, sympy.Symbol):
            return self.renamed.get(expr, expr)
        return expr.xreplace(self.renamed)


def node_kind(node: fx.Node) -> Kind:
    """Whether a node yields an integer, a float, a truth value or something else."""
    traced = api.example_value(node)
    if isinstance(traced, (bool, torch.SymBool)):
        return "bool"
    if isinstance(traced, (int, torch.SymInt)):
        return "int"
    return "float" if isinstance(traced, (float, torch.SymFloat)) else "other"


def symbol_kind(symbol: sympy.Symbol) -> Kind:
    """Whether a symbol stands for an integer or for a float."""
    return "int" if symbol.is_integer else "float"


def bind_symbols(
    nodes: list[fx.Node],
    position: dict[fx.Node, int],
    table: ValueTable,
    renamed: dict[sympy.Symbol, sympy.Symbol],
    lower: Callable[[Bindings, sympy.Basic], Argument],
    uses: dict[fx.Node, int],
    guards: Sequence[sympy.Basic] = (),
) -> Bindings:
    """Find a value for every symbol that placeholders and unbacked bindings mention.

    Placeholders come first (a scalar before a size before a stride), then what can be solved for, then what `guards`
    on the inputs equate with it, then the unbacked bindings in graph order. `uses`: first use of every node. `lower`
    lowers a divisor over the symbols that are bound so far.
    """
    bindings = Bindings(renamed)
    compound = bindings.compound = _bind_placeholders(nodes, position, table, bindings)
    _solve(compound, table, bindings)
    _solve_guards(guards, table, bindings)
    for node in nodes:
        declared = node.meta.get("unbacked_bindings")
        if declared:
            _bind_unbacked(node, declared, position, table, bindings, lower, uses)
    if compound:
        _solve(compound, table, bindings)
    for symbol in [s for s in bindings.leaves if s not in bindings.defined and api.is_unbacked(s)]:
        bindings.visible.append(symbol)
    return bindings


def _queries(tensor: torch.Tensor) -> Iterator[tuple[str, int | None, Any]]:
    for dim, size in enumerate(tensor.size()):
        yield "size", dim, size
    if not api.is_sparse_any(tensor):
        for dim, stride in enumerate(tensor.stride()):
            yield "stride", dim, stride
        yield "storage_offset", None, tensor.storage_offset()


_ORDER = ("scalar", "size", "stride", "storage_offset")


def _bind_placeholders(
    nodes: list[fx.Node], position: dict[fx.Node, int], table: ValueTable, bindings: Bindings
) -> list[tuple[Value, sympy.Expr]]:
    found: dict[str, list[tuple[Value, Any]]] = {kind: [] for kind in _ORDER}
    for node in nodes:
        if node.op != "placeholder":
            continue
        traced = api.example_value(node)
        slot = max(table.preamble, position[node])
        expr = bindings.first_names(api.raw_expr(traced))
        if expr is not None:
            found["scalar"].append(_number(table.opaque(node, slot, node_kind(node)), expr, table))
        elif isinstance(traced, torch.Tensor):
            base = table.opaque(node, slot, "other")
            for op, dim, size in _queries(traced):
                expr = bindings.first_names(api.raw_expr(size))
                if expr is not None:
                    args = (base,) if dim is None else (base, dim)
                    found[op].append((table.get(op, args), expr))
    compound = []
    for kind in _ORDER:
        for value, expr in found[kind]:
            if isinstance(expr, sympy.Symbol):
                bind(bindings, expr, value)
                if kind == "size":
                    bindings.dimensions.add(expr)
            elif isinstance(expr, sympy.Expr) and expr.free_symbols:
                compound.append((value, expr))
    return compound


def _number(value: Value, expr: sympy.Basic, table: ValueTable) -> tuple[Value, sympy.Basic]:
    """What an input is called in conditions: of a truth value torch makes a number, which is 1 where it holds."""
    if isinstance(expr, sympy.Eq) and isinstance(expr.lhs, sympy.Symbol) and expr.rhs == 1:
        return table.get("ite", (value, 1, 0)), expr.lhs
    return value, expr


def bind(bindings: Bindings, symbol: sympy.Symbol, value: Value) -> None:
    """Take `value` as the place to read `symbol` from, unless there is one already."""
    if symbol not in bindings.leaves:
        bindings.leaves[symbol] = value
        if value.symbol is None:
            value.symbol = symbol
            value.expr = symbol


def _solve(compound: list[tuple[Value, sympy.Expr]], table: ValueTable, bindings: Bindings) -> None:
    """Bind what appears only inside `2*s0`, `s0 + 1` or `s0*s1` with s1 known, until nothing new comes."""
    while True:
        known = len(bindings.leaves)
        for value, expr in compound:
            missing: list[Any] = [s for s in expr.free_symbols if s not in bindings.leaves]
            if len(missing) == 1:
                solved = _solve_one(value, expr, missing[0], table, bindings)
                if solved is not None:
                    bind(bindings, missing[0], solved)
        if len(bindings.leaves) == known:
            return


def _solve_guards(guards: Sequence[sympy.Basic], table: ValueTable, bindings: Bindings) -> None:
    """Bind what no input shows but a guard equates with what one does, until nothing new comes.

    A tensor subclass is traced with sizes of its own and with those of the tensors inside: which of the two names its
    conditions use is left to the ShapeEnv, and only the guard says that they are the same.
    """
    equations = [guard for guard in guards if isinstance(guard, sympy.Eq)]
    while True:
        known = len(bindings.leaves)
        for equation in equations:
            sides: tuple[Any, ...] = equation.args
            for one, other in (sides, sides[::-1]):
                if one in bindings.leaves:
                    _solve([(bindings.leaves[one], other)], table, bindings)
                    if one in bindings.dimensions and isinstance(other, sympy.Symbol):
                        bindings.dimensions.add(other)
        if len(bindings.leaves) == known:
            return


def _solve_one(
    value: Value, expr: sympy.Expr, symbol: sympy.Symbol, table: ValueTable, bindings: Bindings
) -> Value | None:
    rest, own = value, []
    for part in sympy.Add.make_args(expr):
        if symbol in part.free_symbols:
            own.append(part)
        else:
            known = _product_value(sympy.Mul.make_args(part), table, bindings)
            if known is None:
                return None
            rest = table.get("sub", (rest, known))
    factors: list[Any] = list(sympy.Mul.make_args(own[0]))
    if len(own) > 1 or symbol not in factors:
        return None
    factors.remove(symbol)
    # A factor that can be zero says nothing about the symbol: only sizes that are positive may divide.
    if not all(factor.is_Integer or factor.is_positive for factor in factors):
        return None
    divisor = _product_value(factors, table, bindings)
    if divisor is None:
        return None
    return rest if divisor == 1 else table.get("floordiv", (rest, divisor))


def _product_value(factors: Sequence[Any], table: ValueTable, bindings: Bindings) -> Argument | None:
    """The product of numbers and of symbols that are bound, None if there is anything else among them."""
    total: Argument = 1
    for factor in factors:
        value = int(factor) if factor.is_Integer else bindings.leaves.get(factor)
        if value is None:
            return None
        total = value if total == 1 else table.get("mul", (total, value))
    return total


def _bind_unbacked(
    node: fx.Node,
    declared: dict[sympy.Symbol, Any],
    position: dict[fx.Node, int],
    table: ValueTable,
    bindings: Bindings,
    lower: Callable[[Bindings, sympy.Basic], Argument],
    uses: dict[fx.Node, int],
) -> None:
    is_input = node.op == "placeholder"
    slot = max(table.preamble, position[node]) if is_input else position[node]
    deadline = NEVER if is_input else uses[node]
    for name, path in declared.items():
        symbol = bindings.renamed.get(name, name)
        bindings.producers.add(node)
        bindings.defined.setdefault(symbol)
        kind = symbol_kind(symbol)
        try:
            base = table.opaque(node, slot, "other", deadline)
            shown = _shown(node, symbol, path, base, table, bindings)
            value = shown or _follow(base, path, table, bindings, lower)
        except UnknownKeyPath as fault:
            bindings.faults[symbol] = str(fault)
            continue
        if value.kind == "other":
            value.kind = kind
        bind(bindings, symbol, value)
        if path and isinstance(path[-1], api.DivideByKey) and bindings.leaves[symbol] is value:
            # What is divided is the multiple itself: it is read as it is, not multiplied back.
            divisor = bindings.first_names(api.raw_expr(path[-1].divisor))
            factor = path[-1].divisor if divisor is None else divisor
            bindings.multiples.append((value.args[0], factor * symbol))
        if not path:
            bindings.direct[node] = value


def _shown(
    node: fx.Node, symbol: sympy.Symbol, path: Any, base: Value, table: ValueTable, bindings: Bindings
) -> Value | None:
    """What the tensor around shows of `symbol`, which a path into the tensor inside of a subclass leads to.

    The nodes of the graph ask the tensor around, and `torch.export` takes no access to an attribute.
    """
    traced = api.example_value(node)
    if not isinstance(traced, torch.Tensor) or not any(isinstance(key, api.InnerTensorKey) for key in path):
        return None
    for op, dim, size in _queries(traced):
        if bindings.first_names(api.raw_expr(size)) == symbol:
            return table.get(op, (base,) if dim is None else (base, dim))
    return None


def _follow(
    value: Value,
    path: Sequence[Any],
    table: ValueTable,
    bindings: Bindings,
    lower: Callable[[Bindings, sympy.Basic], Argument],
) -> Value:
    """Walk a key path from a node's result to the symbol, as values that can be turned into nodes."""
    keys = list(path)
    while keys:
        key = keys.pop(0)
        if isinstance(key, api.CallMethodKey):
            if keys and isinstance(keys[0], api.SequenceKey):
                op = key.name if key.name in ("size", "stride") else f"method:{key.name}"
                value = table.get(op, (value, keys.pop(0).idx))
            else:
                op = key.name if key.name == "storage_offset" else f"method:{key.name}"
                value = table.get(op, (value,))
        elif isinstance(key, api.SequenceKey):
            value = table.get("getitem", (value, key.idx))
        elif isinstance(key, api.MappingKey):
            value = table.get("getitem", (value, key.key))
        elif isinstance(key, api.ConvertIntKey):
            value.kind = "bool"  # torch makes numbers of truth values alone
            value = table.get("ite", (value, 1, 0))
        elif isinstance(key, api.DivideByKey):
            divisor: Any = key.divisor
            raw = api.raw_expr(divisor)
            if raw is not None:
                divisor = lower(bindings, bindings.first_names(raw))
            value = table.get("floordiv", (value, divisor))
        elif isinstance(key, (api.InnerTensorKey, api.GetAttrKey)):
            name = key.inner_name if isinstance(key, api.InnerTensorKey) else key.name
            value = table.get("getattr", (value, name))
        else:
            raise UnknownKeyPath(f"unknown component {key!r} in the path of an unbacked binding")
    return value
