"""The Programs of a shard, and the smallest one like a given one: both from the same Hypothesis run.

A shard is one run of the engine under a seed of its own. Shrinking starts the same run again, waits until the Program
in question comes by, and from then on lets Hypothesis minimise what still shows the same fault.
"""

from __future__ import annotations

import contextlib
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import hypothesis
from hypothesis.errors import NoSuchExample
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from properties.campaign.units import SHRINK_CALLS
from strategies import programs
from strategies.program import Program

SURPLUS = 1.6
"""How many more Programs are drawn than asked for: the engine's mutations repeat some."""

_NOT_NARROWED: Mapping[str, Any] = MappingProxyType({})


def shard_seed(seed: int, cell: int, shard: int) -> int:
    """The seed of a shard: depends on the campaign's seed and the shard's place in the plan alone."""
    text = f"{seed}/{cell}/{shard}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


class _Enough(BaseException):
    """Ends the engine's run at once: it takes only an ``Exception`` for a failure that it should minimise."""


def draw(
    seed: int, profile: str, count: int, frontend: str | None = None, narrowed: Mapping[str, Any] = _NOT_NARROWED
) -> list[Program]:
    """``count`` different Programs (fewer if the engine runs dry), the same for the same arguments and versions.

    Without what ``frontend`` refuses for ever, if one is named. ``narrowed`` are further arguments of
    :func:`strategies.programs`, such as the only ``checks`` that are wanted.
    """
    found: dict[str, Program] = {}

    def collect(program: Program) -> bool:
        found.setdefault(program.key(), program)
        if len(found) == count:
            raise _Enough
        return False

    with contextlib.suppress(_Enough):
        _engine(seed, profile, count, frontend, collect, narrowed)
    return list(found.values())


def shrink(
    seed: int,
    profile: str,
    count: int,
    target: Program,
    interesting: Callable[[Program], bool],
    *,
    frontend: str | None = None,
    calls: int = SHRINK_CALLS,
) -> Program:
    """The smallest Program that is ``interesting``, found from ``target``, which the run of ``seed`` draws.

    At most ``calls`` different Programs are checked; the best so far is the result.
    """
    reached = False
    verdicts: dict[str, bool] = {}

    def condition(program: Program) -> bool:
        nonlocal reached
        key = program.key()
        if not reached:
            reached = key == target.key()
            if reached:
                verdicts[key] = True
            return reached
        if key not in verdicts:
            verdicts[key] = len(verdicts) < calls and interesting(program)
        return verdicts[key]

    return _engine(seed, profile, count, frontend, condition) or target


def _engine(
    seed: int,
    profile: str,
    count: int,
    frontend: str | None,
    condition: Callable[[Program], bool],
    narrowed: Mapping[str, Any] = _NOT_NARROWED,
) -> Program | None:
    settings = hypothesis.settings(
        max_examples=round(count * SURPLUS),
        database=None,
        deadline=None,
        derandomize=False,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),  # type: ignore[arg-type]
        verbosity=hypothesis.Verbosity.quiet,
        report_multiple_bugs=False,
    )
    try:
        with without_local_constants():
            drawn = programs(profile=profile, frontend=frontend, **narrowed)
            return hypothesis.find(drawn, condition, settings=settings, random=random.Random(seed))
    except NoSuchExample:
        return None


@contextlib.contextmanager
def without_local_constants() -> Iterator[None]:
    """Keeps Hypothesis from drawing numbers that stand in the source of whatever local modules are loaded.

    What a seed draws would depend on which front ends a worker has used before, on the source of the subject and on
    how this package was installed, and a shrink in another worker would never meet its target again. Hypothesis has
    no setting for it; the test of this module fails with a version that has moved it.
    """
    find, none = providers._get_local_constants, Constants()
    providers._get_local_constants = lambda: none
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = find
        providers.CONSTANTS_CACHE.cache.clear()
