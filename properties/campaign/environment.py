"""The versions and the machine that a result depends on."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from typing import Any

_PACKAGES = {"torch": "torch", "sympy": "sympy", "z3": "z3-solver", "hypothesis": "hypothesis"}


def environment() -> dict[str, Any]:
    """Package versions from their installed metadata (nothing is imported), Python, platform and cores."""
    found: dict[str, Any] = {name: _version(package) for name, package in _PACKAGES.items()}
    found["runtime-assert"] = _version("runtime-assert")
    found["python"] = platform.python_version()
    found["platform"] = f"{platform.system()} {platform.machine()}"
    found["cpus"] = os.cpu_count()
    return found


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
