"""Collections of programs that others wrote, each case checked in a disposable worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import Any

from properties.campaign.pool import Lost, results
from properties.errors import NotCaptured, UsageError
from properties.subjects import resolve

CASE_TIMEOUT = 240.0
NOTHING: Mapping[str, Sequence[dict[str, Any]]] = MappingProxyType({})
_MODULES = {
    "torch:examples": "properties.targets.examples",
    "torch:operators": "properties.targets.operators",
    "torch:models": "properties.targets.models",
}


def case_names(collection: str) -> tuple[str, ...]:
    """The names of the cases of ``collection``, in a fixed order.

    Raises:
        UsageError: if what the collection needs is not installed.
    """
    return tuple(import_module(_MODULES[collection]).names())


def check_collection(
    collection: str,
    frontends: Sequence[str],
    subjects: Sequence[str],
    codes: Sequence[str],
    only: Sequence[str],
    progress: Callable[[int, int, str], None],
    *,
    exchange: bool = False,
    jobs: int = 1,
    done: Mapping[str, Sequence[dict[str, Any]]] = NOTHING,
    keep: Callable[[str, Sequence[dict[str, Any]]], None] = lambda name, rows: None,
) -> list[dict[str, Any]]:
    """The ``target`` rows of every case in the order of the names, or of those that have a text of ``only`` in it.

    Args:
        done: the rows of cases that were checked before, which are not checked again.
        keep: is called with each other case and its rows as soon as they, and those of all cases before, are there.

    Raises:
        UsageError: if there is no such case, or the collection is not installed.
    """
    wanted = [name for name in case_names(collection) if not only or any(text in name for text in only)]
    if not wanted:
        raise UsageError(f"--only {', '.join(only)}: {collection} has no such case")
    left = [name for name in wanted if name not in done]
    work = [(collection, name, tuple(frontends), tuple(subjects), tuple(codes), exchange) for name in left]
    rows = {name: list(done[name]) for name in wanted if name in done}
    for name, found in zip(left, results(check_case, work, workers=jobs, timeout=CASE_TIMEOUT), strict=True):
        lost = isinstance(found, Lost)
        rows[name] = [_lost(name, frontend, found) for frontend in frontends] if lost else found
        keep(name, rows[name])
        progress(len(rows), len(wanted), name)
    return [row for name in wanted for row in rows[name]]


def code_of(collection: str, name: str) -> list[Any]:
    """The code of one case, with each of its inputs.

    Raises:
        NotCaptured: if it has none.
    """
    return import_module(_MODULES[collection]).codes(name)


def check_case(
    collection: str,
    name: str,
    frontends: tuple[str, ...],
    subjects: tuple[str, ...],
    codes: tuple[str, ...],
    exchange: bool = False,
) -> list[dict[str, Any]]:
    """The rows of one case; runs in a worker. With ``exchange`` our pass is also put in torch's place."""
    from properties.targets.check import check_code, empty_row

    try:
        cases = code_of(collection, name)
    except NotCaptured as refusal:
        return [{**empty_row(name, frontend), "outcome": "refused", "reason": str(refusal)} for frontend in frontends]
    resolved: Mapping[str, Any] = {subject: resolve(subject) for subject in subjects}
    return [
        row
        for code in cases
        for row in check_code(code, frontends, resolved, codes, skip_plain=True, exchange=exchange)
    ]


def _lost(name: str, frontend: str, lost: Lost) -> dict[str, Any]:
    from properties.targets.check import empty_row

    return {**empty_row(name, frontend), "outcome": "tool error", "reason": str(lost), "errors": [str(lost)]}
