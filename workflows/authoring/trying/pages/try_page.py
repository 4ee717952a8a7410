"""The page on which a definition is tried: form by form, nothing saved, no call made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final
from uuid import UUID, uuid5

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from tenants.connection import current_schema
from tenants.pages.page import Button, register_page
from workflows.authoring.definitions.pages.definition_page import DefinitionPage
from workflows.authoring.definitions.pages.definition_rows import condition_labels, pretty
from workflows.authoring.trying.change_test_cases import add_test_case, record_test_case_anew
from workflows.authoring.trying.pages.try_steps import (
    StepRow,
    picture_of,
    step_rows,
    time_rows,
    times_to_come,
)
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.bundles import Trial
from workflows.bundles.trial import EXAMPLE_SUBMITTER
from workflows.engine.errors import FieldError, SchemaError, TransformError
from workflows.engine.process import Json, JsonObject, TaskType
from workflows.engine.simulate import Answer, Outcome, Simulation, read_answers
from workflows.engine.storable import unstorable
from workflows.errors import WorkflowsError
from workflows.forms import AnswersForm
from workflows.models import WorkflowDefinition
from workflows.working_hours.durations import duration_in_words

# The state travels in the page and comes back with each step.
MOST_CHARACTERS: Final = 400_000
LONGEST_ANSWER: Final = 100_000
_FILES: Final = UUID("6f9d2a54-3c2b-4f57-9f4a-0c8f4c2d7e11")


class SubmitterForm(forms.Form):
    """Who submits the ticket of a try: nobody real needs to."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"), required=False, widget=UnfoldAdminEmailInputWidget
    )
    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        max_length=150,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )


class CallForm(forms.Form):
    """What the other system answers, or that the call fails."""

    body = forms.CharField(
        label=gettext_lazy("What the other system answers (JSON)"),
        max_length=LONGEST_ANSWER,
        required=False,
        initial="{}",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "spellcheck": "false"}),
    )
    fails = forms.BooleanField(label=gettext_lazy("The call fails for good"), required=False)
    error = forms.CharField(
        label=gettext_lazy("Why it fails"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def clean_body(self) -> Json:
        text = self.cleaned_data["body"]
        try:
            body: Json = json.loads(text, parse_constant=_refuse) if text.strip() else None
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(
                _("This is not JSON. Write for example {“id”: 7}, with straight quotes.")
            ) from error
        message = next((message for _path, message in unstorable(body)), "")
        if message:
            raise forms.ValidationError(message)
        return body


def _refuse(name: str) -> Json:
    raise ValueError(name)


class NoKeeper:
    """Takes the files of a try: their names are kept, what is in them is not."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self._known = dict(known or {})

    def keep(self, file: UploadedFile) -> JsonObject:
        name = file.name or "file"
        key = str(uuid5(_FILES, name))
        self._known[key] = name
        return {"upload": key, "filename": name}

    def find(self, key: str) -> JsonObject | None:
        try:
            wanted = str(UUID(key))
        except ValueError:
            return None
        return {"upload": wanted, "filename": self._known.get(wanted, _("file"))}


@dataclass(frozen=True, slots=True)
class TryState:
    """What was answered so far. `ticket` is None before the ticket's form was filled in.

    `case` is the name of the test case that this try began from; empty where there was none.
    """

    ticket_type: str = ""
    submitter: dict[str, str] = field(default_factory=dict)
    ticket: JsonObject | None = None
    answers: tuple[Answer, ...] = ()
    case: str = ""

    def packed(self, workflow: WorkflowDefinition) -> str:
        """The state as signed text, for this version of this company's workflow alone."""
        document = {
            "ticket_type": self.ticket_type,
            "submitter": self.submitter,
            "ticket": self.ticket,
            "answers": [asdict(each) for each in self.answers],
            "case": self.case,
        }
        return signing.dumps(document, salt=_salt(workflow), compress=True)


def unpacked(text: str, workflow: WorkflowDefinition) -> TryState | None:
    """The state in a page that came back; None where it is not one that we made."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        document = signing.loads(text, salt=_salt(workflow))
    except signing.BadSignature:
        return None
    if not isinstance(document, dict):
        return None
    # An older version of this program may have signed something else.
    ticket, submitter = document.get("ticket"), document.get("submitter")
    return TryState(
        ticket_type=str(document.get("ticket_type", "")),
        submitter=_texts(submitter if isinstance(submitter, dict) else {}),
        ticket=ticket if isinstance(ticket, dict) else None,
        answers=tuple(read_answers(document.get("answers"))),
        case=str(document.get("case", "")),
    )


def _texts(submitter: Mapping[str, Json]) -> dict[str, str]:
    return {name: str(submitter.get(name, "")) for name in EXAMPLE_SUBMITTER}


def _salt(workflow: WorkflowDefinition) -> str:
    return f"tickets.try:{current_schema()}:{workflow.pk}"


@register_page(WorkflowDefinition, "<int:object_id>/try/", name="try")
class TryPage(DefinitionPage):
    """GET begins (`?type=key`, or `?case=name` for the answers of a test case); POST goes on.

    What was answered so far stands in the page itself, signed: every step runs it all anew.
    """

    crumb = gettext_lazy("Try it")
    button = Button(gettext_lazy("Try it"), icon="experiment", order=10)

    template_name = "trying/try.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial = trial_of(self.workflow)
        name = request.GET.get("case")
        if name is not None:
            return self._show(request, trial, self._of_case(request, trial, name))
        chosen = request.GET.get("type", "")
        if chosen not in trial.ticket_types:
            chosen = next(iter(trial.ticket_types), "")
        return self._show(request, trial, TryState(chosen, _person(request)))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial = trial_of(self.workflow)
        state = unpacked(request.POST.get("state", ""), self.workflow)
        if state is None:
            text = _("What was answered so far could not be read: the page is damaged or too old.")
            messages.error(request, text + " " + _("Begin again."))
            return self._show(request, trial, TryState(_first(trial), _person(request)))
        if "back" in request.POST:
            return self._back(request, trial, state)
        if "save" in request.POST or "replace" in request.POST:
            return self._save(request, trial, state)
        if state.ticket is None:
            return self._submit(request, trial, state)
        if "after" in request.POST:
            return self._let_time_pass(request, trial, state)
        return self._answer(request, trial, state)

    def _of_case(self, request: HttpRequest, trial: Trial, name: str) -> TryState:
        """The answers of a test case, as far as it goes."""
        case = next((each for each in trial.cases if each.get("name") == name), None)
        if case is None:
            messages.warning(request, _("There is no test case of this name (any more)."))
            return TryState(_first(trial), _person(request))
        ticket, submitter = case.get("ticket", {}), case.get("submitter")
        who = submitter if isinstance(submitter, dict) else dict[str, Json](EXAMPLE_SUBMITTER)
        return TryState(
            ticket_type=str(case.get("ticket_type", "")),
            submitter=_texts(who),
            ticket=ticket if isinstance(ticket, dict) else {},
            answers=tuple(read_answers(case.get("answers"))),
            case=name,
        )

    # Going on

    def _submit(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        form = self._ticket_form(trial, state, request)
        who = SubmitterForm(request.POST)
        if form is None or not (form.is_valid() & who.is_valid()):
            return self._show(request, trial, state, form=form, who=who)
        submitter = {name: str(who.cleaned_data[name]) for name in who.fields}
        following = replace(state, ticket=form.answers(), submitter=submitter, answers=())
        return self._go_on(request, trial, state, following, form=form, who=who)

    def _answer(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        simulation = _run(trial, state)
        key = simulation.waiting_for if simulation else None
        if simulation is None or key is None or key != request.POST.get("task"):
            return self._changed_meanwhile(request, trial, state)
        state = replace(state, answers=_used(simulation))
        if trial.rules[key].task_type is not TaskType.FORM:
            return self._answer_call(request, trial, state, key, simulation)
        form = _form(trial.fields_of(key), request)
        if form is None or not form.is_valid():
            return self._show(request, trial, state, form=form)
        following = replace(state, answers=(*state.answers, Answer(key, form.answers())))
        return self._go_on(request, trial, state, following, form=form)

    def _let_time_pass(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        """The task has not ended by the time that was chosen."""
        simulation, after = _run(trial, state), request.POST["after"]
        key = simulation.waiting_for if simulation else None
        if simulation is None or key is None or key != request.POST.get("task"):
            return self._changed_meanwhile(request, trial, state)
        if after not in times_to_come(trial, simulation):
            return self._changed_meanwhile(request, trial, state)
        answers = (*_used(simulation), Answer(key, after=after))
        return self._go_on(request, trial, state, replace(state, answers=answers))

    def _changed_meanwhile(
        self, request: HttpRequest, trial: Trial, state: TryState
    ) -> HttpResponse:
        messages.warning(request, _("The draft was changed meanwhile. Look at the way so far."))
        return self._show(request, trial, state)

    def _answer_call(
        self,
        request: HttpRequest,
        trial: Trial,
        state: TryState,
        key: str,
        simulation: Simulation,
    ) -> HttpResponse:
        call, answer = CallForm(request.POST), Answer(key)
        if call.is_valid() and call.cleaned_data["fails"]:
            error = call.cleaned_data["error"].strip() or _("The call failed.")
            answer = Answer(key, error=error)
        elif call.is_valid():
            answer = Answer(key, _output_of(trial, state, key, simulation, call))
        if not call.is_valid():  # what is kept of the answer may have been refused
            return self._show(request, trial, state, call=call)
        following = replace(state, answers=(*state.answers, answer))
        return self._go_on(request, trial, state, following, call=call)

    def _go_on(
        self,
        request: HttpRequest,
        trial: Trial,
        before: TryState,
        following: TryState,
        **forms_of_before: Any,
    ) -> HttpResponse:
        if len(following.packed(self.workflow)) > MOST_CHARACTERS:
            messages.error(request, _("This is more than can be tried here. Answer with less."))
            return self._show(request, trial, before, **forms_of_before)
        return self._show(request, trial, following)

    def _back(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        """The step before, with what was answered there."""
        if not state.answers:
            ticket = state.ticket or {}
            return self._show(request, trial, replace(state, ticket=None), first=ticket)
        *kept, last = state.answers
        return self._show(request, trial, replace(state, answers=tuple(kept)), first=last.output)

    def _save(self, request: HttpRequest, trial: Trial, state: TryState) -> HttpResponse:
        name = request.POST.get("name", "")
        if _run(trial, state) is None:  # there is no way yet that could be kept
            return self._show(request, trial, state)
        is_new = "replace" not in request.POST
        try:
            (add_test_case if is_new else record_test_case_anew)(
                workflow=self.workflow,
                name=name if is_new else state.case,
                ticket_type=state.ticket_type,
                ticket=state.ticket or {},
                submitter=state.submitter,
                answers=state.answers,
            )
        except WorkflowsError as error:
            messages.error(request, str(error))
            return self._show(request, trial, state, name=name)
        if is_new:
            text = _("The test case is kept. It runs before each publishing.")
        else:
            text = _("The test case “%(name)s” now answers like this, and expects this way.")
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
        call: CallForm | None = None,
        first: JsonObject | None = None,
        name: str = "",
    ) -> HttpResponse:
        simulation = _run(trial, state)
        if state.ticket is not None and simulation is None:
            messages.warning(request, _("The ticket's form has changed. Fill it in again."))
            state, first = replace(state, ticket=None, answers=()), state.ticket
        context: dict[str, Any] = {"state": state, "name": name, "types": _types(trial, state)}
        if simulation is None:
            form = form or self._ticket_form(trial, state, None, first)
            context |= {
                "who": who or SubmitterForm(initial=state.submitter),
                "heading": _("The ticket"),
            }
        else:
            refused = simulation.outcome is Outcome.REFUSED
            if refused and first is None:
                first = simulation.used[-1].output
            state = replace(state, answers=_used(simulation))
            context |= self._next_context(trial, simulation, call)
            is_form = context["is_form"]
            form = (form or _first_form(trial, simulation, first)) if is_form else None
        context |= {
            "packed": state.packed(self.workflow),
            "form": form,
            "is_broken": simulation is None and form is None,
            "simulation": simulation,
            "steps": self._steps(trial, state, simulation) if simulation else [],
            "picture": picture_of(trial, simulation),
            "visible_url": self._visible_url(state, form, context.get("task_key", "")),
            "may_save": self.workflow.is_draft and simulation is not None,
            "may_replace": any(each.get("name") == state.case for each in trial.cases),
        }
        return self.page(request, **context)

    def _steps(self, trial: Trial, state: TryState, simulation: Simulation) -> list[StepRow]:
        ticket = {**trial.presets(state.ticket_type), **(state.ticket or {})}
        return step_rows(trial, simulation, ticket=ticket, labels=condition_labels(self.workflow))

    def _next_context(
        self, trial: Trial, simulation: Simulation, call: CallForm | None
    ) -> dict[str, Any]:
        key = simulation.waiting_for
        if key is None:
            return {"is_form": False, "is_over": True, "task_key": ""}
        is_form = trial.rules[key].task_type is TaskType.FORM
        return {
            "is_form": is_form,
            "task_key": key,
            "heading": trial.title_of(key),
            "description": str(trial.tasks[key].get("description", "")),
            "call": None if is_form else call or CallForm(),
            "sends": None if is_form else pretty(simulation.last.sends),
            "address": str(trial.tasks[key].get("action_url", "")),
            "passed": [duration_in_words(each.after) for each in simulation.last.times],
            "times": time_rows(trial, simulation, condition_labels(self.workflow)),
        }

    def _ticket_form(
        self,
        trial: Trial,
        state: TryState,
        request: HttpRequest | None,
        first: JsonObject | None = None,
    ) -> AnswersForm | None:
        presets = trial.presets(state.ticket_type)
        return _form(trial.fields, request, presets=presets, first=first)

    def _visible_url(self, state: TryState, form: AnswersForm | None, key: str) -> str:
        if form is None or not form.is_conditional:
            return ""
        query = {"task": key} if key else {"type": state.ticket_type}
        name = "admin:workflows_workflowdefinition_try_visible"
        return reverse(name, args=(self.workflow.pk,), query=query)


@register_page(WorkflowDefinition, "<int:object_id>/try/visible/", name="try_visible")
class TryVisible(DefinitionPage):
    """Which questions are shown for the answers so far; forms.js asks."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        trial, key = trial_of(self.workflow), request.GET.get("task", "")
        specs = trial.fields_of(key) if key else trial.fields
        presets = {} if key else trial.presets(request.GET.get("type", ""))
        try:
            form = AnswersForm(specs, presets=presets, data=request.POST, keeper=NoKeeper())
        except FieldError as error:
            raise Http404 from error
        return JsonResponse({"visible": form.visible_names})


def _form(
    specs: Json,
    request: HttpRequest | None,
    *,
    presets: JsonObject | None = None,
    first: JsonObject | None = None,
) -> AnswersForm | None:
    """A form of the definition; None where its fields are broken."""
    sent: dict[str, Any] = {}
    if request is not None:
        sent = {"data": request.POST, "files": request.FILES, "keeper": NoKeeper()}
    try:
        return AnswersForm(specs, presets=presets, initial_answers=first, **sent)
    except FieldError:
        return None


def _first_form(
    trial: Trial, simulation: Simulation, first: JsonObject | None
) -> AnswersForm | None:
    key = simulation.waiting_for
    return _form(trial.fields_of(key), None, first=first) if key else None


def _run(trial: Trial, state: TryState) -> Simulation | None:
    """The way so far; None where the ticket's form has not been filled in, or refuses it now."""
    if state.ticket is None:
        return None
    try:
        if trial.refusals(state.ticket, ticket_type=state.ticket_type):
            return None
    except FieldError:
        return None
    facts = _facts(trial, state)
    return trial.run(facts=facts, answers=state.answers)


def _facts(trial: Trial, state: TryState) -> JsonObject:
    return trial.facts(
        state.ticket or {},
        ticket_type=state.ticket_type,
        submitter=dict[str, Json](state.submitter),
    )


def _used(simulation: Simulation) -> tuple[Answer, ...]:
    """The answers that count, in the order of the way so far, without one that is refused."""
    return simulation.used[:-1] if simulation.outcome is Outcome.REFUSED else simulation.used


def _output_of(
    trial: Trial, state: TryState, key: str, simulation: Simulation, call: CallForm
) -> JsonObject:
    """The output that is kept of an answer; what is wrong with it is told to the form."""
    context = {**_facts(trial, state), "tasks": simulation.last.data}
    try:
        output = trial.output_of(key, call.cleaned_data["body"], context=context)
        refused = trial.rules[key].refusals(output)
    except (TransformError, SchemaError) as error:
        call.add_error("body", str(error))
        return {}
    for each in refused:
        call.add_error("body", f"{each.field}: {each.message}" if each.field else each.message)
    return output


def _person(request: HttpRequest) -> dict[str, str]:
    user: Any = request.user
    return {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}


def _first(trial: Trial) -> str:
    return next(iter(trial.ticket_types), "")


def _types(trial: Trial, state: TryState) -> list[dict[str, Any]]:
    return [
        {"key": key, "title": str(each.get("title") or key), "is_chosen": key == state.ticket_type}
        for key, each in trial.ticket_types.items()
    ]
