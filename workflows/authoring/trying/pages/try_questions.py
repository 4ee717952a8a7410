"""The forms of a try: of the ticket, its tasks, and what a task asks again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from tenants.refusals import refusals
from workflows.authoring.trying.pages.try_forms import CallForm, DayForm, EndForm, NoKeeper
from workflows.authoring.trying.pages.try_so_far import clock_of
from workflows.authoring.trying.try_state import TryState
from workflows.bundles import Trial
from workflows.engine.errors import FieldError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock
from workflows.engine.simulate import Step
from workflows.fields.answers.asked_again import AskedAgain
from workflows.fields.answers.validation import validator_for
from workflows.fields.file.accepted import accepted_by, sample_name
from workflows.forms import AnswersForm, EditsForm
from workflows.forms.answers import PREFIX
from workflows.forms.edits_form import prefix_of


def asked_of(trial: Trial, state: TryState, step: Step) -> Sequence[AskedAgain]:
    """What the form of a task that is waited for shows of earlier answers."""
    if step.task not in trial.tasks:
        return ()
    presets = trial.presets(state.ticket_type)
    return trial.asked_again(step.task, ticket=step.ticket, outputs=step.data, only_seen=presets)


def edits_form(
    trial: Trial,
    state: TryState,
    step: Step,
    request: HttpRequest | None = None,
    *,
    first: JsonObject | None = None,
) -> EditsForm | None:
    """Those answers as a form; None where a form of the definition is broken."""
    with refusals(FieldError):
        asked = asked_of(trial, state, step)
        sent: dict[str, Any] = {}
        if request is not None:
            known = {
                request.POST.get(f"{prefix_of(each.task)}-{name}-kept", ""): sample_name(accepted)
                for each in asked
                for name, question in each.part.fields.items()
                if (accepted := accepted_by(question))
            }
            sent = {"data": request.POST, "files": request.FILES, "keeper": NoKeeper(known)}
        return EditsForm(asked, first=first, **sent)
    return None


def really_changed(edits: EditsForm) -> JsonObject:
    """What differs from the answers as they were: a test case says no more."""
    before = {
        f"{each.owner}{name}": each.part.answers.get(name)
        for each in edits.asked
        for name in each.part.fields
    }
    return {name: value for name, value in edits.changes().items() if value != before.get(name)}


def questions_form(
    specs: Json,
    request: HttpRequest | None,
    *,
    presets: JsonObject | None = None,
    first: JsonObject | None = None,
    clock: Clock | None = None,
) -> AnswersForm | None:
    """A form of the definition; None where its fields are broken."""
    sent: dict[str, Any] = {}
    if request is not None:
        sent = {"data": request.POST, "files": request.FILES, "keeper": keeper_for(specs, request)}
    with refusals(FieldError):
        return AnswersForm(specs, presets=presets, initial_answers=first, clock=clock, **sent)
    return None


def keeper_for(specs: Json, request: HttpRequest) -> NoKeeper:
    """Files that came before have names that their questions take: nobody has kept their own."""
    known: dict[str, str] = {}
    with refusals(FieldError):
        for question in validator_for(specs).fields.values():
            if accepted := accepted_by(question):
                key = request.POST.get(f"{PREFIX}-{question.name}-kept", "")
                known[key] = sample_name(accepted)
    return NoKeeper(known)


def day_form(trial: Trial, state: TryState, sent: DayForm | None) -> DayForm | None:
    """Asks for the day where a rule reads it; None where none does."""
    if not trial.reads_clock:
        return None
    return sent or DayForm(initial={"today": clock_of(trial, state).today.isoformat()})


def day_in(request: HttpRequest) -> str:
    """The day that stands in the form now, or that of the steps before."""
    return request.POST.get("today") or request.GET.get("today", "")


def call_form(trial: Trial, key: str) -> type[CallForm]:
    """What asks how a step ends that no person does."""
    rules = trial.rules.get(key)
    return EndForm if rules is not None and rules.task_type.is_subticket else CallForm
