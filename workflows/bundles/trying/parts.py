"""The tasks and transitions of a document that may have problems, as the engine takes them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from workflows.bundles.document.canonical import END, START
from workflows.bundles.outline.outline import outcome_of
from workflows.engine.errors import FieldError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject, TaskSpec, TransitionSpec
from workflows.engine.rules.clock import Clock
from workflows.engine.simulate import ChangeAnswers, TaskRules
from workflows.engine.steps.approvals import vote_fields_in_words
from workflows.engine.steps.blocks import BlockSpec, branch_of
from workflows.engine.steps.subtickets import OUTPUT_SCHEMA as OF_SUBTICKET
from workflows.engine.task_types import VOTE_TYPES, TaskType
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import Facts


def entries_of(document: JsonObject, name: str) -> list[JsonObject]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def task_in_words(task: JsonObject) -> JsonObject:
    """A vote asks in the language of whoever tries it."""
    if task.get("task_type") not in VOTE_TYPES:
        return task
    return {**task, "fields": vote_fields_in_words(task.get("fields"))}


def type_of_task(task: JsonObject) -> TaskType:
    if task.get("task_type") in VOTE_TYPES:  # which are made with their approvals
        return VOTE_TYPES[0]
    return TaskType.named(task.get("task_type")) or TaskType.FORM


def task_spec(key: str, task: JsonObject) -> TaskSpec:
    task_type = type_of_task(task)
    return TaskSpec(
        key=key,
        title=str(task.get("title", "")),
        task_type=task_type,
        block=_block(key, task, task_type),
        branch=branch_of(str(task.get("branch") or "")),
    )


def _block(key: str, task: JsonObject, task_type: TaskType) -> BlockSpec | None:
    if task_type.is_approval:
        return BlockSpec.of_approval(key, task)
    return BlockSpec.of(task) if task_type.is_block else None


def task_rules(
    task: JsonObject, form: FormOfTask, change_answers: ChangeAnswers | None
) -> TaskRules:
    return TaskRules(
        task_type=type_of_task(task),
        check_form=form.refusals,
        input_schema=task.get("input_schema"),
        output_schema=OF_SUBTICKET
        if type_of_task(task).is_subticket
        else task.get("output_schema"),
        waits=task.get("wait_for_end") is not False,
        input_transform=task.get("input_transform"),
        values=task.get("values"),
        table=task.get("table"),
        change_answers=change_answers,
        is_answered=type_of_task(task).is_wait and bool(task.get("answered_by")),
    )


class FormOfTask:
    """A form of the document, compiled when it is asked first: a draft's may be wrong."""

    def __init__(self, fields: Json, known: Facts, *, presets: JsonObject | None = None) -> None:
        self._fields = fields
        self._known = known
        self._presets = presets or {}

    @cached_property
    def validator(self) -> Validator:
        """Raises FieldError where the form is wrong."""
        return Validator(self._fields or [], presets=self._presets)

    def refusals(self, answers: JsonObject, clock: Clock | None = None) -> list[FieldProblem]:
        """What is wrong with answers; raises FieldError where the form itself is wrong."""
        return self.validator.validate(self.taken_in(answers, clock), self._at(clock))

    def taken_in(self, answers: JsonObject, clock: Clock | None = None) -> JsonObject:
        """Answers of the document as a ticket would keep them, with what is calculated."""
        known = self._at(clock)
        try:
            return self.validator.settled(self.validator.taken_in(answers, known), known)
        except FieldError:
            return answers

    def _at(self, clock: Clock | None) -> Facts:
        return self._known if clock is None else replace(self._known, clock=clock)

    def given_out(self, answers: JsonObject) -> JsonObject:
        """Answers of a ticket as the document writes them: without what is calculated."""
        try:
            return self.validator.given_out(self.validator.typed(answers))
        except FieldError:
            return answers

    def with_presets(self, answers: JsonObject, clock: Clock | None = None) -> JsonObject:
        try:
            presets = self.validator.presets_taken_in(self._known)
        except FieldError:
            presets = self._presets
        return {**presets, **self.taken_in(answers, clock)}


def transition_spec(each: JsonObject) -> TransitionSpec:
    source, target = str(each.get("from")), str(each.get("to"))
    priority = each.get("priority", 0)
    return TransitionSpec(
        from_task=None if source == START else source,
        to_task=None if target == END else target,
        condition=each.get("condition"),
        priority=priority if isinstance(priority, int) else 0,
        label=str(each.get("label", "")),
        after=str(each.get("after", "")),
        on_failure=each.get("on_failure") is True,
        on_cancel=each.get("on_cancel") is True,
        outcome=outcome_of(each),
    )
