"""Ticket types, their forms, and submitting."""

from __future__ import annotations

from typing import Final

from tenants.mcp.errors import NothingThereError
from tenants.mcp.once import record_act, run_once
from tenants.mcp.tool import Call, JsonObject, Tool
from tenants.pages.links import admin_link
from tenants.tokens.scopes import Scope
from tickets.files.named_uploads import ensure_uploads_fit
from tickets.mcp.parts import ticket_as_json
from tickets.models import MyTicket, Ticket
from tickets.numbering.name_ticket import name_ticket
from tickets.submitting.offered_type import type_offered_to
from tickets.submitting.submit_ticket import submit_ticket
from workflows.fields.answers.validation import Validator
from workflows.mcp.as_json import FORM, OBJECTS, TEXT, FormInWords, cut, result_of
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of
from workflows.running.events.of_tickets.came_in import by_assistant

MOST_TYPES: Final = 200
_TYPE: Final[JsonObject] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 63,
    "description": "The key of the ticket type, as list_ticket_types says it.",
}


def _list_ticket_types(call: Call) -> JsonObject:
    offered = TicketDefinition.objects.submittable_by(call.person)
    offered = offered.defer("edit_layout", "display_layout", "workflow__display_layout")
    return {
        "ticket_types": [
            {"key": each.key, "title": each.title, "description": cut(each.description)}
            for each in offered.order_by("title", "pk")[:MOST_TYPES]
        ]
    }


LIST_TICKET_TYPES: Final = Tool(
    name="list_ticket_types",
    title="List ticket types",
    description="What the person may submit: the key, the title and what each is for.",
    scope=Scope.TICKETS_READ,
    permissions=("tickets.add_myticket",),
    function=_list_ticket_types,
    output=result_of(ticket_types=OBJECTS),
)


def _offered(call: Call) -> tuple[TicketDefinition, Validator]:
    """The ticket type that the arguments name, with what checks its answers.

    Raises:
        NothingThereError: the person may submit none such.
    """
    found = type_offered_to(call.person, call.text("ticket_type"))
    if found is None:
        raise NothingThereError
    return found, definition_of(found.workflow_id).ticket_form(found.presets)


def _get_form(call: Call) -> JsonObject:
    definition, form = _offered(call)
    return {
        "key": definition.key,
        "title": definition.title,
        "description": cut(definition.description),
        "form": FormInWords(form).as_json(),
    }


GET_FORM: Final = Tool(
    name="get_form",
    title="Get the form of a ticket type",
    description=(
        "What a ticket of this type asks: the JSON Schema of its answers, and its questions in "
        "order. Questions that are calculated are never answered, conditional ones only where "
        "they are asked. A file is sent before, by upload_file."
    ),
    scope=Scope.TICKETS_READ,
    permissions=("tickets.add_myticket",),
    function=_get_form,
    arguments={"ticket_type": _TYPE},
    required=("ticket_type",),
    output=result_of(key=TEXT, title=TEXT, description=TEXT, form=FORM),
)


def _submit_ticket(call: Call) -> JsonObject:
    return run_once(call, lambda: _submitted(call))


def _submitted(call: Call) -> JsonObject:
    definition, form = _offered(call)
    sent = call.object("answers")
    answers = ensure_uploads_fit(definition.workflow.fields, sent, user=call.person)
    title = call.text("title") or name_ticket(
        definition=definition, fields=form.fields.values(), answers=answers
    )
    made = submit_ticket(
        definition=definition,
        data=answers,
        user=call.person,
        title=title,
        checks_now=True,
        came_in=by_assistant(call.assistant),
    )
    record_act(call, about=made)
    page = f"{call.address}{admin_link(MyTicket(pk=made.pk))}"
    found = Ticket.objects.with_progress().get(pk=made.pk)
    return {**ticket_as_json(found), "page": page}


SUBMIT_TICKET: Final = Tool(
    name="submit_ticket",
    title="Submit a ticket",
    description=(
        "Submit a ticket of a type as the person whose assistant you are. The answers go by the "
        "names of the form (get_form). Where they do not fit, nothing is submitted, and you are "
        "told what is wrong with each."
    ),
    scope=Scope.TICKETS_WRITE,
    permissions=("tickets.add_myticket",),
    function=_submit_ticket,
    writes=True,
    is_open_world=True,
    arguments={
        "ticket_type": _TYPE,
        "answers": {"type": "object", "description": "The answers by the names of the questions."},
        "title": {
            "type": "string",
            "maxLength": 150,
            "description": "A few words by which people find it; left out: made of the answers.",
        },
    },
    required=("ticket_type", "answers"),
    output=result_of(("number", "title", "status"), number=TEXT, title=TEXT, status=TEXT),
)
TOOLS: Final = (LIST_TICKET_TYPES, GET_FORM, SUBMIT_TICKET)
