"""RA302 survives retracing and decomposition: the asserts still reject the same inputs behind the stages that follow.

## What it guarantees
An exported program that is traced again and decomposed to core ATen, with the subject in torch's place at every call of
the pass, accepts and rejects every probe as the graph does that the subject left.

## Why it matters
Each stage that traces again calls the pass again with the same ShapeEnv; asserts were lost on the way, by stages that
drop unused nodes and by passes that take the asserts of an earlier run for their own (pytorch/pytorch issues 113952,
150539, 151879).

## How it is decided
By exporting the Program with the subject installed, ``run_decompositions``, and running the result on the probes. A
stage that the reference pass does not survive either is torch's doing, and blames nobody. It is asked of a share of the
programs, because it exports each of them again.

## What it cannot see
Other frontends than export, and differences that show on no probe.
"""

from __future__ import annotations

from properties.case import Case
from properties.checks.surviving import NO_PROGRAM, survives
from properties.execution.stages import EXPORTS, decomposed
from properties.verdict import PROVED, Verdict

SHARE = "stages"
"""Which share of a campaign's programs it is asked of."""


def check(case: Case) -> Verdict:
    """Whether decomposing what ``case``'s subject left changes which inputs are rejected."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    if case.capture.frontend not in EXPORTS:
        return PROVED
    if not case.facts.truth_known:
        return NO_PROGRAM
    return survives(
        case, decomposed, skeleton="decomposed", impossible="torch does not decompose this program, whatever the pass"
    )
