"""What makes two findings one: a coarse class of cause for the search, an exact skeleton for the report."""

from __future__ import annotations

from dataclasses import dataclass

from properties.campaign.drawn import bucket_of
from properties.campaign.plan import OUTSIDE
from properties.capture.leaves import is_lost
from properties.case import Case
from properties.solver.normal import linear
from properties.solver.skeleton import skeleton
from properties.verdict import Verdict
from strategies.operators.comparison import NEGATION
from strategies.terms import Apply, Term, variables


@dataclass(frozen=True, order=True, slots=True)
class Signature:
    """``cause`` groups findings before they are shrunk, ``skeleton`` tells shrunk ones apart."""

    subject: str
    code: str
    direction: str
    cause: str
    skeleton: str

    @property
    def coarse(self) -> tuple[str, str, str, str]:
        return self.subject, self.code, self.direction, self.cause

    def __str__(self) -> str:
        return f"{self.code} {self.direction} {self.skeleton}".strip()

    @property
    def bucket(self) -> str:
        """Twelve hexadecimal digits that stand for the signature."""
        return bucket_of((self.subject, self.code, self.direction, self.cause, self.skeleton))


def signature_of(case: Case, code: str, verdict: Verdict) -> Signature:
    """The signature of ``verdict`` of property ``code`` on ``case``."""
    subject = verdict.stage if verdict.stage in OUTSIDE else case.subject_name
    # A property that names the kind of fault itself knows better than the constraint's form.
    named = verdict.constraint is None or verdict.skeleton != skeleton(verdict.constraint, case.facts.kinds)
    cause = verdict.skeleton if named or verdict.constraint is None else _cause(case, verdict.constraint)
    return Signature(subject, code, verdict.direction, cause, verdict.skeleton)


def _cause(case: Case, constraint: Term) -> str:
    """How the ShapeEnv treats the constraint: its relation, how many leaves, whether one of them was replaced.

    A value that the graph does not read takes all its constraints with it, whatever their form.
    """
    leaves = variables(constraint)
    if any(map(is_lost, leaves)):
        return "of a value that is not read"
    relation = constraint.op if isinstance(constraint, Apply) else "literal"
    kind = {"eq": "equality", "ne": "inequality"}.get(relation, "bound" if relation in NEGATION else relation)
    replaced = {symbol.name for symbol in case.capture.shape_env.replacements}
    form = "one leaf" if len(leaves) == 1 else "several leaves"
    if isinstance(constraint, Apply) and relation in NEGATION:
        left, right = constraint.args
        atoms, _ = linear(Apply("sub", (left, right)))
        if any(isinstance(atom, Apply) for atom, _ in atoms):
            form += ", not linear"
    return f"{kind}, {form}{', replaced' if leaves & replaced else ''}"
