"""The page on which a superuser invites companies, and sees what became of the invitations."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from tenants.account.inviting_companies import (
    invite_company,
    path_of,
    revoke_company_invitation,
)
from tenants.companies.active_company import active_company
from tenants.mail.models import LONGEST_ADDRESS, OutgoingMail
from tenants.mail.set_up import is_mail_set_up
from tenants.models import Company, SignUpInvitation, User
from tenants.models.fields import EmailAddressInput, NameInput
from tenants.models.sign_up_invitation import InvitationState
from tenants.names import LONGEST_NAME
from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.numbers import number_in
from tenants.pages.page import Page, register_page

# So many are listed, the newest first.
MOST_LISTED: Final = 200


class InviteCompanyForm(forms.Form):
    email = EmailAddressInput(
        label=gettext_lazy("E-mail address"),
        max_length=LONGEST_ADDRESS,
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )
    company_name = NameInput(
        label=gettext_lazy("Company name"),
        required=False,
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Only proposed: they may write another one. It may be left empty."),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        # A superuser sees all people anyway.
        if User.objects.filter(email=email).exists():
            raise forms.ValidationError(gettext("Somebody already uses this e-mail address."))
        return email


@register_page(Company, "invitations/", name="tenants_company_invitations")
class InviteCompanyPage(Page):
    """For superusers outside of every company: the invitations stand in `public`."""

    permissions = ("tenants.add_company",)
    needs_company = False
    title = gettext_lazy("Invite a company")
    template_name = "account/invite_company.html"
    menu = MenuEntry(MenuSection.INSTALLATION, icon="forward_to_inbox", order=55)

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        is_outside = request.user.is_superuser and active_company(request) is None
        return is_outside and super().admits(request)

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.page(InviteCompanyForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        what, now = request.POST.get("do", "invite"), timezone.now()
        if what in ("again", "revoke"):
            return self.change(what)
        form = InviteCompanyForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        invite_company(by=self.person, now=now, **form.cleaned_data)
        return self.invited()

    def change(self, what: str) -> HttpResponse:
        number = number_in(self.request.POST.get("invitation", ""))
        open_ones = SignUpInvitation.objects.open()
        found = None if number is None else open_ones.filter(pk=number).first()
        if found is None:
            messages.info(self.request, gettext("This invitation is not open any more."))
        elif what == "again":
            invite_company(email=found.email, by=self.person, now=timezone.now())
            return self.invited()
        elif revoke_company_invitation(invitation=found, now=timezone.now()):
            text = gettext("The invitation of %(email)s is taken back.")
            messages.success(self.request, text % {"email": found.email})
        return redirect("admin:tenants_company_invitations")

    def invited(self) -> HttpResponse:
        if is_mail_set_up():
            text = gettext("They are invited; the mail is on its way.")
        else:
            text = gettext("They are invited: hand over the link that stands below.")
        messages.success(self.request, text)
        return redirect("admin:tenants_company_invitations")

    def page(self, form: InviteCompanyForm) -> HttpResponse:
        rows = SignUpInvitation.objects.select_related("company")[: MOST_LISTED + 1]
        invitations = list(rows)
        numbers = [each.mail_id for each in invitations if each.mail_id is not None]
        mails = OutgoingMail.objects.in_bulk(numbers)
        response = self.show(
            form=form,
            rows=[self.row(each, mails) for each in invitations[:MOST_LISTED]],
            more=len(invitations) > MOST_LISTED,
            by_mail=is_mail_set_up(),
            is_open=settings.SIGN_UP,
        )
        response["Cache-Control"] = "no-store"
        return response

    def row(self, invitation: SignUpInvitation, mails: dict[int, OutgoingMail]) -> dict[str, Any]:
        state = invitation.state
        shows_link = state is InvitationState.SENT and not invitation.by_mail
        link = self.request.build_absolute_uri(path_of(invitation)) if shows_link else ""
        return {
            "invitation": invitation,
            "state": state,
            "is_open": state in (InvitationState.SENT, InvitationState.EXPIRED),
            "mail": mails.get(invitation.mail_id or 0),
            "link": link,
        }
