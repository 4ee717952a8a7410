from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from tickets.models.file_upload import FileUpload
from workflows.layouts.columns import layouts_of
from workflows.models import TaskInstance, TaskStatus
from workflows.models.composed_json import ComposedJson
from workflows.models.task_instance import ALIVE, WORKABLE
from workflows.models.ticket_definition import TicketDefinition

if TYPE_CHECKING:
    from tenants.models import User


class SavedAnswersQuerySet(models.QuerySet["SavedAnswers"]):
    def of(self, user: User) -> SavedAnswersQuerySet:
        return self.filter(user=user)

    def of_tickets(self, user: User) -> SavedAnswersQuerySet:
        """Tickets that this person has begun and not submitted."""
        tickets = self.of(user).filter(task=None).select_related("ticket_definition")
        return tickets.defer(*layouts_of("ticket_definition"))

    def sent_for(self, task: TaskInstance) -> SavedAnswers | None:
        """What the worker of a task has completed it with, in vain."""
        sent = self.filter(task=task, user=task.assigned_to_id, sent_at__isnull=False)
        return sent.select_related("user").first()

    def of_unworkable_tasks(self, user: User) -> SavedAnswersQuerySet:
        """Answers to tasks that this person cannot complete now (any more)."""
        is_open = Q(task__assigned_to=user, task__status__in=ALIVE)
        tasks = self.of(user).exclude(task=None).exclude(is_open)
        tasks = tasks.select_related("task__definition", "task__workflow_instance__ticket")
        return tasks.defer(*layouts_of("task__definition"))


class SavedAnswers(models.Model):
    """A form that somebody has begun to fill in, to continue later.

    Of a ticket (`ticket_definition` in the version that was filled in) or of a task. `answers`
    is {field name: value} as it was typed: nothing of it has been checked. `slot` tells apart
    several tickets of one type that a person has begun: it is the token of the form.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("person"),
    )
    ticket_definition = models.ForeignKey(
        TicketDefinition,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ticket type"),
    )
    slot = models.CharField(_("slot"), max_length=32, blank=True, editable=False)
    task = models.ForeignKey(
        TaskInstance,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="saved_answers",
        verbose_name=_("task"),
    )
    title = models.CharField(_("title"), max_length=LONGEST_NAME, blank=True)
    answers = models.JSONField(_("answers"), encoder=ComposedJson, default=dict, blank=True)
    form_digest = models.CharField(_("digest of the form"), max_length=64, editable=False)
    files = models.ManyToManyField(
        FileUpload,
        blank=True,
        related_name="saved_answers",
        verbose_name=_("files"),
        help_text=_("Those that the answers name: they are kept as long as these are."),
    )
    saved_at = models.DateTimeField(_("saved at"), auto_now=True)
    sent_at = models.DateTimeField(
        _("sent at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_(
            "When the person completed the task with them, in vain: it is tried again with them."
            " Empty: the person goes on with them later."
        ),
    )

    objects: ClassVar[SavedAnswersQuerySet] = SavedAnswersQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("saved answers")
        verbose_name_plural = _("saved answers")
        ordering = ("-saved_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ticket_definition=None, task__isnull=False)
                | Q(ticket_definition__isnull=False, task=None),
                name="saved_answers_of_one_form",
            ),
            models.UniqueConstraint(
                fields=("user", "slot"), condition=Q(task=None), name="saved_answers_ticket_unique"
            ),
            models.UniqueConstraint(fields=("user", "task"), name="saved_answers_task_unique"),
        )

    def __str__(self) -> str:
        return self.title or str(self.ticket_definition or self.task)

    @property
    def wait_for_retry(self) -> bool:
        """Whether the person has completed their task with them, in vain, and it is not over."""
        if self.sent_at is None or self.task is None or self.task.assigned_to_id != self.user_id:
            return False
        return self.task.status in (*WORKABLE, TaskStatus.ERROR)


def digest_of_form(specs: object, presets: Mapping[str, object] | None = None) -> str:
    """Equal for equal forms: shows whether a form is still the one that was filled in."""
    text = json.dumps([specs, dict(presets or {})], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
