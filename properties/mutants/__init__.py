"""Mutants: right passes with one seeded fault each, which the properties must find."""

from __future__ import annotations

from properties.mutants.table import MUTANTS, Mutant

__all__ = ["MUTANTS", "Mutant"]
