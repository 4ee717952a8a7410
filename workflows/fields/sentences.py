"""What is wrong with an answer, in words for whoever gave it."""

from __future__ import annotations

from workflows.engine.schemas.json_schema import (
    NOT_BLANK,
    REQUIRED,
    ValidationError,
    options_sentence,
    sentence,
)
from workflows.engine.texts import gettext
from workflows.fields.field import Field


def answer_sentence(error: ValidationError, field: Field | None) -> str:
    """What to do about a library error; the question's own words come first."""
    return (_own_sentence(error, field) if field is not None else "") or sentence(error)


def _own_sentence(error: ValidationError, field: Field) -> str:
    keyword: str = error.kind.name
    if field.type.says_its_form and keyword != "maxLength":
        return field.type.advice
    if keyword == "format" and isinstance(error.instance, str):
        return field.type.wrong_form(error.instance)
    if keyword in {"minLength", "minItems"} and field.required and not error.instance:
        return gettext(REQUIRED)
    if keyword == "type":
        return field.type.wrong_kind(error.instance)
    if keyword in {"enum", "const"} and field.choices:
        return options_sentence([label for _value, label in field.choices])
    if keyword == "pattern" and field.help and error.kind.as_dict().get("pattern") != NOT_BLANK:
        return gettext("This does not have the form that is asked for: %(help)s") % {
            "help": field.help
        }
    return ""
