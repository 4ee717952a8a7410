"""Transitions that are taken when a ticket is cancelled: read, checked, described, drawn, tried."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, read_bundle_file, run_document_test_cases
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.problems import Severity
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.unfinished import drawable_process
from workflows.engine.process import Json, JsonObject
from workflows.picture.graph import draw_process
from workflows.workbooks.documents import read_workbook, write_workbook

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "gallery"


def order() -> dict[str, Any]:
    """The order of the gallery, whose money and goods come back when it is cancelled."""
    document = read_bundle_file(FOLDER / "order.json")
    assert isinstance(document, dict)
    return copy.deepcopy(document)


def as_object(value: Json) -> JsonObject:
    assert isinstance(value, dict)
    return value


def way(document: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    found = document["transitions"]
    return next(each for each in found if (each["from"], each["to"]) == (source, target))


class CancelWayTests(SimpleTestCase):
    def setUp(self) -> None:
        self.document = order()

    def problems(self) -> list[str]:
        return [each.message for each in check_bundle(self.document)]

    def assert_problem(self, *parts: str) -> None:
        found = self.problems()
        self.assertTrue(any(all(part in each for part in parts) for each in found), found)

    def test_it_is_accepted(self) -> None:
        self.assertEqual(self.problems(), [])

    def test_it_is_taken_for_one_thing(self) -> None:
        way(self.document, "start", "refund")["after"] = "P1D"
        self.assert_problem("one of these")

    def test_what_cleans_up_is_a_flow_of_its_own(self) -> None:
        way(self.document, "put_back", "end")["to"] = "send"
        self.assert_problem("leads to", "a task of the usual flow, too")

    def test_it_does_not_leave_what_cleans_up(self) -> None:
        self.document["transitions"].append({"from": "refund", "to": "end", "on_cancel": True})
        self.assert_problem("the ticket is cancelled already")

    def test_what_may_not_have_been_done_is_asked_for_first(self) -> None:
        way(self.document, "start", "refund")["condition"] = {"==": [{"var": "tasks.pay.id"}, "1"]}
        found = [each for each in check_bundle(self.document) if "tasks.pay" in each.message]
        self.assertEqual([each.severity for each in found], [Severity.WARNING])

    def test_other_words_mean_it_and_the_order_is_ours(self) -> None:
        ways = way(self.document, "start", "refund")
        ways["when_withdrawn"] = ways.pop("on_cancel")
        spelt = as_object(in_our_words(self.document).document)
        self.assertEqual(canonical(spelt), canonical(order()))

    def test_a_workbook_holds_it(self) -> None:
        made = canonical(self.document)
        self.assertEqual(canonical(as_object(read_workbook(write_workbook(made)).document)), made)

    def test_what_was_changed_is_said(self) -> None:
        old, new = order(), self.document
        del way(new, "start", "put_back")["on_cancel"]
        changes = describe_changes(differences(old, new), old=old, new=new)
        self.assertEqual([(each.old, each.new) for each in changes], [("yes", "no")])

    def test_the_picture_begins_a_second_time(self) -> None:
        picture = str(draw_process(drawable_process(self.document)))
        self.assertIn("If cancelled", picture)
        self.assertNotIn("Not reached from the start", picture)

    def test_test_cases_cancel(self) -> None:
        results = run_document_test_cases(canonical(self.document))
        cancelled = [each for each in results if each.expected.status == "CANCELLED"]
        self.assertEqual([each.reason for each in cancelled], ["", ""])
        self.assertEqual(self.problems(), [])

    def test_the_second_cancel_changes_nothing(self) -> None:
        case = self.document["tests"][-1]
        case["answers"][-1:] = [{"task": "put_back", "cancel": True}, {"task": "put_back"}]
        self.document["tests"] = [case]
        (result,) = run_document_test_cases(canonical(self.document))
        self.assertEqual(result.reason, "")

    def test_where_nothing_applies_it_ends(self) -> None:
        del self.document["transitions"][-3]
        case = self.document["tests"][-1]
        case["answers"].pop()
        case["expect"] = {"path": ["stock", "pay", "ask"], "status": "CANCELLED"}
        self.document["tests"] = [case]
        (result,) = run_document_test_cases(canonical(self.document))
        self.assertEqual(result.reason, "")

    def test_a_cancel_says_nothing_else(self) -> None:
        self.document["tests"][0]["answers"] = [{"task": "stock", "cancel": True, "after": "P1D"}]
        self.assert_problem("nothing is done", "“after”")
