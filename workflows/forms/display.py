"""Answers as people read them."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.engine.errors import FieldError
from workflows.engine.process import Json
from workflows.fields.answers.validation import validator_for
from workflows.fields.field import Field, SeenBy
from workflows.fields.on_screen.screens import show_answer
from workflows.fields.on_screen.shown import Shown, plain


def show_answers(specs: object, data: Mapping[str, Json] | None) -> list[Shown]:
    """The answers that were given, in the order of their questions.

    Whatever the data holds is shown: values without a field come last under their own name,
    and a value that does not fit its field is shown as it is. Never raises.
    """
    data = data or {}
    try:
        fields = validator_for(specs).all_fields
    except FieldError:
        fields = ()
    known = {each.name for each in fields}
    given = [each for each in fields if data.get(each.name) is not None]
    return [show_answer(each, data[each.name]) for each in given] + [
        Shown(label=name.replace("_", " ").capitalize(), text=plain(value))
        for name, value in data.items()
        if name not in known and value is not None
    ]


def show_answers_for_requester(specs: object, data: Mapping[str, Json] | None) -> list[Shown]:
    """Those answers of a task's form that whoever submitted the ticket sees, too. Never raises.

    Who may be shown what of a ticket is said by `tickets.seeing` alone.
    """
    data = data or {}
    return [show_answer(each, data[each.name]) for each in answered_for_requester(specs, data)]


def answered_for_requester(specs: object, data: Mapping[str, Json]) -> list[Field]:
    """The questions that have an answer in the data which the requester sees. Never raises."""
    try:
        fields = validator_for(specs).all_fields
    except FieldError:
        return []
    return [
        each
        for each in fields
        if each.seen_by is SeenBy.REQUESTER and data.get(each.name) is not None
    ]
