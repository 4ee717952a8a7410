"""Many tickets at once: the question how and why, and the page that shows how far it is."""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from tenants.models import User
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import admin_link
from tenants.pages.numbers import number_in
from tenants.pages.once import new_token, run_once, stored_result
from tenants.pages.page import register_page
from tenants.pages.refusals import refusals_in
from tickets.errors import ReasonMissingError
from tickets.following.pages.badges import ticket_badge
from tickets.following.pages.workers import worker_choices
from tickets.models import BulkChange, Ticket, Visibility
from tickets.models.message import LONGEST_MESSAGE
from tickets.overseeing.bulk_change import (
    MOST_AT_ONCE,
    change_many,
    continue_bulk_change,
    go_on_with_bulk_change,
)
from tickets.overseeing.bulk_verbs import VERBS, BulkVerb
from tickets.repairing.bulk_work import stopped
from tickets.repairing.pages.base_page import RepairingPage
from tickets.repairing.pages.forms import AUTOMATIC
from workflows.priorities import Priority, priority_choices

# Rows of a list on the page; the rest is counted.
MOST_SHOWN = 50

# In the form: of which tickets the question was. The highest id, and what stands for all of them.
UNTIL = "until"
ASKED = "asked"

logger = logging.getLogger(__name__)


class BulkForm(forms.Form):
    """What a verb needs to know, and which sending of the form this is."""

    use_required_attribute = False

    token = forms.RegexField("^[0-9a-f]{32}$", required=False, widget=forms.HiddenInput)

    def __init__(self, verb: BulkVerb, data: Any = None) -> None:
        super().__init__(data)
        if verb.name == "prioritize":
            self.fields["priority"] = forms.ChoiceField(
                label=_("Priority"),
                choices=priority_choices(),
                initial=Priority.NORMAL.value,
                widget=UnfoldAdminSelectWidget,
            )
        if verb.name == "reassign":
            self.fields["worker"] = forms.ChoiceField(
                label=_("To whom"),
                choices=[
                    (AUTOMATIC, _("Whoever's turn it is")),
                    *worker_choices(None, has_it=None),
                ],
                widget=UnfoldAdminSelectWidget,
            )
        if verb.name == "message":
            self.fields["visibility"] = forms.ChoiceField(
                label=_("Who reads it"),
                choices=[
                    (Visibility.INTERNAL.value, _("The team: an internal note")),
                    (Visibility.PUBLIC.value, _("Everybody who takes part, the requester too")),
                ],
                widget=UnfoldAdminSelectWidget,
            )
            self.fields["text"] = forms.CharField(
                label=_("Message"),
                max_length=LONGEST_MESSAGE,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
            )
        if verb.needs_reason:
            self.fields["reason"] = forms.CharField(
                label=_("Why"),
                help_text=_("The reason stands in the history of each ticket."),
                max_length=2_000,
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
                error_messages={"required": ReasonMissingError.message},
            )

    def arguments(self) -> dict[str, Any]:
        """As the verb keeps them."""
        given = self.cleaned_data
        found = {name: given[name] for name in ("priority", "visibility", "text") if name in given}
        if "worker" in given:
            worker = given["worker"]
            found["worker"] = None if worker == AUTOMATIC else int(worker)
        return found


class BulkChangeAdmin(DetailPageAdmin):
    """The list actions, for the admin class of tickets."""

    actions = (
        "prioritize_chosen",
        "reassign_chosen",
        "message_chosen",
        "hold_chosen",
        "resume_chosen",
        "cancel_chosen",
    )

    def has_repair_permission(self, request: HttpRequest) -> bool:
        return RepairingPage.admits(request)

    @action(description=VERBS["prioritize"].title, permissions=["repair"])
    def prioritize_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "prioritize")

    @action(description=VERBS["reassign"].title, permissions=["repair"])
    def reassign_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "reassign")

    @action(description=VERBS["message"].title, permissions=["repair"])
    def message_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "message")

    @action(description=VERBS["hold"].title, permissions=["repair"])
    def hold_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "hold")

    @action(description=VERBS["resume"].title, permissions=["repair"])
    def resume_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "resume")

    @action(description=VERBS["cancel"].title, permissions=["repair"])
    def cancel_chosen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> Any:
        return self._change_chosen(request, queryset, "cancel")

    def _change_chosen(
        self, request: HttpRequest, queryset: QuerySet[Ticket], name: str
    ) -> HttpResponse | None:
        """Ask what the verb needs to know, then begin."""
        user, verb = request.user, VERBS[name]
        if not isinstance(user, User) or not RepairingPage.admits(request):
            raise PermissionDenied
        is_answer = "apply" in request.POST
        form = BulkForm(verb, request.POST if is_answer else None)
        chosen = Ticket.objects.filter(pk__in=queryset.order_by().values("pk")).order_by("pk")
        until = number_in(request.POST.get(UNTIL, "")) if is_answer else None
        if until is not None:  # what came since then was not asked about
            chosen = chosen.filter(pk__lte=until)
        numbers = list(chosen.values_list("pk", flat=True)[: verb.most + 1])
        count = len(numbers)
        is_same = request.POST.get(ASKED) == _fingerprint(numbers)
        if is_answer and not is_same and form.is_valid():
            # Perhaps because this form was sent before, and has changed them.
            number = stored_result(request, token=form.cleaned_data["token"])
            if number is not None:
                return redirect("admin:tickets_bulkchange_change", number)
        if not count or count > verb.most:
            text = _("Choose at most %(most)d tickets at once.") % {"most": verb.most}
            messages.warning(request, text if count else _("These tickets are no longer there."))
            return None
        if is_answer and not is_same:
            form.add_error(
                None,
                _(
                    "Other tickets are meant now than when you were asked. Check them, then send "
                    "this again."
                ),
            )
        if form.is_valid():

            def act() -> int:
                return change_many(
                    verb=name,
                    tickets=numbers,
                    by=user,
                    reason=form.cleaned_data.get("reason", ""),
                    arguments=form.arguments(),
                ).pk

            with refusals_in(form):
                token = form.cleaned_data["token"] or new_token()
                number, is_new = run_once(request, token=token, act=act)
                if is_new and count <= MOST_AT_ONCE:
                    _do_now(number)
                return redirect("admin:tickets_bulkchange_change", number)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": verb.title,
            "verb": verb,
            "action": f"{name}_chosen",
            "form": form,
            "fields": form.visible_fields(),
            "count": count,
            "shown": [
                (each, ticket_badge(each))
                for each in chosen.select_related("workflow_instance")[:10]
            ],
            "until": numbers[-1],
            "asked": _fingerprint(numbers),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox": ACTION_CHECKBOX_NAME,
            "token": new_token(),
        }
        return TemplateResponse(request, "overseeing/bulk.html", context)


def _fingerprint(numbers: list[int]) -> str:
    """The same for the same tickets: these may be thousands."""
    return sha256(",".join(map(str, numbers)).encode()).hexdigest()


def _do_now(number: int) -> None:
    """What is few is done at once. What fails here is left to the job."""
    try:
        continue_bulk_change(bulk_change_id=number)
    except (OperationalError, InterfaceError):
        logger.warning("The job goes on with change %s of many tickets", number, exc_info=True)


class _ChangePage(RepairingPage):
    """About one change of many tickets."""

    change: BulkChange
    is_stopped: bool

    def find(self, **arguments: Any) -> None:
        changes = BulkChange.objects.select_related("created_by").defer("ticket_ids")
        found = changes.filter(pk=arguments["change_id"]).first()
        if found is None:
            raise Http404
        self.change = found
        self.is_stopped = stopped(found)

    def state(self) -> dict[str, Any]:
        rows = self.change.shown_refusals[:MOST_SHOWN]
        found = Ticket.objects.in_bulk([each["ticket"] for each in rows])
        return {
            "change": self.change,
            "bulk": self.change,
            "is_stopped": self.is_stopped,
            "go_on_url": reverse("admin:tickets_bulkchange_change", args=(self.change.pk,)),
            "refused": [
                (
                    found.get(each["ticket"]),
                    admin_link(found[each["ticket"]]) if each["ticket"] in found else "",
                    each["message"],
                )
                for each in rows
            ],
            "hidden_count": self.change.left_out - len(rows),
        }


@register_page(Ticket, "changes/<int:change_id>/", name="tickets_bulkchange_change")
class ChangePage(_ChangePage):
    """How far a change of many tickets is."""

    title = gettext_lazy("Many tickets at once")
    template_name = "overseeing/bulk_change.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        verb = VERBS.get(self.change.verb)
        return self.show(
            **self.state(),
            what=verb.title if verb is not None else self.change.verb,
            state_url=reverse("admin:tickets_bulkchange_state", args=(self.change.pk,)),
            is_over=self.change.is_finished or self.is_stopped,
        )

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        """Let what has stopped go on."""
        go_on_with_bulk_change(change=self.change, by=self.person)
        return redirect(request.path)


@register_page(Ticket, "changes/<int:change_id>/state/", name="tickets_bulkchange_state")
class ChangeState(_ChangePage):
    """The same as a piece of HTML, for progress.js."""

    def get(self, request: HttpRequest, **arguments: Any) -> JsonResponse:
        html = render_to_string("overseeing/_bulk_state.html", self.state(), request)
        return JsonResponse({"html": html, "over": self.change.is_finished or self.is_stopped})
