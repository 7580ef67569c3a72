"""Where each symbol of a ShapeEnv comes from in the graph: the leaves, named as their binding declares them.

Read from the graph *before* the pass, and never through replacements: a SymInt whose symbol was
replaced by ``s0 + s1`` is still the leaf ``u0`` where ``item()`` yields it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
import torch
from torch import fx
from torch.fx.experimental.symbolic_shapes import InnerTensorKey
from torch.utils._python_dispatch import is_traceable_wrapper_subclass
from torch.utils._sympy.symbol import SymT, symbol_is_type

from properties.errors import Unsupported
from properties.read.sympy_terms import leaf_of, term_of
from properties.read.truths import is_number, truth_of
from strategies.terms import Const, Term, Var, apply

_UNBACKED = (SymT.UNBACKED_INT, SymT.UNBACKED_FLOAT)


@dataclass(frozen=True)
class TensorLeaf:
    """A tensor input: one term for each size and stride, and for the storage offset."""

    shape: tuple[Term, ...]
    stride: tuple[Term, ...]
    offset: Term
    inside: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    """The sizes of the tensors that it holds, by the names of its attributes."""


@dataclass(frozen=True)
class Bindings:
    """The leaves of one capture.

    ``placeholders``: node name -> its tensor's leaves, its scalar's term, or None where nothing is known.
    ``sources``: node name -> key path (as text) -> the symbol that it binds. ``links`` are equations between
    leaves that the inputs' metadata asserts (a stride that is the product of sizes, two sizes that share
    a symbol); they belong to the assumptions. ``undeclared`` are symbols that some node of ``sources`` yields although
    nothing says that it binds them: read as leaves, but no pass can know where they come from.
    """

    placeholders: Mapping[str, TensorLeaf | Term | None]
    sources: Mapping[str, Mapping[tuple[str, ...], str]]
    links: tuple[Term, ...]
    undeclared: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    """The names of the unbacked symbols that are inputs, or sizes of inputs."""
    renamed: Mapping[str, Term] = field(default_factory=dict)
    """Symbols of a body's inputs that stand for a leaf of a graph around it, under a name from a later tracing."""

    @property
    def bound(self) -> frozenset[str]:
        """The names of the unbacked symbols that some node of the graph binds, placeholders among them."""
        named = frozenset(symbol for paths in self.sources.values() for symbol in paths.values())
        return named - self.undeclared | self.shown


_ITEMS = frozenset({"aten._local_scalar_dense.default", "aten.item.default", "item"})
"""Calls whose result is a number that was read, whatever the metadata says."""


def _lost(node: fx.Node) -> dict[tuple[str, ...], Any]:
    """The symbols of what a call read from data, by key path: a number, or sizes that depend on data."""
    value = example_value(node)
    if str(node.target) in _ITEMS:
        expr = value.node._expr if isinstance(value, (torch.SymInt, torch.SymFloat)) else None
        return {(): expr} if isinstance(expr, sympy.Symbol) else {}
    if not isinstance(node.target, torch._ops.OpOverload) or torch.Tag.dynamic_output_shape not in node.target.tags:
        return {}
    found: dict[tuple[str, ...], Any] = {}
    results = value if isinstance(value, (list, tuple)) else (value,)
    for place, result in enumerate(results):
        for axis, size in enumerate(result.shape if isinstance(result, torch.Tensor) else ()):
            expr = size.node._expr if isinstance(size, torch.SymInt) else None
            if isinstance(expr, sympy.Symbol) and symbol_is_type(expr, _UNBACKED) and expr not in found.values():
                first = () if result is value else (str(place),)
                found[(*first, "size", str(axis))] = expr
    return found


def key_path(path: Any) -> tuple[str, ...]:
    """A key path as comparable text, e.g. ``("size", "0")``; the empty path is the value itself."""
    steps: list[str] = []
    for key in path:
        for attribute in ("name", "idx", "divisor", "inner_name", "key"):
            if hasattr(key, attribute):
                steps.append(str(getattr(key, attribute)))
                break
        else:
            steps.append(type(key).__name__)
    return tuple(steps)


def _sizes_that_are(symbol: sympy.Symbol, value: Any) -> Iterator[int]:
    """The dimensions of a wrapper whose size is ``symbol``, which a tensor inside of it binds."""
    for axis, size in enumerate(value.shape if isinstance(value, torch.Tensor) else ()):
        if isinstance(size, torch.SymInt) and size.node._expr == symbol:
            yield axis


def _inside(value: torch.Tensor) -> Iterator[tuple[str, tuple[Term, ...]]]:
    """The sizes of the tensors in a wrapper, so far as each is a number or one symbol."""
    if not is_traceable_wrapper_subclass(value):
        return
    for name in value.__tensor_flatten__()[0]:
        sizes = [size.node._expr if isinstance(size, torch.SymInt) else size for size in getattr(value, name).shape]
        if all(isinstance(size, (int, sympy.Symbol)) for size in sizes):
            yield name, tuple(leaf_of(size.name) if isinstance(size, sympy.Symbol) else Const(size) for size in sizes)


def _number_of(expr: Any) -> sympy.Symbol | None:
    """The symbol of the number that torch makes of a truth value; it is 1 where the value is true."""
    match expr:
        case sympy.Eq(args=(sympy.Symbol() as symbol, sympy.core.numbers.One())):
            return symbol
    return None


def example_value(node: fx.Node) -> Any:
    """The example value that tracing noted on ``node`` (Dynamo and the others use different keys)."""
    return node.meta.get("example_value", node.meta.get("val"))


def bindings_of(
    graph: fx.Graph,
    renamings: Mapping[sympy.Symbol, sympy.Symbol] | None = None,
    around: frozenset[str] = frozenset(),
) -> Bindings:
    """The leaves that ``graph`` declares.

    A stage that traces a graph again binds new symbols for old values and notes which is which in ``renamings``
    (``ShapeEnv.unbacked_renamings``): the first node that binds such a symbol yields the old one's leaf. So does an
    input of a body whose symbol a graph around it, with the leaves ``around``, binds under the old name.
    """
    renamed = renamings or {}
    seen: set[sympy.Symbol] = set()
    shown: set[str] = set()
    again: dict[str, Term] = {}
    links: list[Term] = []

    def leaf(value: Any, name: str) -> Term:
        if not isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool)):
            return Const(value)
        expr: Any = value.node._expr
        number = _number_of(expr)
        if number is not None:
            expr = number
        old: Any = renamed.get(expr, expr)
        if old is not expr and expr.name not in around and old.name in around:
            again[expr.name] = leaf_of(old.name)
            expr = old
        if isinstance(expr, sympy.Symbol) and expr not in seen:
            seen.add(expr)
            if symbol_is_type(expr, _UNBACKED):
                shown.add(expr.name)
            if number is None:
                return leaf_of(expr.name)
            links.extend(is_number(leaf_of(expr.name)))
            return truth_of(leaf_of(expr.name))
        if isinstance(expr, (sympy.Integer, sympy.Float, sympy.logic.boolalg.BooleanAtom)):
            return term_of(expr)
        # A leaf without a link is a free variable: less is assumed, nothing is lost.
        whole = isinstance(value, torch.SymInt)
        found = Var(name, "int" if whole else "float" if isinstance(value, torch.SymFloat) else "bool")
        if whole:
            with contextlib.suppress(Unsupported):
                links.append(apply("eq", found, term_of(expr)))
        return found

    taken: set[Any] = set()
    placeholders: dict[str, TensorLeaf | Term | None] = {}
    sources: dict[str, dict[tuple[str, ...], str]] = {}
    for node in graph.nodes:
        if node.op == "placeholder":
            value = example_value(node)
            if isinstance(value, torch.Tensor):
                shape = tuple(leaf(size, f"{node.name}.shape[{i}]") for i, size in enumerate(value.shape))
                # What is sparse or of rows that differ has no strides that say where an element lies.
                plain = value.layout == torch.strided
                strides, offset = (value.stride(), value.storage_offset()) if plain else ((), 0)
                placeholders[node.name] = TensorLeaf(
                    shape,
                    tuple(leaf(step, f"{node.name}.stride[{i}]") for i, step in enumerate(strides)),
                    leaf(offset, f"{node.name}.offset"),
                    dict(_inside(value)),
                )
            elif isinstance(value, (torch.SymInt, torch.SymFloat, torch.SymBool, int, bool, float)):
                placeholders[node.name] = leaf(value, node.name)
            else:
                placeholders[node.name] = None
        bound = node.meta.get("unbacked_bindings")
        if bound:
            paths = sources[node.name] = {}
            for symbol, path in bound.items():
                old: Any = renamed.get(symbol, symbol)
                chosen: Any = symbol if old in taken else old
                taken.add(chosen)
                steps = key_path(path)
                paths[steps] = chosen.name
                if path and isinstance(path[0], InnerTensorKey):
                    own = _sizes_that_are(symbol, example_value(node))
                    paths |= {("size", str(axis)): chosen.name for axis in own}
    declared = {symbol for paths in sources.values() for symbol in paths.values()}
    undeclared: set[str] = set()
    for node in graph.nodes:
        for path, symbol in _lost(node).items() if node.name not in sources else ():
            # Read again, or in a body from which torch lost the binding when it traced it anew.
            found: Any = renamed.get(symbol, symbol)
            name = found.name
            if path and name in declared | shown:
                continue
            sources.setdefault(node.name, {})[path] = name
            undeclared |= {name} - declared
    return Bindings(placeholders, sources, tuple(links), frozenset(undeclared), frozenset(shown), again)
