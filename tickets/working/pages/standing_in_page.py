"""The open tasks of those for whom one stands in, and the button that takes one over."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from tenants.models import User
from tenants.pages.page import register_page
from tenants.refusals import refusals
from tickets.following.pages.badges import due_badge, priority_of_row
from tickets.models import MyTask
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from tickets.working.take_over import take_over, tasks_to_stand_in_for
from workflows.errors import MayNotTakeOverError
from workflows.people.availability import availability_of
from workflows.running.people.candidates import candidates_of
from workflows.running.people.deputies import people_who_named

# So many are shown; what is due first comes first.
MOST_SHOWN: Final = 100


@register_page(MyTask, "standing-in/", name="tickets_mytask_standing_in")
class StandingInPage(WorkerPage):
    """Of each task what the pool shows: what was answered is for whoever has it."""

    title = gettext_lazy("Standing in")
    template_name = "working/standing_in.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        people, now = people_who_named(self.person), timezone.now()
        tasks = with_ticket(tasks_to_stand_in_for(deputy=self.person, people=people))
        ordered = tasks.order_by(F("due_at").asc(nulls_last=True), "created_at", "pk")
        found = list(ordered[: MOST_SHOWN + 1]) if people else []
        rows = [
            {
                "task": task,
                "ticket": task.workflow_instance.ticket,
                "due": due_badge(task, now=now),
                "priority": priority_of_row(task.workflow_instance.ticket),
            }
            for task in found[:MOST_SHOWN]
        ]
        absent = [
            {
                "person": person,
                "until": _back_on(person),
                "rows": [row for row in rows if row["task"].assigned_to_id == person.pk],
            }
            for person in people
        ]
        return self.show(absent=absent, has_more=len(found) > MOST_SHOWN)


@register_page(MyTask, "<int:object_id>/take-over/", name="tickets_mytask_take_over")
class TakeOverPage(WorkerPage):
    """POST takes a task over."""

    http_method_names = ["post"]
    refusal_level = messages.WARNING

    object: MyTask

    def find(self, **arguments: Any) -> None:
        task = with_ticket(MyTask.objects.all()).filter(pk=arguments["object_id"]).first()
        if task is None:
            raise Http404
        self.object = task

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_mytask_standing_in")

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with refusals(MayNotTakeOverError) as hidden:
            take_over(task=self.object, by=self.person, now=timezone.now())
        if hidden.error is None:
            messages.success(request, gettext("“%(task)s” is yours now.") % {"task": self.object})
            return redirect("admin:tickets_mytask_change", self.object.pk)
        if self.object.assigned_to_id == self.person.pk:  # a second click
            return redirect("admin:tickets_mytask_change", self.object.pk)
        candidates = candidates_of(self.object)
        if candidates.is_added(self.person):
            return redirect(reverse("admin:tickets_mytask_changelist", query={"pool": 1}))
        if not candidates.may_stand_in(self.person):
            raise Http404
        messages.warning(request, gettext("You cannot take this task over: look at the list."))
        return self.back()


def _back_on(person: User) -> Any:
    return person.away_until if availability_of(person).is_away_by_plan else None
