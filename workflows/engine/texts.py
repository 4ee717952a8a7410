"""Texts for people. The engine has them in English; who shows them may have them translated.

The engine knows no Django. So it marks its texts with the names that `dev.py messages` finds, and
whoever has translations says once, at the start, where a text is looked up (`translate_with`:
workflows/apps.py). Without that the texts stay English.
"""

from __future__ import annotations

from collections.abc import Callable

_look_up: Callable[[str], str] = str


def translate_with(look_up: Callable[[str], str]) -> None:
    """Have each text translated by this function, in the moment in which it is asked for."""
    global _look_up
    _look_up = look_up


def gettext(text: str) -> str:
    """The text in the language of whoever reads it now."""
    return _look_up(text)


def gettext_noop(text: str) -> str:
    """Mark a text that is translated later, when it is shown."""
    return text
