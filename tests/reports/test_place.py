"""The check at the start: our four packages come from one place and are the files that were installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reports import place
from reports.place import PACKAGES, PlaceError, check_place, overwritten

ROOT = Path(__file__).resolve().parents[2]


def install(root: Path) -> None:
    """What pip leaves: the four packages and a record of their files."""
    record = root / "runtime_assert-0.1.0.dist-info" / "RECORD"
    record.parent.mkdir()
    for package in PACKAGES:
        (root / package).mkdir()
        (root / package / "__init__.py").write_text("ours = 1\n")
    record.write_text("".join(f"{package}/__init__.py,sha256=x,9\n" for package in PACKAGES) + "../bin/x,,\n")


def test_this_tree_is_in_one_place():
    check_place()


def test_an_installation_that_nobody_touched_passes(tmp_path: Path):
    install(tmp_path)
    assert overwritten(tmp_path) is None


@pytest.mark.parametrize("package", PACKAGES)
def test_an_overwritten_file_is_named(tmp_path: Path, package: str):
    install(tmp_path)
    (tmp_path / package / "__init__.py").write_text("theirs = 1\n")
    assert overwritten(tmp_path) == f"{package}/__init__.py"
    (tmp_path / package / "__init__.py").unlink()
    assert overwritten(tmp_path) == f"{package}/__init__.py"


@pytest.mark.parametrize("package", ["strategies", "properties"])
def test_a_package_from_elsewhere_is_named_in_one_line(tmp_path: Path, package: str):
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text("")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        "from reports.cli import main; sys.exit(main(['explain']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"the package {package} comes from {tmp_path}" in done.stderr


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(place, "PACKAGES", (*PACKAGES, "no_such_package"))
    with pytest.raises(PlaceError, match="the package no_such_package is missing"):
        check_place()
