"""What a run leaves on disk: its journal, the truth, and a store of many runs, derived from journals."""

from __future__ import annotations

from reports.store.database import Store, StoreError, check_store
from reports.store.journal import NAME, Contents, Journal, JournalError, WriteError, is_begun, read_journal
from reports.store.load import run_rows

__all__ = [
    "NAME",
    "Contents",
    "Journal",
    "JournalError",
    "Store",
    "StoreError",
    "WriteError",
    "check_store",
    "is_begun",
    "read_journal",
    "run_rows",
]
