"""The backends and devices by name, as plain data; imports nothing heavy, so that a command line can list them."""

from __future__ import annotations

import re

DEVICES = "cpu, cuda, cuda:N"
"""What a device can be called, for messages."""

GRAPH_BACKENDS = ("aot_eager", "inductor")
"""Those that torch.compile takes: AOTAutograd alone, and Inductor (C++ on the CPU, Triton on CUDA)."""
PACKAGES = "aot_inductor"
"""Inductor ahead of time, for exported programs: a package in a file, loaded again."""
GUARDED = "eager"
"""No compiler: ``ep.module()``, or what torch.compile gives back, each with the guards of its inputs."""
BACKENDS = (*GRAPH_BACKENDS, PACKAGES, GUARDED)
USUAL = ("aot_eager",)
"""What a campaign asks RA602 about without being told: it needs no compiler and no second to compile."""


def is_device(name: str) -> bool:
    """Whether ``name`` is the name of a device: ``cpu``, or ``cuda`` with or without an index."""
    return re.fullmatch(r"cpu|cuda(:\d+)?", name) is not None
