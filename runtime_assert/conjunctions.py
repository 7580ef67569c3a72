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
            found[part.rank] = part
    return list(found.values())


def split(claims: list[Claim]) -> list[Claim]:
    """The claims, each conjunction replaced by claims of its parts, which keep its source and its words."""
    result = []
    for group, claim in enumerate(claims):
        parts = _parts(claim)
        result += [_part(claim, part, group) for part in parts] if parts else [claim]
    return result


def _parts(claim: Claim) -> list[Value]:
    """Of what a claim consists if it is open and a conjunction, else nothing."""
    parts = parts_of(claim.condition) if claim.status is None and isinstance(claim.condition, Value) else []
    return parts if len(parts) > 1 else []


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
        for part in _parts(claim):
            fact = _part(claim, part, None)
            if fact.relation != claim.relation:
                # None of them is checked before the whole.
                fact.slot, fact.deadline, fact.user = claim.slot, claim.deadline, True
                facts.append(fact)
    return facts


def join(claims: list[Claim], table: ValueTable) -> None:
    """Let one assert check the parts of a conjunction that are left, as far as they can wait for each other.

    A part cannot wait where a value that it protects is used, or where something was dropped because of it, before
    the last part can be checked; then it keeps an assert of its own.
    """
    groups: dict[int, list[Claim]] = {}
    for claim in claims:
        if claim.group is not None and claim.status is None:
            groups.setdefault(claim.group, []).append(claim)
    patience = _patience(claims)
    for parts in groups.values():
        while parts:
            carrier = max(parts, key=lambda part: part.slot)
            waiting = [part for part in parts if part is not carrier and carrier.slot <= latest(part, patience)]
            for part in waiting:
                # The user's order, so that the condition reads as it was written.
                first, second = sorted((part, carrier), key=parts.index)
                carrier.condition = table.get("and", (first.condition, second.condition))
                part.status, part.by, part.reason = "merged", carrier, "part of the same check"
            if waiting:
                carrier.relation = relation(carrier.condition)
            parts = [part for part in parts if part.status is None and part is not carrier]


def latest(part: Claim, patience: dict[int, int]) -> int:
    """Until which slot a part can wait: nothing that it protects is used, nor anything dropped because of it due.

    `patience`: by the `id` of a claim the last slot at which it is in time for what was dropped because of it.
    """
    return min(part.condition.deadline - 1, patience.get(id(part), NEVER))


def _patience(claims: list[Claim]) -> dict[int, int]:
    """For every claim that others were dropped for: the last slot at which it is in time for all of them."""
    found: dict[int, int] = {}
    for claim in claims:
        if claim.status in ("implied", "merged"):
            for premise in (claim.by, *claim.premises):
                if premise is not None:
                    found[id(premise)] = min(found.get(id(premise), claim.horizon), claim.horizon)
    return found
