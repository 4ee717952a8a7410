from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.bundles import Problem, Severity, check_bundle

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def fixture(name: str) -> dict[str, Any]:
    path = settings.BASE_DIR / "fixtures" / f"{name}.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    del document["tests"]  # they would report the same problems once more
    return document


def at(problems: list[Problem], place: str) -> list[Problem]:
    return [each for each in problems if each.place == place]


class CheckBundleTest(SimpleTestCase):
    def check(self, change: Callable[[dict[str, Any]], object], name: str = "invoice") -> Any:
        document = fixture(name)
        change(document)
        return check_bundle(document)

    def assert_only(
        self, problems: list[Problem], place: str, words: str, *, nearest: str = ""
    ) -> None:
        found = [(each.place, each.message) for each in problems]
        self.assertEqual([each.place for each in problems], [place], found)
        self.assertIn(words, problems[0].message)
        self.assertEqual(problems[0].nearest, nearest)

    def test_the_shipped_bundles_have_no_problems(self) -> None:
        for name in ("invoice", "vacation", "it_help"):
            with self.subTest(name):
                self.assertEqual(check_bundle(fixture(name)), [])

    def test_only_an_end_has_an_outcome(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["transitions"][0]["outcome"] = "bad"

        self.assert_only(self.check(spoil), "transitions[0].outcome", "Only an end")

    def test_an_outcome_is_one_of_three(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["transitions"][-1]["outcome"] = "sad"

        self.assert_only(
            self.check(spoil, "vacation"), "transitions[2].outcome", "good, neutral, bad"
        )

    def test_who_sees_an_answer_is_said_by_the_questions_of_tasks(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["workflow"]["fields"][0]["seen_by"] = "requester"
            inner = {"name": "inner", "type": "text", "seen_by": "requester"}
            document["tasks"][0]["fields"] += [
                {"name": "who", "type": "text", "seen_by": "requestr"},
                {"name": "rows", "type": "records", "fields": [inner]},
            ]

        problems = self.check(spoil, "vacation")
        self.assertEqual(
            [each.place for each in problems],
            [
                "workflow.fields[0].seen_by",
                "tasks[0].fields[2].seen_by",
                "tasks[0].fields[3].fields[0].seen_by",
            ],
        )
        self.assertEqual(problems[1].nearest, "requester")

    def test_lists_show_answers_of_the_ticket_alone(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["workflow"]["fields"][0]["listed"] = True
            document["workflow"]["fields"][1]["listed"] = "perhaps"
            document["tasks"][0]["fields"][0]["listed"] = True

        places = [each.place for each in self.check(spoil, "vacation")]
        self.assertEqual(places, ["workflow.fields[1].listed", "tasks[0].fields[0].listed"])

    def test_a_priority_comes_from_a_choice_of_priorities(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["workflow"]["fields"] += [
                {"name": "urgency", "type": "choice", "choices": ["low", "urgent"]},
                {"name": "colour", "type": "choice", "choices": ["low", "blue"]},
            ]
            names = ("urgency", "colour", "urgenci", "first_day")
            document["ticket_types"] = [
                {"key": name, "title": name, "priority_from": name, "icon": "savings"}
                for name in names
            ]
            document["ticket_types"][0] |= {"priority": "high", "icon": "saving"}

        problems = [each for each in self.check(spoil, "vacation") if each.is_error]
        self.assertEqual(
            [each.place for each in problems],
            [
                "ticket_types[0].icon",
                "ticket_types[1].priority_from",
                "ticket_types[2].priority_from",
                "ticket_types[3].priority_from",
            ],
        )
        self.assertEqual([each.nearest for each in problems[:3]], ["savings", "", "urgency"])

    def test_all_problems_are_told_at_once_in_the_order_of_the_document(self) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["workflow"]["fields"][1]["type"] = "numbr"
            document["tasks"][0]["candidate_role"] = "Aprover"
            document["transitions"][1]["to"] = "prepare_bank_transfr"

        problems = self.check(spoil)
        self.assertEqual(
            [(each.place, each.nearest) for each in problems if each.is_error],
            [
                ("workflow.fields[1].type", "number"),
                ("tasks[0].candidate_role", "Approver"),
                ("transitions[1].to", "prepare_bank_transfer"),
            ],
        )

    def test_a_place_is_told_in_words(self) -> None:
        problems = self.check(lambda d: d["tasks"][0]["fields"][0].update(type="bool"))
        self.assertEqual(
            problems[0].where,
            "Task “Approve the invoice” (approve_invoice), "
            "question “Do you approve this invoice?” (approved), type",
        )
        self.assertEqual(problems[0].found, "bool")

    def test_an_unknown_name_is_refused_with_the_nearest(self) -> None:
        problems = self.check(lambda d: d["tasks"][3].update(acton_url="x"))
        self.assert_only(
            problems, "tasks[3].acton_url", "no “acton_url” here", nearest="action_url"
        )

    def test_a_missing_name_is_told(self) -> None:
        problems = self.check(lambda d: d["workflow"].pop("title"))
        self.assert_only(problems, "workflow.title", "is missing")

    def test_another_format_and_version_are_refused(self) -> None:
        problems = self.check(lambda d: d.update(format="bpmn", format_version=2))
        self.assertEqual([each.place for each in problems], ["format", "format_version"])

    def test_keys_are_used_once(self) -> None:
        problems = self.check(lambda d: d["ticket_types"].append(d["ticket_types"][0]))
        self.assert_only(problems, "ticket_types[1].key", "used twice")

    def test_start_and_end_are_no_task_keys(self) -> None:
        problems = self.check(lambda d: d["tasks"][0].update(key="start"))
        self.assertIn("Choose another key", at(problems, "tasks[0].key")[0].message)

    def test_company_roles_differ_by_more_than_case(self) -> None:
        problems = self.check(lambda d: d["company_roles"].append({"name": "APPROVER"}))
        self.assertTrue(at(problems, "company_roles[3].name")[0].is_error)

    def test_a_role_that_nothing_names_is_a_warning(self) -> None:
        problems = self.check(lambda d: d["company_roles"].append({"name": "Board"}))
        self.assertEqual([each.severity for each in problems], [Severity.WARNING])

    def test_a_call_that_is_answered_later_may_read_its_callback_address(self) -> None:
        def later(document: dict[str, Any]) -> None:
            document["tasks"][3].update(
                task_type="ASYNC_ACTION",
                input_transform={"answer_to": {"var": "callback.url"}},
                output_transform={"document": {"var": "response.body.id"}},
            )

        self.assertEqual(self.check(later), [])

    def test_an_answer_that_comes_later_has_no_status(self) -> None:
        template = {"status": {"var": "response.status"}}
        for task_type, wrong in (("SYNC_ACTION", 0), ("ASYNC_ACTION", 1)):
            document = fixture("invoice")
            document["tasks"][3].update(task_type=task_type, output_transform=template)
            problems = check_bundle(document)
            self.assertEqual(len(at(problems, "tasks[3].output_transform")), wrong)

    def test_a_call_that_is_answered_at_once_has_no_callback_address(self) -> None:
        template = {"answer_to": {"var": "callback.url"}}
        problems = self.check(lambda d: d["tasks"][3].update(input_transform=template))
        self.assertIn("callback.url", at(problems, "tasks[3].input_transform")[0].message)

    def test_a_form_needs_fields(self) -> None:
        problems = self.check(lambda d: d["tasks"][1].pop("fields"))
        self.assertIn("needs a form", at(problems, "tasks[1].fields")[0].message)

    def test_an_action_needs_an_address_that_may_be_called(self) -> None:
        self.assert_only(
            self.check(lambda d: d["tasks"][3].pop("action_url")),
            "tasks[3].action_url",
            "needs the address",
        )
        for url in ("ftp://x.example/", "javascript:alert(1)", "http://user:pw@x.example/", "x"):
            with self.subTest(url):
                document = fixture("invoice")
                document["tasks"][3]["action_url"] = url
                problems = check_bundle(document)
                self.assertEqual([each.place for each in problems], ["tasks[3].action_url"])

    def test_links_lead_to_web_addresses_only(self) -> None:
        problems = self.check(
            lambda d: d["workflow"]["ext_ref"][0].update(uri="javascript:alert(1)")
        )
        self.assert_only(problems, "workflow.ext_ref[0].uri", "http://")

    def test_presets_must_fit_the_fields(self) -> None:
        problems = self.check(
            lambda d: d["ticket_types"][0].update(presets={"catgory": "Misc", "amount": -1})
        )
        self.assertEqual(
            [(each.place, each.nearest) for each in problems],
            [
                ("ticket_types[0].presets.catgory", "category"),
                ("ticket_types[0].presets.amount", ""),
            ],
        )

    def test_schemas_of_calls_are_checked(self) -> None:
        problems = self.check(lambda d: d["tasks"][3].update(input_schema={"type": "objekt"}))
        self.assertEqual([each.place for each in problems], ["tasks[3].input_schema.type"])

    def test_it_survives_anything_that_json_can_hold(self) -> None:
        documents: tuple[object, ...] = (
            None,
            1,
            "text",
            [],
            {},
            [[]],
            {"workflow": 1, "tasks": {}},
        )
        for document in documents:
            with self.subTest(document):
                self.assertTrue(check_bundle(document))

    def test_values_that_cannot_be_kept_are_refused(self) -> None:
        for value in (float("nan"), float("inf"), 2**70, "a\x00b", "\ud800"):
            with self.subTest(repr(value)):
                document = fixture("invoice")
                document["ticket_types"][0]["presets"] = {"amount": value}
                problems = check_bundle(document)
                self.assertEqual(
                    [each.place for each in problems], ["ticket_types[0].presets.amount"]
                )

    def test_very_many_entries_are_refused_quickly(self) -> None:
        document = fixture("invoice")
        document["tasks"] = [{"key": f"t{index}", "title": "T"} for index in range(20_000)]
        self.assertIn("at most 300", at(check_bundle(document), "tasks")[0].message)

    def test_deep_nesting_is_refused(self) -> None:
        deep: Any = None
        for _level in range(5_000):
            deep = [deep]
        self.assertIn("nested too deeply", check_bundle({"workflow": deep})[0].message)

    @given(JSON)
    @examples(100)
    def test_any_json_is_answered_with_problems(self, document: object) -> None:
        problems = check_bundle(document)
        self.assertTrue(all(each.message and each.where for each in problems))
        self.assertTrue(any(each.is_error for each in problems))

    @given(st.data())
    @examples(250)
    def test_any_value_at_any_place_is_survived(self, data: st.DataObject) -> None:
        document = fixture(data.draw(st.sampled_from(["invoice", "vacation", "it_help"])))
        part: Any = document
        while True:
            steps = list(part) if isinstance(part, dict) else list(range(len(part)))
            step = data.draw(st.sampled_from(steps))
            if (
                not part[step]
                or not isinstance(part[step], dict | list)
                or data.draw(st.integers(0, 3)) == 0
            ):
                break
            part = part[step]
        part[step] = data.draw(JSON)
        for problem in check_bundle(document):
            self.assertTrue(problem.message)
            self.assertTrue(problem.where)
            self.assertIsInstance(problem.found_text, str)


class FlowTest(SimpleTestCase):
    """The transitions between the tasks."""

    def check(
        self, *transitions: tuple[Any, ...], calls: Collection[str] = ()
    ) -> list[tuple[str, bool, str]]:
        """Check two tasks a and b, a yes/no field each, with transitions (from, to, condition)."""
        form = {"fields": [{"name": "ok", "type": "boolean", "required": True}]}
        call = {"task_type": "SYNC_ACTION", "action_url": "https://api.example.com/"}
        document = {
            "format": "ticketflower-bundle",
            "format_version": 1,
            "workflow": {"key": "w", "title": "W"},
            "tasks": [
                {"key": key, "title": key, **(call if key in calls else form)} for key in "ab"
            ],
            "transitions": [
                {"from": source, "to": target, "condition": rule[0] if rule else None}
                for source, target, *rule in transitions
            ],
            "ticket_types": [{"key": "w", "title": "W"}],
        }
        return [(each.place, each.is_error, each.message) for each in check_bundle(document)]

    def assert_problem(
        self, found: list[tuple[str, bool, str]], place: str, words: str, *, error: bool = True
    ) -> None:
        self.assertEqual([each[:2] for each in found], [(place, error)], found)
        self.assertIn(words, found[0][2])

    def test_a_straight_way_is_fine(self) -> None:
        self.assertEqual(self.check(("start", "a"), ("a", "b"), ("b", "end")), [])

    def test_something_must_leave_the_start(self) -> None:
        found = self.check(("a", "b"), ("b", "end"))
        self.assert_problem(found, "transitions", "leaves the start")

    def test_every_task_must_be_reachable(self) -> None:
        found = self.check(("start", "a"), ("a", "end"), ("b", "end"))
        self.assert_problem(found, "tasks[1]", "No transition leads from the start")

    def test_every_task_needs_a_way_out(self) -> None:
        found = self.check(("start", "a"), ("a", "b"))
        self.assertEqual(found[-1][:2], ("tasks[1]", True))
        self.assertIn("No transition leaves this task", found[-1][2])

    def test_a_loop_needs_an_exit(self) -> None:
        found = self.check(("start", "a"), ("a", "b"), ("b", "a"))
        self.assertEqual([each[0] for each in found], ["tasks[0]", "tasks[1]"])
        self.assertIn("the end cannot be reached", found[0][2])

    def test_nothing_leaves_the_end_or_leads_to_the_start(self) -> None:
        found = self.check(("start", "a"), ("a", "start"), ("end", "b"), ("b", "end"))
        self.assertEqual([each[0] for each in found], ["transitions[1].to", "transitions[2].from"])

    def test_conditions_without_a_default_are_an_error(self) -> None:
        rule = {"==": [{"var": "ticket.x"}, 1]}
        found = self.check(("start", "a"), ("a", "b", {"var": "tasks.a.ok"}), ("b", "end"))
        self.assert_problem(found, "transitions[1]", "Every transition from “a”", error=True)
        self.assertIn("ticket.x", self.check(("start", "a", rule), ("a", "b"), ("b", "end"))[-1][2])

    def test_conditions_that_cover_each_other_need_no_default(self) -> None:
        yes = {"var": "tasks.a.ok"}
        for one, other in (
            (yes, {"!": yes}),
            (yes, {"!": [yes]}),
            ({"==": [yes, True]}, {"==": [False, yes]}),
            ({"==": [yes, True]}, {"!=": [yes, True]}),
            (yes, {"===": [yes, False]}),
            ({">": [1, 2]}, {"!": {">": [1, 2]}}),
        ):
            with self.subTest((one, other)):
                found = self.check(
                    ("start", "a"), ("a", "b", one), ("a", "end", other), ("b", "end")
                )
                self.assertEqual(found, [])

    def test_a_way_behind_an_unconditional_one_is_a_warning(self) -> None:
        found = self.check(("start", "a"), ("a", "b"), ("a", "end"), ("b", "end"))
        self.assert_problem(found, "transitions[2]", "never taken", error=False)

    def test_a_way_that_is_never_taken_leads_nowhere(self) -> None:
        found = self.check(("start", "a"), ("a", "b"), ("b", "a"), ("b", "end"))
        errors = [place for place, is_error, _message in found if is_error]
        self.assertEqual(errors, ["tasks[0]", "tasks[1]"])
        found = self.check(("start", "a"), ("a", "end"), ("a", "b"), ("b", "end"))
        errors = [place for place, is_error, _message in found if is_error]
        self.assertEqual(errors, ["tasks[1]"])
        found = self.check(("start", "a"), ("a", "b", False), ("a", "end"), ("b", "end"))
        self.assert_problem(found, "tasks[1]", "No transition leads from the start")

    def test_calls_that_lead_back_to_themselves_are_a_warning(self) -> None:
        wrong = {"!=": [{"var": ["tasks.b.status", 0]}, 200]}
        few = {"<": [{"var": "visits.a"}, 3]}
        for calls, condition, is_told in (
            ({"a", "b"}, wrong, True),
            ({"b"}, wrong, False),
            ({"a", "b"}, {"and": [wrong, few]}, False),
        ):
            with self.subTest(calls=calls, condition=condition):
                found = self.check(
                    ("start", "a"), ("a", "b"), ("b", "a", condition), ("b", "end"), calls=calls
                )
                told = [place for place, _is_error, message in found if "come back" in message]
                self.assertEqual(told, ["transitions[1]"] if is_told else [])

    def test_how_often_a_task_was_begun_is_read_of_tasks_that_there_are(self) -> None:
        for name, is_wrong in (("visits.a", False), ("visits.c", True), ("visits.a.b", True)):
            with self.subTest(name):
                condition = {"<": [{"var": name}, 3]}
                found = self.check(("start", "a"), ("a", "a", condition), ("a", "end"))
                self.assertEqual(bool([each for each in found if "visits" in each[2]]), is_wrong)

    def test_a_condition_that_is_simply_true_is_a_default(self) -> None:
        yes = {"var": "tasks.a.ok"}
        found = self.check(("start", "a"), ("a", "b", yes), ("a", "end", True), ("b", "end"))
        self.assertEqual(found, [])

    def test_a_condition_that_does_not_compile_is_refused(self) -> None:
        found = self.check(("start", "a"), ("a", "b", {"vra": "x"}), ("a", "end"), ("b", "end"))
        self.assertEqual(found[0][:2], ("transitions[1].condition", True))


class RuleTest(SimpleTestCase):
    """What conditions and transforms read."""

    def check(self, name: str, rule: Any) -> list[Problem]:
        document = fixture("invoice")
        if name == "condition":
            document["transitions"][5].update(condition=rule, priority=1)
            document["transitions"].append(
                {"from": "prepare_bank_transfer", "to": "archive_invoice", "priority": 2}
            )
        else:
            document["tasks"][3][name] = rule
        return check_bundle(document)

    def test_what_is_provided_can_be_read(self) -> None:
        names = (
            "ticket.amount",
            "tasks.prepare_bank_transfer.transfer_reference",
            "tasks.approve_invoice.approved",
            "submitter.email",
            "company.name",
            "number",
        )
        for name in names:
            with self.subTest(name):
                self.assertEqual(self.check("condition", {"==": [{"var": name}, None]}), [])
                self.assertEqual(self.check("input_transform", {"value": {"var": name}}), [])

    def test_what_nothing_provides_is_refused_with_the_nearest(self) -> None:
        for name, nearest in (
            ("ticket.amont", "ticket.amount"),
            ("tasks.aprove_invoice.approved", "tasks.approve_invoice"),
            ("tasks.approve_invoice.aproved", "tasks.approve_invoice.approved"),
            ("submitter.mail", "submitter.email"),
            ("amount", "ticket.amount"),
            ("approve_invoice.approved", "tasks.approve_invoice.approved"),
            ("number.x", ""),
        ):
            with self.subTest(name):
                problems = self.check("input_transform", {"value": {"var": name}})
                self.assertEqual(
                    [(each.place, each.nearest, each.is_error) for each in problems],
                    [("tasks[3].input_transform", nearest, True)],
                )

    def test_a_task_that_comes_later_cannot_be_read(self) -> None:
        problems = self.check("condition", {"==": [{"var": "tasks.archive_invoice.id"}, 1]})
        self.assertIn("never done before that", problems[0].message)

    def test_a_task_that_is_not_always_done_before_is_a_warning(self) -> None:
        name = "tasks.invoice_clarification.clarified"
        for rule, expected in (
            ({"==": [{"var": name}, True]}, [Severity.WARNING]),
            ({"==": [{"var": [name, False]}, True]}, []),
            ({"and": [{"!": {"missing": [name]}}, {"var": name}]}, []),
        ):
            with self.subTest(rule):
                problems = self.check("condition", rule)
                self.assertEqual([each.severity for each in problems], expected)

    def test_a_field_that_may_have_no_answer_is_a_warning(self) -> None:
        problems = self.check("input_transform", {"text": {"var": "tasks.approve_invoice.comment"}})
        self.assertEqual([each.severity for each in problems], [Severity.WARNING])
        with_fallback = {"text": {"var": ["tasks.approve_invoice.comment", ""]}}
        self.assertEqual(self.check("input_transform", with_fallback), [])

    def test_only_the_output_transform_reads_the_response(self) -> None:
        rule = {"id": {"var": "response.body.id"}}
        self.assertEqual(self.check("output_transform", rule), [])
        self.assertIn("response", self.check("input_transform", rule)[0].message)

    def test_a_transform_makes_an_object(self) -> None:
        self.assertIn("makes an object", self.check("input_transform", ["a"])[0].message)

    def test_a_transform_that_does_not_compile_is_refused(self) -> None:
        problems = self.check("input_transform", {"a": {"+": "x" * 60_000}})
        self.assertEqual([each.place for each in problems], ["tasks[3].input_transform"])


class DeepCopyTest(SimpleTestCase):
    def test_checking_changes_nothing(self) -> None:
        document = fixture("it_help")
        before = copy.deepcopy(document)
        check_bundle(document)
        self.assertEqual(document, before)
