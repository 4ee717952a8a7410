"""A field as the engine reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .process import Json


class FieldType(StrEnum):
    """What a field asks for, and so what its answer looks like in JSON."""

    TEXT = "text"  # a string of one line
    LONG_TEXT = "long_text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"  # the value of one of the choices
    CHOICES = "choices"  # a list of values, each of them once
    DATE = "date"  # 2026-03-31
    TIME = "time"  # 14:30 or 14:30:00, without a time zone
    DATETIME = "datetime"  # 2026-03-31T14:30:00Z, always with a time zone
    EMAIL = "email"
    URL = "url"  # http and https only
    PHONE = "phone"
    FILE = "file"  # {"upload": uuid, "filename": text}
    RECORDS = "records"  # a list of objects with fields of their own


@dataclass(frozen=True, slots=True)
class Field:
    """One field, checked. ``choices`` are pairs of value and label.

    ``minimum`` and ``maximum`` count characters of text, values of numbers (inclusive), chosen
    values or records; for dates and times they are ISO text. ``more_than`` and ``less_than``
    are exclusive limits of numbers.
    """

    name: str
    type: FieldType
    label: str
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Json = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    more_than: int | float | None = None
    less_than: int | float | None = None
    pattern: str = ""
    visible_when: Json = None
    fields: tuple[Field, ...] = ()
