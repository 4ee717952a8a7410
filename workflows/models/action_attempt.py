from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from workflows.engine.process import JsonObject
from workflows.models.status import StatusField, StatusModel, one_of
from workflows.models.task_instance import TaskInstance

if TYPE_CHECKING:
    from datetime import datetime


class AttemptOutcome(models.TextChoices):
    RUNNING = "RUNNING", _("Under way")
    WAITING = "WAITING", _("Accepted, waiting for the answer")
    SUCCEEDED = "SUCCEEDED", _("Answered")
    FAILED = "FAILED", _("Failed")
    LOST = "LOST", _("Lost: the process that made the call ended")
    TIMED_OUT = "TIMED_OUT", _("No answer in time")


OVER = (
    AttemptOutcome.SUCCEEDED,
    AttemptOutcome.FAILED,
    AttemptOutcome.LOST,
    AttemptOutcome.TIMED_OUT,
)

# How much of a request is kept, in bytes: there may be many attempts, and a ticket may be large.
MOST_SENT = 10_000


class ActionAttemptQuerySet(models.QuerySet["ActionAttempt"]):
    def of_task(self, task: TaskInstance) -> ActionAttemptQuerySet:
        """What was tried for a task, first to last."""
        return self.filter(task=task).order_by("number")

    def latest_of(self, task_id: int) -> ActionAttempt | None:
        return self.filter(task=task_id).order_by("-number").first()


class ActionAttempt(StatusModel):
    """One call of an action task.

    The row is committed before the call and finished after it: a process that is killed in
    between leaves it RUNNING, and so the attempt counts.
    """

    task = models.ForeignKey(
        TaskInstance,
        on_delete=models.CASCADE,
        related_name="action_attempts",
        verbose_name=_("task"),
    )
    number = models.PositiveIntegerField(_("attempt"), help_text=_("From 1, for each task."))
    request_id = models.UUIDField(
        _("request id"),
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text=_("Sent as X-Request-ID, so that it is found in the other system's log."),
    )
    job_id = models.BigIntegerField(
        _("job"),
        null=True,
        blank=True,
        help_text=_("The job that makes the call: while it is in the queue, the call is not lost."),
    )
    retries_left = models.PositiveIntegerField(
        _("retries left"), default=0, help_text=_("How many more are made without a person.")
    )
    outcome = StatusField(
        _("outcome"),
        choices=AttemptOutcome.choices,
        default=AttemptOutcome.RUNNING,
        protected=True,
        max_length=20,
    )
    sent = models.TextField(
        _("what was sent"),
        blank=True,
        help_text=_("The JSON of the request; of a long one only the beginning."),
    )
    sent_bytes = models.PositiveIntegerField(
        _("size of what was sent, in bytes"), null=True, blank=True
    )
    status_code = models.PositiveSmallIntegerField(
        _("status"), null=True, blank=True, help_text=_("Empty: there was no answer to the call.")
    )
    duration_ms = models.PositiveIntegerField(
        _("duration in milliseconds"), null=True, blank=True, help_text=_("Of the call.")
    )
    error = models.TextField(_("what went wrong"), blank=True)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(
        _("ended at"),
        null=True,
        blank=True,
        help_text=_("For a call that is answered later: when the answer came."),
    )
    answer_until = models.DateTimeField(
        _("waits until"),
        null=True,
        blank=True,
        help_text=_("When a call that is answered later counts as unanswered."),
    )
    callback_answer = models.JSONField(
        _("reply to the callback"),
        null=True,
        blank=True,
        help_text=_("What the callback was answered with; a repeat is answered the same."),
    )

    objects: ClassVar[ActionAttemptQuerySet] = ActionAttemptQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("attempt of a call")
        verbose_name_plural = _("attempts of calls")
        ordering = ("task", "number")
        constraints = (
            one_of("outcome", AttemptOutcome, name="action_attempt_outcome_known"),
            models.UniqueConstraint(
                fields=("task", "number"), name="action_attempt_number_unique_in_task"
            ),
        )
        indexes = (
            # The few that are under way, among all that ever were.
            models.Index(
                fields=("task",),
                condition=Q(outcome__in=("RUNNING", "WAITING")),
                name="action_attempt_under_way",
            ),
        )

    def __str__(self) -> str:
        return f"{self.task_id}/{self.number}"

    @property
    def is_running(self) -> bool:
        return bool(self.outcome == AttemptOutcome.RUNNING)

    @property
    def is_waiting(self) -> bool:
        return bool(self.outcome == AttemptOutcome.WAITING)

    @property
    def is_over(self) -> bool:
        return self.outcome in OVER

    @property
    def may_still_be_answered(self) -> bool:
        """Whether a callback for it can be true: the call was accepted, or nobody knows.

        A call that broke off without an answer may have been understood all the same.
        """
        if self.outcome == AttemptOutcome.FAILED:
            return self.status_code is None
        return self.outcome not in (AttemptOutcome.SUCCEEDED, AttemptOutcome.TIMED_OUT)

    def keep_sent(self, content: bytes) -> None:
        """Note what is sent, before it is: up to MOST_SENT bytes of it."""
        # Requests are written in ASCII, so that no character is cut in two.
        self.sent = content[:MOST_SENT].decode("ascii", errors="replace")
        self.sent_bytes = len(content)

    @property
    def is_sent_whole(self) -> bool:
        """Whether all of what was sent was kept."""
        return self.sent_bytes is not None and self.sent_bytes <= MOST_SENT

    def record_call(self, *, status_code: int | None, now: datetime) -> None:
        """How the call itself ended, whatever becomes of the attempt."""
        self.status_code = status_code
        self.duration_ms = max(0, round((now - self.started_at).total_seconds() * 1000))

    @transition(field=outcome, source=AttemptOutcome.RUNNING, target=AttemptOutcome.WAITING)
    def wait(self) -> None:
        """The call was accepted; its answer comes later."""

    @transition(
        field=outcome,
        source=(
            AttemptOutcome.RUNNING,
            AttemptOutcome.WAITING,
            # It was given up, and yet its answer came in time.
            AttemptOutcome.FAILED,
            AttemptOutcome.LOST,
        ),
        target=AttemptOutcome.SUCCEEDED,
    )
    def succeed(self, *, now: datetime, callback_answer: JsonObject | None = None) -> None:
        self.callback_answer = callback_answer
        self.finished_at = now
        self.error = ""

    @transition(field=outcome, source=AttemptOutcome.RUNNING, target=AttemptOutcome.FAILED)
    def fail(self, *, error: str, now: datetime) -> None:
        self.error = error
        self.finished_at = now

    @transition(
        field=outcome,
        source=(AttemptOutcome.RUNNING, AttemptOutcome.WAITING),
        target=AttemptOutcome.FAILED,
    )
    def abandon(self, *, now: datetime) -> None:
        """Its task ended otherwise: nobody wants the answer any more."""
        self.error = gettext("The task ended otherwise before the answer came.")
        self.finished_at = now

    @transition(field=outcome, source=AttemptOutcome.RUNNING, target=AttemptOutcome.LOST)
    def mark_lost(self, *, error: str, now: datetime) -> None:
        self.error = error
        self.finished_at = now

    @transition(field=outcome, source=AttemptOutcome.WAITING, target=AttemptOutcome.TIMED_OUT)
    def time_out(self, *, error: str, now: datetime) -> None:
        self.error = error
        self.finished_at = now
