"""Mistakes in the settings of mail, found when the program starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

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
