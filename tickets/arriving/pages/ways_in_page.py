"""How tickets of a type come in from outside: its web address, its secret, its mail address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tenants.mail.incoming.set_up import is_replying_set_up
from tenants.models import Company, User
from tenants.names import plain_email
from tenants.pages.buttons import Button
from tenants.pages.page import ObjectPage, register_page
from tenants.refusals import refusals
from tenants.roles import SystemRole
from tickets.arriving.errors import NoSuchQuestionError, WayInPersonError
from tickets.arriving.set_way_in import (
    FILE,
    TEXTS,
    Ways,
    make_way_in_secret,
    questions_of,
    set_way_in,
    way_in_of,
)
from tickets.arriving.type_address import MailAddress, WebAddress
from tickets.models import WayIn
from workflows.models import TicketDefinition

MOST_NAMES = 300


class WaysForm(forms.Form):
    use_required_attribute = False

    address_on = forms.BooleanField(
        label=gettext_lazy("Other systems submit tickets at the web address"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    person = forms.CharField(
        label=gettext_lazy("On behalf of"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("The e-mail address of whoever these tickets belong to."),
        widget=UnfoldAdminTextInputWidget(
            attrs={"list": "people", "autocomplete": "off", "spellcheck": "false"}
        ),
    )
    mail_on = forms.BooleanField(
        label=gettext_lazy("People of the company submit tickets by mail"),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    mail_text = forms.ChoiceField(
        label=gettext_lazy("The text of the mail answers"),
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    mail_files = forms.MultipleChoiceField(
        label=gettext_lazy("Its files answer, one each"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def __init__(self, definition: TicketDefinition, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        none = [("", gettext("No question"))]
        fields["mail_text"].choices = none + questions_of(definition, *TEXTS)
        fields["mail_files"].choices = questions_of(definition, FILE)
        if not fields["mail_files"].choices:
            del fields["mail_files"]


@register_page(
    TicketDefinition, "<int:object_id>/ways-in/", name="workflows_ticketdefinition_ways_in"
)
class WaysInPage(ObjectPage):
    """GET shows it; a POST saves it, or with `secret` makes a new secret and shows it once."""

    permissions = ("workflows.change_ticketdefinition",)
    title = gettext_lazy("Tickets from outside")
    template_name = "arriving/ways_in.html"
    button = Button(gettext_lazy("From outside"), icon="input", order=45)

    object: TicketDefinition

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self._show(self._form(way_in_of(self.object)))

    def _form(self, way_in: WayIn) -> WaysForm:
        initial = {
            "address_on": way_in.address_on,
            "person": "" if way_in.person is None else way_in.person.email,
            "mail_on": way_in.mail_on,
            "mail_text": way_in.mail_text,
            "mail_files": way_in.mail_files,
        }
        return WaysForm(self.object, initial=initial)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        if "secret" in request.POST:
            return self._make_secret(request)
        form = WaysForm(self.object, request.POST)
        if not form.is_valid():
            return self._show(form)
        data = form.cleaned_data
        people = User.objects.active().filter(company=Company.objects.current())
        ways = Ways(
            address_on=data["address_on"],
            person=people.filter(email=plain_email(data["person"])).first(),
            mail_on=data["mail_on"],
            mail_text=data["mail_text"],
            mail_files=data.get("mail_files", []),
        )
        if ways.address_on and not data["person"]:
            form.add_error("person", gettext("Name somebody as whose tickets these come."))
            return self._show(form)
        with refusals(WayInPersonError, NoSuchQuestionError) as refused:
            set_way_in(definition=self.object, ways=ways, user=self.person)
            messages.success(request, gettext("It is saved."))
            return self.back()
        name = "person" if isinstance(refused.error, WayInPersonError) else None
        form.add_error(name, refused.text)
        return self._show(form)

    def _make_secret(self, request: HttpRequest) -> HttpResponse:
        """What was typed beside it is not saved by that, and not lost either."""
        shown = make_way_in_secret(definition=self.object, user=self.person, now=timezone.now())
        saved = self._form(way_in_of(self.object))
        if "typed" not in request.POST:
            return self._show(saved, shown=shown)
        typed = WaysForm(self.object, request.POST, initial=saved.initial)
        return self._show(typed, shown=shown, is_unsaved=typed.has_changed())

    def _show(self, form: WaysForm, *, shown: str = "", is_unsaved: bool = False) -> HttpResponse:
        company = Company.objects.current()
        way_in = way_in_of(self.object)
        people = User.objects.active().filter(company=company).with_role(SystemRole.USER)
        mail = MailAddress(company.pk, way_in.pk or 0).address
        response = self.show(
            definition=self.object,
            form=form,
            way_in=way_in,
            address=WebAddress(company.schema_name, self.object.key).url,
            mail_address=mail if way_in.mail_on else "",
            has_mailbox=is_replying_set_up(),
            shown=shown,
            is_unsaved=is_unsaved,
            people=people.order_by("first_name", "last_name", "pk")[:MOST_NAMES],
        )
        response["Cache-Control"] = "no-store"
        return response
