"""The company roles as a file."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tenants.models import User
from tenants.testing import CompanyTestCase
from workflows.models import CompanyRole

IMPORT = reverse("admin:workflows_companyrole_import")
CONFIRM = reverse("admin:workflows_companyrole_process_import")
EXPORT = reverse("admin:workflows_companyrole_export")
XLSX, CSV, JSON = "0", "1", "2"
FILES = {XLSX: "roles.xlsx", CSV: "roles.csv", JSON: "roles.json"}


class CompanyRoleFileTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.accounting = CompanyRole.objects.create(name="Accounting", description="Pays")
        self.accounting.members.add(self.wendy)
        self.log_in(self.alice)

    def upload(self, text: str | bytes, name: str = "roles.csv") -> Any:
        content = text.encode() if isinstance(text, str) else text
        file = SimpleUploadedFile(name, content)
        return self.client.post(IMPORT, {"import_file": file})

    def bring_in(self, text: str) -> None:
        page = self.upload(text)
        self.assertFalse(page.context.get("problems"), page.context.get("problems"))
        form = page.context["confirm_form"]
        self.client.post(CONFIRM, {name: form[name].value() for name in form.fields})

    def messages(self, text: str) -> list[str]:
        page = self.upload(text)
        self.assertNotContains(page, "process_import")
        return [each.message for each in page.context["problems"]]

    def export(self, kind: str = JSON) -> Any:
        return self.client.post(EXPORT, {"format": kind, "resource": "0"})

    def test_it_adds_and_changes_roles(self) -> None:
        self.bring_in(
            "Name,Description,Members\n"
            f'ACCOUNTING,Pays and books,"{self.walt.email}, {self.uma.email}"\n'
            "Purchasing,Buys,\n"
        )
        self.accounting.refresh_from_db()
        self.assertEqual(self.accounting.name, "ACCOUNTING")
        self.assertEqual(set(self.accounting.members.all()), {self.walt, self.uma})
        self.assertFalse(CompanyRole.objects.get(name="Purchasing").members.exists())

    def test_members_stay_without_a_column_and_when_they_are_away(self) -> None:
        User.objects.filter(pk=self.walt.pk).update(is_active=False)
        self.accounting.members.add(self.walt)
        self.bring_in("Name,Description\nAccounting,Books\n")
        self.assertEqual(set(self.accounting.members.all()), {self.wendy, self.walt})
        self.bring_in(f"Name,Members\nAccounting,{self.uma.email}\n")
        self.assertEqual(set(self.accounting.members.all()), {self.uma, self.walt})

    def test_people_of_another_company_are_refused(self) -> None:
        found = self.messages(f"Name,Members\nAccounting,{self.charlie.email}\n")
        self.assertEqual(len(found), 1)
        self.assertIn("No active person of this company", found[0])

    def test_wrong_rows_are_told_and_nothing_is_imported(self) -> None:
        found = self.messages(f"Name,Members\nA,\na,\n,x\n{'n' * 256},\nB,nobody\n")
        self.assertEqual(len(found), 5)
        self.assertEqual(CompanyRole.objects.count(), 1)

    def test_what_goes_out_comes_in_unchanged(self) -> None:
        page = self.upload(self.export().getvalue().decode())
        self.assertContains(page, "Nothing is new here")

    def test_texts_that_programs_would_run_or_cut_come_in_unchanged(self) -> None:
        for text in (
            "=1+1",
            "'=1+1",
            "- one\n- two; =3\n+4, '-5'",
            "x;=cmd|' /C calc'!A0;y\t@z",
            "＝1+1",  # noqa: RUF001
            "a_x0041_b",
            "It's “so”: 'this'",
            "äöü 🙂 =1; " * 9_100 + "end",
        ):
            CompanyRole.objects.update(description=text)
            for kind, name in FILES.items():
                with self.subTest(text=text[:20], name=name):
                    page = self.upload(self.export(kind).getvalue(), name)
                    self.assertContains(page, "Nothing is new here")

    def test_workflow_creators_may_look_and_not_change(self) -> None:
        self.log_in(self.carla)
        self.assertEqual(self.export().status_code, 200)
        for url in (IMPORT, CONFIRM):
            self.assertEqual(self.client.post(url).status_code, 403)

    def test_others_get_nothing(self) -> None:
        for person in (self.wendy, self.uma, self.terry, self.root):
            self.log_in(person)
            with self.subTest(person.email):
                self.assertEqual(self.export().status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(json.loads(self.export().getvalue()), [])
        self.bring_in("Name,Description\nAccounting,Mine\n")
        self.accounting.refresh_from_db()
        self.assertEqual(self.accounting.description, "Pays")
