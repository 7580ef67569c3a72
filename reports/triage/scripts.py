"""Which findings a script with torch alone can show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.reading import ReadingError
from reports.render.reproducer import why_no_script


def check_scriptable(row: Mapping[str, Any]) -> None:
    """Raises ReadingError, with one line, if ``row`` is one that the installed torch alone cannot show."""
    why = why_no_script(row)
    if why:
        raise ReadingError(f"{row['id']} has no script: {why} (triage replay does)")
