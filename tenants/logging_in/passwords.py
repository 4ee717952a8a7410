"""Which passwords are good enough. They are asked when one is set: older ones go on working."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.logging_in.second_factor import has_second_factor
from tenants.models import User
from tenants.names import name_key

# In characters: what is longer is not looked at.
LONGEST: Final = 1000
SHORTEST: Final = 12
SHORTEST_WITH_SECOND_FACTOR: Final = 10
# What has to be left of a password when the names are taken out of it.
_LEFT: Final = 6
_FEWEST_DIFFERENT: Final = 5
_SHORTEST_NAME: Final = 3
_WORD = re.compile(r"[^\W_]+")
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")

HELP = gettext_lazy(
    "At least 12 characters: several words are easy to remember. Not one of the common ones, and"
    " not made of your names or the company's."
)


class LengthValidator:
    """At least SHORTEST characters; somebody with a second factor needs fewer."""

    def validate(self, password: str, user: Any = None) -> None:
        least = shortest_for(user)
        if len(password) < least:
            text = _("This password is too short. Take at least %(least)d characters.")
            raise ValidationError(text % {"least": least}, code="password_too_short")

    def get_help_text(self) -> str:
        return _("Your password has at least 12 characters, or 10 with a second factor.")


class CommonValidator(CommonPasswordValidator):
    """Not one of those that everybody tries first, also with digits and signs around it."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(password, user)
        core = _AROUND.sub("", password).casefold()
        if core:
            super().validate(core, user)
        if len(set(password.casefold())) < _FEWEST_DIFFERENT:
            text = _(
                "This password repeats few characters. Take at least %(least)d different ones."
            )
            raise ValidationError(text % {"least": _FEWEST_DIFFERENT}, code="password_too_common")

    def get_help_text(self) -> str:
        return _("Your password is not one of the common ones, with digits added or without.")


class NamesValidator:
    """Not made of one's own names, the e-mail address or the company's name."""

    def validate(self, password: str, user: Any = None) -> None:
        left = name_key(password)
        for name in sorted(set(_names_of(user)), key=len, reverse=True):
            left = left.replace(name, " ")
        if left != name_key(password) and sum(map(len, _WORD.findall(left))) < _LEFT:
            raise ValidationError(
                _(
                    "This password is made of your names, your e-mail address or the company's "
                    "name. Add other words, or take some instead."
                ),
                code="password_too_similar",
            )

    def get_help_text(self) -> str:
        return _("Your password is not made of your names or the company's.")


def shortest_for(user: Any) -> int:
    """How many characters the password of this person has at least."""
    return SHORTEST_WITH_SECOND_FACTOR if has_second_factor(user) else SHORTEST


def _names_of(user: Any) -> Iterator[str]:
    """The words of the names, as `name_key` gives them, that are long enough to be told."""
    if not isinstance(user, User):
        return
    company = "" if user.company is None else user.company.name
    for text in (user.first_name, user.last_name, user.email, company):
        yield from (word for word in _WORD.findall(name_key(text)) if len(word) >= _SHORTEST_NAME)
