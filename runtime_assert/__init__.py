"""Writes the constraints of a ShapeEnv into an FX graph as runtime asserts: complete, exact and explained."""

from __future__ import annotations

from runtime_assert.diagnosis import Diagnosis, diagnose, explaining
from runtime_assert.insertion import (
    UnplaceableObligation,
    insert_deferred_runtime_asserts,
    insert_with_report,
)
from runtime_assert.installer import UnknownTorch, install, installed, is_installed, uninstall
from runtime_assert.report import InsertionReport, Row

__all__ = [
    "Diagnosis",
    "InsertionReport",
    "Row",
    "UnknownTorch",
    "UnplaceableObligation",
    "diagnose",
    "explaining",
    "insert_deferred_runtime_asserts",
    "insert_with_report",
    "install",
    "installed",
    "is_installed",
    "uninstall",
]
