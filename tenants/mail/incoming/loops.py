"""Mails that a program has written: whoever answered those would answer for ever."""

from __future__ import annotations

import re
from typing import Final

from tenants.mail.incoming.read_mail import IncomingMail
from tenants.mail.incoming.set_up import is_for_replies
from tenants.mail.models import Refusal
from tenants.mail.set_up import own_domain, sender
from tenants.names import plain_email

# Whoever has one of these is a program: lists, newsletters, absence notes.
_OF_PROGRAMS: Final = (
    *("X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond", "X-Auto-Reply-From"),
    *("List-Id", "List-Unsubscribe", "Feedback-ID"),
)
_PRECEDENCES: Final = frozenset({"bulk", "list", "junk", "auto_reply"})
_REPORTERS: Final = frozenset({"mailer-daemon", "postmaster"})
# As `message_id_of` makes them: people of the same domain have numbers of other forms.
_OURS: Final = re.compile(r"<[A-Za-z0-9.-]+\.[0-9a-f]{10}@([^<>@]+)>")


def why_automatic(mail: IncomingMail) -> Refusal | None:
    """Which kind of program has written it; None: nothing says that one has.

    RFC 3834 (Auto-Submitted), what Exchange has for it, Precedence, the headers of lists, an empty
    Return-Path, reports of delivery, and what we have sent ourselves.
    """
    returned = mail.headers.get("Return-Path")
    if returned is not None and str(returned).strip() == "<>":
        return Refusal.BOUNCED
    if mail.headers.get_content_type() == "multipart/report":
        return Refusal.BOUNCED
    if mail.sender.partition("@")[0] in _REPORTERS:
        return Refusal.BOUNCED
    submitted = mail.header("Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no") or any(
        mail.headers.get(each) is not None for each in _OF_PROGRAMS
    ):
        return Refusal.OWN if _is_ours(mail) else Refusal.AUTOMATIC
    if mail.header("Precedence").lower() in _PRECEDENCES:
        return Refusal.AUTOMATIC
    return Refusal.OWN if _is_ours(mail) else None


def _is_ours(mail: IncomingMail) -> bool:
    if mail.sender and (mail.sender == plain_email(sender()[1]) or is_for_replies(mail.sender)):
        return True
    number = _OURS.fullmatch(mail.message_id)
    return number is not None and number[1].lower() == own_domain().lower()
