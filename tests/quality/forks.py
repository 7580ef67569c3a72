"""Work in forks of this process, a few at a time: each has all that is imported, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Final

ENDED: Final = "ended"
"""The result of work whose process ended without one."""
TIME_UP: Final = "time up"
"""The result of work that took too long."""


@dataclass(frozen=True, slots=True)
class _Running:
    process: Any
    connection: Connection
    until: float
    done: Callable[[Any], None]


class Forks:
    """So many processes at a time; what they print is dropped."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._running: list[_Running] = []

    def add(self, work: Callable[[], Any], seconds: float, done: Callable[[Any], None]) -> None:
        """Starts ``work`` as soon as there is room; ``done`` gets its result, ENDED or TIME_UP, in this process."""
        while len(self._running) >= self.jobs:
            self._step()
        sys.stdout.flush()
        sys.stderr.flush()
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_send, args=(work, theirs))
        process.start()
        theirs.close()
        self._running.append(_Running(process, ours, time.monotonic() + seconds, done))

    def wait(self) -> None:
        """Waits for all of them."""
        while self._running:
            self._step()

    def end(self) -> None:
        """Ends all of them; they get no result."""
        for one in self._running:
            _kill(one)
        self._running.clear()

    def _step(self) -> None:
        """Waits until at least one has ended, or has no time left."""
        left = min(one.until for one in self._running) - time.monotonic()
        ready = wait([one.connection for one in self._running], max(0.0, left))
        for one in list(self._running):
            result: Any = TIME_UP
            if one.connection in ready:
                try:
                    result = one.connection.recv()
                except EOFError:
                    result = ENDED
            elif time.monotonic() < one.until:
                continue
            _kill(one)
            self._running.remove(one)
            one.done(result)


def _send(work: Callable[[], Any], connection: Connection) -> None:
    os.setsid()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    connection.send(work())
    os._exit(0)


def _kill(one: _Running) -> None:
    """Ends the process and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(one.process.pid, signal.SIGKILL)
    one.process.kill()
    one.process.join()
    one.connection.close()
