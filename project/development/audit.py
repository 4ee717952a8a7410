"""Asks whether anybody knows of a weakness in a package that constraints.txt pins.

The Open Source Vulnerabilities database answers for all of them at once. Where it cannot be
reached in a few seconds that is said, and nothing fails: a machine without a network can work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from project.environment import BASE_DIR

SOURCE: Final = "https://api.osv.dev/v1/querybatch"
SECONDS: Final = 10.0  # to connect, to ask and to hear the answer: a third each
PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;#]+)", re.MULTILINE)
FILES: Final = (
    "constraints.txt",
    "requirements.txt",
    "requirements-sentry.txt",
    "requirements-s3.txt",
)
# {the weakness's id: why it cannot be used here}
ACCEPTED: Final[Mapping[str, str]] = {}


class UnreachableError(Exception):
    """Nobody could be asked; the text says why."""


@dataclass(frozen=True, order=True)
class Weakness:
    package: str
    version: str
    id: str

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.id}"


def pinned_packages() -> set[tuple[str, str]]:
    """{(name, version)} of all that is installed by our lists."""
    texts = ((BASE_DIR / name).read_text(encoding="utf-8") for name in FILES)
    return {
        (name.lower().replace("_", "-"), version)
        for text in texts
        for name, version in PINNED.findall(text)
    }


def known_weaknesses(
    packages: Iterable[tuple[str, str]], *, source: str = SOURCE, seconds: float = SECONDS
) -> list[Weakness]:
    """What is known of these packages, without what is accepted.

    Raises:
        UnreachableError: nobody answers in time, or not as expected.
    """
    wanted = sorted(packages)
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in wanted
    ]
    try:
        answer = httpx.post(source, json={"queries": queries}, timeout=seconds / 3)
        answer.raise_for_status()
        results = answer.json()["results"]
        found = sorted(_weaknesses(wanted, results))
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreachableError(f"{type(error).__name__} at {httpx.URL(source).host}") from error
    return [each for each in found if each.id not in ACCEPTED]


def _weaknesses(
    packages: list[tuple[str, str]], results: list[Mapping[str, Any]]
) -> Iterator[Weakness]:
    for (name, version), result in zip(packages, results, strict=True):
        for each in result.get("vulns") or []:
            yield Weakness(name, version, str(each["id"]))
