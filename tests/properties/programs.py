"""Small Programs by hand, for tests that name the case they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from strategies.program import Program

Json = Any


def program(dims: Sequence[int], body: Sequence[Json]) -> Program:
    """A Program with one 1-dimensional tensor for each dim."""
    return Program.from_json(
        {
            "schema": 1,
            "dims": list(dims),
            "params": [{"shape": [f"d{index}"], "dtype": "float32"} for index in range(len(dims))],
            "body": list(body),
        }
    )


def item(value: int) -> Json:
    return {"op": "item", "value": value}


def check(*condition: Json) -> Json:
    return {"op": "check", "cond": list(condition)}


VACUOUS_EQUALITY = program((3, 4), [item(7), check("eq", ["add", "d0", "d1"], "u0")])
DROPPED_BOUND = program((2,), [item(4), check("le", ["min", "u0", 9], 5)])
