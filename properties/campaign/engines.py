"""Where units are carried out, by name: on this machine, or on a Ray cluster."""

from __future__ import annotations

from properties.campaign.local import Engine, Local
from properties.campaign.plan import Plan
from properties.campaign.units import Limits
from properties.errors import UsageError

ENGINES = ("local", "ray")


def open_engine(name: str, plan: Plan, *, workers: int, limits: Limits, address: str | None = None) -> Engine:
    """The engine called ``name``, ready to take units of ``plan``.

    Raises:
        UsageError: if there is none, or it cannot be reached; one line.
    """
    if name not in ENGINES:
        raise UsageError(f"engine {name!r} is unknown; allowed: {', '.join(ENGINES)}")
    if name == "ray":
        from properties.campaign.ray_engine import RayEngine

        return RayEngine.open(plan, workers, limits, address)
    if address is not None:
        raise UsageError(f"address={address!r} is for the engine ray; the engine local has none")
    return Local(plan, workers, limits)
