"""Ticket types that people outside may begin: what their form must ask, and must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from workflows.bundles.checks.assignments import is_for_colleagues
from workflows.bundles.document.problems import Problem
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import short
from workflows.engine.rules.compiling import is_empty
from workflows.fields.field import Field

_ADDRESS = "email"


def address_question(fields: Mapping[str, Field]) -> Field | None:
    """The question whose answer is the address that is proven: the first that is always asked."""
    return next(
        (
            each
            for each in fields.values()
            if each.type.key == _ADDRESS and each.required and is_empty(each.visible_when)
        ),
        None,
    )


def public_start_problems(ticket_type: Entry, outline: Outline) -> Iterator[Problem]:
    """Everything about `public_for`; who the person is no document knows."""
    person, path = ticket_type.text("public_for"), (*ticket_type.path, "public_for")
    if not person:
        return
    try:
        validate_email(person)
    except ValidationError:
        message = _("This is no e-mail address: “%(text)s”.") % {"text": short(person)}
        yield Problem(path, message, person)
    if outline.fields is None:
        return
    presets = ticket_type.value.get("presets")
    set_already = presets if isinstance(presets, dict) else {}
    asked = {name: each for name, each in outline.fields.items() if name not in set_already}
    if address_question(asked) is None:
        message = _(
            "People outside prove their e-mail address: the form needs a question of type email "
            "that is required and always shown."
        )
        yield Problem(path, message, person)
    for field in asked.values():
        if is_for_colleagues(field):
            message = _(
                "People outside see nobody of your company and send no file: set “%(field)s” in "
                "the presets, or remove it."
            )
            words = {"field": short(field.label or field.name)}
            yield Problem(path, message % words, person)
