"""The solver layer: terms in, data out. Nothing else of this project speaks to z3."""

from __future__ import annotations

from properties.solver.query import Answer, solve

__all__ = ["Answer", "solve"]
