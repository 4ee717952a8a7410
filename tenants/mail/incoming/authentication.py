"""What one's own mail server has found out about who sent a mail (RFC 8601).

Only what stands under the name of that server counts (MAIL_IN_AUTHSERV_ID): it takes such headers
away from what comes in, and anybody can write others. Without that setting nothing is looked at.
"""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings

from tenants.mail.incoming.read_mail import IncomingMail

_LONGEST: Final = 4_000
_COMMENT: Final = re.compile(r"\([^()]*\)")
_RESULT: Final = re.compile(r"\s*(dmarc|spf)\s*=\s*([a-z]+)", re.IGNORECASE)


def is_forged(mail: IncomingMail) -> bool:
    """Whether the server says that its sender is another: DMARC fails, or SPF does where DMARC
    says nothing. A mail of which it says nothing is none."""
    if not settings.MAIL_IN_AUTHSERV_ID:
        return False
    results = [_results(each) for each in mail.all_of("Authentication-Results")]
    trusted = [each for each in results if each is not None]
    if any(each.get("dmarc") == "fail" for each in trusted):
        return True
    if trusted and trusted[0].get("dmarc") == "pass":  # the first is the last server's
        return False
    return any(each.get("spf") in ("fail", "hardfail") for each in trusted)


def _results(header: str) -> dict[str, str] | None:
    """Of dmarc and spf; None: another server says it."""
    server, _separator, rest = _COMMENT.sub(" ", header[:_LONGEST]).partition(";")
    if server.lower().split()[:1] != [settings.MAIL_IN_AUTHSERV_ID]:
        return None
    found: dict[str, str] = {}
    for part in rest.split(";"):
        if result := _RESULT.match(part):
            found.setdefault(result[1].lower(), result[2].lower())
    return found
