"""Mutants of where asserts stand, and whose checks they are: late, in a branch, the user's own."""

from __future__ import annotations

from torch import fx

from properties.mutants import edits
from properties.mutants.edits import calls, drop, retarget, rewrite
from properties.mutants.mutant import EQ, GE, after, always, table


def _vacuous_checks(gm: fx.GraphModule) -> None:
    """Shares what the user's checks read with what replaced it, so that an equality compares a value with itself."""
    for node in edits.asserts(gm.graph):
        bound = edits.condition(node)
        if bound.target is EQ:
            bound.args = (bound.args[0], bound.args[0])


MUTANTS = table(
    ("asserts-at-the-end", "RA103", after(edits.delay(slice(None))), "123854", "make_fx"),
    ("asserts-a-few-nodes-late", "RA103", after(edits.delay(slice(None), steps=6)), "PR 183908", "make_fx"),
    ("loses-the-last-check", "RA105", after(drop(always, which=slice(-1, None))), "182703", "compile"),
    ("checks-weakened-to-bounds", "RA105", after(rewrite(calls(EQ), retarget(GE))), "PR 184608", "compile"),
    ("checks-compare-with-themselves", "RA105", after(_vacuous_checks), "119689", "compile"),
)
