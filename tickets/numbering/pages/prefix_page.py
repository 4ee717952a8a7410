"""The prefix of the company's ticket numbers, for its admins."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.models import Company, User
from tenants.models.company import LONGEST_PREFIX, PREFIX_HELP, validate_prefix
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.page import Page, register_page
from tickets.numbering.set_prefix import set_prefix


class PrefixForm(forms.Form):
    ticket_prefix = forms.CharField(
        label=gettext_lazy("Prefix"),
        help_text=PREFIX_HELP,
        required=False,
        max_length=LONGEST_PREFIX,
        validators=[validate_prefix],
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


@register_page(User, "ticket-numbers/", name="tenants_user_ticket_numbers")
class PrefixPage(Page):
    """GET shows what tickets are called; POST changes the prefix."""

    permissions = ("tenants.change_user",)
    title = gettext_lazy("Ticket numbers")
    template_name = "numbering/prefix.html"
    menu = MenuEntry(MenuSection.COMPANY, icon="tag", order=35)

    company: Company

    def find(self, **arguments: object) -> None:
        company = getattr(self.request, "company", None)
        if not isinstance(company, Company):
            raise Http404
        self.company = company

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(form=PrefixForm(initial={"ticket_prefix": self.company.ticket_prefix}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PrefixForm(request.POST)
        if not form.is_valid():
            return self.show(form=form)
        set_prefix(company=self.company, prefix=form.cleaned_data["ticket_prefix"])
        messages.success(request, gettext("The prefix is saved."))
        return redirect("admin:tenants_user_ticket_numbers")
