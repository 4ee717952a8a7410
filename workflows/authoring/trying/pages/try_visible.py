"""Which questions of a try are shown for the answers so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from tenants.limits.dear import Dear
from tenants.pages.page import register_page
from tenants.refusals import refusals
from workflows.authoring.definitions.pages.definition_page import DefinitionPage
from workflows.authoring.trying.pages.try_questions import asked_of, day_in, keeper_for
from workflows.authoring.trying.pages.try_so_far import simulate_so_far, step_at
from workflows.authoring.trying.run_test_cases import trial_of
from workflows.authoring.trying.try_state import read_signed_state
from workflows.bundles.trying.trial import clock_of_case
from workflows.engine.errors import FieldError
from workflows.fields.answers.asked_again import AskedAgain
from workflows.forms import visible_answer
from workflows.models import WorkflowDefinition


@register_page(
    WorkflowDefinition,
    "<int:object_id>/try/visible/",
    name="workflows_workflowdefinition_try_visible",
)
class TryVisible(DefinitionPage):
    """Which questions are shown for the answers so far; forms.js asks."""

    http_method_names = ["post"]
    dear = {"POST": Dear.WHILE_TYPING}

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        trial, key = trial_of(self.workflow), request.GET.get("task", "")
        specs = trial.fields_of(key) if key else trial.fields
        presets = {} if key else trial.presets(request.GET.get("type", ""))
        state = read_signed_state(request.POST.get("state", ""), self.workflow)
        asked: Sequence[AskedAgain] = ()
        simulation = simulate_so_far(trial, state) if key and state is not None else None
        step = step_at(simulation, key)
        if state is not None and step is not None:
            with refusals(FieldError):
                asked = asked_of(trial, state, step)
        return visible_answer(
            specs,
            presets=presets,
            data=request.POST,
            keeper=keeper_for(specs, request),
            asked=asked,
            clock=clock_of_case({"today": day_in(request)}, trial.clock),
        )
