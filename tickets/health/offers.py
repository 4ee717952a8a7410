"""Offers to assistants that no job ends, and assistants that published workflows name in vain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.health import mending
from tickets.health.finding import Finding, finding
from tickets.health.queued_jobs import jobs_of_company
from tickets.job_names import END_OFFER
from tickets.models import AssistantOffer
from workflows.models import DefinitionStatus, TaskDefinition
from workflows.models.task_instance import ALIVE
from workflows.running.people.assistants import account_named, accounts_of_assistants


def offer_findings() -> Iterator[Finding]:
    """Two queries, and two more where there are offers, or definitions that name an assistant."""
    yield from _offers_without_a_job()
    yield from _assistants_out_of_reach()


def _offers_without_a_job() -> Iterator[Finding]:
    offers = AssistantOffer.objects.filter(ended_at=None, task__status__in=ALIVE)
    rows = offers.select_related("task__definition", "task__workflow_instance__ticket")
    waiting: set[tuple[object, object]] | None = None
    for offer in rows.order_by("pk"):
        if waiting is None:
            jobs = jobs_of_company().filter(task_name=END_OFFER).values_list("args", flat=True)
            waiting = {(args.get("task_id"), args.get("until")) for args in jobs}
        if (offer.task_id, offer.until.isoformat()) in waiting:
            continue
        ticket = offer.task.workflow_instance.ticket
        message = _("“%(task)s” is offered to an assistant, but no job will end that.")
        mend = partial(mending.requeue_end_of_offer, ticket.pk, offer.task_id)
        yield finding(ticket.pk, message % {"task": offer.task.definition.title}, mend)


def _assistants_out_of_reach() -> Iterator[Finding]:
    tasks = TaskDefinition.objects.filter(
        workflow__status=DefinitionStatus.PUBLISHED, assistant__isnull=False
    )
    accounts = None
    for task in tasks.select_related("workflow").order_by("pk"):
        said = task.assistance
        if said is None:
            continue
        accounts = accounts_of_assistants(timezone.now()) if accounts is None else accounts
        if account_named(said.account, accounts) is None:
            message = _(
                "“%(task)s” of “%(workflow)s” is for the assistant “%(account)s” first, but the "
                "company has no service account of this name, or more than one, that is on and has "
                "a token of an assistant: people do it."
            )
            words = {"task": task.title, "workflow": task.workflow.title, "account": said.account}
            yield finding(None, message % words)
