"""What the screens of whoever has a task say of an assistant that is, or was, at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from tenants.pages.links import admin_link
from tenants.pages.page import ObjectPage, register_page
from tickets.models import AssistantOffer, MyTask, OfferEnd
from tickets.working.answer_offer import take_from_assistant
from tickets.working.pages.worker_page import WorkerPage
from workflows.models import TaskInstance
from workflows.models.task_instance import WORKABLE


@dataclass(frozen=True, slots=True)
class AssistantNote:
    """`says` is why it is not at the task any more; `reason` what the assistant said itself."""

    called: str
    until: datetime | None = None
    is_suggestion: bool = False
    says: str = ""
    reason: str = ""


def note_of(task: TaskInstance, offer: AssistantOffer | None) -> AssistantNote | None:
    """What is said on the page of a task; None: nothing."""
    if offer is None or task.status not in WORKABLE:
        return None
    if offer.is_open(now=timezone.now()):
        return AssistantNote(offer.called, until=offer.until)
    if offer.is_suggestion:
        return AssistantNote(offer.called, is_suggestion=True)
    words = {"assistant": offer.called}
    match offer.why:
        case OfferEnd.HANDED_BACK:
            says = gettext("The assistant %(assistant)s has handed this task back to you:") % words
        case OfferEnd.OUT_OF_TIME | "":
            says = gettext("The time of the assistant %(assistant)s is over: the task is yours.")
            says %= words
        case OfferEnd.OUT_OF_TRIES:
            says = gettext(
                "The form has refused the answers of the assistant %(assistant)s: the task is "
                "yours."
            )
            says %= words
        case OfferEnd.TAKEN_BACK:
            says = gettext(
                "A ticket admin has taken this task back from the assistant %(assistant)s:"
            )
            says %= words
        case _:
            return None
    return AssistantNote(offer.called, says=says, reason=offer.reason)


@register_page(MyTask, "<int:object_id>/take-from-assistant/", name="tickets_mytask_take")
class TakeFromAssistantPage(WorkerPage, ObjectPage):
    """POST takes one's own task from the assistant that is at it."""

    http_method_names = ["post"]
    refusal_level = messages.WARNING

    object: MyTask

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        take_from_assistant(task=self.object, by=self.person, now=timezone.now())
        text = gettext("No assistant is at “%(task)s” any more: it is for you to do.")
        messages.success(request, text % {"task": self.object})
        return redirect(admin_link(self.object))

    def back(self) -> HttpResponse:
        return redirect(admin_link(self.object))
