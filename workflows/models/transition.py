from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from workflows.engine.process import EndOutcome
from workflows.engine.times.timing import LONGEST_MOMENT
from workflows.models.task_definition import TaskDefinition
from workflows.models.workflow_definition import WorkflowDefinition


class Transition(models.Model):
    """Leads from a task (or the start) to a task (or the end)."""

    workflow = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.CASCADE,
        related_name="transitions",
        verbose_name=_("workflow"),
    )
    from_task = models.ForeignKey(
        TaskDefinition,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="transitions_out",
        verbose_name=_("from task"),
        help_text=_("Empty: from the start."),
    )
    to_task = models.ForeignKey(
        TaskDefinition,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="transitions_in",
        verbose_name=_("to task"),
        help_text=_("Empty: to the end."),
    )
    label = models.CharField(_("label"), max_length=LONGEST_NAME, blank=True)
    condition = models.JSONField(
        _("condition"), null=True, blank=True, help_text=_("JsonLogic; empty: always.")
    )
    priority = models.IntegerField(
        _("priority"), default=0, help_text=_("The lowest is tried first.")
    )

    after = models.CharField(
        _("after"),
        max_length=LONGEST_MOMENT,
        blank=True,
        help_text=_(
            "A time such as P2D: taken when the task has not ended by then. Empty: taken when the "
            "task is completed."
        ),
    )

    on_failure = models.BooleanField(
        _("on failure"),
        default=False,
        db_default=False,
        help_text=_("Of a call: taken when it has failed for good, and not when it has succeeded."),
    )

    on_cancel = models.BooleanField(
        _("on cancel"),
        default=False,
        db_default=False,
        help_text=_(
            "Taken when the ticket is withdrawn or cancelled: at this task, or from the start, "
            "wherever it is."
        ),
    )

    outcome = models.CharField(
        _("outcome"),
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of a transition to the end: what the end means. Empty: a good one."),
    )

    class Meta:
        verbose_name = _("transition")
        verbose_name_plural = _("transitions")
        ordering = ("workflow", "priority", "pk")

    def __str__(self) -> str:
        return gettext("%(source)s to %(target)s") % {
            "source": self.from_task.title if self.from_task else gettext("Start"),
            "target": self.to_task.title if self.to_task else gettext("End"),
        }

    @property
    def end_outcome(self) -> EndOutcome:
        """What it means that a ticket ends by it."""
        return EndOutcome.named(self.outcome)
