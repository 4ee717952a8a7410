"""The step that failed, once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.models import ErrorType, Ticket, TicketError
from tickets.repairing.begin_repair import resolved_message
from tickets.repairing.errors import ErrorAlreadyHandledError
from tickets.repairing.pages.forms import RepairForm, add_address
from tickets.repairing.pages.repair_verb import RepairVerb, Sent, is_retryable, kept_answers
from tickets.repairing.retry_step import retry_step
from tickets.repairing.send_again import address_of, has_own_address
from workflows.errors import NothingToRetryError

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Retry(RepairVerb):
    """The step that failed, again."""

    verb = "retry"
    title: StrOrPromise = gettext_lazy("Try again")
    text: StrOrPromise = gettext_lazy(
        "The step that failed is done once more, and that step only. If it fails again, there is"
        " a new error."
    )
    button: StrOrPromise = gettext_lazy("Try again")
    done: StrOrPromise = gettext_lazy("The step is tried again.")
    icon: str = "refresh"
    error: TicketError

    @classmethod
    def of(cls, ticket: Ticket, subject_id: int | None) -> RepairVerb:
        errors = TicketError.objects.select_related(
            "task__definition", "task__assigned_to", "task__contact"
        )
        error = errors.filter(pk=subject_id or 0, ticket=ticket).first()
        if error is None:
            raise Http404
        verb = cls.about(ticket, error)
        verb.announce_kept_answers()
        return verb

    @classmethod
    def about(cls, ticket: Ticket, error: TicketError) -> Retry:
        verb = cls(ticket, error=error, task=error.task)
        verb.announce_mail()
        return verb

    @property
    def is_of_mail(self) -> bool:
        return bool(self.error.error_type == ErrorType.DELIVERY)

    def announce_mail(self) -> None:
        if not self.is_of_mail:
            return
        self.title, self.button = _("Send it again"), _("Send it again")
        self.done, self.icon = _("The mail is sent again."), "forward_to_inbox"
        self.text = (
            _(
                "%(address)s is sent a new link to the form. Where the address is wrong, rather "
                "correct the answer that names it: the link is sent to the new one then."
            )
            % {"address": (self.task and self.task.contact) or _("somebody outside")}
            if not has_own_address(self.error)
            else _("The mail is sent once more, with the text that it has.")
        )

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
        if is_retryable(self.error, self.ticket):
            return ""
        return self.unless_stopped() or str(NothingToRetryError())

    def form(self, data: Any = None) -> RepairForm:
        form = super().form(data)
        if self.is_of_mail and has_own_address(self.error):
            add_address(form, first=address_of(self.error))
        return form

    def act(self, sent: Sent) -> None:
        retry_step(
            error=self.error,
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            to=sent.cleaned.get("to", ""),
        )
