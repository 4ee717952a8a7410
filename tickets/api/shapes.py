"""The shapes in which tickets and tasks are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from tenants.models import User
from tickets.models import Ticket
from tickets.seeing import TaskAnswers, Viewer, cancel_reason, visible_answers
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
    answers: list[ShownAnswer]

    @classmethod
    def of(cls, found: TaskAnswers) -> DoneTask:
        worker = None if found.task is None else found.task.assigned_to
        return cls(
            key=found.definition.key,
            title=found.definition.title,
            done_by=None if worker is None else Person.of(worker),
            answers=[ShownAnswer.of(each) for each in found.answers],
        )


class TicketDetail(TicketRow):
    """A ticket as its person may see it."""

    answers: Answers | None = Field(
        description="What was submitted, by the names of the questions; null: not for you."
    )
    tasks: list[DoneTask]
    cancelled_because: str
    outcome: str = Field(description="What the end that it came to is called.")

    @classmethod
    def seen_by(cls, person: User, ticket: Ticket, *, viewer: Viewer, place: str) -> TicketDetail:
        sees = viewer is not Viewer.NOBODY
        instance = ticket.workflow_instance
        return cls(
            **cls.values_of(ticket, place),
            answers=ticket.data if sees else None,
            tasks=[DoneTask.of(each) for each in visible_answers(person, ticket)] if sees else [],
            cancelled_because=_why(ticket, viewer) if sees else "",
            outcome="" if instance is None else str(instance.end_label or ""),
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

    @classmethod
    def values_of(cls, task: TaskInstance) -> dict[str, Any]:
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
        }


def _why(ticket: Ticket, viewer: Viewer) -> str:
    return str(cancel_reason(ticket, viewer=viewer) or "")
