"""From which networks a token counts."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from tenants.errors import WrongNetworkError

MOST_NETWORKS: Final = 20
_LONGEST: Final = 64


def read_networks(texts: Iterable[str]) -> list[str]:
    """The networks that somebody typed (192.0.2.7, 192.0.2.0/24), as they are kept.

    Raises:
        WrongNetworkError: one of them is none, or they are too many.
    """
    found: list[str] = []
    for text in (each.strip() for each in texts):
        if not text:
            continue
        try:
            network = str(ip_network(text[:_LONGEST], strict=False))
        except ValueError as error:
            raise WrongNetworkError(text) from error
        if network not in found:
            found.append(network)
        if len(found) > MOST_NETWORKS:
            raise WrongNetworkError(text)
    return found


def is_in(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of the networks; an unknown address is in none."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    return any(known in ip_network(each) for each in networks)
