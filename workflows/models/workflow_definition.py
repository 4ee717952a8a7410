from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from tenants.names import LONGEST_NAME
from workflows.engine.process import Process, TransitionSpec
from workflows.models.status import StatusField, StatusModel, one_of

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.models import User

KEY_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
validate_key = RegexValidator(
    KEY_PATTERN,
    _("Use lower-case letters, digits and underscores, beginning with a letter (at most 63)."),
)


class DefinitionStatus(models.TextChoices):
    DRAFT = "DRAFT", _("Draft")
    PUBLISHED = "PUBLISHED", _("Published")
    RETIRED = "RETIRED", _("Retired")


class WorkflowDefinitionQuerySet(models.QuerySet["WorkflowDefinition"]):
    def published(self) -> WorkflowDefinitionQuerySet:
        return self.filter(status=DefinitionStatus.PUBLISHED)

    def drafts(self) -> WorkflowDefinitionQuerySet:
        return self.filter(status=DefinitionStatus.DRAFT)

    def versions_of(self, key: str) -> WorkflowDefinitionQuerySet:
        return self.filter(key=key).order_by("-version")

    def latest(self, key: str) -> WorkflowDefinition | None:  # type: ignore[override]
        """The version that counts for the outside: the published one, else the newest."""
        versions = self.versions_of(key)
        return versions.published().first() or versions.first()

    def with_tasks_and_transitions(self) -> WorkflowDefinitionQuerySet:
        """With tasks and transitions, in three queries however many there are."""
        return self.prefetch_related(
            "tasks__candidate_role", "transitions__from_task", "transitions__to_task"
        )


class WorkflowDefinition(StatusModel):
    """A process, as data, in one version. A published version never changes."""

    key = models.CharField(_("key"), max_length=63, validators=[validate_key])
    version = models.PositiveIntegerField(_("version"), default=1)
    title = models.CharField(_("title"), max_length=LONGEST_NAME)
    description = models.TextField(_("description"), blank=True)
    ext_ref = models.JSONField(_("external references"), default=list, blank=True)
    fields = models.JSONField(
        _("fields"),
        default=list,
        blank=True,
        help_text=_("What a ticket asks for: a list of field specs."),
    )
    display_layout = models.TextField(_("display layout"), blank=True)
    test_cases = models.JSONField(
        _("test cases"),
        default=list,
        blank=True,
        help_text=_("The list under “tests” of a bundle: what is answered, and what must come."),
    )
    status = StatusField(
        _("status"),
        choices=DefinitionStatus.choices,
        default=DefinitionStatus.DRAFT,
        protected=True,
        max_length=20,
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("changed by"),
        help_text=_("Who saved the draft last, on its page."),
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("retired by"),
        help_text=_("Who published the next version, or stopped offering this one."),
    )
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    checksum = models.CharField(
        _("checksum"),
        max_length=44,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("Of a published version: it never changes."),
    )

    objects: ClassVar[WorkflowDefinitionQuerySet] = WorkflowDefinitionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("workflow definition")
        verbose_name_plural = _("workflow definitions")
        ordering = ("title", "-version")
        constraints = (
            one_of("status", DefinitionStatus, name="workflow_definition_status_known"),
            models.UniqueConstraint(
                fields=("key", "version"), name="workflow_definition_version_unique"
            ),
            models.UniqueConstraint(
                fields=("key",),
                condition=Q(status="PUBLISHED"),
                name="workflow_definition_one_published",
            ),
        )

    def __str__(self) -> str:
        return f"{self.title} (v{self.version})"

    @property
    def is_draft(self) -> bool:
        return bool(self.status == DefinitionStatus.DRAFT)

    @property
    def is_published(self) -> bool:
        return bool(self.status == DefinitionStatus.PUBLISHED)

    @transition(field=status, source=DefinitionStatus.DRAFT, target=DefinitionStatus.PUBLISHED)
    def publish(self, *, by: User | None, now: datetime | None = None) -> None:
        """Make this the version that new tickets start. Use the service `publish`."""
        self.published_by = by
        self.published_at = now or timezone.now()

    @transition(field=status, source=DefinitionStatus.PUBLISHED, target=DefinitionStatus.RETIRED)
    def retire(self, *, by: User | None = None, now: datetime | None = None) -> None:
        """Start no more tickets; those that are running finish on this version."""
        self.retired_by = by
        self.retired_at = now or timezone.now()

    def process(self) -> Process:
        """The definition as the engine sees it; fetch it `with_tasks_and_transitions`."""
        tasks = list(self.tasks.all())
        keys = {task.pk: task.key for task in tasks}
        return Process(
            key=self.key,
            version=self.version,
            title=self.title,
            tasks={task.key: task.spec() for task in tasks},
            transitions=tuple(
                TransitionSpec(
                    from_task=keys[t.from_task_id] if t.from_task_id else None,
                    to_task=keys[t.to_task_id] if t.to_task_id else None,
                    condition=t.condition,
                    priority=t.priority,
                    label=t.label,
                    after=t.after,
                    on_failure=t.on_failure,
                    on_cancel=t.on_cancel,
                    outcome=t.end_outcome,
                    messages=t.messages,
                )
                for t in self.transitions.all()
            ),
        )
