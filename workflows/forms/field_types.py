"""What the types of fields are called on screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from workflows.engine.field_types import FieldType

FIELD_TYPE_NAMES: Mapping[FieldType, Any] = {
    FieldType.TEXT: gettext_lazy("Text"),
    FieldType.LONG_TEXT: gettext_lazy("Long text"),
    FieldType.INTEGER: gettext_lazy("Whole number"),
    FieldType.NUMBER: gettext_lazy("Number"),
    FieldType.BOOLEAN: gettext_lazy("Yes or no"),
    FieldType.CHOICE: gettext_lazy("One choice"),
    FieldType.CHOICES: gettext_lazy("Several choices"),
    FieldType.DATE: gettext_lazy("Date"),
    FieldType.TIME: gettext_lazy("Time"),
    FieldType.DATETIME: gettext_lazy("Date and time"),
    FieldType.EMAIL: gettext_lazy("E-mail address"),
    FieldType.URL: gettext_lazy("Web address"),
    FieldType.PHONE: gettext_lazy("Phone number"),
    FieldType.FILE: gettext_lazy("File"),
    FieldType.RECORDS: gettext_lazy("Table of records"),
}
