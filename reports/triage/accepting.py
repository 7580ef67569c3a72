"""From a finding to an entry of the known list and the vector that shows it, for a person to review."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reports.known.versions import release
from reports.text import one_line

VECTORS = "vectors"
_CASE = ("program", "subject", "seen_with", "frontend", "property", "direction", "signature", "source")


def entry(
    row: Mapping[str, Any],
    *,
    name: str,
    url: str,
    title: str | None,
    versions: str | None,
    expires: datetime.date | None,
    note: str | None,
    torch: str,
) -> dict[str, Any]:
    """The table ``[[known]]`` for a ``finding`` row: exactly its signature, and only the torch it was seen on unless
    ``versions`` says more."""
    found: dict[str, Any] = {
        "id": name,
        "title": title or one_line(f"{row['title']}: {row['constraint'] or row['signature']}", 120),
        "url": url,
        "property": row["property"],
        "direction": row["direction"],
        "subject": row["subject"],
        # What is special in a glob stands for itself here: a star matches itself too.
        "signature": [row["signature"]],
        "versions": versions or f"=={release(torch)}",
    }
    if expires is not None:
        found["expires"] = expires
    found["vector"] = f"{VECTORS}/{name}.json"
    if note:
        found["note"] = note
    return found


def vector(row: Mapping[str, Any]) -> str:
    """The JSON text of the case that shows the finding: what ``replay`` needs and what a reviewer reads."""
    return json.dumps({name: row[name] for name in _CASE if name in row}, indent=2) + "\n"


def suggested_name(row: Mapping[str, Any]) -> str:
    """An id for the entry, from what was found."""
    words = re.findall(r"[a-z0-9]+", f"{row['property']} {row['direction']} {row['id']}".lower())
    return "-".join(words)[:64]


def vector_path(known: Path, name: str) -> Path:
    """Where the vector of the entry ``name`` of the list ``known`` stands."""
    return known.parent / VECTORS / f"{name}.json"
