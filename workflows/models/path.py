from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.names import LONGEST_NAME
from workflows.engine.process import EndOutcome
from workflows.engine.steps.blocks import BranchState
from workflows.models.composed_json import ComposedJson
from workflows.models.status import StatusField, StatusModel, one_of

if TYPE_CHECKING:
    from datetime import datetime


class PathStatus(models.TextChoices):
    WAITING = "WAITING", _("Not begun")
    RUNNING = "RUNNING", _("Running")
    ENDED = "ENDED", _("Ended")
    CANCELLED = "CANCELLED", _("Cancelled")


# The statuses that a block's end leaves behind.
OPEN_PATHS = (PathStatus.WAITING, PathStatus.RUNNING)


class Path(StatusModel):
    """One run of a branch of a block. The main path of a ticket has none: it is the instance.

    `number` counts the runs of a block from 1, in their order; `item` is that of a block that has
    a branch for each item of a list. `data` is `{task key: latest output of that task}`, of the
    tasks in it. Only `workflows.running.state_manager` changes it, under the instance's row lock.
    """

    workflow_instance = models.ForeignKey(
        "workflows.WorkflowInstance",
        on_delete=models.CASCADE,
        related_name="paths",
        verbose_name=_("workflow instance"),
    )
    block_task = models.ForeignKey(
        "workflows.TaskInstance",
        on_delete=models.CASCADE,
        related_name="paths",
        verbose_name=_("block"),
    )
    branch = models.CharField(_("branch"), max_length=63)
    number = models.PositiveIntegerField(_("number"))
    item = models.JSONField(_("item"), encoder=ComposedJson, null=True, blank=True)
    current_task = models.ForeignKey(
        "workflows.TaskInstance",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it
        verbose_name=_("current task"),
    )
    status = StatusField(
        _("status"),
        choices=PathStatus.choices,
        default=PathStatus.WAITING,
        protected=True,
        max_length=20,
    )
    end_label = models.CharField(
        _("outcome"), max_length=LONGEST_NAME, blank=True, default="", db_default=""
    )
    outcome = models.CharField(
        _("outcome of the end"), max_length=20, blank=True, default="", db_default=""
    )
    data = models.JSONField(_("data"), encoder=ComposedJson, default=dict, blank=True)
    began_at = models.DateTimeField(_("began at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("path")
        verbose_name_plural = _("paths")
        ordering = ("pk",)
        constraints = (
            one_of("status", PathStatus, name="path_status_known"),
            models.UniqueConstraint(
                fields=("block_task", "number"), name="path_number_unique_in_block"
            ),
        )

    def __str__(self) -> str:
        return f"{self.branch} {self.number}"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status in OPEN_PATHS

    def state(self) -> BranchState:
        """As the engine sees it."""
        return BranchState(
            key=self.branch,
            number=self.number,
            item=self.item,
            ended=self.status == PathStatus.ENDED,
            cancelled=self.status == PathStatus.CANCELLED,
            label=self.end_label,
            outcome=self.outcome,
            outputs=self.data,
        )

    @transition(field=status, source=PathStatus.WAITING, target=PathStatus.RUNNING)
    def begin(self, *, now: datetime) -> None:
        self.began_at = now

    @transition(field=status, source=PathStatus.RUNNING, target=PathStatus.ENDED)
    def end(self, *, label: str, outcome: EndOutcome, now: datetime) -> None:
        self.end_label = label
        self.outcome = outcome.value
        self.ended_at = now

    @transition(field=status, source=OPEN_PATHS, target=PathStatus.CANCELLED)
    def cancel(self, *, now: datetime) -> None:
        """The block ended without it."""
        self.ended_at = now
