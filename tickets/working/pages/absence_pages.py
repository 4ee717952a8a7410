"""A worker who is away, or back: the buttons above the list of their tasks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from tenants.pages.page import register_page
from tickets.models import MyTask
from tickets.working.pages.worker_page import WorkerPage
from workflows.people.change_people import release_tasks, set_availability


@register_page(MyTask, "availability/", name="tickets_mytask_availability")
class AvailabilityPage(WorkerPage):
    """POST notes that the worker is away, or back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        user, is_available = self.person, request.POST.get("available") == "yes"
        set_availability(user=user, is_available=is_available, now=timezone.now(), actor=user)
        if is_available:
            text = gettext("Welcome back. What waited for somebody is given out again.")
        else:
            text = gettext("You are away now, and are given no new tasks.")
        messages.success(request, text)
        return self.back()


@register_page(MyTask, "hand-on/", name="tickets_mytask_hand_on")
class HandOnPage(WorkerPage):
    """POST gives all open tasks back at once."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        count = release_tasks(user=self.person, now=timezone.now(), actor=self.person)
        text = ngettext(
            "%(count)d task was handed on.", "%(count)d tasks were handed on.", count
        ) % {"count": count}
        messages.success(request, text)
        return self.back()
