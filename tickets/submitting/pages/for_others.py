"""Submitting in the place of somebody else: whom for, and which of their ticket types."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from tenants.models import User
from tenants.names import plain_email
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.numbers import number_in
from tenants.pages.once import new_token
from tenants.pages.page import Page, register_page
from tickets.models import MyTicket
from tickets.submitting.errors import NoSuchRequesterError
from tickets.submitting.pages.choose_page import MANY_CARDS
from tickets.submitting.submit_for import may_submit_for_others, possible_requesters, types_for

FOR = "for"
# More names than this are no help in a list; an address can always be typed.
MOST_NAMES = 300


class PersonForm(forms.Form):
    use_required_attribute = False

    person = forms.CharField(
        label=gettext_lazy("For whom?"),
        help_text=gettext_lazy("Their e-mail address. They are the requester, and are told."),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(
            attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Write whom it is for.")},
    )


def named_requester(request: HttpRequest, person: User) -> User | None:
    """For whom the address says that it is submitted; None: it does not say so.

    Raises:
        NoSuchRequesterError: it names nobody for whom this person may submit anything.
    """
    text = request.GET.get(FOR, "")
    if not text:
        return None
    number = number_in(text)
    found = None
    if number is not None and may_submit_for_others(person):
        found = possible_requesters(by=person).filter(pk=number).first()
    if found is None:
        raise NoSuchRequesterError
    return found


class _ForOthersPage(Page):
    permissions = ()

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and may_submit_for_others(request.user)

    def back(self) -> HttpResponse:
        return redirect("admin:tickets_myticket_submit_for")


@register_page(MyTicket, "submit-for/", name="tickets_myticket_submit_for")
class SubmitForPage(_ForOthersPage):
    """GET asks for whom; with `?person=` it leads to the ticket types of that person."""

    title = gettext_lazy("Submit for somebody")
    template_name = "submitting/submit_for.html"
    menu = MenuEntry(MenuSection.START, icon="person_add", order=25)

    def get(self, request: HttpRequest) -> HttpResponse:
        form = PersonForm(request.GET if "person" in request.GET else None)
        if form.is_bound and form.is_valid():
            address = plain_email(form.cleaned_data["person"])
            found = possible_requesters(by=self.person).filter(email=address).first()
            if found is not None:
                query = {FOR: found.pk}
                return redirect(reverse("admin:tickets_myticket_types_for", query=query))
            form.add_error("person", str(NoSuchRequesterError.message))
        people = possible_requesters(by=self.person).order_by("first_name", "last_name", "pk")
        return self.show(form=form, people=people[:MOST_NAMES])


@register_page(MyTicket, "submit-for/types/", name="tickets_myticket_types_for")
class TypesForPage(_ForOthersPage):
    """The ticket types that may be submitted for the person whom `?for=` names, as cards."""

    title = gettext_lazy("Submit for somebody")
    template_name = "submitting/submit.html"

    requester: User

    def find(self, **arguments: Any) -> None:
        found = named_requester(self.request, self.person)
        if found is None:
            raise NoSuchRequesterError
        self.requester = found

    def get(self, request: HttpRequest) -> HttpResponse:
        types = list(types_for(self.requester, by=self.person).order_by("title", "pk"))
        for each in types:
            each.form_token = new_token()  # type: ignore[attr-defined]
        return self.show(types=types, has_search=len(types) >= MANY_CARDS, requester=self.requester)
