"""The support map: what torch makes of each construct, by frontend, counted in Programs of a campaign.

A Program counts for every construct and operator in it, so a construct that is refused only beside another one shows
both ``captured`` and ``refused``; one that is never captured cannot have been tested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from properties.campaign.check import Checked
from properties.campaign.plan import FRONTEND_SUBJECT
from strategies.generate.asked import inputs_of, not_asked
from strategies.program import Program
from strategies.terms import Apply, Const, Var, walk

CAPTURED = "captured"
WRONG = "found wrong"
REFUSED = "refused: "
"""Followed by the normalised reason."""
NOT_ASKED = "not asked: "
"""Followed by the reason for which it is never drawn for this frontend."""

Support = dict[str, dict[str, int]]
"""Construct -> outcome -> number of Programs, for one frontend."""


def outcome_of(checked: Checked) -> str:
    """What tracing made of one valid Program; empty where a fault of this suite hides it.

    ``found wrong`` are captures whose recorded constraints are not what the Program demands: the frontend's faults.
    """
    if checked.refusal:
        return REFUSED + checked.refusal
    if checked.facts is None:
        return ""
    return WRONG if checked.outside(FRONTEND_SUBJECT) is not None else CAPTURED


def parts_of(program: Program) -> set[str]:
    """The constructs and kinds of inputs of a Program by name, and ``operator NAME`` for each operator in its terms."""
    names = inputs_of(program)
    for statement in program.body:
        names.add(statement.op)
        for _, argument in statement.args:
            names |= _operators(argument)
    return names


def _operators(argument: Any) -> set[str]:
    if isinstance(argument, tuple):
        return set().union(*map(_operators, argument))
    if not isinstance(argument, (Apply, Const, Var)):
        return set()
    return {f"operator {part.op}" for part in walk(argument) if isinstance(part, Apply)}


class SupportCounter:
    """Collects the support map of one shard."""

    def __init__(self, before: Support | None = None, frontend: str = "") -> None:
        self._not_asked = not_asked(frontend)
        self._counts: dict[str, Counter[str]] = {part: Counter(counts) for part, counts in (before or {}).items()}

    def add(self, program: Program, checked: Checked) -> None:
        for part, reason in self._not_asked.items():
            self._counts.setdefault(part, Counter())[NOT_ASKED + reason] += 1
        outcome = outcome_of(checked)
        if outcome:
            for part in parts_of(program):
                self._counts.setdefault(part, Counter())[outcome] += 1

    def to_json(self) -> Support:
        return {part: dict(sorted(counts.items())) for part, counts in sorted(self._counts.items())}


def joined(shards: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, int]]]:
    """The map of a whole campaign from its shard rows: construct -> frontend -> outcome -> number of Programs."""
    total: dict[str, dict[str, Counter[str]]] = {}
    for row in shards:
        for part, counts in row.get("support", {}).items():
            total.setdefault(part, {}).setdefault(row["frontend"], Counter()).update(counts)
    return {
        part: {frontend: dict(sorted(counts.items())) for frontend, counts in sorted(by_frontend.items())}
        for part, by_frontend in sorted(total.items())
    }


def never_captured(support: Mapping[str, Mapping[str, Mapping[str, int]]]) -> tuple[str, ...]:
    """The constructs of a joined map that no frontend captured without a fault."""
    return tuple(part for part, found in support.items() if not any(counts.get(CAPTURED) for counts in found.values()))
