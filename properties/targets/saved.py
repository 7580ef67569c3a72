"""Exported programs on disk."""

from __future__ import annotations

from typing import Any

from properties.errors import UsageError


def check_saved(target: str) -> dict[str, Any]:
    raise UsageError("not yet")
