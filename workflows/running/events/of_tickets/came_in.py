"""The ticket was submitted by no hand: a recurring start, another system or a mail has done it.

Its data: `by` (start, address, mail or assistant), `called` (what the start, or the assistant, is
called), `due` (the moment of a
start, ISO 8601), `missed` (earlier moments for which nothing was started) and `missed_count`.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from workflows.models import WorkflowEvent
from workflows.running.events.kind import Rules, Screen, TaskTime, data_of, declare, no_effect

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from workflows.engine.process import JsonObject

BY_START: Final = "start"
BY_ADDRESS: Final = "address"
BY_MAIL: Final = "mail"
BY_ASSISTANT: Final = "assistant"


def by_assistant(called: str) -> JsonObject | None:
    """What is noted of a ticket that an assistant submits; None: it is none (empty)."""
    return {"by": BY_ASSISTANT, "called": called} if called else None


def _history(event: WorkflowEvent) -> StrOrPromise:
    data = data_of(event)
    if data.get("by") == BY_ADDRESS:
        return _("Another system has submitted the ticket, at the web address of its type.")
    if data.get("by") == BY_MAIL:
        return _("The ticket was submitted by mail.")
    if data.get("by") == BY_ASSISTANT:
        return _("The assistant “%(of)s” has submitted the ticket.")
    said = _("The ticket was started by “%(of)s”, as due on {due}.").replace(
        "{due}", _moment(data.get("due"))
    )
    number = data.get("missed_count")
    if not isinstance(number, int) or not number:
        return said
    missed = data.get("missed")
    listed = ", ".join(map(_moment, missed if isinstance(missed, list) else []))
    text = ngettext(
        "%(count)d start before it was missed: {days}.",
        "%(count)d starts before it were missed: {days}.",
        number,
    ) % {"count": number}
    return f"{said} {text.replace('{days}', listed)}"


def _timeline(event: WorkflowEvent) -> StrOrPromise:
    return _history(event)


def _moment(value: object) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return "?"
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT").replace("%", "%%")


CAME_IN = declare(
    "CAME_IN",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, once="coming in"),
    screen=Screen(icon="event_repeat", history=_history, timeline=_timeline),
)
