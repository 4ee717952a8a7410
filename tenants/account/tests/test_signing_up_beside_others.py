"""A sign-up locks the table of all people for as short a time as it can, and nobody before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from unittest import mock

from django.core.signing import dumps
from django.db import connection
from django.test import tag
from django.utils import timezone

from tenants import services
from tenants.account import signing_up
from tenants.account.inviting_companies import (
    Founder,
    invite_company,
    path_of,
    sign_up_invited,
)
from tenants.account.signing_up import SignUp, finish_sign_up
from tenants.models import Company, SignUpInvitation, User
from tenants.testing import PASSWORD, CompanyTransactionTestCase

LOCKED = """
SELECT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid()
   AND relation = 'public.tenants_user'::regclass AND mode = 'ShareRowExclusiveLock')
"""


def is_locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LOCKED)
        return bool(cursor.fetchone()[0])


@tag("companies")
class SigningUpBesideOthersTests(CompanyTransactionTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(SignUpInvitation.objects.all().delete)  # they name what is deleted then
        self.email = "flora@example.com"
        self.holder = User.objects.create(email=self.email, company=self.acme, is_active=False)

    def by_mail(self) -> None:
        wanted = SignUp("New", "Flora", "Founder", self.email)
        token = dumps(asdict(wanted), salt=signing_up._SALT)
        finish_sign_up(token=token, password=PASSWORD, takes_address=True)

    def by_invitation(self) -> None:
        now = timezone.now()
        invitation = invite_company(email=self.email, by=self.root, now=now)
        type(invitation).objects.filter(pk=invitation.pk).update(by_mail=True)
        token = path_of(invitation).rstrip("/").rpartition("/")[2]
        founder = Founder("New", "Flora", "Founder", PASSWORD)
        sign_up_invited(token=token, founder=founder, takes_address=True, now=now)

    def each_way(self) -> list[Callable[[], None]]:
        return [self.by_mail, self.by_invitation]

    def test_the_password_is_hashed_before_anything_is_locked(self) -> None:
        locked: list[bool] = []
        usual = User.set_password

        def watching(person: User, password: str | None) -> None:
            locked.append(is_locked())
            usual(person, password)

        with mock.patch.object(User, "set_password", watching):
            self.by_mail()
        self.assertEqual(locked, [False])

    def test_who_loses_the_address_can_be_changed_until_the_company_is_made(self) -> None:
        """Their log-in would wait for the sign-up, and the sign-up for it."""
        usual = services.create_company
        free: list[bool] = []

        def watching(**arguments: Any) -> Company:
            company = usual(**arguments)
            self.assertTrue(is_locked())
            other = connection.copy()
            try:
                with other.cursor() as cursor:
                    cursor.execute(
                        "SELECT id FROM public.tenants_user WHERE id = %s FOR UPDATE SKIP LOCKED",
                        [self.holder.pk],
                    )
                    free.append(cursor.fetchone() is not None)
            finally:
                other.close()
            return company

        for way in self.each_way():
            with (
                self.subTest(way.__name__),
                mock.patch.object(services, "create_company", watching),
            ):
                free.clear()
                way()
                self.assertEqual(free, [True])
                founder = User.objects.get(email=self.email)
                self.assertNotEqual(founder.pk, self.holder.pk)
                User.objects.filter(pk=founder.pk).update(is_active=False)
                self.holder = founder  # whom the next one meets
