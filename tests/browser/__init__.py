"""Tests in a real browser: ``make test-browser``, and part of the suite wherever Chromium is installed."""
