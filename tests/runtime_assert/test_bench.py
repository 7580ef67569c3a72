"""The benchmark's captures are what tracing would leave, also where it writes checks without running them; and the
pass does no more for each node of a long graph than of a short one."""

from __future__ import annotations

import cProfile
import pstats
from typing import Any

import pytest

from benchmarks.bench_pass import FAMILIES
from runtime_assert import insert_deferred_runtime_asserts
from tests.runtime_assert.graphs import snapshot


@pytest.mark.parametrize("family", FAMILIES)
def test_a_check_that_is_written_leaves_the_shape_env_as_one_that_is_run(family: str) -> None:
    """The same obligations and ranges in the same order; no guard and no replacement in either."""

    def facts(traced: bool) -> dict[str, Any]:
        _, env = FAMILIES[family](20, traced)
        found = snapshot(env)
        found["deferred"] = [(symbol, [text for _, text, _ in listed]) for symbol, listed in found["deferred"]]
        return {key: found[key] for key in ("deferred", "ranges", "replacements", "guards", "count")}

    assert facts(True) == facts(False)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_graph_is_the_same_either_way(family: str) -> None:
    written, run = (FAMILIES[family](20, traced)[0].graph for traced in (False, True))
    assert str(run) == str(written)
    assert [str(n.meta.get("val")) for n in run.nodes] == [str(n.meta.get("val")) for n in written.nodes]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_work_for_each_node_does_not_grow_with_the_graph(family: str) -> None:
    """By the number of calls of functions, which no load of the machine changes."""

    def calls(size: int) -> float:
        gm, env = FAMILIES[family](size, False)
        profile = cProfile.Profile()
        profile.runcall(insert_deferred_runtime_asserts, gm, env, "test", export=True)
        return pstats.Stats(profile).total_calls / size  # type: ignore[attr-defined]

    assert calls(400) < 1.1 * calls(100)
