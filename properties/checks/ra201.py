"""RA201 leaves outputs unchanged: an accepted input gives the same results before and after the pass.

## What it guarantees
On every probe that is accepted, the graph after the pass yields what the graph before it yielded: same number of
results, same types, sizes and strides, same bits. What it leaves of its inputs is the same too.

## Why it matters
The pass shares computations and replaces size calls by arithmetic; a wrong key there changes a model's output
(pytorch/pytorch pulls 128599, 130351, 130380, 138136).

## How it is decided
By running both graphs on the same inputs.

## What it cannot see
Differences that show on no probe.
"""

from __future__ import annotations

from properties.case import Case
from properties.checks.models import refuted
from properties.execution.run import same_inputs, same_results
from properties.verdict import PROVED, Verdict, Witness


def check(case: Case) -> Verdict:
    """Whether all accepted probes of ``case`` give the same results before and after."""
    if case.unusable is not None:
        return case.unusable
    for probe, after in case.probed:
        if probe.before is None or not probe.before.accepted:
            continue
        if not after.accepted:
            continue
        what = (
            "results"
            if not same_results(probe.before, after)
            else "inputs"
            if not same_inputs(probe.before, after)
            else ""
        )
        if what:
            witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.before, after)
            return refuted(case, "altered", None, witness, skeleton=what, detail=f"{what} differ")
    return PROVED
