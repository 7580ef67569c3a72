"""How long a report of 10,000 findings in 300 buckets takes: to build, to render, and to open in Chromium."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

# The made-up log and the browser are those of the tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reports.model import build
from reports.render import html
from tests.browser.chromium import executable, tab
from tests.reports.big import many


def main() -> None:
    """Prints a line for each step; the limit for opening is 2 seconds, for the size 5 MB."""
    rows = many(10_000, 300)
    start = time.perf_counter()
    report = build(rows, ())
    built = time.perf_counter()
    page = html.page(report)
    rendered = time.perf_counter()
    print(f"model {built - start:.2f} s, page {rendered - built:.2f} s, {len(page.encode()) / 1e6:.2f} MB (limit 5)")
    browser = executable()
    if browser is None:
        print("not run: opening the page (no Chromium found)")
        return
    with tempfile.TemporaryDirectory() as folder, tab(browser) as opened:
        path = Path(folder, "index.html")
        path.write_text(page, encoding="utf-8")
        times = sorted(opened.open(path) for _ in range(5))
        print(f"opened in {times[0]:.2f} to {times[-1]:.2f} s, median {times[2]:.2f} s (limit 2)")


if __name__ == "__main__":
    main()
