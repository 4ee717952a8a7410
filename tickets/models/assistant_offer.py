from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.names import LONGEST_NAME
from workflows.models import TaskInstance, TaskStatus
from workflows.models.composed_json import ComposedJson
from workflows.models.task_instance import WORKABLE

if TYPE_CHECKING:
    from tenants.models import User

LONGEST_REASON = 1_000


class OfferEnd(models.TextChoices):
    """Why an assistant is not at a task any more. The values stand in the history, too."""

    COMPLETED = "COMPLETED", _("The assistant has completed it.")
    SUGGESTED = "SUGGESTED", _("The assistant has suggested an answer.")
    HANDED_BACK = "HANDED_BACK", _("The assistant has handed it back.")
    OUT_OF_TIME = "OUT_OF_TIME", _("The assistant's time was over.")
    OUT_OF_TRIES = "OUT_OF_TRIES", _("The form has refused the assistant's answers.")
    TAKEN = "TAKEN", _("Whoever has it does it.")
    TAKEN_BACK = "TAKEN_BACK", _("A ticket admin has taken it back.")


class AssistantOfferQuerySet(models.QuerySet["AssistantOffer"]):
    def open(self, *, now: datetime) -> AssistantOfferQuerySet:
        """Those that count now: of tasks that somebody has who is here, and that can be worked
        on."""
        return self.filter(
            ended_at=None,
            until__gt=now,
            task__status__in=WORKABLE,
            task__assigned_to__is_active=True,
        )

    def of_account(self, account: User) -> AssistantOfferQuerySet:
        return self.filter(account=account)


class AssistantOffer(models.Model):
    """A task that was offered to an assistant, as its definition says: one at most for each visit.

    Whoever has the task answers for it all the time. `account` is the service account that the
    assistant works with, `called` its name then. `answers` are what it suggested, as they are saved
    for later: with changes of earlier answers. `why` is empty while it is open (an OfferEnd). An
    offer whose task has ended otherwise is over, and is not written again for that.
    """

    task = models.OneToOneField(
        TaskInstance,
        on_delete=models.CASCADE,
        related_name="assistant_offer",
        verbose_name=_("task"),
    )
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,  # see the indexes: only open ones are looked for
        verbose_name=_("service account"),
    )
    called = models.CharField(_("name"), max_length=LONGEST_NAME)
    is_checked = models.BooleanField(_("checked by a person"), default=True)
    tries_left = models.PositiveIntegerField(_("tries left"))
    offered_at = models.DateTimeField(_("offered at"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    why = models.CharField(
        _("why"), max_length=20, choices=OfferEnd.choices, blank=True, default=""
    )
    reason = models.CharField(_("reason"), max_length=LONGEST_REASON, blank=True, default="")
    answers = models.JSONField(_("answers"), encoder=ComposedJson, null=True, blank=True)

    objects: ClassVar[AssistantOfferQuerySet] = AssistantOfferQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("offer to an assistant")
        verbose_name_plural = _("offers to assistants")
        ordering = ("-pk",)
        default_permissions = ()
        constraints = (
            models.CheckConstraint(
                condition=Q(why__in=["", *OfferEnd.values]), name="assistant_offer_end_known"
            ),
        )
        indexes = (
            models.Index(
                fields=("account",), condition=Q(ended_at=None), name="assistant_offer_open"
            ),
            models.Index(fields=("offered_at",), name="assistant_offer_day"),
        )

    def __str__(self) -> str:
        return self.called

    def is_open(self, *, now: datetime) -> bool:
        """Whether the assistant may still answer, as far as the offer says it."""
        return self.ended_at is None and now < self.until

    @property
    def has_answered(self) -> bool:
        return self.why in (OfferEnd.COMPLETED, OfferEnd.SUGGESTED)

    @property
    def is_suggestion(self) -> bool:
        return self.why == OfferEnd.SUGGESTED and isinstance(self.answers, dict)


def offer_of(task: TaskInstance) -> AssistantOffer | None:
    """The offer of a task; no query where it was fetched with the task, or where its definition
    has no assistant: so fetch it where a ticket may have been moved from a version that had one."""
    is_fetched = "assistant_offer" in task._state.fields_cache
    if not is_fetched and task.definition.assistance is None:
        return None
    found: AssistantOffer | None = getattr(task, "assistant_offer", None)
    return found


def answered_by(task: TaskInstance) -> str:
    """What the assistant is called by which a task that is done was answered, or its answer
    suggested; empty: none. Queries as `offer_of`."""
    offer = offer_of(task) if task.status == TaskStatus.COMPLETED else None
    return offer.called if offer is not None and offer.has_answered else ""
