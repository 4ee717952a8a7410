"""The answers of an old ticket, for a new one of the same type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tickets.models import Ticket
from workflows.engine.problems import dotted, steps_into
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.fields.answers.uploads import uploads_in
from workflows.fields.answers.validation import Validator, validator_for
from workflows.fields.field import Field
from workflows.fields.in_database.look_up import facts_for
from workflows.fields.on_screen.screens import screen_of
from workflows.forms import FileKeeper
from workflows.models import TicketDefinition


@dataclass(frozen=True, slots=True)
class OldAnswers:
    """`left_out` are the questions of the old ticket whose answers or files are not taken over."""

    answers: JsonObject = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def old_answers(ticket: Ticket, definition: TicketDefinition, *, keeper: FileKeeper) -> OldAnswers:
    """What of an old ticket fits the form of this version of its type. Saves nothing.

    Files stay with the ticket that they came with. What the form would refuse is left out, and so
    is what it does not ask for any more; what the type sets beforehand now is not asked.

    Raises:
        FieldError: the form is broken.
    """
    form = validator_for(definition.workflow.fields, presets=definition.presets)
    found = OldAnswers()
    for name, value in _plain(ticket.workflow.fields, ticket.data, found).items():
        question = form.fields.get(name)
        if question is not None and question.is_computed:
            continue
        fitting = None if question is None else _fitting(question, value, keeper)
        if fitting is not None:
            found.answers[name] = fitting
        if fitting != value and name not in definition.presets:
            found.left_out.append(_label(ticket, form, name))
    _leave_out_refused(found, form)
    return OldAnswers(found.answers, list(dict.fromkeys(found.left_out)))


def _plain(specs: Json, answers: Json, found: OldAnswers) -> JsonObject:
    """The answers without files; the questions that have any are noted."""
    values = answers if isinstance(answers, dict) else {}
    files = uploads_in(objects_in(specs), values)
    for spec in objects_in(specs):
        if spec.get("name") in files:
            found.left_out.append(str(spec.get("label") or spec.get("name")))
    return {name: value for name, value in values.items() if name not in files}


def _fitting(question: Field, value: Json, keeper: FileKeeper) -> Json:
    return screen_of(question).still_fits(question, value, keeper)


def _label(ticket: Ticket, form: Validator, name: str) -> str:
    """As the form of today calls the question, or the old one."""
    if name in form.fields:
        return form.fields[name].label
    labels: Mapping[str, Json] = {
        str(each.get("name")): each.get("label") for each in objects_in(ticket.workflow.fields)
    }
    return str(labels.get(name) or name)


def _leave_out_refused(found: OldAnswers, form: Validator) -> None:
    """What is missing is asked for; what is there and would be refused goes."""
    judged = dict(found.answers)
    for problem in form.validate(judged, facts_for(form, judged)):
        steps, _value = steps_into(judged, problem.field)
        name = str(steps[0]) if steps and dotted(steps) == problem.field else ""
        if name in found.answers:
            del found.answers[name]
            found.left_out.append(form.fields[name].label)
