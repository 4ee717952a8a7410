"""Two who show the same at the same moment: one of them has found it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants.connecting.asking import Wanted
from tenants.connecting.connect import connect
from tenants.connecting.errors import WrongGrantError
from tenants.connecting.exchange import Shown, redeem_code, renew
from tenants.connecting.programs import Program
from tenants.connecting.tests.connecting_case import CALLBACK, CLAUDE, VERIFIER, challenge_of
from tenants.connection import PUBLIC, company_of
from tenants.models import AccessToken, Company, ConnectedProgram
from tenants.testing import CompanyTransactionTestCase
from tenants.testing_tools.waits import in_thread, wait_until_blocked
from tenants.tokens.doors import Door
from tenants.tokens.scopes import Scope

NOWHERE = Company(name="x", schema_name=PUBLIC)


class AtOnceTests(CompanyTransactionTestCase):
    def code(self) -> str:
        wanted = Wanted(
            program=Program(CLAUDE, "Claude", "claude.example", (CALLBACK,)),
            redirect_uri=CALLBACK,
            state="",
            challenge=challenge_of(VERIFIER),
            door=Door.MCP,
            scopes=(Scope.TICKETS_READ,),
            issuer="http://testserver",
        )
        now = timezone.now()
        ends_at = now + timedelta(days=1)
        return connect(
            person=self.uma, wanted=wanted, scopes=wanted.scopes, ends_at=ends_at, now=now
        )

    def both(self, act: Callable[[], object]) -> list[Exception | None]:
        """What each of two meets who both wait for the same row."""
        with transaction.atomic(), company_of(PUBLIC):
            ConnectedProgram.objects.select_for_update().get()
            threads = [in_thread(act, company=NOWHERE) for _each in range(2)]
            wait_until_blocked(connections=2)
        return [each.wait() for each in threads]

    def assert_one_and_then_none(self, met: list[Exception | None]) -> None:
        self.assertEqual([type(each) for each in met].count(WrongGrantError), 1, met)
        self.assertEqual(met.count(None), 1, met)
        self.assertIsNotNone(AccessToken.objects.get().revoked_at)

    def test_a_code(self) -> None:
        code, now = self.code(), timezone.now()
        shown = Shown(CLAUDE, CALLBACK, VERIFIER)
        self.assert_one_and_then_none(
            self.both(lambda: redeem_code(code=code, shown=shown, now=now))
        )

    def test_what_renews(self) -> None:
        now = timezone.now()
        shown = Shown(CLAUDE, CALLBACK, VERIFIER)
        with company_of(PUBLIC):
            first = redeem_code(code=self.code(), shown=shown, now=now)
        self.assert_one_and_then_none(
            self.both(
                lambda: renew(renews=first.renews, program=CLAUDE, scope="", door=None, now=now)
            )
        )
