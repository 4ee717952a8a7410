"""Tasks that one takes out of the pool, or puts back: the buttons of the list and of a task."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from tenants.pages.page import ObjectPage, register_page
from tenants.refusals import refusals
from tickets.models import MyTask
from tickets.saving.pages.saved import forget_typed
from tickets.working.pages.my_task import POOL
from tickets.working.pages.work_page import form_name
from tickets.working.pages.worker_page import WorkerPage, with_ticket
from workflows.errors import MayNotClaimError
from workflows.running.pool import claim_task, release_task


class _PoolPage(WorkerPage):
    http_method_names = ["post"]
    refusal_level = messages.WARNING

    object: MyTask


@register_page(MyTask, "<int:object_id>/claim/", name="tickets_mytask_claim")
class ClaimPage(_PoolPage):
    """POST takes a task out of the pool."""

    def find(self, **arguments: Any) -> None:
        # Also tasks already claimed: whoever is second is told so, instead of a 404.
        task = with_ticket(MyTask.objects.all()).filter(pk=arguments["object_id"]).first()
        if task is None:
            raise Http404
        self.object = task

    def back(self) -> HttpResponse:
        return redirect(reverse("admin:tickets_mytask_changelist", query={POOL: 1}))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        with refusals(MayNotClaimError) as hidden:
            claim_task(task=self.object, user=self.person, now=timezone.now())
        if hidden.error:
            raise Http404
        messages.success(request, gettext("“%(task)s” is yours now.") % {"task": self.object})
        return redirect("admin:tickets_mytask_change", self.object.pk)


@register_page(MyTask, "<int:object_id>/release/", name="tickets_mytask_release")
class ReleasePage(_PoolPage, ObjectPage):
    """POST puts a task back into the pool."""

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_mytask_changelist")

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        release_task(task=self.object, user=self.person, now=timezone.now())
        messages.success(request, gettext("You gave “%(task)s” back.") % {"task": self.object})
        return forget_typed(self.back(), form_name(self.object))
