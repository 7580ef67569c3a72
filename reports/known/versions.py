"""Ranges of versions (``>=2.11,<2.16``), compared without importing what they are versions of."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable

_COMPARISONS: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\d+(?:\.\d+)*)\s*")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")


def check_range(text: str) -> None:
    """Raises ValueError, with one line, unless ``text`` is a range of versions."""
    _clauses(text)


def in_range(version: str, text: str) -> bool:
    """Whether the release number of ``version`` (``2.13.0+cpu``: 2.13.0) lies in the range ``text``.

    Pre-releases and nightlies count as the release that they lead up to: a fault that is fixed in 2.16 is
    expected to be fixed in a 2.16 nightly too, and if it is not, the run says so.
    """
    match = _RELEASE.match(version)
    if match is None:
        return False
    return all(_COMPARISONS[sign](*_aligned(match.group(), bound)) for sign, bound in _clauses(text))


def release(version: str) -> str:
    """The release number of a version: ``2.13.0`` of ``2.13.0+cpu``.

    Raises:
        ValueError: if it does not begin with one; one line.
    """
    match = _RELEASE.match(version)
    if match is None:
        raise ValueError(f"version={version!r} (allowed: a number such as 2.13.0)")
    return match.group()


def _clauses(text: str) -> list[tuple[str, str]]:
    matches = [_CLAUSE.fullmatch(part) for part in text.split(",")]
    clauses = [(match.group(1), match.group(2)) for match in matches if match]
    if len(clauses) != len(matches):
        raise ValueError(f"versions={text!r} (allowed: comparisons joined by commas, such as '>=2.11,<2.16')")
    return clauses


def _aligned(left: str, right: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Both as tuples of one length, so that 2.13 and 2.13.0 are equal."""
    parts = [tuple(int(part) for part in text.split(".")) for text in (left, right)]
    width = max(map(len, parts))
    first, second = (part + (0,) * (width - len(part)) for part in parts)
    return first, second
