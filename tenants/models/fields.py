"""Columns for names and e-mail addresses: kept in the one form that `tenants.names` gives them.

Both clean what they are given on its way in, from forms and from code, so that nobody can forget.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django import forms
from django.db import models

from tenants.names import name_key, plain_email, plain_name

# An index holds no more than 2,700 bytes, and a key can be longer than its name.
LONGEST_KEY: Final = 255
_DIGEST: Final = 64
# Forms refuse it by themselves: whoever sends it has not typed a name.
NUL: Final = "\x00"


class NameInput(forms.CharField):
    """Asks for a name; how long it may be counts without what nobody sees."""

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return plain_name(text) if text and NUL not in text else text


class EmailAddressInput(forms.EmailField):
    """Asks for an e-mail address, which is judged in the form in which it is kept."""

    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        return plain_email(text) if text and NUL not in text else text


class NameField(models.CharField):  # type: ignore[type-arg]
    """A name as `plain_name` keeps it; one in which nothing is to be seen is empty."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return plain_name(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return plain_name(text) if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        name = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, name)
        return name

    def formfield(self, **options: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": NameInput, **options})


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The key of the row's name, so that the database itself refuses a second one that looks alike.

    A key that is too long for an index ends in its digest.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options |= {"max_length": LONGEST_KEY, "editable": False}
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        del options["max_length"], options["editable"]
        return name, path, args, options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = stored_key(str(getattr(model_instance, "name", "")))
        setattr(model_instance, self.attname, key)
        return key


def stored_key(name: str) -> str:
    """The key of a name as a NameKeyField keeps it."""
    key = name_key(name)
    if len(key) <= LONGEST_KEY:
        return key
    return key[: LONGEST_KEY - _DIGEST] + hashlib.sha256(key.encode()).hexdigest()


class EmailAddressField(models.EmailField):  # type: ignore[type-arg]
    """An e-mail address as `plain_email` keeps it, both when stored and when looked up.

    So `get(email="Alice@Example.com")` finds alice@example.com, and no caller can forget.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return plain_email(text) if isinstance(text, str) else text

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return plain_email(text) if isinstance(text, str) else text

    def formfield(self, **options: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": EmailAddressInput, **options})
