"""Programs for tests that look at many of them at once: always the same ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from properties.campaign.draw import without_local_constants
from strategies import Program, programs


def draw_programs(count: int, start: int = 0, **narrowed: Any) -> list[Program]:
    """The first ``count`` programs that the strategy gives for the seed ``start``; some may be equal."""
    drawn: list[Program] = []

    @seed(start)
    @settings(
        max_examples=count,
        derandomize=False,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(programs(**narrowed))
    def collect(program: Program) -> None:
        drawn.append(program)

    with without_local_constants():  # else what is drawn depends on which other tests this worker has run
        collect()
    return drawn


@lru_cache(maxsize=1)
def nightly_programs() -> tuple[Program, ...]:
    """300 programs of everything that is supported."""
    return tuple(draw_programs(300))


@lru_cache(maxsize=1)
def many_programs() -> tuple[Program, ...]:
    """1,200 of them, to count what is rare; of one seed the engine repeats itself too much for that."""
    return tuple(one for start in range(4) for one in draw_programs(300, start=start))
