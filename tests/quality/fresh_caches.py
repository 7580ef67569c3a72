"""A pytest plugin for mutation testing: no test sees what another one, or code without the mutant, has cached."""

from __future__ import annotations

import functools
import sys

import pytest

_PACKAGES = ("properties.", "strategies.", "runtime_assert.")


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(_PACKAGES):
            for value in list(vars(module).values()):
                if isinstance(value, functools._lru_cache_wrapper):
                    value.cache_clear()
