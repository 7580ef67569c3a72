"""The table of constructs: every module of this package that has a ``CONSTRUCT`` is an entry of it."""

from __future__ import annotations

import importlib
import pkgutil

from strategies.constructs.base import Construct, Field

__all__ = ["CONSTRUCTS", "Construct", "Field", "names_of_kind"]


def _discover() -> dict[str, Construct]:
    found: dict[str, Construct] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        construct = getattr(module, "CONSTRUCT", None)
        if construct is not None:
            if construct.name in found:
                raise ValueError(f"two constructs are named {construct.name!r}")
            found[construct.name] = construct
    return found


CONSTRUCTS: dict[str, Construct] = _discover()


def names_of_kind(kind: str) -> tuple[str, ...]:
    """The names of all constructs of ``kind`` (``source``, ``check``, ``consumer`` or ``structure``), sorted."""
    return tuple(name for name, construct in CONSTRUCTS.items() if construct.kind == kind)
