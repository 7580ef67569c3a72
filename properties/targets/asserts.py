"""Each runtime assert of a guarded graph: what it protects, where that comes from, and whether it is needed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from torch import fx

from properties.case import Case
from properties.checks.placement import computes, ready_at, unaliased
from properties.errors import Unsupported
from properties.read.graph import Emitted, read_asserts
from properties.read.sympy_terms import term_of
from properties.solver import solve
from properties.solver.normal import Known, normal
from properties.targets.foreign import ForeignCapture
from properties.targets.places import Places, stack_place, written_at
from strategies.source import render_term
from strategies.terms import TRUE, Term, conjuncts, variables

NOWHERE = {"source": "", "line": "", "source_of": ""}
_SOLVED = 64
"""Up to how many asserts the solver is asked whether one follows from the others."""


class Names(dict[str, str]):
    """A leaf without a name of its own prints as itself."""

    def __missing__(self, key: str) -> str:
        return key


def assert_rows(case: Case, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each assert after the pass, in order.

    ``state`` is ``needed``, ``vacuous`` (true for all values), ``duplicate`` (an earlier assert says the same),
    ``implied`` (what holds anyway, or asserts that are needed, say it as well), ``late`` (an operator stands between
    its values and it) or ``unread``. ``protects`` are the constraints that it stands for, as they were recorded.
    ``source`` is the ``file:line`` of the check that it came from, or else where the value is read (``source_of`` says
    which), ``line`` what stands there.
    """
    if case.after is None:
        return []
    plain = unaliased(case.facts)
    said = Names(names)
    places = Origins(case)
    before = {node.name for node in case.capture.graph.graph.nodes}
    states = _states(case, said)
    rows = []
    for emitted, (state, why) in zip(case.emitted, states, strict=True):
        form = None if emitted.term is None else normal(plain(emitted.term))
        recorded = [item for item in case.facts.obligations if form is not None and form in _forms(plain(item.term))]
        source, source_of = places.of(emitted, form)
        rows.append(
            {
                "node": emitted.node,
                "condition": _text(emitted.term, said) if emitted.term is not None else f"? {emitted.reason}",
                "state": state,
                "why": why,
                "by": "the code" if emitted.node in before else "the pass",
                "protects": list(dict.fromkeys(f"{item.origin}: {render_term(item.term, said)}" for item in recorded)),
                "leaves": sorted(said[name] for name in variables(emitted.term)) if emitted.term is not None else [],
                **written_at(source),
                "source_of": source_of,
                "message": emitted.message,
            }
        )
    return rows


def unchecked_rows(case: Case, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The recorded constraints that no assert of the graph checks, with the reason."""
    said = Names(names)
    facts = case.facts
    origins = Origins(case)
    plain = unaliased(facts)

    def row(term: Term, origin: str, why: str) -> dict[str, Any]:
        return {"condition": render_term(term, said), "origin": origin, "why": why, **origins.of_term(term, plain)}

    rows = [row(item.term, item.origin, "nothing in this graph yields its value") for item in facts.unplaceable]
    rows += [
        {"condition": text, "origin": "unread", "why": "this tool cannot read it", **NOWHERE} for text in facts.unread
    ]
    if case.after is None:
        return rows
    given = (*facts.assumptions, *case.emitted_terms)
    known = Known(given)
    seen: set[Term] = set()
    for item in facts.obligations:
        for part in conjuncts(item.term):
            form = normal(plain(part))
            if form in seen or known.implies(part):
                continue
            seen.add(form)
            status = solve(given, (part,)).status
            if status != "unsat":
                why = "no assert implies it" if status == "sat" else "it is not known whether the asserts imply it"
                rows.append(row(part, item.origin, why))
    return rows


def _forms(term: Term) -> set[Term]:
    return {normal(part) for part in (term, *conjuncts(term))}


def _states(case: Case, said: Names) -> list[tuple[str, str]]:
    """The state of each assert and the reason. Those that are needed imply, with the guards, all the others."""
    plain = unaliased(case.facts)
    late = _late(case)
    found: dict[str, tuple[str, str]] = {}
    first: dict[Term, Emitted] = {}
    for emitted in case.emitted:
        form = None if emitted.term is None else normal(plain(emitted.term))
        if form is None:
            found[emitted.node] = ("unread", emitted.reason)
        elif form == TRUE:
            found[emitted.node] = ("vacuous", "it holds for all values")
        elif form in first:
            found[emitted.node] = ("duplicate", f"it says the same as {_text(first[form].term, said)}")
        else:
            first[form] = emitted
    # A check of the user's own stays, so that what the pass wrote is looked at first.
    before = {node.name for node in case.capture.graph.graph.nodes}
    kept = {item.node: item.term for item in first.values() if item.term is not None}
    asked = sorted(first.values(), key=lambda item: item.node in before) if len(first) <= _SOLVED else []
    for emitted in asked:
        term = kept.pop(emitted.node)
        why = _implied(case, term, list(kept.values()), said)
        if why:
            found[emitted.node] = ("implied", why)
        else:
            kept[emitted.node] = term
    for emitted in first.values():
        if emitted.node in late:
            found.setdefault(emitted.node, ("late", f"{late[emitted.node]} runs before it"))
    return [found.get(emitted.node, ("needed", "")) for emitted in case.emitted]


def _text(term: Term | None, said: Names) -> str:
    return render_term(term, said) if term is not None else "?"


def _implied(case: Case, term: Term, others: list[Term], said: Names) -> str:
    """Why ``term`` holds whenever ``others`` and what is known of the inputs do; empty if that is not so."""
    if _follows(case, [], term):
        return "the operators and the guards on the inputs ensure it"
    plain = unaliased(case.facts)
    one = next((other for other in others if Known((normal(plain(other)),)).implies(normal(plain(term)))), None)
    if one is not None:
        return f"it follows from {render_term(one, said)}"
    return "it follows from the other asserts and the guards on the inputs" if _follows(case, others, term) else ""


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


class Origins:
    """Where in the user's source a constraint comes from."""

    def __init__(self, case: Case) -> None:
        capture = case.capture
        self.places = capture.places if isinstance(capture, ForeignCapture) else Places()
        plain = unaliased(case.facts)
        self.checks: dict[Term, str] = {}
        for expression, place in self.places.checks:
            with contextlib.suppress(Unsupported):
                self.checks.setdefault(normal(plain(term_of(expression))), place)
        self.before = {node.name: node for node in capture.graph.graph.nodes}
        for item in read_asserts(capture.graph.graph, case.facts.bindings):
            if item.term is not None and self._node(self.before[item.node]):
                self.checks.setdefault(normal(plain(item.term)), self._node(self.before[item.node]))
        # What holds for all values is no check of anything.
        self.checks.pop(TRUE, None)
        self.readers: dict[str, str] = {}
        for name, leaves in case.facts.bindings.sources.items():
            if name in self.before:
                self.readers |= dict.fromkeys(leaves.values(), self._node(self.before[name]))

    def of(self, emitted: Emitted, form: Term | None) -> tuple[str, str]:
        """``file:line``, and whether the ``check`` stands there or the value is ``read`` there; empty if not noted."""
        if form is not None and form in self.checks:
            return self.checks[form], "check"
        if emitted.node in self.before and self._node(self.before[emitted.node]):
            return self._node(self.before[emitted.node]), "check"
        return self.read(emitted.term)

    def of_term(self, term: Term, plain: Callable[[Term], Term]) -> dict[str, str]:
        """``source``, ``line`` and ``source_of`` of a constraint that no node stands for."""
        form = normal(plain(term))
        place, kind = (self.checks[form], "check") if form in self.checks else self.read(term)
        return {**written_at(place), "source_of": kind}

    def read(self, term: Term | None) -> tuple[str, str]:
        """Where the last of the values of ``term`` is read."""
        found = [self.readers[name] for name in sorted(variables(term)) if self.readers.get(name)] if term else []
        return (found[-1], "read") if found else ("", "")

    def _node(self, node: fx.Node) -> str:
        return stack_place(node) or self.places.nodes.get(node.name, "")
