"""Turns a refusal of torch's to trace a Program into one normalised reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from properties.errors import NotCaptured

_NAMES = re.compile(r"\b[suz]u?f?\d+\b")
_NUMBERS = re.compile(r"-?\d+")


def normalised(error: BaseException) -> str:
    """The error's type and the first line that says why, without symbols and numbers, at most 120 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # "This operator cannot be captured. Got the error:" says nothing yet; the reason is on the next line.
    if len(lines) > 1 and lines[0].endswith(":"):
        lines = lines[1:]
    text = _NUMBERS.sub("n", _NAMES.sub("s", lines[0] if lines else ""))
    text = re.sub(r"[^\x20-\x7e]", "", text)
    return f"{type(error).__name__}: {text}"[:120]


@contextmanager
def refused() -> Iterator[None]:
    """Any exception of tracing inside becomes :class:`NotCaptured`.

    Tracing runs torch's code on a Program that eager execution accepts, so whatever it raises is torch's
    refusal; faults of this suite are found where captures are checked.
    """
    try:
        yield
    except NotCaptured:
        raise
    except Exception as error:
        raise NotCaptured(normalised(error)) from error
