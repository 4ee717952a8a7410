"""By what a person did something in a ticket: a token of theirs, and the assistant that used it.

It stands in the data of the event, beside what its kind says: no kind has a name of its own for it.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from tenants.audit.acting import through_of
from tenants.models import User
from workflows.engine.process import Json, JsonObject

THROUGH: Final = "through"


def with_through(data: JsonObject, actor: User | None) -> JsonObject:
    """The data of an event, with by what its actor acts now; as it is where they do it alone."""
    through = None if actor is None else through_of(actor.pk)
    return data if through is None else {**data, THROUGH: dict(through.as_kept())}


def who_in_words(actor: User | None, data: Json) -> str:
    """Who did it, for people: “Claude for Uma Urban”, or which token."""
    if actor is None:
        return _("The system")
    through = data.get(THROUGH) if isinstance(data, dict) else None
    if not isinstance(through, dict):
        return str(actor)
    words = {
        "person": str(actor),
        "assistant": str(through.get("assistant") or ""),
        "token": str(through.get("token") or ""),
    }
    if words["assistant"]:
        return _("Assistant %(assistant)s for %(person)s") % words
    return _("%(person)s, by the token “%(token)s”") % words
