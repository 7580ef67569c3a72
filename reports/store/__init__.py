"""What a run leaves on disk: its journal, the truth, and a store of many runs, derived from journals."""

from __future__ import annotations

from reports.store.database import Store, StoreError
from reports.store.journal import NAME, Contents, Journal, JournalError, read_journal

__all__ = ["NAME", "Contents", "Journal", "JournalError", "Store", "StoreError", "read_journal"]
