"""The shapes in which tickets and tasks are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from ninja import Field, Schema

from tenants.models import User
from tickets.models import Ticket
from tickets.models.assistant_offer import offer_of
from tickets.seeing import MOST_ANSWERED, TaskAnswers, Viewer, cancel_reason, visible_answers
from workflows.forms import Shown
from workflows.models import TaskInstance

type Answers = dict[str, Any]


class Person(Schema):
    id: int
    name: str
    is_account: bool = Field(description="Whether it is a service account, and no person.")

    @classmethod
    def of(cls, person: User) -> Person:
        return cls(id=person.pk, name=str(person), is_account=person.is_account)


class TypeName(Schema):
    key: str
    title: str


class TicketRow(Schema):
    """A ticket in a list."""

    id: int
    number: str = Field(description="What people call it: #12, or ACME-12.")
    title: str
    type: TypeName
    status: str = Field(description="Such as IN_PROGRESS, ON_HOLD, ERROR, COMPLETED, CANCELLED.")
    priority: str
    submitted_by: Person
    submitted_at: datetime
    ended_at: datetime | None
    place: str = Field(description="Where it is now, in words.")

    @classmethod
    def values_of(cls, ticket: Ticket, place: str) -> dict[str, Any]:
        instance = ticket.workflow_instance
        return {
            "id": ticket.pk,
            "number": ticket.number,
            "title": ticket.title,
            "type": TypeName(key=ticket.definition.key, title=ticket.definition.title),
            "status": ticket.status.value,
            "priority": ticket.priority_level.value,
            "submitted_by": Person.of(ticket.created_by),
            "submitted_at": ticket.created_at,
            "ended_at": None if instance is None else instance.completed_at,
            "place": place,
        }


class ShownAnswer(Schema):
    """An answer as people read it. A table has rows, a file an upload."""

    question: str
    text: str = ""
    items: list[str] = []
    upload: str = ""
    columns: list[str] = []
    rows: list[list[str]] = []

    @classmethod
    def of(cls, shown: Shown) -> ShownAnswer:
        return cls(
            question=str(shown.label),
            text=str(shown.text),
            items=[str(each) for each in shown.items],
            upload=shown.upload,
            columns=[str(each) for each in shown.headers],
            rows=[[str(cell.text) for cell in row] for row in shown.rows],
        )


class DoneTask(Schema):
    """What came of a task, as far as it may be seen."""

    key: str
    title: str
    done_by: Person | None
    assistant: str = Field(
        description="The assistant that has answered for them, or suggested it; empty: none."
    )
    answers: list[ShownAnswer]

    @classmethod
    def of(cls, found: TaskAnswers) -> DoneTask:
        worker = None if found.task is None else found.task.assigned_to
        return cls(
            key=found.definition.key,
            title=found.definition.title,
            done_by=None if worker is None else Person.of(worker),
            assistant=found.assistant,
            answers=[ShownAnswer.of(each) for each in found.answers],
        )


class TicketDetail(TicketRow):
    """A ticket as its person may see it."""

    answers: Answers | None = Field(
        description="What was submitted, by the names of the questions; null: not for you."
    )
    tasks: list[DoneTask] = Field(
        max_length=MOST_ANSWERED,
        description="What came of its tasks, as far as you see it: the last round first.",
    )
    tasks_are_cut: bool = Field(
        description="Whether there are more tasks than are told: the newest are."
    )
    cancelled_because: str
    outcome: str = Field(description="What the end that it came to is called.")

    @classmethod
    def seen_by(cls, person: User, ticket: Ticket, *, viewer: Viewer, place: str) -> TicketDetail:
        sees = viewer is not Viewer.NOBODY
        instance = ticket.workflow_instance
        tasks, is_cut = visible_answers(person, ticket) if sees else ([], False)
        return cls(
            **cls.values_of(ticket, place),
            answers=ticket.data if sees else None,
            tasks=[DoneTask.of(each) for each in tasks],
            tasks_are_cut=is_cut,
            cancelled_because=_why(ticket, viewer) if sees else "",
            outcome="" if instance is None else str(instance.end_label or ""),
        )


class Offer(Schema):
    """What an assistant has, or had, to do with a task that somebody has."""

    assistant: str = Field(description="What its service account is called.")
    until: datetime
    is_checked: bool = Field(description="Whether a person checks what it answers.")
    is_open: bool = Field(description="Whether it may answer now.")
    why: str = Field(description="Why it is over, such as suggested or handed_back; else empty.")
    suggested: dict[str, Any] | None = Field(
        description="The answers that it suggested, for who has the task; null: none, or not yours."
    )

    @classmethod
    def of(cls, task: TaskInstance, *, seen_by: User) -> Offer | None:
        found = offer_of(task)
        if found is None:
            return None
        is_theirs = seen_by.pk in (task.assigned_to_id, found.account_id)
        return cls(
            assistant=found.called,
            until=found.until,
            is_checked=found.is_checked,
            is_open=found.is_open(now=timezone.now()) and task.is_workable,
            why=found.why.lower(),
            suggested=found.answers if found.is_suggestion and is_theirs else None,
        )


class TaskRow(Schema):
    """A task in a list."""

    id: int
    key: str
    title: str
    status: str
    assigned_to: Person | None
    due_at: datetime | None
    ticket: int
    ticket_number: str
    ticket_title: str
    type: TypeName
    offer: Offer | None = Field(
        description="That it is, or was, offered to an assistant first; null: it was not."
    )

    @classmethod
    def values_of(cls, task: TaskInstance, *, seen_by: User) -> dict[str, Any]:
        ticket: Ticket = task.workflow_instance.ticket
        return {
            "id": task.pk,
            "key": task.definition.key,
            "title": task.definition.title,
            "status": str(task.status),
            "assigned_to": None if task.assigned_to is None else Person.of(task.assigned_to),
            "due_at": task.due_at,
            "ticket": ticket.pk,
            "ticket_number": ticket.number,
            "ticket_title": ticket.title,
            "type": TypeName(key=ticket.definition.key, title=ticket.definition.title),
            "offer": Offer.of(task, seen_by=seen_by),
        }


def _why(ticket: Ticket, viewer: Viewer) -> str:
    return str(cancel_reason(ticket, viewer=viewer) or "")
