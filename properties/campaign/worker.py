"""What happens in a worker: its limits, its black box, and one unit of work from plain data to plain data."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from properties import phases
from properties.campaign.box import Box
from properties.campaign.plan import Plan
from properties.campaign.units import REPLAY, SHRINK, TRIAL, Limits, Unit
from properties.capture.table import FRONTENDS

PRELOADED = [
    "torch",
    "torch.export",
    # torch imports this when it first traces, and several hundred modules with it: a second for each worker.
    "torch._functorch.aot_autograd",
    "z3",
    "hypothesis",
    "properties.campaign.shard",
    *(f"properties.capture.frontends.{name}" for name in sorted({row.module for row in FRONTENDS.values()})),
]

RETIRED = 77
"""The exit status of a worker that asks to be replaced; its last state says so, too."""

TRIAL_SECONDS = 10.0
"""How long a Program may take on the way to a shorter one that hangs."""

_MEBI = 1 << 20
_MALLOPT = ((-1, 1 << 30), (-2, 16 * _MEBI), (-3, 32 * _MEBI))
"""M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD of glibc's mallopt(3), in bytes."""


def prepare() -> None:
    """What every process that checks Programs does first.

    torch's log of the traces that it refuses is not for a campaign's terminal. What is loaded by now stays for good, so
    that collecting garbage need not walk over it again and again (a tenth of the time).
    """
    _keep_memory()
    _time_no_guards()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    logging.getLogger("torch").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _keep_memory() -> None:
    """Has glibc keep what is freed: each context of the solver takes some MiB, and to give them back to the system
    and fetch them again took ten times as long as to make the context."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return  # another C library; it is only slower
    for parameter, value in _MALLOPT:
        mallopt(parameter, value)


def _time_no_guards() -> None:
    """Has Dynamo not measure how long the guards of each graph take, which nobody reads: it empties the processor's
    caches first, and takes a tenth of the time of tracing a branch or a loop."""
    from torch._dynamo import guards

    if hasattr(guards, "profile_guard_manager"):
        guards.profile_guard_manager = lambda *_: 0.0  # type: ignore[attr-defined]


def start(memory: int) -> None:
    """What every worker does first: it takes no Ctrl-C, which is for its parent, prints nowhere, and has limits.

    Args:
        memory: MiB of address space beyond what is mapped by now; 0 for no limit, and there is none beside a GPU.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    prepare()
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory and not _cuda():
        limit = mapped() + memory * _MEBI
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _cuda() -> bool:
    """Whether Programs may run on a GPU here: CUDA maps far more than there is."""
    from properties.devices import why_not_run

    return not why_not_run("cuda")


def mapped() -> int:
    """Bytes of address space of this process (Linux; 0 elsewhere)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def work(
    plan: Plan,
    unit: Unit,
    limits: Limits,
    path: Path,
    state: Mapping[str, Any] | None,
    deaths: Mapping[int, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    """Does ``unit`` from ``state`` on and returns its state.

    ``deaths`` says, by the index of a Program, what has ended a worker there before. The black box at ``path`` tells
    the parent how far this worker came, if it does not return. One that had better not go on ends itself as RETIRED.
    """
    from properties.campaign.shard import search, shrink_hit

    box = Box(path, min(limits.seconds, TRIAL_SECONDS) if unit.kind == TRIAL else limits.seconds)
    phases.listen(box.mark)
    try:
        if unit.hit is None:
            found = search(plan, unit, state, deaths, box, limits)
            if not found["done"]:
                box.save({**found, "retired": True})
                os._exit(RETIRED)
            return found
        if unit.kind == SHRINK:
            return shrink_hit(plan, unit, box, frozenset(deaths))
        if unit.kind == TRIAL:
            return _try(plan, unit, box)
        if unit.kind == REPLAY:
            return _replay(unit.hit, box)
        return _import(unit.hit["subjects"])
    finally:
        phases.listen(None)
        box.close()


def _replay(asked: Mapping[str, Any], box: Box) -> dict[str, Any]:
    from properties.campaign.replaying import replay

    box.begin(0)
    return replay(
        asked["program"], subject=asked["subject"], frontend=asked["frontend"], property_codes=tuple(asked["codes"])
    )


def _try(plan: Plan, unit: Unit, box: Box) -> dict[str, Any]:
    """Checks a Program whatever comes of it, as the search that found it did."""
    from properties.campaign.check import check_program
    from properties.subjects import resolve
    from strategies.program import Program

    asked, cell = unit.hit or {}, plan.cells[unit.cell]
    box.begin(0)
    check_program(
        Program.from_json(asked["program"]),
        cell.frontend,
        {asked["subject"]: resolve(asked["subject"], fresh=True)},
        tuple(asked["codes"]),
        device=cell.device,
        backends=plan.backends,
    )
    return {}


def _import(subjects: Sequence[str]) -> dict[str, Any]:
    from properties.subjects import resolve

    for name in subjects:
        with phases.phase(phases.SUBJECT, name):
            resolve(name)
    return {}
