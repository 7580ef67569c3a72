"""What a campaign will do, as plain data; imports nothing heavy, so that a command line can build one at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from properties.backends import BACKENDS, DEVICES, USUAL, is_device
from properties.capture.table import FRONTENDS as TABLE
from properties.errors import UsageError
from properties.registry import properties

FRONTENDS = tuple(TABLE)
AUDIT_FRONTENDS = tuple(name for name, row in TABLE.items() if row.usual)
SUBJECT_NAMES = ("reference", "torch", "identity")
SUBJECT_FORMS = (*SUBJECT_NAMES, "mutant:NAME", "package.module:callable", "file.py:callable")
FRONTEND_SUBJECT = "frontend"
"""The column of faults that no pass can be blamed for: what tracing lost or invented."""
BACKEND_SUBJECT = "backend"
"""The column of faults of what runs the graph: a device, or a compiler behind the pass."""
OUTSIDE = (FRONTEND_SUBJECT, BACKEND_SUBJECT)
"""Stages, and columns, that lie outside of any pass."""

_AUDIT_SHARD = 50
BACKEND_SHARE = 0.005
DEVICE_SHARE = 0.02
STAGES_SHARE = 0.02
"""Of how many of its Programs a campaign asks the properties that need a compiler, or a second device."""
# Without a number of Programs every front end gets about the same time, and no shard takes long.
_TIMED_SHARD = {"shape_env": 200, "make_fx": 50, "export": 30}
_TIMED_SHARD_ELSE = 10


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of a plan: some subjects, all run on the same captures of ``programs`` Programs.

    0 Programs stand for as many as the plan's time allows.
    """

    subjects: tuple[str, ...]
    frontend: str
    profile: str
    device: str
    programs: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole campaign. The seed of a Program derives from (``seed``, cell, shard, index), never from a worker.

    ``minutes`` bounds a plan by time instead of by Programs. ``part`` is (i, n) for the i-th of n parts of the same
    plan, each of which has every n-th shard. ``jobs``, the number of workers, is no part of what is done.
    """

    seed: int
    cells: tuple[Cell, ...]
    properties: tuple[str, ...]
    shard_size: int
    jobs: int
    backends: tuple[str, ...] = USUAL
    backend_share: float = BACKEND_SHARE
    device_share: float = DEVICE_SHARE
    minutes: float | None = None
    part: tuple[int, int] | None = None
    certificates: str = ""
    """The folder that gets every proof obligation as SMT-LIB 2; empty: none is written."""
    second_opinion: bool = False
    """Whether a second solver is asked about every answer of the first."""

    def codes(self, cell: int, shard: int, index: int) -> tuple[str, ...]:
        """The properties that one Program is asked of: those that cost much only for every so many Programs.

        RA601 is asked of every Program of a cell for another device than the CPU, RA602 of none that has no tensors.
        """
        where, place = self.cells[cell], shard * self.shard_size + index
        shares = {
            "": 1.0,
            "backend": self.backend_share if self.backends and TABLE[where.frontend].module != "shape_env" else 0.0,
            "device": self.device_share if where.device == "cpu" else 1.0,
            "stages": STAGES_SHARE,
        }
        known = properties()
        return tuple(code for code in self.properties if _falls(place, shares[known[code].share]))

    def shards(self) -> Iterator[tuple[int, int, int]]:
        """Every shard of this part as (cell, shard, number of Programs), in order; without end if bound by time."""
        every = self._whole() if self.minutes is None else self._endless()
        if self.part is None:
            return every
        first, parts = self.part
        return itertools.islice(every, first - 1, None, parts)

    def count(self, cell: int, shard: int) -> int:
        """The number of Programs of a shard."""
        planned = self.cells[cell].programs
        if self.minutes is not None:
            return _TIMED_SHARD.get(self.cells[cell].frontend, _TIMED_SHARD_ELSE)
        return min(self.shard_size, planned - shard * self.shard_size)

    def _whole(self) -> Iterator[tuple[int, int, int]]:
        for index, cell in enumerate(self.cells):
            for shard in range(-(-cell.programs // self.shard_size)):
                yield index, shard, self.count(index, shard)

    def _endless(self) -> Iterator[tuple[int, int, int]]:
        for shard in itertools.count():
            for index in range(len(self.cells)):
                yield index, shard, self.count(index, shard)

    @property
    def programs(self) -> int:
        """Programs of this part; 0 if bound by time."""
        if self.minutes is not None:
            return 0
        return sum(count for _, _, count in self.shards())

    def to_json(self) -> dict[str, Any]:
        """The plan as JSON; the number of workers is left out, for nothing that is found depends on it."""
        document = asdict(self)
        del document["jobs"]
        return {
            **document,
            "cells": [{**cell, "subjects": list(cell["subjects"])} for cell in document["cells"]],
            "properties": list(self.properties),
            "backends": list(self.backends),
            "part": None if self.part is None else list(self.part),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, jobs: int = 1) -> Plan:
        """The plan that :meth:`to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: if ``document`` is none.
        """
        cells = tuple(Cell(**{**cell, "subjects": tuple(cell["subjects"])}) for cell in document["cells"])
        part = document.get("part")
        return cls(
            seed=document["seed"],
            cells=cells,
            properties=tuple(document["properties"]),
            shard_size=document["shard_size"],
            jobs=jobs,
            backends=tuple(document["backends"]),
            backend_share=document["backend_share"],
            device_share=document["device_share"],
            minutes=document.get("minutes"),
            part=None if part is None else (part[0], part[1]),
            second_opinion=document.get("second_opinion", False),
        )


def audit_plan(
    *,
    seed: int = 0,
    programs_scale: float = 1.0,
    programs: int | None = None,
    subjects: tuple[str, ...] = ("reference", "torch"),
    frontends: tuple[str, ...] = AUDIT_FRONTENDS,
    property_codes: tuple[str, ...] = (),
    profile: str = "audit",
    jobs: int = 2,
    device: str = "cpu",
    backends: tuple[str, ...] = (),
    backend_share: float | None = None,
    minutes: float | None = None,
    part: tuple[int, int] | None = None,
    certificates: str = "",
    second_opinion: bool = False,
) -> Plan:
    """The plan of an audit, or of a search bound by time: every subject on every frontend.

    Args:
        programs_scale: factor on the usual number of Programs a frontend (its own number for each).
        programs: exact number of Programs a frontend instead.
        property_codes: codes of the properties to check; all of them if empty.
        device: where the Programs are traced for and run.
        backends: those that RA602 compiles with; the usual ones if empty.
        backend_share: of how many of the Programs RA602 is asked, from 0 to 1.
        minutes: search as long as this instead of a number of Programs.
        part: (i, n) for the i-th of n parts.
        certificates: an existing folder for the proof obligations as SMT-LIB 2; none are written if empty.
        second_opinion: whether a second solver confirms every answer of the first.

    Raises:
        UsageError: if a name is unknown or a number is out of range; one line.
    """
    check_names(frontends, property_codes)
    if not subjects:
        raise UsageError("no subject given; allowed: " + ", ".join(SUBJECT_FORMS))
    if programs is not None and programs < 1:
        raise UsageError(f"programs={programs}: at least 1 is needed")
    if not 0 < programs_scale <= 10_000:
        raise UsageError(f"programs-scale={programs_scale}: allowed is more than 0 and at most 10000")
    check_execution(device, backends, backend_share)
    if jobs < 1:
        raise UsageError(f"jobs={jobs}: at least 1 is needed")
    if minutes is not None and not 0 < minutes <= 100_000:
        raise UsageError(f"minutes={minutes:g}: allowed is more than 0 and at most 100000")
    if part is not None and not 1 <= part[0] <= part[1] <= 100_000:
        raise UsageError(f"shard={part[0]}/{part[1]}: allowed is i/n with 1 <= i <= n")
    counts = {
        frontend: programs if programs is not None else max(1, round(TABLE[frontend].programs * programs_scale))
        for frontend in frontends
    }
    return Plan(
        seed=seed,
        cells=tuple(
            Cell(
                tuple(dict.fromkeys(subjects)),
                frontend,
                profile,
                device,
                0 if minutes is not None else counts[frontend],
            )
            for frontend in dict.fromkeys(frontends)
        ),
        properties=tuple(dict.fromkeys(property_codes)) or tuple(properties()),
        shard_size=_AUDIT_SHARD,
        jobs=jobs,
        backends=tuple(dict.fromkeys(backends)) or USUAL,
        backend_share=BACKEND_SHARE if backend_share is None else backend_share,
        minutes=minutes,
        part=part,
        certificates=certificates,
        second_opinion=second_opinion,
    )


def check_execution(device: str, backends: tuple[str, ...], backend_share: float | None) -> None:
    """Whether there are such a device and such backends; not whether they can be used here.

    Raises:
        UsageError: if not; one line with the value and what is allowed.
    """
    if not is_device(device):
        raise UsageError(f"device {device!r} is unknown; allowed: {DEVICES}")
    for backend in backends:
        if backend not in BACKENDS:
            raise UsageError(f"backend {backend!r} is unknown; allowed: {', '.join(BACKENDS)}")
    if backend_share is not None and not 0 <= backend_share <= 1:
        raise UsageError(f"backend-share={backend_share}: allowed is 0 to 1")


def _falls(place: int, share: float) -> bool:
    """Whether the Program at ``place`` is one of the evenly spread ``share`` of all."""
    return int((place + 1) * share) > int(place * share)


def check_names(frontends: tuple[str, ...], property_codes: tuple[str, ...]) -> None:
    """Whether frontends and properties exist.

    Raises:
        UsageError: if not; one line with the value and what is allowed.
    """
    for frontend in frontends:
        if frontend not in FRONTENDS:
            raise UsageError(f"frontend {frontend!r} is unknown; allowed: {', '.join(FRONTENDS)}, all")
    for code in property_codes:
        if code not in properties():
            raise UsageError(f"property {code!r} is unknown; allowed: {', '.join(properties())}")
