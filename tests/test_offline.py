"""What is carried to a machine without a network is all that this project needs beside torch."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BROUGHT_BY_TORCH = {"torch", "numpy", "sympy", "jinja2"}


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[ ;]", line.strip())[0].lower() for line in lines if line.strip() and line[0] != "#"}


def test_every_dependency_that_torch_does_not_bring_is_carried() -> None:
    """A new dependency in pyproject.toml has to be carried along, too."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    carried = names((ROOT / "requirements-offline.txt").read_text().splitlines())
    assert names(declared) - BROUGHT_BY_TORCH <= carried


def test_every_carried_package_has_its_version_in_the_constraints() -> None:
    """Otherwise two downloads on two days would differ."""
    carried = names((ROOT / "requirements-offline.txt").read_text().splitlines())
    assert carried <= names((ROOT / "constraints.txt").read_text().splitlines())
