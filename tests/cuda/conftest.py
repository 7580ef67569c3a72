"""Tests that need a CUDA device; without one they are skipped, with the reason that reports give too."""

from __future__ import annotations

import pytest

from properties.devices import why_not_run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is marked ``cuda`` where no CUDA device can be used."""
    reason = why_not_run("cuda")
    if reason:
        for item in items:
            if item.get_closest_marker("cuda"):
                item.add_marker(pytest.mark.skip(reason=reason))
