from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.names import LONGEST_NAME
from workflows.models.status import StatusField, StatusModel, one_of
from workflows.models.workflow_definition import WorkflowDefinition


class DescribedStatus(models.TextChoices):
    DRAFTING = "DRAFTING", _("Being drafted")
    DRAFTED = "DRAFTED", _("Drafted")
    KEPT = "KEPT", _("Kept as draft")
    FAILED = "FAILED", _("Failed")


class DescribedProcess(StatusModel):
    """What a person has told of a process, and what a language model has made of it so far.

    `remarks` are the changes that were asked for, in their order. `answer` is the latest document
    of the model as ASCII JSON (a text: it may hold what JSON columns refuse), `questions` what it
    left open, and `complaint` what the model is to mend of it. `round` counts the answers since
    somebody last asked; `job_id` is the job that gets the next one. `model` wrote it.
    """

    text = models.TextField(_("description"))
    sends_roles = models.BooleanField(_("company roles are sent"), default=False)
    remarks = models.JSONField(_("remarks"), default=list, blank=True)
    status = StatusField(
        _("status"),
        choices=DescribedStatus.choices,
        default=DescribedStatus.DRAFTING,
        protected=True,
        max_length=20,
    )
    round = models.PositiveSmallIntegerField(_("round"), default=0)
    model = models.CharField(_("model"), max_length=LONGEST_NAME)
    answer = models.TextField(_("answer"), blank=True)
    questions = models.JSONField(_("questions"), default=list, blank=True)
    complaint = models.TextField(_("complaint"), blank=True)
    failure = models.TextField(_("failure"), blank=True)
    definition = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="described_by",
        verbose_name=_("workflow"),
    )
    job_id = models.BigIntegerField(_("job"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("described by"),
    )
    created_at = models.DateTimeField(_("described at"), auto_now_add=True)

    class Meta:
        verbose_name = _("described process")
        verbose_name_plural = _("described processes")
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (one_of("status", DescribedStatus, name="described_status_known"),)

    def __str__(self) -> str:
        return Truncator(" ".join(self.text.split())).chars(80)

    @property
    def is_running(self) -> bool:
        return DescribedStatus(self.status) is DescribedStatus.DRAFTING

    @property
    def is_kept(self) -> bool:
        return DescribedStatus(self.status) is DescribedStatus.KEPT

    @property
    def has_failed(self) -> bool:
        return DescribedStatus(self.status) is DescribedStatus.FAILED

    def note_answer(self, *, answer: str, questions: list[str], complaint: str) -> None:
        """The model has answered with a document, good or not."""
        self.answer, self.questions = answer, questions
        self.note_unusable(complaint=complaint)

    def note_unusable(self, *, complaint: str) -> None:
        """The model has answered with something else; the document before it stays."""
        self.complaint, self.round = complaint, self.round + 1

    @transition(field=status, source=DescribedStatus.DRAFTING, target=DescribedStatus.DRAFTED)
    def finish(self) -> None:
        """It is as good as it gets: somebody decides what becomes of it."""

    @transition(
        field=status,
        source=(DescribedStatus.DRAFTED, DescribedStatus.FAILED),
        target=DescribedStatus.DRAFTING,
    )
    def ask_again(self, *, model: str, remark: str = "") -> None:
        """Another five rounds: with a remark, or as before where something went wrong."""
        self.remarks = [*self.remarks, remark] if remark else self.remarks
        self.round, self.failure, self.model = 0, "", model
        if remark:
            self.complaint = ""

    @transition(field=status, source=DescribedStatus.DRAFTING, target=DescribedStatus.FAILED)
    def fail(self, *, failure: str) -> None:
        """The model could not be asked, or nothing came of it; what there is stays."""
        self.failure = failure

    @transition(
        field=status,
        source=(DescribedStatus.DRAFTED, DescribedStatus.FAILED, DescribedStatus.KEPT),
        target=DescribedStatus.KEPT,
    )
    def keep(self, *, definition: WorkflowDefinition) -> None:
        """Once more where the draft that it became was deleted."""
        self.definition = definition
