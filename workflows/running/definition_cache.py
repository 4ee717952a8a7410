"""Definitions as the engine sees them, kept in the process.

A published or retired version never changes, so what was read of it once holds for ever;
a draft is read anew each time. The schema is part of the key: ids count in each schema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from django.utils.translation import get_language

from tenants.connection import current_schema
from workflows.engine.errors import ConditionError
from workflows.engine.process import Json, JsonObject, Process
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.compiling import compile_condition, compile_template, is_empty
from workflows.engine.rules.reads import reads_working_days
from workflows.engine.steps.at_once import rules_of_table
from workflows.engine.steps.messages import roots_read
from workflows.engine.values.frozen import frozen
from workflows.engine.values.kept_by_size import KeptBySize
from workflows.fields.answers.validation import Validator, validator_for
from workflows.models import TaskDefinition, WorkflowDefinition
from workflows.running.frozen_rows import freeze_row

MOST_BYTES_KEPT: Final = 128 * 1024 * 1024
MOST_BYTES_OF_FORMS: Final = 64 * 1024 * 1024
# Beneath these stands what costs a query of its own.
_LOOKED_UP: Final = ("visits", "earlier", "done", "failures", *NAMES_OF_TIME)
_BYTES_A_CHARACTER: Final = 10  # of a definition's JSON, as objects


@dataclass(frozen=True, slots=True)
class KnownDefinition:
    """A version of a workflow with what a step needs of it. Nothing of it can be changed.

    `tasks` is {key: task definition}, `tasks_by_id` the same by id.
    """

    workflow: WorkflowDefinition
    process: Process
    tasks: Mapping[str, TaskDefinition]
    tasks_by_id: Mapping[int, TaskDefinition]
    # Whether a condition reads how often a task was begun: that is counted only then.
    reads_visits: bool = False
    # Whether one reads what came of earlier visits.
    reads_earlier: bool = False
    # The same of who did a task, and when, and of how a call has failed that went another way.
    reads_done: bool = False
    reads_failures: bool = False
    # Whether a condition reads the time, and whether one counts working days.
    reads_clock: bool = False
    counts_days: bool = False
    # What its forms are kept under: a draft that is read anew is another one.
    _name: object = field(default_factory=object)

    def ticket_form(self, presets: JsonObject) -> Validator:
        """What checks the answers of a new ticket; compiled once for equal presets."""
        key = json.dumps(presets, sort_keys=True) if presets else ""
        return self._form(key, lambda: validator_for(self.workflow.fields, presets=presets))

    def task_form(self, task: TaskDefinition) -> Validator:
        """What checks the output of one of this version's forms."""
        key = f"task {task.key}"  # no JSON of presets begins so
        if task.is_vote:  # it asks in the words of whoever reads it
            key = f"{key} {get_language()}"
        return self._form(key, lambda: validator_for(task.fields))

    def _form(self, key: str, find: Callable[[], Validator]) -> Validator:
        def make() -> tuple[Validator, int]:
            made = find()
            return made, made.size

        return _forms.get_or_make((self._name, key), make)


_kept: Final = KeptBySize[tuple[str, int], KnownDefinition](MOST_BYTES_KEPT)
_forms: Final = KeptBySize[tuple[object, str], Validator](MOST_BYTES_OF_FORMS)


def definition_of(workflow_id: int) -> KnownDefinition:
    """This version, whole.

    Raises:
        WorkflowDefinition.DoesNotExist: there is none.
    """
    return _kept.get_or_make((current_schema(), workflow_id), lambda: _read_with_size(workflow_id))


def process_of(definition: WorkflowDefinition) -> Process:
    return definition_of(definition.pk).process


def forget_definitions() -> None:
    """For tests, which change what never changes."""
    _kept.clear()
    _forms.clear()


def _read_with_size(pk: int) -> tuple[KnownDefinition, int]:
    known = _read(pk)
    if known.workflow.is_draft:
        return known, MOST_BYTES_KEPT + 1  # not kept
    rows: list[WorkflowDefinition | TaskDefinition] = [known.workflow, *known.tasks.values()]
    columns = [
        each.__dict__.get(field.attname) for each in rows for field in each._meta.concrete_fields
    ]
    columns += [each.condition for each in known.process.transitions]
    return known, _BYTES_A_CHARACTER * len(json.dumps(columns, default=str)) + 10_000


def _read(pk: int) -> KnownDefinition:
    workflow = WorkflowDefinition.objects.prefetch_related("tasks", "transitions").get(pk=pk)
    tasks = list(workflow.tasks.all())
    process = workflow.process()
    read = _roots_read(process, tasks) | roots_read(each.message for each in tasks)
    asked = [*_rules(process, tasks), *_templates(tasks)]
    counts_days = any(map(reads_working_days, asked))
    freeze_row(workflow)
    for task in tasks:
        freeze_row(task, workflow=workflow)
    return KnownDefinition(
        workflow=workflow,
        process=_frozen(process),
        tasks=MappingProxyType({task.key: task for task in tasks}),
        tasks_by_id=MappingProxyType({task.pk: task for task in tasks}),
        reads_visits="visits" in read,
        reads_earlier="earlier" in read,
        reads_done="done" in read,
        reads_failures="failures" in read,
        reads_clock=counts_days or not read.isdisjoint(NAMES_OF_TIME),
        counts_days=counts_days,
    )


def _rules(process: Process, tasks: Iterable[TaskDefinition]) -> Iterator[Json]:
    """The rules that are asked while a step is taken, besides templates."""
    yield from (each.condition for each in process.transitions)
    for task in tasks:
        yield from rules_of_table(task.table)
        if task.block is not None:
            yield from (each.when for each in task.block.branches)


def _templates(tasks: Iterable[TaskDefinition]) -> list[Json]:
    return [each for task in tasks for each in _templates_of(task) if not is_empty(each)]


def _templates_of(task: TaskDefinition) -> tuple[Json, ...]:
    block = task.block
    approval = None if block is None else block.approval
    people = None if approval is None or isinstance(approval.people, list) else approval.people
    return task.values, task.for_each, people


def _roots_read(process: Process, tasks: Iterable[TaskDefinition]) -> set[str]:
    """What the names begin with that may be read while a step is taken; all where unknown."""
    found: set[str] = set()
    try:
        rules = [each for each in _rules(process, tasks) if not is_empty(each)]
        compiled = [compile_condition(each) for each in rules]
        compiled += [compile_template(each) for each in _templates(tasks)]
    except ConditionError:  # whoever takes the step is told
        return {*_LOOKED_UP}
    for each in compiled:
        roots = {path[0] if path else "" for path in each.reads}
        found |= {*_LOOKED_UP} if each.computes_names or "" in roots else roots
    return found


def _frozen(process: Process) -> Process:
    transitions = (replace(each, condition=frozen(each.condition)) for each in process.transitions)
    return replace(
        process, tasks=MappingProxyType(dict(process.tasks)), transitions=tuple(transitions)
    )
