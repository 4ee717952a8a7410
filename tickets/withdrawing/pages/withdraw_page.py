"""One's own ticket, taken back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.pages.buttons import Button
from tenants.pages.once import TOKEN, new_token, run_once, token_of
from tenants.pages.page import ObjectPage, register_page
from tenants.pages.refusals import refusals_in
from tickets.errors import ReasonMissingError
from tickets.models import MyTicket
from tickets.withdrawing.errors import ReasonTooLongError
from tickets.withdrawing.withdraw_ticket import LONGEST_REASON, withdraw_ticket
from workflows.errors import WorkflowEndedError


class WithdrawForm(forms.Form):
    use_required_attribute = False

    reason = forms.CharField(
        label=gettext_lazy("Why"),
        help_text=gettext_lazy("Whoever works on the ticket reads it."),
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        error_messages={"required": ReasonMissingError.message},
    )
    token = forms.RegexField(TOKEN, required=False, widget=forms.HiddenInput)


@register_page(MyTicket, "<path:object_id>/withdraw/", name="tickets_myticket_withdraw")
class WithdrawPage(ObjectPage):
    """GET asks why; POST withdraws the ticket."""

    permissions = ("tickets.view_myticket",)
    title = gettext_lazy("Withdraw the ticket")
    template_name = "withdrawing/withdraw.html"
    button = Button(gettext_lazy("Withdraw"), icon="undo", order=30)

    object: MyTicket

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Model | None = None) -> bool:
        runs = isinstance(obj, MyTicket) and not (obj.has_ended or obj.is_cancelled)
        return runs and super().is_offered(request, obj)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if self.object.has_ended or self.object.is_cancelled:
            raise WorkflowEndedError
        return self._show(WithdrawForm(initial={"token": token_of(request)}))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return self._show(form)

        def withdraw() -> int:
            reason = form.cleaned_data["reason"]
            withdraw_ticket(ticket=self.object, user=self.person, reason=reason, now=timezone.now())
            return int(self.object.pk)

        with refusals_in(form, ReasonMissingError, ReasonTooLongError):
            token = form.cleaned_data["token"] or new_token()
            run_once(request, token=token, act=withdraw)
            messages.success(request, gettext("You have withdrawn the ticket."))
            return self.back()
        return self._show(form)

    def _show(self, form: WithdrawForm) -> HttpResponse:
        return self.show(ticket=self.object, form=form)
