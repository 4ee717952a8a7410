"""Many errors at once: the question why, and the page that shows how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from tenants.models import User
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import admin_link
from tenants.pages.once import new_token, run_once
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tickets.following.pages.badges import error_badge
from tickets.models import BulkRetry, TicketError
from tickets.repairing.bulk_work import stopped
from tickets.repairing.pages.base_page import RepairingPage
from tickets.repairing.pages.forms import RepairForm
from tickets.repairing.retry_many import go_on_with_bulk_retry, retry_many
from workflows.engine.task_types import CALL_TYPES
from workflows.models import TaskStatus

# Rows of a list on the page; the rest is counted.
MOST_SHOWN = 50
# One job, one list of ids: more at once is more than anybody can look after.
MOST_ERRORS = 10_000


class RetryManyAdmin(DetailPageAdmin):
    """The list action, for the admin class of ticket errors."""

    actions = ("retry_chosen",)

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return RepairingPage.admits(request)

    @action(description=gettext_lazy("Try again"), permissions=["repair"])
    def retry_chosen(
        self, request: HttpRequest, queryset: QuerySet[TicketError]
    ) -> HttpResponse | None:
        """Ask why, then have the worker try what was chosen again."""
        user = request.user
        if not isinstance(user, User) or not RepairingPage.admits(request):
            raise PermissionDenied
        chosen = TicketError.objects.filter(pk__in=queryset.order_by().values("pk"))
        errors = chosen.unresolved()
        count, resolved = errors.count(), chosen.exclude(pk__in=errors.values("pk")).count()
        if not count or count > MOST_ERRORS:
            text = (
                _("Choose at most %(most)d errors at once.") % {"most": MOST_ERRORS}
                if count
                else _("None of these errors is open any more: there is nothing to try again.")
            )
            messages.warning(request, text)
            return None
        form = RepairForm(request.POST if "apply" in request.POST else None)
        if form.is_bound and form.is_valid():

            def act() -> int:
                reason = form.cleaned_data["reason"]
                return retry_many(errors=errors, by=user, reason=reason).pk

            with refusals_in(form):
                token = form.cleaned_data["token"] or new_token()
                number, _is_new = run_once(request, token=token, act=act)
                return redirect("admin:tickets_bulkretry_change", number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Try again"),
            "action": "retry_chosen",
            "form": form,
            "fields": form.shown_fields,
            "count": count,
            "resolved": resolved,
            "shown": [
                (each, error_badge(each))
                for each in errors.select_related("ticket").order_by("pk")[:10]
            ],
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox": ACTION_CHECKBOX_NAME,
            "token": new_token(),
        }
        return TemplateResponse(request, "repairing/retry_many.html", context)


class _RetriesPage(RepairingPage):
    """About one retry of many errors."""

    progress: BulkRetry
    is_stopped: bool

    def find(self, **arguments: Any) -> None:
        retries = BulkRetry.objects.select_related("created_by")
        found = retries.filter(pk=arguments["retry_id"]).first()
        if found is None:
            raise Http404
        self.progress = found
        self.is_stopped = stopped(found)

    def state(self) -> dict[str, Any]:
        return {
            "state": RetryState.of(self.progress),
            "bulk": self.progress,
            "is_stopped": self.is_stopped,
            "go_on_url": reverse("admin:tickets_bulkretry_change", args=(self.progress.pk,)),
        }


@register_page(TicketError, "retries/<int:retry_id>/", name="tickets_bulkretry_change")
class RetriesPage(_RetriesPage):
    """How far a retry of many errors is."""

    title = gettext_lazy("Errors that are tried again")
    template_name = "repairing/retries.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        state = self.state()
        return self.show(
            **state,
            what=self.title,
            state_url=reverse("admin:tickets_bulkretry_state", args=(self.progress.pk,)),
            is_over=state["state"].is_over or self.is_stopped,
        )

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Let what has stopped go on."""
        go_on_with_bulk_retry(progress=self.progress, by=self.person)
        return redirect(request.path)


@register_page(TicketError, "retries/<int:retry_id>/state/", name="tickets_bulkretry_state")
class RetriesState(_RetriesPage):
    """The same as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        state = self.state()
        html = render_to_string("repairing/_retry_state.html", state, request)
        return JsonResponse({"html": html, "over": state["state"].is_over or self.is_stopped})


@dataclass(frozen=True, slots=True)
class RetryState:
    """What became of the errors. What was retried is under way, failed again, or went well."""

    progress: BulkRetry
    refused: list[dict[str, Any]]
    hidden_refusal_count: int
    under_way: int
    failed_again: list[tuple[TicketError, Any, str]]
    failed_count: int

    @classmethod
    def of(cls, progress: BulkRetry) -> RetryState:
        seen_to = progress.error_ids[: progress.done]
        refused_ids = {each["error"] for each in progress.refused}
        retried = [each for each in seen_to if each not in refused_ids]
        failed = _failed_again(progress, retried)
        return cls(
            progress=progress,
            refused=_refused(progress),
            hidden_refusal_count=max(len(progress.refused) - MOST_SHOWN, 0),
            under_way=_under_way(retried),
            failed_again=[
                (each, error_badge(each), admin_link(each))
                for each in failed.select_related("ticket")[:MOST_SHOWN]
            ],
            failed_count=failed.count(),
        )

    @property
    def is_over(self) -> bool:
        return self.progress.is_finished and not self.under_way

    @property
    def succeeded_count(self) -> int:
        return max(self.progress.seen_to - self.under_way - self.failed_count, 0)

    @property
    def hidden_failure_count(self) -> int:
        return self.failed_count - len(self.failed_again)


def _failed_again(progress: BulkRetry, retried: list[int]) -> QuerySet[TicketError]:
    """The open errors that came after, of the tickets that were tried again."""
    tickets = TicketError.objects.filter(pk__in=retried).values("ticket")
    return (
        TicketError.objects.unresolved()
        .filter(ticket__in=tickets, created_at__gte=progress.created_at)
        .exclude(pk__in=progress.error_ids)
        .order_by("-pk")
    )


def _under_way(retried: list[int]) -> int:
    """How many of the calls have not come back."""
    calls = Q(task__definition__task_type__in=CALL_TYPES)
    running = Q(task__status__in=(TaskStatus.PENDING, TaskStatus.IN_PROGRESS))
    errors = TicketError.objects.filter(calls, running, pk__in=retried)
    return errors.values("task").distinct().count()


def _refused(progress: BulkRetry) -> list[dict[str, Any]]:
    rows = progress.refused[:MOST_SHOWN]
    errors = TicketError.objects.select_related("ticket")
    found = errors.in_bulk([each["error"] for each in rows])
    return [
        {
            "error": found.get(each["error"]),
            "number": each["error"],
            "link": admin_link(found[each["error"]]) if each["error"] in found else "",
            "message": each["message"],
        }
        for each in rows
    ]
