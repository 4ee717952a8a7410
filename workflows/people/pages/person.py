"""The screen of a company's people.

It stands here and not in tenants: it also sets company roles, and assigns what waits.
What a superuser has outside every company is in `everybody.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.account.changing_address import TOO_OFTEN, ask_for_address
from tenants.companies.active_company import active_company
from tenants.mail.set_up import is_mail_set_up
from tenants.models import User
from tenants.models.user import UserQuerySet
from tenants.pages.avatars import avatar
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import list_buttons_of
from tenants.roles import SystemRole
from workflows.flat import FlatImportAdmin
from workflows.models import CompanyRole, Invitation
from workflows.people.availability import availability_of
from workflows.people.change_people import EDITABLE, save_person
from workflows.people.pages.people_filters import (
    CompanyRoleFilter,
    LogInFilter,
    StateFilter,
    SystemRoleFilter,
)
from workflows.people.pages.person_form import PersonAddForm, PersonForm, PersonPasswordForm
from workflows.people.pages.person_resource import PersonResource
from workflows.people.releasing import release_tasks_of_people

STATE_COLORS = {
    "off": "danger",
    "invited": "info",
    "never": "warning",
    "away": "warning",
    "there": "success",
}
_SECRETS = frozenset({"password1", "password2", "password_link", "second_factor_link"})


def _without(names: frozenset[str], fieldsets: Any) -> Any:
    """The fieldsets of a form without these fields."""
    return tuple(
        (title, {**options, "fields": tuple(_left(options["fields"], names))})
        for title, options in fieldsets
    )


def _absence(person: User) -> str:
    """What is known of it, in a sentence or two."""
    said = []
    if person.away_until is not None:
        times = {
            name: date_format(timezone.localtime(moment), "DATETIME_FORMAT")
            for name, moment in (("from", person.away_from), ("until", person.away_until))
            if moment is not None
        }
        text = _("Away until %(until)s.")
        said.append(
            gettext("Away from %(from)s until %(until)s.") % times
            if "from" in times
            else text % times
        )
    if person.deputy is not None:
        said.append(gettext("Deputy: %(person)s.") % {"person": person.deputy})
    return " ".join(str(each) for each in said)


def _left(fields: Any, names: frozenset[str]) -> Iterator[Any]:
    for each in fields:
        if isinstance(each, str):
            yield from () if each in names else (each,)
        elif line := tuple(_left(each, names)):
            yield line


class PersonAdmin(FlatImportAdmin, UserAdmin, CompanyModelAdmin):  # type: ignore[type-arg, misc]
    """The people of a company, for its admins, and for a superuser who has entered it."""

    may_add = True
    may_change = True
    resource_classes = [PersonResource]
    import_help = _(
        "People are recognised by their e-mail address. Columns that a file does not have stay "
        "as they are. Several roles in a cell are separated by commas or stand on a line each. "
        "Whoever is new gets a mail with a link, where mail is sent; otherwise they cannot log in "
        "until you invite them or set a password on their page."
    )
    change_list_template = "people/people_list.html"
    form = PersonForm
    add_form = PersonAddForm
    add_form_template = None
    change_password_form = PersonPasswordForm
    search_fields = ("first_name", "last_name", "email")
    search_help_text = _("Search by name or e-mail address")
    ordering = ("first_name", "last_name", "email")
    filter_horizontal = ()
    list_filter = (
        *(StateFilter, SystemRoleFilter, CompanyRoleFilter),
        *("is_active", "is_available", LogInFilter),
    )
    list_display = ("person", "roles", "company_role_names", "state", "is_available", "is_active")
    readonly_fields = (
        "absence_link",
        "password_link",
        "second_factor_link",
        "erase_link",
        "last_login",
        "date_joined",
    )
    add_fieldsets = (
        (None, {"fields": (("first_name", "last_name"), "email", "password1", "password2")}),
        (_("Roles"), {"fields": ("system_roles", "member_of")}),
        (_("Work"), {"fields": ("manager", "is_available")}),
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    "email",
                    ("password_link", "second_factor_link", "erase_link"),
                )
            },
        ),
        (_("Roles"), {"fields": ("system_roles", "member_of")}),
        (_("Work"), {"fields": ("manager", "is_available", "is_active", "absence_link")}),
        (_("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """A superuser sets no passwords of people, and takes no second factor away here."""
        fieldsets = super().get_fieldsets(request, obj)
        return _without(_SECRETS, fieldsets) if request.user.is_superuser else fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Whoever has somebody's address becomes that person, by a forgotten password."""
        fields = super().get_readonly_fields(request, obj)
        is_of_company = obj is not None and not obj.is_superuser
        return (*fields, "email") if request.user.is_superuser and is_of_company else fields

    # --- who comes in ------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Where mail is sent people are invited, and prove their address themselves."""
        is_inside = active_company(request) is not None
        return not (is_inside and is_mail_set_up()) and super().has_add_permission(request)

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Where mail is sent it invites whoever is new, which a superuser does not."""
        may = request.user.has_perms(("tenants.add_user", "tenants.change_user"))
        invites = request.user.is_superuser and is_mail_set_up()
        return active_company(request) is not None and may and not invites

    # --- whose people ----------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: UserQuerySet = User.objects.prefetch_related("groups").order_by(*self.ordering)
        company = active_company(request)
        if company is None:
            return people.none()
        roles = Prefetch("company_roles", queryset=CompanyRole.objects.only("name"))
        invited = Invitation.objects.open().filter(person=OuterRef("pk"))
        # Service accounts have a page of their own: what they lack is half of this one.
        own = people.of_company(company).who_log_in()
        of_company = own.annotate(is_invited=Exists(invited))
        return of_company.prefetch_related(roles)

    # --- the list ----------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        more: dict[str, Any] = {}
        if active_company(request) is not None and self.has_view_permission(request):
            more["buttons"] = list_buttons_of(request, User)
            if request.user.has_perm("tenants.add_user"):
                more["open_invitations"] = Invitation.objects.open().count()
        return super().changelist_view(request, {**more, **(extra_context or {})})

    @display(description=_("person"), ordering="first_name")
    def person(self, person: User) -> SafeString:
        return format_html(
            '<span class="flex gap-4 items-center">{}<span class="flex flex-col text-start">'
            '<span>{}</span><span class="text-subtle">{}</span></span></span>',
            avatar(person),
            person,
            person.email,
        )

    @display(description=_("system roles"), label=True)
    def roles(self, person: User) -> list[str]:
        names = {group.name for group in person.groups.all()}  # prefetched
        roles = [str(role.label) for role in SystemRole if role.value in names]
        return roles or ([gettext("None: sees nothing")] if person.is_active else [])

    @display(description=_("state"), label=STATE_COLORS)
    def state(self, person: User) -> tuple[str, str]:
        """What an admin asks first: whether they came in at all, and whether they are there."""
        if not person.is_active:
            return "off", gettext("Deactivated")
        if person.last_login is None and getattr(person, "is_invited", False):
            return "invited", gettext("Invited")
        if person.last_login is None:
            return "never", gettext("Never logged in")
        if person.is_available:
            return "there", gettext("Present")
        if person.away_until is None or not availability_of(person).is_away_by_plan:
            return "away", gettext("Away")
        until = date_format(timezone.localtime(person.away_until), "DATE_FORMAT")
        return "away", gettext("Away until %(day)s") % {"day": until}

    @display(description=_("company roles"), label=True)
    def company_role_names(self, person: User) -> list[str]:
        return [role.name for role in person.company_roles.all()]

    # --- work that goes to others ------------------------------------------------------------

    actions = ("reassign_open_tasks",)

    def has_reassign_permission(self, request: HttpRequest) -> bool:
        """Tasks stand in a company: outside every one there are none."""
        return active_company(request) is not None and self.has_change_permission(request)

    @action(description=_("Reassign open tasks"), permissions=["reassign"])
    def reassign_open_tasks(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Give what these people have to do to others at once; what nobody can do waits."""
        actor = request.user if isinstance(request.user, User) else None
        count = release_tasks_of_people(people=list(people), now=timezone.now(), actor=actor)
        text = ngettext(
            "%(count)d open task was taken away and given to others; where nobody else is "
            "available it waits in the pool.",
            "%(count)d open tasks were taken away and given to others; where nobody else is "
            "available they wait in the pool.",
            count,
        ) % {"count": count}
        messages.success(request, text if count else gettext("They have no open tasks."))

    # --- the form ----------------------------------------------------------------------------

    @display(description=_("system roles"))
    def system_roles(self, person: User) -> str:
        return ", ".join(self.roles(person))

    @display(description=_("company roles"))
    def member_of(self, person: User) -> str:
        return ", ".join(self.company_role_names(person))

    @display(description=_("password"))
    def password_link(self, person: User) -> SafeString:
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            reverse("admin:auth_user_password_change", args=[person.pk]),
            gettext("Set a new password"),
        )

    @display(description=_("second factor"))
    def second_factor_link(self, person: User) -> SafeString:
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            reverse("admin:tenants_user_second_factor", args=[person.pk]),
            gettext("Remove it if it was lost"),
        )

    @display(description=_("absence"))
    def absence_link(self, person: User) -> SafeString:
        return format_html(
            '{} <a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            _absence(person),
            reverse("admin:tenants_user_absence", args=[person.pk]),
            gettext("Say when they are away, and who stands in"),
        )

    @display(description=_("personal data"))
    def erase_link(self, person: User) -> SafeString | str:
        if person.erased_at is not None:
            return gettext("Erased")
        return format_html(
            '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>',
            reverse("admin:tenants_user_erase", args=[person.pk]),
            gettext("Erase this person"),
        )

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is None and request.user.is_superuser:
            kwargs.setdefault("form", PersonForm)
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None:
            return form
        company = active_company(request)

        class OfThisCompany(form):  # type: ignore[valid-type, misc]
            """With the company before validation: the constraints of User look at it."""

            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self.instance.company = company

        return OfThisCompany

    def save_model(
        self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool
    ) -> None:
        data = form.cleaned_data
        if not change:
            obj.set_password(data.get("password1"))
        elif wanted := getattr(form, "asked_email", ""):
            self._ask_for_address(request, obj, wanted)
        save_person(
            person=obj,
            roles=[SystemRole(role) for role in data["system_roles"]],
            company_roles=data["member_of"],
            now=timezone.now(),
            actor=request.user if isinstance(request.user, User) else None,
            fields=form.changed_fields if change and isinstance(form, PersonForm) else EDITABLE,
        )

    def _ask_for_address(self, request: HttpRequest, person: User, wanted: str) -> None:
        if not ask_for_address(person=person, email=wanted):
            messages.warning(request, TOO_OFTEN)
            return
        text = gettext(
            "A mail to %(email)s is on its way. The address changes when the link in it is "
            "followed."
        )
        messages.info(request, text % {"email": wanted})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The roles are saved already, by save_person."""

    def response_add(
        self, request: HttpRequest, obj: User, post_url_continue: str | None = None
    ) -> HttpResponse:
        # Past UserAdmin's, which stays on the page because its add form asks for half.
        response: HttpResponse = super(UserAdmin, self).response_add(
            request, obj, post_url_continue
        )
        return response
