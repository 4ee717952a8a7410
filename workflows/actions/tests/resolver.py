"""A resolver for the tests, in the place of the system's."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from unittest import mock


class Resolver:
    """Answers look-up after look-up with the next list of addresses, then with the last one.

    `asked` lists the names that were looked up.
    """

    def __init__(self, *answers: Sequence[str]) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)

    def __call__(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        self.asked.append(host)
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [_entry(address, port) for address in addresses]

    def installed(self) -> mock._patch[Any]:
        """A context manager: the whole process asks this resolver, whoever does the asking."""
        return mock.patch("socket.getaddrinfo", self)


def _entry(address: str, port: int) -> tuple[Any, ...]:
    if ip_address(address).version == 4:
        return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
    return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
