"""An answer as people read it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from workflows.engine.process import Json
from workflows.fields.on_screen.shown_number import shown_number


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer. `kind` says how: text, long, list, link, email, phone, file or table.

    `text` is the plain form of all but tables; `upload` is the key of a file.
    """

    label: str
    kind: str = "text"
    text: str = ""
    items: list[str] = field(default_factory=list)
    upload: str = ""
    headers: list[str] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)


def plain(value: Json) -> str:
    """Any value as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, int | float):
        return shown_number(value)
    return json.dumps(value, ensure_ascii=False)
