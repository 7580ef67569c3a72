"""A pytest plugin for mutation testing: quick tests first, nothing cached, and no example made smaller."""

from __future__ import annotations

import functools
import gc
import json
import sys
from pathlib import Path

import hypothesis
import pytest

_PACKAGES = ("properties.", "strategies.", "runtime_assert.")
_STATISTICS = Path("mutmut-stats.json")
"""Where mutmut, which runs the tests in its folder of mutants, keeps how long each test takes."""


def pytest_configure() -> None:
    """Draws what the tests draw, and ends with the first example that fails: that one did is all that counts.

    The conftest has loaded the profile of the tests by now, and no test has been imported.
    """
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    tests = hypothesis.settings.get_profile("tests")
    hypothesis.settings.register_profile("mutation", parent=tests, phases=phases, report_multiple_bugs=False)
    hypothesis.settings.load_profile("mutation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mutant is killed by the first test that fails, so the quick ones go first."""
    seconds = _seconds()
    items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))


@functools.cache
def _seconds() -> dict[str, float]:
    """How long each test takes; read once, by the process that all workers share."""
    return json.loads(_STATISTICS.read_text(encoding="utf-8"))["duration_by_test"] if _STATISTICS.exists() else {}


def pytest_unconfigure(config: pytest.Config) -> None:
    """What was imported to be shared by all workers is left alone by their collectors, which would copy its pages."""
    if config.getoption("collectonly"):
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """No test sees what another one, or code without the mutant, has cached."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
