"""Tasks that are offered to an assistant first: begun with the task, and ended.

Whoever is given the task answers for it, and may take it at any moment: an offer takes nothing away
from anybody. An offer changes under the lock of its instance alone, so that of an assistant who
answers and a person who takes the task one wins.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants.fast.batch import Batch
from tenants.jobs import Deferred, defer_all
from tickets.advancing.lock_ticket import lock_task_of, lock_ticket
from tickets.advancing.timer_jobs import end_of_offer_job
from tickets.models import AssistantOffer, OfferEnd, Ticket
from tickets.notices.kinds.assistant_ended import ASSISTANT_ENDED
from tickets.notices.tell import tell
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.offer_ended import NotOffered
from workflows.running.events.of_steps.task_started import TASK_STARTED
from workflows.running.people.assistants import Account, account_named, accounts_of_assistants
from workflows.running.people.candidates import candidates_of
from workflows.running.state_manager import WorkflowStateManager
from workflows.running.with_event import WITH_EVENT, Happened

_DAY: Final = timedelta(days=1)
# A person need not be told of what they have done themselves.
_UNTOLD: Final = (OfferEnd.TAKEN, OfferEnd.COMPLETED)


def offer_tasks(
    tasks: Iterable[TaskInstance], *, ticket: Ticket, manager: WorkflowStateManager, now: datetime
) -> None:
    """Offer those new tasks to assistants whose definitions say so, in their transaction.

    Without such tasks no statement is made.
    """
    offered = [
        (each, said) for each in tasks if each.is_alive and (said := each.definition.assistance)
    ]
    if not offered:
        return
    accounts = accounts_of_assistants(now)
    since = now - _DAY
    free = (
        settings.COMPANY_MOST_OFFERED_TASKS_A_DAY
        - AssistantOffer.objects.filter(offered_at__gt=since).count()
    )
    made: list[AssistantOffer] = []
    for task, said in offered:
        account = account_named(said.account, accounts)
        if account is None or len(made) >= free or not _may_be_offered(task):
            why = _why_not(account, is_full=len(made) >= free)
            manager.end_offer(task, data={"from": said.account, "why": why.value})
            continue
        until = now + timedelta(minutes=said.minutes)
        made.append(
            AssistantOffer(
                task=task,
                account_id=account.pk,
                called=account.name,
                is_checked=said.is_checked,
                tries_left=said.tries,
                offered_at=now,
                until=until,
            )
        )
        data: JsonObject = {"to": account.name, "to_id": account.pk, "until": until.isoformat()}
        manager.offer(task, data={**data, "checked": said.is_checked})
    # The tasks themselves are written with the step: the database looks at the end of it.
    AssistantOffer.objects.bulk_create(made)
    defer_all([_job(ticket.pk, each, now) for each in made])


def _may_be_offered(task: TaskInstance) -> bool:
    """Whether nobody has the task yet, or somebody who may have it: who has left may not, though it
    is for them as its requester."""
    person = task.assigned_to
    return person is None or candidates_of(task).may_have(person)


def _why_not(account: Account | None, *, is_full: bool) -> NotOffered:
    if account is None:
        return NotOffered.NO_ACCOUNT
    return NotOffered.DAY_IS_FULL if is_full else NotOffered.NOBODY


def _job(ticket_id: int, offer: AssistantOffer, now: datetime) -> Deferred:
    return end_of_offer_job(ticket_id=ticket_id, task_id=offer.task_id, until=offer.until, now=now)


# Whoever begins with a task or claims it does it themselves; that event says so.
_TAKE: Final = f"""
UPDATE tickets_assistantoffer SET ended_at = %s::timestamptz, why = '{OfferEnd.TAKEN.value}'
 WHERE task_id = %s::bigint AND ended_at IS NULL
"""  # noqa: S608  # nosec B608


@WITH_EVENT.register
def take_with_event(batch: Batch, happened: Happened) -> None:
    """End the offer of a task with which a person begins; nothing more is written of others."""
    is_claimed = happened.kind == ASSIGNED and happened.data.get("claimed") is True
    if happened.task is None or not (is_claimed or happened.kind == TASK_STARTED):
        return
    if happened.task.definition.assistance is not None:
        batch.add_statement(_TAKE, batch.now, happened.task.pk)


def end_offer(
    offer: AssistantOffer,
    *,
    task: TaskInstance,
    ticket: Ticket,
    manager: WorkflowStateManager,
    why: OfferEnd,
    reason: str = "",
    answers: JsonObject | None = None,
) -> None:
    """End an open offer of a task that the transaction has locked; whoever has it is told."""
    offer.ended_at, offer.why, offer.reason, offer.answers = manager.now, why, reason, answers
    offer.save(update_fields=["ended_at", "why", "reason", "answers"])
    data: JsonObject = {"from": offer.called, "from_id": offer.account_id, "why": why.value}
    if reason:
        data["reason"] = reason
    manager.end_offer(task, data=data)
    if why in _UNTOLD or task.assigned_to_id is None:
        return
    about: JsonObject = {"task": task.pk, "title": task.definition.title, "why": why.value}
    tell(
        ASSISTANT_ENDED,
        [task.assigned_to_id],
        ticket_id=ticket.pk,
        about=about,
        by=manager.actor if why == OfferEnd.TAKEN_BACK else None,
        sees_anyway=True,
    )


def end_offer_in_time(
    *, ticket_id: int, task_id: int, until: str, now: datetime | None = None
) -> None:
    """Let the person of a task have it, as the assistant's time is over.

    Safe to call twice, late, or beside whoever answers. On hold time goes on: nobody waits for an
    assistant longer than its definition says.
    """
    now = now or timezone.now()
    moment = datetime.fromisoformat(until)
    with transaction.atomic():
        ticket = lock_ticket(ticket_id)
        locked = lock_task_of(ticket, task_id, now=max(now, moment))
        if locked is None:
            return
        manager, task = locked
        offer = AssistantOffer.objects.filter(task=task, ended_at=None).first()
        if offer is None or offer.until != moment or not task.is_alive:
            return
        end_offer(offer, task=task, ticket=ticket, manager=manager, why=OfferEnd.OUT_OF_TIME)
