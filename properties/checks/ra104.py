"""RA104 keeps a branch's checks in the branch: what only one branch demands is checked there, and nowhere else.

## What it guarantees
Every assert that stood in a subgraph before the pass (a branch of ``cond``, the body of ``while_loop`` or ``map``)
stands in it afterwards with a condition of the same meaning, and the pass asserts no such condition in the graph around
it, unless that graph was asked to.

## Why it matters
A branch's check that is lifted rejects inputs for which the branch would not have run; one that is dropped lets bad
data through (pytorch/pytorch issues 165912, 158366, pull 165893).

## How it is decided
By reading the asserts of every subgraph before and after the pass, as the graph's own are read, and comparing their
normal forms; asserts that cannot be read are compared by what their nodes compute. A condition that follows from the
assumptions, or from equalities that are asserted, needs no assert of its own.

## What it cannot see
Whether the front end recorded a branch's check in the right place to begin with. Conditions that a pass lifts in other
words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import fx

from properties.capture.types import subgraphs
from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import plainly, unaliased
from properties.read.bindings import bindings_of
from properties.read.graph import read_asserts
from properties.read.nodes import computed
from properties.read.targets import condition_of, is_assert
from properties.solver import solve
from properties.solver.normal import normal, normal_set
from properties.verdict import PROVED, Verdict
from strategies.source import render_term
from strategies.terms import TRUE, Apply, Term, conjuncts, variables


def check(case: Case) -> Verdict:
    """Whether ``case``'s subject left the checks of every subgraph where they were."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    before = dict(subgraphs(case.capture.graph))
    if not before:
        return PROVED
    after = dict(subgraphs(case.after))
    for name, module in before.items():
        left = conditions(after[name]) if name in after else {}
        for text, term in conditions(module).items():
            if text in left or (name in after and term is not None and _follows(case, term, left)):
                continue
            where = f"{name} asserts no longer" if name in after else f"{name} is gone, which asserted"
            said = text if term is None else render_term(term, {name: name for name in variables(term)})
            return _refuted(case, "dropped", f"{where}: {said}")
    return _lifted(case, before)


def _follows(case: Case, term: Term, left: Mapping[str, Term | None]) -> bool:
    """Whether ``term`` follows from what its graph asserts, the assumptions, and the equalities asserted outside."""
    inside = tuple(other for other in left.values() if other is not None)
    equalities = (other for other in case.emitted_terms if isinstance(other, Apply) and other.op == "eq")
    return solve((*case.facts.assumptions, *equalities, *inside), (term,)).status == "unsat"


def _lifted(case: Case, before: dict[str, fx.GraphModule]) -> Verdict:
    plain = unaliased(case.facts)
    required = normal_set(tuple(plain(term) for term in case.facts.required)) | {TRUE}
    inner: dict[Term, str] = {}
    for name, module in before.items():
        for term in _outside(case, module):
            inner.setdefault(normal(plain(term)), name)
    for emitted in case.emitted:
        if emitted.term is None:
            continue
        for part in conjuncts(plain(emitted.term)):
            form = normal(part)
            if form in inner and form not in required:
                return _refuted(
                    case, "lifted", f"{emitted.node} asserts for all inputs what only {inner[form]} demands"
                )
    return PROVED


def _outside(case: Case, module: fx.GraphModule) -> Iterator[Term]:
    """The conditions of a subgraph over the leaves that it shares with the graph around it, by their symbols."""
    bindings = bindings_of(module.graph, getattr(case.capture.shape_env, "unbacked_renamings", None))
    for item in read_asserts(module.graph, bindings):
        if item.term is not None:
            yield item.term


def conditions(module: fx.GraphModule) -> dict[str, Term | None]:
    """The conditions that a graph asserts, by texts that are alike where they are; None for one that cannot be read."""
    bindings = bindings_of(module.graph)
    plain = plainly(bindings)
    read = {
        item.node: plain(item.term) if item.term is not None else None for item in read_asserts(module.graph, bindings)
    }
    seen = computed(module.graph)
    found: dict[str, Term | None] = {}
    for node in module.graph.nodes:
        if not is_assert(node):
            continue
        term = read.get(node.name)
        if term is not None:
            found |= {str(normal(part)): part for part in conjuncts(term) if normal(part) != TRUE}
        else:
            condition = condition_of(node)
            digest = seen.get(condition, repr(condition)) if isinstance(condition, fx.Node) else repr(condition)
            found[digest] = None
    return found


def _refuted(case: Case, kind: str, detail: str) -> Verdict:
    witness = case.run(case.capture.example())
    return refuted(case, "misplaced", None, witness, skeleton=kind, detail=detail)
