"""Tests of the whole; in a browser a busy machine may take its time."""

from __future__ import annotations

from playwright.sync_api import expect

# Milliseconds to wait for what a page is expected to show.
expect.set_options(timeout=30_000)
