"""The people of a company as a file: out, in, and what is refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any
from unittest.mock import patch

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from tenants.audit.models import AuditEvent
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import CompanyTestCase, outside
from workflows.engine.problems import nearest
from workflows.flat.formats import Csv
from workflows.flat.resource import MOST_ROWS
from workflows.models import CompanyRole
from workflows.people.pages import person_resource

IMPORT = reverse("admin:tenants_user_import")
CONFIRM = reverse("admin:tenants_user_process_import")
EXPORT = reverse("admin:tenants_user_export")
LIST = reverse("admin:tenants_user_changelist")
HEADINGS = ["E-mail", "First name", "Last name", "System roles", "Company roles"]
XLSX, CSV, JSON = "0", "1", "2"


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class PeopleFileCase(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.accounting = CompanyRole.objects.create(name="Accounting, and more")
        self.log_in(self.alice)

    def upload(self, content: bytes | str, name: str = "people.csv") -> Any:
        data = content.encode() if isinstance(content, str) else content
        return self.client.post(IMPORT, {"import_file": SimpleUploadedFile(name, data)})

    def confirm(self, page: Any) -> Any:
        form = page.context["confirm_form"]
        return self.client.post(CONFIRM, {name: form[name].value() for name in form.fields})

    def bring_in(self, content: bytes | str, name: str = "people.csv") -> Any:
        page = self.upload(content, name)
        self.assertFalse(page.context.get("problems"), page.context.get("problems"))
        self.assertNotIn("failure", page.context)
        return self.confirm(page)

    def problems(
        self, content: bytes | str, name: str = "people.csv"
    ) -> list[tuple[int, str, str]]:
        before = list(User.objects.order_by("pk").values())
        page = self.upload(content, name)
        self.assertEqual(page.status_code, 200)
        self.assertNotContains(page, "process_import")
        self.assertEqual(list(User.objects.order_by("pk").values()), before)
        return [(each.row, each.column, each.message) for each in page.context["problems"]]

    def failure(self, content: bytes | str, name: str = "people.csv") -> str:
        page = self.upload(content, name)
        self.assertEqual(page.status_code, 200)
        self.assertContains(page, "This was not imported")
        return str(page.context["failure"])

    def export(self, kind: str, query: str = "") -> Any:
        return self.client.post(f"{EXPORT}{query}", {"format": kind, "resource": "0"})


class ImportPeopleTest(PeopleFileCase):
    def test_it_shows_what_would_change_and_changes_nothing(self) -> None:
        page = self.upload("E-mail,First name,Last name\nnew@acme.example,Nora,Newton\n")
        self.assertContains(page, "This would add 1 and change 0")
        self.assertContains(page, "Newton")
        self.assertFalse(User.objects.filter(email="new@acme.example").exists())

    def test_it_adds_and_changes_people(self) -> None:
        sheet = workbook(
            HEADINGS,
            ["New@Acme.example", "Nora", "Newton", "user, task worker", "accounting, AND more"],
            [None, None, None, None, None],
            [self.wendy.email, "Wanda", "Wells", "task_worker\nuser", None],
        )
        self.assertRedirects(self.bring_in(sheet, "people.xlsx"), LIST)
        nora = User.objects.get(email="new@acme.example")
        self.assertEqual(nora.company, self.acme)
        self.assertEqual(nora.system_roles(), {SystemRole.USER, SystemRole.TASK_WORKER})
        self.assertEqual(list(nora.company_roles.all()), [self.accounting])
        self.wendy.refresh_from_db()
        self.assertEqual(self.wendy.first_name, "Wanda")

    def test_who_is_new_cannot_log_in_until_a_password_is_set(self) -> None:
        self.bring_in("E-mail,First name,Last name\nnew@acme.example,Nora,Newton\n")
        nora = User.objects.get(email="new@acme.example")
        self.assertFalse(nora.has_usable_password())
        self.assertFalse(self.client.login(email=nora.email, password=""))
        self.log_in(self.alice)
        url = reverse("admin:auth_user_password_change", args=(nora.pk,))
        self.client.post(
            url, {"password1": "a-long-new-password", "password2": "a-long-new-password"}
        )
        nora.refresh_from_db()
        self.assertTrue(nora.check_password("a-long-new-password"))

    def test_managers_are_named_by_address_also_of_the_same_file(self) -> None:
        head = "E-mail,First name,Last name,Manager\n"
        self.bring_in(
            f"{head}new@acme.example,Nora,Newton,{self.wendy.email}\n"
            f"{self.uma.email},Uma,Urban,New@acme.example\n"
        )
        nora = User.objects.get(email="new@acme.example")
        self.assertEqual(nora.manager, self.wendy)
        self.assertEqual(User.objects.get(pk=self.uma.pk).manager, nora)
        for wrong in (self.uma.email, self.charlie.email, "nobody", self.root.email):
            problems = self.problems(f"{head}{self.uma.email},Uma,Urban,{wrong}\n")
            self.assertEqual([each[1] for each in problems], ["Manager"], problems)
        self.bring_in(f"E-mail,First name\n{self.uma.email},Ulla\n")
        self.assertEqual(User.objects.get(pk=self.uma.pk).manager, nora)
        self.bring_in(f"{head}{self.uma.email},Uma,Urban,\n")
        self.assertIsNone(User.objects.get(pk=self.uma.pk).manager)

    def test_deputies_are_named_by_address_also_of_the_same_file(self) -> None:
        head = "E-mail,First name,Last name,System roles,Deputy\n"
        worker = "task worker"
        self.bring_in(
            f"{head}new@acme.example,Nora,Newton,{worker},{self.wendy.email}\n"
            f"{self.wendy.email},Wendy,Wells,{worker},New@acme.example\n"  # a circle, as on screen
        )
        nora = User.objects.get(email="new@acme.example")
        self.assertEqual(nora.deputy, self.wendy)
        self.assertEqual(User.objects.get(pk=self.wendy.pk).deputy, nora)
        lines = AuditEvent.objects.filter(kind="people.deputy_named")
        self.assertEqual(
            [each.data["changes"] for each in lines.order_by("pk")],
            [{"deputy": ["", "Wendy Wells"]}, {"deputy": ["", "Nora Newton"]}],
        )
        # What does not name it leaves it, also where the deputy has left meanwhile.
        self.bring_in(f"E-mail,Active\n{nora.email},no\n")
        self.bring_in(f"E-mail,Last name,Deputy\n{self.wendy.email},Waters,{nora.email}\n")
        self.bring_in(f"E-mail,Last name\n{self.wendy.email},Wells\n")
        self.assertEqual(User.objects.get(pk=self.wendy.pk).deputy, nora)
        self.bring_in(f"E-mail,Deputy\n{self.wendy.email},\n")
        self.assertIsNone(User.objects.get(pk=self.wendy.pk).deputy)
        self.assertEqual(lines.count(), 3)

    def test_who_cannot_stand_in_is_refused_beside_the_cell(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        for deputy, said in (
            (self.wendy.email, "Nobody is their own deputy."),
            (self.uma.email, "The deputy does no tasks"),
            (self.walt.email, "The deputy is deactivated."),
            (self.charlie.email, "Write the deputy's address."),
            ("nobody", "Write the deputy's address."),
        ):
            with self.subTest(deputy):
                found = self.problems(f"E-mail,Deputy\n{self.wendy.email},{deputy}\n")
                self.assertEqual([each[:2] for each in found], [(2, "Deputy")])
                self.assertIn(said, found[0][2])
        # As they are once the file is in.
        roles = "E-mail,System roles,Active,Deputy\n"
        uma = f"{self.uma.email},user; task worker,,\n"
        wendy = f"{self.wendy.email},task worker,,{self.uma.email}\n"
        for rows in (uma + wendy, wendy + uma):
            self.assertContains(self.upload(roles + rows), "This would add 0 and change 2")
        walt = f"{self.walt.email},task worker,yes,\n"
        self.bring_in(f"{roles}{self.wendy.email},task worker,,{self.walt.email}\n{walt}")
        self.assertEqual(User.objects.get(pk=self.wendy.pk).deputy, self.walt)
        found = self.problems(
            f"{roles}{self.carla.email},workflow developer,,{self.walt.email}\n"
            f"{self.walt.email},user,,\n"
        )
        self.assertIn((2, "Deputy"), [each[:2] for each in found])

    def test_wrong_managers_are_not_compared_with_everybody_again_and_again(self) -> None:
        head = "E-mail,First name,Last name,Manager\n"
        wrong = [f"{self.wendy.email}{'x' * (number % 25)}y" for number in range(50)]
        rows = "".join(f"p{at}@acme.example,F,L,{each}\n" for at, each in enumerate(wrong))
        with patch.object(person_resource, "nearest", wraps=nearest) as compared:
            problems = self.problems(head + rows)
        self.assertEqual(len(problems), 50)
        self.assertIn(f"Did you mean “{self.wendy.email}”?", problems[25][2])
        self.assertEqual(compared.call_count, person_resource.MOST_SUGGESTED)

    def test_columns_that_are_missing_stay_as_they_are(self) -> None:
        self.accounting.members.add(self.wendy)
        self.bring_in(f"email;last_name\n{self.wendy.email};Waters\n")
        self.wendy.refresh_from_db()
        self.assertEqual((self.wendy.first_name, self.wendy.last_name), ("Wendy", "Waters"))
        self.assertEqual(
            User.objects.get(pk=self.wendy.pk).system_roles(), {SystemRole.TASK_WORKER}
        )
        self.assertEqual(list(self.wendy.company_roles.all()), [self.accounting])
        self.assertTrue(self.wendy.has_usable_password())

    def test_what_goes_out_comes_in_unchanged(self) -> None:
        self.accounting.members.add(self.wendy, self.walt)
        User.objects.filter(pk=self.uma.pk).update(last_name="=1+1", is_available=False)
        User.objects.filter(pk=self.wendy.pk).update(manager=self.uma, deputy=self.walt)
        names = {XLSX: "people.xlsx", CSV: "people.csv", JSON: "people.json"}
        for kind, name in names.items():
            with self.subTest(name):
                page = self.upload(self.export(kind).getvalue(), name)
                self.assertContains(page, "Nothing is new here")
                self.assertEqual(page.context["totals"]["skip"], 6)

    def test_confirming_checks_again(self) -> None:
        page = self.upload("E-mail,First name,Last name\nnew@acme.example,Nora,Newton\n")
        with outside():
            create_person(company=self.globex, email="new@acme.example", password=None, roles=())
        again = self.confirm(page)
        self.assertContains(again, "Somebody already uses this e-mail address.")
        with outside():
            self.assertEqual(User.objects.get(email="new@acme.example").company, self.globex)

    def test_a_confirmation_that_was_tampered_with_is_refused(self) -> None:
        for content in ("", "%%%", "bm90IGEgdGFibGU=", "UEsDBA=="):
            with self.subTest(content):
                page = self.client.post(CONFIRM, {"content": content, "name": "x.csv"})
                self.assertContains(page, "This was not imported")

    def test_thousands_of_people_take_few_queries(self) -> None:
        rows = "".join(f"p{number}@acme.example,First,Last,user\n" for number in range(300))
        page = self.upload(f"E-mail,First name,Last name,System roles\n{rows}")
        with CaptureQueriesContext(connection) as queries:
            self.confirm(page)
        self.assertLess(len(queries), 60)
        self.assertEqual(
            User.objects.with_role(SystemRole.USER).filter(email__startswith="p").count(), 300
        )

    def test_new_managers_are_named_in_few_queries(self) -> None:
        head = "E-mail,First name,Last name,Manager\n"
        counts = []
        for size in (2, 40):
            rows = "".join(
                f"m{size}-{at}@acme.example,F,L,{self.wendy.email}\n"
                f"p{size}-{at}@acme.example,F,L,m{size}-{at}@acme.example\n"
                for at in range(size)
            )
            page = self.upload(head + rows)
            with CaptureQueriesContext(connection) as queries:
                self.confirm(page)
            counts.append(len(queries))
        self.assertEqual(counts[0], counts[1])
        person = User.objects.select_related("manager").get(email="p40-39@acme.example")
        self.assertEqual(getattr(person.manager, "email", ""), "m40-39@acme.example")


class RefusedPeopleTest(PeopleFileCase):
    def test_every_problem_is_told_with_its_row_and_column(self) -> None:
        found = self.problems(
            "E-mail,First name,Last name,System roles,Company roles,Available\n"
            "nobody,Nora,Newton,,,perhaps\n"
            "\n"
            "b@acme.example,,Newton,tsk_worker,,maybe\n"
            "b@acme.example,B,B,,Acounting,\n"
            "c@acme.example,C,C,,Acounting,\n"
            f"d@acme.example,{'x' * 256},C,,,\n"
        )
        self.assertEqual(
            [(row, column) for row, column, _message in found],
            [(2, "E-mail"), (2, "Available"), (4, "First name"), (4, "Available"),
             (4, "System roles"), (5, "E-mail"), (5, "Company roles"),
             (6, "Company roles"), (7, "First name")],
        )  # fmt: skip
        messages = " ".join(message for _row, _column, message in found)
        self.assertIn("Did you mean “Task worker”?", messages)
        self.assertIn("stands in the file twice", messages)

    def test_an_address_of_another_company_is_refused(self) -> None:
        found = self.problems(f"E-mail,First name,Last name\n{self.charlie.email.upper()},X,Y\n")
        self.assertEqual(found, [(2, "E-mail", "Somebody already uses this e-mail address.")])
        with outside():
            self.assertEqual(User.objects.get(pk=self.charlie.pk).first_name, "Charlie")

    def test_a_superuser_is_not_touched(self) -> None:
        self.assertTrue(self.problems(f"E-mail,First name,Last name\n{self.root.email},X,Y\n"))

    def test_nobody_becomes_a_superuser(self) -> None:
        for heading in ("is_superuser", "is_staff", "password", "company", "groups", "id"):
            with self.subTest(heading):
                text = f"E-mail,First name,Last name,{heading}\nnew@acme.example,N,N,1\n"
                self.assertIn("There is no column", self.failure(text))
        self.assertFalse(User.objects.filter(email="new@acme.example").exists())

    def test_the_last_admin_is_kept(self) -> None:
        for text in (
            f"E-mail,System roles\n{self.alice.email},user\n",
            f"E-mail,Active\n{self.alice.email},no\n",
        ):
            found = self.problems(text)
            self.assertEqual(len(found), 1)
            self.assertIn("at least one active person", found[0][2])

    def test_one_wrong_row_and_nothing_is_imported(self) -> None:
        self.problems("E-mail,First name,Last name\nnew@acme.example,N,N\nwrong,N,N\n")
        self.assertFalse(User.objects.filter(email="new@acme.example").exists())

    def test_more_rows_than_allowed_are_refused_in_a_sentence(self) -> None:
        rows = "".join(f"p{number}@acme.example,F,L\n" for number in range(MOST_ROWS + 1))
        failure = self.failure(f"E-mail,First name,Last name\n{rows}")
        self.assertEqual(
            failure, "The file has 5001 rows; at most 5000 are imported at once. Split it."
        )

    def test_a_large_file_is_refused_in_a_sentence(self) -> None:
        page = self.upload("E-mail\n" + "x" * (2 * 1024 * 1024))
        self.assertContains(page, "The file is larger than 2 MB")

    def test_hostile_files_are_refused_in_a_sentence(self) -> None:
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b"<a/>" + b" " * 100_000_000)
        files = {
            "nothing": (b"", "a.csv"),
            "blanks": (b"\n\n,,\n", "a.csv"),
            "an image": (b"\x89PNG\r\n\x1a\n\x00\xff", "a.csv"),
            "an image as a workbook": (b"\x89PNG\r\n\x1a\n\x00\xff", "a.xlsx"),
            "a broken zip": (b"PK\x03\x04garbage", "a.xlsx"),
            "a zip bomb": (bomb.getvalue(), "a.xlsx"),
            "HTML": (b"<table><tr><td>x</td></tr></table>", "a.xls"),
            "JSON that is no list": (b'{"E-mail": "x"}', "a.json"),
            "JSON with lists in it": (b'[{"E-mail": [1]}]', "a.json"),
            "broken JSON": (b"[{", "a.json"),
            "deep JSON": (b"[" * 100_000, "a.json"),
            "a long line": (b'E-mail\n"' + b"x" * 200_000, "a.csv"),
            "too many cells": (b"E-mail\na,b,c\n", "a.csv"),
            "a heading twice": (b"E-mail,email\na,b\n", "a.csv"),
            "no heading": (b"E-mail,,First name\na,b,c\n", "a.csv"),
        }
        for what, (content, name) in files.items():
            with self.subTest(what):
                page = self.upload(content, name)
                self.assertEqual(page.status_code, 200)
                said = page.context.get("failure") or page.context["form"].errors
                self.assertTrue(said)
                self.assertNotContains(page, "process_import")

    def test_what_is_not_read_as_it_is_shown_is_refused(self) -> None:
        def made(change: Callable[[Worksheet], object]) -> bytes:
            book = load_workbook(
                io.BytesIO(workbook(["E-mail", "First name"], ["a@b.example", "A"]))
            )
            sheet = book.worksheets[0]
            change(sheet)
            file = io.BytesIO()
            book.save(file)
            return file.getvalue()

        def hide_row(sheet: Worksheet) -> None:
            sheet.row_dimensions[2].hidden = True

        def hide_column(sheet: Worksheet) -> None:
            sheet.column_dimensions["B"].hidden = True

        def strike(sheet: Worksheet) -> None:
            sheet["B2"].font = Font(strike=True)

        def date_it(sheet: Worksheet) -> None:
            sheet["B2"].value = date(2026, 2, 1)

        for change, sentence in (
            (hide_row, "Row 2 is hidden"),
            (hide_column, "Column B is hidden"),
            (strike, "Cell B2: “A” is struck out"),
            (date_it, "Cell B2: Your program made a date"),
        ):
            with self.subTest(sentence):
                self.assertIn(sentence, self.failure(made(change), "people.xlsx"))

    def test_numbers_are_names_as_they_are_shown(self) -> None:
        book = load_workbook(
            io.BytesIO(workbook(["E-mail", "First name", "Last name"], ["a@b.example", 7, "B"]))
        )
        book.worksheets[0]["B2"].number_format = "000"
        file = io.BytesIO()
        book.save(file)
        self.bring_in(file.getvalue(), "people.xlsx")
        self.assertEqual(User.objects.get(email="a@b.example").first_name, "007")

    def test_formulas_are_not_run(self) -> None:
        found = self.failure(workbook(["E-mail", "First name"], ["=A1", "=1+1"]), "people.xlsx")
        self.assertIn("A2", found)


class ExportPeopleTest(PeopleFileCase):
    def test_formulas_are_written_as_texts(self) -> None:
        User.objects.filter(pk=self.uma.pk).update(first_name='=HYPERLINK("http://x")')
        book = load_workbook(io.BytesIO(self.export(XLSX).getvalue()))
        assert book.active is not None
        cells = [cell for row in book.active.iter_rows() for cell in row]
        self.assertNotIn("f", {cell.data_type for cell in cells})
        self.assertIn('=HYPERLINK("http://x")', {cell.value for cell in cells})
        table = Csv().create_dataset(self.export(CSV).getvalue())
        self.assertIn("'=HYPERLINK", self.export(CSV).getvalue().decode("utf-8-sig"))
        self.assertIn('=HYPERLINK("http://x")', table["First name"])

    def test_it_has_only_the_companys_own_people_and_no_secrets(self) -> None:
        rows = json.loads(self.export(JSON).getvalue())
        emails = {row["E-mail"] for row in rows}
        own = set(User.objects.of_company(self.acme).values_list("email", flat=True))
        self.assertEqual(emails, own)
        self.assertEqual(set(rows[0]), {*HEADINGS, "Manager", "Deputy", "Available", "Active"})

    def test_filters_hold_and_garbage_leads_back(self) -> None:
        rows = json.loads(self.export(JSON, "?role=user").getvalue())
        self.assertEqual([row["E-mail"] for row in rows], [self.uma.email])
        for query in ("?o=999", "?password__startswith=p", "?q=%00", "?e=1"):
            with self.subTest(query):
                self.assertIn(self.export(JSON, query).status_code, (200, 302))
        for kind in ("", "9", "x"):
            self.assertEqual(self.export(kind).status_code, 200)
        chosen = {"format": JSON, "resource": "0", "export_items": str(self.charlie.pk)}
        self.assertNotContains(self.client.post(EXPORT, chosen), self.charlie.email)

    def test_it_does_not_ask_for_each_person(self) -> None:
        with CaptureQueriesContext(connection) as few:
            self.export(XLSX)
        for number in range(30):
            create_person(
                company=self.acme, email=f"p{number}@acme.example", password=None, roles=SystemRole
            )
        User.objects.filter(email__startswith="p").update(manager=self.uma, deputy=self.walt)
        with CaptureQueriesContext(connection) as many:
            self.export(XLSX)
        self.assertEqual(len(many), len(few))

    def test_the_list_leads_to_both(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, IMPORT)
        self.assertContains(page, EXPORT)
        self.assertContains(self.client.get(IMPORT), "System roles")
        self.assertEqual(self.client.get(EXPORT).status_code, 200)


class WhoMayTest(PeopleFileCase):
    def test_others_are_refused(self) -> None:
        for person in (self.wendy, self.terry, self.carla, self.uma, self.root):
            self.log_in(person)
            for url in (IMPORT, CONFIRM, EXPORT):
                with self.subTest(person=person.email, url=url):
                    self.assertEqual(self.client.post(url, {"format": JSON}).status_code, 403)

    def test_charlie_gets_and_changes_his_own_company_only(self) -> None:
        self.log_in(self.charlie)
        rows = json.loads(self.export(JSON).getvalue())
        self.assertEqual([row["E-mail"] for row in rows], [self.charlie.email])
        self.problems(f"E-mail,First name,Last name\n{self.wendy.email},X,Y\n")
        self.bring_in("E-mail,First name,Last name\nnew@globex.example,N,N\n")
        with outside():
            self.assertEqual(User.objects.get(email="new@globex.example").company, self.globex)
