"""Asks for the address of somebody outside, and has them erased."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, register_page
from tenants.pages.refusals import refusals_in
from tickets.erasing.erase_contact import ask_for_contact_erasure, asked_now, is_erased
from workflows.models import Contact


class EraseContactForm(forms.Form):
    use_required_attribute = False

    with_answers = forms.BooleanField(
        label=gettext_lazy("Erase what they answered, too"),
        help_text=gettext_lazy("In tickets that have ended. Texts are replaced."),
        required=False,
        initial=True,
        widget=UnfoldBooleanWidget,
    )
    typed_email = forms.CharField(
        label=gettext_lazy("Their e-mail address"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


@register_page(Contact, "<int:object_id>/erase/", name="workflows_contact_erase")
class EraseContactPage(ObjectPage):
    """For those who look after people's data. A POST has the worker erase somebody outside."""

    permissions = ("tenants.manage_company_data",)
    title = gettext_lazy("Erase somebody outside")
    template_name = "erasing/erase_contact.html"
    button = Button(gettext_lazy("Erase"), "person_remove", 50)

    object: Contact

    @classmethod
    def is_offered(cls, request: HttpRequest, obj: Any = None) -> bool:
        is_there = isinstance(obj, Contact) and not is_erased(obj)
        return is_there and super().is_offered(request, obj)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._page(EraseContactForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = EraseContactForm(request.POST)
        if form.is_valid():
            with refusals_in(form):
                ask_for_contact_erasure(
                    contact=self.object,
                    typed_email=form.cleaned_data["typed_email"],
                    with_answers=form.cleaned_data["with_answers"],
                )
                messages.success(request, gettext("They are erased within some minutes."))
                return redirect("admin:workflows_contact_changelist")
        return self._page(form)

    def _page(self, form: EraseContactForm) -> HttpResponse:
        waiting = asked_now(self.object).exists()
        return self.show(form=form, is_erased=is_erased(self.object), is_waiting=waiting)
