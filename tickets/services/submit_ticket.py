from __future__ import annotations

from django.db import transaction

from tenants.models import User
from tickets.errors import MayNotSubmitError
from tickets.models import Ticket, TicketDefinition
from tickets.services.keep_file import claim_files
from tickets.services.safety_net import advance_after_commit
from tickets.services.save_answers import forget_saved_answers
from workflows.engine.process import JsonObject
from workflows.engine.validation import validate_fields
from workflows.errors import InvalidDataError


def submit_ticket(
    *,
    definition: TicketDefinition,
    data: JsonObject,
    user: User,
    title: str = "",
    slot: str = "",
) -> Ticket:
    """Submit a ticket; its workflow starts right after the commit.

    `data` holds the answers to the fields that are asked; presets are added. Without a
    title the ticket has that of its type. What was saved in the `slot` on the way is forgotten.

    Raises:
        MayNotSubmitError: the type is not offered to this person (any more).
        InvalidDataError: the data does not fit the form; it lists every problem.
        UnknownUploadError: the data names a file that this person did not upload.
    """
    with transaction.atomic():
        offered = TicketDefinition.objects.submittable_by(user).filter(pk=definition.pk).first()
        if offered is None:
            raise MayNotSubmitError
        problems = validate_fields(offered.workflow.fields, data, presets=offered.presets)
        if problems:
            raise InvalidDataError(problems)
        ticket = Ticket.objects.create(
            title=title.strip() or offered.title,
            definition=offered,
            workflow=offered.workflow,
            data={**offered.presets, **data},
            created_by=user,
        )
        claim_files(offered.workflow.fields, data, ticket=ticket, user=user)
        if slot:
            forget_saved_answers(user=user, slot=slot)
        advance_after_commit(ticket.pk)
    return ticket
