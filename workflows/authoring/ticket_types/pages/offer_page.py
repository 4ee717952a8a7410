"""Who may submit a ticket type, and whether it is offered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanWidget

from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, register_page
from tenants.pages.refusals import refusals_in
from workflows.authoring.ticket_types.change_ticket_type import (
    change_ticket_type,
    ticket_type_marker,
)
from workflows.authoring.ticket_types.pages.badges import active_badge
from workflows.models import CompanyRole, TicketDefinition


class OfferForm(forms.Form):
    """Who may submit a ticket type, whether it is offered, and what the page showed."""

    is_active = forms.BooleanField(
        label=gettext_lazy("Active"),
        help_text=gettext_lazy("People can submit tickets of this type."),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    roles = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Company roles with access"),
        help_text=gettext_lazy("Only their members may submit it. None ticked: everybody may."),
        queryset=CompanyRole.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={
            "invalid_choice": gettext_lazy("One of these roles is no longer there. Choose again."),
            "invalid_pk_value": gettext_lazy("One of these roles is not known. Choose again."),
        },
    )
    expected = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, definition: TicketDefinition) -> OfferForm:
        roles = definition.roles_with_access.all()
        return cls(initial={"is_active": definition.is_active, "roles": roles})


@register_page(TicketDefinition, "<int:object_id>/offer/", name="workflows_ticketdefinition_offer")
class OfferPage(ObjectPage):
    """Change who may submit a ticket type, and whether it is offered."""

    permissions = ("workflows.change_ticketdefinition",)
    title = gettext_lazy("Who may submit it")
    template_name = "ticket_types/offer.html"
    button = Button(gettext_lazy("Who may submit it"), icon="group", order=10)

    object: TicketDefinition

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._form_page(OfferForm.of(self.object))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = OfferForm(request.POST)
        if not form.is_valid():
            return self._form_page(form, expected=str(form["expected"].value() or ""))
        with refusals_in(form):
            change_ticket_type(
                definition=self.object,
                roles=form.cleaned_data["roles"],
                is_active=form.cleaned_data["is_active"],
                expected=form.cleaned_data["expected"],
            )
            self.screen.log_change(request, self.object, _("Changed who may submit it."))
            messages.success(request, _("The ticket type is saved."))
            return self.back()
        self.find(**arguments)  # as it is now
        return self._form_page(form)

    def _form_page(self, form: OfferForm, *, expected: str | None = None) -> HttpResponse:
        return self.show(
            definition=self.object,
            badge=active_badge(self.object),
            form=form,
            expected=ticket_type_marker(self.object) if expected is None else expected,
        )
