"""Reading and writing the text files of people: within a limit, whole, and never half-written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MAX_BYTES = 1 << 20


class FileError(ValueError):
    """A file that cannot be used: one line that names it and says why."""


def read_text(path: Path, *, limit: int = MAX_BYTES) -> str:
    """The UTF-8 text of ``path``.

    Raises:
        FileError: if it cannot be read, is no text, or is larger than ``limit`` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise FileError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise FileError(f"{path}: larger than {limit} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: not UTF-8 text") from error


def write_text(path: Path, text: str) -> None:
    """Puts ``text`` at ``path`` in one step, so that an error on the way leaves what was there.

    Raises:
        FileError: if it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        staged = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp shuts everybody else out; these files are there to be reviewed.
            staged.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"{path}: cannot be written: {error.strerror}") from error
