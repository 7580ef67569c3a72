"""Known findings: the reviewed list of faults that a run expects, and what it makes of them."""

from __future__ import annotations

from reports.known.entries import KnownEntry, KnownFileError, load_known, parse_known
from reports.known.match import Coverage, find_entry, unseen

__all__ = ["Coverage", "KnownEntry", "KnownFileError", "find_entry", "load_known", "parse_known", "unseen"]
