"""RA501 says which check and where: an assert's message names its condition, and it points to the line of the check.

## What it guarantees
The message of an assert that the pass wrote is not empty, and shows a condition or is the user's own. A condition
that it shows is the one that is asserted, for some values that the names in it may stand for. An assert that
says what a check of the program says names that check's line, in its message or in the node's stack trace, if the
ShapeEnv or the graph recorded where the check stands.

## Why it matters
The message is all that a user sees when a deployed model rejects an input. One that names the line where a value was
made, or ``True``, sends people to the wrong place (pytorch/pytorch issues 150063, 150064).

## How it is decided
A condition in a message is parsed as a Python expression; what is no arithmetic in it is a name of some value. Lines
are decided by comparing the asserts' conditions with those of the program's checks, and the lines that messages and
stack traces name with the lines on which these checks are printed.

## What it cannot see
Asserts whose condition was rearranged beyond recognition. Names in messages that stand for the wrong one of several
values, and conditions with more than three names. Whether a message reads well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import unaliased
from properties.checks.ra502 import recorded_messages
from properties.errors import Unsupported
from properties.read.bindings import TensorLeaf
from properties.read.claims import claim_in, names_a_value
from properties.read.graph import Emitted, read_nodes
from properties.read.sympy_terms import term_of
from properties.read.targets import message_of, target_name
from properties.solver import solve
from properties.solver.normal import normal
from properties.verdict import PROVED, Verdict
from strategies.evaluate import holds
from strategies.operators import sort_of
from strategies.source import statement_of_line
from strategies.terms import Apply, Const, Term, Valuation, Var, conjuncts, leaves_of, variables

_WRITTEN = "aten._assert_scalar.default"
_PLACE = re.compile(r"<program (\w+)[^>]*>(?:\", line |:)(\d+)")
_MOST_CANDIDATES = 8
_ARITHMETIC = ("_operator", "torch", "math")
_RELATION = re.compile(r"==|!=|<|>|[|&]|\b(?:Eq|Ne|Not|And|Or)\(|\bnot\b|~")


def check(case: Case) -> Verdict:
    """Whether the asserts that ``case``'s subject left say what failed and where."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    fault = _fault(case)
    if fault is None:
        return PROVED
    emitted, kind, detail = fault
    witness = case.run(case.capture.example())
    return refuted(case, "unhelpful", emitted.term, witness, skeleton=kind, detail=f"{emitted.node}: {detail}")


def _fault(case: Case) -> tuple[Emitted, str, str] | None:
    assert case.after is not None
    plain = unaliased(case.facts)
    statements = _statements(case)
    nodes = {node.name: node for node in case.after.graph.nodes}
    written = {item.text for item in case.facts.obligations if item.origin == "existing"}
    own = {
        (normal(plain(item.term)), _message(node))
        for item in case.facts.obligations
        for node in case.capture.graph.graph.nodes
        if item.origin == "existing" and node.name == item.text
    }
    words = sorted(recorded_messages(case.capture.graph), key=len, reverse=True)
    truths = {normal(leaf) for leaf in case.facts.leaf_of.values() if sort_of(leaf) == "bool"}
    reported: set[Term] = set()
    for emitted in case.emitted:
        node = nodes[emitted.node]
        # A check that the pass left as the user wrote it says what the user wanted.
        if target_name(node.target) != _WRITTEN or emitted.term is None or emitted.node in written:
            continue
        message = _message(node)
        if not message.strip():
            return emitted, "no message", "the message is empty"
        form = normal(plain(emitted.term))
        # The same condition in the same words at another place: moved, or written anew.
        if (form, message) in own:
            continue
        # Of several that say the same the first one fires.
        wanted = frozenset() if form in reported else statements.get(form, frozenset())
        reported.add(form)
        says = _says(message) or (form in truths and names_a_value(message))
        if not isinstance(form, Const) and not says and _can_fail(case, emitted.term):
            return emitted, "no condition", f"the message names no condition: {message!r}"
        if _claims_otherwise(case, emitted.term, message, words):
            return emitted, "wrong condition", f"the message shows a condition that is not asserted: {message!r}"
        named = _named(case, f"{node.meta.get('stack_trace') or ''}\n{message}")
        # A value that tracing took for another one makes two checks of the Program one condition, recorded at both.
        recorded = _recorded(case, form) if wanted and not named & wanted else frozenset()
        if recorded & wanted and not named & recorded:
            lines = f"statement {min(wanted)}, named is {sorted(named) or 'none'}"
            return emitted, "no line", f"neither message nor stack trace names the line of the check: {lines}"
    return None


def _message(node: fx.Node) -> str:
    said = message_of(node)
    return "" if said is None else str(said)


def _can_fail(case: Case, term: Term) -> bool:
    """Whether anybody can ever read the message of an assert of ``term``; one that is redundant is RA401's business."""
    return solve(case.facts.assumptions, (term,)).status != "unsat"


def _says(message: str) -> bool:
    """Whether ``message`` shows a condition, or is none of the fillers that stand for a missing one."""
    text = _PLACE.sub("", message)
    return bool(_RELATION.search(text)) or not re.match(r"Runtime assertion failed\b", text)


def _claims_otherwise(case: Case, term: Term, message: str, words: Sequence[str]) -> bool:
    """Whether ``message`` shows a condition that is not ``term``, whatever the names in it stand for."""
    claim = claim_in(message, words)
    if claim is None:
        return False
    symbols = [Var(name, sort) for name, sort in leaves_of(term).items()]
    if {symbol.name for symbol in symbols} >= set(claim.names):
        # Called by their symbols, values are what they are called.
        direct = claim.term({symbol.name: symbol for symbol in symbols})
        if direct is not None and _same(case, direct, term):
            return False
    candidates = _candidates(case, term)
    asked = False
    for reading in claim.readings(candidates[:_MOST_CANDIDATES]):
        asked = True
        if _same(case, reading, term):
            return False
    # Of too many values that a name may stand for not all were tried, and one of the others may be it.
    return asked and len(candidates) <= _MOST_CANDIDATES


def _candidates(case: Case, term: Term) -> list[Term]:
    """What a name in a message about ``term`` may stand for, likely ones first: its leaves, what the graph asks of
    tensors, and what it computes of these."""
    assert case.after is not None
    plain = unaliased(case.facts)
    leaves = leaves_of(term, plain(term))
    found: list[Term] = [Var(name, sort) for name, sort in leaves.items()]
    _, values = read_nodes(case.after.graph, case.facts.bindings)
    computed = {node for node in values if getattr(node.target, "__module__", "") in _ARITHMETIC}
    ordered = [value for group in (False, True) for node, value in values.items() if (node in computed) is group]
    sizes = [value for value in ordered if isinstance(value, Apply) and sort_of(value) == "int"]
    for binding in case.facts.bindings.placeholders.values():
        if isinstance(binding, TensorLeaf):
            sizes += [size for size in (*binding.shape, *binding.stride) if size is not None]
    found += [size for size in sizes if variables(size) and variables(size) <= leaves.keys()]
    by_form: dict[Term, Term] = {}
    for value in found:
        by_form.setdefault(normal(value), value)
    return list(by_form.values())


def _same(case: Case, reading: Term, term: Term) -> bool:
    """Whether two conditions are the same under the assumptions, or may be; inputs tell most of them apart at once."""
    plain = unaliased(case.facts)
    if normal(plain(reading)) == normal(plain(term)):
        return True
    if any(_differ(reading, term, probe.leaves) for probe, _ in case.probed):
        return False
    given = case.facts.assumptions
    return all(solve((*given, one), (other,)).status != "sat" for one, other in ((term, reading), (reading, term)))


def _differ(one: Term, other: Term, leaves: Valuation) -> bool:
    try:
        return holds(one, leaves) != holds(other, leaves)
    except KeyError:
        return False


def _statements(case: Case) -> Mapping[Term, frozenset[int]]:
    """By normal form: the statements of the Program that demand it, if one of them is a check."""
    plain = unaliased(case.facts)
    demands: dict[Term, set[int]] = defaultdict(set)
    checked: set[Term] = set()
    for item in case.facts.requirements:
        whole = plain(item.term)
        for form in {normal(part) for part in (whole, *conjuncts(whole))}:
            demands[form].add(item.statement)
            if item.kind == "check":
                checked.add(form)
    return {form: frozenset(found) for form, found in demands.items() if form in checked}


def _named(case: Case, text: str) -> frozenset[int]:
    """The statements whose lines ``text`` names."""
    program = case.capture.program
    return _at(case, (int(line) for key, line in _PLACE.findall(text) if key == program.key()))


def _at(case: Case, lines: Iterable[int]) -> frozenset[int]:
    found = (statement_of_line(case.capture.program, line) for line in lines)
    return frozenset(index for index in found if index is not None)


def _recorded(case: Case, form: Term) -> frozenset[int]:
    """The statements at which a condition of this form was recorded, as far as a pass can know."""
    plain = unaliased(case.facts)
    texts = []
    for asserts in case.capture.shape_env.deferred_runtime_asserts.values():
        for item in asserts:
            try:
                same = normal(plain(term_of(item.expr))) == form
            except Unsupported:
                continue
            if same and item.stack is not None:
                texts += [f'{frame.filename}", line {frame.lineno}' for frame in item.stack.summary()]
    existing = {
        item.text for item in case.facts.obligations if item.origin == "existing" and normal(plain(item.term)) == form
    }
    texts += [node.meta.get("stack_trace") or "" for node in case.capture.graph.graph.nodes if node.name in existing]
    return _named(case, "\n".join(texts))
