"""Disposable worker processes: a job that hangs, crashes or eats all memory ends its worker and is reported."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as JobTimeout
from typing import Any

from pebble import ProcessExpired, ProcessPool

PRELOADED = ["torch", "torch.export", "z3", "hypothesis", "properties.campaign.shard"]


def prepare() -> None:
    """What every worker does first.

    torch's log of the traces that it refuses is not for a campaign's terminal. What is loaded by now stays for good, so
    that collecting garbage need not walk over it again and again (a tenth of the time).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    logging.getLogger("torch").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")


class Lost(RuntimeError):
    """A job that gave no result, with the reason."""


def results(
    function: Callable[..., Any], jobs: Sequence[tuple[Any, ...]], *, workers: int, timeout: float
) -> Iterator[Any]:
    """``function(*job)`` for each job, in the order of ``jobs``, run by ``workers`` processes.

    A job that is lost yields a :class:`Lost`. Workers come from a fork server that has torch loaded and has
    run nothing, and use one thread each.
    """
    if not jobs:
        return
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    with ProcessPool(max_workers=workers, context=context, initializer=prepare) as pool:
        try:
            futures = [pool.schedule(function, args=list(job), timeout=timeout) for job in jobs]
            for future in futures:
                try:
                    yield future.result()
                except JobTimeout:
                    yield Lost(f"hang: no result within {timeout:.0f} s")
                except ProcessExpired as error:
                    yield Lost(f"worker died: exit code {error.exitcode}")
                except Exception as error:  # noqa: BLE001 - the job's own fault, recorded by the caller
                    yield Lost(f"{type(error).__name__}: {error}")
        except BaseException:
            pool.stop()
            raise
