"""The published JSON schemas of the files for machines, as data (draft 2020-12)."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

NAMES = ("finding", "run")


def schema(name: str) -> dict[str, Any]:
    """The schema ``name``, one of NAMES: ``finding`` is a line of findings.jsonl, ``run`` is run.json."""
    return json.loads(resources.files(__name__).joinpath(f"{name}.schema.json").read_text("utf-8"))
