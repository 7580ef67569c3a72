"""Habits of other tracers that change what the inputs say, which nodes bind what, or what the ShapeEnv knows.

The graph that they leave is legal but no longer the Program's: a pass has to leave a legal graph of it in turn.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from typing import Any

import sympy
import torch
from torch import fx
from torch.fx.experimental.sym_node import SymNode
from torch.fx.experimental.symbolic_shapes import CallMethodKey, ConvertIntKey, DivideByKey, InnerTensorKey, ShapeEnv
from torch.utils._pytree import GetAttrKey, MappingKey, SequenceKey

from properties.capture.respelling import FAITHFUL, SYMBOLIC, Respelling, checks, symbolic, value_of


def _checks_at_the_end(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    last = next(iter(reversed(module.graph.nodes)))
    for node in checks(module):
        if chance.random() < 0.5:
            last.prepend(node)


class _UnheardOf:
    """A component of a key path that no pass of today knows."""

    def __repr__(self) -> str:
        return "<a component of tomorrow>"


def _other_paths(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Bindings by other ways to the same number: through an attribute, by another method, as of a mapping."""
    for node in module.graph.nodes:
        bound = node.meta.get("unbacked_bindings")
        for symbol, path in list(bound.items()) if bound else ():
            if path and isinstance(path[0], CallMethodKey):
                ways = [(InnerTensorKey("data"), *path), (GetAttrKey("data"), *path)]
                if len(getattr(value_of(node), "shape", ())) == 1 and len(path) > 1 and path[0].name == "size":
                    ways += [(CallMethodKey("numel"), *path[2:])] * 2 + [(CallMethodKey("__len__"), *path[2:])]
                node.meta["unbacked_bindings"] = {**node.meta["unbacked_bindings"], symbol: chance.choice(ways)}
            elif path and isinstance(path[0], SequenceKey):
                way = (MappingKey(path[0].idx), *path[1:])
                node.meta["unbacked_bindings"] = {**node.meta["unbacked_bindings"], symbol: way}


def _unused_inputs(module: fx.GraphModule) -> list[fx.Node]:
    inputs = module.graph.find_nodes(op="placeholder")
    return [node for node in inputs if not node.users and isinstance(value_of(node), torch.SymInt)]


def _restated(expr: Any, others: Sequence[Any], chance: random.Random) -> Any:
    """An expression from which the symbol ``expr`` follows, if the others are known, or does not."""
    forms = [2 * expr, expr + 1, 2 * expr - 3, 3 - expr, expr * expr, sympy.Mod(expr, 5), expr + sympy.Mod(expr, 3)]
    for other in others:
        forms += [expr * other, expr + other, 2 * expr + 3 * other, expr * (other - 1), 2 * expr * other + other]
        forms += [expr + sympy.floor(other / 2), expr + other * sympy.floor(other / 2), expr * sympy.Mod(other, 4)]
    return chance.choice(forms)


def _inputs_restated(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """An input shows a dim only within an expression, as derived Dims do, or a dim is left that no input shows."""
    unused = _unused_inputs(module)
    expressions = {node: value_of(node).node._expr for node in unused}
    for node, expr in expressions.items():
        if not isinstance(expr, sympy.Symbol):
            continue
        others = [other for other in expressions.values() if other is not expr and isinstance(other, sympy.Symbol)]
        hint = value_of(node).node.hint if value_of(node).node.has_hint() else None
        new = torch.SymInt(SymNode(_restated(expr, others, chance), env, int, hint))
        for key in ("val", "example_value"):
            if key in node.meta:
                node.meta[key] = new


def _inputs_specialised(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """An input that nothing uses is gone, because its symbol was found to be a constant, or another's (153650)."""
    unused = [n for n in _unused_inputs(module) if isinstance(value_of(n).node._expr, sympy.Symbol)]
    kept = [value_of(n).node._expr for n in unused]
    for node in unused:
        if len(kept) == 1 or chance.random() < 0.5:
            continue
        symbol = value_of(node).node._expr
        kept.remove(symbol)
        constant = sympy.Integer(value_of(node).node.hint) if value_of(node).node.has_hint() else sympy.Integer(4)
        other = chance.choice(kept)
        # Replacements never go in a circle.
        with_what = chance.choice((constant, constant if other in env.replacements else other, None))
        if with_what is not None:
            env.replacements[symbol] = with_what
        module.graph.erase_node(node)


def _bindings_lost(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """A node that yields an unbacked symbol no longer says so, as after decompositions in branches."""
    for node in module.graph.nodes:
        if node.meta.get("unbacked_bindings") and chance.random() < 0.4:
            del node.meta["unbacked_bindings"]


def _sources_gone(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """A value that only checks use was thrown away with them before the pass came."""
    for node in list(module.graph.nodes):
        if not node.meta.get("unbacked_bindings") or any(user.op != "output" for user in node.users):
            continue
        if chance.random() < 0.4:
            for user in list(node.users):
                user.args = fx.map_arg(user.args, lambda used, gone=node: None if used is gone else used)
            module.graph.erase_node(node)


def _multiples_read(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """An item is a multiple of what is bound, by a number or by a dim."""
    dims = [value_of(n) for n in module.graph.find_nodes(op="placeholder") if isinstance(value_of(n), torch.SymInt)]
    for node in symbolic(module):
        bound = node.meta.get("unbacked_bindings") or {}
        unused = all(user.op == "output" for user in node.users)
        if list(bound.values()) == [()] and isinstance(value_of(node), torch.SymInt) and unused:
            (symbol,) = bound
            divisor = chance.choice((2, *dims))
            node.meta["unbacked_bindings"] = {symbol: (DivideByKey(divisor),)}
            node.meta["val"] = torch.SymInt(
                SymNode(symbol * (divisor if isinstance(divisor, int) else divisor.node._expr), env, int, None)
            )


def _truths_read(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """An item is a truth value, which stands for the number that is bound: the item of a tensor of them."""
    for node in symbolic(module):
        bound = node.meta.get("unbacked_bindings") or {}
        unused = all(user.op == "output" for user in node.users)
        if list(bound.values()) == [()] and isinstance(value_of(node), torch.SymInt) and unused:
            (symbol,) = bound
            node.meta["unbacked_bindings"] = {symbol: (ConvertIntKey(),)}
            node.meta["val"] = torch.SymBool(SymNode(sympy.Eq(symbol, 1), env, bool, None))


def _bound_under_two_names(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """A number is bound to the symbol of a later one as well, as by a trace that found the two to be the same."""
    binding = [node for node in symbolic(module) if node.meta.get("unbacked_bindings")]
    for node, later in itertools.pairwise(binding):
        (path, *_), others = node.meta["unbacked_bindings"].values(), later.meta["unbacked_bindings"]
        node.meta["unbacked_bindings"] = {**node.meta["unbacked_bindings"], **dict.fromkeys(others, path)}


def _paths_unheard_of(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    for node in module.graph.nodes:
        bound = node.meta.get("unbacked_bindings")
        if bound and chance.random() < 0.5:
            node.meta["unbacked_bindings"] = {symbol: (_UnheardOf(),) for symbol in bound}


def _a_sparse_input(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """An input that nothing uses is sparse: it has sizes, and neither strides nor an offset."""
    unused = [
        n for n in module.graph.find_nodes(op="placeholder") if not n.users and not isinstance(value_of(n), SYMBOLIC)
    ]
    if unused:
        key = "example_value" if "example_value" in unused[0].meta else "val"
        unused[0].meta[key] = torch.empty(2, 3, layout=torch.sparse_coo)


def _no_values(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """A graph from `fx.symbolic_trace`, which notes no values."""
    for node in module.graph.nodes:
        node.meta.clear()


def _hooks_of_others(module: fx.GraphModule, env: ShapeEnv, chance: random.Random) -> None:
    """Somebody watches which nodes are made."""
    seen: list[str] = []
    module._register_create_node_hook(lambda node: seen.append(node.name))


FOREIGN: Mapping[str, Respelling] = {
    **FAITHFUL,
    "checks at the end": _checks_at_the_end,
    "other paths": _other_paths,
    "inputs restated": _inputs_restated,
    "inputs specialised": _inputs_specialised,
    "bindings lost": _bindings_lost,
    "sources gone": _sources_gone,
    "multiples read": _multiples_read,
    "truths read": _truths_read,
    "bound under two names": _bound_under_two_names,
    "paths unheard of": _paths_unheard_of,
    "a sparse input": _a_sparse_input,
    "no values": _no_values,
    "hooks of others": _hooks_of_others,
}
"""What may also change what the inputs say, which nodes bind what, and what the ShapeEnv knows."""
