"""The engine of a Ray cluster, on a real one of two nodes: the same report as here, though a node is killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from properties.campaign import Limits, Plan, audit_plan, head, ray_engine, rows_of, run
from properties.campaign.conduct import carry_out
from properties.campaign.units import Unit
from properties.errors import UsageError
from tests.soak.stand_in import StandIn, state_of

pytestmark = pytest.mark.ray


SUBJECT = Path(__file__).parents[1] / "soak" / "drops_inequalities.py"


def plan_of(programs: int = 250) -> Plan:
    """Five shards, and two or three kinds of findings to shrink."""
    return audit_plan(
        subjects=(f"{SUBJECT}:insert",),
        frontends=("shape_env",),
        programs=programs,
        property_codes=("RA101",),
        jobs=2,
        seed=4,
    )


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in ("seconds", "solver_seconds", "id", "started")}
        for row in rows
        if row["kind"] != "end"
    ]


@pytest.fixture
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray", reason="extra ray not installed")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports] - an extra

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield made
    made.shutdown()


def quick(plan: Plan, unit: Unit, limits: Limits, versions: Mapping[str, Any]) -> tuple[dict[str, Any], None]:
    """In place of what a task does: a unit without torch, which takes a while."""
    time.sleep(0.2)
    return state_of(plan, unit), None


def killed_half_way(cluster: Any, plan: Plan) -> list[Mapping[str, Any]]:
    """The records of ``plan`` carried out on a cluster whose second node is killed after the second unit."""
    node = cluster.add_node(num_cpus=1)
    records: list[Mapping[str, Any]] = [head(plan)]

    def append(record: Mapping[str, Any]) -> None:
        records.append(record)
        if len(records) == 3:
            cluster.remove_node(node, allow_graceful=False)

    assert run(plan, append, engine="ray", address=cluster.address)
    units = [tuple(record["unit"]) for record in records[1:]]
    assert len(units) == len(set(units)) > 3
    return records


def test_a_node_that_is_killed_half_way_costs_nothing_but_its_unfinished_units(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
):
    """The cluster, its tasks and the loss are real; what a task does is quick."""
    monkeypatch.setattr(ray_engine, "carry", quick)
    plan = audit_plan(subjects=("torch",), frontends=("shape_env",), programs=1500, jobs=2)
    records = killed_half_way(cluster, plan)
    here: list[Mapping[str, Any]] = [head(plan)]
    assert carry_out(plan, StandIn(plan, 2), here.append)
    assert timeless(rows_of(records)) == timeless(rows_of(here))


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_a_search_on_a_cluster_that_loses_a_node_gives_the_report_of_one_machine(cluster: Any):
    plan = plan_of()
    records = killed_half_way(cluster, plan)
    here: list[Mapping[str, Any]] = [head(plan)]
    assert run(plan, here.append)
    assert timeless(rows_of(records)) == timeless(rows_of(here))


def test_a_cluster_that_cannot_be_reached_is_told_in_one_line():
    pytest.importorskip("ray", reason="extra ray not installed")
    with pytest.raises(UsageError, match=r"engine ray: address='127.0.0.1:1' cannot be reached") as caught:
        run(plan_of(10), lambda record: None, engine="ray", address="127.0.0.1:1")
    assert "\n" not in str(caught.value)
