"""Takes conjunctions apart, so that each part is judged alone, and puts together what has to be asserted."""

from __future__ import annotations

from runtime_assert.claims import Claim
from runtime_assert.normal import relation
from runtime_assert.values import NEVER, Value, ValueTable


def parts_of(value: Value) -> list[Value]:
    """The conditions that a conjunction of truth values consists of, without repetition; else the value."""
    found: dict[int, Value] = {}
    stack = [value]
    while stack:
        part = stack.pop()
        if part.op == "and" and part.kind == "bool" and all(isinstance(a, Value) for a in part.args):
            stack.extend(reversed(part.args))
        else:
            found.setdefault(part.rank, part)
    return list(found.values())


def split(claims: list[Claim]) -> list[Claim]:
    """The claims, each conjunction replaced by claims of its parts, which keep its source and its words."""
    result = []
    for group, claim in enumerate(claims):
        condition = claim.condition
        conjunction = claim.status is None and isinstance(condition, Value) and condition.op == "and"
        parts = parts_of(condition) if conjunction else []
        if len(parts) < 2:
            result.append(claim)
        else:
            result.extend(_part(claim, part, group) for part in parts)
    return result


def _part(claim: Claim, value: Value, group: int | None) -> Claim:
    part = Claim(claim.source, claim.expr, value, relation(value), value.slot, value.deadline)
    if part.deadline == NEVER:
        part.deadline = part.slot + 1
    part.symbol, part.assertion, part.group = claim.symbol, claim.assertion, group
    return part


def facts_of(present: list[Claim]) -> list[Claim]:
    """What the conjunctions among the graph's own asserts say, part by part, to be used as premises."""
    facts = []
    for claim in present:
        if isinstance(claim.condition, Value) and claim.status is None:
            parts = parts_of(claim.condition)
            if len(parts) > 1:
                facts.extend(_part(claim, part, None) for part in parts)
    for fact in facts:
        fact.user = True
    return facts


def join(claims: list[Claim], table: ValueTable) -> None:
    """Let one assert check the parts of a conjunction that are left, if they can be checked at one place.

    A part that can be checked earlier than another keeps an assert of its own.
    """
    carriers: dict[tuple[int, int], Claim] = {}
    for claim in claims:
        if claim.group is None or claim.status is not None:
            continue
        carrier = carriers.setdefault((claim.group, claim.slot), claim)
        if carrier is not claim:
            carrier.condition = table.get("and", (carrier.condition, claim.condition))
            carrier.relation = relation(carrier.condition)
            claim.status, claim.by, claim.reason = "merged", carrier, "part of the same check"
