"""The versions and the machine that a result depends on."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = {"torch": "torch", "sympy": "sympy", "z3": "z3-solver", "hypothesis": "hypothesis"}

_OPTIONAL = ("cvc5",)
"""What a verdict depends on only where it is installed."""

_NOT_INSTALLED = "not installed"

_OURS = ("runtime_assert", "strategies", "properties")


def environment() -> dict[str, Any]:
    """Package versions from their installed metadata (nothing is imported), Python, platform and cores."""
    found: dict[str, Any] = {name: _version(package) for name, package in _PACKAGES.items()}
    found |= {name: version for name in _OPTIONAL if (version := _version(name)) != _NOT_INSTALLED}
    found["runtime-assert"] = _version("runtime-assert")
    found["python"] = platform.python_version()
    found["platform"] = f"{platform.system()} {platform.machine()}"
    found["cpus"] = os.cpu_count()
    return found


def code(subjects: Sequence[str]) -> dict[str, str]:
    """Digests of the source of our own packages, and of every subject that is a file, by name.

    Two goes of one run have to agree on them.
    """
    root = Path(__file__).resolve().parents[2]
    found = {"runtime-assert": _digest(path for name in _OURS for path in sorted((root / name).rglob("*.py")))}
    for subject in subjects:
        place = Path(subject.rpartition(":")[0])
        if place.suffix == ".py" and place.is_file():
            found[subject] = _digest([place])
    return found


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return _NOT_INSTALLED
