from __future__ import annotations


class FlatFileError(Exception):
    """A list cannot be imported or exported; the message says what to do."""
