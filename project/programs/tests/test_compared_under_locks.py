"""What a program says that it has read is compared once nobody else can change it any more."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.db import connection
from django.http import HttpRequest

from project.programs.tests.named_case import REFUSED_BY_STATE, NamedCase
from tenants.api import versions
from tenants.api.operations import Declared, declared_operations

# Their services compare what was read, under their own locks.
BY_THEIR_SERVICES = {"change_offer", "save_draft"}


class ComparedUnderLocksTests(NamedCase):
    SECONDS_EACH = 30.0

    def test_every_operation_that_takes_a_version(self) -> None:
        comparing = 0
        for operation in declared_operations():
            if not operation.versioned or operation.name in BY_THEIR_SERVICES:
                continue
            outside, depths = self.depths_of(operation)
            comparing += bool(depths)
            with self.subTest(operation.name):
                # The repairs have a comparison of their own: tickets/api/as_read.py.
                self.assertTrue(not depths or max(depths) > outside)
        self.assertGreater(comparing, 8)

    def depths_of(self, operation: Declared) -> tuple[int, list[int]]:
        """In how many transactions, one inside another, the call begins and compares."""
        depths: list[int] = []
        named = versions.version_named

        def noted(request: HttpRequest) -> Any:
            depths.append(len(connection.savepoint_ids))
            return named(request)

        with mock.patch.object(versions, "version_named", noted):
            status, said = self.answered(operation, self.ours_sent(operation))
        if operation.name not in REFUSED_BY_STATE:
            self.assertLess(status, 300, f"{operation.name}: {said[:300]}")
        return len(connection.savepoint_ids) + 1, depths
