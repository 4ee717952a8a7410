"""Tickets and tasks as tables to download."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from import_export.fields import Field

from tickets.models import Ticket
from tickets.overseeing.answer_tables import types_of, write_type
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.process import JsonObject
from workflows.flat import FlatResource, FlatRow
from workflows.flat.resource import MOST_AT_ONCE, column
from workflows.flat.writing import ListFile, Value
from workflows.models import TaskInstance, TaskStatus, WorkflowInstance, WorkflowStatus
from workflows.priorities import SCREENS as PRIORITIES


@dataclass
class TicketRow(FlatRow):
    title: str = ""
    ticket_type: str = ""
    submitted_by: str = ""
    status: str = ""
    priority: str = ""
    due_at: datetime | None = None
    outcome: str = ""
    end: str = ""
    is_stuck: bool = False
    current_task: str = ""
    assigned_to: str = ""
    submitted_at: datetime | None = None
    data: JsonObject = field(default_factory=dict)


class TicketResource(FlatResource[TicketRow]):
    """Tickets with where they are and what was submitted.

    As tables: one of all of them, and those of each ticket type with its answers. As JSON: one
    list, in which each ticket has its data as it is kept.
    """

    has_many_tables = True

    def __init__(self, shown: Collection[str] | None = None, **options: Any) -> None:
        """`shown` are the columns by their names, besides number and title; None: all."""
        super().__init__(**options)
        self._shown = shown

    def get_export_fields(self, selected_fields: Any = None) -> list[Field]:
        found: list[Field] = super().get_export_fields(selected_fields)
        if self._shown is None:
            return found
        return [each for each in found if each.attribute in {"pk", "title", *self._shown}]

    @classmethod
    def headings(cls) -> list[str]:
        return [each for each in super().headings() if each != cls.fields["data"].column_name]

    pk = column("pk", "Number")
    title = column("title", "Title")
    ticket_type = column("ticket_type", "Ticket type")
    submitted_by = column("submitted_by", "Submitted by")
    submitted_at = column("submitted_at", "Submitted at")
    status = column("status", "Status")
    outcome = column("outcome", "Outcome")
    end = column("end", "How it ended")
    is_stuck = column("is_stuck", "Has an error")
    current_task = column("current_task", "Current task")
    assigned_to = column("assigned_to", "Assigned to")
    priority = column("priority", "Priority")
    due_at = column("due_at", "Due at")
    data = column("data", "Data")

    def row_of(self, thing: Ticket) -> TicketRow:
        instance = thing.workflow_instance
        task = instance.current_task if instance is not None and not thing.has_ended else None
        return TicketRow(
            pk=thing.pk,
            title=thing.title,
            ticket_type=thing.definition.title,
            submitted_by=thing.created_by.email,
            status=str(_status(thing).label),
            priority=str(PRIORITIES[thing.priority_level].name),
            due_at=task.due_at if task is not None else None,
            outcome=_outcome(instance),
            end=instance.end_label if instance is not None else "",
            is_stuck=bool(getattr(thing, "is_stuck", False)),
            current_task=task.definition.title if task is not None else "",
            assigned_to=task.assigned_to.email if task is not None and task.assigned_to else "",
            submitted_at=thing.created_at,
            data={} if "data" in thing.get_deferred_fields() else thing.data,
        )

    def write(self, queryset: QuerySet[Ticket], file: ListFile, *, title: str) -> None:
        if file.holds_objects:
            super().write(queryset, file, title=title)
            return
        columns = [each for each in self.get_export_fields() if each.attribute != "data"]
        with file.table(title, [each.column_name for each in columns]) as table:
            for row in self.rows(queryset.defer("data")):
                table.add([self.export_field(each, row) for each in columns])
        if self._shown is not None and "data" not in self._shown:
            return
        own = [each for each in columns if each.attribute != "ticket_type"]
        for kind, tickets in types_of(queryset):
            rows = self._with_cells(tickets, own)
            write_type(kind, rows, file, headings=[each.column_name for each in own])

    def _with_cells(
        self, tickets: QuerySet[Ticket], columns: Sequence[Field]
    ) -> Iterator[tuple[Ticket, list[Value]]]:
        for ticket in tickets.iterator(chunk_size=MOST_AT_ONCE):
            row = self.row_of(ticket)
            yield ticket, [self.export_field(each, row) for each in columns]


def _status(ticket: Ticket) -> WorkflowStatus:
    """As pages show it: also one that still has something to clean up is cancelled."""
    return WorkflowStatus.CANCELLED if ticket.is_cancelled else ticket.status


def _outcome(instance: WorkflowInstance | None) -> str:
    outcome = None if instance is None else instance.end_outcome
    return "" if outcome is None else str(OUTCOMES[outcome].name)


@dataclass
class TaskRow(FlatRow):
    ticket: int | None = None
    ticket_title: str = ""
    task: str = ""
    kind: str = ""
    status: str = ""
    assigned_to: str = ""
    attempts: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    due_at: datetime | None = None


class TaskResource(FlatResource[TaskRow]):
    """Tasks of all tickets, with who has them and when they were done."""

    ticket = column("ticket", "Ticket")
    ticket_title = column("ticket_title", "Ticket title")
    task = column("task", "Task")
    kind = column("kind", "Kind")
    status = column("status", "Status")
    assigned_to = column("assigned_to", "Assigned to")
    attempts = column("attempts", "Attempts")
    created_at = column("created_at", "Created at")
    started_at = column("started_at", "Started at")
    completed_at = column("completed_at", "Completed at")
    due_at = column("due_at", "Due at")

    def row_of(self, thing: TaskInstance) -> TaskRow:
        ticket: Ticket | None = getattr(thing.workflow_instance, "ticket", None)
        return TaskRow(
            pk=thing.pk,
            ticket=ticket.pk if ticket is not None else None,
            ticket_title=ticket.title if ticket is not None else "",
            task=thing.definition.title,
            kind=str(thing.definition.get_task_type_display()),
            status=str(TaskStatus(thing.status).label),
            assigned_to=thing.assigned_to.email if thing.assigned_to else "",
            attempts=thing.attempts,
            created_at=thing.created_at,
            started_at=thing.started_at,
            completed_at=thing.completed_at,
            due_at=thing.due_at,
        )

    def filter_export(self, queryset: QuerySet[TaskInstance], **options: Any) -> Any:
        return queryset.select_related("definition", "assigned_to", "workflow_instance__ticket")
