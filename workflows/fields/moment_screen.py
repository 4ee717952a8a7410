"""What the screens of dates and times share."""

from __future__ import annotations

from workflows.fields.editor_facts import EQUAL, GIVEN, WHEN
from workflows.fields.field import gettext_noop
from workflows.fields.screen import Screen


class MomentScreen(Screen):
    limits = (gettext_noop("Earliest"), gettext_noop("Latest"))
    limits_are_values = True
    operators = (*EQUAL, *WHEN, *GIVEN)
    literal = "dated"
