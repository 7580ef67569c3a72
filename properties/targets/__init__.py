"""Targets: code that others wrote (a user's model, torch's own examples, real models) under the same properties.

Importing this package imports no torch; the functions below do when they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from properties.errors import UsageError

OF_PROGRAMS = ("RA601", "RA602")
"""Properties that trace or compile a generated Program again, and so are not asked of foreign code."""
FRONTENDS = ("export", "export-strict", "make_fx", "compile")
"""The frontends through which foreign code can be traced."""
COLLECTIONS = ("torch:examples", "torch:operators", "torch:models")


def run_target(
    target: str,
    *,
    inputs: Sequence[str] = (),
    subjects: Sequence[str] = (),
    frontends: Sequence[str] = (),
    codes: Sequence[str] = (),
    only: Sequence[str] = (),
    exchange: bool = False,
    progress: Callable[[int, int, str], None] = lambda done, total, name: None,
    **of_collection: Any,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Checks one target, or a collection, and returns the head of the result and its ``target`` rows.

    Args:
        of_collection: ``jobs``, ``done`` and ``keep`` of :func:`~properties.targets.collections.check_collection`.

    Raises:
        UsageError: for everything that the user can have got wrong; one line.
    """
    from properties.campaign.plan import check_names
    from properties.subjects import resolve

    many = target in COLLECTIONS
    if target.startswith("torch:") and not many:
        raise UsageError(f"target {target!r} is unknown; allowed: {', '.join(COLLECTIONS)}")
    if many and inputs:
        raise UsageError(f"--input is for code of your own; {target} has inputs")
    if only and not many:
        raise UsageError(f"--only is for {', '.join(COLLECTIONS)}")
    frontends = FRONTENDS if "all" in frontends else tuple(dict.fromkeys(frontends)) or ("export",)
    for frontend in frontends:
        if frontend not in FRONTENDS:
            raise UsageError(f"frontend {frontend!r} cannot trace code; allowed: {', '.join(FRONTENDS)}, all")
    check_names((), tuple(codes))
    for code in codes:
        if code in OF_PROGRAMS:
            raise UsageError(f"--property {code}: is asked of generated programs only, by audit and fuzz")
    names = tuple(dict.fromkeys(subjects)) or (("torch", "reference") if many else ("torch",))
    resolved = {name: resolve(name) for name in names}

    from properties.targets.check import check_code, head

    if target.endswith(".pt2"):
        from properties.targets.saved import check_saved

        if inputs:
            raise UsageError("--input is for code; a .pt2 file has inputs of its own")
        return head(), [check_saved(target)]
    if many:
        from properties.targets.collections import check_collection

        rows = check_collection(target, frontends, names, codes, only, progress, exchange=exchange, **of_collection)
        return head(), rows
    from properties.targets.resolve import resolve_code

    code = resolve_code(target, inputs)
    return head(), check_code(code, frontends, resolved, codes, exchange=exchange)
