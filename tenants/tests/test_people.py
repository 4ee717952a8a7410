"""Who a person is: the e-mail address, the company, and what the database insists on."""

from __future__ import annotations

from io import StringIO
from unittest.mock import patch

from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from tenants.errors import EmailInUseError
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person, save_user, sign_up
from tenants.testing import PASSWORD, CompanyTestCase, email_of


class EmailTests(CompanyTestCase):
    works_outside = True

    def test_case_does_not_matter(self) -> None:
        self.assertEqual(User.objects.get(email="ALICE@Acme.Example"), self.alice)
        self.assertTrue(self.client.login(username="Alice@ACME.example", password=PASSWORD))

    def test_it_is_stored_in_lower_case(self) -> None:
        person = User.objects.create_user(" New@Acme.Example ", PASSWORD, company=self.acme)
        person.refresh_from_db()
        self.assertEqual(person.email, "new@acme.example")

    def test_it_is_unique_over_all_companies(self) -> None:
        with self.assertRaises(EmailInUseError):
            create_person(
                company=self.globex, email="ALICE@acme.example", password=PASSWORD, roles=[]
            )
        self.assertEqual(User.objects.filter(email=email_of("alice")).count(), 1)

    def test_the_database_refuses_upper_case_and_a_second_one(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=self.alice.pk).update(email=self.charlie.email)
        with (
            self.assertRaises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE tenants_user SET email = upper(email)")

    def test_a_person_needs_one(self) -> None:
        self.alice.email = "  "
        with self.assertRaises(ValueError):
            save_user(user=self.alice)


class CompanyOfAPersonTests(CompanyTestCase):
    works_outside = True

    def test_a_person_without_a_company_is_refused(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.create_user("nobody@acme.example", PASSWORD)

    def test_a_superuser_of_a_company_is_refused(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=self.alice.pk).update(is_superuser=True)

    def test_the_founder_has_every_role(self) -> None:
        founder = sign_up(
            company_name="Initech",
            first_name="Peter",
            last_name="Gibbons",
            email="Peter@Initech.example",
            password=PASSWORD,
        )
        self.assertEqual(founder.system_roles(), set(SystemRole))
        self.assertEqual(founder.email, "peter@initech.example")
        self.assertFalse(founder.is_superuser or founder.is_staff)


class Terminal(StringIO):
    """Standard input that somebody sits at."""

    def isatty(self) -> bool:
        return True


class CreateSuperuserTests(CompanyTestCase):
    works_outside = True

    def test_it_takes_an_email(self) -> None:
        with patch.dict("os.environ", {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}):
            call_command(
                "createsuperuser", email="Boss@Example.com", interactive=False, verbosity=0
            )
        boss = User.objects.get(email="boss@example.com")
        self.assertTrue(boss.is_superuser)
        self.assertIsNone(boss.company)
        self.assertTrue(boss.check_password(PASSWORD))

    def test_it_asks_for_an_email_and_never_for_a_user_name(self) -> None:
        asked: list[str] = []

        def answer(prompt: str = "") -> str:
            asked.append(prompt)
            return "boss@example.com"

        with (
            patch("builtins.input", answer),
            patch("getpass.getpass", return_value=PASSWORD),
        ):
            call_command("createsuperuser", stdin=Terminal(), stdout=StringIO(), interactive=True)
        self.assertEqual(len(asked), 1, asked)
        self.assertIn("mail", asked[0])
        self.assertNotIn("username", asked[0].lower())
        self.assertTrue(User.objects.get(email="boss@example.com").is_superuser)

    def test_it_refuses_an_email_in_use(self) -> None:
        with (
            patch.dict("os.environ", {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}),
            self.assertRaises(CommandError),
        ):
            call_command(
                "createsuperuser", email="ALICE@acme.example", interactive=False, verbosity=0
            )
