"""The oracle: captures, subjects, the solver layer, one file per property, and the campaign that runs them.

``from properties import check`` asks the properties about a graph of your own (:mod:`properties.api`). torch is
imported when it is used first, so that a command line can list the properties at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from properties.api import Report, check

__all__ = ["Report", "check"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        import properties.api

        return getattr(properties.api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
