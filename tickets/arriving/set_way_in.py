"""Switching the ways in of a ticket type on and off, and its secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.audit.record import changed, record
from tenants.models import Company, User
from tickets.arriving.errors import NoSuchQuestionError, WayInPersonError
from tickets.models import WayIn
from workflows.actions.signature import make_secret
from workflows.engine.process import objects_in
from workflows.models import TicketDefinition
from workflows.signing.signing_secrets import MORE_SECRETS

WAY_IN_CHANGED: Final = declare(
    "tickets.way_in_changed", gettext_lazy("Changed how tickets of a type come in from outside")
)
WAY_IN_SECRET: Final = declare(
    "tickets.way_in_secret_made", gettext_lazy("Made a secret for a ticket type's web address")
)

TEXTS: Final = ("text", "long_text")
FILE: Final = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What is said of a ticket type: see WayIn."""

    address_on: bool = False
    person: User | None = None
    mail_on: bool = False
    mail_text: str = ""
    mail_files: Sequence[str] = ()


def way_in_of(definition: TicketDefinition) -> WayIn:
    """As it stands; not saved where nobody has said anything."""
    return WayIn.objects.select_related("person").filter(type_key=definition.key).first() or WayIn(
        type_key=definition.key
    )


def set_way_in(*, definition: TicketDefinition, ways: Ways, user: User) -> WayIn:
    """Say how tickets of this type come in from outside.

    Raises:
        WayInPersonError: the person may not submit the type.
        NoSuchQuestionError: a question for mails is not asked, or not of this type.
    """
    if ways.address_on and not _may_submit(ways.person, definition):
        raise WayInPersonError
    if ways.mail_on:
        _ensure_asked(definition, ways)
    with transaction.atomic():
        way_in = _locked(definition)
        before = _logged(way_in)
        way_in.address_on, way_in.person = ways.address_on, ways.person
        way_in.mail_on, way_in.mail_text = ways.mail_on, ways.mail_text
        way_in.mail_files = list(ways.mail_files)
        way_in.save()
        changes = changed(before, _logged(way_in))
        if changes:
            key = way_in.type_key
            record(WAY_IN_CHANGED, about=definition, person=user, changes=changes, key=key)
    return way_in


def make_way_in_secret(*, definition: TicketDefinition, user: User, now: datetime) -> str:
    """Make a secret, and return it for the one time that it is shown.

    The one before it is taken for a day more.
    """
    secret = make_secret()
    with transaction.atomic():
        way_in = _locked(definition)
        way_in.replace_secret(secret, now=now)
        record(WAY_IN_SECRET, about=definition, person=user, key=way_in.type_key)
    return secret


@MORE_SECRETS.register
def encrypt_ways_in_again() -> int:
    return WayIn.encrypt_all_again()


def _locked(definition: TicketDefinition) -> WayIn:
    WayIn.objects.bulk_create([WayIn(type_key=definition.key)], ignore_conflicts=True)
    ways = WayIn.objects.select_for_update(of=("self",), no_key=True)
    return ways.select_related("person").get(type_key=definition.key)


def _logged(way_in: WayIn) -> dict[str, object]:
    return {
        "address_on": way_in.address_on,
        "requester": "" if way_in.person is None else str(way_in.person),
        "mail_on": way_in.mail_on,
        "mail_text": way_in.mail_text,
        "mail_files": list(way_in.mail_files),
    }


def _may_submit(person: User | None, definition: TicketDefinition) -> bool:
    if person is None or not person.is_active:
        return False
    if person.company_id != Company.objects.current().pk:
        return False
    return TicketDefinition.objects.submittable_by(person).filter(pk=definition.pk).exists()


def questions_of(definition: TicketDefinition, *types: str) -> list[tuple[str, str]]:
    """The questions of these types that a ticket type asks: names and labels."""
    return [
        (str(each.get("name")), str(each.get("label") or each.get("name")))
        for each in objects_in(definition.workflow.fields)
        if each.get("type") in types and each.get("name") not in (definition.presets or {})
    ]


def _ensure_asked(definition: TicketDefinition, ways: Ways) -> None:
    texts = {name for name, _label in questions_of(definition, *TEXTS)}
    files = {name for name, _label in questions_of(definition, FILE)}
    if ways.mail_text and ways.mail_text not in texts:
        raise NoSuchQuestionError
    if not set(ways.mail_files) <= files:
        raise NoSuchQuestionError
