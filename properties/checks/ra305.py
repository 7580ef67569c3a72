"""RA305 leaves the ShapeEnv as it was: the pass reads constraints and writes none.

## What it guarantees
After the pass, and after a second run on its own result, the ShapeEnv knows what it knew: deferred asserts with their
order, value ranges, replacements, guards, counters. Memo tables and logs do not count.

## Why it matters
Later stages run the pass again with the same ShapeEnv: a constraint that the first run filed under another symbol, or
invented while it ran metadata, is then emitted twice, late, or as a guard (pytorch/pytorch issue 113952).

## How it is decided
By comparing the ShapeEnv's contents, as plain data, before and after.

## What it cannot see
Changes in attributes that this version of torch does not have.
"""

from __future__ import annotations

from properties.capture.state import changes
from properties.case import Case
from properties.checks.models import refuted
from properties.verdict import PROVED, Verdict

_GRAVEST_FIRST = ("deferred_runtime_asserts", "guards", "replacements", "var_to_range")


def _weight(name: str) -> tuple[int, str]:
    """One change brings others with it (a guard refines a range); the gravest one names the finding."""
    return (_GRAVEST_FIRST.index(name) if name in _GRAVEST_FIRST else len(_GRAVEST_FIRST)), name


def check(case: Case) -> Verdict:
    """Whether ``case``'s subject left the ShapeEnv's knowledge alone."""
    found = changes(case.capture.state, case.state_after)
    if not found and case.unusable is None:
        # Reading its own asserts back may teach a pass, and through it the ShapeEnv, something new.
        found = changes(case.capture.state, case.again[2])
    if not found:
        return PROVED
    detail = "\n".join(f"{name}\n  before: {old}\n  after:  {new}" for name, old, new in found)
    return refuted(
        case,
        "impure",
        None,
        case.run(case.capture.example()),
        skeleton=min((name for name, _, _ in found), key=_weight),
        detail=detail,
    )
