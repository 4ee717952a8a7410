"""Whatever is sent to an operation is answered as its document says, and never by a 500.

Each part of each body and each parameter in turn is given values that fit nowhere: a few of them
but in a long run, to some of the operations but in the run of whole companies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from random import Random
from typing import Any, Final
from urllib.parse import quote

from django.db import transaction
from django.test import override_settings, tag

from project.programs.tests.test_api import EXAMPLES, WalkCase, said_of, whole_document
from tenants.api.operations import Declared, declared_operations
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing_tools.examples import is_long_run

MOMENTS: Final = (
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.999999",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-01-01",
)
HOSTILE: Final[tuple[Any, ...]] = (
    None,
    "",
    "x" * 300,
    "9" * 400,
    0,
    -1,
    2**63 - 1,
    2**63,
    1e308,
    True,
    [],
    [[]] * 5,
    {},
    {"a": {"$ref": "x"}},
    [2**63 - 1],
    ["x"],
    [{"email": "x@y.example"}],
    "00000000-0000-0000-0000-000000000000",
    *MOMENTS,
)
IN_ADDRESSES: Final = ("", "x", "0", "-1", str(2**63 - 1), str(2**64), "9" * 60, *MOMENTS)
# Of each part but in a long run.
FEW: Final = 3
# How many operations a usual run sends them to.
SOME: Final = 12


class UndoneError(Exception):
    """What was done by one request is undone before the next."""


@override_settings(TOKEN_REQUESTS_A_MINUTE=1_000_000)
class HostileCase(WalkCase):
    def setUp(self) -> None:
        super().setUp()
        self.random = Random(7)

    def send_to(self, operations: Iterable[Declared]) -> int:
        """How many requests were sent, each of them undone."""
        raw, count = self.raw_of(self.somebody_who_may_everything()), 0
        for operation in operations:
            for path, body in self.requests(operation):
                count += 1
                with self.subTest(operation.name, path=path, body=str(body)[:300]):
                    self.send(raw, operation, path, body)
        return count

    def send(self, raw: str, operation: Declared, path: str, body: Any) -> None:
        with suppress(UndoneError), transaction.atomic():
            answer = self.ask(raw, operation.method, path, body)
            self.assert_declared(operation, answer)
            self.assertLess(answer.status_code, 500)
            raise UndoneError

    def requests(self, operation: Declared) -> Iterator[tuple[str, Any]]:
        path, example = self.path_of(operation), EXAMPLES[operation.name]
        said = said_of(operation)
        for name in self.parts(said, example):
            for value in self.some(HOSTILE):
                yield path, {**example, name: value}
        for each in said["parameters"]:
            if each["in"] == "query":
                for value in self.some(IN_ADDRESSES):
                    mark = "&" if "?" in path else "?"
                    yield f"{path}{mark}{each['name']}={quote(value)}", example

    def parts(self, said: dict[str, Any], example: Any) -> list[str]:
        """Of a body that is sent as JSON."""
        if not isinstance(example, dict):
            return []
        schema = said["requestBody"]["content"]["application/json"]["schema"]
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        described = whole_document()["components"]["schemas"].get(name, {}).get("properties", {})
        self.assertLessEqual(set(example), set(described), json.dumps(schema))
        return sorted(described)

    def some(self, values: tuple[Any, ...]) -> list[Any]:
        return list(values) if is_long_run() else self.random.sample(values, FEW)

    def somebody_who_may_everything(self) -> User:
        for role in SystemRole:
            self.give_role(self.terry, role)
        return self.terry


class SomeHostileTests(HostileCase):
    def test_some_operations(self) -> None:
        self.assertGreater(self.send_to(self.random.sample(declared_operations(), SOME)), SOME)


@tag("companies")
class HostileTests(HostileCase):
    SECONDS_EACH = 30.0

    def test_nothing_that_is_sent_makes_it_fail(self) -> None:
        self.assertGreater(self.send_to(declared_operations()), 300)
