"""People whom a message names: an @, and then their name or their e-mail address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db.models import Q, TextField, Value
from django.db.models.functions import Concat, Lower, Trim

from tenants.connection import current_schema
from tenants.models import User
from tenants.names import LONGEST_NAME, name_key
from tickets.models import Visibility
from tickets.taking_part.access import Participant
from workflows.engine.process import Json

# A message that names more people names nobody further.
MOST_MENTIONS: Final = 30
_MOST_WORDS: Final = 8
_LONGEST_KEY: Final = 2 * LONGEST_NAME + 1
# Not in an e-mail address, nor after a backslash, which makes it a sign like others.
_AT: Final = re.compile(r"(?<![\w.+\\-])@(?=\S)")
_AFTER_NAMES: Final = ".,;:!?)]}>\"'*_~`\u2019\u201d\u00bb\u2026"


@dataclass(frozen=True, slots=True)
class Mentions:
    """`named` is what is kept of those who may read it.

    `strangers` are the words after an @ that named nobody of them, as they were typed: whoever
    writes learns no more of whether somebody of that name is here.
    """

    named: list[Json]
    strangers: list[str]


def find_mentions(
    text: str, *, visibility: Visibility | str, among: Iterable[Participant]
) -> Mentions:
    """Whom a message names. One query, and none where it names nobody."""
    ats = islice(_AT.finditer(text), MOST_MENTIONS)
    places = [list(_words_after(text, at.end())) for at in ats]
    # Both, as the database does not fold every letter: “ß” is “ss” for us.
    wanted = {each for found in places for key, typed in found for each in (key, typed.lower())}
    if not any(places):
        return Mentions([], [])
    readers = {each.person.pk for each in among if each.access.may_write(visibility)}
    people = [each for each in _people_called(wanted) if each.pk in readers]
    named: dict[tuple[int, str], Json] = {}
    strangers: dict[str, None] = {}
    for candidates in places:
        for key, typed in candidates:  # the longest first
            called = [each for each in people if key in _keys_of(each)]
            for each in called:
                named[each.pk, typed] = {"id": each.pk, "name": typed}
            if called:
                break
        else:
            words = [typed for _key, typed in candidates[-1:] if typed[0].isalnum()]
            strangers |= dict.fromkeys(words)
    return Mentions(list(named.values()), list(strangers))


def _words_after(text: str, start: int) -> Iterator[tuple[str, str]]:
    """What may be a name after an @, the longest first: as it is compared, and as it was typed."""
    line = text[start : start + 300].split("\n", 1)[0]
    ends = [found.end() for found in re.finditer(r"\S+", line)][:_MOST_WORDS]
    for end in reversed(ends):
        typed = line[:end].rstrip(_AFTER_NAMES)
        # Some letters become many where they are compared: such a text is nobody's name.
        if typed and len(key := name_key(typed)) <= _LONGEST_KEY:
            yield key, typed


def _keys_of(person: User) -> set[str]:
    return {name_key(str(person)), person.email}


def _people_called(keys: set[str]) -> list[User]:
    """The active people of the company of these names or addresses."""
    people = User.objects.active().filter(company__schema_name=current_schema())
    parts = Concat("first_name", Value(" "), "last_name", output_field=TextField())
    full_name = Lower(Trim(parts))
    named = people.alias(full_name=full_name).filter(Q(full_name__in=keys) | Q(email__in=keys))
    return list(named[: MOST_MENTIONS * 2])
