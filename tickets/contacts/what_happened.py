"""What was sent to somebody outside, what they answered, and which tickets they have begun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from tickets.models import Ticket
from tickets.seeing import answers_of_contact
from workflows.engine.process import Json
from workflows.forms import Shown
from workflows.models import Contact, ContactLink, TaskInstance, WorkflowEvent
from workflows.running.events.kind import data_of
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED

# So many of each kind are shown, the newest first.
MOST_SHOWN: Final = 50
# So many links of one form: each reminder sends one.
MOST_LINKS: Final = 10


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form that was sent to them. `answers` are those that they gave, as they were sent."""

    task: TaskInstance
    ticket: Ticket | None
    sent: Sequence[datetime]
    answered_at: datetime | None
    answers: Sequence[Shown]

    @property
    def is_waiting(self) -> bool:
        return self.task.is_with_contact


@dataclass(frozen=True, slots=True)
class WhatHappened:
    """`more_*`: there are more than are shown."""

    forms: Sequence[SentForm]
    more_forms: bool
    begun: Sequence[Ticket]
    more_begun: bool


def what_happened(contact: Contact) -> WhatHappened:
    """The newest of it. Five queries, however much there is."""
    tasks = TaskInstance.objects.filter(contact=contact).select_related(
        "definition", "workflow_instance"
    )
    found = list(tasks.order_by("-pk")[: MOST_SHOWN + 1])
    shown = found[:MOST_SHOWN]
    begun = list(
        Ticket.objects.filter(contact=contact).with_progress().order_by("-pk")[: MOST_SHOWN + 1]
    )
    return WhatHappened(
        forms=_forms(contact, shown),
        more_forms=len(found) > MOST_SHOWN,
        begun=begun[:MOST_SHOWN],
        more_begun=len(begun) > MOST_SHOWN,
    )


def _forms(contact: Contact, tasks: Sequence[TaskInstance]) -> list[SentForm]:
    numbers = [each.pk for each in tasks]
    instances = [each.workflow_instance_id for each in tasks]
    tickets = {
        each.workflow_instance_id: each
        for each in Ticket.objects.filter(workflow_instance__in=instances)
    }
    sent: dict[int, list[datetime]] = {}
    for task, at in _links(contact, numbers).values_list("task", "created_at"):
        sent.setdefault(task, []).append(at)
    answers = _answers(numbers)
    return [
        SentForm(
            task=each,
            ticket=tickets.get(each.workflow_instance_id),
            sent=sent.get(each.pk, [])[:MOST_LINKS],
            answered_at=answers[each.pk].at if each.pk in answers else None,
            answers=_shown(each, answers.get(each.pk)),
        )
        for each in tasks
    ]


def _links(contact: Contact, tasks: Sequence[int]) -> QuerySet[ContactLink]:
    return ContactLink.objects.filter(contact=contact, task__in=tasks).order_by("-pk")


def _answers(tasks: Sequence[int]) -> dict[int, WorkflowEvent]:
    """By the numbers of the tasks, the event in which they were answered from outside."""
    done = WorkflowEvent.objects.filter(
        task_instance__in=tasks, kind=TASK_COMPLETED, data__by_contact=True
    )
    return {each.task_instance_id: each for each in done if each.task_instance_id is not None}


def _shown(task: TaskInstance, event: WorkflowEvent | None) -> list[Shown]:
    output: Json = None if event is None else data_of(event).get("output")
    return [] if event is None else answers_of_contact(task.definition, output)
