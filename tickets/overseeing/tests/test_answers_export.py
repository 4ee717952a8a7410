"""The answers of tickets as tables: a column each per question, per ticket type."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import zipfile
from datetime import datetime
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from tenants.testing import CompanyTestCase
from tickets.models import Ticket
from tickets.overseeing.answer_tables import headings_of
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.engine.process import Json, JsonObject
from workflows.models import TicketDefinition

EXPORT = reverse("admin:tickets_ticket_export")
LIST = reverse("admin:tickets_ticket_changelist")
XLSX, CSV, JSON = "0", "1", "2"
BEFORE = ["Number", "Title", "Submitted by", "Submitted at", "Status", "Outcome", "How it ended",
          "Has an error", "Current task", "Assigned to", "Priority", "Due at"]  # fmt: skip
LONG = "=1+1; äöü 🙂\n" * 9_000
FIELDS: list[JsonObject] = [
    {"name": "what", "label": "What?", "type": "long_text", "required": True, "max": 200_000},
    {"name": "amount", "label": "Amount", "type": "number"},
    {"name": "net", "label": "amount ", "type": "integer"},
    {"name": "day", "label": "Day", "type": "date"},
    {"name": "moment", "label": "Moment", "type": "datetime"},
    {"name": "kind", "label": "Kind", "type": "choice",
     "choices": [{"value": "a", "label": "=First"}, "b"]},
    {"name": "kinds", "label": "Kinds", "type": "choices", "choices": ["x", "y"]},
    {"name": "sure", "label": "Title", "type": "boolean"},
    {"name": "doc", "label": "Document", "type": "file"},
    {"name": "items", "label": "Items", "type": "records", "fields": [
        {"name": "name", "label": "Name", "type": "text"},
        {"name": "price", "label": "Price", "type": "number"},
    ]},
]  # fmt: skip
DATA: JsonObject = {
    "what": LONG, "amount": 12.5, "net": 2**53 - 1, "day": "2026-03-31",
    "moment": "2026-03-31T12:30:00Z", "kind": "a", "kinds": ["x", "y"], "sure": False,
    "items": [{"name": "=Desk", "price": 3}, {"name": "Chair"}],
}  # fmt: skip
NEWER: list[JsonObject] = [
    {"name": "items", "label": "Things", "type": "records",
     "fields": [{"name": "count", "label": "Count", "type": "integer"}]},
    {"name": "what", "label": "What exactly?", "type": "text", "required": True},
    {"name": "total", "label": "Amount", "type": "number"},
]  # fmt: skip


class AnswersCase(CompanyTestCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        self.definition = make_type(fields=FIELDS)
        self.log_in(self.terry)

    def new_ticket(self, data: JsonObject, definition: TicketDefinition | None = None) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(definition=definition or self.definition, data=data, user=self.uma)

    def export(self, kind: str, query: str = "") -> Any:
        return self.client.post(f"{EXPORT}{query}", {"format": kind, "resource": "0"})

    def book(self, query: str = "") -> Workbook:
        return load_workbook(io.BytesIO(self.export(XLSX, query).getvalue()))

    def table(self, name: str, query: str = "") -> list[dict[str, Any]]:
        headings, *rows = self.book(query)[name].iter_rows(values_only=True)
        return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


class WorkbookTests(AnswersCase):
    def test_each_question_has_a_column_with_its_label(self) -> None:
        ticket = self.new_ticket(DATA)
        book = self.book()
        self.assertEqual(
            book.sheetnames,
            ["Tickets", "Purchase request", "Items of Purchase request", "Long texts"],
        )
        (row,) = self.table("Purchase request")
        self.assertEqual(list(row)[: len(BEFORE)], BEFORE)
        self.assertEqual(
            list(row)[len(BEFORE) :],
            ["What?", "Amount (amount)", "amount (net)", "Day", "Moment", "Kind", "Kinds",
             "Title (sure)", "Document", "Items"],
        )  # fmt: skip
        self.assertEqual(row["Number"], ticket.pk)
        self.assertEqual(row["Amount (amount)"], 12.5)
        self.assertEqual(row["amount (net)"], "9007199254740991")
        self.assertEqual(row["Day"].date().isoformat(), "2026-03-31")
        self.assertIsInstance(row["Moment"], datetime)
        self.assertEqual((row["Kind"], row["Kinds"]), ("=First", "x, y"))
        self.assertEqual((row["Title (sure)"], row["Document"], row["Items"]), ("no", None, 2))

    def test_an_answer_of_100_000_characters_is_all_there(self) -> None:
        self.assertGreater(len(LONG), 100_000)
        self.new_ticket(DATA)
        parts = list(self.book()["Long texts"].iter_rows(min_row=2, values_only=True))
        self.assertEqual("".join(str(part[1]) for part in parts), LONG)
        self.assertEqual({part[2:] for part in parts}, {("Purchase request", "M2")})
        (row,) = self.table("Purchase request")
        self.assertIn("[long text 1: all of it stands in parts", row["What?"])

    def test_records_have_a_row_each_with_the_tickets_number(self) -> None:
        first, second = (
            self.new_ticket(DATA),
            self.new_ticket({"what": "x", "items": [{"price": 1}]}),
        )
        self.assertEqual(
            sorted(
                self.table("Items of Purchase request"), key=lambda row: (row["Ticket"], row["Row"])
            ),
            [
                {"Ticket": first.pk, "Row": 1, "Name": "=Desk", "Price": 3},
                {"Ticket": first.pk, "Row": 2, "Name": "Chair", "Price": None},
                {"Ticket": second.pk, "Row": 1, "Name": None, "Price": 1},
            ],
        )

    def test_a_record_that_is_none_is_told_all_the_same(self) -> None:
        ticket = self.new_ticket({"what": "x"})
        Ticket.objects.filter(pk=ticket.pk).update(data={"items": ["Desk", {"price": "much"}]})
        rows = self.table("Items of Purchase request")
        self.assertEqual([row["Name"] for row in rows], ["Desk", None])
        self.assertEqual([row["Price"] for row in rows], [None, "much"])

    def test_every_version_has_its_columns_the_newest_first(self) -> None:
        old = self.new_ticket(DATA)
        newer = make_type(version=2, fields=NEWER)
        new = self.new_ticket({"what": "y", "total": 5, "items": [{"count": 2}]}, newer)
        rows = {row["Number"]: row for row in self.table("Purchase request")}
        self.assertEqual(
            list(rows[old.pk])[len(BEFORE) :],
            ["Things", "What exactly?", "Amount (total)", "Amount (amount)", "amount (net)", "Day",
             "Moment", "Kind", "Kinds", "Title (sure)", "Document"],
        )  # fmt: skip
        self.assertEqual(rows[old.pk]["Kind"], "=First")
        self.assertEqual((rows[new.pk]["Amount (total)"], rows[new.pk]["Kind"]), (5, None))
        self.assertEqual(
            {
                (row["Ticket"], row["Count"], row["Name"])
                for row in self.table("Things of Purchase request")
            },
            {(old.pk, None, "=Desk"), (old.pk, None, "Chair"), (new.pk, 2, None)},
        )

    def test_each_type_has_a_sheet_of_its_own(self) -> None:
        other = make_type("other", fields=[{"name": "x", "label": "X", "type": "text"}])
        self.new_ticket({"what": "a"})
        self.new_ticket({"x": "b"}, other)
        names = self.book().sheetnames
        self.assertEqual(
            [name for name in names if "Items" not in name],
            ["Tickets", "Purchase request", "Purchase request (2)"],
        )
        self.assertEqual(len(self.table("Tickets")), 2)
        self.assertNotIn("Data", self.table("Tickets")[0])

    def test_only_types_that_the_list_shows_are_told(self) -> None:
        other = make_type("other", fields=[{"name": "x", "label": "Hidden", "type": "text"}])
        kept = self.new_ticket({"what": "a"})
        self.new_ticket({"x": "b"}, other)
        book = self.book(f"?q={kept.pk}")
        self.assertEqual(
            book.sheetnames, ["Tickets", "Purchase request", "Items of Purchase request"]
        )
        self.assertEqual(self.book("?q=nothing-like-it").sheetnames, ["Tickets"])

    def test_answers_that_do_not_fit_their_questions_are_told_all_the_same(self) -> None:
        odd: list[tuple[JsonObject, dict[str, Json]]] = [
            ({"amount": "much"}, {"Amount (amount)": "much"}),
            ({"day": "soon", "moment": "2026-13-01"}, {"Day": "soon", "Moment": "2026-13-01"}),
            ({"moment": "9999-12-31T23:59:59-12:00"}, {}),
            ({"kind": "gone"}, {"Kind": "gone"}),
            ({"forgotten": {"a": 1}}, {"forgotten": '{"a": 1}'}),
            ({"items": "x", "sure": "maybe"}, {"Items": "x", "Title (sure)": "maybe"}),
            ({"day": "1776-07-04"}, {"Day": "1776-07-04"}),
        ]
        ticket = self.new_ticket({"what": "x"})
        for data, wanted in odd:
            Ticket.objects.filter(pk=ticket.pk).update(data=data)
            with self.subTest(data):
                (row,) = self.table("Purchase request")
                self.assertEqual({name: row[name] for name in wanted}, wanted)
        no_objects: list[Json] = [[], 5, "x"]
        for broken in no_objects:
            Ticket.objects.filter(pk=ticket.pk).update(data=broken)
            for kind in (XLSX, CSV, JSON):
                self.assertEqual(self.export(kind).status_code, 200)


class OtherFormatsTests(AnswersCase):
    def test_csv_is_a_file_for_each_table(self) -> None:
        self.new_ticket(DATA)
        answer = self.export(CSV)
        self.assertIn(".zip", answer["Content-Disposition"])
        archive = zipfile.ZipFile(io.BytesIO(answer.getvalue()))
        self.assertEqual(
            sorted(archive.namelist()),
            ["1 Tickets.csv", "2 Purchase request.csv", "3 Items of Purchase request.csv"],
        )
        text = archive.read("2 Purchase request.csv").decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        self.assertEqual(row["Kind"], "'=First")
        self.assertEqual(row["What?"].replace("''=", "=").lstrip("'"), LONG)

    def test_json_has_the_data_as_it_is_kept(self) -> None:
        self.new_ticket(DATA)
        (row,) = json.loads(self.export(JSON).getvalue())
        self.assertEqual(row["Data"], DATA)


class BoundsTests(AnswersCase):
    def test_no_query_is_made_for_each_ticket(self) -> None:
        counts = []
        for _round in range(2):
            for _number in range(4):
                self.new_ticket(DATA)
            with CaptureQueriesContext(connection) as queries:
                self.export(XLSX)
            counts.append(sum(not each["sql"].startswith("SET ") for each in queries))
        self.assertEqual(*counts)

    def test_many_tickets_do_not_stand_in_memory(self) -> None:
        ticket = self.new_ticket({"what": "x" * 20_000})
        ticket = Ticket.objects.get(pk=ticket.pk)
        rows = [
            Ticket(
                title="x", definition_id=ticket.definition_id, workflow_id=ticket.workflow_id,
                data=ticket.data, created_by_id=ticket.created_by_id,
            )
            for _number in range(400)
        ]  # fmt: skip
        Ticket.objects.bulk_create(rows)
        del rows
        for kind in (XLSX, CSV, JSON):
            tracemalloc.start()
            try:
                answer = self.export(kind)
                _now, most = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            with self.subTest(kind):
                self.assertEqual(answer.status_code, 200)
                self.assertLess(most, 6_500_000)  # of 8 MB that are written


class WhoMayTests(AnswersCase):
    def test_only_ticket_admins(self) -> None:
        self.new_ticket(DATA)
        for person in (self.alice, self.wendy, self.uma, self.carla, self.root):
            self.log_in(person)
            for kind in (XLSX, CSV, JSON):
                with self.subTest(person=person.email, kind=kind):
                    self.assertEqual(self.export(kind).status_code, 403)

    def test_charlie_sees_nothing(self) -> None:
        self.new_ticket(DATA)
        self.log_in(self.charlie)
        self.assertEqual(self.book().sheetnames, ["Tickets"])
        self.assertEqual(self.table("Tickets"), [])
        archive = zipfile.ZipFile(io.BytesIO(self.export(CSV).getvalue()))
        self.assertEqual(archive.namelist(), ["1 Tickets.csv"])

    def test_the_page_says_what_is_in_the_file(self) -> None:
        page = self.client.get(EXPORT)
        self.assertContains(page, "one for each ticket type with a column for each question")


class HeadingTests(CompanyTestCase):
    def test_labels_that_look_alike_have_their_names(self) -> None:
        columns = [
            ("a", "Cost"),
            ("b", "cost\u00a0"),
            ("c", "Other"),
            ("d", "\u200b"),
            ("e", "Number"),
        ]
        self.assertEqual(
            headings_of(columns, taken=["Number"]),
            ["Cost (a)", "cost (b)", "Other", "d", "Number (e)"],
        )
