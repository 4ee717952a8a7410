"""What people see of a line of text."""

from __future__ import annotations

from workflows.fields.field import gettext_noop
from workflows.fields.on_screen.screen import Screen
from workflows.fields.text.rules import TYPE


class TextScreen(Screen):
    type = TYPE
    family = "text"
    limits = (gettext_noop("Fewest characters"), gettext_noop("Most characters"))


SCREEN = TextScreen()
