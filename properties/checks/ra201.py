"""RA201 leaves outputs unchanged: an accepted input gives the same results before and after the pass.

## What it guarantees
On every probe that is accepted, the graph after the pass yields what the graph before it yielded: same number of
results, same types, sizes and strides, same bits. What it leaves of its inputs is the same too, and a result that
shares the memory of an input, or of another result, still does.

## Why it matters
The pass shares computations and replaces size calls by arithmetic; a wrong key there changes a model's output
(pytorch/pytorch pulls 128599, 130351, 130380, 138136).

## How it is decided
By running both graphs on the same inputs. What shares memory is compared on the CPU only.

## What it cannot see
Differences that show on no probe.
"""

from __future__ import annotations

from properties.case import Case
from properties.checks.models import refuted
from properties.execution.run import same_inputs, same_results, same_sharing
from properties.verdict import PROVED, Verdict, Witness

_COMPARED = (
    ("results", same_results, "results differ"),
    ("inputs", same_inputs, "inputs differ"),
    ("memory", same_sharing, "other results share memory with inputs or with each other"),
)


def check(case: Case) -> Verdict:
    """Whether all accepted probes of ``case`` give the same results before and after."""
    if case.unusable is not None:
        return case.unusable
    for probe, after in case.probed:
        if probe.before is None or not probe.before.accepted:
            continue
        if not after.accepted:
            continue
        for what, same, detail in _COMPARED:
            if same(probe.before, after):
                continue
            witness = Witness(tuple(sorted(probe.values.items())), probe.eager, probe.before, after)
            return refuted(case, "altered", None, witness, skeleton=what, detail=detail)
    return PROVED
