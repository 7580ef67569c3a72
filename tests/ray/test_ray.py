"""The engine of a Ray cluster, on a real one of two nodes: the same report as here, though a node is killed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from properties.campaign import Plan, audit_plan, head, rows_of, run
from properties.errors import UsageError

pytestmark = pytest.mark.ray


def plan_of(programs: int = 400) -> Plan:
    return audit_plan(
        subjects=("mutant:drops-equalities",),
        frontends=("shape_env",),
        programs=programs,
        property_codes=("RA101",),
        jobs=2,
        seed=4,
    )


def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in row.items() if name not in ("seconds", "id", "started")}
        for row in rows
        if row["kind"] != "end"
    ]


@pytest.fixture
def cluster() -> Iterator[Any]:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports] - an extra

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield made
    made.shutdown()


def test_a_node_that_is_killed_half_way_costs_nothing_but_its_unfinished_shards(cluster: Any):
    node = cluster.add_node(num_cpus=1)
    plan = plan_of()
    records: list[Mapping[str, Any]] = [head(plan)]
    killed = False

    def append(record: Mapping[str, Any]) -> None:
        nonlocal killed
        records.append(record)
        if len(records) == 3:
            cluster.remove_node(node, allow_graceful=False)
            killed = True

    assert run(plan, append, engine="ray", address=cluster.address)
    assert killed
    units = [tuple(record["unit"]) for record in records[1:]]
    assert len(units) == len(set(units))
    here: list[Mapping[str, Any]] = [head(plan)]
    assert run(plan, here.append)
    assert timeless(rows_of(records)) == timeless(rows_of(here))


def test_a_cluster_that_cannot_be_reached_is_told_in_one_line():
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    with pytest.raises(UsageError, match=r"engine ray: address='127.0.0.1:1' cannot be reached") as caught:
        run(plan_of(10), lambda record: None, engine="ray", address="127.0.0.1:1")
    assert "\n" not in str(caught.value)
