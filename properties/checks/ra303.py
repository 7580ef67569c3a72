"""RA303 survives save and load: a guarded graph that comes back from a file rejects what it rejected before.

## What it guarantees
``torch.export.save`` and ``load`` (for other frontends the pickle of the graph module) take the graph that the subject
left, and what comes back accepts and rejects every probe as before.

## Why it matters
Programs are exported on one machine and run on another. A node that no format knows ends in an error when the file is
written, a condition that is written wrongly in a check that says something else (pytorch/pytorch issue 151500).

## How it is decided
By saving, loading and running on the probes. What the reference pass does not survive either is torch's doing, and
blames nobody. It is asked of a share of the programs.

## What it cannot see
Files that another version of torch wrote, and differences that show on no probe.
"""

from __future__ import annotations

from torch import fx

from properties.case import Case, apply
from properties.checks.surviving import NO_PROGRAM, survives
from properties.execution.stages import EXPORTS, pickled, saved_and_loaded
from properties.subjects import Subject
from properties.verdict import PROVED, Verdict

SHARE = "stages"
"""Which share of a campaign's programs it is asked of."""


def check(case: Case) -> Verdict:
    """Whether what ``case``'s subject left comes back from a file as it was."""
    if case.unusable is not None or case.after is None:
        return case.unusable or PROVED
    if case.capture.frontend in EXPORTS and not case.facts.truth_known:
        return NO_PROGRAM
    return survives(
        case, _from_file, skeleton="loaded", impossible="torch does not save this program, whatever the pass"
    )


def _from_file(case: Case, subject: Subject) -> fx.GraphModule:
    if case.capture.frontend in EXPORTS:
        return saved_and_loaded(case, subject)[1]
    module, crash, _ = apply(subject, case.capture, case.capture.copy_of_graph())
    if module is None:
        raise RuntimeError(crash)
    return pickled(module)
