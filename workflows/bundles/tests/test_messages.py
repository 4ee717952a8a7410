"""Mails in a document: checked, kept in one spelling, compared, described, written into a cell."""

from __future__ import annotations

import copy
from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.problems import Problem
from workflows.bundles.outline.for_requester import is_for_requester
from workflows.bundles.outline.outline import Outline
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.task_notes import task_notes
from workflows.bundles.unfinished import storage_problems
from workflows.workbooks.cells.lines import UnreadableCellError
from workflows.workbooks.cells.mails import read_mail, write_mail


def document(**message: Any) -> dict[str, Any]:
    fields = [
        {"name": "supplier", "label": "Supplier", "type": "email", "required": True},
        {"name": "buyer", "label": "Buyer", "type": "person"},
        {"name": "amount", "label": "Amount", "type": "number"},
        {"name": "quote", "label": "Quote", "type": "file"},
    ]
    mail = {
        "who": "answer",
        "answer": "ticket.supplier",
        "subject": "Order {number}",
        "text": 'Please deliver {ticket.amount or "nothing"}.',
        **message,
    }
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "order", "title": "Order", "fields": fields},
        "tasks": [
            {
                "key": "check",
                "title": "Check it",
                "fields": [
                    {"name": "note", "label": "Note", "type": "text"},
                    {"name": "open", "label": "Open", "type": "text", "seen_by": "requester"},
                ],
            },
            {
                "key": "send",
                "title": "Send it",
                "task_type": "MESSAGE",
                "message": {name: each for name, each in mail.items() if each is not None},
            },
        ],
        "transitions": [
            {"from": "start", "to": "check"},
            {"from": "check", "to": "send"},
            {"from": "send", "to": "end"},
        ],
        "ticket_types": [{"key": "order", "title": "Order"}],
    }


def problems(**message: Any) -> list[tuple[str, str]]:
    found = check_bundle(document(**message))
    return [("/".join(map(str, each.path[2:])), each.message) for each in found]


def listed(rule: Any, who: str) -> dict[str, Any]:
    """A mail for each entry of a list."""
    mail = {"answer": None, "who": who, "text": "{item.what}"}
    made = document(**mail, **({"email": "a@example.com"} if who == "address" else {}))
    check, send = made["tasks"]
    what = {"name": "what", "label": "What", "type": "text", "required": True}
    rows = {"label": "Rows", "type": "records", "fields": [what], "required": True}
    made["workflow"]["fields"].append({**rows, "name": "lines"})
    check["fields"] += [
        {**rows, "name": "rows"},
        {**rows, "name": "told", "seen_by": "requester"},
    ]
    count: dict[str, Any] = {"key": "count", "title": "Count", "task_type": "VALUES"}
    count["values"] = {"rows": {"var": "tasks.check.rows"}}
    block: dict[str, Any] = {"key": "each", "title": "Each", "task_type": "BLOCK", "for_each": rule}
    block["branches"] = [{"key": "one", "title": "One", "start": "send"}]
    made["tasks"] = [check, count, block, {**send, "branch": "each.one"}]
    made["transitions"] = [
        {"from": "start", "to": "check"},
        {"from": "check", "to": "count"},
        {"from": "count", "to": "each"},
        {"from": "each", "to": "end"},
        {"from": "send", "to": "end"},
    ]
    return made


def for_each(rule: Any, who: str) -> list[Problem]:
    return check_bundle(listed(rule, who))


class CheckTest(SimpleTestCase):
    def test_it_is_in_order(self) -> None:
        self.assertEqual(problems(), [])
        self.assertEqual(
            problems(answer="ticket.buyer", text="{check.note}")[0][0], "message/answer"
        )
        self.assertEqual(problems(who="requester", answer=None, text="{check.open}"), [])
        self.assertEqual(problems(files=["ticket.quote"]), [])

    def test_what_cannot_work_is_found(self) -> None:
        for message, place, part in (
            ({"who": None}, "message/who", "Say who gets the mail"),
            ({"answer": None}, "message/answer", "Name the question"),
            ({"answer": "ticket.suplier"}, "message/answer", "Did you mean “ticket.supplier”?"),
            ({"answer": "ticket.amount"}, "message/answer", "is no question for a person"),
            ({"who": "requester"}, "message/answer", "does not go with"),
            ({"who": "role", "answer": None}, "message/who", "candidate_role"),
            (
                {"who": "address", "answer": None, "email": "x"},
                "message/email",
                "no e-mail address",
            ),
            ({"who": "doer", "answer": None, "task": "send"}, "message/task", ""),
            ({"subject": None}, "message/subject", "Write a subject"),
            ({"subject": "a\nBcc: b@example.com"}, "message/subject", "one line"),
            ({"text": None}, "message/text", "Write a text"),
            ({"text": "{ticket.amout}"}, "message/text", "Did you mean “ticket.amount”?"),
            ({"text": "{chek.note}"}, "message/text", "there is no task of this key"),
            ({"text": "{ticket}"}, "message/text", "is no single answer"),
            ({"text": "{tasks.check}"}, "message/text", "is no single answer"),
            ({"text": "{open"}, "message/text", "A single “{”"),
            ({"text": "{1 + 1}"}, "message/text", "names no answer"),
            ({"files": ["ticket.amount"]}, "message/files/0", "is no question for a file"),
            ({"text": "x" * 10_001}, "message/text", "10000 characters"),
            ({"wo": 1}, "message/wo", "There is no “wo” here"),
        ):
            with self.subTest(message):
                found = [text for where, text in problems(**message) if where == place]
                self.assertTrue(any(part in text for text in found), problems(**message))

    def test_what_the_team_alone_sees_is_warned_of(self) -> None:
        (found,) = check_bundle(document(text="{check.note} {check.open}"))
        self.assertFalse(found.is_error)
        self.assertIn("somebody outside", found.message)
        (found,) = check_bundle(document(who="requester", answer=None, text="{check.note}"))
        self.assertIn("it is left out", found.message)

    def test_an_entry_is_as_open_as_its_list(self) -> None:
        team, told = "tasks.check.rows", "tasks.check.told"
        inner: dict[str, Any] = {"filter": [{"var": told}, {"==": [{"var": "what"}, "a"]}]}
        mixed: dict[str, Any] = {
            "filter": [{"var": told}, {"==": [{"var": "what"}, {"var": team}]}]
        }
        for rule, is_warned in (
            ({"var": "ticket.lines"}, False),
            ({"var": told}, False),
            (inner, False),
            ({"var": team}, True),
            ({"if": [{"var": team}, {"var": team}, {"var": told}]}, True),
            (mixed, False),  # within a loop a name is one of the entry
            ({"var": "tasks.count.rows"}, True),
            ({"var": "tasks"}, True),
            ({"var": {"cat": ["tasks.check.", "rows"]}}, True),
        ):
            for who in ("requester", "address"):
                with self.subTest(rule, who=who):
                    found = for_each(rule, who)
                    warned = [each for each in found if "for the team alone" in each.message]
                    self.assertEqual(bool(warned), is_warned, found)
                    self.assertTrue(all(each.path[:2] == ("tasks", 3) for each in warned))

    def test_an_entry_of_a_list_in_an_entry_is_as_open_as_both(self) -> None:
        for name, is_open in (("told", True), ("rows", False)):
            made = listed({"var": f"tasks.check.{name}"}, "requester")
            block, send = made["tasks"][2:4]
            inner = {
                **block,
                "key": "inner",
                "branch": "each.one",
                "for_each": {"var": "item.what"},
            }
            inner["branches"] = [{"key": "two", "title": "Two", "start": "send"}]
            block["branches"][0]["start"] = "inner"
            send["branch"] = "inner.two"
            made["tasks"].append(inner)
            self.assertEqual(is_for_requester(Outline(made), "send", "item.what"), is_open)
            self.assertEqual(is_for_requester(Outline(made), "check", "item.what"), False)

    def test_what_steps_compute_is_the_teams(self) -> None:
        outline = Outline(listed({"var": "ticket.lines"}, "requester"))
        for name, is_open in (
            ("ticket.amount", True),
            ("item_number", True),
            ("tasks.check.open", True),
            ("tasks.check.note", False),
            ("tasks.count.rows", False),
            ("tasks.nobody.x", False),
            ("earlier.check", False),
            ("", False),
        ):
            with self.subTest(name):
                self.assertEqual(is_for_requester(outline, "send", name), is_open)

    def test_what_the_recipient_has_answered_is_no_secret(self) -> None:
        asked = document(text="{check.note}")
        asked["tasks"][0]["assign_to"] = {"who": "outside", "answer": "ticket.supplier"}
        self.assertEqual(check_bundle(asked), [])

    def test_no_json_makes_it_fail(self) -> None:
        wrong: list[Any] = [1, [], "x", {"who": 1}, {"text": 1, "files": [1, None]}, {"files": "x"}]
        for said in wrong:
            broken = document()
            broken["tasks"][1]["message"] = said
            with self.subTest(said):
                self.assertTrue(check_bundle(broken))
        half = document()
        half["tasks"][1]["message"] = {"who": "answer", "answer": "x", "text": "{"}
        self.assertEqual(storage_problems(half), [])


class FormsTest(SimpleTestCase):
    def test_one_spelling(self) -> None:
        made = canonical(document())
        self.assertEqual(as_text(canonical(copy.deepcopy(made))), as_text(made))
        theirs: Any = document()
        theirs["tasks"][1]["task_type"] = "e-mail"
        theirs["tasks"][1]["mail"] = {
            "to": "answer", "question": "ticket.supplier", "subject": "Order {number}",
            "body": 'Please deliver {ticket.amount or "nothing"}.',
        }  # fmt: skip
        del theirs["tasks"][1]["message"]
        ours = in_our_words(theirs)
        self.assertEqual(ours.problems, [])
        self.assertEqual(as_text(canonical(ours.document)), as_text(made))  # type: ignore[arg-type]

    def test_changes_are_told_by_their_part(self) -> None:
        old, new = (
            canonical(document()),
            canonical(document(subject="New", who="requester", answer=None)),
        )
        told = {
            each.where.rsplit(": ", 1)[-1]: (each.old, each.new)
            for each in describe_changes(differences(old, new), old=old, new=new)
        }
        self.assertIn(("Order {number}", "New"), told.values())

    def test_the_picture_says_who_gets_it(self) -> None:
        self.assertEqual(task_notes(document())["send"], ["to whoever “Supplier” names"])

    def test_a_cell_holds_it(self) -> None:
        made: Any = canonical(document(files=["ticket.quote"]))
        mail = made["tasks"][1]["message"]
        written = write_mail(mail)
        assert written is not None
        self.assertEqual(
            written.splitlines()[:4],
            ["to: answer ticket.supplier", "subject: Order {number}", "files: ticket.quote", ""],
        )
        self.assertEqual(read_mail(written), mail)
        for text, said in (
            ("to: orders@example.com", {"who": "address", "email": "orders@example.com"}),
            ("To: ticket.supplier", {"who": "answer", "answer": "ticket.supplier"}),
            ("to: the requester", {"who": "requester"}),
        ):
            self.assertEqual(read_mail(text), said)
        for text in ("Hello", "to: whoever comes", "subjekt: x"):
            with self.assertRaises(UnreadableCellError):
                read_mail(text)
