"""One query: is there a valuation that makes some terms hold and breaks at least one of others?

Returns data; prints nothing. Budgets count work (z3's rlimit), so the same query ends the same way on every
machine; a limit on wall-clock time stands far behind it as a guard against a hang.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from typing import Literal, TypeAlias

import z3

from properties.solver.context import Builder
from strategies.evaluate import holds
from strategies.terms import Apply, Const, Term, Var, apply, substitute, variables, walk

Groups: TypeAlias = Sequence[Sequence[Term]]

WORK = 4_000_000
WATCHDOG_MS = 20_000
SPLIT_LIMIT = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """``sat`` with a model, ``unsat``, or ``unknown`` with the reason; ``by`` names the step that decided."""

    status: Literal["sat", "unsat", "unknown"]
    by: str
    model: Mapping[str, int] | None = None
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
    answer = _ask(hold, broken, (), work, shared)
    if answer.status == "unknown":
        answer = _by_residues(hold, broken, work) or answer
    if answer.status == "sat" and small:
        answer = _minimised(hold, broken, answer, work, shared)
    return answer


def satisfies(hold: Sequence[Term], broken: Groups, valuation: Mapping[str, int]) -> bool:
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
    result = solver.check()
    if result == z3.unsat:
        return Answer("unsat", "z3")
    if result == z3.unknown:
        return Answer("unknown", "z3", reason=solver.reason_unknown())
    model = solver.model()
    # A shared builder knows variables of other queries; this one says nothing about them.
    names = {name for term in (*hold, *box, *itertools.chain(*broken)) for name in variables(term)}
    values = {name: int(str(model.eval(builder.variables[name], model_completion=True))) for name in sorted(names)}
    if not satisfies((*hold, *box), broken, values):
        # An incomplete model of a nonlinear query: z3 may leave the choice of a division by zero open.
        return Answer("unknown", "z3", reason="model not confirmed by evaluation")
    return Answer("sat", "z3", values)


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
                return Answer("sat", "residues", {**answer.model, name: modulus * quotient + residue})
        else:
            return Answer("unsat", "residues")
    return None


def _moduli(terms: Sequence[Term]) -> dict[str, int]:
    """For each variable below a division by a constant, the lcm of those constants."""
    found: dict[str, int] = {}
    for term in terms:
        for sub in walk(term):
            if isinstance(sub, Apply) and sub.op in ("floordiv", "mod"):
                divisor = sub.args[1]
                if isinstance(divisor, Const) and divisor.value:
                    for name in variables(sub.args[0]):
                        found[name] = lcm(found.get(name, 1), abs(int(divisor.value)))
    return found


def _minimised(hold: Sequence[Term], broken: Groups, answer: Answer, work: int, shared: Builder | None) -> Answer:
    """A model in the smallest of a few nested boxes, then made smaller variable by variable in Python."""
    names = sorted(answer.model or ())
    for bound in (16, 1024):
        if max((abs(value) for value in (answer.model or {}).values()), default=0) <= bound:
            break
        box = [apply(op, name, edge) for name in names for op, edge in (("ge", -bound), ("le", bound))]
        boxed = _ask(hold, broken, box, work, shared)
        if boxed.status == "sat":
            answer = boxed
            break
    values = dict(answer.model or {})
    for name, _ in itertools.product(names, range(2)):
        for candidate in sorted({0, 1, 2, 3, -1, values[name] // 2, values[name] - 1}, key=abs):
            if abs(candidate) >= abs(values[name]):
                continue
            trial = {**values, name: candidate}
            if satisfies(hold, broken, trial):
                values = trial
                break
    return Answer("sat", answer.by, values)
