"""Large and whole logs, made up, for the page's size, its time to open and its looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reports.history import Past
from tests.reports.conftest import finding, log, shard, tally

Row = dict[str, Any]

GATES: list[Row] = [
    {"kind": "gate", "part": "regression vectors", "outcome": "passed", "count": 41, "failed": [], "why": ""},
    {"kind": "gate", "part": "mutants", "outcome": "failed", "count": 30, "failed": ["drops-equalities"], "why": ""},
    {"kind": "gate", "part": "devices", "outcome": "not run", "count": 0, "failed": [], "why": "no CUDA device"},
]


def many(findings: int, buckets: int) -> list[Row]:
    """A log of ``findings`` finding rows that fall into ``buckets`` buckets, each with a long program and graph."""
    body = "".join(f"    t{n} = torch.zeros(u0 + {n}) + a0.shape[0]\n" for n in range(30))
    graph = "\n".join(f"    %add_{n} : call_function[target=operator.add](args = (%u0, {n}))" for n in range(120))
    head = "def forward(a0, x0):\n    u0 = x0.item()\n"
    rows = []
    for number in range(findings):
        bucket = number % buckets
        rows.append(
            finding(
                id=f"{number:08x}",
                bucket=f"{bucket:012x}",
                signature=f"RA101 missing eq(add(c, dim), item) {bucket}",
                source=f"{head}    torch._check(u0 <= {bucket})\n{body}    return t0\n",
                statements=3 + number // buckets,
                graph_before=graph,
                graph_after=graph + f"\n    %le_{number} = le(%u0, {bucket})",
                required=[f"u0 <= {n}" for n in range(8)],
            )
        )
    hits = [{"kind": "hits", "bucket": f"{n:012x}", "count": findings // buckets} for n in range(buckets)]
    return log(*rows, *hits)


def whole() -> list[Row]:
    """A log with something of everything that the page shows."""
    doubtful = shard(
        1,
        1,
        torch=tally(proved=40, refuted={"missing": 6}, undecided={"rlimit": 1}, not_captured={"data-dependent": 3}),
    )
    doubtful["support"] = {
        "item": {"captured": 30, "refused: data-dependent expression": 2, "found wrong": 1},
        "check:eq": {"captured": 12},
        "nonzero": {"refused: Could not guard on data-dependent expression Eq(u0, 1)": 8},
        "narrow": {"captured": 4, "refused: out of bounds": 3},
    }
    plain = shard(0, 0)
    plain["support"] = {"item": {"captured": 40}, "check:eq": {"captured": 12}}
    plain["probes"], plain["boundaries_unreachable"], plain["boundaries_unrealisable"] = 4210, 12, 3
    new = finding(id="ffffffff", bucket="f" * 12, signature="RA101 missing lt(item)", constraint="u0 < 9")
    extra = finding(
        id="eeeeeeee", bucket="e" * 12, property="RA102", direction="extra", title="an assert rejects good inputs",
        subject="frontend", stage="frontend", signature="RA102 extra eq(item, c)", constraint="u1 * u2 == u1",
    )  # fmt: skip
    error = {
        "kind": "tool_error",
        "where": "worker",
        "text": "shard of 50 programs lost: hang",
        "program": None,
        "case": {},
    }
    rows = log(plain, doubtful, finding(), new, extra, error, *GATES)
    rows[0] |= {"id": "run-9", "started": "2026-11-25T02:00:00+00:00", "command": "audit"}
    return rows


def nights(count: int) -> Sequence[Past]:
    """Earlier runs, one a night."""
    return [
        Past(
            id=f"run-{night}",
            started=f"2026-11-{night + 1:02d}T02:00:00+00:00",
            torch="2.13.0+cpu" if night > 5 else "2.12.1+cpu",
            complete=night != 3,
            programs=3600 + 37 * night,
            seconds=110.0 + 7 * (night % 4),
            outcomes={"proved": 5200 + 11 * night, "refuted": 900 - 20 * night, "undecided": night % 2},
            buckets=frozenset(f"{n:012x}" for n in range(night // 3, 8 + night // 2)) | {"0123456789ab"},
        )
        for night in range(count)
    ]  # fmt: skip
