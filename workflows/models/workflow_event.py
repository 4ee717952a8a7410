from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from workflows.models.composed_json import ComposedJson
from workflows.models.task_instance import TaskInstance
from workflows.models.workflow_instance import WorkflowInstance


class WorkflowEvent(models.Model):
    """One line of the append-only history of a workflow instance.

    `kind` is the name of a kind of event. Each has a module in workflows/running/events/, which
    says what the event does, how people see it, and what its `data` is. The kinds are no choices of
    the column: the program that writes the history knows them all, and an older one beside it
    must be able to read what it does not know.
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
    kind = models.CharField(_("what happened"), max_length=20)
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
    # What vouches for the event and for the rows that it left: see tenants/fast/seals.py.
    digest = models.CharField(_("digest"), max_length=44, blank=True, default="", db_default="")
    seals = models.JSONField(_("seals"), null=True, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.kind
