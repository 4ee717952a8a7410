"""Recurring starts of ticket types: what is wrong with one is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.bundles.document.problems import Problem
from workflows.bundles.outline.entries import Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.errors import FieldError, RecurrenceError
from workflows.engine.problems import Path, short, steps_into
from workflows.engine.process import objects_in
from workflows.engine.rules.clock import Clock
from workflows.engine.starts import StartSpec
from workflows.fields.answers.validation import Validator, validator_for
from workflows.fields.facts import Facts

_FILE: Final = "file"


@dataclass(frozen=True, slots=True)
class StartProblem:
    """`name` is the part of the start that is wrong; `inside` leads into its answers."""

    name: str
    message: str
    inside: str = ""


def start_problems(outline: Outline, facts: Facts) -> Iterator[Problem]:
    """Everything about the starts of ticket types that the schema does not say."""
    for ticket_type in outline.ticket_types:
        starts = ticket_type.value.get("starts")
        if not objects_in(starts):
            continue
        form = _form_of(ticket_type, outline)
        seen: set[str] = set()
        for index, entry in enumerate(starts if isinstance(starts, list) else []):
            if not isinstance(entry, dict):
                continue
            start, path = StartSpec.of(entry), (*ticket_type.path, "starts", index)
            if start.key and start.key in seen:
                message = _("“%(value)s” is used twice. Give each its own %(name)s.")
                words = {"value": short(start.key), "name": "key"}
                yield Problem((*path, "key"), message % words, start.key)
            seen.add(start.key)
            yield from _placed(path, start, form, facts)


def _form_of(ticket_type: Entry, outline: Outline) -> Validator | None:
    """None: the form is wrong itself, which is said elsewhere."""
    presets = ticket_type.value.get("presets")
    try:
        return validator_for(
            outline.workflow.value.get("fields", []),
            presets=presets if isinstance(presets, dict) else None,
        )
    except FieldError:
        return None


def _placed(
    path: Path, start: StartSpec, form: Validator | None, facts: Facts
) -> Iterator[Problem]:
    for each in problems_of_start(start, form, facts):
        found: object = start.entry.get(each.name)
        steps: Path = ()
        if each.inside:
            steps, found = steps_into(start.answers, each.inside)
        yield Problem((*path, each.name, *steps), each.message, found)


def problems_of_start(
    start: StartSpec, form: Validator | None, facts: Facts
) -> Iterator[StartProblem]:
    """What is wrong with one, by its parts; `form` is what its ticket type asks for."""
    try:
        start.recurrence()
    except RecurrenceError as error:
        yield StartProblem(error.name, str(error))
    if start.email and "@" not in start.email:
        yield StartProblem("on_behalf_of", _("Name the person by their e-mail address."))
    if form is None:
        return
    for name, field in form.fields.items():
        if field.type.key == _FILE and name in start.answers:
            text = _("A start that recurs brings no files. Leave this answer out.")
            yield StartProblem("answers", text, name)
    if facts.clock is None:  # as if it began now: limits and defaults may be counted from the day
        facts = replace(facts, clock=Clock(timezone.now()))
    answers = {**form.defaults(facts), **form.taken_in(start.answers, facts)}
    for problem in form.validate(form.settled(answers, facts), facts):
        name = problem.field.split(".", 1)[0]
        label = form.fields[name].label if name in form.fields else ""
        said = f"{label}: {problem.message}" if label else problem.message
        yield StartProblem("answers", said, problem.field if name in start.answers else "")
