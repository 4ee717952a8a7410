"""Which ticket type an address names with `?definition=`, and whether it is offered today."""

from __future__ import annotations

from django.http import HttpRequest

from tenants.fast.prepared import PreparedQuery
from tenants.models import User
from tenants.pages.numbers import number_in
from workflows.models import TicketDefinition
from workflows.running.definition_cache import definition_of


def named_definition(request: HttpRequest) -> TicketDefinition | None:
    """The ticket type that the address names, in whatever version; None for anything else."""
    definitions = TicketDefinition.objects.select_related("workflow")
    pk = number_in(request.GET.get("definition", ""))
    return None if pk is None else definitions.filter(pk=pk).first()


_offered = PreparedQuery(
    lambda pk, user_id: TicketDefinition.objects.open_to(user_id).filter(pk=pk), slots=2
)


def offered_as_named(request: HttpRequest, user: User) -> TicketDefinition | None:
    """The ticket type that the address names, where that version is offered today.

    So it nearly always is: one short query then does for those that say why it is not.
    """
    pk = number_in(request.GET.get("definition", ""))
    definition = None if pk is None else _offered.first(pk, user.pk)
    if definition is not None:
        definition.workflow = definition_of(definition.workflow_id).workflow
    return definition


def offered_now(named: TicketDefinition, user: User) -> TicketDefinition | None:
    """The version of a ticket type that this person may submit today."""
    offered = TicketDefinition.objects.submittable_by(user)
    return offered.filter(key=named.key).first()


def asks_the_same(definition: TicketDefinition, other: TicketDefinition) -> bool:
    return definition == other or (
        definition.workflow.fields == other.workflow.fields and definition.presets == other.presets
    )
