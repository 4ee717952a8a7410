"""A ticket that is stopped: for a while, or for good."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.pages.forms import RepairForm
from tickets.repairing.pages.repair_verb import RepairVerb, Sent
from workflows.errors import WorkflowEndedError, WorkflowNotRunningError
from workflows.models import WorkflowStatus


class Hold(RepairVerb):
    """Stopped for now."""

    verb = "hold"
    title = gettext_lazy("Put on hold")
    text = gettext_lazy(
        "Nobody can work on the ticket and no call begins until you let it go on. The answer of"
        " a call that is under way is kept."
    )
    button = gettext_lazy("Put on hold")
    done = gettext_lazy("The ticket is on hold.")
    icon = "pause"

    def refusal(self) -> str:
        stopped = self.unless_stopped()
        if stopped or self.ticket.status == WorkflowStatus.IN_PROGRESS:
            return stopped
        return str(WorkflowNotRunningError())

    def act(self, sent: Sent) -> None:
        hold_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)


class Resume(RepairVerb):
    """On again."""

    verb = "resume"
    title = gettext_lazy("Let it go on")
    text = gettext_lazy("The ticket goes on where it was put on hold.")
    button = gettext_lazy("Let it go on")
    done = gettext_lazy("The ticket goes on.")
    icon = "play_arrow"

    def refusal(self) -> str:
        ended = self.unless_ended()
        if ended or self.ticket.status == WorkflowStatus.ON_HOLD:
            return ended
        return str(WorkflowNotRunningError())

    def act(self, sent: Sent) -> None:
        resume_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)


class Cancel(RepairVerb):
    """The end, before its time."""

    verb = "cancel"
    title = gettext_lazy("Cancel the ticket")
    text = gettext_lazy(
        "The ticket ends here for good: its open tasks end, its errors are resolved, and nobody"
        " can take it up again."
    )
    button = gettext_lazy("Cancel the ticket")
    done = gettext_lazy("The ticket is cancelled.")
    icon = "block"
    is_danger = True

    def refusal(self) -> str:
        return str(WorkflowEndedError()) if self.ticket.is_cancelled else self.unless_ended()

    def form(self, data: Any = None) -> RepairForm:
        form = super().form(data)
        form.fields["reason"].help_text = gettext(
            "Whoever submitted the ticket reads this reason on it, and so does whoever reads its "
            "history."
        )
        return form

    def act(self, sent: Sent) -> None:
        cancel_ticket(ticket=self.ticket, by=sent.by, reason=sent.reason, expected=sent.expected)
