"""The page on which a definition is tried: form by form, nothing saved, no call made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tenants.limits.dear import Dear
from tenants.pages.buttons import Button
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_as_messages
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.authoring.definitions.pages.transition_rows import condition_labels
from workflows.authoring.trying.change_test_cases import add_test_case, record_test_case_again
from workflows.authoring.trying.pages.base_page import TRYING, TryingPage
from workflows.authoring.trying.pages.try_forms import CallForm, DayForm, SubmitterForm
from workflows.authoring.trying.pages.try_questions import (
    call_form,
    day_form,
    edits_form,
    questions_form,
    really_changed,
)
from workflows.authoring.trying.pages.try_so_far import (
    accepted_answers,
    clock_of,
    first_waiting,
    output_of_answer,
    simulate_so_far,
    step_at,
)
from workflows.authoring.trying.pages.try_steps import (
    StepRow,
    cancel_rows,
    given_in_trial,
    picture_of,
    place_of,
    step_rows,
    time_rows,
    times_to_come,
    title_of_step,
    told_rows,
    waiting_rows,
)
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.authoring.trying.try_state import (
    MOST_CHARACTERS,
    TryState,
    read_signed_state,
    submitter_texts,
)
from workflows.bundles import Trial
from workflows.bundles.trying.trial import EXAMPLE_SUBMITTER
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.process import Json, JsonObject
from workflows.engine.simulate import Answer, Outcome, Simulation, Step, read_answers
from workflows.forms import AnswersForm, EditsForm
from workflows.models import WorkflowDefinition
from workflows.working_hours.durations import duration_in_words


@register_page(WorkflowDefinition, "<int:object_id>/try/", name="workflows_workflowdefinition_try")
class TryPage(TryingPage):
    """GET begins (`?type=key`, or `?case=name` for the answers of a test case); POST goes on.

    What was answered so far stands in the page itself, signed: every step runs it all anew.
    """

    dear = {"GET": Dear.ASKED, "POST": Dear.ASKED}
    title = gettext_lazy("Try it")
    button = Button(gettext_lazy("Try it"), icon="experiment", order=10, group=TRYING)
    template_name = "trying/try.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial = trial_of(self.workflow)
        name = request.GET.get("case")
        if name is not None:
            return self._show(request, trial, self._answers_of_test_case(request, trial, name))
        chosen = request.GET.get("type", "")
        if chosen not in trial.ticket_types:
            chosen = next(iter(trial.ticket_types), "")
        return self._show(request, trial, TryState(chosen, _person(request)))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial = trial_of(self.workflow)
        state = read_signed_state(request.POST.get("state", ""), self.workflow)
        if state is None:
            text = _("What was answered so far could not be read: the page is damaged or too old.")
            messages.error(request, text + " " + _("Begin again."))
            return self._show(request, trial, TryState(_first_ticket_type(trial), _person(request)))
        if "back" in request.POST:
            return self._undo_step(request, trial, state)
        if "save" in request.POST or "replace" in request.POST:
            return self._save(request, trial, state)
        if state.ticket is None:
            return self._submit(request, trial, state)
        if "choose" in request.POST:
            return self._show(request, trial, state, place=request.POST["choose"])
        if "after" in request.POST:
            return self._let_time_pass(request, trial, state)
        if "cancel" in request.POST:
            return self._cancel(request, trial, state)
        return self._answer(request, trial, state)

    def _answers_of_test_case(self, request: HttpRequest, trial: Trial, name: str) -> TryState:
        """The answers of a test case, as far as it goes."""
        case = next((each for each in trial.cases if each.get("name") == name), None)
        if case is None:
            messages.warning(request, _("There is no longer a test case of this name."))
            return TryState(_first_ticket_type(trial), _person(request))
        ticket, submitter = case.get("ticket", {}), case.get("submitter")
        who = submitter if isinstance(submitter, dict) else dict[str, Json](EXAMPLE_SUBMITTER)
        return TryState(
            ticket_type=str(case.get("ticket_type", "")),
            submitter=submitter_texts(who),
            ticket=ticket if isinstance(ticket, dict) else {},
            answers=tuple(read_answers(case.get("answers"))),
            case=name,
            today=str(case.get("today") or ""),
        )

    # Going on

    def _submit(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        day = DayForm(request.POST)
        if day.is_valid() and (today := day.cleaned_data["today"]) is not None:
            state = replace(state, today=today.isoformat())
        form = self._ticket_form(trial, state, request)
        who = SubmitterForm(request.POST)
        if form is None or not (form.is_valid() & who.is_valid() & day.is_valid()):
            return self._show(request, trial, state, form=form, who=who, day=day)
        submitter = {name: str(who.cleaned_data[name]) for name in who.fields}
        following = replace(state, ticket=form.answers(), submitter=submitter, answers=())
        return self._answer_step(request, trial, state, following, form=form, who=who, day=day)

    def _answer(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        simulation, place = simulate_so_far(trial, state), request.POST.get("task", "")
        step = step_at(simulation, place)
        if simulation is None or step is None or step.task is None:
            return self._changed_meanwhile(request, trial, state)
        key = step.task
        state = replace(state, answers=accepted_answers(simulation))
        if not trial.rules[key].task_type.is_form:
            return self._answer_call(request, trial, state, step)
        form = questions_form(trial.fields_of(key), request, clock=clock_of(trial, state))
        edits = edits_form(trial, state, step, request)
        if form is None or edits is None or not (form.is_valid() & edits.is_valid()):
            return self._show(request, trial, state, form=form, edits=edits, place=place)
        answer = Answer(key, form.answers(), items=step.items, edits=really_changed(edits))
        following = replace(state, answers=(*state.answers, answer))
        return self._answer_step(
            request, trial, state, following, form=form, edits=edits, place=place
        )

    def _let_time_pass(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        """The task has not ended by the time that was chosen."""
        simulation, after = simulate_so_far(trial, state), request.POST["after"]
        step = step_at(simulation, request.POST.get("task", ""), with_blocks=True)
        if simulation is None or step is None or after not in times_to_come(trial, step):
            return self._changed_meanwhile(request, trial, state)
        answer = Answer(step.task or "", after=after, items=step.items)
        answers = (*accepted_answers(simulation), answer)
        return self._answer_step(request, trial, state, replace(state, answers=answers))

    def _cancel(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        """The ticket is withdrawn or cancelled at the task."""
        simulation = simulate_so_far(trial, state)
        key = simulation.waiting_for if simulation else None
        if simulation is None or key is None or key != request.POST.get("task"):
            return self._changed_meanwhile(request, trial, state)
        answers = (*accepted_answers(simulation), Answer(key, cancel=True))
        return self._answer_step(request, trial, state, replace(state, answers=answers))

    def _changed_meanwhile(
        self, request: HttpRequest, trial: Trial, state: TryState
    ) -> HttpResponse:
        messages.warning(request, _("The draft was changed meanwhile. Look at the steps so far."))
        return self._show(request, trial, state)

    def _answer_call(
        self,
        request: HttpRequest,
        trial: Trial,
        state: TryState,
        step: Step,
    ) -> HttpResponse:
        key, place = step.task or "", place_of(step)
        call, answer = call_form(trial, key)(request.POST), Answer(key)
        if call.is_valid() and call.cleaned_data["fails"]:
            error = call.cleaned_data["error"].strip() or _("The call failed.")
            answer = Answer(
                key,
                call.answer_of_failure(),
                error=error,
                status=call.cleaned_data["status"],
                reason=call.cleaned_data["reason"],
            )
        elif call.is_valid():
            answer = Answer(key, output_of_answer(trial, state, step, call))
        if not call.is_valid():  # what is kept of the answer may have been refused
            return self._show(request, trial, state, call=call, place=place)
        answer = replace(answer, items=step.items)
        following = replace(state, answers=(*state.answers, answer))
        return self._answer_step(request, trial, state, following, call=call, place=place)

    def _answer_step(
        self,
        request: HttpRequest,
        trial: Trial,
        before: TryState,
        following: TryState,
        **forms_of_before: Any,
    ) -> HttpResponse:
        if len(following.signed_state(self.workflow)) > MOST_CHARACTERS:
            messages.error(request, _("This is more than can be tried here. Answer with less."))
            return self._show(request, trial, before, **forms_of_before)
        return self._show(request, trial, following)

    def _undo_step(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        """The step before, with what was answered there."""
        if not state.answers:
            ticket = state.ticket or {}
            return self._show(request, trial, replace(state, ticket=None), first=ticket)
        *kept, last = state.answers
        place = " ".join([last.task, *map(str, last.items)])
        before = replace(state, answers=tuple(kept))
        return self._show(
            request, trial, before, first=last.output, first_edits=last.edits, place=place
        )

    def _save(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        name = request.POST.get("name", "")
        if simulate_so_far(trial, state) is None:  # there is no result yet that could be kept
            return self._show(request, trial, state)
        is_new = "replace" not in request.POST
        with refusals_as_messages(request) as refused:
            (add_test_case if is_new else record_test_case_again)(
                workflow=self.workflow,
                name=name if is_new else state.case,
                ticket_type=state.ticket_type,
                ticket=state.ticket or {},
                submitter=state.submitter,
                answers=state.answers,
                today=state.today,
            )
        if refused.error:
            return self._show(request, trial, state, name=name)
        if is_new:
            text = _("The test case is kept. It runs before each publishing.")
        else:
            text = _("The test case “%(name)s” now answers like this, and expects this result.")
        messages.success(request, text % {"name": state.case})
        return redirect(
            reverse("admin:workflows_workflowdefinition_tests", args=(self.workflow.pk,))
        )

    # The page

    def _show(
        self,
        request: HttpRequest,
        trial: Trial,
        state: TryState,
        *,
        form: AnswersForm | None = None,
        who: SubmitterForm | None = None,
        day: DayForm | None = None,
        call: CallForm | None = None,
        first: JsonObject | None = None,
        edits: EditsForm | None = None,
        first_edits: JsonObject | None = None,
        name: str = "",
        place: str = "",
    ) -> HttpResponse:
        """`place`: which of the tasks that wait is shown; else the first."""
        simulation = simulate_so_far(trial, state)
        if state.ticket is not None and simulation is None:
            messages.warning(request, _("The ticket's form has changed. Fill it in again."))
            state, first = replace(state, ticket=None, answers=()), state.ticket
        context: dict[str, Any] = {"state": state, "name": name, "types": _types(trial, state)}
        if simulation is None:
            form = form or self._ticket_form(trial, state, None, first)
            context |= {
                "who": who or SubmitterForm(initial=state.submitter),
                "day": day_form(trial, state, day),
                "heading": _("The ticket"),
            }
        else:
            refused = simulation.outcome is Outcome.REFUSED
            if refused and first is None:
                first, first_edits = simulation.used[-1].output, simulation.used[-1].edits
            state = replace(state, answers=accepted_answers(simulation))
            step = step_at(simulation, place) or first_waiting(simulation)
            context |= self._next_context(trial, state, simulation, step, call)
            is_form = context["is_form"]
            if step is None or not is_form:
                form = None
            else:
                specs, clock = trial.fields_of(step.task or ""), clock_of(trial, state)
                form = form or questions_form(specs, None, first=first, clock=clock)
                edits = edits or edits_form(trial, state, step, first=first_edits)
        context |= {
            "signed_state": state.signed_state(self.workflow),
            "form": form,
            "edits": edits,
            "is_broken": simulation is None and form is None,
            "simulation": simulation,
            "steps": self._steps(trial, state, simulation) if simulation else [],
            "told": told_rows(trial, simulation) if simulation else [],
            "picture": picture_of(trial, simulation),
            "visible_url": self._visible_url(
                state, simulation, form, edits, context.get("task_key", "")
            ),
            "may_save": self.workflow.is_draft and simulation is not None,
            "may_replace": any(each.get("name") == state.case for each in trial.cases),
        }
        return self.show(**context)

    def _steps(self, trial: Trial, state: TryState, simulation: Simulation) -> list[StepRow]:
        ticket = trial.ticket_form(state.ticket_type).with_presets(
            state.ticket or {}, clock_of(trial, state)
        )
        return step_rows(trial, simulation, ticket=ticket, labels=condition_labels(self.workflow))

    def _next_context(
        self,
        trial: Trial,
        state: TryState,
        simulation: Simulation,
        step: Step | None,
        call: CallForm | None,
    ) -> dict[str, Any]:
        key = step.task if step is not None else None
        if step is None or key is None:
            end = simulation.end_outcome
            return {
                "is_form": False,
                "is_over": True,
                "task_key": "",
                "end": None if end is None else OUTCOMES[end],
            }
        is_form = trial.rules[key].task_type.is_form
        labels, own = condition_labels(self.workflow), place_of(step)
        waiting = waiting_rows(trial, simulation, labels)
        ticket = trial.ticket_form(state.ticket_type).with_presets(
            state.ticket or {}, clock_of(trial, state)
        )
        return {
            "is_form": is_form,
            "task_key": key,
            "place": place_of(step),
            "heading": title_of_step(trial, step),
            "description": str(trial.tasks[key].get("description", "")),
            "given_to": given_in_trial(trial, step, ticket) if is_form else "",
            "call": None if is_form else call or call_form(trial, key)(),
            "sends": None if is_form else pretty(step.sends),
            "address": str(trial.tasks[key].get("action_url", "")),
            "started": str(trial.tasks[key].get("ticket_type", "")),
            "passed": [duration_in_words(each.after) for each in step.times],
            "times": time_rows(trial, step, labels),
            "others": [each for each in waiting if not each.is_block and each.place != own],
            "blocks": [each for each in waiting if each.is_block and each.times],
            "stopped": simulation.error if simulation.outcome is Outcome.ERROR else "",
            "cancels": cancel_rows(trial, simulation, labels),
        }

    def _ticket_form(
        self,
        trial: Trial,
        state: TryState,
        request: HttpRequest | None,
        first: JsonObject | None = None,
    ) -> AnswersForm | None:
        presets = trial.presets(state.ticket_type)
        clock = clock_of(trial, state)
        return questions_form(trial.fields, request, presets=presets, first=first, clock=clock)

    def _visible_url(
        self,
        state: TryState,
        simulation: Simulation | None,
        form: AnswersForm | None,
        edits: EditsForm | None,
        key: str,
    ) -> str:
        is_conditional = edits is not None and edits.is_conditional
        if form is None or not (form.is_conditional or is_conditional):
            return ""
        query = {"task": key} if key else {"type": state.ticket_type}
        if state.today:
            query["today"] = state.today
        name = "admin:workflows_workflowdefinition_try_visible"
        return reverse(name, args=(self.workflow.pk,), query=query)


def _person(request: HttpRequest) -> dict[str, str]:
    user: Any = request.user
    return {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}


def _first_ticket_type(trial: Trial) -> str:
    return next(iter(trial.ticket_types), "")


def _types(trial: Trial, state: TryState) -> list[dict[str, Any]]:
    return [
        {"key": key, "title": str(each.get("title") or key), "is_chosen": key == state.ticket_type}
        for key, each in trial.ticket_types.items()
    ]
