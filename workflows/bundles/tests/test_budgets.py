"""What a definition may cost, in every format, with the message where the fault is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from unittest.mock import patch

from django.test import SimpleTestCase

from tenants.testing_tools.effort import steps_of
from workflows.authoring.gallery.processes import gallery
from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.reading import MAX_PARTS, read_bundle
from workflows.bundles.trying.cases import run_document_test_cases
from workflows.bundles.unfinished import new_workflow_document
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.bounds import assumed
from workflows.engine.rules.budget import MOST_WORK_TOGETHER, one_budget
from workflows.engine.rules.rule_cost import ASSUMED_ITEMS, ASSUMED_SIZE, MOST_OUTPUT, check_cost
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.schemas import json_schema
from workflows.engine.schemas.pattern_cost import MOST_BYTES_OF_DOCUMENT, pattern_cost
from workflows.errors import UnreadableBundleError
from workflows.workbooks import FileType, read_document, write_document

ACCUMULATOR: Json = {"var": "accumulator"}
TREE: Json = {"reduce": [list(range(60)), [ACCUMULATOR, ACCUMULATOR], 1]}


def document() -> JsonObject:
    return new_workflow_document(key="budget", title="Budget")


def with_rules() -> JsonObject:
    made: JsonObject = json.loads(json.dumps(document()))
    made["tasks"].append(  # type: ignore[union-attr]
        {
            "key": "call",
            "title": "Call",
            "task_type": "SYNC_ACTION",
            "action_url": "https://example.com/x",
            "input_transform": {"tree": TREE},
        }
    )
    made["transitions"] = [
        {"from": "start", "to": "handle", "condition": {"!!": [{"cat": [TREE]}]}},
        {"from": "start", "to": "handle", "priority": 9},
        {"from": "handle", "to": "call"},
        {"from": "call", "to": "end"},
    ]
    return made


def values(part: Json, names: tuple[str, ...]) -> Iterator[Json]:
    if isinstance(part, dict):
        for name, each in part.items():
            if name in names and each:
                yield each
            yield from values(each, names)
    elif isinstance(part, list):
        for each in part:
            yield from values(each, names)


class PlaceTests(SimpleTestCase):
    def test_a_rule_that_makes_too_much_is_refused_at_its_place_in_every_format(self) -> None:
        made = with_rules()
        places = {("tasks", 1, "input_transform"), ("transitions", 0, "condition")}
        for file_type in FileType:
            with self.subTest(file_type=file_type):
                reading = read_document(write_document(made, file_type), f"a.{file_type}")
                found = [each for each in check_bundle(reading.document) if each.is_error]
                self.assertEqual({each.path for each in found}, places)
                for each in found:
                    self.assertRegex(each.message, "does too much work")

    def test_patterns_of_all_forms_and_schemas_count_together(self) -> None:
        made = json.loads(json.dumps(document()))
        made["tasks"] = [
            {
                "key": f"t{n}",
                "title": f"T {n}",
                "fields": [{"name": "a", "type": "text", "pattern": rf"\p{{L}}{{1,40}}x{n}"}],
            }
            for n in range(40)
        ]
        schema = {"properties": {"a": {"pattern": r"\p{L}{1,40}y"}}}
        made["tasks"].append({"key": "c", "title": "C", "output_schema": schema})
        with patch.object(json_schema, "_compile", side_effect=AssertionError):
            found = [each for each in check_bundle(made) if "too large together" in each.message]
        allowed = MOST_BYTES_OF_DOCUMENT // pattern_cost(r"\p{L}{1,40}x0").size
        self.assertEqual(found[0].path, ("tasks", allowed, "fields", 0, "pattern"))
        last = ("tasks", 40, "output_schema", "properties", "a", "pattern")
        self.assertEqual(found[-1].path, last)


class PartsTests(SimpleTestCase):
    def test_a_document_of_very_many_values_is_not_read(self) -> None:
        many = ",".join(["[]"] * (MAX_PARTS + 1))
        keys = "".join(f"k{n}: 1\n" for n in range(MAX_PARTS + 10))
        for content in (f"[{many}]", keys):
            with self.assertRaisesRegex(UnreadableBundleError, "more than 200000 values"):
                read_document(content.encode(), "")
        with self.assertRaisesRegex(UnreadableBundleError, "more than 200000 values"):
            read_bundle(f"[{many}]".encode())
        [problem] = check_bundle({"tasks": [1] * (MAX_PARTS + 1)})
        self.assertIn("more than 200000 values", problem.message)


class RunTests(SimpleTestCase):
    def test_all_test_cases_have_one_budget(self) -> None:
        rows: Json = [{"t": "x" * 500}] * 500
        template: Json = {"x": {"sort": [{"var": "l"}, True, {"var": "t"}]}}
        with one_budget(MOST_WORK_TOGETHER // 50):
            made = 0
            try:
                for _time in range(50):
                    apply_transform(template, {"l": rows})
                    made += 1
            except Exception as error:
                self.assertIn("too much work", str(error))
        self.assertGreater(made, 0)
        self.assertLess(made, 50)

    def test_a_run_of_test_cases_is_bounded(self) -> None:
        steps = steps_of(partial(run_document_test_cases, document()))
        self.assertLess(steps, 1_000_000)

    def test_checking_very_many_dear_rules_is_bounded(self) -> None:
        made = json.loads(json.dumps(document()))
        rule: Json = "x"
        for name in ("current", "current", "ticket.request"):
            rule = {"reduce": [{"var": name}, {"cat": [ACCUMULATOR, rule]}, ""]}
        made["transitions"][-1]["priority"] = 9
        made["transitions"] += [
            {"from": "handle", "to": "end", "condition": {"==": [rule, str(n)]}} for n in range(30)
        ]
        with one_budget(MOST_WORK_TOGETHER // 100):
            steps = steps_of(partial(self._is_refused, made))
        self.assertLess(steps, 5_000_000)

    def _is_refused(self, made: JsonObject) -> None:
        problems = check_bundle(made)
        refused = [each.path[1] for each in problems if "too much work" in each.message]
        self.assertNotIn(2, refused)  # one by itself is all right
        self.assertIn(31, refused)


class OrdinaryTests(SimpleTestCase):
    def test_the_gallery_stays_far_below_every_budget(self) -> None:
        small = assumed(ASSUMED_SIZE, ASSUMED_ITEMS)
        rules = patterns = 0
        for each in (process for category in gallery() for process in category.processes):
            for rule in values(
                each.document,
                ("condition", "visible_when", "input_transform", "output_transform"),
            ):
                rules += 1
                cost = check_cost(rule, small)
                self.assertLess(cost.size, MOST_OUTPUT / 1_000)
                check_cost(rule, assumed(1_000))  # for which nothing is looked at when it runs
            found = [str(one) for one in values(each.document, ("pattern",))]
            patterns += len(found)
            total = sum(pattern_cost(one).size for one in found)
            self.assertLess(total, MOST_BYTES_OF_DOCUMENT / 20)
        self.assertGreater(rules, 20)
