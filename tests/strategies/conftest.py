"""Generated programs call what torch has announced the end of: no test is about the announcement."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:_check_is_size will be removed:FutureWarning")
