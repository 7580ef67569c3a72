"""Hypothesis strategies of whole Programs."""

from __future__ import annotations

from strategies.generate.profiles import PROFILES, Profile
from strategies.generate.programs import programs

__all__ = ["PROFILES", "Profile", "programs"]
