"""Which answers may go to another system by a webhook."""

from __future__ import annotations

from tickets.models import Ticket
from tickets.seeing.answers import outputs_now, submitted_about
from workflows.engine.process import JsonObject
from workflows.forms import answered_for_requester
from workflows.layouts.given import layout_data


def answers_for_webhooks(ticket: Ticket) -> JsonObject:
    """What was submitted, and of what came of the tasks that which the requester sees.

    {"submitted": {name: value}, "tasks": {key: {name: value}}}: of people their names, of files
    theirs. What is for the team alone stays here, whoever has set the webhook up: company admins
    need not be of the team. No query: fetch the ticket with its workflow and its instance.
    """
    tasks: JsonObject = {}
    for definition, output in outputs_now(ticket):
        if not definition.is_form:
            continue
        names = {each.name for each in answered_for_requester(definition.fields, output)}
        seen = {name: value for name, value in output.items() if name in names}
        if shown := layout_data(definition.fields, seen):
            tasks[definition.key] = shown
    return {"submitted": submitted_about(ticket), "tasks": tasks}
