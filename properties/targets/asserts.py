"""Each runtime assert of a guarded graph: what it protects, where that comes from, and whether it is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import fx

from properties.case import Case
from properties.checks.placement import computes, ready_at, unaliased
from properties.errors import Unsupported
from properties.read.graph import Emitted
from properties.read.sympy_terms import term_of
from properties.solver import solve
from properties.solver.normal import Known, normal
from strategies.source import render_term
from strategies.terms import TRUE, Term, conjuncts, variables

_TORCH = os.path.dirname(torch.__file__)
_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_SOLVED = 64
"""Up to how many asserts the solver is asked whether one follows from the others."""


class Names(dict[str, str]):
    """A leaf without a name of its own prints as itself."""

    def __missing__(self, key: str) -> str:
        return key


def assert_rows(case: Case, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each assert after the pass, in order.

    ``state`` is ``needed``, ``vacuous`` (true for all values), ``duplicate`` (an earlier assert says the same),
    ``implied`` (it follows from the guards and the other asserts), ``late`` (an operator stands between its values and
    it) or ``unread``. ``protects`` are the constraints that it stands for, as they were recorded.
    """
    if case.after is None:
        return []
    plain = unaliased(case.facts)
    said = Names(names)
    places = _Places(case)
    before = {node.name for node in case.capture.graph.graph.nodes}
    states = _states(case)
    rows = []
    for emitted, (state, why) in zip(case.emitted, states, strict=True):
        form = None if emitted.term is None else normal(plain(emitted.term))
        recorded = [item for item in case.facts.obligations if form is not None and form in _forms(plain(item.term))]
        rows.append(
            {
                "node": emitted.node,
                "condition": render_term(emitted.term, said) if emitted.term is not None else f"? {emitted.reason}",
                "state": state,
                "why": why,
                "by": "the code" if emitted.node in before else "the pass",
                "protects": list(dict.fromkeys(f"{item.origin}: {_said(item.text, said)}" for item in recorded)),
                "leaves": sorted(said[name] for name in variables(emitted.term)) if emitted.term is not None else [],
                "source": places.of(emitted, form),
                "message": emitted.message,
            }
        )
    return rows


def unchecked_rows(case: Case, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The recorded constraints that no assert of the graph checks, with the reason."""
    said = Names(names)
    facts = case.facts
    rows = [
        {
            "condition": render_term(item.term, said),
            "origin": item.origin,
            "why": "nothing in this graph yields its value",
        }
        for item in facts.unplaceable
    ]
    rows += [{"condition": text, "origin": "unread", "why": "this tool cannot read it"} for text in facts.unread]
    if case.after is None:
        return rows
    given = (*facts.assumptions, *case.emitted_terms)
    known = Known(given)
    seen: set[Term] = set()
    plain = unaliased(facts)
    for item in facts.obligations:
        for part in conjuncts(item.term):
            form = normal(plain(part))
            if form in seen or known.implies(part):
                continue
            seen.add(form)
            status = solve(given, (part,)).status
            if status != "unsat":
                why = "no assert implies it" if status == "sat" else "it is not known whether the asserts imply it"
                rows.append({"condition": render_term(part, said), "origin": item.origin, "why": why})
    return rows


def _forms(term: Term) -> set[Term]:
    return {normal(part) for part in (term, *conjuncts(term))}


def _said(text: str, names: Mapping[str, str]) -> str:
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda match: names[match[0]], text)


def _states(case: Case) -> list[tuple[str, str]]:
    plain = unaliased(case.facts)
    late = _late(case)
    earlier: dict[Term, str] = {}
    found: list[tuple[str, str]] = []
    usable = [(item, item.term) for item in case.emitted if item.term is not None]
    for emitted in case.emitted:
        if emitted.term is None:
            found.append(("unread", emitted.reason))
            continue
        form = normal(plain(emitted.term))
        if form == TRUE:
            found.append(("vacuous", "it holds for all values"))
            continue
        if form in earlier:
            found.append(("duplicate", f"{earlier[form]} says the same"))
            continue
        earlier[form] = emitted.node
        others = [term for item, term in usable if item is not emitted and normal(plain(term)) != form]
        if len(usable) <= _SOLVED and _follows(case, others, emitted.term):
            found.append(("implied", "it follows from the guards and the other asserts"))
        elif emitted.node in late:
            found.append(("late", f"{late[emitted.node]} runs before it"))
        else:
            found.append(("needed", ""))
    return found


def _follows(case: Case, others: list[Term], term: Term) -> bool:
    given = (*case.facts.assumptions, *others)
    return Known(given).implies(term) or solve(given, (term,)).status == "unsat"


def _late(case: Case) -> dict[str, str]:
    """By assert: the first operator between the values that it needs and its place."""
    assert case.after is not None
    nodes = list(case.after.graph.nodes)
    ready = ready_at(case.after.graph, case.facts.bindings)
    sources = case.facts.bindings.sources
    computing = [i for i, node in enumerate(nodes) if computes(node) and () not in sources.get(node.name, {})]
    found = {}
    for emitted in case.emitted:
        if emitted.term is None or not variables(emitted.term) <= ready.keys():
            continue
        start = max((ready[leaf] for leaf in variables(emitted.term)), default=0)
        first = next((index for index in computing if start < index < emitted.index), None)
        if first is not None:
            found[emitted.node] = nodes[first].name
    return found


class _Places:
    """Where in the user's source an assert comes from."""

    def __init__(self, case: Case) -> None:
        self.case = case
        plain = unaliased(case.facts)
        self.checks: dict[Term, str] = {}
        for asserts in case.capture.shape_env.deferred_runtime_asserts.values():
            for item in asserts:
                try:
                    form = normal(plain(term_of(item.expr)))
                except Unsupported:
                    continue
                frames = item.stack.summary() if item.stack is not None else ()
                place = _outside((frame.filename, frame.lineno) for frame in frames)
                if place:
                    self.checks.setdefault(form, place)
        self.readers: dict[str, str] = {}
        for node in case.capture.graph.graph.nodes:
            for leaf in case.facts.bindings.sources.get(node.name, {}).values():
                self.readers[leaf] = stack_place(node)
        assert case.after is not None
        self.nodes = {node.name: node for node in case.after.graph.nodes}

    def of(self, emitted: Emitted, form: Term | None) -> str:
        """``file:line`` of the check, else of the node, else of where the value is read; empty if nobody noted it."""
        if form is not None and form in self.checks:
            return self.checks[form]
        own = stack_place(self.nodes[emitted.node])
        if own or emitted.term is None:
            return own
        read = [self.readers[name] for name in sorted(variables(emitted.term)) if self.readers.get(name)]
        return read[-1] if read else ""


def stack_place(node: fx.Node) -> str:
    """The innermost line outside of torch in the stack trace of ``node``."""
    found = _FRAME.findall(node.meta.get("stack_trace") or "")
    return _outside((name, int(line)) for name, line in found)


def _outside(frames: Iterable[tuple[str, int | None]]) -> str:
    own = [(name, line) for name, line in frames if line and not name.startswith((_TORCH, _OWN, "torch/", "<"))]
    return f"{own[-1][0]}:{own[-1][1]}" if own else ""
