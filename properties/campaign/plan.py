"""What a campaign will do, as plain data; imports nothing heavy, so that a command line can build one at once."""

from __future__ import annotations

from collections.abc import Iterator
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
"""Of how many of its Programs a campaign asks the properties that need a compiler, or a second device."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of a plan: some subjects, all run on the same captures of ``programs`` Programs."""

    subjects: tuple[str, ...]
    frontend: str
    profile: str
    device: str
    programs: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole campaign. The seed of a Program derives from (``seed``, cell, shard, index), never from a worker."""

    seed: int
    cells: tuple[Cell, ...]
    properties: tuple[str, ...]
    shard_size: int
    jobs: int
    backends: tuple[str, ...] = USUAL
    backend_share: float = BACKEND_SHARE
    device_share: float = DEVICE_SHARE

    def codes(self, cell: int, shard: int, index: int) -> tuple[str, ...]:
        """The properties that one Program is asked of: those that cost much only for every so many Programs.

        RA601 is asked of every Program of a cell for another device than the CPU, RA602 of none that has no tensors.
        """
        where, place = self.cells[cell], shard * self.shard_size + index
        shares = {
            "": 1.0,
            "backend": self.backend_share if self.backends and TABLE[where.frontend].module != "shape_env" else 0.0,
            "device": self.device_share if where.device == "cpu" else 1.0,
        }
        known = properties()
        return tuple(code for code in self.properties if _falls(place, shares[known[code].share]))

    def shards(self) -> Iterator[tuple[int, int, int]]:
        """Every shard as (cell, shard, number of Programs), in order."""
        for index, cell in enumerate(self.cells):
            for shard, start in enumerate(range(0, cell.programs, self.shard_size)):
                yield index, shard, min(self.shard_size, cell.programs - start)

    @property
    def programs(self) -> int:
        return sum(cell.programs for cell in self.cells)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


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
) -> Plan:
    """The plan of an audit: every subject on every frontend.

    Args:
        programs_scale: factor on the usual number of Programs a frontend (its own number for each).
        programs: exact number of Programs a frontend instead.
        property_codes: codes of the properties to check; all of them if empty.
        device: where the Programs are traced for and run.
        backends: those that RA602 compiles with; the usual ones if empty.
        backend_share: of how many of the Programs RA602 is asked, from 0 to 1.

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
    counts = {
        frontend: programs if programs is not None else max(1, round(TABLE[frontend].programs * programs_scale))
        for frontend in frontends
    }
    return Plan(
        seed=seed,
        cells=tuple(
            Cell(tuple(dict.fromkeys(subjects)), frontend, profile, device, counts[frontend])
            for frontend in dict.fromkeys(frontends)
        ),
        properties=tuple(dict.fromkeys(property_codes)) or tuple(properties()),
        shard_size=_AUDIT_SHARD,
        jobs=jobs,
        backends=tuple(dict.fromkeys(backends)) or USUAL,
        backend_share=BACKEND_SHARE if backend_share is None else backend_share,
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
