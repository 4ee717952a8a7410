"""Transitions that are taken when a call fails: read, checked, described and drawn."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, read_bundle_file, run_document_test_cases
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.spelling import as_spelt
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.telling.readable import readable_rules
from workflows.bundles.unfinished import drawable_process
from workflows.engine.process import Json
from workflows.picture.graph import draw_process

FOLDER = Path(settings.BASE_DIR) / "fixtures" / "gallery"


def order() -> dict[str, Any]:
    document = read_bundle_file(FOLDER / "order.json")
    assert isinstance(document, dict)
    return copy.deepcopy(document)


def way(document: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    found = document["transitions"]
    return next(each for each in found if (each["from"], each["to"]) == (source, target))


class FailureWayTests(SimpleTestCase):
    def setUp(self) -> None:
        self.document = order()

    def problems(self) -> list[str]:
        return [each.message for each in check_bundle(self.document)]

    def assert_problem(self, *parts: str) -> None:
        found = self.problems()
        self.assertTrue(any(all(part in each for part in parts) for each in found), found)

    def test_it_may_only_leave_a_call(self) -> None:
        for source, target in (("look", "decline"), ("start", "stock")):
            with self.subTest(source):
                self.document = order()
                way(self.document, source, target)["on_failure"] = True
                self.assert_problem("Only a call to another system can fail.")

    def test_it_waits_for_no_time(self) -> None:
        way(self.document, "stock", "look")["after"] = "P1D"
        self.assert_problem("after a time or when a call fails, not both")

    def test_failure_is_read_nowhere_else(self) -> None:
        way(self.document, "look", "pay")["condition"] = {"==": [{"var": "failure.status"}, 402]}
        self.assert_problem("“failure.status”", "when a call fails")

    def test_what_is_read_of_it_must_be_there(self) -> None:
        ask = way(self.document, "pay", "ask")
        cases: list[tuple[Any, str]] = [
            ({"==": [{"var": "failure.state"}, 402]}, "failure.state"),
            ({"==": [{"var": "failure.status.x"}, 402]}, "nothing stands beneath"),
            ({"==": [{"var": "failure.answer.code"}, 4]}, "may not have"),
            ({"==": [{"var": "failure.reason"}, "refuse"]}, "“refuse” is not among the choices"),
            ({"==": [{"var": "failure.status"}, "402"]}, "is compared with"),
            ({"==": [{"var": "tasks.pay.id"}, "402"]}, "tasks.pay"),
        ]
        for condition, expected in cases:
            with self.subTest(condition):
                ask["condition"] = condition
                self.assert_problem(expected)

    def test_later_conditions_read_how_a_call_failed(self) -> None:
        again = way(self.document, "ask", "pay")
        status: Json = {"var": ["failures.pay.status", 0]}
        again["condition"] = {"and": [{"var": "tasks.ask.again"}, {"==": [status, 402]}]}
        self.assertEqual(self.problems(), [])
        results = run_document_test_cases(canonical(self.document))
        self.assertEqual([each.reason for each in results], [""] * len(results))
        cases: list[tuple[Any, str]] = [
            ({"==": [{"var": "failures.pay.status"}, 402]}, "may not have failed"),
            ({"==": [{"var": "failures.ask.status"}, 402]}, "“failures” there are only these"),
            ({"==": [{"var": ["failures.pay.code", 0]}, 402]}, "there are only these"),
            ({"==": [{"var": ["failures.pay.status", 0]}, "402"]}, "is compared with"),
        ]
        for condition, expected in cases:
            with self.subTest(condition):
                again["condition"] = condition
                self.assert_problem(expected)

    def test_one_behind_another_that_is_always_taken(self) -> None:
        del way(self.document, "pay", "ask")["condition"]
        self.assert_problem("never taken: the one to “Ask the customer")

    def test_what_only_a_failure_leads_to_is_reached(self) -> None:
        self.assertEqual(self.problems(), [])
        found = self.document["transitions"]
        self.document["transitions"] = [each for each in found if each["to"] != "look"]
        self.assert_problem("No transition leads from the start to this task.")

    def test_a_call_that_fails_and_leads_back_to_itself(self) -> None:
        way(self.document, "pay", "find_out")["to"] = "pay"
        self.assert_problem("From “Take the payment” the workflow can come back to it")

    def test_a_time_at_a_call_that_has_ended_before(self) -> None:
        pay = next(each for each in self.document["tasks"] if each["key"] == "pay")
        pay |= {"task_type": "ASYNC_ACTION", "timeout_seconds": 60, "retries": 1}
        late = {"from": "pay", "to": "find_out", "after": "P2D", "priority": 9}
        self.document["transitions"].append(late)
        self.assert_problem("the call ends before. It is tried 2 times, with 60 seconds")
        late["after"] = "PT1M"
        self.assertFalse([each for each in self.problems() if "ends before" in each])

    def test_other_words_for_it(self) -> None:
        for word in ("on error", "Otherwise", "onFailure", "when it fails"):
            with self.subTest(word):
                transition: Json = {"from": "a", "to": "b", word: True}
                made = in_our_words({"transitions": [transition]}).document
                self.assertEqual(
                    made, {"transitions": [{"from": "a", "to": "b", "on_failure": True}]}
                )

    def test_it_is_left_out_where_it_says_nothing(self) -> None:
        way(self.document, "look", "pay")["on_failure"] = False
        self.assertEqual(as_spelt(canonical(self.document)), as_spelt(canonical(order())))

    def test_its_condition_can_be_read(self) -> None:
        rules = {each.sentence: each.text for each in readable_rules(self.document)}
        self.assertIn("status of the failed call is 402", rules)
        self.assertIn("failure.status = 402", rules.values())
        self.assertIn("reason of the failure is not “refused”", rules)

    def test_a_comparison_says_what_changed(self) -> None:
        new = order()
        del way(new, "stock", "look")["on_failure"]
        changes = describe_changes(differences(order(), new), old=order(), new=new)
        self.assertEqual([(each.old, each.new) for each in changes], [("yes", "no")])

    def test_the_picture_says_it(self) -> None:
        picture = str(draw_process(drawable_process(self.document)))
        # And two for when the order is cancelled.
        self.assertEqual(picture.count("flow-edge flow-failing"), 3 + 2)
        self.assertIn("if the call fails: refused", picture)

    def test_an_answer_that_does_not_fit_is_a_failure_too(self) -> None:
        case = self.document["tests"][0]
        case["answers"][1] = {"task": "pay", "output": {"number": 7}}
        case["expect"] = {"path": ["stock", "pay", "find_out"], "status": "WAITING"}
        self.document["tests"] = [case]
        (result,) = run_document_test_cases(self.document)
        self.assertEqual(result.reason, "")

    def test_a_failure_that_has_no_way_is_an_error(self) -> None:
        case = self.document["tests"][0]
        case["answers"][1] = {"task": "pay", "status": 404, "output": {"error": "gone"}}
        case["expect"] = {"path": ["stock", "pay"], "status": "ERROR"}
        self.document["tests"] = [case]
        (result,) = run_document_test_cases(self.document)
        self.assertEqual(result.reason, "")

    def test_test_cases_of_failures_are_checked(self) -> None:
        case = self.document["tests"][0]
        cases: list[tuple[Any, str]] = [
            ({"task": "send", "status": 402}, "Only calls fail"),
            ({"task": "pay", "error": "No.", "output": {"id": "7"}}, "A call that fails has no"),
            ({"task": "pay", "status": 700}, "599"),
            ({"task": "pay", "reason": "bored"}, "unusable_answer"),
        ]
        for answer, expected in cases:
            with self.subTest(answer):
                case["answers"] = [answer]
                found = [
                    f"{each.message} {each.expected}"
                    for each in check_bundle(self.document)
                    if each.path[0] == "tests"
                ]
                self.assertTrue(any(expected in each for each in found), found)
