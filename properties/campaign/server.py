"""The fork server that every worker comes from: it has torch loaded and has run nothing."""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext

from properties.campaign.worker import PRELOADED


def fork_server() -> ForkServerContext:
    """The context of processes forked from the server, which is started if need be.

    A Ctrl-C reaches every process at the terminal, and is this one's to answer. The server, and all that come from it,
    are started with SIGINT blocked: while it loads torch it would end with a traceback of its own.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    # The server's start sees to it that there is this process, too, whose start unblocks SIGINT.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context
