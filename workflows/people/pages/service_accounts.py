"""Service accounts and the tokens of a company, for its admins."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from tenants.account.pages.token_form import TokenForm, revoke_chosen, token_list
from tenants.errors import TicketFlowerError, TokenError
from tenants.models import AccessToken, Company, User
from tenants.models.fields import NameInput
from tenants.names import LONGEST_NAME
from tenants.pages.buttons import ListButton
from tenants.pages.page import Page, register_page
from tenants.refusals import refusals
from tenants.roles import SystemRole
from workflows.models import CompanyRole
from workflows.people.role_choices import role_choices
from workflows.people.service_accounts import add_account, change_account, service_accounts


class ServiceAccountForm(forms.Form):
    name = NameInput(
        label=gettext_lazy("Name"),
        max_length=LONGEST_NAME,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("It stands wherever people are named: “Payroll”, say."),
    )
    is_active = forms.BooleanField(
        label=gettext_lazy("Active"),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget,
        help_text=gettext_lazy("Switching it off revokes its tokens, and gives its tasks away."),
    )
    system_roles = forms.MultipleChoiceField(
        label=gettext_lazy("System roles"),
        choices=role_choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("They decide what it may do."),
    )
    company_roles = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Company roles"),
        required=False,
        queryset=CompanyRole.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("They decide which tickets it may submit and which tasks it gets."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["company_roles"].queryset = CompanyRole.objects.all()  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "name": data["name"],
            "roles": [SystemRole(each) for each in data["system_roles"]],
            "company_roles": list(data["company_roles"]),
        }


class _ServiceAccountsPage(Page):
    """For admins of the company. A superuser would keep a way in after their visit."""

    permissions = ("tenants.change_user",)

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and not request.user.is_superuser

    def account(self, number: int) -> User:
        found: User | None = service_accounts().filter(pk=number).first()
        if found is None:
            raise Http404
        return found


@register_page(User, "accounts/", name="tenants_user_accounts")
class ServiceAccountsPage(_ServiceAccountsPage):
    """Lists the accounts, and every token of the company; POST revokes a token, at once."""

    title = gettext_lazy("Service accounts and tokens")
    template_name = "people/accounts.html"
    list_button = ListButton(
        gettext_lazy("Service accounts and tokens"), icon="key", order=60, only_where_roomy=True
    )

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        roles = Prefetch("company_roles", queryset=CompanyRole.objects.only("name"))
        accounts = list(service_accounts().prefetch_related("groups", roles))
        tokens = token_list(self.tokens().select_related("owner"), request)
        rows = [{"account": each, "roles": _roles_of(each)} for each in accounts]
        return self.show(accounts=rows, show_owner=True, **tokens)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        token = revoke_chosen(request.POST.get("token", ""), self.tokens())
        if token is None:
            messages.info(request, gettext("This token is not there any more."))
        else:
            text = gettext("“%(name)s” does not count any more.")
            messages.success(request, text % {"name": token})
        return redirect("admin:tenants_user_accounts")

    def tokens(self) -> Any:
        return AccessToken.objects.of_company(Company.objects.current())


@register_page(User, "accounts/new/", name="tenants_user_account_new")
class NewServiceAccountPage(_ServiceAccountsPage):
    title = gettext_lazy("New service account")
    template_name = "people/account.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.show(form=ServiceAccountForm())

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        form = ServiceAccountForm(request.POST)
        if form.is_valid():
            with refusals(TicketFlowerError) as refused:
                account = add_account(**form.values(), by=self.person, now=timezone.now())
                text = gettext(
                    "The service account was added. It acts by a token: make one for it."
                )
                messages.success(request, text)
                return redirect("admin:tenants_user_account", account.pk)
            form.add_error(None, refused.text)
        return self.show(form=form)


@register_page(User, "accounts/<int:account_id>/", name="tenants_user_account")
class ServiceAccountPage(_ServiceAccountsPage):
    title = gettext_lazy("Service account")
    template_name = "people/account.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        account = self.account(arguments["account_id"])
        initial = {
            "name": account.first_name,
            "is_active": account.is_active,
            "system_roles": [role.value for role in account.system_roles()],
            "company_roles": list(account.company_roles.all()),
        }
        return self.page(ServiceAccountForm(initial=initial), account)

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        account = self.account(arguments["account_id"])
        form = ServiceAccountForm(request.POST)
        if form.is_valid():
            with refusals(TicketFlowerError) as refused:
                change_account(
                    account=account,
                    is_active=form.cleaned_data["is_active"],
                    **form.values(),
                    by=self.person,
                    now=timezone.now(),
                )
                messages.success(request, gettext("The service account was saved."))
                return redirect("admin:tenants_user_accounts")
            form.add_error(None, refused.text)
        return self.page(form, account)

    def page(self, form: ServiceAccountForm, account: User) -> HttpResponse:
        return self.show(form=form, account=account)


@register_page(User, "accounts/<int:account_id>/token/", name="tenants_user_account_token")
class ServiceAccountTokenPage(_ServiceAccountsPage):
    """Makes a token of an account, after the password was asked for again, and shows it once."""

    title = gettext_lazy("New token")
    template_name = "people/account_token.html"

    def get(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        return self.page(TokenForm(), self.account(arguments["account_id"]))

    def post(self, request: HttpRequest, **arguments: Any) -> HttpResponse:
        account, form = self.account(arguments["account_id"]), TokenForm(request.POST)
        if form.is_valid():
            with refusals(TokenError) as refused:
                made = form.make(owner=account, by=self.person)
                return self.page(form, account, made=made)
            form.refuse(refused.error)
        return self.page(form, account)

    def page(self, form: TokenForm, account: User, **more: Any) -> HttpResponse:
        response = self.show(form=form, account=account, **more)
        response["Cache-Control"] = "no-store"
        return response


def _roles_of(account: User) -> list[str]:
    names = {group.name for group in account.groups.all()}  # prefetched
    system = [str(role.label) for role in SystemRole if role.value in names]
    return system + [role.name for role in account.company_roles.all()]
