from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.names import LONGEST_NAME
from workflows.engine.process import JsonObject
from workflows.models.status import StatusField, StatusModel, one_of
from workflows.models.workflow_definition import WorkflowDefinition


class ImportStatus(models.TextChoices):
    WAITING = "WAITING", _("Waiting")
    CHECKING = "CHECKING", _("Being checked")
    READY = "READY", _("Ready to apply")
    REFUSED = "REFUSED", _("Has mistakes")
    APPLYING = "APPLYING", _("Being applied")
    DONE = "DONE", _("Applied")
    FAILED = "FAILED", _("Failed")


RUNNING = (ImportStatus.WAITING, ImportStatus.CHECKING, ImportStatus.APPLYING)


class ImportRun(StatusModel):
    """A large file on its way to become a workflow, and how far it is.

    `content` is the file, kept only until it is refused, applied or forgotten. `findings` is
    what the check found (workflows.authoring.importing.findings), `failure` a sentence where the
    file could not be read or the server could not finish. `job_id` is the job that works on it.
    """

    filename = models.CharField(_("file"), max_length=LONGEST_NAME, blank=True)
    content = models.BinaryField(_("content"), null=True, editable=False)
    status = StatusField(
        _("status"),
        choices=ImportStatus.choices,
        default=ImportStatus.WAITING,
        protected=True,
        max_length=20,
    )
    progress = models.PositiveSmallIntegerField(_("progress in per cent"), default=0)
    findings = models.JSONField(_("findings"), default=dict, blank=True)
    failure = models.TextField(_("failure"), blank=True)
    definition = models.ForeignKey(
        WorkflowDefinition,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("workflow"),
    )
    job_id = models.BigIntegerField(_("job"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("started by"),
    )
    created_at = models.DateTimeField(_("started at"), auto_now_add=True)

    class Meta:
        # It began in the app `tickets`; its table has kept the name.
        db_table = "tickets_importrun"
        verbose_name = _("import of a workflow")
        verbose_name_plural = _("imports of workflows")
        ordering = ("-pk",)
        constraints = (one_of("status", ImportStatus, name="import_run_status_known"),)

    def __str__(self) -> str:
        return self.filename

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def is_ready(self) -> bool:
        return ImportStatus(self.status) is ImportStatus.READY

    @transition(
        field=status,
        source=(ImportStatus.WAITING, ImportStatus.CHECKING),
        target=ImportStatus.CHECKING,
    )
    def start_checking(self) -> None:
        """A worker begins, or another one begins anew."""
        self.progress = 10

    @transition(field=status, source=ImportStatus.CHECKING, target=ImportStatus.READY)
    def accept(self, *, findings: JsonObject) -> None:
        self.findings, self.progress = findings, 100

    @transition(
        field=status,
        source=(ImportStatus.CHECKING, ImportStatus.APPLYING),
        target=ImportStatus.REFUSED,
    )
    def refuse(self, *, findings: JsonObject | None = None, failure: str = "") -> None:
        """There is something to mend, or nothing that could be read."""
        self.findings, self.failure = findings or {}, failure
        self.content, self.progress = None, 100

    @transition(field=status, source=ImportStatus.READY, target=ImportStatus.APPLYING)
    def start_applying(self) -> None:
        self.progress = 10

    @transition(field=status, source=ImportStatus.APPLYING, target=ImportStatus.DONE)
    def finish(self, *, definition: WorkflowDefinition) -> None:
        self.definition = definition
        self.content, self.progress = None, 100

    @transition(
        field=status,
        source=(*RUNNING, ImportStatus.READY),
        target=ImportStatus.FAILED,
    )
    def fail(self, *, failure: str) -> None:
        """It cannot go on: its worker gave up, or the file is no longer kept."""
        self.failure, self.content = failure, None
