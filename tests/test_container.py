"""The container file installs what the package is made of."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Containerfile").read_text()


def copied() -> set[str]:
    found = re.findall(r"^COPY (.+) \S+$", TEXT, re.MULTILINE)
    return {name for line in found for name in line.split()}


def test_it_copies_every_package_and_only_what_is_there():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    assert {name.removesuffix("*") for name in settings["include"]} <= copied()
    assert [name for name in sorted(copied()) if not (ROOT / name).exists()] == []


def test_what_it_copies_is_not_left_out_of_the_build():
    ignored = (ROOT / ".containerignore").read_text().split()
    assert copied().isdisjoint(ignored)


def test_everything_is_installed_in_the_pinned_versions():
    installs = re.findall(r"pip install [^&\n]+", TEXT)
    assert len(installs) == 2
    assert all("--constraint constraints.txt" in line for line in installs)


def test_its_command_is_the_package_s_own():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert f'ENTRYPOINT ["{next(iter(scripts))}"]' in TEXT
