"""Calls of a function in disposable worker processes, each of which may hang or crash without harm to the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as JobTimeout
from typing import Any

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from properties.campaign.server import fork_server
from properties.campaign.worker import prepare

__all__ = ["Lost", "prepare", "results"]


class Lost(RuntimeError):
    """A job that gave no result, with the reason."""


def results(
    function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], *, workers: int, timeout: float
) -> Iterator[Any]:
    """``function(*job)`` for each job, in the order of ``jobs``, run by ``workers`` processes.

    A job that is lost yields a :class:`Lost`. Workers use one thread each.
    """
    if not jobs:
        return
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    pool = ProcessPool(max_workers=workers, context=fork_server(), initializer=prepare)
    try:
        futures = [pool.schedule(function, args=list(job), timeout=timeout) for job in jobs]
        for future in futures:
            yield _outcome(future, timeout)
    finally:
        # After the last result there is nothing to stop; before it, whoever asked wants no more of them.
        pool.stop()
        pool.join()


def _outcome(future: ProcessFuture, timeout: float) -> Any:
    try:
        return future.result()
    except JobTimeout:
        return Lost(f"hang: no result within {timeout:.0f} s")
    except ProcessExpired as error:
        return Lost(f"worker died: exit code {error.exitcode}")
    except Exception as error:  # noqa: BLE001 - the job's own fault, recorded by the caller
        return Lost(f"{type(error).__name__}: {error}")
