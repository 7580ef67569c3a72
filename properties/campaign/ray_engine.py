"""The engine of a Ray cluster: each task carries one unit to some node, and has it done there by a local engine.

A node that is lost costs the units that it had not finished: they are handed out again. Ray moves data; isolation,
limits and blame are the local engine's, whose worker runs inside the task.
"""

from __future__ import annotations

import os
import socket
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from properties.campaign.deaths import Death
from properties.campaign.environment import environment
from properties.campaign.local import Local, Result
from properties.campaign.plan import Plan
from properties.campaign.units import Key, Limits, Unit
from properties.errors import UsageError

_KNOCK = 10.0  # seconds
MOST_LOST = 20
"""So often a unit is handed out again after the node that had it was lost."""

# Ray reports usage to its makers unless it is told not to, and listens on all interfaces unless it is told where.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
_VERSIONS = ("torch", "sympy", "z3", "hypothesis", "runtime-assert", "python")


class RayEngine:
    """Tasks on a Ray cluster, as many at a time as ``workers`` or the cluster's CPUs, whichever is less."""

    def __init__(self, ray: Any, plan: Plan, workers: int, limits: Limits) -> None:
        self._ray = ray
        # Asked again for every hand-out: nodes come and go.
        self._most = workers
        self._plan = ray.put(plan)
        self._limits = limits
        self._task = ray.remote(num_cpus=1, max_retries=0)(carry)
        self._waiting: deque[Unit] = deque()
        self._running: dict[Any, Unit] = {}
        self._lost: Counter[Key] = Counter()

    @classmethod
    def open(cls, plan: Plan, workers: int, limits: Limits, address: str | None) -> RayEngine:
        """Joins the cluster at ``address``, or starts one on this machine.

        Raises:
            UsageError: if Ray is not installed, or the cluster cannot be reached; one line.
        """
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        try:
            import ray  # pyright: ignore[reportMissingImports] - an extra
        except ImportError as error:
            raise UsageError(
                f"engine ray: Ray is not installed ({error}); pip install 'runtime-assert[ray]'"
            ) from error
        _reach(address)
        options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False, "ignore_reinit_error": True}
        # Paths of subjects are meant as they are seen from here; every node has to have the same files.
        options["runtime_env"] = {"env_vars": {"PYTHONPATH": _python_path(), **_SETTINGS}}
        if address is None:
            options |= {"num_cpus": workers, "include_dashboard": False}
        try:
            ray.init(address=address, **options)
        except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
            line = (str(error).splitlines() or [""])[0][:200]
            raise UsageError(f"engine ray: address={address!r} cannot be reached: {line}") from error
        return cls(ray, plan, workers, limits)

    @property
    def workers(self) -> int:
        """Tasks that the cluster runs at a time as it is now."""
        return max(1, min(self._most, int(self._ray.cluster_resources().get("CPU", 1))))

    @property
    def pending(self) -> int:
        return len(self._waiting) + len(self._running)

    def submit(self, unit: Unit) -> None:
        """Has ``unit`` done by the next free CPU of the cluster."""
        self._waiting.append(unit)
        self._hand_out()

    def results(self, seconds: float) -> list[Result]:
        """What was finished, in any order; waits at most ``seconds`` for the first.

        Raises:
            UsageError: if a node has other versions than this one.
        """
        self._hand_out()
        if not self._running:
            return []
        ready, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        found = [result for result in map(self._taken, ready) if result is not None]
        self._hand_out()
        return found

    def abandon(self) -> None:
        """Gives up what is pending."""
        for task in self._running:
            self._ray.cancel(task, force=True)
        self._running.clear()
        self._waiting.clear()

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends."""
        self.abandon()
        self._ray.shutdown()

    def _hand_out(self) -> None:
        room = self.workers + 1 - len(self._running)
        while self._waiting and room > 0:
            unit = self._waiting.popleft()
            self._running[self._task.remote(self._plan, unit, self._limits, _versions())] = unit
            room -= 1

    def _taken(self, task: Any) -> Result | None:
        unit = self._running.pop(task)
        errors = self._ray.exceptions
        try:
            state, death = self._ray.get(task)
        except errors.RayTaskError as error:
            if isinstance(error.cause, UsageError):
                raise error.cause from None
            return Result(unit, None, Death("abort", "", type(error.cause).__name__, str(error)[-2000:]))
        except errors.RayError as error:
            # The node, or the process that had the task, is gone; the unit is not.
            self._lost[unit.key] += 1
            if self._lost[unit.key] >= MOST_LOST:
                return Result(unit, None, Death("abort", "", type(error).__name__, str(error)[-2000:]))
            self._waiting.appendleft(unit)
            return None
        return Result(unit, state, None if death is None else Death(**death))


def _reach(address: str | None) -> None:
    """Knocks at ``HOST:PORT``: where nobody listens, Ray itself would wait for minutes.

    Raises:
        UsageError: if nobody answers; one line.
    """
    host, colon, port = (address or "").rpartition(":")
    if not (colon and host and port.isdecimal()) or "/" in host:
        return  # "auto", or a form that is Ray's own
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_KNOCK).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"engine ray: address={address!r} cannot be reached: {error}") from error


def carry(
    plan: Plan, unit: Unit, limits: Limits, versions: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """What a task does on its node: the state of ``unit``, and the death that it could not go on from.

    Raises:
        UsageError: if this node has other versions than the one that planned.
    """
    here = _versions()
    for name, version in versions.items():
        if here[name] != version:
            raise UsageError(f"engine ray: a node has {name} {here[name]}, this machine has {version}")
    engine = _engine(plan, limits)
    engine.submit(unit)
    found: list[Result] = []
    while not found:
        found = engine.results(60.0)
    result = found[0]
    return result.state, None if result.death is None else result.death.to_json()


_KEPT: dict[tuple[Plan, Limits], Local] = {}


def _engine(plan: Plan, limits: Limits) -> Local:
    """The local engine of this process of Ray's, kept from task to task: to start one takes longer than a shard."""
    key = (plan, limits)
    if key not in _KEPT:
        for other in list(_KEPT):
            _KEPT.pop(other).close()
        _KEPT[key] = Local(plan, 1, limits)
    return _KEPT[key]


def _versions() -> dict[str, Any]:
    found = environment()
    return {name: found[name] for name in _VERSIONS}


def _python_path() -> str:
    root = str(Path(__file__).resolve().parents[2])
    before = os.environ.get("PYTHONPATH", "")
    return f"{root}{os.pathsep}{before}" if before else root
