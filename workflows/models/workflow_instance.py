from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.names import LONGEST_NAME
from workflows.engine.process import EndOutcome
from workflows.models.composed_json import ComposedJson
from workflows.models.status import StatusField, StatusModel, one_of
from workflows.models.workflow_definition import WorkflowDefinition

if TYPE_CHECKING:
    from datetime import datetime


class WorkflowStatus(models.TextChoices):
    NOT_STARTED = "NOT_STARTED", _("Not started")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    COMPLETED = "COMPLETED", _("Completed")
    CANCELLED = "CANCELLED", _("Cancelled")
    ON_HOLD = "ON_HOLD", _("On hold")


# The statuses that nothing leaves.
ENDED = (WorkflowStatus.COMPLETED, WorkflowStatus.CANCELLED)
RUNNING = (WorkflowStatus.NOT_STARTED, WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD)


class WorkflowInstance(StatusModel):
    """One running process. Only `workflows.running.state_manager` changes it, under its row lock.

    `data` is `{task key: latest output of that task}`.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.PROTECT,
        related_name="instances",
        verbose_name=_("workflow"),
    )
    current_task = models.ForeignKey(
        "workflows.TaskInstance",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it, and without it a step rewrites no index of this table
        verbose_name=_("current task"),
    )
    data = models.JSONField(_("data"), encoder=ComposedJson, default=dict, blank=True)
    status = StatusField(
        _("status"),
        choices=WorkflowStatus.choices,
        default=WorkflowStatus.NOT_STARTED,
        protected=True,
        max_length=20,
    )
    end_label = models.CharField(_("outcome"), max_length=LONGEST_NAME, blank=True)
    # Empty until it has reached an end; read `end_outcome`.
    outcome = models.CharField(
        _("outcome of the end"), max_length=20, blank=True, default="", db_default=""
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    # It is withdrawn or cancelled, and cleans up by the ways that its definition has for that. When
    # that is done it is CANCELLED; until then it runs as any other.
    was_cancelled = models.BooleanField(_("was cancelled"), default=False, db_default=False)

    # Of a sub-ticket: the task of another instance that has started it, once.
    started_by = models.ForeignKey(
        "workflows.TaskInstance",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="subtickets",
        db_index=False,  # its constraint has one, of the few that have it
        verbose_name=_("started by the task"),
    )

    class Meta:
        verbose_name = _("workflow instance")
        verbose_name_plural = _("workflow instances")
        ordering = ("-pk",)
        constraints = (
            one_of("status", WorkflowStatus, name="workflow_instance_status_known"),
            models.UniqueConstraint(
                fields=("started_by",),
                condition=Q(started_by__isnull=False),
                name="workflow_instance_started_once",
            ),
        )
        # Both change when it ends, and hardly before: what a step writes leaves them as they are.
        indexes = (
            models.Index(
                fields=("completed_at",),
                condition=Q(completed_at__isnull=False),
                name="workflow_instance_ended",
            ),
            models.Index(
                fields=("id",),
                condition=Q(status__in=("NOT_STARTED", "IN_PROGRESS", "ON_HOLD")),
                name="workflow_instance_running",
            ),
            # All tickets, sorted by status.
            models.Index(fields=("status", "-id"), name="workflow_instance_by_status"),
        )

    def __str__(self) -> str:
        return f"{self.workflow} {self.uuid}"

    @property
    def end_outcome(self) -> EndOutcome | None:
        """What the end means that it has reached; None where it has reached none.

        What ended before ends said it, ended well, as a transition says that names no outcome.
        """
        if self.status != WorkflowStatus.COMPLETED:
            return None
        return EndOutcome.named(self.outcome)

    @property
    def cleans_up(self) -> bool:
        """Whether it was withdrawn or cancelled, and what follows of that is not done yet."""
        return self.was_cancelled and self.status not in ENDED

    @property
    def is_to_clean_up(self) -> bool:
        """Whether it was cancelled, and what follows of that has not begun."""
        if not self.was_cancelled or self.current_task_id is not None:
            return False
        return bool(self.status == WorkflowStatus.IN_PROGRESS)

    @transition(field=status, source=WorkflowStatus.NOT_STARTED, target=WorkflowStatus.IN_PROGRESS)
    def start(self, *, now: datetime) -> None:
        self.started_at = now

    @transition(field=status, source=WorkflowStatus.IN_PROGRESS, target=WorkflowStatus.COMPLETED)
    def complete(self, *, end_label: str, outcome: EndOutcome, now: datetime) -> None:
        self.end_label = end_label
        self.outcome = outcome.value
        self.completed_at = now

    @transition(
        field=status,
        source=(WorkflowStatus.NOT_STARTED, WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD),
        target=WorkflowStatus.CANCELLED,
    )
    def cancel(self, *, now: datetime) -> None:
        self.completed_at = now

    @transition(
        field=status,
        source=(WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD),
        target=WorkflowStatus.IN_PROGRESS,
    )
    def clean_up(self) -> None:
        """It is cancelled, and goes a way of its own for that, which begins at no task yet."""
        self.was_cancelled = True
        self.current_task = None

    @transition(field=status, source=WorkflowStatus.IN_PROGRESS, target=WorkflowStatus.CANCELLED)
    def end_clean_up(self, *, end_label: str, now: datetime) -> None:
        self.end_label = end_label
        self.completed_at = now

    @transition(field=status, source=WorkflowStatus.IN_PROGRESS, target=WorkflowStatus.ON_HOLD)
    def hold(self) -> None:
        """Move no further until resumed."""

    @transition(field=status, source=WorkflowStatus.ON_HOLD, target=WorkflowStatus.IN_PROGRESS)
    def resume(self) -> None:
        """Go on where `hold` stopped."""
