from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.hooks import Hook
from tickets.models.ticket import Ticket
from workflows.models import PathStatus, TaskInstance, TaskStatus, WorkflowStatus
from workflows.models.status import StatusField, StatusModel, one_of


class ErrorType(models.TextChoices):
    WORKFLOW_CREATION = "WORKFLOW_CREATION", _("The workflow could not be started")
    TASK_CREATION = "TASK_CREATION", _("A task could not be made")
    TASK_UPDATE = "TASK_UPDATE", _("A task could not be done")
    WORKFLOW_TRANSITION = "WORKFLOW_TRANSITION", _("The workflow could not move on")
    # The step itself is not in error: the ticket goes on, and nobody outside knows of it.
    DELIVERY = "DELIVERY", _("A mail could not be delivered")


class ErrorStatus(models.TextChoices):
    NEW = "NEW", _("New")
    REVIEWED = "REVIEWED", _("Reviewed")
    RESOLVED = "RESOLVED", _("Resolved")


ALIVE = (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD)
UNRESOLVED = (ErrorStatus.NEW, ErrorStatus.REVIEWED)

# Called in the transaction in which an error is kept for the first time.
ERROR_KEPT: Hook[[TicketError], None] = Hook()


class TicketErrorQuerySet(models.QuerySet["TicketError"]):
    def unresolved(self) -> TicketErrorQuerySet:
        return self.filter(status__in=UNRESOLVED)

    def stopping(self) -> TicketErrorQuerySet:
        """Those for which a step of the ticket waits."""
        return self.unresolved().exclude(error_type=ErrorType.DELIVERY)

    def of_delivery(self, mail_name: str = "") -> TicketErrorQuerySet:
        """Those of mails of steps that did not arrive, or of this mail on a way."""
        return self.unresolved().filter(error_type=ErrorType.DELIVERY, mail_name=mail_name)

    def resolve_all(self, *, how: str) -> None:
        """Close those that are open, with a sentence in their notes; one after the other."""
        for error in self.unresolved().select_for_update(no_key=True).order_by("pk"):
            earlier = error.resolution_notes.strip()
            error.resolve(notes=f"{earlier}\n{how}" if earlier else how)
            error.save(update_fields=["status", "resolution_notes", "updated_at"])

    def unmarked(self) -> TicketErrorQuerySet:
        """Those that stand for a step which could not be put into error, and waits all the same."""
        return self.unresolved().filter(
            ~Q(task__status__in=(TaskStatus.ERROR, TaskStatus.CANCELLED)),
            Q(ticket__workflow_instance__current_task=F("task"))
            | Q(task__path__status=PathStatus.RUNNING, task__path__current_task=F("task")),
            is_step_marked=False,
            ticket__workflow_instance__status__in=ALIVE,
        )


class TicketError(StatusModel):
    """Something that went wrong with a ticket, for a ticket admin to repair and retry."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="errors", verbose_name=_("ticket")
    )
    task = models.ForeignKey(
        TaskInstance,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="ticket_errors",
        verbose_name=_("task"),
    )
    error_type = models.CharField(_("type"), max_length=30, choices=ErrorType.choices)
    message = models.TextField(_("what happened"))
    stack_trace = models.TextField(_("trace"), blank=True)
    status = StatusField(
        _("status"),
        choices=ErrorStatus.choices,
        default=ErrorStatus.NEW,
        protected=True,
        max_length=20,
    )
    is_step_marked = models.BooleanField(
        _("step is in error"),
        default=True,
        editable=False,
        help_text=_("No: the database refused that too, so that this error stands for the step."),
    )
    # Of a mail on a way that did not arrive: what it is called in the outbox.
    mail_name = models.CharField(max_length=80, default="", db_default="", editable=False)
    resolution_notes = models.TextField(_("resolution notes"), blank=True)
    created_at = models.DateTimeField(_("happened at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects: ClassVar[TicketErrorQuerySet] = TicketErrorQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("ticket error")
        verbose_name_plural = _("ticket errors")
        ordering = ("-pk",)
        constraints = (
            one_of("error_type", ErrorType, name="ticket_error_type_known"),
            one_of("status", ErrorStatus, name="ticket_error_status_known"),
        )
        indexes = (
            models.Index(
                fields=("ticket",),
                condition=Q(status__in=("NEW", "REVIEWED")),
                name="ticket_error_unresolved",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_error_type_display()} ({self.ticket})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            ERROR_KEPT.call_all(self)

    @property
    def is_resolved(self) -> bool:
        return bool(self.status == ErrorStatus.RESOLVED)

    @property
    def is_stuck(self) -> bool:
        """Whether the step that failed has neither been tried again nor ended otherwise."""
        if self.ticket.has_ended:
            return False
        if self.task is None:
            return self.ticket.is_to_begin
        return bool(self.task.status == TaskStatus.ERROR) or self.is_unmarked

    @property
    def is_unmarked(self) -> bool:
        """Whether its task waits for a ticket admin although it could not be put into error."""
        instance = self.ticket.workflow_instance
        if self.is_resolved or self.is_step_marked or self.task is None or instance is None:
            return False
        is_current = instance.status in ALIVE and self.task.is_current_of(instance)
        return is_current and self.task.status not in (TaskStatus.ERROR, TaskStatus.CANCELLED)

    @transition(field=status, source=ErrorStatus.NEW, target=ErrorStatus.REVIEWED)
    def review(self) -> None:
        """Somebody looks after it."""

    @transition(field=status, source=UNRESOLVED, target=ErrorStatus.RESOLVED)
    def resolve(self, *, notes: str = "") -> None:
        self.resolution_notes = notes or self.resolution_notes
