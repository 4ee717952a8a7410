from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from unittest import TestCase

from django.db.models import Model

from tenants.testing import CompanyTestCase
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.engine.tests.test_frozen import changes_of
from workflows.engine.values.frozen import FrozenError
from workflows.fields.answers.validation import Validator
from workflows.fields.field import FieldType
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    WorkflowDefinition,
    WorkflowInstance,
)
from workflows.running.definition_cache import definition_of, forget_definitions

# Every kind of value somewhere: choices, defaults, conditions, schemas, transforms, links.
DOCUMENT: JsonObject = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "kept",
        "title": "Kept",
        "ext_ref": [{"label": "Source", "description": "", "uri": "https://example.com/"}],
        "fields": [
            {"name": "amount", "label": "Amount", "type": "number", "required": True},
            {
                "name": "kinds",
                "label": "Kinds",
                "type": "choices",
                "choices": ["a", "b"],
                "default": ["a"],
            },
            {
                "name": "why",
                "label": "Why",
                "type": "text",
                "visible_when": {"in": ["b", {"var": "kinds"}]},
            },
            {
                "name": "rows",
                "label": "Rows",
                "type": "records",
                "fields": [{"name": "what", "label": "What", "type": "text"}],
            },
        ],
    },
    "tasks": [
        {
            "key": "check",
            "title": "Check",
            "candidate_role": "Checkers",
            "fields": [{"name": "ok", "label": "OK?", "type": "boolean", "required": True}],
        },
        {
            "key": "call",
            "title": "Call",
            "task_type": "SYNC_ACTION",
            "action_url": "https://example.com/",
            "input_transform": {"amount": {"var": "ticket.amount"}},
            "output_schema": {"type": "object", "properties": {"number": {"type": "integer"}}},
        },
    ],
    "transitions": [
        {"from": "start", "to": "check"},
        {
            "from": "check",
            "to": "call",
            "condition": {"and": [{"var": "tasks.check.ok"}, {">": [{"var": "ticket.amount"}, 1]}]},
        },
        {"from": "check", "to": "end", "priority": 1},
        {"from": "call", "to": "end"},
    ],
    "ticket_types": [{"key": "kept", "title": "Kept"}],
    "company_roles": [{"name": "Checkers"}],
}
LEAVES = (str, int, float, bool, type(None), Enum, datetime, frozenset)


def changes(value: Any) -> list[Callable[[], object]]:
    """Every way to change one thing that is handed out, on its own level."""
    if isinstance(value, Model):
        return [
            *attribute_changes(value, [each.attname for each in value._meta.concrete_fields]),
            *attribute_changes(value._state, ["db", "adding", "fields_cache"]),
            *changes_of(value._state.fields_cache),
            value.save,
            value.delete,
            value.refresh_from_db,
        ]
    if isinstance(value, dict | list):
        return changes_of(value)
    if isinstance(value, Mapping):
        any_mapping: Any = value
        return [
            lambda: any_mapping.__setitem__("new", 1),
            lambda: any_mapping.clear(),
            lambda: any_mapping.update(new=1),
        ]
    if isinstance(value, Validator):
        return attribute_changes(value, list(Validator.__slots__))
    if isinstance(value, FieldType):
        return attribute_changes(value, ["key", "order", "name", "keys", "parts"])
    if is_dataclass(value):
        return attribute_changes(value, [each.name for each in fields(value)])
    return []


def attribute_changes(value: object, names: list[str]) -> list[Callable[[], object]]:
    def change(name: str) -> Callable[[], object]:
        return lambda: setattr(value, name, "changed")

    def remove(name: str) -> Callable[[], object]:
        return lambda: delattr(value, name)

    return [*map(change, [*names, "new"]), *map(remove, names)]


def inner(value: Any) -> Iterator[Any]:
    """What can be reached from it in one step."""
    if isinstance(value, Model):
        yield from (each for name, each in vars(value).items() if name != "_state")
        yield from value._state.fields_cache.values()
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list | tuple):
        yield from value
    elif isinstance(value, Validator):
        yield from (getattr(value, name) for name in Validator.__slots__ if name[0] != "_")
    elif isinstance(value, FieldType):
        yield from (value.keys, value.own_keys, value.parts)
    elif is_dataclass(value):
        # Not what it keeps for itself; that is handed out by its methods.
        yield from (getattr(value, each.name) for each in fields(value) if each.name[0] != "_")
    elif not isinstance(value, LEAVES):
        raise AssertionError(f"Nobody has thought about {type(value)}: can it be changed?")


def everything(*values: Any) -> list[Any]:
    """What can be reached from these; each object once."""
    found: dict[int, Any] = {}
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if id(value) not in found:
            found[id(value)] = value
            waiting += inner(value)
    return list(found.values())


class DefinitionCacheTests(CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        forget_definitions()
        self.addCleanup(forget_definitions)
        draft = import_bundle(document=DOCUMENT, user=self.carla)
        self.workflow = publish_workflow(workflow=draft, user=self.carla)
        self.known = definition_of(self.workflow.pk)

    def handed_out(self) -> list[Any]:
        forms = [self.known.task_form(self.known.tasks["check"])]
        presets: JsonObject = {"kinds": ["a"]}
        forms += [self.known.ticket_form({}), self.known.ticket_form(presets)]
        return everything(self.known, *forms)

    def test_nothing_that_is_handed_out_can_be_changed(self) -> None:
        found = self.handed_out()
        kinds = {type(each).__name__ for each in found}
        expected = {"KnownDefinition", "WorkflowDefinition", "TaskDefinition", "Process", "Field"}
        self.assertLessEqual(expected | {"TransitionSpec", "FrozenDict", "Validator"}, kinds)
        self.assertFalse({"dict", "list", "set", "ModelState"} & kinds)
        before = snapshot(found)
        for value in found:
            for number, change in enumerate(changes(value)):
                with (
                    self.subTest(kind=type(value).__name__, number=number),
                    self.assertRaises((TypeError, AttributeError)),
                ):
                    change()
        self.assertEqual(snapshot(found), before)
        self.assertIs(definition_of(self.workflow.pk), self.known)

    def test_a_published_one_is_not_retired_by_accident(self) -> None:
        with self.assertRaises(FrozenError):
            self.known.workflow.retire(by=self.carla)
        self.assertTrue(self.known.workflow.is_published)

    def test_a_draft_cannot_be_changed_through_it_either(self) -> None:
        draft = definition_of(import_bundle(document=changed("Draft"), user=self.carla).pk)
        with self.assertRaises(FrozenError):
            draft.workflow.title = "Changed"

    def test_django_takes_its_objects_for_any_others(self) -> None:
        task = self.known.tasks["check"]
        fresh = TaskDefinition.objects.get(pk=task.pk)
        self.assertEqual((task, hash(task), str(task)), (fresh, hash(fresh), str(fresh)))
        self.assertIsInstance(task, TaskDefinition)
        self.assertIs(task.workflow, self.known.workflow)
        instance = WorkflowInstance.objects.create(workflow=self.known.workflow)
        made = TaskInstance.objects.create(workflow_instance=instance, definition=task)
        self.assertEqual(TaskInstance.objects.get(definition=task), made)
        self.assertEqual(list(self.known.workflow.tasks.all()), list(self.known.tasks.values()))

    def test_what_others_may_change_is_not_kept_with_it(self) -> None:
        """A company role may be given another name; whoever needs it reads it by its id."""
        task = self.known.tasks["check"]
        self.assertEqual(task.candidate_role_id, CompanyRole.objects.get(name="Checkers").pk)
        with self.assertRaises(FrozenError):
            str(task.candidate_role)

    def test_its_rows_can_be_changed_when_they_are_read_anew(self) -> None:
        task = self.known.workflow.tasks.get(key="check")
        task.title = "Mine"
        task.fields[0]["label"] = "Mine"
        self.assertEqual(self.known.tasks["check"].title, "Check")
        self.assertEqual(self.known.tasks["check"].fields[0]["label"], "OK?")

    def test_a_copy_is_ones_own(self) -> None:
        for mine in (
            copy.deepcopy(self.known.workflow),
            pickle.loads(pickle.dumps(self.known.workflow)),  # noqa: S301
        ):
            self.assertIs(type(mine), WorkflowDefinition)
            mine.title = "Mine"
            mine.fields.append({"name": "new"})
            mine.save(update_fields=["updated_at"])
        self.assertEqual(self.known.workflow.title, "Kept")
        self.assertEqual(len(self.known.workflow.fields), 4)


def changed(title: str) -> JsonObject:
    workflow = DOCUMENT["workflow"]
    assert isinstance(workflow, dict)
    return {**DOCUMENT, "workflow": {**workflow, "title": title}}


def snapshot(found: list[Any]) -> list[str]:
    """How everything looks, one by one."""
    return [
        repr(sorted(vars(each).items(), key=lambda item: item[0]))
        if isinstance(each, Model)
        else repr(each)
        for each in found
    ]


class WalkTests(TestCase):
    def test_a_kind_that_nobody_has_thought_about_is_told(self) -> None:
        with self.assertRaisesRegex(AssertionError, "set"):
            everything([{"name": {1}}])
