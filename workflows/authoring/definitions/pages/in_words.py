"""Values of a definition as text, for its pages."""

from __future__ import annotations

import json

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from workflows.engine.process import Json


def pretty(document: object) -> str:
    """JSON to be read by people; what is no JSON comes as text."""
    try:
        return json.dumps(document, ensure_ascii=False, indent=2)
    except (TypeError, ValueError, RecursionError):
        return str(document)


def in_words(value: Json, limit: int = 200) -> str:
    """A value as it can stand in a sentence."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        text = ", ".join(str(each) for each in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Truncator(text).chars(limit)
