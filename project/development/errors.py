"""What can go wrong while setting up or running, as sentences for the person at the keyboard."""

from __future__ import annotations


class DevelopmentError(Exception):
    """The command cannot go on; the message says why and what to do."""
