"""The polite answer to somebody whose mail was not taken, and who can do something about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.companies.language_and_zone import speaking_to
from tenants.mail.models import Refusal
from tenants.mail.outbox import queue_mail
from tenants.mail.writing import write
from tenants.models import Company, User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What is said; whose mail is refused for another reason hears nothing.
SAID: Final[Mapping[Refusal, StrOrPromise]] = {
    Refusal.EXPIRED: gettext_lazy(
        "The mail that you answered is too old. Write on the ticket itself, or answer a newer mail."
    ),
    Refusal.WRONG_SENDER: gettext_lazy(
        "You answered from another address than the one that TicketFlower had written to. Answer "
        "from that address, or write on the ticket itself."
    ),
    Refusal.NO_ACCESS: gettext_lazy("You cannot write on this ticket by mail any more."),
    Refusal.EMPTY: gettext_lazy(
        "There was nothing in it but what it quotes. Write your answer above the quotation."
    ),
    Refusal.TOO_LONG: gettext_lazy("Its text is too long. Send the long part as a file."),
    Refusal.UNREADABLE: gettext_lazy(
        "It could not be read, as happens with many mails that are attached to each other. Send it "
        "without them, or write on the ticket itself."
    ),
    Refusal.TOO_LARGE: gettext_lazy("It is too large. Send fewer files, or smaller ones."),
    Refusal.FILES: gettext_lazy(
        "One of its files is too large, or there are too many. Send fewer files, or smaller ones."
    ),
    Refusal.TOO_MANY: gettext_lazy("You have written very many messages lately. Wait an hour."),
    Refusal.STORAGE: gettext_lazy(
        "Your company has no room for its files. Send it without them, and tell an admin."
    ),
}


def answer_politely(person: User, refusal: Refusal, *, now: datetime) -> None:
    """Tell somebody of the active company that their mail was not taken, and why.

    Once a day at most: the mail's name says the day, and the outbox takes a name once. It goes to
    the address that the person has here, and says nothing of the ticket.
    """
    said = SAID.get(refusal)
    if said is None or not person.is_active:
        return
    company = Company.objects.current()
    with speaking_to(person, company):
        written = write(
            "replying/mail/refused",
            company=company.name,
            path=reverse("admin:index"),
            said=str(said),
        )
        queue_mail(
            to=person,
            kind="REPLY_REFUSED",
            subject=_("Your answer by mail did not arrive"),
            text=written.text,
            html=written.html,
            name=f"reply-refused.{person.pk}.{now:%Y-%m-%d}",
        )
