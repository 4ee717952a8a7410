"""The page that brings a bundle in."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import SimpleTestCase
from django.urls import reverse
from openpyxl import load_workbook

from tenants.testing import CompanyTestCase
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.tests.test_definition_pages import bundle
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.importing.pages.import_page import examples, most_bytes
from workflows.authoring.importing.pages.json_lines import line_number
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.bundles import canonical, write_bundle
from workflows.models import CompanyRole, WorkflowDefinition
from workflows.workbooks import FileType, write_document

PAGE = reverse("admin:workflows_workflowdefinition_import")


class ImportPageTest(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def check(self, text: str, **more: str) -> Any:
        return self.client.post(PAGE, {"text": text, **more})

    def upload(self, data: bytes, **more: str) -> Any:
        file = SimpleUploadedFile("bundle.json", data, content_type="application/json")
        return self.client.post(PAGE, {"file": file, **more})

    def test_it_shows_what_would_be_made_and_makes_nothing(self) -> None:
        page = self.check(write_bundle(bundle()))
        self.assertContains(page, "This is a new workflow")
        self.assertContains(page, "Task “Approve the purchase” (approve)")
        self.assertContains(page, "This company role is new")
        self.assertContains(page, "Apply as draft")
        self.assertFalse(WorkflowDefinition.objects.exists())
        self.assertFalse(CompanyRole.objects.exists())

    def test_an_uploaded_document_is_kept_for_the_next_step(self) -> None:
        page = self.upload(write_bundle(bundle(title="Einkauf für München")).encode())
        kept = page.context["form"]["text"].value()
        self.assertIn("Einkauf für München", kept)
        self.check(kept, apply="1")
        workflow = WorkflowDefinition.objects.get()
        self.assertEqual(workflow.title, "Einkauf für München")
        self.assertTrue(workflow.is_draft)
        self.assertEqual(workflow.created_by, self.carla)

    def test_applying_leads_to_the_draft(self) -> None:
        response = self.check(write_bundle(bundle()), apply="1")
        draft = WorkflowDefinition.objects.get()
        url = reverse("admin:workflows_workflowdefinition_change", args=(draft.pk,))
        self.assertRedirects(response, url)
        self.assertContains(self.client.get(url), "Publish version 1")

    def test_it_compares_with_the_published_version(self) -> None:
        draft = import_bundle(document=bundle(), user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)
        page = self.check(write_bundle(bundle(title="Purchase, better")))
        self.assertContains(page, "This would become version 2, as a draft.")
        self.assertContains(page, "<del>Purchase</del>")
        self.assertContains(page, "<ins>Purchase, better</ins>")

    def test_what_is_added_or_removed_is_shown_too(self) -> None:
        publish_workflow(
            workflow=import_bundle(document=bundle(), user=self.carla), user=self.carla
        )
        document = bundle()
        document["workflow"]["fields"][0] |= {"max": 50_000}
        del document["workflow"]["fields"][0]["required"]
        document["workflow"]["fields"].append({"name": "note", "label": "Note", "type": "text"})
        page = self.check(write_bundle(document))
        self.assertContains(page, "<ins>50000</ins>")
        self.assertContains(page, "<del>yes</del> <ins>no</ins>")
        self.assertContains(page, "question “Note” (note)</span>")
        self.assertNotContains(page, "<ins>{")

    def test_conditions_are_told_with_the_labels_of_the_forms(self) -> None:
        import_bundle(document=bundle(), user=self.carla)
        document = bundle()
        document["workflow"]["fields"][1]["visible_when"] = {">": [{"var": "amount"}, 5]}
        document["transitions"][1]["condition"] = {"==": [{"var": "tasks.approve.approved"}, True]}
        page = self.check(write_bundle(document))
        self.assertContains(page, "<del>Amount in EUR is more than 100</del>")
        self.assertContains(page, "<ins>Amount in EUR is more than 5</ins>")
        self.assertContains(page, "<ins>Approved? (Approve the purchase) is yes</ins>")

    def test_an_unchanged_bundle_makes_no_new_version(self) -> None:
        draft = import_bundle(document=bundle(), user=self.carla)
        publish_workflow(workflow=draft, user=self.carla)
        page = self.check(write_bundle(bundle()))
        self.assertContains(page, "Nothing is new here: version 1 has this content.")
        self.check(write_bundle(bundle()), apply="1")
        self.assertEqual(WorkflowDefinition.objects.count(), 1)

    def test_every_problem_is_listed_with_its_place_and_what_to_do(self) -> None:
        document = bundle(title="")
        document["workflow"]["fields"][0]["type"] = "nmber"
        document["tasks"][0]["candidate_role"] = "Aprover"
        document["transitions"][1]["to"] = "ordr"
        text = write_bundle(document)
        page = self.check(text)
        problems = page.context["outcome"].errors
        self.assertGreaterEqual(len(problems), 4)
        places = {each.place for each in problems}
        self.assertLessEqual(
            {"workflow.title", "workflow.fields[0].type", "tasks[0].candidate_role"}, places
        )
        wrong = next(each for each in problems if each.place == "workflow.fields[0].type")
        self.assertEqual((wrong.found, wrong.nearest), ("nmber", "number"))
        self.assertIn('"nmber"', text.splitlines()[(wrong.line or 0) - 1])
        self.assertContains(page, "Did you mean")
        self.assertContains(page, f'data-line="{wrong.line}"')
        self.assertNotContains(page, "Apply as draft")
        self.assertEqual(page.context["form"]["text"].value(), text)

    def test_applying_checks_again(self) -> None:
        self.check(write_bundle(bundle(title="")), apply="1")
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_somebody_elses_change_meanwhile_is_noticed(self) -> None:
        """The ticket type's key was free when it was checked, and is taken when applied."""
        text = write_bundle(bundle())
        self.assertContains(self.check(text), "Apply as draft")
        import_bundle(document=bundle(key="other"), user=self.carla)
        page = self.check(text, apply="1")
        self.assertContains(page, "already has a ticket type with the key")
        self.assertFalse(WorkflowDefinition.objects.filter(key="purchase").exists())

    def test_what_cannot_be_read_is_said_in_a_sentence(self) -> None:
        broken = {
            "nothing": b"",
            "blanks": b" \n ",
            "no JSON": b"hello",
            "a comma too many": b'{"format": "x",}',
            "binary": bytes(range(256)),
            "a NUL": b'{"a": "\x00"}',
            "an image": b"\x89PNG\r\n\x1a\n\x00\x00",
            "too deep": b"[" * 100_000,
            "a name twice": b'{"format": 1, "format": 2}',
            "not a number": b'{"a": NaN}',
            "an endless number": b'{"a": ' + b"9" * 5_000 + b"}",
            "too large": b'{"a": "' + b"x" * most_bytes() + b'"}',
        }
        for what, data in broken.items():
            with self.subTest(what):
                page = self.upload(data)
                self.assertContains(page, "This cannot be read")
                self.assertTrue(page.context["outcome"].failure)

    def test_what_is_json_but_no_bundle_is_told_so(self) -> None:
        for data in (
            b"null", b"[]", b"3", b'"text"', b"{}", b'{"workflow": []}', b'{"tasks": {}}',
            b'{"\\ud800": "\\ud800"}', b'{"workflow": {"key": "\\u0000"}}', b"1e999",
            b"[" * 5_000 + b"]" * 5_000,
        ):  # fmt: skip
            with self.subTest(data):
                page = self.upload(data)
                self.assertEqual(page.status_code, 200)
                outcome = page.context["outcome"]
                self.assertTrue(outcome.failure or outcome.errors)
                page = self.upload(data, apply="1")
                self.assertEqual(page.status_code, 200)

    def test_broken_text_stays_in_the_field(self) -> None:
        page = self.check('{"format": "ticketflower-bundle",')
        self.assertContains(page, "This is not JSON: in line 1")
        self.assertContains(page, "{&quot;format&quot;: &quot;ticketflower-bundle&quot;,")

    def test_other_encodings_are_read(self) -> None:
        text = write_bundle(bundle(title="Größe"))
        for encoding in ("utf-8-sig", "utf-16"):
            with self.subTest(encoding):
                page = self.upload(text.encode(encoding))
                self.assertContains(page, "Apply as draft")
                self.assertIn("Größe", page.context["form"]["text"].value())

    def test_what_was_pasted_is_text(self) -> None:
        page = self.check(write_bundle(bundle(title="</textarea><script>alert(1)</script>")))
        self.assertNotContains(page, "<script>alert(1)")

    def test_the_examples_can_be_opened_and_downloaded(self) -> None:
        self.assertTrue(examples())
        for example in examples():
            with self.subTest(example.name):
                page = self.client.get(PAGE, {"example": example.name})
                self.assertContains(self.check(page.context["form"]["text"].value()), "Apply")
                file = self.client.get(PAGE, {"example": example.name, "download": "json"})
                self.assertIn("attachment", file["Content-Disposition"])
                self.assertIn("workflow", json.loads(file.content))

    def test_no_other_file_can_be_fetched(self) -> None:
        for name in ("../manage", "..%2f..%2fetc%2fpasswd", "nothing", "\x00", "invoice.json"):
            with self.subTest(name):
                self.assertEqual(self.client.get(PAGE, {"example": name}).status_code, 404)


def many_mistakes(count: int, **more: object) -> dict[str, Any]:
    """A bundle with so many fields of an unknown type, in two forms, and a misspelt role."""
    document = bundle()
    document["tasks"][0]["candidate_role"] = "Aprover"
    for number in range(count):
        form = document["tasks"][0] if number % 2 else document["workflow"]
        question = {"name": f"q{number}", "label": f"Question {number}", "type": "nmber"}
        form["fields"].append(question | more)
    return document


class ManyProblemsTest(CompanyTestCase):
    """What is to be done about them stands above them, and none is lost."""

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def check(self, document: Any, kind: FileType) -> Any:
        file = SimpleUploadedFile(f"process.{kind}", write_document(document, kind))
        page = self.client.post(PAGE, {"file": file})
        self.assertContains(page, "There are 301 problems to fix.")
        return page

    def test_the_corrected_file_is_chosen_above_them(self) -> None:
        for kind, row in ((FileType.JSON, "problem-icon"), (FileType.XLSX, 'class="cell"')):
            with self.subTest(kind.value):
                text = self.check(many_mistakes(300), kind).text
                self.assertEqual(text.count('id="id_file"'), 1)
                field = text.index('id="id_file"')
                self.assertIn('form="import-form"', text[field : text.index(">", field)])
                self.assertLess(field, text.index(row))

    def test_the_first_are_shown_and_the_rest_is_folded(self) -> None:
        text = self.check(many_mistakes(300), FileType.JSON).text
        folded = text[text.index('<details class="more-problems') :].split("</details>")[0]
        self.assertIn("Show 291 more", folded)
        self.assertEqual(folded.count('<li class="problem'), 291)
        self.assertEqual(text.count('<li class="problem'), 301)
        for number in range(300):
            self.assertIn(f"question “Question {number}” (q{number}),", text)

    def test_of_a_workbook_they_are_counted_by_sheet(self) -> None:
        page = self.check(many_mistakes(300), FileType.XLSX)
        self.assertContains(page, '<span class="soft">300 problems</span>', count=1)
        self.assertContains(page, '<span class="soft">1 problem</span>')
        self.assertContains(page, "Show 290 more")
        self.assertEqual(page.text.count('class="cell"'), len(page.context["problems"]))
        self.assertGreaterEqual(len(page.context["problems"]), 301)

    def test_it_says_where_the_check_stops(self) -> None:
        stops = "The check stops here"
        self.assertNotContains(self.check(many_mistakes(300), FileType.JSON), stops)
        text = write_bundle(many_mistakes(300, help=5))
        self.assertContains(self.client.post(PAGE, {"text": text}), stops)

    def test_a_few_are_not_folded(self) -> None:
        page = self.client.post(PAGE, {"text": write_bundle(many_mistakes(10))})
        self.assertContains(page, '<li class="problem', count=11)
        self.assertNotContains(page, "more-problems")


class OtherFormatsTest(CompanyTestCase):
    """Workbooks and YAML on the page."""

    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.carla)

    def upload(self, data: bytes, name: str, **more: str) -> Any:
        return self.client.post(PAGE, {"file": SimpleUploadedFile(name, data), **more})

    def test_every_format_becomes_the_same_draft(self) -> None:
        for kind in FileType:
            with self.subTest(kind.value):
                page = self.upload(write_document(bundle(), kind), f"process.{kind}")
                self.assertTrue(page.context["findings"].can_be_applied)
                kept = page.context["form"]["text"].value()
                self.client.post(PAGE, {"text": kept, "apply": "1"})
                self.assertEqual(WorkflowDefinition.objects.count(), 1)  # nothing new after one
        (workflow,) = WorkflowDefinition.objects.all()
        self.assertEqual(export_bundle(workflow=workflow)["tasks"], canonical(bundle())["tasks"])

    def test_yaml_may_be_pasted(self) -> None:
        text = write_document(bundle(title=""), FileType.YAML).decode()
        page = self.client.post(PAGE, {"text": text})
        (problem,) = page.context["outcome"].errors
        self.assertIn("title", text.splitlines()[(problem.line or 0) - 1])
        self.assertEqual(page.context["form"]["text"].value(), text)

    def test_problems_of_a_workbook_are_told_by_cell(self) -> None:
        document = bundle()
        document["workflow"]["fields"][0]["type"] = "nmber"
        document["tasks"][0]["candidate_role"] = "Aprover"
        data = write_document(document, FileType.XLSX)
        page = self.upload(data, "process.xlsx")
        self.assertContains(page, "Sheet Fields")
        self.assertContains(page, "Sheet Tasks")
        self.assertContains(page, "Fix your file and upload it again.")
        self.assertNotContains(page, "Apply as draft")
        self.assertEqual(page.context["form"]["text"].value(), "")
        rows = {each.sheet: each for each in page.context["outcome"].errors}
        self.assertEqual((rows["Fields"].found, rows["Fields"].nearest), ("nmber", "number"))
        self.assertEqual(rows["Fields"].heading, "Type")
        self.assertGreater(rows["Fields"].row, 1)
        self.upload(data, "process.xlsx", apply="1")
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_what_is_wrong_with_the_file_alone_stops_it_too(self) -> None:
        """The document is good; a cell of the file could not be read."""
        book = load_workbook(io.BytesIO(write_document(bundle(), FileType.XLSX)))
        book["Workflow"].append(["Kee", "x"])
        book["Fields"].cell(1, 40).value = "Lable"
        book["Fields"].cell(2, 40).value = "lost"
        file = io.BytesIO()
        book.save(file)
        page = self.upload(file.getvalue(), "process.xlsx", apply="1")
        self.assertTrue(page.context["outcome"].errors)
        self.assertNotContains(page, "Apply as draft")
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_hostile_files_are_refused_in_a_sentence(self) -> None:
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * 90_000_000)
        files = {
            "a.xlsx": bomb.getvalue()[:90_000],
            "b.xlsx": b"PK\x03\x04 no",
            "c.ods": b"hello",
            "d.csv": b"a,b,c",
            "e.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "f.docx": b"hello",
            "g.yaml": b"a: &x [*x, *x]",
        }
        for name, data in files.items():
            with self.subTest(name):
                page = self.upload(data, name)
                self.assertContains(page, "This cannot be read")

    def test_the_template_can_be_downloaded_and_imported(self) -> None:
        for kind in FileType:
            file = self.client.get(PAGE, {"template": kind.value})
            with self.subTest(kind.value):
                self.assertIn(f"template.{kind}", file["Content-Disposition"])
                page = self.upload(file.content, f"template.{kind}")
                self.assertContains(page, "Apply as draft")

    def test_examples_come_in_every_format(self) -> None:
        name = examples()[0].name
        for kind in FileType:
            file = self.client.get(PAGE, {"example": name, "download": kind.value})
            with self.subTest(kind.value):
                self.assertContains(self.upload(file.content, f"x.{kind}"), "Apply as draft")

    def test_the_formats_are_described(self) -> None:
        for name, title in (("workbook", "A workflow as a workbook"), ("bundle", "bundle")):
            with self.subTest(name):
                page = self.client.get(PAGE, {"help": name})
                self.assertContains(page, title)
                html = page.content.decode().split("help-text", 1)[1].split("</article>")[0]
                self.assertIn("<table>", html)
                # As text, not as it is written, and not for people at a command line.
                for mark in ("manage.py", "_bundle", "<!--", "&lt;!--", "](", "## ", "\n|", "**"):
                    self.assertNotIn(mark, html)
                places = set(re.findall(r' id="([^"]+)"', html))
                links = re.findall(r'href="([^"]+)"', html)
                self.assertLessEqual({each[1:] for each in links if each[0] == "#"}, places)
                for link in links:
                    self.assertRegex(link, r"^(#|\?help=|https://)")
                    if link.startswith("?"):
                        self.assertEqual(self.client.get(PAGE + link).status_code, 200)

    def test_garbage_in_the_address_is_not_found(self) -> None:
        for query in (
            {"help": "../../manage.py"}, {"help": ""}, {"template": "exe"}, {"template": ""},
            {"example": examples()[0].name, "download": "html"},
        ):  # fmt: skip
            with self.subTest(query):
                self.assertEqual(self.client.get(PAGE, query).status_code, 404)

    def test_a_definition_is_downloaded_in_every_format_and_imports_unchanged(self) -> None:
        workflow = import_bundle(document=bundle(), user=self.carla)
        url = reverse("admin:workflows_workflowdefinition_download", args=(workflow.pk,))
        for kind in FileType:
            with self.subTest(kind.value):
                file = self.client.get(url, {"format": kind.value})
                self.assertEqual(file["Content-Type"], kind.media_type)
                self.assertIn(f'filename="purchase-v1.{kind}"', file["Content-Disposition"])
                self.assertContains(self.upload(file.content, f"x.{kind}"), "Nothing is new here")
        for format_name in ("exe", "", "../json"):
            self.assertEqual(self.client.get(url, {"format": format_name}).status_code, 404)
        self.log_in(self.charlie)
        self.assertEqual(self.client.get(url, {"format": "xlsx"}).status_code, 404)


class WhoMayImportTest(CompanyTestCase):
    def test_others_are_refused(self) -> None:
        for person in (self.alice, self.wendy, self.terry, self.uma, self.root):
            self.log_in(person)
            with self.subTest(person.email):
                self.assertEqual(self.client.get(PAGE).status_code, 403)
                sent = {"text": write_bundle(bundle()), "apply": "1"}
                self.assertEqual(self.client.post(PAGE, sent).status_code, 403)
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_charlie_imports_into_his_own_company(self) -> None:
        self.log_in(self.charlie)
        self.client.post(PAGE, {"text": write_bundle(bundle()), "apply": "1"})
        self.assertFalse(WorkflowDefinition.objects.exists())

    def test_visitors_are_asked_to_log_in(self) -> None:
        self.assertEqual(self.client.get(PAGE).status_code, 302)


class LineOfTest(SimpleTestCase):
    TEXT = '{\n "a": {"x": 1,\n  "b": [\n   10,\n   {"c": "}\\"]"}, 3\n  ]},\n "d": null\n}'

    def test_it_finds_lines(self) -> None:
        for path, line in (
            ((), 1),
            (("a",), 2),
            (("a", "b"), 3),
            (("a", "b", 0), 4),
            (("a", "b", 1, "c"), 5),
            (("a", "b", 2), 5),
            (("d",), 7),
        ):
            with self.subTest(path):
                self.assertEqual(line_number(self.TEXT, path), line)

    def test_where_nothing_is_it_is_the_line_of_what_holds_it(self) -> None:
        self.assertEqual(line_number(self.TEXT, ("a", "b", 9)), 3)
        self.assertEqual(line_number(self.TEXT, ("a", "b", "c")), 3)
        self.assertEqual(line_number(self.TEXT, ("z",)), 1)

    def test_what_is_no_json_has_no_lines(self) -> None:
        for text in ("", "{", '{"a"', '{"a": tru', "[1,"):
            with self.subTest(text):
                self.assertIn(line_number(text, ("a", 3)), (None, 1))
