"""Cases by remainders: where leaves are ``m*k + r`` divisions by constants are linear, or gone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lcm, prod

from properties.solver.normal import linear, total_everywhere
from strategies.terms import Apply, Const, Sort, Term, Value, Var, leaves_of, substitute, walk

_MOST_CASES = 64


@dataclass(frozen=True, slots=True)
class ResidueCase:
    """The terms of a query for some remainders of its leaves, over the quotients of those leaves."""

    hold: tuple[Term, ...]
    broken: tuple[tuple[Term, ...], ...]
    leaves: dict[str, tuple[int, int]]
    """By leaf the modulus and the remainder."""

    @property
    def sorts(self) -> dict[str, Sort]:
        """The leaves of the case."""
        return leaves_of(*self.hold, *itertools.chain(*self.broken))

    def model(self, found: dict[str, Value]) -> dict[str, Value]:
        """The values of the leaves for those of their quotients."""
        values = dict(found)
        for name, (modulus, residue) in self.leaves.items():
            values[name] = modulus * int(values.pop(_quotient(name), 0)) + residue
        return values


def cases(hold: Sequence[Term], broken: Sequence[Sequence[Term]]) -> Iterator[ResidueCase]:
    """All cases of the leaves below a division by a constant; none if there is no such leaf, or are too many cases."""
    moduli = _moduli((*hold, *itertools.chain(*broken)))
    chosen: dict[str, int] = {}
    for name, modulus in sorted(moduli.items(), key=lambda item: (item[1], item[0])):
        if prod(chosen.values()) * modulus <= _MOST_CASES:
            chosen[name] = modulus
    if not chosen:
        return
    for residues in itertools.product(*(range(modulus) for modulus in chosen.values())):
        leaves = dict(zip(chosen, zip(chosen.values(), residues, strict=True), strict=True))
        mapping = {name: _written(name, modulus, residue) for name, (modulus, residue) in leaves.items()}
        yield ResidueCase(
            tuple(undivided(substitute(term, mapping)) for term in hold),
            tuple(tuple(undivided(substitute(term, mapping)) for term in group) for group in broken),
            leaves,
        )


def undivided(term: Term) -> Term:
    """``term`` with divisions by constants carried out where the remainder does not depend on any leaf."""
    if not isinstance(term, Apply):
        return term
    args = tuple(undivided(arg) for arg in term.args)
    if term.op in ("floordiv", "mod") and isinstance(args[1], Const) and args[1].value:
        divisor = int(args[1].value)
        coefficients, constant = linear(args[0])
        if all(factor % divisor == 0 and total_everywhere(atom) for atom, factor in coefficients):
            if term.op == "mod":
                return Const(constant % divisor)
            quotient: Term = Const(constant // divisor)
            for atom, factor in coefficients:
                quotient = Apply("add", (quotient, Apply("mul", (Const(factor // divisor), atom))))
            return quotient
    return Apply(term.op, args)


def _written(name: str, modulus: int, residue: int) -> Term:
    return Apply("add", (Apply("mul", (Const(modulus), Var(_quotient(name)))), Const(residue)))


def _quotient(name: str) -> str:
    return f"{name}/"


def _moduli(terms: Sequence[Term]) -> dict[str, int]:
    """For each variable below a division by a constant, the lcm of those constants."""
    found: dict[str, int] = {}
    for term in terms:
        for sub in walk(term):
            if isinstance(sub, Apply) and sub.op in ("floordiv", "mod"):
                divisor = sub.args[1]
                if isinstance(divisor, Const) and abs(int(divisor.value)) > 1:
                    for name, sort in leaves_of(sub.args[0]).items():
                        if sort == "int":
                            found[name] = lcm(found.get(name, 1), abs(int(divisor.value)))
    return found
