"""``python -m reports``: the command line without its console script."""

from __future__ import annotations

import sys

from reports.cli import main

# Workers import the main module again; without this guard each of them would start a campaign of its own.
if __name__ == "__main__":
    sys.exit(main())
