"""A pytest plugin for mutation testing: nothing cached, and no example made smaller."""

from __future__ import annotations

import functools
import sys

import hypothesis
import pytest

_PACKAGES = ("properties.", "strategies.", "runtime_assert.")


def pytest_configure() -> None:
    """Draws what the tests draw, and ends with the first example that fails: that one did is all that counts.

    The conftest has loaded the profile of the tests by now, and no test has been imported.
    """
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    tests = hypothesis.settings.get_profile("tests")
    hypothesis.settings.register_profile("mutation", parent=tests, phases=phases, report_multiple_bugs=False)
    hypothesis.settings.load_profile("mutation")


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """No test sees what another one, or code without the mutant, has cached."""
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
