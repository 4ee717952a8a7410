"""The page on which an admin invites people, and sees who was invited and has not come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
)

from tenants.mail.models import OutgoingMail
from tenants.mail.set_up import is_mail_set_up
from tenants.models import Company, User
from tenants.pages.buttons import ListButton
from tenants.pages.page import Page, register_page
from tenants.roles import SystemRole
from workflows.models import CompanyRole, Invitation
from workflows.people.invitations.addresses import read_addresses
from workflows.people.invitations.invite import (
    LIFETIME,
    MOST_AT_ONCE,
    Invited,
    Invitee,
    invite,
    withdraw,
)
from workflows.people.invitations.invite_wanted import (
    invite_again,
    invite_wanted,
    invitee_of,
    without_log_in,
)
from workflows.people.role_choices import role_choices

# So many invitations are listed.
MOST_LISTED = 200


class InviteForm(forms.Form):
    """Whom to invite, and what they will be."""

    addresses = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        max_length=50_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One on each line, or with commas between them. Names may stand before them: "
            "Anna Archer <anna@example.com>."
        ),
    )
    system_roles = forms.MultipleChoiceField(
        label=gettext_lazy("System roles"),
        required=False,
        choices=role_choices,
        initial=[SystemRole.USER.value],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("They decide which screens these people have."),
    )
    company_roles = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Company roles"),
        required=False,
        queryset=CompanyRole.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy(
            "They decide which tickets they may submit and which tasks they get."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["company_roles"].queryset = CompanyRole.objects.all()  # type: ignore[attr-defined]

    def clean_addresses(self) -> list[Invitee]:
        pasted = read_addresses(self.cleaned_data["addresses"])
        problems = list(pasted.problems[:20])
        if len(pasted.people) > MOST_AT_ONCE:
            problems.append(
                gettext("These are %(count)d addresses; invite %(most)d at a time.")
                % {"count": len(pasted.people), "most": MOST_AT_ONCE}
            )
        if not problems and not pasted.people:
            problems.append(gettext("Write an e-mail address."))
        if problems:
            raise forms.ValidationError(problems)
        return pasted.people

    def clean_system_roles(self) -> list[str]:
        roles: list[str] = self.cleaned_data["system_roles"]
        if not roles:
            raise forms.ValidationError(
                gettext("Choose a role at least: without one they would see nothing.")
            )
        return roles


@register_page(User, "invite/", name="tenants_user_invite")
class InvitePage(Page):
    """Invites; invites again; takes invitations back."""

    permissions = ("tenants.add_user",)
    title = gettext_lazy("Invite people")
    template_name = "invitations/invite.html"
    list_button = ListButton(
        gettext_lazy("Invite people"), icon="person_add", order=10, is_main=True
    )

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        # A superuser who invites a mailbox of their own would be somebody of the company.
        return super().admits(request) and not request.user.is_superuser

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.page(InviteForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        what = request.POST.get("do", "invite")
        if what == "withdraw":
            return self.withdraw()
        if what == "again":
            return self.again()
        if what == "all":
            return self.invite_all()
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self.page(form)
        return self.invite_new(form)

    def invite_new(self, form: InviteForm) -> HttpResponse:
        wanted: list[Invitee] = form.cleaned_data["addresses"]
        found = invite_wanted(
            people=wanted,
            roles=[SystemRole(each) for each in form.cleaned_data["system_roles"]],
            company_roles=form.cleaned_data["company_roles"],
            by=self.person,
            now=timezone.now(),
        )
        skipped = found.here
        if skipped:
            text = ngettext(
                "%(names)s is here already, and was not invited.",
                "%(names)s are here already, and were not invited.",
                len(skipped),
            )
            messages.info(self.request, text % {"names": ", ".join(skipped[:20])})
        return self.tell(found.made)

    def invite_all(self) -> HttpResponse:
        people = without_log_in(Company.objects.current())[:MOST_AT_ONCE]
        made = invite(
            people=[invitee_of(each) for each in people],
            roles=(),
            company_roles=(),
            by=self.person,
            now=timezone.now(),
        )
        return self.tell(made)

    def again(self) -> HttpResponse:
        found = self._chosen()
        if found is None:
            return self._gone()
        made = invite_again(invitation=found, by=self.person, now=timezone.now())
        return self.tell(made)

    def withdraw(self) -> HttpResponse:
        found = self._chosen()
        if found is None:
            return self._gone()
        withdraw(invitation=found)
        messages.success(
            self.request,
            gettext("The invitation of %(email)s is taken back.") % {"email": found.email},
        )
        return redirect("admin:tenants_user_invite")

    def tell(self, made: Sequence[Invited]) -> HttpResponse:
        """By mail: back to the page. Otherwise the links, once."""
        if not made:
            return redirect("admin:tenants_user_invite")
        if not any(each.path for each in made):
            text = ngettext(
                "%(count)d person is invited; the mail is on its way.",
                "%(count)d people are invited; the mails are on their way.",
                len(made),
            )
            messages.success(self.request, text % {"count": len(made)})
            return redirect("admin:tenants_user_invite")
        links = [
            (each.invitation.email, self.request.build_absolute_uri(each.path)) for each in made
        ]
        response = self.page(InviteForm(), links=links, days=LIFETIME.days)
        response["Cache-Control"] = "no-store"
        return response

    def page(self, form: InviteForm, **more: Any) -> HttpResponse:
        company = Company.objects.current()
        invitations = list(
            Invitation.objects.open().select_related("invited_by")[: MOST_LISTED + 1]
        )
        mails = OutgoingMail.objects.in_bulk(
            [each.mail_id for each in invitations if each.mail_id is not None]
        )
        rows = [
            {"invitation": each, "roles": _roles(each), "mail": mails.get(each.mail_id or 0)}
            for each in invitations[:MOST_LISTED]
        ]
        return self.show(
            form=form,
            rows=rows,
            more=len(invitations) > MOST_LISTED,
            cannot_log_in=without_log_in(company).count(),
            by_mail=is_mail_set_up(),
            **more,
        )

    def _chosen(self) -> Invitation | None:
        number = self.request.POST.get("invitation", "")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            return None
        return Invitation.objects.open().select_related("person").filter(pk=number).first()

    def _gone(self) -> HttpResponse:
        messages.info(self.request, gettext("This invitation is not open any more."))
        return redirect("admin:tenants_user_invite")


def _roles(invitation: Invitation) -> list[str]:
    if invitation.person_id is not None:
        return []
    return [str(role.label) for role in SystemRole if role.value in invitation.system_roles]
