"""What a kind of notice declares: its sentences, how it is mailed, and for whom it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.roles import SystemRole
from tickets.models import Notice

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A whole sentence with placeholders (tickets/notices/words.py says which there are), or what
# chooses it by the notice.
type Sentence = "StrOrPromise | Callable[[Notice], StrOrPromise]"


class ByMail(models.TextChoices):
    """How somebody wants to be told of a kind by mail; in the app every notice is listed."""

    AT_ONCE = "AT_ONCE", _("At once")
    DIGEST = "DIGEST", _("In the daily digest")
    NEVER = "NEVER", _("Never")

    @classmethod
    def read(cls, value: object) -> ByMail | None:
        """What somebody has sent or kept; None: it is none of these."""
        return next((each for each in cls if each.value == value), None)


class Place(Enum):
    """Where a notice leads to; somebody who may not see that page is led to one that they may."""

    POOL = "the tasks that the person may take"
    TASK = "the task on the screens of whoever has it"
    MY_TICKET = "the ticket on the screens of whoever submitted it"
    TICKET = "the ticket on the screens of ticket admins"
    MESSAGES = "what is written on the ticket, for everybody who takes part in it"
    STANDING_IN = "the open tasks of those for whom the person stands in"
    STARTS = "the recurring starts of a ticket type"
    WEBHOOK = "the webhook"
    DASHBOARD = "the dashboard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said: `sentence` in the app, `subject` and `text` (above the link) in a mail."""

    sentence: Sentence
    subject: Sentence
    text: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`title` names it among the preferences; `by_mail` is what counts until a person chooses.

    `roles` are those of the people whom it may reach: others are not asked how they want it.
    Superusers are reached by what they see on their dashboard, outside of companies.
    `is_for_team`: whoever answers the mail writes to the team alone; of a message, to whom it was
    written. Each kind says it, so that none is answered in public by omission.
    `tells_answers`: a mail to whoever submitted the ticket has the answers that are for them.
    """

    title: StrOrPromise
    icon: str
    words: Words
    by_mail: ByMail
    roles: frozenset[SystemRole]
    leads_to: Place
    is_for_team: bool
    tells_answers: bool = False


class NoticeKind(str):
    """A kind of notice. As a text it is its name, which is what the database holds."""

    __slots__ = ("declared",)

    declared: Kind

    def __new__(cls, name: str, declared: Kind) -> Self:
        kind = super().__new__(cls, name)
        kind.declared = declared
        return kind

    def __reduce__(self) -> tuple[Callable[[str], NoticeKind], tuple[str]]:
        return kind_named, (str(self),)


_KINDS: dict[str, NoticeKind] = {}


def declare(name: str, declared: Kind) -> NoticeKind:
    """Make a kind known. Its name stays what it is: notices and preferences have it for ever."""
    if name in _KINDS:
        raise ValueError(f"There are two kinds of notices called {name}.")
    _KINDS[name] = NoticeKind(name, declared)
    return _KINDS[name]


def all_kinds() -> list[NoticeKind]:
    return list(_KINDS.values())


def kinds_for(roles: set[SystemRole]) -> list[NoticeKind]:
    """Those that may reach somebody with these roles, by their titles."""
    found = [kind for kind in _KINDS.values() if kind.declared.roles & roles]
    return sorted(found, key=lambda kind: str(kind.declared.title))


def kind_named(name: str) -> NoticeKind:
    """The kind of this name; UNKNOWN where there is none."""
    return _KINDS.get(name, UNKNOWN)


# What a newer program has written beside this one, or an older one has left.
UNKNOWN: Final = NoticeKind(
    "UNKNOWN",
    Kind(
        title=_("Something else"),
        icon="notifications",
        words=Words(
            sentence=_("Something happened to %(ticket)s."),
            subject=_("Something happened"),
            text=_("Something happened to %(ticket)s."),
        ),
        by_mail=ByMail.NEVER,
        roles=frozenset(),
        leads_to=Place.MY_TICKET,
        is_for_team=True,
    ),
)
EVERYBODY: Final = frozenset(SystemRole)
