"""The renderers: one module per format, each with ``files(report)``; a new format is one new module here."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.model import Report


# A log that somebody else wrote may hold any text as an id, and ids become names of files.
_SAFE = re.compile(r"(?:findings/)?[\w-]+(?:\.[\w-]+)+")


def every_file(report: Report) -> dict[str, str]:
    """All files of the report's folder, by relative path, from every module here that makes files.

    Raises:
        ValueError: if two renderers claim the same path, or a path leaves the folder.
    """
    found: dict[str, str] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for path, text in module.files(report) if hasattr(module, "files") else ():
            if not _SAFE.fullmatch(path):
                raise ValueError(f"{info.name} would write {path!r}, which is no plain name in the folder")
            if path in found:
                raise ValueError(f"two renderers write {path}, the second is {info.name}")
            found[path] = text
    return found
