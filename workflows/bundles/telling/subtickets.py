"""Steps that start tickets, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from workflows.bundles.outline.outline import Outline
from workflows.bundles.outline.subtickets import NO_WAIT, subtickets_of
from workflows.engine.conditions.sentence import describe_condition
from workflows.engine.process import Json


def subticket_in_words(task: Mapping[str, Json], labels: Mapping[str, str]) -> Iterator[str]:
    """What such a step says, a line each; `labels` as for conditions."""
    yield _("starts a ticket of the type %(type)s") % {"type": str(task.get("ticket_type"))}
    if task.get("wait_for_end") is NO_WAIT:
        yield _("does not wait for its end")
    given = task.get("input_transform")
    for name, value in given.items() if isinstance(given, dict) else ():
        yield _("%(name)s: %(value)s") % {"name": name, "value": _value(value, labels)}


def _value(value: Json, labels: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        name = value.get("var")
        return labels.get(str(name)) or describe_condition(value, labels)
    return str(value)


def starts_in_words(ticket_type: str) -> str:
    """For the picture: which ticket type a step starts."""
    return _("starts %(type)s") % {"type": ticket_type}


def subticket_notes(document: object) -> dict[str, str]:
    """For the picture: {task key: which ticket type it starts}. The document may be wrong."""
    outline = Outline(document if isinstance(document, dict) else {})
    return {
        key: starts_in_words(task.text("ticket_type"))
        for key, task in subtickets_of(outline).items()
        if task.text("ticket_type")
    }
