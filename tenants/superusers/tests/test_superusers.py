from __future__ import annotations

from collections.abc import Callable

from tenants.errors import (
    EmailInUseError,
    LastSuperuserError,
    NotASuperuserError,
    OwnAccountError,
)
from tenants.models import User
from tenants.superusers.change_superusers import create_superuser, save_superuser
from tenants.testing import PASSWORD, CompanyTestCase, CompanyTransactionTestCase, outside
from tenants.testing_tools.waits import at_once


def make_boss(email: str = "boss@ticketflower.example") -> User:
    return create_superuser(email=email, first_name="Bea", last_name="Boss", password=PASSWORD)


class SuperuserTests(CompanyTestCase):
    works_outside = True

    def test_one_is_made(self) -> None:
        boss = make_boss(" Boss@TicketFlower.example ")
        boss.refresh_from_db()
        self.assertEqual(boss.email, "boss@ticketflower.example")
        self.assertTrue(boss.is_superuser)
        self.assertIsNone(boss.company)
        self.assertTrue(self.client.login(username=boss.email, password=PASSWORD))

    def test_an_email_in_use_is_refused(self) -> None:
        with self.assertRaises(EmailInUseError):
            make_boss(self.charlie.email.upper())
        boss = make_boss()
        boss.email = self.alice.email
        with self.assertRaises(EmailInUseError):
            save_superuser(superuser=boss, by=self.root)

    def test_one_is_deactivated_and_activated_again(self) -> None:
        boss = make_boss()
        for is_active in (False, True):
            boss.is_active = is_active
            save_superuser(superuser=boss, by=self.root)
            self.assertEqual(User.objects.get(pk=boss.pk).is_active, is_active)

    def test_nobody_deactivates_themselves(self) -> None:
        make_boss()
        self.root.is_active = False
        with self.assertRaises(OwnAccountError):
            save_superuser(superuser=self.root, by=self.root)
        self.assertTrue(User.objects.get(pk=self.root.pk).is_active)

    def test_the_last_active_one_stays(self) -> None:
        boss = make_boss()
        boss.is_active = False
        save_superuser(superuser=boss, by=self.root)
        self.root.is_active = False
        with self.assertRaises(LastSuperuserError):
            save_superuser(superuser=self.root, by=boss)
        self.assertTrue(User.objects.get(pk=self.root.pk).is_active)

    def test_nobody_becomes_one_or_stops_being_one(self) -> None:
        self.alice.is_superuser, self.alice.company = True, None
        with self.assertRaises(NotASuperuserError):
            save_superuser(superuser=self.alice, by=self.root)
        boss = make_boss()
        boss.is_superuser, boss.company, boss.is_staff = False, self.acme, False
        save_superuser(superuser=boss, by=self.root)
        boss.refresh_from_db()
        self.assertTrue(boss.is_superuser and boss.is_staff)
        self.assertIsNone(boss.company)


class AtOnceTests(CompanyTransactionTestCase):
    works_outside = True

    def setUp(self) -> None:
        super().setUp()
        # Superusers stand in `public` and outlast the test.
        self.addCleanup(User.objects.filter(pk=self.root.pk).update, is_active=True)

    def test_two_who_deactivate_each_other_leave_one(self) -> None:
        boss = make_boss()

        def deactivate(superuser: User, by: User) -> Callable[[], object]:
            fresh = User.objects.get(pk=superuser.pk)
            fresh.is_active = False

            def save() -> None:
                with outside():
                    save_superuser(superuser=fresh, by=by)

            return save

        errors = at_once(
            deactivate(boss, self.root), deactivate(self.root, boss), company=self.acme
        )
        self.assertEqual([type(each) for each in errors if each], [LastSuperuserError])
        self.assertEqual(User.objects.superusers().active().count(), 1)
