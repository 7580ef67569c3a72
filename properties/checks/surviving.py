"""What RA302 and RA303 share: a later stage carried out, and its graph compared with the one before it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import fx

from properties.case import Case
from properties.checks.models import refuted
from properties.execution.run import run_graph
from properties.subjects import Subject
from properties.verdict import PROVED, Status, Verdict, Witness

Stage = Callable[[Case, Subject], fx.GraphModule]

NO_PROGRAM = Verdict(Status.PROVED, not_run="code without a Program is not exported again")
"""What a property says that has to export a Program again, of a capture that has none."""


def stage(case: Case, make: Stage) -> fx.GraphModule | Verdict | None:
    """What ``make`` gives with ``case``'s subject; a verdict if the subject breaks it, None if torch does anyhow."""
    try:
        return _quietly(make, case, case.subject)
    except Exception as error:  # noqa: BLE001 - whatever torch raises on a graph that a foreign pass has left
        lines = [line for line in str(error).splitlines() if line.strip()]
        text = f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]
    from runtime_assert import insert_deferred_runtime_asserts

    try:
        _quietly(make, case, insert_deferred_runtime_asserts)
    except Exception:  # noqa: BLE001 - torch's own limits: what our pass leaves does not get through either
        return None
    witness = case.run(case.capture.example())
    return refuted(case, "crash", None, witness, skeleton=text.split(":")[0], detail=text)


def _quietly(make: Stage, case: Case, subject: Subject) -> fx.GraphModule:
    # torch prints whole graphs where it warns, and passes are free to say what they want.
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return make(case, subject)


def survives(case: Case, make: Stage, *, skeleton: str, impossible: str) -> Verdict:
    """Whether what ``make`` gives decides every probe as the graph does that the subject left.

    ``skeleton`` names the stage in a finding, ``impossible`` says what was not run if torch cannot do it at all.
    """
    result = stage(case, make)
    if isinstance(result, Verdict):
        return result
    if result is None:
        return Verdict(Status.PROVED, not_run=impossible)
    found = difference(case, result)
    if found is None:
        return PROVED
    witness, detail = found
    if _specialised(result, case.capture.arguments(dict(witness.values))):
        detail += "; the stage has made a constant of an input's size and guards it nowhere"
        return refuted(case, "lost", None, witness, stage="frontend", skeleton=f"{skeleton} specialised", detail=detail)
    return refuted(case, "lost", None, witness, skeleton=skeleton, detail=f"{skeleton}: {detail}")


def _specialised(module: fx.GraphModule, arguments: Sequence[object]) -> bool:
    """Whether ``module`` was traced for another size of one of its ``arguments`` than that has.

    Whoever asserts that a number is a constant makes one of the sizes that equal it, when the graph is traced again.
    """
    placeholders = module.graph.find_nodes(op="placeholder")
    for node, argument in zip(placeholders, arguments, strict=False):
        traced = node.meta.get("val")
        if isinstance(traced, torch.Tensor) and isinstance(argument, torch.Tensor):
            sizes = zip(traced.shape, argument.shape, strict=False)
            if any(_constant(size) not in (None, actual) for size, actual in sizes):
                return True
    return False


def _constant(size: Any) -> int | None:
    if isinstance(size, torch.SymInt):
        expr = size.node.expr
        return int(expr) if expr.is_Integer else None
    return size if isinstance(size, int) else None


def difference(case: Case, module: fx.GraphModule) -> tuple[Witness, str] | None:
    """A probe that ``module`` decides otherwise than the graph that the subject left, with what each of them does."""
    for probe, after in case.probed:
        later = run_graph(module, case.capture, probe.values)
        if later.accepted == after.accepted and (after.accepted or after.by == "operator" or later.by == after.by):
            continue
        values = tuple(sorted(probe.values.items()))
        witness = Witness(values, probe.eager, after, later)
        return witness, f"{after.outcome} {after.by} before, {later.outcome} {later.by} {later.text} after"
    return None
