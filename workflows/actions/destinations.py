"""Where a call may go.

Customers write the URLs, so a call must not reach what only this server can reach. The form
of the URL is checked, then every address that its name has, and the connection is made to
the checked address itself: a name that changes its answer in between changes nothing.
Two settings, for those who run the server, lead to other places:

- ``ACTION_CONNECT_TO`` is a list of ``host:port=host:port``. A call to the left goes to the
  right, whatever that is, as with curl's ``--connect-to``; ``Host`` and the name in the
  certificate stay those of the URL.
- ``ACTION_ALLOWED_NETWORKS`` is a list of networks (``10.1.0.0/16``), addresses and host names
  that calls may reach although they are private. A host name counts as it stands in the URL.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from workflows.actions.addresses import Address, Network, is_public
from workflows.actions.errors import ActionError, TemporaryActionError
from workflows.engine.failure import FailureReason

# Below these listen services that do not speak HTTP, and might misunderstand it.
WEB_PORTS = frozenset({80, 443})
FIRST_FREE_PORT = 1024
LAST_PORT = 65_535
MAX_ADDRESSES = 4

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\.?\Z){_LABEL}(?:\.{_LABEL})*\.?")
_HOST_AND_PORT = re.compile(r"(?:\[([0-9a-f.:]+)\]|([^\[\]:\s]+)):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (a name or an address, without brackets, in lower case) and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """What ACTION_ALLOWED_NETWORKS names."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()


def check_url(text: str) -> httpx.URL:
    """Check the form of a call's URL; where its name leads is checked when the call is made.

    Raises ActionError.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ActionError(
            _("The address of the call is not a web address. Correct it in the task.")
        ) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ActionError(
            _("The address of the call must begin with http:// or https:// and a host name.")
        )
    if url.userinfo:
        raise ActionError(
            _("The address of the call holds a user name or password. Take them out of it.")
        )
    if not _is_host(host_of(url)):
        raise ActionError(
            _("The host name in the address of the call is not valid. Correct it in the task.")
        )
    port = port_of(url)
    if port not in WEB_PORTS and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise ActionError(
            _("Port %(port)d may not be called. Use 80, 443, or one from 1024 to 65535.")
            % {"port": port}
        )
    return url


def host_of(url: httpx.URL) -> str:
    """The host as it is looked up: an international name in its ASCII form."""
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    if url.port is not None:
        return url.port
    return 443 if url.scheme == "https" else 80


async def find_endpoints(url: httpx.URL) -> list[Endpoint]:
    """The addresses to connect to, each checked: at least one, in the order to try them.

    Raises ActionError where one of them may not be called, TemporaryActionError where the
    name is not found.
    """
    asked = Endpoint(host_of(url), port_of(url))
    target = parse_connect_to(settings.ACTION_CONNECT_TO).get(asked)
    found = await _look_up(target or asked)
    if target is None:
        allowed = parse_allowed_networks(settings.ACTION_ALLOWED_NETWORKS)
        for address in found:
            _check_address(asked.host, address, allowed)
    port = (target or asked).port
    return [Endpoint(str(address), port) for address in found[:MAX_ADDRESSES]]


def _check_address(host: str, address: Address, allowed: Allowed) -> None:
    if is_public(address) or host in allowed.hosts:
        return
    if any(address in network for network in allowed.networks):
        return
    raise ActionError(
        _(
            "The address %(host)s points into a private network (%(address)s), "
            "which TicketFlower may not call. Whoever runs this installation can allow it."
        )
        % {"host": host, "address": address}
    )


async def _look_up(endpoint: Endpoint) -> list[Address]:
    """The addresses of a host, each once, in the order that the system prefers.

    In a thread of its own, for which nobody waits when the time is up: a look-up cannot be
    stopped, and asyncio would wait for its own threads.
    """
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        found = await asyncio.get_running_loop().run_in_executor(
            executor, _system_addresses, endpoint
        )
    except (OSError, UnicodeError) as error:
        raise TemporaryActionError(
            _("The name %(host)s could not be found.") % {"host": endpoint.host},
            detail=f"{type(error).__name__}: {error}",
            reason=FailureReason.UNREACHABLE,
        ) from error
    finally:
        executor.shutdown(wait=False)
    return list(dict.fromkeys(found))


def _system_addresses(endpoint: Endpoint) -> list[Address]:
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    # A link-local address comes with the name of its interface: fe80::1%eth0.
    return [ip_address(str(where[0]).partition("%")[0]) for *_kind, where in found]


def parse_connect_to(entries: Iterable[str]) -> Mapping[Endpoint, Endpoint]:
    """ACTION_CONNECT_TO as a mapping. Raises ValueError, which names the wrong entry."""
    mapping: dict[Endpoint, Endpoint] = {}
    for entry in entries:
        asked, _sign, target = entry.partition("=")
        mapping[_endpoint(asked, entry)] = _endpoint(target, entry)
    return mapping


def parse_allowed_networks(entries: Iterable[str]) -> Allowed:
    """ACTION_ALLOWED_NETWORKS, sorted out. Raises ValueError, which names the wrong entry."""
    networks: list[Network] = []
    hosts: set[str] = set()
    for entry in entries:
        name = entry.strip().lower()
        try:
            networks.append(ip_network(name))
        except ValueError as error:
            if not _is_name(name):
                raise ValueError(f"“{entry}” is neither a network nor a host name.") from error
            hosts.add(name)
    return Allowed(tuple(networks), frozenset(hosts))


def _endpoint(text: str, entry: str) -> Endpoint:
    match = _HOST_AND_PORT.fullmatch(text.strip().lower())
    if match is None or not _is_host(match[1] or match[2]) or not 0 < int(match[3]) <= LAST_PORT:
        raise ValueError(f"“{entry}” is not of the form host:port=host:port.")
    return Endpoint(match[1] or match[2], int(match[3]))


def _is_host(text: str) -> bool:
    """Whether this is a host name or an address. Numbers (127.1) pass: they are looked up."""
    try:
        ip_address(text)
    except ValueError:
        return bool(_HOST_NAME.fullmatch(text))
    return "%" not in text  # fe80::1%eth0 names an interface of this machine


def _is_name(text: str) -> bool:
    """Whether this is a host name that has a letter, so is not an address gone wrong."""
    return bool(_HOST_NAME.fullmatch(text)) and any(each.isalpha() for each in text)
