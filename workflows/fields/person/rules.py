"""Somebody of the company: {"id": number, "email": text, "name": text}.

The number says who it is. E-mail address and name are those of the moment of the answer: what
conditions read, and what a replay decides by, does not change when the person does. Documents
name people by e-mail address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

from tenants.names import name_key, plain_email, plain_name
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.engine.values.storable import unstorable
from workflows.fields.facts import NO_FACTS, Facts, Reference
from workflows.fields.field import (
    TEXT,
    Field,
    FieldType,
    Holds,
    Part,
    SpecKey,
    TitleUse,
    gettext_noop,
)

KEY: Final = "person"
ROLE: Final = "role"
ANY_ROLE: Final = "*"
MAX_ID: Final = 2**63 - 1
LONGEST_EMAIL: Final = 254
LONGEST_SHOWN_NAME: Final = 300
# “Walt Worker (walt@example.com)”, as lists show people.
_WITH_EMAIL: Final = re.compile(r".*[(<]([^()<>\s]+@[^()<>\s]+)[)>]", re.DOTALL)
_NOBODY: Final = gettext_noop(
    "Nobody who can be chosen here has this name or e-mail address. Correct it, or choose "
    "somebody else."
)
_SEVERAL: Final = gettext_noop(
    "Several people are called that. Write the e-mail address of the one you mean."
)


class Person(FieldType):
    key = KEY
    order = 145
    name = gettext_noop("Person")
    aliases = ("user", "somebody")
    hint = gettext_noop("Name somebody of the company, by e-mail address.")
    own_keys = (
        SpecKey(
            ROLE,
            gettext_noop("Of the company role"),
            gettext_noop("Only its members can be chosen. Empty: everybody of the company."),
            Holds.COMPANY_ROLE,
        ),
    )
    kind = gettext_noop("a person")
    parts = MappingProxyType(
        {
            "email": Part(TEXT, gettext_noop("e-mail address"), "email"),
            "name": Part(TEXT, gettext_noop("name"), "text"),
        }
    )
    title_use = TitleUse.PART
    says_its_form = True
    is_looked_up = True
    may_be_computed = False
    names_people = True

    def schema(self, question: Field) -> JsonObject:
        return {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "minimum": 1, "maximum": MAX_ID},
                "email": {"type": "string", "minLength": 1, "maxLength": LONGEST_EMAIL},
                "name": {"type": "string", "minLength": 1, "maxLength": LONGEST_SHOWN_NAME},
            },
            "required": ["id", "email", "name"],
            "additionalProperties": False,
        }

    def document_schema(self, question: Field) -> JsonObject:
        return {"type": "string", "format": "email", "maxLength": LONGEST_EMAIL}

    def sample(self, question: Field) -> Json:
        return {"id": 1, "email": "someone@example.com", "name": "Sam Example"}

    def still_fits(self, question: Field, value: Json) -> Json:
        is_somebody = isinstance(value, dict) and isinstance(value.get("email"), str)
        return value if is_somebody or isinstance(value, str) else None

    def with_people(self, value: Json, change: Callable[[Json], Json]) -> Json:
        return change(value) if isinstance(value, dict | str) else value

    def references(self, question: Field, value: Json) -> Iterator[Reference]:
        reference = _reference(value)
        if reference is not None:
            yield reference

    def taken_in(self, question: Field, value: Json, facts: Facts = NO_FACTS) -> Json:
        if not isinstance(value, str):
            return value
        kept = _kept(question, value, facts)
        if kept is not None:
            return kept
        found = _who(question, value, facts)
        return _answer(found[0]) if len(found) == 1 else value

    def given_out(self, question: Field, value: Json) -> Json:
        return value.get("email") if isinstance(value, dict) else value

    def refusal(self, question: Field, value: Json, facts: Facts) -> str:
        if isinstance(value, dict) and facts.keeps(question.name, value):
            return ""
        if isinstance(value, str):
            return gettext(_SEVERAL if len(_who(question, value, facts)) > 1 else _NOBODY)
        if isinstance(value, dict):
            found = _who(question, value, facts)
            return "" if any(_answer(each) == value for each in found) else gettext(_NOBODY)
        return ""

    def made_up(self, reference: Reference) -> JsonObject:
        text = str(reference.value)
        email = text if reference.by == "email" else "someone@example.com"
        return {
            "id": reference.value if reference.by == "id" else 1,
            "email": email,
            "name": email.partition("@")[0] or email,
            "roles": [ANY_ROLE],
        }


def _reference(value: Json) -> Reference | None:
    """How a value names somebody; None where it cannot."""
    if isinstance(value, dict):
        key = value.get("id")
        is_number = isinstance(key, int) and not isinstance(key, bool) and 0 < key <= MAX_ID
        return Reference(KEY, "id", key) if isinstance(key, int) and is_number else None
    if not isinstance(value, str) or len(value) > LONGEST_SHOWN_NAME + LONGEST_EMAIL:
        return None
    if any(unstorable(value)):
        return None
    if match := _WITH_EMAIL.fullmatch(value.strip()):
        return Reference(KEY, "email", plain_email(match[1]))
    if "@" in value:
        return Reference(KEY, "email", plain_email(value))
    name = plain_name(value)
    return Reference(KEY, "name", name.lower()) if name else None


def _who(question: Field, value: Json, facts: Facts) -> list[JsonObject]:
    """Those whom a value may mean, among the people that can be chosen."""
    reference = _reference(value)
    if reference is None:
        return []
    return [each for each in facts.of(reference) if _can_be_chosen(question, each)]


def _can_be_chosen(question: Field, person: JsonObject) -> bool:
    role, roles = question.settings.get(ROLE), person.get("roles")
    if role is None or not isinstance(roles, list):
        return role is None
    wanted = name_key(role) if isinstance(role, str) else role
    return wanted in roles or ANY_ROLE in roles


def _answer(person: JsonObject) -> Json:
    return {name: person[name] for name in ("id", "email", "name")}


def _kept(question: Field, value: Json, facts: Facts) -> Json:
    """The answer that was there before and whose person is named again, whatever became of it."""
    reference = _reference(value)
    for name, kept in facts.kept:
        email = kept.get("email") if isinstance(kept, dict) else None
        if reference is not None and name == question.name and reference == _reference(email):
            return kept
    return None


TYPE = Person()
