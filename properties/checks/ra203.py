"""RA203 keeps metadata: new nodes carry a right example value and say where they come from, old ones lose nothing.

## What it guarantees
Every node that the pass added and that yields a value has an example value under the key that the graph uses, of the
kind of what the node yields, and equal to it on the example input. A new node that reads an operator's value with a
stack trace (or a module stack, or the note of an annotated region) has one too. Nodes that the graph had keep theirs.

## Why it matters
Later stages look the values up and fail far away without them; export's verifier demands module stacks, and error
messages stack traces (pytorch/pytorch pulls 125414, 124696, 169497).

## How it is decided
By running the graph node by node on the example input and comparing each new node's value with its metadata.

## What it cannot see
Values that agree on the example input alone. Metadata of nodes whose expression it cannot read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import node_values
from properties.errors import Unsupported
from properties.read.sympy_terms import term_of
from properties.read.targets import is_assert
from properties.verdict import PROVED, Verdict
from strategies.evaluate import evaluate
from strategies.terms import Undefined, Valuation

KEYS = ("val", "example_value")
_TRACES = ("stack_trace", "nn_module_stack", "custom")
_CALLS = ("call_function", "call_method")


def check(case: Case) -> Verdict:
    """Whether the metadata of the graph that ``case``'s subject left is complete and right."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    before = {node.name: node for node in case.capture.graph.graph.nodes}
    after = list(case.after.graph.nodes)
    new = [node for node in after if node.op in _CALLS and not _same(node, before.get(node.name))]
    fault = (
        _lost((before[node.name], node) for node in after if _same(node, before.get(node.name)))
        or _untraced(new, before)
        or _wrong_value(case, new, _key(before.values()))
    )
    if fault is None:
        return PROVED
    kind, detail = fault
    witness = case.run(case.capture.example())
    return refuted(case, "metadata", None, witness, skeleton=kind, detail=detail)


def _same(node: fx.Node, old: fx.Node | None) -> bool:
    """Whether ``node`` is the copy of ``old``: a pass may give a freed name to a node of its own."""
    return old is not None and old.op == node.op and old.target == node.target


def _key(nodes: Any) -> str:
    """The key under which the graph keeps example values."""
    counts = {key: sum(key in node.meta for node in nodes) for key in KEYS}
    return max(KEYS, key=lambda key: counts[key])


def _lost(pairs: Any) -> tuple[str, str] | None:
    for old, node in pairs:
        for key, value in old.meta.items():
            if key not in node.meta:
                return f"lost {key}", f"{node.name} has no {key} any more"
            if node.meta[key] is not value and _text(node.meta[key]) != _text(value):
                return f"changed {key}", f"{node.name}: {key} was {_text(value)}, is {_text(node.meta[key])}"
    return None


def _text(value: Any) -> str:
    # By the symbol itself: a SymInt prints as what its symbol was replaced by.
    return str(value.node._expr) if isinstance(value, (torch.SymInt, torch.SymBool, torch.SymFloat)) else str(value)


def _untraced(new: list[fx.Node], before: Mapping[str, fx.Node]) -> tuple[str, str] | None:
    """A new node without a trace or a note, though all that it is computed from comes from nodes that have one.

    What stands for a line that was there, as a check outside of the child module that computed its operands, has what
    the line had.
    """
    lines: dict[str, set[str]] = {}
    for node in before.values():
        if node.op in _CALLS and (line := node.meta.get("stack_trace")):
            lines[line] = lines.get(line, set(_TRACES)) & _traces(node)
    has: dict[fx.Node, set[str]] = {}
    for node in new:
        origins = [has.get(source) or _traces(source) for source in node.all_input_nodes if source.op in _CALLS]
        expected = set.union(*origins) if origins else set()
        expected &= lines.get(node.meta.get("stack_trace", ""), expected)
        has[node] = expected
        for key in sorted(expected):
            if not node.meta.get(key):
                return f"no {key}", f"{node.name} has no {key}, what it reads has one"
    return None


def _traces(node: fx.Node) -> set[str]:
    return {key for key in _TRACES if node.meta.get(key)}


def _wrong_value(case: Case, new: list[fx.Node], key: str) -> tuple[str, str] | None:
    assert case.after is not None
    valued = [node for node in new if not is_assert(node)]
    for node in valued:
        if node.meta.get(key) is None:
            return f"no {key}", f"{node.name} has no {key}"
    if not valued:
        return None
    program_values = case.capture.example()
    leaves = case.facts.valuation(program_values)
    values = node_values(case.after, case.capture.arguments(program_values))
    asked, odd = set(valued), set[fx.Node]()
    for node in case.after.graph.nodes:
        noted = node.meta.get(key)
        if node not in values or noted is None:
            continue
        found = _mismatch(noted, values[node], leaves)
        # What tracing noted wrongly (a bool that it took for a number) makes new nodes no better.
        if not odd.isdisjoint(node.all_input_nodes) or (found and node not in asked):
            odd.add(node)
        elif found:
            return f"wrong {key}", f"{node.name}: {key} {found}, the node yields {values[node]!r}"
    return None


def _mismatch(noted: Any, value: Any, leaves: Valuation) -> str:
    """What is wrong with the example value ``noted`` of a node that yields ``value``; empty if nothing is."""
    for kinds in (
        (torch.SymBool, bool),
        (torch.SymFloat, float),
        (torch.SymInt, int),
        (torch.Tensor,),
        (tuple, list),
    ):
        if isinstance(value, kinds):
            # A bool is an int in Python, and is none here.
            if not isinstance(noted, kinds) or (isinstance(noted, bool) and not isinstance(value, bool)):
                return f"is a {type(noted).__name__}"
            break
    if isinstance(noted, (torch.SymBool, torch.SymInt)):
        with contextlib.suppress(Unsupported, KeyError, Undefined):
            expected = evaluate(term_of(noted.node._expr), leaves)
            if expected != value:
                return f"{noted.node._expr} is {expected}"
    elif isinstance(noted, (bool, int)) and noted != value:
        return f"is {noted!r}"
    return ""
