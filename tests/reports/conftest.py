"""A small run as the campaign would log it, from which every test of the reports starts."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reports.known import KnownEntry

Row = dict[str, Any]

CELL: Row = {"subjects": ["reference", "torch"], "profile": "audit", "device": "cpu"}
PLAN: Row = {
    "seed": 0,
    "cells": [
        {**CELL, "frontend": "shape_env", "programs": 100},
        {**CELL, "frontend": "make_fx", "programs": 50},
    ],
    "properties": ["RA101", "RA102", "RA305"],
    "shard_size": 50,
}  # fmt: skip
ENVIRONMENT: Row = {
    "torch": "2.13.0+cpu",
    "sympy": "1.14.0",
    "z3": "5.4.1",
    "hypothesis": "6.170.15",
    "python": "3.11.7",
    "platform": "Linux x86_64",
    "cpus": 2,
    "runtime-assert": "0.1.0",
}


def tally(**changes: Any) -> Row:
    """One subject's part of a shard: 50 programs, all proved, unless told otherwise."""
    whole: Row = {
        "programs": 50,
        "proved": 50,
        "refuted": {},
        "undecided": {},
        "vacuous": {},
        "not_captured": {},
        "tool_error": 0,
        "asserts_emitted": 90,
        "asserts_required": 90,
    }
    return {**whole, **changes}


def shard(cell: int, number: int, torch: Row | None = None, reference: Row | None = None) -> Row:
    """A shard of 50 programs."""
    return {
        "kind": "shard",
        "cell": cell,
        "shard": number,
        "frontend": PLAN["cells"][cell]["frontend"],
        "profile": "audit",
        "device": "cpu",
        "programs": 50,
        "invalid": 1,
        "seconds": {"draw": 0.5, "trace": 1.0, "pass": 0.25, "RA101": 0.5},
        "solver": {"bounds": 60, "z3": 39, "cvc5": 1},
        "solver_seconds": {"bounds": 0.1, "z3": 0.35, "cvc5": 0.05},
        "constructs": {"item": 40, "check:eq": 12},
        "subjects": {"reference": reference or tally(), "torch": torch or tally()},
    }


def finding(**changes: Any) -> Row:
    """The vacuous equality of torch's pass, through make_fx."""
    whole: Row = {
        "kind": "finding",
        "id": "0a1b2c3d",
        "bucket": "0123456789ab",
        "signature": "RA101 missing eq(add(dim, dim), item)",
        "cause": "equality, several leaves, replaced",
        "title": "an assert is missing",
        "property": "RA101",
        "direction": "missing",
        "subject": "torch",
        "seen_with": "torch",
        "stage": "pass",
        "frontend": "make_fx",
        "case": {"seed": 0, "cell": 1, "shard": 0, "index": 17},
        "program": {"schema": 1, "dims": [3, 4], "params": [], "body": []},
        "source": "def forward(a0, a1, x0):\n    u0 = x0.item()\n"
        "    torch._check(a0.shape[0] + a1.shape[0] == u0)\n    return torch.zeros(u0) + 1\n",
        "statements": 3,
        "constraint": "a0.shape[0] + a1.shape[0] == u0",
        "emitted": ["u0 >= 4", "u0 == u0"],
        "required": ["a0.shape[0] + a1.shape[0] == u0", "u0 >= 4"],
        "graph_before": "graph():\n    %x0_1 = placeholder[target=x0_1]\n    return (x0_1,)",
        "graph_after": "graph():\n    %x0_1 = placeholder[target=x0_1]\n    %eq = eq(%x0_1)\n    return (x0_1,)",
        "example_inputs": ["torch.ones(3)", "torch.ones(4)", "torch.tensor([7])"],
        "input_names": ["a0", "a1", "x0"],
        "dynamic": [[0], [0], []],
        "witness": {
            "values": {"d0": 3, "d1": 4, "u0": 8},
            "inputs": ["torch.ones(3)", "torch.ones(4)", "torch.tensor([8])"],
            "eager": {"outcome": "rejected", "by": "check", "error": "RuntimeError", "text": "Expected cond"},
            "before": {"outcome": "accepted", "by": "", "error": "", "text": ""},
            "after": {"outcome": "accepted", "by": "", "error": "", "text": ""},
        },
        "detail": "",
        "frontends": {"shape_env": "REFUTED(missing)", "make_fx": "REFUTED(missing)", "export": "PROVED"},
    }  # fmt: skip
    return {**whole, **changes}


NEW = finding(id="ffffffff", bucket="f", signature="RA101 missing lt(item)", constraint="u0 < 9")
"""A finding that no entry of the known list is about."""


def log(*middle: Row, complete: bool = True, cells: tuple[int, ...] = (0, 0, 1)) -> list[Row]:
    """A whole log: the run, a clean shard for each entry of ``cells``, the rows ``middle``, and the end."""
    return copy.deepcopy([
        {"kind": "run", "schema": 1, "plan": PLAN, "environment": ENVIRONMENT},
        *(shard(cell, number) for number, cell in enumerate(cells)),
        *middle,
        {"kind": "end", "complete": complete, "seconds": 118.2},
    ])  # fmt: skip


ENTRY = KnownEntry(
    id="vacuous-equality",
    title="An equality is emitted as u0 == u0",
    url="https://example.org/1",
    property="RA101",
    direction="missing",
    subject="torch",
    signatures=("RA101 missing eq(*)",),
    versions=">=2.11,<2.16",
)

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}{% raw %}",
    "\x1b[31mred\x1b]0;title\x07\x9b2J",
    "[bold red]markup[/bold red] [link=http://example.org]x[/link]",
    "```\n# not a heading\n| not | a | cell |\n`code` **bold** [text](http://example.org)",
    "\u202eright-to-left\u2066\u200b\u2028\ud800",
    '"""\nimport os\n# \\',
    "=HYPERLINK(1)\t@SUM(1)\r\nsecond line",
    "::error file=x::gone\n  ::add-mask::a\n##[command]rm",
    "]]> &amp; <![CDATA[ \x00\x0b\x1f\ufffe\uffff ]]>",
    '"""\n[[known]]\nid = "evil"\n',
)


@pytest.fixture(
    params=HOSTILE, ids=["html", "escapes", "rich", "markdown", "bidi", "python", "csv", "workflow", "xml", "toml"]
)
def hostile(request: pytest.FixtureRequest) -> str:
    """A string that some format would take for its own syntax."""
    return request.param


@pytest.fixture
def hostile_log(hostile: str) -> list[Row]:
    """A log in which every text that does not come from us is ``hostile``."""
    row = finding(
        signature=hostile, title=hostile, direction=hostile, stage=hostile, constraint=hostile, detail=hostile,
        emitted=[hostile], required=[hostile], graph_before=hostile, graph_after="x" + hostile,
        source=f"def forward(a0, a1, x0):\n    torch._check({hostile!r})",
        frontends={"make_fx": hostile},
    )  # fmt: skip
    for run in ("eager", "before", "after"):
        row["witness"][run] = {"outcome": "rejected", "by": "check", "error": hostile, "text": hostile}
    shown = shard(1, 0, torch=tally(proved=48, refuted={hostile: 1}, not_captured={hostile: 1}))
    shown["constructs"] = {hostile: 1}
    error = {"kind": "tool_error", "where": hostile, "text": hostile, "program": None, "case": {}}
    rows = log(row, {"kind": "hits", "bucket": row["bucket"], "count": 3}, error)
    rows[-5] = shown
    rows[0]["environment"]["platform"] = hostile
    return rows


Build = Callable[..., Any]
