"""Addresses as people paste them: from a spreadsheet, a mail program, or typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from tenants.mail.models import LONGEST_ADDRESS
from tenants.names import LONGEST_NAME, plain_email, plain_name
from workflows.engine.problems import short
from workflows.people.invitations.invite import Invitee

# "Archer, Anna" <anna@example.com>; Anna Archer <anna@example.com>
_NAMED: Final = re.compile(r'^\s*"?(?P<name>[^"<>]*)"?\s*<(?P<email>[^<>]+)>\s*$')
# Between addresses in a line; a comma inside quotation marks belongs to a name.
_BETWEEN: Final = re.compile(r'[;,\t](?=(?:[^"]*"[^"]*")*[^"]*$)')


@dataclass(frozen=True, slots=True)
class Pasted:
    """What stands in a pasted list: each address once, and what is wrong, each in a sentence."""

    people: list[Invitee]
    problems: list[str]


def read_addresses(text: str) -> Pasted:
    """Addresses on lines of their own, or between commas, semicolons and tabs; names may stand
    before them."""
    people: dict[str, Invitee] = {}
    problems: list[str] = []
    for piece in _pieces(text):
        named = _NAMED.match(piece)
        email = plain_email(named["email"] if named else piece)
        try:
            if len(email) > LONGEST_ADDRESS:
                raise ValidationError("")
            validate_email(email)
        except ValidationError:
            problems.append(_("“%(text)s” is not an e-mail address.") % {"text": short(piece)})
            continue
        first, last = _names(named["name"] if named else "")
        people.setdefault(email, Invitee(email, first, last))
    return Pasted(list(people.values()), problems)


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for piece in _BETWEEN.split(line):
            if stripped := piece.strip():
                yield stripped


def _names(text: str) -> tuple[str, str]:
    """First and last name: “Archer, Anna” is written the other way round."""
    name = plain_name(text)
    if "," in name:
        last, _comma, first = name.partition(",")
    else:
        first, _space, last = name.rpartition(" ") if " " in name else (name, "", "")
    return plain_name(first)[:LONGEST_NAME], plain_name(last)[:LONGEST_NAME]
