"""Mutants: right passes with one seeded fault each, which the properties must find."""

from __future__ import annotations

from properties.mutants import branches, constraints, cost, places, program, stability
from properties.mutants.mutant import Mutant
from properties.mutants.recalled import RECALLED

MUTANTS: dict[str, Mutant] = {
    **constraints.MUTANTS,
    **branches.MUTANTS,
    **places.MUTANTS,
    **program.MUTANTS,
    **stability.MUTANTS,
    **cost.MUTANTS,
    **RECALLED,
}

__all__ = ["MUTANTS", "Mutant"]
