"""The output folder: checked before the work starts, and never left half-written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from reports.store import is_begun

# The file by which a folder is recognised as an earlier report, and what it has to say.
MARKER = "run.json"
SCHEMA = "runtime-assert/run/1"
# What the marker was called before; a folder that has one is a report too, and loses it to the new one.
_FORMER_MARKERS = {"audit.json": "runtime-assert/audit/1"}

# What a report may leave in its folder; a newer report removes what an older one left here.
_OURS = ("findings",)
_STAGING = ".runtime-assert-"


class FolderError(ValueError):
    """The output folder cannot be used: one line that names it and says why."""


def check(target: Path) -> None:
    """Makes sure that a report can be put at ``target``; changes nothing.

    Allowed are a path that does not exist, an empty folder, and an earlier report.

    Raises:
        FolderError: for a file, for a folder with something else in it, and where nothing can be written.
    """
    try:
        if target.is_dir():
            _check_owned(target)
        elif target.exists() or target.is_symlink():
            raise FolderError(f"--output {target}: is not a folder")
        with _staging(_existing(target), target):
            pass
    except OSError as error:
        raise FolderError(f"--output {target}: cannot be written: {error.strerror}") from error


def publish(target: Path, files: Mapping[str, str]) -> None:
    """Writes ``files`` (relative path: text) to ``target``, replacing an earlier report.

    Everything is written and flushed aside first and then moved in place, so that an error on the way leaves
    ``target`` as it was.

    Raises:
        FolderError: if it cannot be written.
    """
    try:
        if target.exists():
            _check_owned(target)
        with _staging(_existing(target), target) as staging:
            for name, text in files.items():
                _write(staging / name, text)
            if target.exists():
                _move_over(staging, target, files)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                staging.rename(target)
    except OSError as error:
        raise FolderError(f"--output {target}: cannot be written: {error.strerror}") from error


def _existing(path: Path) -> Path:
    """``path`` itself if it exists, else the nearest folder above it that does."""
    for candidate in (path, *path.absolute().parents):
        if candidate.exists():
            return candidate
    raise FolderError(f"--output {path}: cannot be written: no folder above it exists")


def _check_owned(target: Path) -> None:
    if not target.is_dir():
        raise FolderError(f"--output {target}: is not a folder")
    names = [entry.name for entry in target.iterdir() if not entry.name.startswith(_STAGING)]
    markers = {MARKER: SCHEMA, **_FORMER_MARKERS}
    ours = any(_is_report(target / name, schema) for name, schema in markers.items()) or _is_run(target)
    if names and not ours:
        allowed = "a new or an empty folder, or an earlier report"
        raise FolderError(f"--output {target}: holds something else (allowed: {allowed})")


def _is_run(target: Path) -> bool:
    """Whether ``target`` holds the journal of a run whose report was not written yet."""
    return is_begun(target)


def _is_report(marker: Path, schema: str) -> bool:
    try:
        document = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("schema") == schema


@contextmanager
def _staging(parent: Path, target: Path) -> Iterator[Path]:
    """A new folder on the file system of ``target``; gone at the end unless it was moved."""
    if not parent.is_dir():
        raise FolderError(f"--output {target}: cannot be written: {parent} is not a folder")
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=parent))
    try:
        # mkdtemp shuts everybody else out, but a report is there to be read.
        staging.chmod(0o777 & ~_umask())
        yield staging
    finally:
        if staging.exists():
            shutil.rmtree(staging)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _move_over(staging: Path, target: Path, files: Mapping[str, str]) -> None:
    # The marker goes last but one step: a folder that holds files of ours always holds the marker as well.
    for name in sorted(files, key=lambda name: name != MARKER):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, place)
    for name in _FORMER_MARKERS:
        (target / name).unlink(missing_ok=True)
    for folder in _OURS:
        for left in (target / folder).glob("*"):
            if PurePosixPath(folder, left.name).as_posix() not in files and left.is_file():
                left.unlink()
