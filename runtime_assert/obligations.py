"""Collects what the ShapeEnv obliges a graph to check, in the order in which it is to be asserted."""

from __future__ import annotations

from typing import Any

import sympy
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.bindings import Bindings
from runtime_assert.claims import Claim


def collect(env: api.ShapeEnv, bindings: Bindings, constraints: list[fx.Node], branch: bool) -> list[Claim]:
    """All obligations: ranges of the unbacked symbols that the graph binds, deferred asserts, replacements of
    unbacked symbols, and the `sym_constrain_range` calls that the pass takes out of the graph.

    In a branch of a larger graph, symbols that merely come in through its inputs are the larger graph's to
    check: only what mentions a symbol that is made here is collected (issues 165912, 165893).
    """
    ranges = _ranges(env, bindings, branch)
    claims = [*ranges.values(), *_constraints(constraints)]
    owned = bindings.defined.keys() if branch else None
    for assertions in env.deferred_runtime_asserts.values():
        for assertion in assertions:
            expr = bindings.first_names(assertion.expr)
            claim = Claim("deferred", expr, assertion=assertion)
            claims.append(claim)
            stated = _as_bound(expr)
            if stated in ranges and ranges[stated].status is None:
                # The check knows its words and its line, the range it left behind does not.
                bound = ranges[stated]
                bound.status, bound.by, bound.reason = "merged", claim, "the same condition"
    for symbol, replacement in env.replacements.items():
        if api.is_unbacked(symbol):
            claim = _replacement(bindings.first_names(symbol), bindings.first_names(replacement))
            if claim is not None:
                claims.append(claim)
    if owned is not None:
        for claim in claims:
            if claim.expr is not None and not (claim.expr.free_symbols & owned):
                claim.status, claim.reason = "elsewhere", "it belongs to the enclosing graph"
    return claims


Bound = tuple[sympy.Basic, str, float]


def _as_bound(expr: sympy.Basic) -> Bound | None:
    """Symbol, direction and limit of a bound of one integer symbol, in the form in which the ShapeEnv keeps it."""
    if type(expr) is not sympy.LessThan:
        return None
    left, right = expr.args
    if type(left) is sympy.Symbol and isinstance(right, sympy.Integer):
        return left, "le", int(right)
    if type(right) is sympy.Symbol and isinstance(left, sympy.Integer):
        return right, "ge", int(left)
    return None


def _ranges(env: api.ShapeEnv, bindings: Bindings, branch: bool) -> dict[Bound, Claim]:
    """The bounds that ranges state, of every symbol under its first name.

    Not under the names that a retrace gave it: what is learned of those, the range of the first takes in when it is
    renamed, and later they take over what tracing assumes of an input that replaced them, which nobody checked.
    Expression and condition are made when they are lowered, because most repeat a check.
    """
    claims: dict[Bound, Claim] = {}
    for symbol in bindings.defined if branch else (*bindings.defined, *bindings.visible):
        lower, upper = (api.finite_int_bounds if symbol.is_integer else api.finite_float_bounds)(env, symbol)
        if lower is not None:
            claims[symbol, "ge", lower] = Claim("range", None, condition=("ge", lower), symbol=symbol)
        if upper is not None:
            claims[symbol, "le", upper] = Claim("range", None, condition=("le", upper), symbol=symbol)
    return claims


def _replacement(symbol: Any, replacement: Any) -> Claim | None:
    if symbol == replacement:
        return None
    return Claim("replacement", sympy.Eq(replacement, symbol, evaluate=False), symbol=symbol)


def _constraints(nodes: list[fx.Node]) -> list[Claim]:
    """The bounds that a `sym_constrain_range` call states; their condition is filled in from the node."""
    claims = []
    for node in nodes:
        lower, upper = (*node.args[1:], None, None)[:2]
        lower, upper = node.kwargs.get("min", lower), node.kwargs.get("max", upper)
        if lower is None and node.target is api.CONSTRAIN_RANGE_FOR_SIZE:
            lower = 0
        for op, bound in (("ge", lower), ("le", upper)):
            if bound is not None:
                claims.append(Claim("constraint", None, condition=(op, node, bound), node=node))
    return claims
