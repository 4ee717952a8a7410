from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition

from workflows.engine.process import JsonObject
from workflows.engine.steps.assigning import Mode
from workflows.engine.task_types import FORM_TYPES
from workflows.models.composed_json import ComposedJson
from workflows.models.path import PathStatus
from workflows.models.status import StatusField, StatusModel, one_of
from workflows.models.task_definition import TaskDefinition
from workflows.models.workflow_instance import WorkflowInstance

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.models import User


class TaskStatus(models.TextChoices):
    OPEN = "OPEN", pgettext_lazy("status of a task", "Open")
    IN_PROGRESS = "IN_PROGRESS", _("In progress")
    PENDING = "PENDING", _("Waiting")
    COMPLETED = "COMPLETED", _("Completed")
    CANCELLED = "CANCELLED", _("Cancelled")
    ERROR = "ERROR", _("Error")


# What changes when a task is given to somebody, or given back.
ASSIGNMENT = ("status", "assigned_to", "assigned_at", "released_by")
UNFINISHED = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING, TaskStatus.ERROR)
ALIVE = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)
WORKABLE = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS)


class TaskInstanceQuerySet(models.QuerySet["TaskInstance"]):
    def unfinished(self) -> TaskInstanceQuerySet:
        return self.filter(status__in=UNFINISHED)

    def assigned_to(self, user: User) -> TaskInstanceQuerySet:
        return self.filter(assigned_to=user)

    def inbox(self, user: User) -> TaskInstanceQuerySet:
        """What this person has to do now."""
        return self.assigned_to(user).filter(status__in=WORKABLE)

    def to_do(self, user: User) -> TaskInstanceQuerySet:
        """The inbox, and what comes back to it by itself when the requester has answered."""
        return self.assigned_to(user).filter(status__in=ALIVE)

    def archive(self, user: User) -> TaskInstanceQuerySet:
        """What this person has done."""
        return self.assigned_to(user).filter(status=TaskStatus.COMPLETED)

    def unassigned(self) -> TaskInstanceQuerySet:
        """Forms that nobody could be given, oldest first."""
        return self.filter(
            status=TaskStatus.PENDING,
            assigned_to=None,
            contact=None,
            definition__task_type__in=FORM_TYPES,
        ).order_by("created_at", "pk")

    def waiting_for_worker(self) -> TaskInstanceQuerySet:
        """Those of `unassigned` that are given out when somebody comes: not those only claimed."""
        rule = "definition__assign_to"
        of_group = Q(**{f"{rule}__mode": Mode.NOBODY.value}) & ~Q(**{f"{rule}__has_key": "who"})
        is_claimed = Case(When(of_group, then=Value(True)), default=Value(False))
        return self.unassigned().alias(_is_claimed=is_claimed).filter(_is_claimed=False)

    def waiting_for_answer(self) -> TaskInstanceQuerySet:
        """Forms whose workers asked the requester."""
        return self.filter(status=TaskStatus.PENDING, assigned_to__isnull=False)

    def in_pool(self) -> TaskInstanceQuerySet:
        """The forms that nobody has and somebody may claim, oldest first: see `pool_of`."""
        return self.unassigned().filter(workflow_instance__status="IN_PROGRESS")

    def on_offer(self) -> TaskInstanceQuerySet:
        """Those in the pool, and those that a reminder lets others take over."""
        # What somebody outside has is for those whom a reminder has added alone.
        has_role, has_person = Q(added_roles__isnull=False), Q(added_people__isnull=False)
        is_free = Q(contact=None) | has_role | has_person
        waits = Q(status=TaskStatus.PENDING, assigned_to=None) & is_free
        is_with_somebody = Q(assigned_to__isnull=False, status__in=WORKABLE)
        return self.filter(
            waits | has_role & is_with_somebody | has_person & is_with_somebody,
            definition__task_type__in=FORM_TYPES,
            workflow_instance__status="IN_PROGRESS",
        ).order_by("created_at", "pk")

    def current(self) -> TaskInstanceQuerySet:
        """Those at which their instances stand, on the main path or in a branch that runs."""
        in_branch = Q(path__status=PathStatus.RUNNING, path__current_task=F("pk"))
        return self.filter(Q(workflow_instance__current_task=F("pk")) | in_branch)

    def overdue(self, *, now: datetime) -> TaskInstanceQuerySet:
        """Unfinished tasks that should have been finished by now."""
        return self.unfinished().filter(due_at__lt=now)


class TaskInstance(StatusModel):
    """One step of one running process; every visit of a task makes a new one."""

    uuid = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("Also the Idempotency-Key of an action's call."),
    )
    workflow_instance = models.ForeignKey(
        WorkflowInstance,
        on_delete=models.CASCADE,
        related_name="tasks",
        verbose_name=_("workflow instance"),
    )
    definition = models.ForeignKey(
        TaskDefinition,
        on_delete=models.PROTECT,
        related_name="instances",
        verbose_name=_("task"),
    )
    path = models.ForeignKey(
        "workflows.Path",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tasks",
        db_index=False,  # see the indexes: hardly a task stands in a branch
        verbose_name=_("path"),
        help_text=_("The run of a branch in which it stands; empty: on the main path."),
    )
    status = StatusField(
        _("status"),
        choices=TaskStatus.choices,
        default=TaskStatus.PENDING,
        protected=True,
        max_length=20,
    )
    input_data = models.JSONField(_("input"), encoder=ComposedJson, null=True, blank=True)
    output_data = models.JSONField(_("output"), encoder=ComposedJson, null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assigned_tasks",
        db_index=False,  # the index of the load begins with it
        verbose_name=_("assigned to"),
    )
    contact = models.ForeignKey(
        "workflows.Contact",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        db_index=False,  # hardly a task has one
        verbose_name=_("contact"),
        help_text=_("Somebody outside who was sent it, and has it while nobody else does."),
    )
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,  # nobody asks for it, and each index is paid for at every step
        verbose_name=_("given back by"),
        help_text=_("Is not given the task again, but may claim it; empty while somebody has it."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    waits_until = models.DateTimeField(_("waits until"), null=True, blank=True)
    # By which a message is matched that ends the wait.
    answer_key: models.CharField[str | None, str | None] = models.CharField(
        _("key of the answer"), max_length=255, null=True, blank=True
    )
    added_roles = models.JSONField(
        _("added company roles"),
        null=True,
        blank=True,
        help_text=_("The numbers of company roles whose members may do it as well."),
    )
    added_people = models.JSONField(
        _("added people"),
        null=True,
        blank=True,
        help_text=_("The numbers of people who may do it as well."),
    )

    objects: ClassVar[TaskInstanceQuerySet] = TaskInstanceQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ("-pk",)
        constraints = (one_of("status", TaskStatus, name="task_instance_status_known"),)
        indexes = (
            # Whom to give the next task: their unfinished ones, and when they last got one. With
            # the id they are counted by the index alone. Such a scan also clears away what ended
            # tasks have left in it, which grew to thousands before the next VACUUM.
            models.Index(
                fields=("assigned_to", "status"), include=("id",), name="task_instance_load"
            ),
            models.Index(fields=("assigned_to", "-assigned_at"), name="task_instance_last_given"),
            models.Index(
                fields=("created_at",),
                condition=Q(status="PENDING", assigned_to=None),
                name="task_instance_waiting",
            ),
            models.Index(
                fields=("answer_key",),
                condition=Q(status="PENDING", answer_key__isnull=False),
                name="task_instance_answered_by",
            ),
            # What is overdue, among the few tasks that are not finished.
            models.Index(
                fields=("due_at",),
                condition=Q(
                    status__in=("OPEN", "IN_PROGRESS", "PENDING", "ERROR"), due_at__isnull=False
                ),
                name="task_instance_due",
            ),
            # What members of other company roles may do as well: few.
            models.Index(
                fields=("created_at",),
                condition=Q(added_roles__isnull=False),
                name="task_instance_added",
            ),
            models.Index(
                fields=("created_at",),
                condition=Q(added_people__isnull=False),
                name="task_instance_added_people",
            ),
            models.Index(
                fields=("path",), condition=Q(path__isnull=False), name="task_instance_path"
            ),
            models.Index(
                fields=("contact",),
                condition=Q(contact__isnull=False),
                name="task_instance_contact",
            ),
            # When it was finished: what the report counts.
            models.Index(
                fields=("completed_at",),
                condition=Q(status="COMPLETED"),
                name="task_instance_finished",
            ),
        )

    def __str__(self) -> str:
        return self.definition.title

    @property
    def is_workable(self) -> bool:
        return self.status in WORKABLE

    @property
    def is_alive(self) -> bool:
        """Whether it can still be completed without a ticket admin."""
        return self.status in ALIVE

    def is_current_of(self, instance: WorkflowInstance) -> bool:
        """Whether its instance stands at it, on the main path or in a branch that runs."""
        path = self.path
        if path is None:
            return bool(instance.current_task_id == self.pk)
        return path.status == PathStatus.RUNNING and path.current_task_id == self.pk

    @property
    def waits_for_answer(self) -> bool:
        """Whether whoever has it asked the requester: what nobody has waits for a worker."""
        return self.status == TaskStatus.PENDING and self.assigned_to_id is not None

    @property
    def is_with_contact(self) -> bool:
        """Whether somebody outside has it."""
        return (
            self.contact_id is not None
            and self.assigned_to_id is None
            and self.status == TaskStatus.PENDING
        )

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether it should have been finished by now, and is not."""
        return self.due_at is not None and self.due_at < now and self.status in UNFINISHED

    @transition(
        field=status,
        source=(TaskStatus.PENDING, TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.ERROR),
        target=TaskStatus.OPEN,
    )
    def assign(self, *, to: User, now: datetime) -> None:
        """Give the task to somebody (again)."""
        self.assigned_to = to
        self.assigned_at = now
        self.released_by = None

    @transition(
        field=status,
        source=(TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING),
        target=TaskStatus.PENDING,
    )
    def release(self, *, by: User | None = None) -> None:
        """Give the task back: it waits for somebody to be available.

        `by` is who is not to be given it again: whoever gave it back, or lost it to others.
        """
        self.assigned_to = None
        self.assigned_at = None
        self.released_by = by

    @transition(
        field=status,
        source=(TaskStatus.OPEN, TaskStatus.PENDING, TaskStatus.IN_PROGRESS),
        target=TaskStatus.IN_PROGRESS,
    )
    def start(self, *, now: datetime) -> None:
        """Somebody works on it, or a call begins (again, where the last one was lost)."""
        self.started_at = self.started_at or now

    @transition(
        field=status,
        source=(TaskStatus.OPEN, TaskStatus.IN_PROGRESS),
        target=TaskStatus.PENDING,
    )
    def ask(self) -> None:
        """Whoever has it asked the requester; until the answer it is not due."""
        self.due_at = None

    @transition(field=status, source=TaskStatus.PENDING, target=TaskStatus.OPEN)
    def go_on(self, *, due_at: datetime | None) -> None:
        """The answer is there, or not waited for any more."""
        self.due_at = due_at

    @transition(field=status, source=TaskStatus.IN_PROGRESS, target=TaskStatus.PENDING)
    def wait_for_callback(self) -> None:
        """The call was accepted; its answer comes later."""

    @transition(
        field=status,
        source=(TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING, TaskStatus.ERROR),
        target=TaskStatus.COMPLETED,
    )
    def complete(self, *, output: JsonObject, now: datetime) -> None:
        self.output_data = output
        self.started_at = self.started_at or now
        self.completed_at = now

    @transition(
        field=status,
        source=(
            TaskStatus.OPEN,
            TaskStatus.IN_PROGRESS,
            TaskStatus.PENDING,
            TaskStatus.COMPLETED,
        ),
        target=TaskStatus.ERROR,
    )
    def fail(self) -> None:
        """It could not be done, or (from COMPLETED) no transition leads on. An error says why."""

    @transition(field=status, source=TaskStatus.ERROR, target=TaskStatus.PENDING)
    def retry(self) -> None:
        """Do the step again."""

    @transition(field=status, source=TaskStatus.ERROR, target=TaskStatus.COMPLETED)
    def retry_transition(self) -> None:
        """The step is done and its output stands; only moving on from it failed."""

    @transition(field=status, source=UNFINISHED, target=TaskStatus.CANCELLED)
    def cancel(self, *, now: datetime) -> None:
        self.completed_at = now
