"""What a claim is left to: which other claims, and for which reason, is told of each that gets no assert of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from torch import fx

from runtime_assert.claims import Claim, Source
from runtime_assert.normal import relation
from runtime_assert.redundancy import drop_redundant
from runtime_assert.values import NEVER, Value, ValueTable


class World:
    """Values of inputs (`s0`, `s1`, ...) and values made at run time (`u0`, `u1`, ... made at slots 0, 1, ...)."""

    def __init__(self) -> None:
        self.table, self.graph = ValueTable(-1), fx.Graph()
        self.leaves: dict[str, Value] = {}

    def __getattr__(self, name: str) -> Value:
        if name not in self.leaves:
            made, slot = name.startswith("u"), int(name[1:])
            node = self.graph.placeholder(name)
            self.leaves[name] = self.table.opaque(node, slot if made else -1, "int", slot + 9 if made else NEVER)
        return self.leaves[name]

    def value(self, op: str, *args: Any) -> Value:
        return self.table.get(op, args)

    def claim(self, op: str, *args: Any, source: Source = "deferred", horizon: int | None = None) -> Claim:
        """A claim; `horizon`: the last slot at which it is in time, as a rule the first at which it can be decided."""
        condition = self.table.get(op, args)
        slot = condition.slot
        return Claim(source, None, condition, relation(condition), slot, (slot if horizon is None else horizon) + 1)


@dataclass
class Case:
    """Claims in order, the one that is dropped, what it is left to, and why."""

    wanted: list[Claim]
    dropped: Claim
    by: Claim | None
    reason: str
    premises: list[Claim] = field(default_factory=list)
    status: str = "implied"
    assumptions: list[Claim] = field(default_factory=list)
    present: list[Claim] = field(default_factory=list)
    ranges: dict[Any, Any] = field(default_factory=dict)


def trivial(w: World) -> Case:
    claim = w.claim("le", w.u0, w.value("max", w.u0, w.u0))
    return Case([claim], claim, None, "it holds for all values", status="trivial")


def trivial_in_the_graph(w: World) -> Case:
    claim = w.claim("le", w.u0, w.value("max", w.u0, w.u0), source="check")
    return Case([], claim, None, "it holds for all values", status="trivial", present=[claim])


def guarded(w: World) -> Case:
    guard, claim = w.claim("le", w.s0, 3, source="assumption"), w.claim("le", w.s0, 4)
    return Case([claim], claim, None, "it follows from the guards and ranges of the inputs", assumptions=[guard])


def repeated(w: World) -> Case:
    first, second = w.claim("le", w.u0, 3), w.claim("lt", w.u0, 4)
    return Case([first, second], second, first, "the same condition", status="merged")


def too_late_in_the_graph(w: World) -> Case:
    check, claim = w.claim("le", w.u0, 3, source="check"), w.claim("le", w.u0, 3)
    check.slot = 5
    return Case([claim], check, claim, "the same condition", status="merged", present=[check])


def a_range_beside_a_check(w: World) -> Case:
    bound, claim = w.claim("le", w.u0, 3, source="range"), w.claim("le", w.u0, 3)
    return Case([bound, claim], bound, claim, "the same condition", status="merged")


def decided_by_ranges(w: World) -> Case:
    claim = w.claim("eq", w.value("min", w.u0, 2), 2)
    ranges = {(w.u0,): (2, 9)}
    return Case([claim], claim, None, "the ranges of the inputs leave no other value", ranges=ranges)


def squeezed(w: World) -> Case:
    below, above = w.claim("le", w.u0, w.u1, source="check"), w.claim("ge", w.u0, w.u1, source="check")
    claim = w.claim("eq", w.u0, w.u1)
    return Case([claim], claim, below, "it follows from two bounds", [below, above], present=[below, above])


def spanned(w: World) -> Case:
    first, second, third = w.claim("eq", w.u0, w.u1), w.claim("eq", w.u1, w.u2), w.claim("eq", w.u0, w.u2)
    return Case([first, second, third], third, second, "it follows from other equalities", [second, first])


def decided_by_equalities(w: World) -> Case:
    equal, bound = w.claim("eq", w.u0, w.u1), w.claim("le", w.u0, w.u1)
    return Case([equal, bound], bound, equal, "it follows from equalities", [equal])


def looser(w: World) -> Case:
    tight, loose = w.claim("le", w.u0, 3), w.claim("le", w.u0, 4)
    return Case([loose, tight], loose, tight, "a bound at least as tight is asserted", [tight])


def looser_behind_an_equality(w: World) -> Case:
    equal, tight = w.claim("eq", w.u1, w.value("add", w.u0, 5)), w.claim("le", w.u0, 3)
    loose = w.claim("le", w.u1, 9)
    return Case([equal, tight, loose], loose, tight, "a bound at least as tight is asserted", [tight, equal])


def by_intervals(w: World) -> Case:
    left, right = w.claim("le", w.u0, 3), w.claim("le", w.u1, 4)
    total = w.claim("le", w.value("add", w.u0, w.u1), 7)
    return Case([left, right, total], total, left, "it follows from bounds", [left, right])


def different_by_intervals(w: World) -> Case:
    bound, differs = w.claim("ge", w.u0, 3), w.claim("ne", w.u0, 2)
    return Case([bound, differs], differs, bound, "it follows from bounds", [bound])


def by_a_neighbour(w: World) -> Case:
    other, total = w.claim("ge", w.u0, 0), w.claim("le", w.value("add", w.u0, w.u1), 9)
    claim = w.claim("le", w.u1, 9)
    return Case([other, total, claim], claim, total, "it follows from bounds", [total, other])


CASES = [
    trivial,
    trivial_in_the_graph,
    guarded,
    repeated,
    too_late_in_the_graph,
    a_range_beside_a_check,
    decided_by_ranges,
    squeezed,
    spanned,
    decided_by_equalities,
    looser,
    looser_behind_an_equality,
    by_intervals,
    different_by_intervals,
    by_a_neighbour,
]


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_a_claim_without_an_assert_says_what_it_is_left_to_and_why(make: Callable[[World], Case]) -> None:
    case = make(World())
    drop_redundant(case.assumptions, case.present, case.wanted, case.ranges)
    dropped = case.dropped
    assert (dropped.status, dropped.reason) == (case.status, case.reason)
    assert dropped.by is case.by
    assert list(dropped.premises) == case.premises
    everything = [*case.assumptions, *case.present, *case.wanted]
    assert [c for c in everything if c.status is not None] == [dropped]
