"""Which addresses are on the public internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

type Address = IPv4Address | IPv6Address
type Network = IPv4Network | IPv6Network

# Not public, though `is_global` says so, in some versions of Python at least.
_NOT_PUBLIC_V4 = (
    IPv4Network("192.0.0.0/24"),  # IETF protocol assignments; a cloud's metadata, at one host
    IPv4Network("192.88.99.0/24"),  # relays of 6to4, given up by RFC 7526
    IPv4Network("168.63.129.16/32"),  # the host of a virtual machine in Azure
)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that is given out: the rest of IPv6 is special
_NOT_PUBLIC_V6 = (IPv6Network("3fff::/20"),)  # documentation, RFC 9637
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291: likewise


def is_public(address: Address) -> bool:
    """Whether this is an ordinary address of the public internet."""
    if isinstance(address, IPv6Address):
        inner = _embedded(address)
        return is_public(inner) if inner else _is_public_v6(address)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC_V4)
    )


def _is_public_v6(address: IPv6Address) -> bool:
    return (
        address.is_global
        and address in _PUBLIC_V6
        and not any(address in network for network in _NOT_PUBLIC_V6)
    )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that traffic to this one ends at, where the address says so."""
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
