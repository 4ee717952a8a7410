"""Company roles whose names look alike are one role: in the database, on forms and in files."""

from __future__ import annotations

import importlib
from typing import Any

from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from tenants.models import User
from tenants.names import LONGEST_NAME
from tenants.testing import CompanyTestCase
from workflows.errors import RoleNameInUseError
from workflows.models import CompanyRole
from workflows.people.company_roles import save_company_role

# What a person cannot tell from “Accounting 1”.
ALIKE = (
    "ACCOUNTING 1",
    "Ac\u00adcounting 1",
    "Accounting\u00a0 1\u200b",
    "Ａccounting ①",  # noqa: RUF001
)


class DatabaseTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name=" Accounting\u200b 1")

    def refused(self) -> Any:
        return self.assertRaises(IntegrityError, msg="two roles look alike")

    def test_it_refuses_a_second_one_however_it_is_written(self) -> None:
        other = CompanyRole.objects.create(name="Other")
        for name in ALIKE:
            with self.subTest(ascii(name)):
                with self.refused(), transaction.atomic():
                    CompanyRole.objects.create(name=name)
                with self.refused(), transaction.atomic():
                    CompanyRole.objects.bulk_create([CompanyRole(name=name)])
                with self.refused(), transaction.atomic():
                    CompanyRole.objects.filter(pk=other.pk).update(name=name)
                with self.refused(), transaction.atomic():
                    CompanyRole(pk=other.pk, name=name).save(update_fields=["name"])
                with self.assertRaises(RoleNameInUseError):
                    save_company_role(role=CompanyRole(name=name), members=[], now=timezone.now())

    def test_it_is_found_by_each_of_them(self) -> None:
        for name in ALIKE:
            with self.subTest(ascii(name)):
                self.assertEqual(CompanyRole.objects.named(name).get(), self.role)
        self.assertFalse(CompanyRole.objects.named("Accounting 2").exists())

    def test_it_is_shown_as_it_was_written(self) -> None:
        self.role.refresh_from_db()
        self.assertEqual(self.role.name, "Accounting 1")

    def test_the_longest_name_has_a_key(self) -> None:
        first = CompanyRole.objects.create(name="\ufdfa" * 100)
        second = CompanyRole.objects.create(name="\ufdfa" * 99 + "a")
        self.assertEqual(CompanyRole.objects.named(second.name).get(), second)
        self.assertEqual(CompanyRole.objects.named(first.name).get(), first)

    def test_another_company_has_its_own(self) -> None:
        self.log_in(self.charlie)
        values = {"name": "Accounting 1", "description": ""}
        answer = self.client.post(reverse("admin:workflows_companyrole_add"), values)
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(CompanyRole.objects.count(), 1)


class ScreenTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.role = CompanyRole.objects.create(name="Accounting 1")
        self.log_in(self.alice)

    def add(self, name: str) -> Any:
        return self.client.post(reverse("admin:workflows_companyrole_add"), {"name": name})

    def test_the_form_says_which_one_it_looks_like(self) -> None:
        for name in ALIKE:
            with self.subTest(ascii(name)):
                self.assertContains(self.add(name), "There is already a company role")
        text = "There is already a company role “Accounting 1”, whose name looks the same."
        self.assertContains(self.add(ALIKE[-1]), text)

    def test_a_name_of_nothing_visible_is_none(self) -> None:
        for name in ("\u200b", "\u3164", " \u00ad "):
            with self.subTest(ascii(name)):
                self.assertContains(self.add(name), "This field is required.")

    def test_one_role_may_change_how_it_is_written(self) -> None:
        url = reverse("admin:workflows_companyrole_change", args=[self.role.pk])
        self.assertEqual(self.client.post(url, {"name": "ＡＣＣＯＵＮＴＩＮＧ 1"}).status_code, 302)  # noqa: RUF001
        self.role.refresh_from_db()
        self.assertEqual(self.role.name, "ＡＣＣＯＵＮＴＩＮＧ 1")  # noqa: RUF001
        self.assertEqual(CompanyRole.objects.named("accounting 1").get(), self.role)

    def check(self, list_name: str, text: str) -> Any:
        file = SimpleUploadedFile("list.csv", text.encode())
        return self.client.post(reverse(f"admin:{list_name}_import"), {"import_file": file})

    def test_a_list_of_roles_means_the_one_that_is_there(self) -> None:
        for name in ALIKE:
            page = self.check("workflows_companyrole", f"Name,Description\n{name},New\n")
            with self.subTest(ascii(name)):
                self.assertEqual(page.context["totals"]["update"], 1, page.context.get("problems"))

    def test_a_list_with_it_twice_is_refused(self) -> None:
        for name in ALIKE:
            page = self.check("workflows_companyrole", f"Name\nAccounting 1\n{name}\n")
            with self.subTest(ascii(name)):
                self.assertContains(page, "This role stands in the file twice.")

    def test_a_list_of_people_may_write_it_in_every_way(self) -> None:
        for name in ALIKE:
            page = self.check("tenants_user", f"E-mail,Company roles\n{self.wendy.email},{name}\n")
            with self.subTest(ascii(name)):
                self.assertEqual(page.context["totals"]["update"], 1, page.context.get("problems"))

    def test_a_list_of_people_finds_them_by_every_spelling_of_their_address(self) -> None:
        for email in ("Wen\u200bdy@acme.example", "ｗendy@acme.example"):  # noqa: RUF001
            page = self.check("tenants_user", f"E-mail,Last name\n{email},Waters\n")
            with self.subTest(ascii(email)):
                self.assertEqual(page.context["totals"]["update"], 1, page.context.get("problems"))
            page = self.check(
                "tenants_user", f"E-mail,Last name\n{email},W\n{self.wendy.email},W\n"
            )
            self.assertContains(page, "This address stands in the file twice.")
            page = self.check("workflows_companyrole", f"Name,Members\nAccounting 1,{email}\n")
            self.assertEqual(page.context["totals"]["update"], 1, page.context.get("problems"))
        self.assertFalse(User.objects.filter(last_name="Waters").exists())


class MigrationTests(CompanyTestCase):
    """What the migration does to roles of before, made behind the model's back."""

    def setUp(self) -> None:
        super().setUp()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE workflows_companyrole DROP CONSTRAINT company_role_name_key_unique"
            )

    def fill(self, *names: str) -> list[str]:
        """The names of these roles afterwards, in their order."""
        for name in names:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO workflows_companyrole (name, name_key, description) "
                    "VALUES (%s, '', '')",
                    [name],
                )
        migration: Any = importlib.import_module("workflows.migrations.0019_company_role_name_key")
        with self.assertLogs(migration.logger, "WARNING") as logs:
            migration.logger.warning("so that there is one")
            migration.fill_in_keys(apps, connection.schema_editor())
        self.told = logs.output[1:]
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE workflows_companyrole ADD CONSTRAINT company_role_name_key_unique "
                "UNIQUE (name_key)"
            )
        return list(CompanyRole.objects.order_by("pk").values_list("name", flat=True))

    def test_names_stay_and_lose_what_nobody_sees(self) -> None:
        self.assertEqual(self.fill("Buying", "Sel\u00adling "), ["Buying", "Selling"])
        self.assertEqual(self.told, [])
        self.assertTrue(CompanyRole.objects.named("SELLING").exists())

    def test_roles_that_look_alike_get_a_number_and_are_told(self) -> None:
        names = self.fill("Buying", "Buying\u200b", "Buying (2)", "BUYING")
        self.assertEqual(names, ["Buying", "Buying (2)", "Buying (2) (2)", "BUYING (3)"])
        self.assertEqual(len(self.told), 3)
        self.assertIn("acme", self.told[0])
        self.assertIn("is called 'Buying (2)' now", self.told[0])

    def test_the_longest_and_the_invisible_have_names_too(self) -> None:
        names = self.fill("x" * LONGEST_NAME, "X" * LONGEST_NAME, "\u200b")
        self.assertEqual(names[1], "X" * (LONGEST_NAME - 4) + " (2)")
        self.assertTrue(names[2].startswith("Role "))
