"""The step that failed, once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.errors import ErrorAlreadyHandledError
from tickets.models import Ticket, TicketError
from tickets.repairing.begin_repair import resolved_message
from tickets.repairing.pages.repair_verb import RepairVerb, Sent, is_retryable, kept_answers
from tickets.repairing.retry_step import retry_step
from workflows.errors import NothingToRetryError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Retry(RepairVerb):
    """The step that failed, again."""

    verb = "retry"
    title = gettext_lazy("Try again")
    text: StrOrPromise = gettext_lazy(
        "The step that failed is done once more, and that step only. If it fails again, there is"
        " a new error."
    )
    button = gettext_lazy("Try again")
    done = gettext_lazy("The step is tried again.")
    icon = "refresh"
    error: TicketError

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairVerb:
        errors = TicketError.objects.select_related("task__definition", "task__assigned_to")
        error = errors.filter(pk=subject_id or 0, ticket=ticket).first()
        if error is None:
            raise Http404
        verb = cls(ticket, error=error, task=error.task)
        verb.announce_kept_answers()
        return verb

    def announce_kept_answers(self) -> None:
        kept = kept_answers(self.task)
        if kept is not None:
            self.text = _(
                "The task is completed with the answers of %(person)s, which are kept, and the"
                " ticket moves on. If it fails again, nothing is changed."
            ) % {"person": kept.user}

    @property
    def subject_id(self) -> int:
        return self.error.pk

    def refusal(self) -> str:
        if self.error.is_resolved:
            return resolved_message(self.error) or str(ErrorAlreadyHandledError())
        stopped = self.unless_stopped()
        if stopped or is_retryable(self.error, self.ticket):
            return stopped
        return str(NothingToRetryError())

    def act(self, sent: Sent) -> None:
        retry_step(error=self.error, by=sent.by, reason=sent.reason, expected=sent.expected)
