"""Which findings a script with torch alone can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.reading import ReadingError
from reports.render.reproducer import scriptable
from reports.text import one_line


def check_scriptable(row: Mapping[str, Any]) -> None:
    """Raises ReadingError, with one line, if ``row`` is one that the installed torch alone cannot show."""
    if not scriptable(row):
        name = one_line(row["subject"], 60)
        raise ReadingError(f"{row['id']} is a finding of {name}, which torch alone does not show (triage replay does)")
