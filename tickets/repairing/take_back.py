"""A task that a ticket admin takes back from the assistant that is at it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy

from tenants.audit.kinds import declare
from tenants.models import User
from tickets.advancing.offers import end_offer
from tickets.models import AssistantOffer, OfferEnd, Ticket
from tickets.repairing.begin_repair import begin_repair, repair_transaction
from tickets.working.errors import OfferOverError
from workflows.models import TaskInstance

TAKEN_BACK = declare("tickets.task_taken_back", gettext_lazy("Took a task back from an assistant"))


def take_back(
    *,
    task: TaskInstance,
    by: User,
    reason: str,
    expected: str | None = None,
    now: datetime | None = None,
) -> None:
    """Whoever has the task does it; they are told.

    Raises:
        MayNotRepairError, ReasonMissingError, ChangedMeanwhileError: as in `retry_step`.
        OfferOverError: no assistant is at it (any more).
    """
    with repair_transaction():
        owner = Ticket.objects.get(workflow_instance=task.workflow_instance_id)
        repair = begin_repair(
            TAKEN_BACK,
            task=task,
            ticket_id=owner.pk,
            by=by,
            reason=reason,
            expected=expected,
            now=now,
        )
        locked = repair.manager.read_task(task.pk)
        offers = AssistantOffer.objects.open(now=repair.manager.now).filter(task=locked.pk)
        if (offer := offers.first()) is None:
            raise OfferOverError
        end_offer(
            offer,
            task=locked,
            ticket=repair.ticket,
            manager=repair.manager,
            why=OfferEnd.TAKEN_BACK,
            reason=repair.reason,
        )
