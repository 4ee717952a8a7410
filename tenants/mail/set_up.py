"""Whether mail goes anywhere, who it comes from, and where links in it lead."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings

BRAND = "TicketFlower"
NOWHERE = "ticketflower.invalid"


def is_mail_set_up() -> bool:
    """Whether mails reach people; else they are written to files (`MAIL_FOLDER`)."""
    return bool(settings.MAIL_HOST)


def sender() -> tuple[str, str]:
    """Name and address that mails come from, with its domain as the network knows it."""
    name, address = parseaddr(settings.MAIL_FROM)
    local, at, domain = address.rpartition("@")
    return name or BRAND, f"{local}{at}{_in_ascii(domain)}" or f"mail@{own_domain()}"


def own_domain() -> str:
    """The domain in the numbers of mails, as the network knows it: that of the sender, else of the
    site."""
    _name, address = parseaddr(settings.MAIL_FROM)
    domain = _in_ascii(address.rpartition("@")[2] or urlsplit(settings.PUBLIC_URL).hostname or "")
    # A number has a dot in its domain, and no brackets of an address.
    is_fine = "." in domain and ":" not in domain and domain.isascii()
    return domain if is_fine else NOWHERE


def absolute(path: str) -> str:
    """The address of a page of ours as it stands in a mail: `path` begins with a slash.

    It is made of PUBLIC_URL alone: what a request says of its host anybody can write.
    """
    return f"{settings.PUBLIC_URL}{path}"


def _in_ascii(domain: str) -> str:
    """As it is, where there is no such form: then the check says so when the program starts."""
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
