"""The renderers: one module per format, each with ``files(report)``; a new format is one new module here."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.model import Report


def every_file(report: Report) -> dict[str, str]:
    """All files of the report's folder, by relative path, from every module here that makes files.

    Raises:
        ValueError: if two renderers claim the same path.
    """
    found: dict[str, str] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for path, text in module.files(report) if hasattr(module, "files") else ():
            if path in found:
                raise ValueError(f"two renderers write {path}, the second is {info.name}")
            found[path] = text
    return found
