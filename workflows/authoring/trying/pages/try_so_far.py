"""A try as far as it has come: where it waits, and what it knows."""

from __future__ import annotations

from tenants.refusals import refusals
from workflows.authoring.trying.pages.try_forms import CallForm
from workflows.authoring.trying.pages.try_steps import place_of
from workflows.authoring.trying.try_state import TryState
from workflows.bundles import Trial
from workflows.bundles.trying.trial import clock_of_case
from workflows.engine.errors import FieldError, SchemaError, TransformError
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock
from workflows.engine.simulate import Answer, Outcome, Simulation, Step


def step_at(simulation: Simulation | None, place: str, *, with_blocks: bool = False) -> Step | None:
    """The step that waits at this place, as `place_of` writes it."""
    if simulation is None:
        return None
    blocks = [simulation.steps[index] for index in simulation.open_blocks if with_blocks]
    found = [*_all_waiting(simulation), *blocks]
    return next((each for each in found if place_of(each) == place), None)


def _all_waiting(simulation: Simulation) -> list[Step]:
    """With what a form has refused: it is filled in again."""
    if simulation.outcome is Outcome.REFUSED:
        return [simulation.last_step, *simulation.waiting]
    return list(simulation.waiting)


def first_waiting(simulation: Simulation) -> Step | None:
    return next(iter(_all_waiting(simulation)), None)


def clock_of(trial: Trial, state: TryState) -> Clock:
    return clock_of_case({"today": state.today}, trial.clock)


def simulate_so_far(trial: Trial, state: TryState) -> Simulation | None:
    """The simulation so far; None where the ticket's form is not filled in, or refuses it now."""
    if state.ticket is None:
        return None
    with refusals(FieldError):
        clock = clock_of(trial, state)
        if not trial.refusals(state.ticket, ticket_type=state.ticket_type, clock=clock):
            return trial.run(facts=_facts(trial, state), answers=state.answers, clock=clock)
    return None


def _facts(trial: Trial, state: TryState) -> JsonObject:
    return trial.facts(
        state.ticket or {},
        ticket_type=state.ticket_type,
        submitter=dict[str, Json](state.submitter),
        clock=clock_of(trial, state),
    )


def accepted_answers(simulation: Simulation) -> tuple[Answer, ...]:
    """The answers that count, in the order of the steps so far, without one that is refused."""
    return simulation.used[:-1] if simulation.outcome is Outcome.REFUSED else simulation.used


def output_of_answer(trial: Trial, state: TryState, step: Step, call: CallForm) -> JsonObject:
    """The output that is kept of an answer; what is wrong with it is shown by the form."""
    key = step.task or ""
    context: JsonObject = {**_facts(trial, state), "tasks": step.data}
    if step.items:
        context |= {"item": step.item, "item_number": step.items[-1]}
    with refusals(TransformError, SchemaError) as refused:
        output = trial.output_of(key, call.cleaned_data["body"], context=context)
        for each in trial.rules[key].refusals(output, clock_of(trial, state)):
            text = f"{each.field}: {each.message}" if each.field else each.message
            call.add_error("body", text)
        return output
    call.add_error("body", refused.text)
    return {}
