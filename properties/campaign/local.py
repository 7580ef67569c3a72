"""The engine of one machine: disposable worker processes, and a unit of work that outlives any number of them.

A worker that hangs, crashes or exceeds its memory ends. Its black box says on which Program and in which phase; the
unit goes on in a new worker from what was finished. A first end on a Program is tried again, with more time, so that a
worker that somebody else killed or kept from running accuses nobody; a second one is a death, with somebody to blame.
"""

from __future__ import annotations

import itertools
import os
import queue
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as JobTimeout
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool

from properties.campaign import box
from properties.campaign.deaths import Death, death_of
from properties.campaign.plan import Plan
from properties.campaign.server import fork_server
from properties.campaign.units import CHECK, REPLAY, SEARCH, SHRINK, TRIAL, Limits, Unit
from properties.campaign.worker import RETIRED, start, work
from properties.errors import UsageError

_LOOK_EVERY = 1.0  # seconds
TRIES = 2
"""Ends of a worker on one Program until somebody is blamed for them."""
_PATIENCE = 3
"""So many times the time gets a Program that took too long: a machine with too much to do may be the cause."""
MOST_LOST = 200
"""Ends of workers in one unit after which it is given up."""
_MOST_LEFT_OUT = {SEARCH: MOST_LOST, SHRINK: 8, REPLAY: 0, CHECK: 0, TRIAL: 0}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a unit: the state at its end, or a ``death`` that it could not go on from."""

    unit: Unit
    state: dict[str, Any] | None
    death: Death | None = None


class Engine(Protocol):
    """Carries units out, as many at a time as it has workers."""

    @property
    def workers(self) -> int:
        """Units that are carried out at a time."""
        ...

    def submit(self, unit: Unit) -> None:
        """Has ``unit`` done; its result comes from :meth:`results` in its time."""
        ...

    def results(self, seconds: float) -> list[Result]:
        """What was finished, in any order; waits at most ``seconds`` for the first."""
        ...

    @property
    def pending(self) -> int:
        """Units that were submitted and have no result yet."""
        ...

    def abandon(self) -> None:
        """Gives up what is pending."""
        ...

    def close(self) -> None:
        """Ends the workers, whatever they do."""
        ...


@dataclass
class _Life:
    """A unit on its way through workers."""

    unit: Unit
    path: Path
    state: dict[str, Any] | None = None
    ends: Counter[tuple[int, tuple[str, ...]]] = field(default_factory=Counter)
    deaths: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    future: Future[dict[str, Any]] | None = None
    gone: bool = False


class Local:
    """Worker processes on this machine. Use it as a context manager."""

    def __init__(self, plan: Plan, workers: int, limits: Limits) -> None:
        self._workers = workers
        self._plan = plan
        self._limits = limits
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        self._folder = Path(tempfile.mkdtemp(prefix="runtime-assert-"))
        self._done: queue.SimpleQueue[tuple[_Life, Future[dict[str, Any]]]] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._pending = 0
        self._lives: dict[Path, _Life] = {}
        self._looked = 0.0
        self._pool = self._new_pool()

    @property
    def workers(self) -> int:
        return self._workers

    @property
    def pending(self) -> int:
        return self._pending

    def submit(self, unit: Unit) -> None:
        """Has ``unit`` done by the next free worker."""
        self._pending += 1
        life = _Life(unit, self._folder / str(next(self._numbers)))
        self._lives[life.path] = life
        self._schedule(life)

    def results(self, seconds: float) -> list[Result]:
        """What was finished, in any order; waits at most ``seconds`` for the first end of a worker's job."""
        found: list[Result] = []
        until = time.monotonic() + seconds
        while True:
            wait = 0.0 if found else min(_LOOK_EVERY, until - time.monotonic())
            try:
                life, future = self._done.get(timeout=wait) if wait > 0 else self._done.get_nowait()
            except queue.Empty:
                if found or time.monotonic() >= until:
                    return found
                self._look_for_gone()
                continue
            result = self._next(life, future)
            if result is not None:
                self._pending -= 1
                del self._lives[life.path]
                box.remove(life.path)
                found.append(result)

    def abandon(self) -> None:
        """Gives up what is pending, and ends the workers that are at it."""
        self._end_pool()
        self._done = queue.SimpleQueue()
        self._pending = 0
        self._lives.clear()
        self._pool = self._new_pool()

    def close(self) -> None:
        """Ends all workers at once, and takes their black boxes away."""
        self._end_pool()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look_for_gone(self) -> None:
        """Finds workers that ended with the exit status 0 in the middle of their work, which pebble takes for well."""
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        for life in list(self._lives.values()):
            pid = box.owner(life.path)
            if pid is None or life.future is None or life.future.done() or _alive(pid):
                life.gone = False
            elif life.gone:
                # Seen for the second time: what it sent before its end has had its time to arrive.
                life.future.cancel()
            else:
                life.gone = True

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers, context=fork_server(), initializer=start, initargs=(self._limits.memory,)
        )

    def _end_pool(self) -> None:
        self._pool.stop()
        self._pool.join()

    def _schedule(self, life: _Life) -> None:
        box.remove(life.path)
        limits = self._limits
        if life.ends and life.unit.kind != TRIAL:
            limits = replace(limits, seconds=limits.seconds * _PATIENCE)
        arguments = [self._plan, life.unit, limits, life.path, life.state, life.deaths]
        future = self._pool.schedule(work, args=arguments, timeout=_overall(life.unit, limits))
        life.future, life.gone = future, False
        finished = self._done
        future.add_done_callback(lambda done: finished.put((life, done)))

    def _next(self, life: _Life, future: Future[dict[str, Any]]) -> Result | None:
        """The result of a unit whose worker has come to an end, or None if another one takes it up."""
        try:
            state: dict[str, Any] = future.result()
        except UsageError:
            raise
        except CancelledError:
            if life.gone:
                return self._ended(life, 0, overdue=False)
            return Result(life.unit, None, Death("abort", "", "cancelled", ""))
        except JobTimeout:
            return self._ended(life, None, overdue=True)
        except ProcessExpired as error:
            return self._ended(life, error.exitcode, overdue=False)
        except Exception as error:  # noqa: BLE001 - a fault in our own code in the worker, which lives on
            return Result(life.unit, None, Death("abort", "", type(error).__name__, _described(error)))
        return Result(life.unit, state)

    def _ended(self, life: _Life, exit_code: int | None, *, overdue: bool) -> Result | None:
        left = box.remains(life.path)
        if left.state is not None:
            life.state = left.state
        if exit_code == RETIRED and life.state is not None and life.state.pop("retired", False):
            self._schedule(life)
            return None
        end = (left.index, left.phase)
        life.ends[end] += 1
        death = death_of(left, exit_code, overdue)
        if life.ends.total() >= MOST_LOST:
            return Result(life.unit, None, death)
        if life.ends[end] >= (1 if life.unit.kind == TRIAL else TRIES):
            if left.index < 0 or len(life.deaths) >= _MOST_LEFT_OUT[life.unit.kind]:
                # Nothing to leave out, as in the drawing of a shard, or too much.
                return Result(life.unit, life.state, death)
            life.deaths.setdefault(left.index, []).append(death.to_json())
        self._schedule(life)
        return None


def _overall(unit: Unit, limits: Limits) -> float:
    """Seconds after which a worker is ended from outside: only one whose own watch is out of order meets it."""
    return limits.seconds * (unit.count + unit.calls + 10)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _described(error: BaseException) -> str:
    # pebble hands the worker's traceback over as a text.
    return f"{type(error).__name__}: {error}\n{getattr(error, 'traceback', '')}"[-2000:]
