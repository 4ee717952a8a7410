from __future__ import annotations

from unittest import TestCase

from workflows.bundles import Problem, check_bundle
from workflows.engine.process import Json, JsonObject


def bundle(condition: Json, *, with_default: bool = True) -> JsonObject:
    """A workflow whose one task asks for a value of each type, and one condition."""
    question: list[Json] = [
        {"name": name, "label": name.title(), "type": kind, "required": True}
        for name, kind in (("ok", "boolean"), ("sum", "number"), ("why", "text"), ("day", "date"))
    ]
    question += [
        {"name": "proof", "type": "file", "required": True},
        {"name": "place", "type": "choice", "choices": ["Ghent", "Bruges"], "required": True},
        {"name": "tags", "type": "choices", "choices": ["old", "new"], "required": True},
        {
            "name": "lines",
            "type": "records",
            "required": True,
            "fields": [{"name": "price", "type": "number", "required": True}],
        },
    ]
    transitions: list[Json] = [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "end", "label": "first", "condition": condition},
    ]
    if with_default:
        transitions.append({"from": "ask", "to": "end", "label": "else", "priority": 1})
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow"},
        "tasks": [{"key": "ask", "title": "Ask", "fields": question}],
        "transitions": transitions,
        "ticket_types": [{"key": "flow", "title": "Flow"}],
    }


def compare(operator: str, name: str, value: Json) -> Json:
    return {operator: [{"var": f"tasks.ask.{name}"}, value]}


class ComparisonTests(TestCase):
    def problems(self, condition: Json, *, with_default: bool = True) -> list[Problem]:
        return check_bundle(bundle(condition, with_default=with_default))

    def test_unlike_types_are_refused_at_the_condition(self) -> None:
        conditions: list[Json] = [
            compare("==", "sum", "1000"),
            compare(">", "sum", "many"),
            compare("===", "ok", "yes"),
            compare("==", "ok", 1),
            compare("<", "why", 3),
            compare("!=", "day", 20260131),
            compare("==", "why", {"var": "tasks.ask.sum"}),
            {"!": [{"and": [compare("==", "ok", True), compare("==", "ok", "true")]}]},
            {"==": [{"var": "number"}, "7"]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertTrue(problem.is_error)
                self.assertEqual(problem.path, ("transitions", 1, "condition"))

    def test_lists_files_records_and_what_operators_give_have_types_too(self) -> None:
        lines: Json = {"var": "tasks.ask.lines"}
        tags: Json = {"var": "tasks.ask.tags"}
        conditions: list[Json] = [
            compare("==", "tags", "old"),
            compare("==", "proof", "scan.pdf"),
            {"==": [{"var": "tasks.ask.proof.filename"}, 5]},
            {"==": [{"var": "tasks.ask.lines.0.price"}, "5"]},
            {"==": [{"var": ["tasks.ask.sum", 0]}, "5"]},
            {">": [{"+": [{"var": "tasks.ask.sum"}, 1]}, "5"]},
            {"==": [{"length": [lines]}, "2"]},
            {"in": [5, tags]},
            {"in": ["old", {"var": "tasks.ask.sum"}]},
            {"in": [{"var": "tasks.ask.sum"}, ["5"]]},
            {"some": [lines, {"==": [{"var": "price"}, "5"]}]},
            {"none": [tags, {"==": [{"var": ""}, 5]}]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertTrue(problem.is_error)
                self.assertEqual(problem.path, ("transitions", 1, "condition"))

    def test_what_gives_neither_true_nor_false_is_refused(self) -> None:
        conditions: list[Json] = [
            {"var": "tasks.ask.why"},
            {"var": "tasks.ask.sum"},
            {"+": [{"var": "tasks.ask.sum"}, 1]},
            {"cat": ["a", {"var": "tasks.ask.why"}]},
            {"filter": [{"var": "tasks.ask.lines"}, {">": [{"var": "price"}, 5]}]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertTrue(problem.is_error)
                self.assertIn("must be true or false", problem.message)

    def test_a_value_where_a_condition_belongs_is_refused(self) -> None:
        either: Json = {"or": [compare("==", "place", "Ghent"), "Bruges"]}  # as it is spoken
        conditions: list[Json] = [
            either,
            {"and": [either, compare(">", "sum", 5)]},
            {"and": [compare(">", "sum", 5), 7]},
            {"!": [either]},
            {"if": [{"var": "tasks.ask.ok"}, either, False]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertTrue(problem.is_error)
                self.assertIn(problem.found, ("Bruges", 7))

    def test_a_text_that_is_no_date_is_refused(self) -> None:
        (problem,) = self.problems(compare(">", "day", "31.12.2026"))
        self.assertTrue(problem.is_error)
        self.assertIn("2026-12-31", problem.message)

    def test_a_value_that_is_no_choice_is_a_warning_with_the_nearest(self) -> None:
        conditions: list[Json] = [
            compare("==", "place", "ghent"),
            {"in": [{"var": "tasks.ask.place"}, ["Bruges", "ghent"]]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                (problem,) = self.problems(condition)
                self.assertFalse(problem.is_error)
                self.assertEqual((problem.found, problem.nearest), ("ghent", "Ghent"))

    def test_a_field_that_the_records_do_not_have_is_refused(self) -> None:
        rule: Json = {"some": [{"var": "tasks.ask.lines"}, {">": [{"var": "prize"}, 5]}]}
        (problem,) = self.problems(rule)
        self.assertTrue(problem.is_error)
        self.assertEqual(problem.nearest, "price")

    def test_rules_of_questions_and_transforms_are_compared_as_well(self) -> None:
        document = bundle(None)
        task = document["tasks"][0]  # type: ignore[index]
        rules: list[Json] = [{"==": [{"var": "sum"}, "5"]}, {"var": "why"}]
        for rule in rules:
            task["fields"][1]["visible_when"] = None  # type: ignore[index,call-overload]
            task["fields"][3]["visible_when"] = rule  # type: ignore[index,call-overload]
            with self.subTest(rule):
                (problem,) = [each for each in check_bundle(document) if each.is_error]
                self.assertEqual(problem.path, ("tasks", 0, "fields", 3, "visible_when"))
        document = bundle(None)
        document["tasks"].append(  # type: ignore[union-attr]
            {
                "key": "call",
                "title": "Call",
                "task_type": "SYNC_ACTION",
                "action_url": "https://calls.example/hook",
                "input_transform": {"big": {">": [{"var": "tasks.ask.sum"}, "5"]}, "day": "x"},
            }
        )
        document["transitions"][1]["to"] = "call"  # type: ignore[index,call-overload]
        document["transitions"].append({"from": "call", "to": "end"})  # type: ignore[union-attr]
        (problem,) = [each for each in check_bundle(document) if each.is_error]
        self.assertEqual(problem.path, ("tasks", 1, "input_transform"))

    def test_the_sentence_says_what_is_what(self) -> None:
        (problem,) = self.problems(compare("==", "sum", "1000"))
        self.assertIn("“tasks.ask.sum” is a number", problem.message)
        self.assertIn("which is a text", problem.message)
        self.assertEqual((problem.found, problem.expected), ("1000", "a number"))

    def test_like_types_and_what_is_not_known_pass(self) -> None:
        conditions: list[Json] = [
            compare("===", "ok", True),
            compare(">=", "sum", 10.5),
            compare("==", "why", "because"),
            compare("<", "day", "2026-01-31"),
            compare("==", "ok", None),
            {">": [{"+": [{"var": "tasks.ask.sum"}, 1]}, 5]},
            {"==": [{"var": "submitter.email"}, "uma@acme.example"]},
            compare("==", "place", "Ghent"),
            {"in": ["old", {"var": "tasks.ask.tags"}]},
            {"in": ["gh", {"var": "tasks.ask.why"}]},
            {"in": [{"var": "tasks.ask.place"}, ["Ghent", "Bruges"]]},
            {"some": [{"var": "tasks.ask.lines"}, {">": [{"var": "price"}, 5]}]},
            {"!!": [{"missing": ["tasks.ask.why"]}]},
            {"or": [{"var": "tasks.ask.ok"}, compare(">", "sum", 5)]},
            {"==": [{"length": [{"var": "tasks.ask.lines"}]}, 2]},
        ]
        for condition in conditions:
            with self.subTest(condition):
                self.assertEqual(self.problems(condition), [])

    def test_a_condition_that_is_no_condition_is_refused(self) -> None:
        conditions: list[Json] = ["text", 3, [1]]
        for condition in conditions:
            with self.subTest(condition):
                self.assertTrue(any(each.is_error for each in self.problems(condition)))

    def test_conditions_without_a_default_are_refused(self) -> None:
        (problem,) = self.problems(compare(">", "sum", 10), with_default=False)
        self.assertTrue(problem.is_error)
        self.assertIn("Every transition from", problem.message)
