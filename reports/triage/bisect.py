"""The first version that has a fault: a search over versions in order, each tried by running a script once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum


class Trial(Enum):
    """How a version took the script."""

    GOOD = "the fault does not show"
    BAD = "the fault shows"
    UNTESTABLE = "could not be tried"


Try = Callable[[int], Trial]


@dataclass(frozen=True, slots=True)
class Result:
    """``first_bad`` is the place of the first version with the fault, None if there is none. ``exact`` tells whether
    the version before it was tried and is good (or there is none before it). ``trials`` are by place."""

    trials: dict[int, Trial]
    first_bad: int | None
    exact: bool


def bisect(count: int, attempt: Try, *, every: bool = False) -> Result:
    """The first of ``count`` versions, in order, that has the fault.

    Halves the range between the last good and the first bad one, which supposes that a fault that has come stays. With
    ``every``, or if the last version is good, all are tried. A version that could not be tried is passed over.
    """
    trials: dict[int, Trial] = {}

    def at(place: int) -> Trial:
        if place not in trials:
            trials[place] = attempt(place)
        return trials[place]

    bad = _last_testable(range(count), at)
    if every or bad is None or at(bad) is Trial.GOOD:
        for place in range(count):
            at(place)
        return _result(trials, next((place for place in range(count) if trials[place] is Trial.BAD), None))
    good = -1
    while True:
        untried = [place for place in range(good + 1, bad) if trials.get(place) is not Trial.UNTESTABLE]
        if not untried:
            return _result(trials, bad)
        middle = untried[len(untried) // 2 if len(untried) > 1 else 0]
        trial = at(middle)
        if trial is Trial.BAD:
            bad = middle
        elif trial is Trial.GOOD:
            good = middle


def _last_testable(places: Sequence[int], at: Try) -> int | None:
    return next((place for place in reversed(places) if at(place) is not Trial.UNTESTABLE), None)


def _result(trials: dict[int, Trial], bad: int | None) -> Result:
    before = None if bad is None else bad - 1
    exact = bad is not None and (before == -1 or trials.get(before or 0) is Trial.GOOD)
    return Result(dict(sorted(trials.items())), bad, exact)
