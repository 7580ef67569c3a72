"""Mutants: right passes with one seeded fault each, which the properties must find."""

from __future__ import annotations

from properties.mutants.recalled import RECALLED
from properties.mutants.table import MUTANTS as TABLE
from properties.mutants.table import Mutant

MUTANTS: dict[str, Mutant] = {**TABLE, **RECALLED}

__all__ = ["MUTANTS", "Mutant"]
