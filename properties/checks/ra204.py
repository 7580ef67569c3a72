"""RA204 keeps bindings: every unbacked symbol that the graph bound is bound by the same kind of node at the same path.

## What it guarantees
Each node that bound unbacked symbols before the pass is there afterwards with the same bindings, or another node that
calls the same operator has taken them over.

## Why it matters
A symbol whose binding is gone is undefined for every later stage: values fail to be computed, and its constraints can
no longer be asserted (pytorch/pytorch issues 119689, 151879, pulls 121079, 138136).

## How it is decided
By comparing the symbols, their key paths and the targets of the nodes that bind them.

## What it cannot see
Bindings in submodules.
"""

from __future__ import annotations

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.read.bindings import key_path
from properties.read.targets import target_name
from properties.verdict import PROVED, Verdict

Bindings = dict[str, tuple[str, tuple[str, ...]]]
"""By symbol: the target of the node that binds it, and the key path."""


def check(case: Case) -> Verdict:
    """Whether the graph that ``case``'s subject left binds what it bound before."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    before, after = bound(case.capture.graph.graph), bound(case.after.graph)
    for symbol, binding in before.items():
        if after.get(symbol) == binding:
            continue
        kind = "gone" if symbol not in after else "changed"
        detail = f"{symbol} was bound by {_text(binding)}, is {_text(after[symbol]) if symbol in after else 'unbound'}"
        witness = case.run(case.capture.example())
        return refuted(case, "unbound", None, witness, skeleton=kind, detail=detail)
    return PROVED


def bound(graph: fx.Graph) -> Bindings:
    """The unbacked symbols that ``graph`` binds; of several nodes that bind one the first counts."""
    found: Bindings = {}
    for node in graph.nodes:
        for symbol, path in (node.meta.get("unbacked_bindings") or {}).items():
            found.setdefault(str(symbol), (target_name(node.target), key_path(path)))
    return found


def _text(binding: tuple[str, tuple[str, ...]]) -> str:
    target, path = binding
    return f"{target} at {'.'.join(path) or 'its value'}"
