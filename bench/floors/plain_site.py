"""The floor of a request: a plain Django site in the same server, which writes the same rows.

Django's own middlewares as `startproject` lists them, a session that is logged in, CSRF, a
Django Form and the plain ORM. It knows one company and checks no right.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.test.utils import override_settings
from django.urls import path
from django.views.decorators.http import require_POST

from bench.companies.setup import Bench, enter
from bench.floors.steps import orm_complete, orm_submit
from tickets.models import Ticket
from workflows.models import TaskInstance, TicketDefinition

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bench.floors.plain_site.OneCompanyMiddleware",
]
BENCH = "BENCH_COMPANY"


def plain_application() -> WSGIHandler:
    """Settings are read when a handler is made: it keeps its own middlewares and sessions."""
    with override_settings(
        MIDDLEWARE=MIDDLEWARE, SESSION_ENGINE="django.contrib.sessions.backends.db"
    ):
        return WSGIHandler()


def bench_of_server() -> Bench:
    values: dict[str, Any] = json.loads(os.environ[BENCH])
    return Bench(**{**values, "worker_ids": tuple(values["worker_ids"])})


class OneCompanyMiddleware:
    """This site's addresses and tables; what a plain site has in its settings."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.bench = bench_of_server()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = "bench.floors.plain_site"  # type: ignore[attr-defined]
        request.bench = self.bench  # type: ignore[attr-defined]
        enter(self.bench)
        return self.get_response(request)


class SubmitForm(forms.Form):
    title = forms.CharField(max_length=200, required=False)
    amount = forms.IntegerField()
    reason = forms.CharField(widget=forms.Textarea)


class CompleteForm(forms.Form):
    ok = forms.BooleanField()
    note = forms.CharField(required=False, widget=forms.Textarea)


@login_required
@require_POST
def submit(request: HttpRequest, type_id: int) -> HttpResponse:
    bench: Bench = request.bench  # type: ignore[attr-defined]
    definition = get_object_or_404(TicketDefinition, pk=type_id)
    form = SubmitForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.as_p(), status=422)
    data = {"amount": form.cleaned_data["amount"], "reason": form.cleaned_data["reason"]}
    orm_submit(bench, data=data, user_id=request.user.pk)
    messages.success(request, f"Your ticket “{definition.title}” was submitted.")
    return redirect("plain-tickets")


@login_required
@require_POST
def complete(request: HttpRequest, task_id: int) -> HttpResponse:
    bench: Bench = request.bench  # type: ignore[attr-defined]
    tasks = TaskInstance.objects.select_related("definition")
    task = get_object_or_404(tasks, pk=task_id, assigned_to=request.user.pk, status="OPEN")
    form = CompleteForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.as_p(), status=422)
    orm_complete(bench, task.pk, output=form.cleaned_data)
    messages.success(request, f"“{task.definition.title}” is done.")
    return redirect("plain-tickets")


@login_required
def tickets(request: HttpRequest) -> HttpResponse:
    own = Ticket.objects.filter(created_by=request.user.pk)[:50]
    return HttpResponse("\n".join(str(ticket) for ticket in own), content_type="text/plain")


urlpatterns = [
    path("plain/submit/<int:type_id>/", submit),
    path("plain/complete/<int:task_id>/", complete),
    path("plain/", tickets, name="plain-tickets"),
]
