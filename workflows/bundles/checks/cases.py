"""Whether test cases name what there is, and answer what the forms accept.

Whether they pass is another question: `workflows.bundles.trying.trial` runs them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.canonical import END
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline, outcome_of
from workflows.bundles.trying.trial import clock_of_case
from workflows.engine.errors import FieldError, SchemaError
from workflows.engine.problems import Path, did_you_mean, nearest, short, steps_into
from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.rules.clock import Clock
from workflows.engine.rules.compiling import is_empty
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.steps.answered import answer_in
from workflows.engine.steps.approvals import vote_fields, vote_fields_in_words
from workflows.engine.steps.edits import edits_of
from workflows.engine.steps.subtickets import OUTPUT_SCHEMA as OF_SUBTICKET
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import Facts
from workflows.working_hours.durations import duration_in_words

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


def test_case_problems(outline: Outline, facts: Facts) -> Iterator[Problem]:
    """Everything about test cases but whether they pass."""
    yield from _duplicate_names(outline)
    forms = _Forms(outline, facts)
    for case in outline.tests:
        yield from _day_problems(case)
        on_its_day = replace(forms.facts, clock=clock_of_case(case.value, forms.clock))
        yield from _ticket_problems(case, forms, on_its_day)
        for answer in _answers(case):
            yield from _answer_problems(answer, forms, on_its_day)
        yield from _expectation_problems(case, outline)


class _Forms:
    """What judges the answers, compiled once for all test cases."""

    def __init__(self, outline: Outline, facts: Facts) -> None:
        self.outline = outline
        self.facts = facts
        self.clock = facts.clock or Clock(timezone.now())
        self.ticket_types = {each.text("key"): each for each in outline.ticket_types}
        self._tickets: dict[str, Validator | None] = {}
        self._tasks: dict[str, Validator | SchemaValidator | None] = {}

    def of_ticket(self, ticket_type: str) -> Validator | None:
        """The validator of a ticket's form; None where the definition is not valid."""
        if ticket_type not in self._tickets:
            presets: Json = {}
            if ticket_type in self.ticket_types:
                presets = self.ticket_types[ticket_type].value.get("presets")
            fields = self.outline.workflow.value.get("fields", [])
            self._tickets[ticket_type] = _validator(fields, presets)
        return self._tickets[ticket_type]

    def of_task(self, task: Entry) -> Validator | SchemaValidator | None:
        """What judges a task's output; None where the definition is not valid."""
        key = task.text("key")
        if key not in self._tasks:
            if task.is_approval:
                self._tasks[key] = _validator(_vote_fields(task), {})
            elif task.is_subticket:
                self._tasks[key] = _schema_validator(OF_SUBTICKET)
            elif not task.is_call and not task.text("answered_by"):
                self._tasks[key] = _validator(task.value.get("fields", []), {})
            else:
                self._tasks[key] = _schema_validator(task.value.get("output_schema"))
        return self._tasks[key]


def _vote_fields(task: Entry) -> list[Json]:
    return vote_fields_in_words(vote_fields(task.value.get("fields")))


def _validator(fields: Json, presets: Json) -> Validator | None:
    try:
        return Validator(fields, presets=presets if isinstance(presets, dict) else {})
    except FieldError:
        return None


def _schema_validator(schema: Json) -> SchemaValidator | None:
    try:
        return SchemaValidator({} if is_empty(schema) else schema)
    except SchemaError:
        return None


def _duplicate_names(outline: Outline) -> Iterator[Problem]:
    seen: set[str] = set()
    for case in outline.tests:
        name = case.text("name")
        if name and name_key(name) in seen:
            message = _("“%(name)s” is used twice. Give each test case its own name.")
            yield Problem((*case.path, "name"), message % {"name": short(name)}, name)
        seen.add(name_key(name))


def _day_problems(case: Entry) -> Iterator[Problem]:
    today = case.value.get("today")
    if not isinstance(today, str) or not today or not _DAY.fullmatch(today):
        return  # what has another form was reported already
    try:
        date.fromisoformat(today)
    except ValueError:
        message = _("There is no such day. Write it as 2026-10-30.")
        yield Problem((*case.path, "today"), message, today, "2026-10-30")


def _ticket_problems(case: Entry, forms: _Forms, facts: Facts) -> Iterator[Problem]:
    key, types = case.text("ticket_type"), forms.ticket_types
    if key and key not in types:
        # A bundle that lists no ticket types keeps those of the published version.
        if types:
            meant = nearest(key, types)
            message = _("There is no ticket type “%(key)s”.") % {"key": short(key)}
            path = (*case.path, "ticket_type")
            yield Problem(path, message + did_you_mean(meant), key, ", ".join(types), meant)
        return
    validator, data = forms.of_ticket(key), case.value.get("ticket", {})
    if validator is not None and isinstance(data, dict):
        yield from _refused(validator, data, (*case.path, "ticket"), facts)


def _answers(case: Entry) -> Iterator[Entry]:
    found = case.value.get("answers")
    for index, value in enumerate(found if isinstance(found, list) else []):
        if isinstance(value, dict):
            yield Entry((*case.path, "answers", index), value)


def _answer_problems(answer: Entry, forms: _Forms, facts: Facts) -> Iterator[Problem]:
    key, tasks = answer.text("task"), forms.outline.task_of
    if key not in tasks:
        if key:
            yield _unknown_task((*answer.path, "task"), key, forms.outline)
        return
    yield from _item_problems(answer, forms.outline)
    yield from _edit_problems(answer, tasks[key])
    output = answer.value.get("output", {})
    if tasks[key].is_block and answer.value.get("after", "") == "":
        message = _(
            "A block has no answer of its own: it ends when its branches have. Remove this, or say "
            "with “after” that a time has passed."
        )
        yield Problem((*answer.path, "task"), message, key)
    if tasks[key].is_at_once:
        message = _("This step needs no answer: TicketFlower does it itself. Leave it out.")
        yield Problem((*answer.path, "task"), message, key, severity=Severity.WARNING)
        return
    failing = [name for name in ("error", "status", "reason") if answer.value.get(name)]
    if answer.value.get("cancel") is True:
        yield from _cancel_problems(answer)
    elif answer.value.get("after", "") != "":
        yield from _time_problems(answer, tasks[key], forms.outline)
    elif failing and not tasks[key].can_fail:
        message = _("Only calls fail: this task is a form. Leave out “%(name)s”.")
        for name in failing:
            path = (*answer.path, name)
            yield Problem(path, message % {"name": name}, answer.value[name])
    elif failing == ["error"] and output:
        message = _(
            "A call that fails has no output. Leave out “output” or “error”, or give the “status” "
            "that came with it."
        )
        yield Problem((*answer.path, "output"), message, output)
    elif not failing and isinstance(output, dict):
        yield from _output_problems(tasks[key], output, (*answer.path, "output"), forms, facts)


def _output_problems(
    task: Entry, output: JsonObject, path: Path, forms: _Forms, facts: Facts
) -> Iterator[Problem]:
    answered = answer_in(output) if task.text("answered_by") else output
    validator = forms.of_task(task)
    if validator is not None and answered is not None:
        yield from _refused(validator, answered, path, facts)


def _item_problems(answer: Entry, outline: Outline) -> Iterator[Problem]:
    """The numbers of entries, as many as there are lists around the task."""
    found, path = answer.value.get("item"), (*answer.path, "item")
    if found is None:
        return
    listed = outline.item_blocks(answer.text("task"))
    count = len(found) if isinstance(found, list) else 1
    if outline.task_of[answer.text("task")].is_approval and count == len(listed) + 1:
        return  # which of the votes it is
    if not listed:
        message = _("This task is not done for each entry of a list. Leave out “item”.")
        yield Problem(path, message, found)
    elif count > len(listed):
        message = _("This task stands in %(count)d lists: give one number for each.")
        yield Problem(path, message % {"count": len(listed)}, found)


def _cancel_problems(answer: Entry) -> Iterator[Problem]:
    for name in ("output", "error", "status", "reason", "after", "by"):
        if answer.value.get(name):
            message = _(
                "At a task at which the ticket is cancelled nothing is done. Leave out “%(name)s” "
                "or “cancel”."
            )
            yield Problem((*answer.path, name), message % {"name": name}, answer.value[name])


def _edit_problems(answer: Entry, task: Entry) -> Iterator[Problem]:
    """Which answers it changes; whether the forms accept the new ones is seen when it runs."""
    said = answer.value.get("edits")
    known = [each.name for each in edits_of(task.value.get("edits")) if each.may_change]
    for name in said if isinstance(said, dict) else ():
        if name in known:
            continue
        meant = nearest(name, known)
        if known:
            message = _("This task does not change “%(name)s”.")
        else:
            message = _("This task changes no earlier answers. Leave out “edits”, or list them.")
        message %= {"name": short(name)}
        path = (*answer.path, "edits", name)
        yield Problem(path, message + did_you_mean(meant), name, ", ".join(known), meant)


def _time_problems(answer: Entry, task: Entry, outline: Outline) -> Iterator[Problem]:
    for name in ("output", "edits", "error", "status", "reason"):
        if answer.value.get(name):
            message = _(
                "A task that is not done in time says nothing. Leave out “%(name)s” or “after”."
            )
            yield Problem((*answer.path, name), message % {"name": name}, answer.value[name])
    after, key = answer.text("after"), task.text("key")
    known = list(dict.fromkeys(each.text("after") for each in outline.leaving_late[key]))
    if after in known or not after:  # what is no text has been reported already
        return
    if known:
        message = _("No transition leaves the task %(task)s after %(time)s.")
    else:
        message = _(
            "No transition leaves the task %(task)s after a time. Give one a time, or leave out "
            "“after”."
        )
    message %= {"task": outline.title_of(key), "time": duration_in_words(after)}
    meant = known[0] if len(known) == 1 else nearest(after, known)
    expected = ", ".join(f"{each} ({duration_in_words(each)})" for each in known)
    yield Problem((*answer.path, "after"), message + did_you_mean(meant), after, expected, meant)


def _expectation_problems(case: Entry, outline: Outline) -> Iterator[Problem]:
    expect = case.value.get("expect")
    found = expect.get("path") if isinstance(expect, dict) else None
    for index, key in enumerate(found if isinstance(found, list) else []):
        if isinstance(key, str) and key not in outline.task_of:
            yield _unknown_task((*case.path, "expect", "path", index), key, outline)
    end = expect.get("end") if isinstance(expect, dict) else None
    ends = [each for each in outline.transitions if outline.target_of(each) == END]
    labels = [each.text("label") for each in ends]
    if isinstance(end, str) and end and name_key(end) not in map(name_key, labels):
        meant = nearest(end, labels)
        message = _("No transition to the end is called “%(end)s”.") % {"end": short(end)}
        path = (*case.path, "expect", "end")
        yield Problem(path, message + did_you_mean(meant), end, ", ".join(labels), meant)

    if isinstance(expect, dict) and expect.get("given_to") and expect.get("status") != "WAITING":
        message = _(
            "Only a ticket that waits has a task that is given to somebody at its end. Say "
            "“given_to” of an answer, or leave it out."
        )
        yield Problem((*case.path, "expect", "given_to"), message, expect["given_to"])
    if isinstance(expect, dict) and expect.get("outcome"):
        yield from _outcome_problems(expect, (*case.path, "expect"), outline)


def _outcome_problems(expect: JsonObject, path: Path, outline: Outline) -> Iterator[Problem]:
    outcome = expect["outcome"]
    if outcome not in tuple(EndOutcome):  # has been reported already
        return
    path = (*path, "outcome")
    if expect.get("status") in ("WAITING", "ERROR", "CANCELLED"):
        message = _("Only a ticket that reaches the end has an outcome. Leave out “outcome”.")
        yield Problem(path, message, outcome)
        return
    end = expect.get("end")
    ends = [each for each in outline.transitions if outline.target_of(each) == END]
    if isinstance(end, str) and end:
        ends = [each for each in ends if name_key(each.text("label")) == name_key(end)]
    there = dict.fromkeys(outcome_of(each.value).value for each in ends)
    if there and outcome not in there:
        message = _("No end that is meant here has the outcome “%(outcome)s”.")
        names = ", ".join(there)
        yield Problem(path, message % {"outcome": outcome}, outcome, names)


def _unknown_task(path: Path, key: str, outline: Outline) -> Problem:
    meant = nearest(key, outline.task_of)
    message = _("There is no task “%(key)s”.") % {"key": short(key)}
    return Problem(path, message + did_you_mean(meant), key, ", ".join(outline.task_of), meant)


def _refused(
    validator: Validator | SchemaValidator, data: JsonObject, path: Path, facts: Facts
) -> Iterator[Problem]:
    known = validator.fields if isinstance(validator, Validator) else {}
    if isinstance(validator, Validator):
        taken_in = validator.settled(validator.taken_in(data, facts), facts)
        refused = validator.validate(taken_in, facts)
    else:
        refused = validator.validate(data)
    for each in refused:
        name = each.field.split(".", 1)[0]
        meant = nearest(name, known) if name not in known else ""
        steps: Path = (name,) if name else ()
        found: object = data.get(name) if name else data
        if isinstance(validator, Validator) and name:
            steps, found = steps_into(data, each.field)
        yield Problem((*path, *steps), each.message, found, nearest=meant)
