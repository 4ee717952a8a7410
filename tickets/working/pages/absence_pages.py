"""A worker who is away, or back: the buttons above the list of their tasks."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext

from tenants.pages.page import register_page
from tenants.refusals import refusals
from tickets.models import MyTask
from tickets.working.pages.worker_page import WorkerPage
from workflows.errors import DeputyError
from workflows.people.absence import AbsenceError
from workflows.people.change_availability import set_availability
from workflows.people.pages.absence_form import AbsenceForm
from workflows.people.releasing import release_tasks

_WELCOME = gettext_noop("Welcome back. What waited for somebody is given out again.")


@register_page(MyTask, "availability/", name="tickets_mytask_availability")
class AvailabilityPage(WorkerPage):
    """POST notes that the worker is away, or back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        user, is_available = self.person, request.POST.get("available") == "yes"
        set_availability(user=user, is_available=is_available, now=timezone.now(), actor=user)
        if is_available:
            text = gettext(_WELCOME)
        else:
            text = gettext("You are away now, and are given no new tasks.")
        messages.success(request, text)
        return self.back()


@register_page(MyTask, "absence/", name="tickets_mytask_absence")
class AbsencePage(WorkerPage):
    """POST notes from when until when the worker is away; both empty: they do not go."""

    title = gettext_lazy("When you are away")
    template_name = "working/absence.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=AbsenceForm(self.person), zone=self._zone())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AbsenceForm(self.person, request.POST)
        if form.is_valid():
            was_available = self.person.is_available
            with refusals(AbsenceError, DeputyError) as refused:
                form.save(by=self.person)
                if self.person.is_available and not was_available:
                    messages.success(request, gettext(_WELCOME))
                elif form.cleaned_data["away_from"] is None:
                    messages.success(request, gettext("You do not plan to be away."))
                else:
                    messages.success(request, gettext("It is noted when you are away."))
                return self.back()
            form.refuse(refused.error)
        return self.show(form=form, zone=self._zone())

    def _zone(self) -> str:
        return timezone.get_current_timezone_name().replace("_", " ")


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
