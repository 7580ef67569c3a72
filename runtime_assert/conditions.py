"""Gives every claim its condition over the graph's values, or the reason why it has none here."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

import sympy
import torch
from torch import fx

from runtime_assert import _torch_api as api
from runtime_assert.bindings import Bindings
from runtime_assert.claims import Claim
from runtime_assert.intervals import Interval
from runtime_assert.lowering import Lowering, NotLowerable, UnboundSymbol
from runtime_assert.normal import Constant, relation
from runtime_assert.polynomials import Monomial
from runtime_assert.reading import Reading
from runtime_assert.values import NEVER, Argument, Value


def read_checks(reading: Reading) -> list[Claim]:
    """The asserts that the graph has, as claims; `late` are those behind a use of what they protect."""
    claims = []
    for check in reading.checks:
        claim = Claim("check", None, check.condition, node=check.node, user=check.user)
        _place(claim, reading)
        claim.late = _is_late(claim, check.position, reading)
        claims.append(claim)
    return claims


def _place(claim: Claim, reading: Reading) -> None:
    condition = claim.condition
    claim.relation = relation(condition)
    claim.slot, claim.deadline = reading.preamble, NEVER
    if isinstance(condition, Value):
        claim.slot, claim.deadline = condition.slot, condition.deadline
    if claim.deadline == NEVER:
        claim.deadline = claim.slot + 1


def _is_late(claim: Claim, position: int, reading: Reading) -> bool:
    condition = claim.condition
    if not isinstance(condition, Value):
        return False
    between = reading.busy[position] - reading.busy[claim.slot + 1]
    return between > 0 and (condition.deadline == NEVER or condition.deadline < position)


def resolve(
    gm: fx.GraphModule,
    env: api.ShapeEnv,
    claims: list[Claim],
    bindings: Bindings,
    lowering: Lowering,
    reading: Reading,
    branch: bool,
) -> None:
    """Lower every claim's condition; those that cannot be get the status `elsewhere` or `unplaceable`."""
    unbound: list[tuple[Claim, sympy.Basic]] = []
    for claim in claims:
        if claim.status is not None:
            continue
        try:
            claim.condition = _condition(claim, env, lowering, reading)
        except UnboundSymbol as fault:
            unbound.append((claim, fault.symbol))
        except (NotLowerable, ZeroDivisionError) as fault:
            claim.status, claim.reason = "unplaceable", str(fault)
        else:
            _place(claim, reading)
    if unbound:
        scene = _look_around(gm, bindings, reading, branch)
        for claim, symbol in unbound:
            if not _is_left_over(claim, env, bindings, lowering, scene):
                _explain(claim, symbol, bindings, scene)


def _condition(claim: Claim, env: api.ShapeEnv, lowering: Lowering, reading: Reading) -> Argument:
    if claim.source == "range":
        return _range(claim, lowering)
    if claim.source == "constraint":
        return _constraint(claim, lowering, reading)
    assert claim.expr is not None
    try:
        return lowering.lower(claim.expr)
    except UnboundSymbol:
        return lowering.lower(_specialised(claim.expr, env, lowering))


def _range(claim: Claim, lowering: Lowering) -> Argument:
    op, bound = claim.condition
    assert claim.symbol is not None
    # As it stands: three times as fast as asking sympy not to evaluate it.
    claim.expr = sympy.Basic.__new__(sympy.Ge if op == "ge" else sympy.Le, claim.symbol, sympy.sympify(bound))
    leaf = lowering.leaves.get(claim.symbol)
    if leaf is None:
        raise UnboundSymbol(claim.symbol)
    value = lowering.table.get(op, (leaf, bound))
    if value.expr is None:
        value.expr = claim.expr
    return value


def _constraint(claim: Claim, lowering: Lowering, reading: Reading) -> Argument:
    op, node, bound = claim.condition
    value: Any = node.args[0] if node.args else node.kwargs.get("size")
    if isinstance(value, fx.Node):
        found = reading.values.get(value)
        if found is None:
            raise NotLowerable(f"{node} constrains {value}, which has no known value")
        return lowering.table.get(op, (found, bound))
    return value >= bound if op == "ge" else value <= bound


def _specialised(expr: sympy.Basic, env: api.ShapeEnv, lowering: Lowering) -> sympy.Basic:
    """Put in what input symbols were specialised to, where the input itself is gone (issue 153650)."""
    found: dict[Any, Any] = {}
    for symbol in expr.free_symbols:
        seen: Any = symbol
        while seen not in lowering.leaves and not api.is_unbacked(seen) and env.replacements.get(seen, seen) != seen:
            seen = found[symbol] = env.replacements[seen]
    return expr.xreplace(found)


def _is_left_over(claim: Claim, env: api.ShapeEnv, bindings: Bindings, lowering: Lowering, scene: _Scene) -> bool:
    """Whether a claim on a symbol that an earlier trace left behind says nothing once the symbol's
    replacement is put in: no node computes the symbol any more, so there is nothing left to check."""
    assert claim.expr is not None
    expr = _specialised(claim.expr, env, lowering)
    found: dict[Any, Any] = {}
    unbound: Any = expr.free_symbols - bindings.leaves.keys()
    for symbol in unbound:
        replacement = env.replacements.get(symbol)
        if replacement is None or symbol in scene.mentioned:
            return False
        found[symbol] = bindings.first_names(replacement)
    try:
        condition = lowering.lower(expr.xreplace(found))
    except (UnboundSymbol, NotLowerable, ZeroDivisionError):
        return False
    if relation(condition) != Constant(True):
        return False
    names = ", ".join(sorted(map(str, found)))
    claim.status, claim.reason = "elsewhere", f"no node of this graph computes {names}"
    return True


@dataclass(frozen=True, slots=True)
class _Scene:
    """What surrounds an unbound symbol: what bodies of operators make, what values of this graph mention."""

    branch: bool
    has_bodies: bool
    made_in_bodies: set[sympy.Symbol]
    mentioned: set[sympy.Symbol]


def _look_around(gm: fx.GraphModule, bindings: Bindings, reading: Reading, branch: bool) -> _Scene:
    made: set[sympy.Symbol] = set()
    bodies = [m for m in gm.modules() if m is not gm and isinstance(m, fx.GraphModule)]
    for body in bodies:
        for node in body.graph.nodes:
            made.update(bindings.first_names(s) for s in node.meta.get("unbacked_bindings") or ())
    mentioned: set[sympy.Symbol] = set()
    for node in reading.position:
        traced = api.example_value(node)
        parts = traced.shape if isinstance(traced, torch.Tensor) else (traced,)
        for part in parts:
            expr = api.raw_expr(part)
            if expr is not None:
                mentioned.update(bindings.first_names(s) for s in expr.free_symbols)
    return _Scene(branch, bool(bodies), made, mentioned)


def _explain(claim: Claim, symbol: Any, bindings: Bindings, scene: _Scene) -> None:
    """Tell an obligation that this graph fails to check from one that is not this graph's.

    Tracing leaves symbols behind that no graph computes (a body is traced more than once, values are made and
    thrown away), so next to bodies of operators an unbound symbol is a loss only if a value here mentions it.
    """
    assert claim.expr is not None
    free = claim.expr.free_symbols
    unknown = api.is_unbacked(symbol) and symbol not in scene.mentioned
    fault = bindings.faults.get(symbol)
    if fault is not None:
        claim.status, claim.reason = "unplaceable", f"{symbol}: {fault}"
    elif symbol in scene.made_in_bodies:
        claim.status, claim.reason = "elsewhere", f"{symbol} is made in the body of an operator"
    elif scene.branch and not free & bindings.defined.keys():
        claim.status, claim.reason = "elsewhere", f"{symbol} belongs to the enclosing graph"
    elif unknown and (scene.has_bodies or scene.branch or claim.source == "replacement"):
        claim.status, claim.reason = "elsewhere", f"no node of this graph computes {symbol}"
    elif unknown:
        claim.status, claim.reason = "unplaceable", f"no node of this graph computes {symbol}"
    elif api.is_unbacked(symbol):
        claim.status, claim.reason = "unplaceable", f"{symbol} is used, but no node declares that it binds it"
    else:
        claim.status, claim.reason = "unplaceable", f"no input of this graph has {symbol} as a size"


def assume(env: api.ShapeEnv, lowering: Lowering) -> list[Claim]:
    """What the guards on the inputs ensure before the graph runs."""
    claims = []
    for guard in env.guards:
        if any(api.is_unbacked(symbol) for symbol in guard.expr.free_symbols):
            continue
        try:
            condition = lowering.lower(guard.expr)
        except (UnboundSymbol, NotLowerable, ZeroDivisionError):
            continue
        claim = Claim("assumption", guard.expr, condition, relation(condition))
        if not isinstance(claim.relation, Constant):
            claims.append(claim)
    return claims


def assumed_ranges(env: api.ShapeEnv, bindings: Bindings) -> dict[Monomial, Interval]:
    """What holds for the sizes of the inputs: none is negative, and 0 and 1 are specialised.

    The ranges of backed symbols say more, but are no assumption. What guards contributed to them is in the
    guards; the rest comes from the very checks that are to be asserted: `u0 <= 0` and `u0 == s0 - 3` narrow s0
    to at most 3, which nothing but these two checks makes sure of.
    """
    ranges: dict[Monomial, Interval] = {}
    specialised = api.specialises_zero_one(env)
    for symbol in bindings.dimensions:
        lower: int | None = 0
        if specialised and not api.is_unbacked(symbol):
            lower, _ = api.finite_int_bounds(env, symbol)
            lower = min(max(lower or 0, 0), 2)
        ranges[(bindings.leaves[symbol],)] = (lower, inf)
    return ranges
