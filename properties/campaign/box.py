"""A worker's black box: what it was doing and how far it had come, readable after any end of it.

Four files of one name. ``.mark`` is mapped into memory and holds the index of the Program and the phase: what is
stored there survives the process at the cost of a copy. ``.state`` holds what the worker had finished, a line for each
Program. ``.dump`` is where the fault handler writes where every thread stood, after a hang or a fatal signal,
``.err`` takes what is written to the standard error (libraries in C++ say there why they give up).
"""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MARK_BYTES = 512
_HANG = "Timeout ("
_DUMP_LIMIT = 4000
_SUFFIXES = (".mark", ".state", ".dump", ".err")


@dataclass(frozen=True, slots=True)
class Remains:
    """What a black box says: the Program at work (-1 before the first), the phase, the last state, the dump, and
    the last that was written to the standard error."""

    index: int
    phase: tuple[str, ...]
    state: dict[str, Any] | None
    dump: str
    said: str = ""

    @property
    def hung(self) -> bool:
        """Whether the worker ended itself because a Program took too long."""
        return self.dump.startswith(_HANG)


class Box:
    """The worker's side: open it, mark and save, close it."""

    def __init__(self, path: Path, seconds: float, *, redirect: bool = True) -> None:
        """Opens the box at ``path``; a Program that takes more than ``seconds`` ends this process from now on.

        With ``redirect`` the process's standard error goes there, too.
        """
        self._seconds = seconds
        self._index = -1
        descriptor = os.open(path.with_suffix(".mark"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.ftruncate(descriptor, _MARK_BYTES)
        self._mark = mmap.mmap(descriptor, _MARK_BYTES)
        os.close(descriptor)
        self._dump = path.with_suffix(".dump").open("w+b", buffering=0)
        self._state = os.open(path.with_suffix(".state"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        errors = os.open(path.with_suffix(".err"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        if redirect:
            os.dup2(errors, 2)
        os.close(errors)
        self.mark(())
        faulthandler.enable(self._dump)
        self._watch()

    def begin(self, index: int) -> None:
        """Program ``index`` is at work from now on, and its time starts."""
        self._index = index
        self._watch()

    def mark(self, names: tuple[str, ...]) -> None:
        """The phase has changed to ``names``."""
        text = f"{self._index}\x1f{os.getpid()}\x1f" + "\x1f".join(names)
        self._mark[:] = text.encode("utf-8", "replace")[:_MARK_BYTES].ljust(_MARK_BYTES, b"\0")

    def save(self, state: Mapping[str, Any]) -> None:
        """``state`` is what is finished."""
        data = json.dumps(state, separators=(",", ":")).encode() + b"\n"
        while data:
            data = data[os.write(self._state, data) :]

    def close(self) -> None:
        """Nothing is watched any more."""
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
        self._dump.close()
        self._mark.close()
        os.close(self._state)

    def _watch(self) -> None:
        # Runs in a thread without Python in it, so that a loop in C that keeps the lock is ended as well.
        faulthandler.dump_traceback_later(self._seconds, exit=True, file=self._dump)


def remains(path: Path) -> Remains:
    """Reads the black box at ``path``; one that was never opened says nothing."""
    mark = _read(path.with_suffix(".mark")).rstrip(b"\0").decode("utf-8", "replace").split("\x1f")
    index = int(mark[0]) if mark[0].lstrip("-").isdigit() else -1
    dump = _read(path.with_suffix(".dump")).decode("utf-8", "replace")[:_DUMP_LIMIT]
    said = _read(path.with_suffix(".err"))[-_DUMP_LIMIT:].decode("utf-8", "replace")
    return Remains(index, tuple(name for name in mark[2:] if name), _last_state(path), dump, said)


def owner(path: Path) -> int | None:
    """The process that opened the black box at ``path``, or None if none did yet."""
    mark = _read(path.with_suffix(".mark")).rstrip(b"\0").split(b"\x1f")
    return int(mark[1]) if len(mark) > 1 and mark[1].isdigit() else None


def remove(path: Path) -> None:
    """Takes the files of the box at ``path`` away."""
    for suffix in _SUFFIXES:
        path.with_suffix(suffix).unlink(missing_ok=True)


def _last_state(path: Path) -> dict[str, Any] | None:
    lines = _read(path.with_suffix(".state")).split(b"\n")
    # What stands behind the last line's end was being written when the worker ended.
    return json.loads(lines[-2]) if len(lines) > 1 else None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
