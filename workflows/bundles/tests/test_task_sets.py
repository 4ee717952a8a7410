from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase
from hypothesis import given

from tenants.testing_tools.examples import examples
from workflows.bundles import canonical, check_bundle
from workflows.bundles.task_sets import (
    lasting_problems,
    put_tasks_into,
    task_set_problems,
    tasks_of,
)
from workflows.bundles.tests.bundle_strategies import JSON, bundles
from workflows.engine.process import JsonObject
from workflows.workbooks import FileType, read_tasks, write_tasks
from workflows.workbooks.tests.workbook_files import FIXTURES, shipped

NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))


class ShippedTests(SimpleTestCase):
    """What holds of the tasks of every workflow that comes with the program."""

    def each(self) -> list[tuple[str, JsonObject]]:
        self.assertTrue(NAMES)
        return [(name, shipped(name)) for name in NAMES]

    def test_taken_out_and_put_back_nothing_changes(self) -> None:
        for name, whole in self.each():
            with self.subTest(name):
                put = put_tasks_into(whole, tasks_of(whole))
                self.assertEqual(canonical(put.document), whole)
                self.assertEqual(lasting_problems(put), [])

    def test_every_format_gives_the_same_tasks(self) -> None:
        for name, whole in self.each():
            tasks = tasks_of(whole)
            for kind in FileType:
                with self.subTest(name=name, kind=kind):
                    content = write_tasks(tasks, kind, around=whole)
                    reading = read_tasks(content, f"a.{kind}", around=whole)
                    self.assertEqual(reading.problems, [])
                    assert isinstance(reading.document, dict)
                    self.assertEqual(canonical(reading.document), tasks)
                    self.assertEqual(task_set_problems(reading.document, key=self.key(whole)), [])

    def test_one_task_leaves_the_others(self) -> None:
        for name, whole in self.each():
            keys = [each["key"] for each in self.tasks(whole)]
            one = tasks_of(whole, keys=keys[-1:])
            self.tasks(one)[0]["title"] = "Changed"
            put = put_tasks_into(whole, one)
            with self.subTest(name):
                self.assertEqual([each["key"] for each in self.tasks(put.document)], keys)
                self.assertEqual(self.tasks(put.document)[:-1], self.tasks(whole)[:-1])
                self.assertEqual(put.moved["tasks", 0], ("tasks", len(keys) - 1))
                for part in ("workflow", "transitions", "ticket_types", "tests"):
                    self.assertEqual(put.document.get(part), whole.get(part))

    def tasks(self, document: JsonObject) -> list[Any]:
        found: Any = document["tasks"]
        return list(found)

    def key(self, whole: JsonObject) -> str:
        workflow: Any = whole["workflow"]
        return str(workflow["key"])


class MadeUpTests(SimpleTestCase):
    @given(made=bundles())
    @examples(60)
    def test_every_format_gives_the_same_tasks(self, made: JsonObject) -> None:
        whole = canonical(made)
        tasks = tasks_of(whole)
        for kind in FileType:
            content = write_tasks(tasks, kind, around=whole)
            reading = read_tasks(content, f"a.{kind}", around=whole)
            assert isinstance(reading.document, dict)
            self.assertEqual(reading.problems, [], kind)
            self.assertEqual(canonical(reading.document), tasks, kind)


class AnythingTests(SimpleTestCase):
    @given(value=JSON)
    @examples(200)
    def test_any_document_is_refused_or_can_be_put_in_and_checked(self, value: object) -> None:
        whole = shipped("vacation")
        for document in (value, {"tasks": value}, {"tasks": [value]}, {"tasks": [{"key": value}]}):
            if not task_set_problems(document, key="x"):
                assert isinstance(document, dict)
                put = put_tasks_into(whole, document)
                lasting_problems(put)
                check_bundle(put.document)
