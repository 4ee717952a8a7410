"""What one's own mail server has found out about who sent a mail (RFC 8601).

Only what stands under the name of that server counts (MAIL_IN_AUTHSERV_ID): it takes such headers
away from what comes in, and anybody can write others. Without that setting nothing is looked at.
"""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings

from tenants.mail.incoming.read_mail import IncomingMail

_RESULT: Final = re.compile(r"\s*(dmarc|spf)\s*(?:/\s*\d+\s*)?=\s*([a-z]+)", re.IGNORECASE)
_FAILED: Final = frozenset({"fail", "hardfail"})


def is_forged(mail: IncomingMail) -> bool:
    """Whether the server says that its sender is another: DMARC fails, or SPF does where DMARC
    says nothing. A mail of which it says nothing is none."""
    if not settings.MAIL_IN_AUTHSERV_ID:
        return False
    results = [_results(each) for each in mail.all_of("Authentication-Results")]
    trusted = [each for each in results if each is not None]
    if any(each.get("dmarc") in _FAILED for each in trusted):
        return True
    if trusted and trusted[0].get("dmarc") == "pass":  # the first is the last server's
        return False
    return any(each.get("spf") in _FAILED for each in trusted)


def is_proven(mail: IncomingMail) -> bool:
    """Whether the server says that its sender is who it says: DMARC passes, by its own last word.

    Never where we do not know what the server is called (MAIL_IN_AUTHSERV_ID).
    """
    if not settings.MAIL_IN_AUTHSERV_ID:
        return False
    results = [_results(each) for each in mail.all_of("Authentication-Results")]
    trusted = [each for each in results if each is not None]
    return bool(trusted) and all(each.get("dmarc") == "pass" for each in trusted)


def _results(header: str) -> dict[str, str] | None:
    """Of dmarc and spf, the worst of each; None: another server says it.

    The sender chooses some of what stands in it, such as the address of the envelope. Where that
    breaks its form, whatever it says does not count for them.
    """
    said, is_whole = _without_strings(header)
    server, _separator, rest = said.partition(";")
    if server.lower().split()[:1] != [settings.MAIL_IN_AUTHSERV_ID]:
        return None
    found: dict[str, str] = {}
    for part in rest.split(";"):
        if result := _RESULT.match(part):
            method, value = result[1].lower(), result[2].lower()
            found[method] = max(found.get(method, value), value, key=_badness)
    return found if is_whole else {"dmarc": "fail"}


def _badness(result: str) -> int:
    if result in _FAILED:
        return 2
    return 0 if result == "pass" else 1


def _without_strings(header: str) -> tuple[str, bool]:
    """A header without its comments and quoted strings (RFC 5322, 3.2), and whether they end."""
    kept: list[str] = []
    depth, is_quoted, is_escaped = 0, False, False
    for sign in header:
        if is_escaped:
            is_escaped = False
        elif sign == "\\" and (is_quoted or depth):
            is_escaped = True
        elif is_quoted:
            is_quoted = sign != '"'
        elif sign == "(":
            depth += 1
            kept.append(" ")
        elif depth:
            depth -= sign == ")"
        elif sign == '"':
            is_quoted = True
            kept.append("_")
        else:
            kept.append(sign)
    return "".join(kept), not (depth or is_quoted or is_escaped)
