"""RA501 says which check and where: an assert's message names its condition, and it points to the line of the check.

## What it guarantees
The message of an assert that the pass wrote is not empty, and shows a condition or is the user's own. An assert that
says what a check of the program says names that check's line, in its message or in the node's stack trace, if the
ShapeEnv or the graph recorded where the check stands.

## Why it matters
The message is all that a user sees when a deployed model rejects an input. One that names the line where a value was
made, or ``True``, sends people to the wrong place (pytorch/pytorch issues 150063, 150064).

## How it is decided
By comparing the asserts' conditions with those of the program's checks, and the lines that messages and stack traces
name with the lines on which these checks are printed.

## What it cannot see
Asserts whose condition was rearranged beyond recognition. Whether a message reads well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.checks.placement import unaliased
from properties.errors import Unsupported
from properties.read.graph import Emitted, target_name
from properties.read.sympy_terms import term_of
from properties.solver.normal import normal
from properties.verdict import PROVED, Verdict
from strategies.source import statement_of_line
from strategies.terms import Const, Term, conjuncts

_WRITTEN = "aten._assert_scalar.default"
_PLACE = re.compile(r"<program (\w+)[^>]*>(?:\", line |:)(\d+)")
_RELATION = re.compile(r"==|!=|<|>|\b(?:Eq|Ne|Not|And|Or)\(|\bnot\b|~")


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
        if not isinstance(form, Const) and not _says(message):
            return emitted, "no condition", f"the message names no condition: {message!r}"
        named = _named(case, f"{node.meta.get('stack_trace') or ''}\n{message}")
        if wanted and not named & wanted and _recorded(case, form) & wanted:
            lines = f"statement {min(wanted)}, named is {sorted(named) or 'none'}"
            return emitted, "no line", f"neither message nor stack trace names the line of the check: {lines}"
    return None


def _message(node: fx.Node) -> str:
    return str(node.args[1] if len(node.args) > 1 else node.kwargs.get("assert_msg", ""))


def _says(message: str) -> bool:
    """Whether ``message`` shows a condition, or is none of the fillers that stand for a missing one."""
    text = _PLACE.sub("", message)
    return bool(_RELATION.search(text)) or not re.match(r"Runtime assertion failed\b", text)


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
