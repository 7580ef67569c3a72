"""One query: is there a valuation that makes some terms hold and breaks at least one of others?

Returns data; prints nothing. Budgets count work (z3's rlimit), so the same query ends the same way on every
machine; a limit on wall-clock time stands far behind it as a guard against a hang.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import lcm
from typing import Literal, TypeAlias

import z3

from properties.phases import SOLVER, phase
from properties.solver.context import Builder
from properties.solver.search import search, simpler
from strategies.evaluate import holds
from strategies.operators import OPERATORS, sort_of
from strategies.terms import Apply, Const, Term, Valuation, Value, Var, apply, leaves_of, substitute, walk

Groups: TypeAlias = Sequence[Sequence[Term]]

WORK = 4_000_000
WATCHDOG_MS = 20_000
SPLIT_LIMIT = 64
VALUES_LIMIT = 8
"""A leaf with more values than these is not gone through value by value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``sat`` with a model, ``unsat``, or ``unknown`` with the reason; ``by`` names the step that decided.

    A model is confirmed by evaluation; one that rests on an approximation and cannot be confirmed is ``unknown``.
    """

    status: Literal["sat", "unsat", "unknown"]
    by: str
    model: Mapping[str, Value] | None = None
    reason: str = ""


def solve(
    hold: Sequence[Term],
    *broken: Sequence[Term],
    small: bool = False,
    work: int = WORK,
    shared: Builder | None = None,
) -> Answer:
    """A valuation in which every term of ``hold`` holds and in each group of ``broken`` one term does not.

    To hold means to be defined and true. ``small`` asks for a model near zero, which costs more queries. Each query
    has a context of its own, unless ``shared`` gives one: a search for inputs, whose models are checked by
    evaluation and whose failures prove nothing, may share it.

    Returns:
        An :class:`Answer`; the model of ``sat`` is checked by evaluating the terms in Python.
    """
    terms = (*hold, *itertools.chain(*broken))
    sorts = leaves_of(*terms)
    if "float" in sorts.values():
        # What is known of roundings would pile up in a shared context.
        shared = None
    answer = _ask(hold, broken, (), work, shared)
    if answer.status == "unknown":
        answer = _by_residues(hold, broken, work) or answer
    if answer.status == "unknown":
        found = search(terms, lambda values: satisfies(hold, broken, values), answer.model or {})
        answer = Answer("sat", "search", found) if found is not None else replace(answer, model=None)
    if answer.status == "unknown" and "float" in _kinds(terms):
        # Many queries: all of them together may not take much more than one.
        answer = _by_values(hold, broken, work // VALUES_LIMIT) or answer
    if answer.status == "sat" and small:
        answer = _minimised(hold, broken, answer, work, shared)
    return answer


def satisfies(hold: Sequence[Term], broken: Groups, valuation: Valuation) -> bool:
    """Whether ``valuation`` is a solution, decided by plain evaluation."""
    return all(holds(term, valuation) for term in hold) and all(
        not all(holds(term, valuation) for term in group) for group in broken
    )


def _ask(hold: Sequence[Term], broken: Groups, box: Sequence[Term], work: int, shared: Builder | None = None) -> Answer:
    builder = shared or Builder()
    solver = z3.SimpleSolver(ctx=builder.context)
    solver.set("rlimit", work)
    solver.set("timeout", WATCHDOG_MS)
    solver.set("random_seed", 0)
    solver.add(builder.conjunction((*hold, *box)))
    for group in broken:
        solver.add(builder.Not(builder.conjunction(group)))
    for fact in builder.facts():
        solver.add(fact)
    with phase(SOLVER):
        result = solver.check()
    if result == z3.unsat:
        return Answer("unsat", "z3")
    if result == z3.unknown:
        return Answer("unknown", "z3", reason=solver.reason_unknown())
    model = solver.model()
    terms = (*hold, *box, *itertools.chain(*broken))
    # A shared builder knows variables of other queries; this one says nothing about them.
    values = {name: builder.value_in(model, name) for name in sorted(leaves_of(*terms))}
    if not satisfies((*hold, *box), broken, values):
        # A nonlinear query may leave the choice of a division by zero open, an approximation that of a rounding.
        resting = ", ".join(approximations(terms))
        reason = "model not confirmed by evaluation" + (f" (approximate: {resting})" if resting else "")
        return Answer("unknown", "z3", values, reason=reason)
    return Answer("sat", "z3", values)


def approximations(terms: Sequence[Term]) -> tuple[str, ...]:
    """The ids of what a solver may not know exactly in ``terms``."""
    found = {OPERATORS[sub.op].approximation for term in terms for sub in walk(term) if isinstance(sub, Apply)}
    return tuple(sorted(found - {""}))


def _by_residues(hold: Sequence[Term], broken: Groups, work: int) -> Answer | None:
    """Splits one variable by its remainder modulo the lcm of the constant divisors: ``u = m*k + r``.

    A floor division or remainder by a constant becomes linear in each case.
    """
    for name, modulus in sorted(_moduli((*hold, *(term for group in broken for term in group))).items()):
        if not 1 < modulus <= SPLIT_LIMIT:
            continue
        for residue in range(modulus):
            case = apply("add", apply("mul", modulus, Var(f"{name}/{modulus}")), residue)
            mapping = {name: case}
            answer = _ask(
                [substitute(term, mapping) for term in hold],
                [[substitute(term, mapping) for term in group] for group in broken],
                (),
                work,
            )
            if answer.status == "unknown":
                break
            if answer.model is not None:
                quotient = answer.model.get(f"{name}/{modulus}", 0)
                return Answer("sat", "residues", {**answer.model, name: modulus * int(quotient) + residue})
        else:
            return Answer("unsat", "residues")
    return None


def _kinds(terms: Sequence[Term]) -> set[str]:
    """The sorts of all parts of ``terms``: a query may have floats without a leaf of that sort."""
    return {sort_of(sub) for term in terms for sub in walk(term)}


def _by_values(hold: Sequence[Term], broken: Groups, work: int) -> Answer | None:
    """Goes through the values of an int leaf that can have a few only: roundings of literals are known exactly."""
    for name, sort in leaves_of(*hold, *itertools.chain(*broken)).items():
        if sort != "int":
            continue
        values: list[Value] = []
        while len(values) <= VALUES_LIMIT:
            answer = _ask(hold, broken, [apply("ne", name, value) for value in values], work)
            if answer.status == "unsat":
                return _one_of(hold, broken, name, values, work)
            if answer.model is None:
                break
            if answer.status == "sat":
                return Answer("sat", "values", answer.model)
            values.append(answer.model[name])
    return None


def _one_of(hold: Sequence[Term], broken: Groups, name: str, values: Sequence[Value], work: int) -> Answer | None:
    for value in values:
        mapping = {name: Const(value)}
        answer = _ask(
            [substitute(term, mapping) for term in hold],
            [[substitute(term, mapping) for term in group] for group in broken],
            (),
            work,
        )
        if answer.status == "sat":
            return Answer("sat", "values", {**(answer.model or {}), name: value})
        if answer.status == "unknown":
            return None
    return Answer("unsat", "values")


def _moduli(terms: Sequence[Term]) -> dict[str, int]:
    """For each variable below a division by a constant, the lcm of those constants."""
    found: dict[str, int] = {}
    for term in terms:
        for sub in walk(term):
            if isinstance(sub, Apply) and sub.op in ("floordiv", "mod"):
                divisor = sub.args[1]
                if isinstance(divisor, Const) and divisor.value:
                    for name, sort in leaves_of(sub.args[0]).items():
                        if sort != "int":
                            continue
                        found[name] = lcm(found.get(name, 1), abs(int(divisor.value)))
    return found


def _minimised(hold: Sequence[Term], broken: Groups, answer: Answer, work: int, shared: Builder | None) -> Answer:
    """A model in the smallest of a few nested boxes, then made smaller variable by variable in Python."""
    values = dict(answer.model or {})
    sorts = leaves_of(*hold, *itertools.chain(*broken))
    names = sorted(values)
    ints = [name for name in names if sorts.get(name) == "int"]
    for bound in (16, 1024):
        if max((abs(int(values[name])) for name in ints), default=0) <= bound:
            break
        box = [apply(op, name, edge) for name in ints for op, edge in (("ge", -bound), ("le", bound))]
        boxed = _ask(hold, broken, box, work, shared)
        if boxed.status == "sat":
            values = dict(boxed.model or {})
            break
    for name, _ in itertools.product(names, range(2)):
        for candidate in simpler(sorts.get(name, "int"), values[name]):
            trial = {**values, name: candidate}
            if satisfies(hold, broken, trial):
                values = trial
                break
    return Answer("sat", answer.by, values)
