"""RA103 asserts before the first use: no operator fails on a value whose assert stands behind it and could not be late.

## What it guarantees
If the eager program rejects an input by a check, the guarded graph does not get into an operator that fails on that
input while an assert that would have rejected it stands further behind, with all its values at hand before that
operator. An assert on sizes of inputs has its values at hand from the start; of a conjunction each part is looked at.

## Why it matters
A check that comes late is reported as a failure inside of a kernel, or not at all if the kernel goes on with bad
sizes (pytorch/pytorch issues 123854, 119414, pull 183908).

## How it is decided
A graph in which nothing computes between an assert and the node that makes its last value is right as it stands.
Otherwise inputs are looked for, among the boundary inputs and then by z3, that break a check of the program after
which an operator cannot run, and the graph is executed node by node on them.

## What it cannot see
Asserts that are missing (RA101). Late asserts in whose way no operator fails: there the same error comes later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from properties.case import Case
from properties.checks.models import program_values, refuted
from properties.checks.placement import computes, failing_node, ready_at, unaliased
from properties.read.graph import read_nodes
from properties.solver import Answer, solve
from properties.solver.normal import Known
from properties.verdict import PROVED, Status, Verdict
from strategies.evaluate import holds
from strategies.operators import sort_of
from strategies.statement import Unrealisable
from strategies.terms import Apply, Term, Valuation, Var, apply, conjuncts, variables


@dataclass(frozen=True)
class _Late:
    """An assert or a part of one that stands behind a node that computes, though its leaves are ready before that."""

    term: Term
    index: int
    ready: int


def check(case: Case) -> Verdict:
    """Whether some input fails in an operator of the guarded graph where one of its asserts came too late."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    suspects = _suspects(case)
    if not suspects:
        return PROVED
    for leaves, values in _executed(case):
        late = _shown(case, suspects, leaves, values)
        if late is not None:
            return late
    unknown = ""
    for answer in _solved(case, suspects):
        if answer.status == "unknown":
            unknown = answer.reason
        elif answer.model is not None:
            late = _shown(case, suspects, answer.model, program_values(case.facts, answer.model))
            if late is not None:
                return late
    return Verdict(Status.UNDECIDED, reason=f"late: {unknown}") if unknown else PROVED


def _suspects(case: Case) -> tuple[_Late, ...]:
    assert case.after is not None
    graph = case.after.graph
    ready = ready_at(graph, case.facts.bindings)
    sources = case.facts.bindings.sources
    # Reading a number out of a tensor fails on no value.
    computing = [
        index for index, node in enumerate(graph.nodes) if computes(node) and () not in sources.get(node.name, {})
    ]
    if not computing:
        return ()
    plain = unaliased(case.facts)
    found = []
    asserted = [(part, item.index) for item in case.emitted if item.term is not None for part in conjuncts(item.term)]
    for term, position in asserted:
        leaves = variables(term)
        if not leaves <= ready.keys():
            continue
        start = max((ready[leaf] for leaf in leaves), default=0)
        first = next((index for index in computing if start < index < position), None)
        if first is None:
            continue
        earlier = [plain(part) for part, index in asserted if index < first]
        if not Known(earlier).implies(plain(term)):
            found.append(_Late(term, position, start))
    return tuple(found)


def _executed(case: Case) -> Iterator[tuple[Valuation, Valuation]]:
    """Boundary inputs on which an operator fails instead of a check: values of the capture's leaves, the Program's."""
    for probe, after in case.probed:
        if probe.eager.by == "check" and after.by == "operator":
            yield probe.leaves, probe.values


def _solved(case: Case, suspects: tuple[_Late, ...]) -> Iterator[Answer]:
    """Whether there are inputs that break a check, a suspect, and what an operator needs: one query each."""
    facts = case.facts
    late = [item.term for item in suspects]
    sizes = [apply("ge", term, 0) for term in _used(case, suspects)]
    for position, demand in enumerate(facts.requirements):
        if demand.kind != "check":
            continue
        given = (*facts.assumptions, *(item.term for item in facts.requirements[:position]))
        behind = [item.term for item in facts.requirements[position:] if item.kind == "precondition"]
        # An operator cannot run: what the Program says of it is broken, or a number that it takes is no size.
        for trouble in (behind, sizes):
            if not trouble:
                continue
            yield solve(given, (demand.term,), trouble, late, small=True)


def _used(case: Case, suspects: tuple[_Late, ...]) -> tuple[Term, ...]:
    """The numbers that the operators take between a suspect and the place where it could have stood."""
    assert case.after is not None
    _, values = read_nodes(case.after.graph, case.facts.bindings)
    first, last = min(item.ready for item in suspects), max(item.index for item in suspects)
    taken = (
        values[value]
        for index, node in enumerate(case.after.graph.nodes)
        if first < index < last and computes(node)
        for value in node.all_input_nodes
    )
    return tuple(dict.fromkeys(term for term in taken if isinstance(term, (Var, Apply)) and sort_of(term) == "int"))


def _shown(case: Case, suspects: tuple[_Late, ...], leaves: Valuation, values: Valuation) -> Verdict | None:
    """The verdict if on ``values`` an operator fails between the place of a suspect that is false and its values."""
    assert case.after is not None
    broken = [item for item in suspects if not _holds(item.term, leaves)]
    if not broken:
        return None
    try:
        if case.capture.eager(values).by != "check":
            return None
        failed = failing_node(case.after, case.capture.arguments(values))
        if failed is None or not computes(list(case.after.graph.nodes)[failed]):
            # A condition that has no value, in the graph as in the program.
            return None
        late = next((item for item in broken if item.ready < failed < item.index), None)
        if late is None:
            return None
        witness = case.run(values)
    except Unrealisable:
        return None
    # A check of the user's may stand in the graph as an operator (``sym_constrain_range``).
    if witness.after.by != "operator" or witness.after.repeats(witness.eager):
        return None
    node = list(case.after.graph.nodes)[failed or 0]
    return refuted(case, "late", late.term, witness, detail=f"{node.name} fails before the assert is reached")


def _holds(term: Term, leaves: Valuation) -> bool:
    try:
        return holds(term, leaves)
    except KeyError:
        return True
