"""Mistakes in the settings of mail, found when the program starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from tenants.mail.incoming.set_up import is_replying_set_up, problem_of
from tenants.mail.message import in_ascii
from tenants.mail.set_up import is_mail_set_up, sender

SECURITIES = ("starttls", "tls", "none")


@register
def check_mail(**kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.MAIL_SECURITY not in SECURITIES:
        found.append(
            Error(
                f"MAIL_SECURITY is “{settings.MAIL_SECURITY}”.",
                hint="Write starttls (as a rule with port 587), tls (465) or none.",
                id="mail.E001",
            )
        )
    found += _check_replies()
    if not is_mail_set_up():
        return found
    try:
        in_ascii(sender()[1] if settings.MAIL_FROM else "").encode("ascii")
    except ValueError:
        found.append(
            Error(
                "MAIL_HOST is set, and MAIL_FROM is not the address that mails come from.",
                hint="Write an address such as tickets@example.com, or "
                "Tickets <tickets@example.com>.",
                id="mail.E002",
            )
        )
    if not settings.PUBLIC_URL:
        found.append(
            Error(
                "MAIL_HOST is set, and PUBLIC_URL is not: links in mails would lead nowhere.",
                hint="Set PUBLIC_URL to the address of this site, such as "
                "https://tickets.example.com.",
                id="mail.E003",
            )
        )
    return found


def _check_replies() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.MAIL_IN_SECURITY not in ("tls", "starttls", "none"):
        found.append(
            Error(
                f"MAIL_IN_SECURITY is “{settings.MAIL_IN_SECURITY}”.",
                hint="Write tls (as a rule with port 993), starttls or none (143).",
                id="mail.E004",
            )
        )
    problem = problem_of(settings.MAIL_IN_ADDRESS) if is_replying_set_up() else ""
    if problem:
        found.append(
            Error(
                f"MAIL_IN_ADDRESS cannot be used: {problem}.",
                hint="Write the address of a mailbox, such as reply@example.com, that also gets "
                "what is sent to reply+anything@example.com.",
                id="mail.E005",
            )
        )
    if is_replying_set_up() and not (settings.MAIL_IN_HOST or settings.MAIL_IN_TOKEN):
        found.append(
            Error(
                "MAIL_IN_ADDRESS is set, and nothing reads what is sent there.",
                hint="Set MAIL_IN_HOST to the mailbox' server, or MAIL_IN_TOKEN for a mail "
                "provider that sends it here.",
                id="mail.E006",
            )
        )
    if not is_replying_set_up() and (settings.MAIL_IN_HOST or settings.MAIL_IN_TOKEN):
        found.append(
            Error(
                "MAIL_IN_HOST or MAIL_IN_TOKEN is set, and MAIL_IN_ADDRESS is not.",
                hint="Set MAIL_IN_ADDRESS to the address of that mailbox.",
                id="mail.E007",
            )
        )
    return found
