"""A form that is given to somebody else, or filled in for them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from tenants.models import User
from tickets.models.assistant_offer import offer_of
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.pages.correcting import OutputVerb
from tickets.repairing.pages.forms import AUTOMATIC, RepairForm, add_worker
from tickets.repairing.pages.repair_verb import Sent, TaskVerb
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.take_back import take_back
from tickets.working.errors import OfferOverError
from workflows.errors import CannotReassignError, TaskNotWorkableError
from workflows.models.task_instance import UNFINISHED


class Reassign(TaskVerb):
    """A form, given to somebody else."""

    verb = "reassign"
    title = gettext_lazy("Give it to somebody else")
    text = gettext_lazy(
        "Whoever has the task now loses it. Only people who may be given it are listed, those"
        " who are there and have the least to do first."
    )
    button = gettext_lazy("Give it")
    done = gettext_lazy("The task has changed hands.")
    icon = "switch_account"

    def refusal(self) -> str:
        if not self.task.definition.is_form or self.task.status not in UNFINISHED:
            return str(CannotReassignError())
        return self.unless_ended()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        add_worker(form, task=self.task)
        return form

    def act(self, sent: Sent) -> None:
        chosen: str = sent.cleaned["worker"]
        to = None if chosen == AUTOMATIC else User.objects.get(pk=int(chosen))
        # The page has shown who has it.
        reassign_task(
            task=self.task, to=to, by=sent.by, reason=sent.reason, expected=sent.expected,
            from_deputy=True, against_rule=True,
        )  # fmt: skip


class TakeBack(TaskVerb):
    """A task that an assistant is at, for whoever has it."""

    verb = "take-back"
    title = gettext_lazy("Take it back from the assistant")
    text = gettext_lazy(
        "No assistant is at the task any more: whoever has it does it, and is told."
    )
    button = gettext_lazy("Take it back")
    done = gettext_lazy("The task is for its person to do.")
    icon = "smart_toy"

    def refusal(self) -> str:
        offer = offer_of(self.task)
        if offer is None or not offer.is_open(now=timezone.now()) or not self.task.is_workable:
            return str(OfferOverError())
        return self.unless_ended()

    def act(self, sent: Sent) -> None:
        take_back(task=self.task, by=sent.by, reason=sent.reason, expected=sent.expected)


class Finish(OutputVerb):
    """A step, done by hand."""

    verb = "finish"
    title = gettext_lazy("Finish this step by hand")
    text = gettext_lazy(
        "You give the output in the place of the worker or of the other system. The step counts"
        " as done, and the ticket moves on. If a call is under way, its answer changes nothing"
        " any more."
    )
    button = gettext_lazy("Finish the step")
    done = gettext_lazy("The step is finished, and the ticket moves on.")
    icon = "check"

    def refusal(self) -> str:
        if self.task.status not in UNFINISHED or self.task.definition.is_wait:
            return str(TaskNotWorkableError())
        return self.unless_stopped()

    def act(self, sent: Sent) -> None:
        finish_task_by_hand(
            task=self.task,
            output=self.output(sent),
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
        )


class EndWait(TaskVerb):
    """A wait that is ended before its time."""

    verb = "end-wait"
    title = gettext_lazy("End the wait now")
    text = gettext_lazy("The ticket goes on at once, as if the time had come.")
    button = gettext_lazy("End the wait")
    done = gettext_lazy("The wait is over, and the ticket moves on.")
    icon = "hourglass_bottom"

    def refusal(self) -> str:
        if self.task.status not in UNFINISHED or not self.task.definition.is_wait:
            return str(TaskNotWorkableError())
        return self.unless_stopped()

    def act(self, sent: Sent) -> None:
        finish_task_by_hand(
            task=self.task, output={}, by=sent.by, reason=sent.reason, expected=sent.expected
        )
