"""From where a request comes: the one place that decides it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import AddressValueError, IPv6Address
from typing import Any

from django.conf import settings
from django.http import HttpRequest

# Whoever has one IPv6 address has all of its network: a home or a rented server is given no less.
_NETWORK_BITS = 64


def sender_of(request: HttpRequest) -> str:
    """The address of who sends, as text; empty where the server does not know it.

    Behind a proxy that we trust (HTTPS=1) it is the one that the proxy saw: the last of
    X-Forwarded-For. What stands before it anybody can write.
    """
    return sender_in(request.META)


def sender_in(meta: Mapping[str, Any]) -> str:
    """The same of a request that Django has not seen yet, as WSGI describes it."""
    if settings.HTTPS:
        forwarded = str(meta.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(meta.get("REMOTE_ADDR", ""))


def place_of(request: HttpRequest) -> str:
    """What is counted as one sender: the address, and of IPv6 its network."""
    return place_of_sender(sender_of(request))


def place_of_sender(sender: str) -> str:
    """The same of an address."""
    try:
        address = IPv6Address(sender.partition("%")[0])
    except AddressValueError:
        return sender
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{address.packed[: _NETWORK_BITS // 8].hex()}/{_NETWORK_BITS}"
