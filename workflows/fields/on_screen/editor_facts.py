"""How the editor's rules compare: the operators that it offers, in words."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _

from workflows.engine.process import Json
from workflows.fields.field import gettext_noop

type Operators = tuple[tuple[str, str], ...]

EQUAL: Final[Operators] = (("==", gettext_noop("is")), ("!=", gettext_noop("is not")))
ORDER: Final[Operators] = (
    ("<", gettext_noop("is less than")),
    ("<=", gettext_noop("is at most")),
    (">", gettext_noop("is more than")),
    (">=", gettext_noop("is at least")),
)
WHEN: Final[Operators] = (
    ("<", gettext_noop("is before")),
    ("<=", gettext_noop("is at the latest")),
    (">", gettext_noop("is after")),
    (">=", gettext_noop("is at the earliest")),
)
AMONG: Final[Operators] = (
    ("in", gettext_noop("is one of")),
    ("not in", gettext_noop("is none of")),
)
HAS: Final[Operators] = (
    ("has", gettext_noop("contains")),
    ("lacks", gettext_noop("does not contain")),
)
GIVEN: Final[Operators] = (
    ("empty", gettext_noop("is empty")),
    ("filled", gettext_noop("is filled in")),
)
TEXTS_COMPARED: Final[Operators] = (*EQUAL, *HAS, *AMONG, *GIVEN)


def translated(operators: Operators) -> list[list[str]]:
    return [[sign, _(words)] for sign, words in operators]


def anything() -> dict[str, Any]:
    """What the editor knows of a value whose type nobody knows, such as of a call's output."""
    no_answer: Json = ""
    return {
        "key": "any",
        "name": "",
        "keys": [],
        "own_keys": [],
        "in_records": False,
        "may_be_computed": False,
        "has_limit_rules": False,
        "control": "text",
        "input_type": "text",
        "json_type": "string",
        "shape": "",
        "literal": "anything",
        "limits": [],
        "limits_are_values": False,
        "family": "any",
        "compared": "any",
        "operators": translated((*EQUAL, *ORDER, *HAS, *GIVEN)),
        "no_answer": no_answer,
        "is_wide": False,
        "parts": [],
    }
