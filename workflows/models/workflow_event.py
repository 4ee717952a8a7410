from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.models.composed_json import ComposedJson
from workflows.models.task_instance import TaskInstance
from workflows.models.workflow_instance import WorkflowInstance


class EventKind(models.TextChoices):
    STARTED = "STARTED", _("Workflow started")
    MOVED = "MOVED", _("Moved on")
    ASSIGNED = "ASSIGNED", _("Task assigned")
    RELEASED = "RELEASED", _("Task given back")
    TASK_STARTED = "TASK_STARTED", _("Task started")
    TASK_COMPLETED = "TASK_COMPLETED", _("Task completed")
    CALLED = "CALLED", _("Other system called")
    ACCEPTED = "ACCEPTED", _("Call accepted, its answer comes later")
    FAILED = "FAILED", _("Something went wrong")
    RETRIED = "RETRIED", _("Tried again")
    CHANGED = "CHANGED", _("Data changed")
    HELD = "HELD", _("Put on hold")
    RESUMED = "RESUMED", _("Resumed")
    VERSION_CHANGED = "VERSION_CHANGED", _("Moved to another version")
    TIMED_OUT = "TIMED_OUT", _("Not finished in time")
    ERROR_REVIEWED = "ERROR_REVIEWED", _("Error reviewed")
    ERROR_RESOLVED = "ERROR_RESOLVED", _("Error resolved")
    CANCELLED = "CANCELLED", _("Cancelled")
    COMPLETED = "COMPLETED", _("Workflow completed")


class WorkflowEvent(models.Model):
    """One line of the append-only history of a workflow instance.

    `data` of a MOVED event is the decision: `workflows.engine.decide.Decision.as_json()`,
    with each condition that was tried and its result. Of a VERSION_CHANGED event, `from` and
    `to` are the numbers of the versions. ERROR_REVIEWED and ERROR_RESOLVED tell of a ticket
    error (`error_id`), and change nothing of the instance.
    """

    workflow_instance = models.ForeignKey(
        WorkflowInstance,
        on_delete=models.CASCADE,
        related_name="events",
        verbose_name=_("workflow instance"),
    )
    task_instance = models.ForeignKey(
        TaskInstance,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="events",
        verbose_name=_("task"),
    )
    kind = models.CharField(_("what happened"), max_length=20, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it, and each index is paid for at every step
        verbose_name=_("who"),
        help_text=_("Empty: the system."),
    )
    at = models.DateTimeField(_("when"), default=timezone.now)
    data = models.JSONField(_("details"), encoder=ComposedJson, default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.get_kind_display()
