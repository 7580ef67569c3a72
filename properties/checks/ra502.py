"""RA502 carries the user's message: what a check was written to say is what the guarded graph says when it fails.

## What it guarantees
If the eager program rejects an input with a message of the user's, and the graph recorded that message, then the
assert that rejects the input in the guarded graph says it too.

## Why it matters
The message is written for the people who run the model. Without it they see an expression over symbols that only the
compiler knows (pytorch/pytorch issues 150063, 150064).

## How it is decided
By running eager program and guarded graph on inputs that break a check, and comparing the texts of the errors. Where
an input breaks several checks, the message of any of them will do.

## What it cannot see
Messages that tracing threw away before the pass ran (``make_fx`` and non-strict export record none). Inputs that
break, besides the check, what the ShapeEnv derived from another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.execution.probes import Probe
from properties.read.graph import read_asserts
from properties.read.targets import condition_of, is_assert, message_of
from properties.solver.normal import normal
from properties.verdict import PROVED, Outcome, Verdict, Witness
from strategies.evaluate import holds
from strategies.terms import Term, Valuation


def check(case: Case) -> Verdict:
    """Whether the errors of the graph that ``case``'s subject left carry the messages that the graph had."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    if not recorded_messages(case.capture.graph):
        return PROVED
    recorded = recorded_messages(case.capture.graph, _never_heard(case))
    said = {
        probe.eager.statement: probe.eager.text
        for probe, _ in case.probed
        if probe.eager.by == "check" and probe.eager.text in recorded
    }
    # Of checks with the same words, some may have left theirs and some not: then nobody can tell which.
    uses = Counter(said.values())
    messages = {text for text, count in recorded.items() if count >= uses[text]}
    said = {statement: text for statement, text in said.items() if text in messages}
    for probe, after in case.probed:
        if probe.eager.text not in messages or after.by != "assert" or not _silent(case, probe, after, said):
            continue
        broken = case.facts.requirements[_first_broken(case, probe.leaves)].term
        witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.before or probe.eager, after)
        detail = f"the check says {probe.eager.text!r}, the assert {after.text!r}"
        return refuted(case, "unhelpful", broken, witness, skeleton="message lost", detail=detail)
    return PROVED


def _never_heard(case: Case) -> frozenset[str]:
    """The asserts of the graph before the pass that never fail first: their condition holds for every input that was
    tried, or is that of an assert before. An error of eager execution in their words is another check's, which has the
    same words and may have left none."""
    found: set[str] = set()
    earlier: set[Term] = set()
    for one in read_asserts(case.capture.graph.graph, case.facts.bindings):
        if one.term is None:
            continue
        form = normal(one.term)
        if form in earlier or all(_holds(one.term, probe.leaves) for probe, _ in case.probed):
            found.add(one.node)
        earlier.add(form)
    return frozenset(found)


def _silent(case: Case, probe: Probe, after: Outcome, said: Mapping[int | None, str]) -> bool:
    """Whether the error of the graph has no message of a check that the probe breaks, though all of those have one."""
    failed = [item for item in case.facts.requirements if not _holds(item.term, probe.leaves)]
    # What tracing made of a later check, by what an earlier one says, may fail first and is nobody's text.
    own = {normal(item.term) for item in failed}
    derived = (item.term for item in case.facts.obligations if not _holds(item.term, probe.leaves))
    if any(normal(term) not in own for term in derived):
        return False
    broken = {item.statement for item in failed}
    return broken <= said.keys() and not any(said[statement] in after.text for statement in broken)


def _first_broken(case: Case, leaves: Valuation) -> int:
    found = (index for index, item in enumerate(case.facts.requirements) if not _holds(item.term, leaves))
    return next(found, 0)


def _holds(term: Term, leaves: Valuation) -> bool:
    try:
        return holds(term, leaves)
    except KeyError:
        return True


def recorded_messages(module: fx.GraphModule, without: frozenset[str] = frozenset()) -> Counter[str]:
    """How many checks of a graph, ``without`` some nodes, have which message: a text, a function that gives one, or an
    attribute with either.

    A check of a literal can never say anything, and another check with the same words may have left no trace.
    """
    found: Counter[str] = Counter()
    for node in module.graph.nodes:
        if node.name in without:
            continue
        condition = condition_of(node)
        if is_assert(node) and isinstance(condition, fx.Node):
            text = _text(module, message_of(node))
            if text:
                found[text] += 1
    return found


def _text(module: fx.GraphModule, message: Any) -> str:
    if isinstance(message, fx.Node):
        message = getattr(module, message.target, None) if isinstance(message.target, str) else None
    if callable(message):
        message = message()
    return message if isinstance(message, str) else ""
