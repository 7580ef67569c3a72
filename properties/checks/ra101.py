"""RA101 emits what is required: the asserts in the graph are equivalent to what the ShapeEnv recorded.

## What it guarantees
For all inputs that satisfy the assumptions (backed guards, backed ranges, what the operators guarantee), the
conjunction of the asserts that the graph holds after the pass is true exactly where all recorded obligations are.

## Why it matters
A constraint that is lost lets the program run on data for which it was never meant, and nobody is told
(pytorch/pytorch issues 119689, 151127, 182703). One that is invented rejects good data (165912, 161276).

## How it is decided
Both directions apart, by normal forms first and z3 for what they leave open. A counterexample counts only after
its inputs were built and run: ``missing`` needs inputs that the eager program rejects and the guarded graph does
not, ``extra`` the reverse.

## What it cannot see
Constraints that the front end never recorded (RA102 sees them), and asserts inside of submodules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from properties.case import Case
from properties.checks.models import program_values, refuted
from properties.solver import Answer, solve
from properties.solver.normal import Known
from properties.verdict import PROVED, Status, Verdict
from strategies.evaluate import holds
from strategies.statement import Unrealisable
from strategies.terms import Term, Valuation, Value, Var, apply, conjuncts

_NOT_EXECUTED = "a difference that no execution showed"
_TRIES = 3
"""How many inputs are tried for each constraint of foreign code that is not asserted."""


def check(case: Case) -> Verdict:
    """Whether the asserts that ``case``'s subject left are equivalent to the obligations."""
    facts = case.facts
    if case.crash:
        witness = case.run(case.capture.example())
        return refuted(case, "crash", None, witness, detail=case.crash, skeleton=case.crash.split(":")[0])
    if case.unusable is not None:
        return case.unusable
    if facts.unread:
        return Verdict(Status.UNDECIDED, reason="unread obligation", detail="; ".join(facts.unread))
    vacuous = _vacuity(case)
    if vacuous is not None:
        return vacuous
    unknown: list[Verdict] = []
    for direction in (_missing, _extra):
        verdict = direction(case)
        if verdict.status is Status.REFUTED:
            return verdict
        if verdict.status is Status.UNDECIDED:
            unknown.append(verdict)
    if case.unread:
        return Verdict(Status.UNDECIDED, reason="unread assert", detail="; ".join(case.unread))
    return unknown[0] if unknown else PROVED


def _vacuity(case: Case) -> Verdict | None:
    """VACUOUS if no input satisfies assumptions and obligations: then nothing could be told."""
    facts = case.facts
    everything = (*facts.assumptions, *facts.required)
    values = facts.valuation(case.capture.example())
    if all(_holds(term, values) for term in everything):
        return None
    answer = solve(everything)
    if answer.status == "unsat":
        return Verdict(Status.VACUOUS, reason="obligations contradict each other")
    if answer.status == "unknown":
        return Verdict(Status.UNDECIDED, reason=f"vacuity: {answer.reason}")
    return None


def _holds(term: Term, values: Valuation) -> bool:
    try:
        return holds(term, values)
    except KeyError:
        return False


def _left_open(terms: Sequence[Term], given: Sequence[Term]) -> tuple[Term, ...]:
    """The conjuncts of ``terms`` that are not seen at once to follow from ``given``."""
    known = Known(given)
    parts = dict.fromkeys(part for term in terms for part in conjuncts(term))
    return tuple(part for part in parts if not known.implies(part))


def _missing(case: Case) -> Verdict:
    """Inputs that satisfy every emitted assert and break an obligation."""
    facts = case.facts
    emitted = (*facts.assumptions, *case.emitted_terms)
    rest = _left_open(facts.required, emitted)
    if not rest:
        return PROVED
    answer = solve(emitted, rest)
    if answer.status == "unsat":
        return PROVED
    if answer.status == "unknown":
        return Verdict(Status.UNDECIDED, reason=f"missing: {answer.reason}")
    unrealisable = ""
    for answer in _differing(case, emitted, rest):
        if answer.model is None:
            return Verdict(Status.UNDECIDED, reason=f"missing: {answer.reason}")
        try:
            witness = case.run(program_values(facts, answer.model))
        except Unrealisable as error:
            unrealisable = unrealisable or str(error)
            continue
        broken = next(term for term in rest if not holds(term, answer.model))
        if witness.eager.by == "check" and (witness.after.accepted or witness.after.by == "operator"):
            detail = "" if witness.after.accepted else "an operator fails where the check should"
            return refuted(case, "missing", broken, witness, detail=detail)
        if not witness.eager.accepted and witness.after.accepted:
            return refuted(case, "missing", broken, witness)
    if not facts.truth_known:
        return Verdict(Status.UNDECIDED, reason=_NOT_EXECUTED, constraint=rest[0], detail=f"missing: {unrealisable}")
    if unrealisable:
        return Verdict(Status.UNDECIDED, reason="no inputs of a bearable size", detail="missing")
    return PROVED


def _differing(case: Case, emitted: tuple[Term, ...], rest: tuple[Term, ...]) -> Iterator[Answer]:
    """Inputs that satisfy ``emitted`` and break one of ``rest`` (an answer without a model: the solver gave up).

    First such on which no operator fails by itself; where there are none, operators reject as well as asserts. Of
    foreign code nobody knows which these are, so that several inputs are tried.
    """
    facts = case.facts
    if facts.truth_known:
        preconditions = tuple(item.term for item in facts.requirements if item.kind == "precondition")
        for given in (preconditions, ()):
            answer = solve((*emitted, *given), rest, facts.truth, small=True)
            if answer.status != "unsat":
                yield answer
        return
    tried: list[tuple[Term, ...]] = []
    for part in rest:
        for _ in range(_TRIES):
            answer = solve(emitted, (part,), *tried, small=True)
            if answer.model is None:
                break
            yield answer
            tried.append(tuple(_is(name, value) for name, value in answer.model.items()))


def _is(name: str, value: Value) -> Term:
    """That the leaf ``name`` has ``value``; one that is NaN is unlike itself."""
    if not isinstance(value, float):
        return apply("eq", name, value)
    leaf = Var(name, "float")
    return apply("float_eq", leaf, value) if value == value else apply("float_ne", leaf, leaf)


def _extra(case: Case) -> Verdict:
    """Inputs that satisfy every obligation and the Program's own truth, and that an emitted assert rejects."""
    facts = case.facts
    required = (*facts.assumptions, *facts.required)
    rest = _left_open(case.emitted_terms, required)
    if not rest:
        return PROVED
    answer = solve(required, rest)
    if answer.status == "sat":
        answer = solve((*required, *facts.truth), rest, small=True)
    if answer.status == "unknown":
        return Verdict(Status.UNDECIDED, reason=f"extra: {answer.reason}")
    if answer.model is None:
        return PROVED
    broken = next(term for term in rest if not holds(term, answer.model))
    try:
        witness = case.run(program_values(facts, answer.model))
    except Unrealisable as error:
        reason = "no inputs of a bearable size" if facts.truth_known else _NOT_EXECUTED
        return Verdict(Status.UNDECIDED, reason=reason, constraint=broken, detail=f"extra: {error}")
    if witness.eager.accepted and witness.after.by == "assert":
        return refuted(case, "extra", broken, witness)
    if not facts.truth_known:
        return Verdict(Status.UNDECIDED, reason=_NOT_EXECUTED, constraint=broken, detail="extra: both reject")
    return PROVED
