"""Every type of task, at every place that has to do with types; and nobody else lists them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import SimpleTestCase
from django.urls import reverse
from django.utils.functional import Promise

from tenants.testing import CompanyTestCase
from workflows.bundles import check_bundle
from workflows.bundles.document.canonical import SCHEMA
from workflows.engine.process import Json, JsonObject, Process, TaskSpec
from workflows.engine.simulate import TaskRules
from workflows.engine.task_types import (
    AT_ONCE_TYPES,
    BLOCK_TYPES,
    CALL_TYPES,
    FORM_TYPES,
    SUBTICKET_TYPES,
    WAIT_TYPES,
    WRITTEN_TYPES,
    TaskType,
)
from workflows.fields.answers.validation import validate_fields
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.picture.graph import draw_process
from workflows.task_types import SCREENS, task_type_choices
from workflows.workbooks.cells.kind import Scope, read_cell
from workflows.workbooks.cells.kinds import TASK_TYPE
from workflows.workbooks.sheets.tasks import TASKS

# What a task of each type is made of.
PARTS: dict[str, Any] = {
    "fields": {"fields": [{"name": "ok", "label": "OK?", "type": "boolean"}]},
    "action_url": {"action_url": "https://accounting.example/invoices"},
    "approvers": {"approvers": {"manager": True}},
    "branches": {"branches": [{"key": "a", "title": "A", "start": "inner"}]},
    "wait": {"wait": "P1D"},
    "ticket_type": {"ticket_type": "other"},
    "values": {"values": {"total": 1}},
    "message": {"message": {"who": "requester", "subject": "Ready", "text": "It is ready."}},
    "table": {
        "table": {
            "inputs": [{"name": "a", "value": {"var": "number"}, "type": "number"}],
            "outputs": [{"name": "b"}],
            "rows": [{"when": [""], "then": ["c"]}],
        }
    },
}
NAMES = {each.value for each in TaskType}


def bundle(task: JsonObject, **transition: Json) -> JsonObject:
    """With what stands in its branch, where it has one."""
    has_branch = task.get("task_type") in BLOCK_TYPES and "branches" in task
    inner: JsonObject = {"key": "inner", "title": "Inner", "branch": "do.a"}
    ways: list[Json] = [{"from": "start", "to": "do"}, {"from": "do", "to": "end"}]
    ways += [{"from": "inner", "to": "end"}] if has_branch else []
    ways += [{"from": "do", "to": "end", **transition}] if transition else []
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow"},
        "tasks": [{"key": "do", "title": "Do it", **task}, *([inner] if has_branch else [])],
        "transitions": ways,
    }


class DeclarationTests(SimpleTestCase):
    def test_each_type_has_its_rules_and_its_screen(self) -> None:
        self.assertEqual(list(SCREENS), list(TaskType))
        for task_type in TaskType:
            with self.subTest(task_type):
                self.assertIn(task_type.rules.needs, task_type.rules.uses)
                self.assertIs(TaskType[task_type.value], task_type)
                screen = SCREENS[task_type]
                self.assertTrue(screen.icon)
                for name in ("title", "name", "chip", "choice", "missing", "expected"):
                    self.assertIsInstance(getattr(screen, name), Promise)
        for name in ("icon", "title", "name", "chip", "choice"):
            texts = [str(getattr(screen, name)) for screen in SCREENS.values()]
            self.assertEqual(len(set(texts)), len(texts), name)

    def test_a_person_does_it_or_a_system_or_it_holds_branches_or_waits(self) -> None:
        kinds = (FORM_TYPES, CALL_TYPES, BLOCK_TYPES, WAIT_TYPES, SUBTICKET_TYPES, AT_ONCE_TYPES)
        self.assertEqual([each for kind in kinds for each in kind], list(TaskType))
        self.assertTrue(all(kinds))

    def test_a_definition_that_names_none_has_a_form(self) -> None:
        for name in (None, ""):
            self.assertIs(TaskType.named(name), TaskType.FORM)
        strangers: tuple[object, ...] = ("form", "ROBOT", 7, ["FORM"], {})
        for stranger in strangers:
            self.assertIsNone(TaskType.named(stranger))

    def test_nobody_else_compares_with_a_type(self) -> None:
        """What a type means is asked of it, so that another one needs no other module."""
        declared = {"workflows/engine/task_types.py", "workflows/task_types.py"}
        for path, tree in _modules():
            if path not in declared:
                for node in ast.walk(tree):
                    if isinstance(node, ast.Compare):
                        named = {*_named(node.left)}.union(*map(_named, node.comparators))
                        self.assertFalse(named & NAMES, f"{path}:{node.lineno}")
                    elif isinstance(node, ast.Dict):
                        keys = {name for key in node.keys if key for name in _named(key)}
                        self.assertFalse(keys & NAMES, f"{path}:{node.lineno}")
                    elif isinstance(node, ast.keyword) and "task_type" in (node.arg or ""):
                        self.assertFalse({*_named(node.value)} & NAMES, f"{path}:{node.lineno}")

    def test_the_editors_scripts_ask_the_server(self) -> None:
        for path in (Path(settings.BASE_DIR) / "workflows").rglob("*.js"):
            text = path.read_text(encoding="utf-8")
            for name in NAMES:
                self.assertNotIn(f'"{name}"', text, path)


class DocumentTests(SimpleTestCase):
    def test_the_format_of_bundles_knows_them(self) -> None:
        text = str(SCHEMA)
        for name in WRITTEN_TYPES:
            self.assertIn(f"'{name}'", text)

    def test_each_is_complete_with_what_it_needs_and_told_what_it_lacks(self) -> None:
        for task_type in WRITTEN_TYPES:
            needed = task_type.rules.needs
            task: JsonObject = {"task_type": task_type.value}
            with self.subTest(task_type):
                self.assertEqual(self.errors(bundle({**task, **PARTS[needed]})), [])
                (problem,) = [each for each in check_bundle(bundle(task)) if each.is_error]
                self.assertEqual(problem.message, str(SCREENS[task_type].missing))
                self.assertEqual(problem.path[-1], needed)

    def test_what_a_type_does_not_use_is_told(self) -> None:
        values: dict[str, Json] = {
            "fields": PARTS["fields"]["fields"],
            "candidate_role": "Accounting",
            "assign_to": {"to": "requester"},
            "action_url": PARTS["action_url"]["action_url"],
            "input_transform": {"a": 1},
            "output_transform": {"a": 1},
            "input_schema": {"type": "object"},
            "output_schema": {"type": "object"},
            "branches": PARTS["branches"]["branches"],
            "ends_when": "any",
            "for_each": {"var": "ticket.a"},
            "order": "in_order",
            "most": 5,
            "hide_answers": True,
            "wait": "P1D",
            "answered_by": "ticket.a",
            "ticket_type": "other",
            "wait_for_end": True,
            "values": PARTS["values"]["values"],
            "table": PARTS["table"]["table"],
            "edits": [{"field": "a"}],
            "reminders": [{"when": "P1D"}],
            "approvers": {"manager": True},
            "needed": "all",
            "never": ["requester"],
            "message": PARTS["message"]["message"],
            "assistant": {"account": "Invoice bot"},
        }
        for task_type in WRITTEN_TYPES:
            self.assertEqual({*task_type.rules.uses, *task_type.unused}, set(values))
            document = bundle({"task_type": task_type.value, **values})
            document["company_roles"] = [{"name": "Accounting"}]
            found = {
                each.path[-1] for each in check_bundle(document) if "does not use" in each.message
            }
            self.assertEqual(found, set(task_type.unused), task_type)

    def test_a_way_may_leave_what_waits(self) -> None:
        for task_type in WRITTEN_TYPES:
            task = {"task_type": task_type.value, **PARTS[task_type.rules.needs]}
            errors = self.errors(bundle(task, after="P2D", label="too late"))
            self.assertEqual(not errors, task_type.rules.can_be_left, errors)

    def test_a_cell_may_say_it_in_several_ways(self) -> None:
        for task_type in WRITTEN_TYPES:
            for text in (task_type.value, task_type.value.lower(), *task_type.rules.spellings):
                self.assertEqual(read_cell(TASK_TYPE, text, Scope()), task_type.value)
        column = next(each for each in TASKS.columns if each.name == "task_type")
        self.assertEqual(column.options, tuple(WRITTEN_TYPES))
        for name in WRITTEN_TYPES:
            self.assertIn(f"{name}: {SCREENS[name].choice}.", str(column.note))

    def errors(self, document: JsonObject) -> list[str]:
        return [each.message for each in check_bundle(document) if each.is_error]


class RunningTests(SimpleTestCase):
    def test_its_output_is_judged_by_its_form_or_its_schema(self) -> None:
        fields = [{"name": "a", "label": "A", "type": "text", "required": True}]
        for task_type in TaskType:
            rules = TaskRules(
                task_type=task_type,
                check_form=lambda answers, _clock: validate_fields(fields, answers),
                output_schema={"type": "object", "required": ["b"]},
            )
            (problem,) = rules.refusals({})
            self.assertEqual("a" if task_type.is_form else "b", problem.field, task_type)

    def test_the_picture_has_its_icon(self) -> None:
        for task_type in WRITTEN_TYPES:
            process = Process("flow", tasks={"do": TaskSpec("do", "Do it", task_type)})
            self.assertIn(SCREENS[task_type].icon, draw_process(process))


class ScreenTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.workflow = WorkflowDefinition.objects.create(key="flow", title="Flow")
        self.tasks = {
            task_type: TaskDefinition.objects.create(
                workflow=self.workflow,
                key=task_type.value.lower(),
                title=f"Do {task_type.value}",
                task_type=task_type.value,
            )
            for task_type in TaskType
        }
        self.log_in(self.carla)

    def test_a_definition_knows_what_it_is(self) -> None:
        for task_type, task in self.tasks.items():
            task.refresh_from_db()
            self.assertIs(task.type, task_type)
            self.assertEqual(task.get_task_type_display(), str(SCREENS[task_type].title))
            task.clean_fields(exclude=["fields", "ext_ref"])
            at_once = task_type.is_call and not task_type.is_answered_later
            self.assertEqual(task.sends_the_same_again, at_once)

    def test_the_list_of_tasks_shows_and_filters_it(self) -> None:
        address = reverse("admin:workflows_taskdefinition_changelist")
        page = self.client.get(address)
        for value, title in task_type_choices():
            if value not in WRITTEN_TYPES:
                continue
            self.assertContains(page, title)
            found = self.client.get(address, {"type": value}).context["cl"].queryset
            self.assertEqual([each.task_type for each in found], [value])

    def test_the_editor_is_told_what_they_mean(self) -> None:
        page = self.client.get(
            reverse("admin:workflows_workflowdefinition_edit", args=[self.workflow.pk])
        )
        told: list[dict[str, Any]] = page.context["start"]["task_types"]
        self.assertEqual([each["name"] for each in told], list(WRITTEN_TYPES))
        self.assertTrue(told[0]["is_form"])  # of a task that names none
        for each in told:
            task_type = TaskType[each["name"]]
            self.assertEqual(each["is_form"], task_type.is_form)
            self.assertEqual(each["is_call"], task_type.is_call)
            self.assertEqual(each["is_block"], task_type.is_block)
            self.assertEqual(each["is_answered_later"], task_type.is_answered_later)
            self.assertEqual(each["can_be_left"], task_type.rules.can_be_left)


def _modules() -> Iterator[tuple[str, ast.Module]]:
    """Those of the program; tests may name types."""
    base = Path(settings.BASE_DIR)
    for app in ("project", "tenants", "workflows", "tickets"):
        for path in (base / app).rglob("*.py"):
            if not {"tests", "migrations", "development"} & set(path.parts):
                name = path.relative_to(base).as_posix()
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def _named(node: ast.AST) -> Iterator[str]:
    """`TaskType.FORM` and "FORM", wherever they stand in an expression."""
    for each in ast.walk(node):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value
        elif isinstance(each, ast.Attribute) and ast.unparse(each.value) == "TaskType":
            yield each.attr
