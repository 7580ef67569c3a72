"""Whether our four packages are really ours: pip lets another distribution overwrite files without a word."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

PACKAGES = ("runtime_assert", "strategies", "properties", "reports")
DISTRIBUTION = "runtime_assert"


class PlaceError(RuntimeError):
    """The packages do not belong together: one line that names the one that does not, and the way out."""


def check_place() -> None:
    """Compares where the four packages would be imported from, and their sizes with what was installed.

    It imports none of them and reads only the distribution's own record, so that it costs a few milliseconds.

    Raises:
        PlaceError: if one is missing, comes from elsewhere, or was overwritten.
    """
    root = Path(__file__).resolve().parent.parent
    for package in PACKAGES:
        place = _place(package)
        if place is None:
            raise PlaceError(f"the package {package} is missing beside {root} ({_WAY_OUT})")
        if place != root:
            raise PlaceError(f"the package {package} comes from {place}, the others from {root} ({_WAY_OUT})")
    changed = overwritten(root)
    if changed:
        raise PlaceError(f"{changed} in {root} is not the file that was installed ({_WAY_OUT})")


_WAY_OUT = "another distribution of that name is in the way: install runtime-assert in an environment of its own"


def overwritten(root: Path) -> str | None:
    """The first file of the four packages whose size is not the one on record; None if all is well.

    A source tree and an editable installation have no record of these files, and nothing to compare.
    """
    for record in sorted(root.glob(f"{DISTRIBUTION}-*.dist-info/RECORD")):
        with record.open(encoding="utf-8", newline="") as file:
            for name, _, size in csv.reader(file):
                if name.split("/")[0] in PACKAGES and name.endswith(".py") and not _has_size(root / name, size):
                    return name
    return None


def _has_size(path: Path, size: str) -> bool:
    try:
        return not size or path.stat().st_size == int(size)
    except FileNotFoundError:
        return False


def _place(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None:
        return None
    # A package without __init__.py has no origin, but it has places to search.
    if spec.origin is not None:
        return Path(spec.origin).resolve().parent.parent
    return next((Path(one).resolve().parent for one in spec.submodule_search_locations or ()), None)
