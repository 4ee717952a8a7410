"""Definitions as the engine sees them, kept in the process.

A published or retired version never changes, so what was read of it once holds for ever;
a draft is read anew each time. The schema is part of the key: ids count in each schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from types import MappingProxyType

from tenants.connection import current_schema
from workflows.engine.frozen import frozen
from workflows.engine.process import JsonObject, Process
from workflows.fields.validation import Validator, validator_for
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.running.frozen_rows import freeze_row

MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class KnownDefinition:
    """A version of a workflow with what a step needs of it. Nothing of it can be changed.

    `tasks` is {key: task definition}, `tasks_by_id` the same by id.
    """

    workflow: WorkflowDefinition
    process: Process
    tasks: Mapping[str, TaskDefinition]
    tasks_by_id: Mapping[int, TaskDefinition]
    _forms: dict[str, Validator] = field(default_factory=dict)

    def ticket_form(self, presets: JsonObject) -> Validator:
        """What checks the answers of a new ticket; compiled once for equal presets."""
        key = json.dumps(presets, sort_keys=True) if presets else ""
        if key not in self._forms:
            self._forms[key] = validator_for(self.workflow.fields, presets=presets)
        return self._forms[key]

    def task_form(self, task: TaskDefinition) -> Validator:
        """What checks the output of one of this version's forms."""
        key = f"task {task.key}"  # no JSON of presets begins so
        if key not in self._forms:
            self._forms[key] = validator_for(task.fields)
        return self._forms[key]


# First in, first out; reading needs no lock.
_kept: dict[tuple[str, int], KnownDefinition] = {}
_lock = Lock()


def definition_of(workflow_id: int) -> KnownDefinition:
    """This version, whole.

    Raises:
        WorkflowDefinition.DoesNotExist: there is none.
    """
    key = (current_schema(), workflow_id)
    known = _kept.get(key)
    if known is not None:
        return known
    known = _read(workflow_id)
    if not known.workflow.is_draft:
        with _lock:
            _kept[key] = known
            if len(_kept) > MOST_KEPT:
                del _kept[next(iter(_kept))]
    return known


def process_of(definition: WorkflowDefinition) -> Process:
    return definition_of(definition.pk).process


def forget_definitions() -> None:
    """For tests, which change what never changes."""
    with _lock:
        _kept.clear()


def _read(pk: int) -> KnownDefinition:
    workflow = WorkflowDefinition.objects.prefetch_related("tasks", "transitions").get(pk=pk)
    tasks = list(workflow.tasks.all())
    process = workflow.process()
    freeze_row(workflow)
    for task in tasks:
        freeze_row(task, workflow=workflow)
    return KnownDefinition(
        workflow=workflow,
        process=_frozen(process),
        tasks=MappingProxyType({task.key: task for task in tasks}),
        tasks_by_id=MappingProxyType({task.pk: task for task in tasks}),
    )


def _frozen(process: Process) -> Process:
    transitions = (replace(each, condition=frozen(each.condition)) for each in process.transitions)
    return replace(
        process, tasks=MappingProxyType(dict(process.tasks)), transitions=tuple(transitions)
    )
