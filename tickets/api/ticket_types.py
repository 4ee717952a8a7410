"""Ticket types: which one may submit, and the form of each as JSON Schema."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Router, Schema

from tenants.api.operations import holder_in, operation
from tenants.models import User
from tenants.tokens.scopes import Scope
from tickets.submitting.offered_type import MAY_SUBMIT, type_offered_to
from workflows.engine.values.frozen import thawed
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of

router = Router(tags=["Ticket types"])


class TicketType(Schema):
    key: str
    title: str
    description: str
    version: int


class TicketTypes(Schema):
    items: list[TicketType]


class TicketTypeForm(TicketType):
    """`answers` is a JSON Schema of what to send as the answers of a ticket."""

    answers: dict[str, Any] = Field(description="JSON Schema (2020-12) of the answers.")
    questions: list[dict[str, Any]] = Field(
        description="The questions as the workflow's bundle has them: labels, hints, rules."
    )


@operation(
    router, "GET", "/ticket-types", scope=Scope.TICKETS_READ, answer=TicketTypes,
    permissions=MAY_SUBMIT,
)  # fmt: skip
def list_ticket_types(request: HttpRequest) -> TicketTypes:
    """List the ticket types that you may submit."""
    person = holder_in(request).user
    offered = TicketDefinition.objects.submittable_by(person).order_by("title", "pk")
    return TicketTypes(items=[TicketType(**values_of_type(each)) for each in offered[:1_000]])


@operation(
    router, "GET", "/ticket-types/{key}/schema", scope=Scope.TICKETS_READ, answer=TicketTypeForm,
    permissions=MAY_SUBMIT,
)  # fmt: skip
def get_ticket_type_schema(request: HttpRequest, key: str) -> TicketTypeForm:
    """Read the form of a ticket type."""
    found = offered_type(holder_in(request).user, key)
    form = definition_of(found.workflow_id).ticket_form(found.presets)
    specs = found.workflow.fields if isinstance(found.workflow.fields, list) else []
    asked = [each for each in specs if isinstance(each, dict) and each.get("name") in form.fields]
    return TicketTypeForm(**values_of_type(found), answers=thawed(form.schema), questions=asked)


def offered_type(person: User, key: str) -> TicketDefinition:
    """Raises Http404: no ticket type of this key is offered to this person."""
    found = type_offered_to(person, key)
    if found is None:
        raise Http404
    return found


def values_of_type(definition: TicketDefinition) -> dict[str, Any]:
    return {
        "key": definition.key,
        "title": definition.title,
        "description": definition.description,
        "version": definition.version,
    }
