"""The screen of a company's people.

It stands here and not in tenants: it also sets company roles, and assigns what waits.
What a superuser has outside every company is in `everybody.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import ValidationError
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
from unfold.forms import AdminPasswordChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from tenants.account.changing_address import TOO_OFTEN, ask_for_address
from tenants.active_company import active_company
from tenants.connection import in_public
from tenants.errors import LastAdminError
from tenants.mail.set_up import is_mail_set_up
from tenants.models import User
from tenants.models.user import UserQuerySet
from tenants.pages.avatars import avatar
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.page import list_buttons_of
from tenants.roles import SystemRole
from tenants.services import set_password
from workflows.errors import ManagerError
from workflows.fields.person.screen import MOST_LISTED, search_widget
from workflows.flat import FlatImportAdmin
from workflows.models import CompanyRole, Invitation
from workflows.people.availability import availability_of
from workflows.people.change_people import save_person
from workflows.people.managers import possible_managers
from workflows.people.pages.colleague_field import ColleagueField
from workflows.people.pages.new_password import NewPasswordForm
from workflows.people.pages.person_resource import PersonResource
from workflows.people.releasing import release_tasks_of_people
from workflows.people.role_choices import role_choices


class ManagerField(ColleagueField):
    """Several people may have one name: the address tells them apart."""

    def label_from_instance(self, person: Any) -> str:
        return f"{person} ({person.email})" if str(person) != person.email else str(person)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a company admin may change of a person; nothing else of a POST is read."""

    system_roles = forms.MultipleChoiceField(
        label=_("System roles"),
        required=False,
        choices=role_choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They decide which screens the person has."),
    )
    member_of = forms.ModelMultipleChoiceField(
        label=_("Company roles"),
        required=False,
        queryset=CompanyRole.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They decide which tickets the person may submit and which tasks they get."),
    )

    # The address that is to be proven.
    asked_email = ""

    class Meta:
        model = User
        fields = ("first_name", "last_name", "email", "is_available", "is_active", "manager")
        field_classes = {"manager": ManagerField}
        widgets = {"manager": UnfoldAdminSelectWidget}
        error_messages = {"manager": {"invalid_choice": ManagerError.message}}
        help_texts = {
            "manager": _("Gets the tasks that a workflow has for the requester's manager.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("first_name", "last_name"):
            if name in self.fields:
                self.fields[name].required = True
        roles = self.instance.system_roles() if self.instance.pk else {SystemRole.USER}
        self.initial.setdefault("system_roles", [role.value for role in roles])
        is_asked = "email" in self.fields and not in_public() and is_mail_set_up()
        if self.instance.pk and is_asked:
            self.fields["email"].help_text = _(
                "Another address counts once the person has followed the link in a mail to it."
            )
        if in_public():  # a superuser looks at somebody; the companies' tables are not here
            del self.fields["member_of"]
            self.fields.pop("manager", None)
            return
        self.fields["member_of"].queryset = CompanyRole.objects.all()  # type: ignore[attr-defined]
        if "manager" in self.fields:
            possible = possible_managers(self.instance)
            if self.instance.manager_id is not None:  # who has left since stays to be seen
                possible |= User.objects.filter(pk=self.instance.manager_id)
            widget = self.fields["manager"].widget
            # Without what the admin wraps it in: people are added and seen elsewhere.
            self.fields["manager"].widget = getattr(widget, "widget", widget)
            self.fields["manager"].queryset = possible  # type: ignore[attr-defined]
            self.fields["manager"].empty_label = gettext("Nobody")  # type: ignore[attr-defined]
            if self.fields["manager"].has_more_than(MOST_LISTED):  # type: ignore[attr-defined]
                self.fields["manager"].search(search_widget(None))  # type: ignore[attr-defined]
                self.initial["manager"] = self.instance.manager  # shown by the address
        if self.instance.pk:
            self.initial.setdefault("member_of", list(self.instance.company_roles.all()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.instance.pk and self._is_last_admin():
            message = str(LastAdminError())
            if SystemRole.ADMIN.value not in data.get("system_roles", []):
                self.add_error("system_roles", ValidationError(message, code="last_admin"))
            if not data.get("is_active", True):
                self.add_error("is_active", ValidationError(message, code="last_admin"))
        return data

    def clean_email(self) -> str:
        """Where mail is sent the address stays until the other one is proven: so nobody is told
        here whether somebody elsewhere has it."""
        email, stored = str(self.cleaned_data["email"]), self.instance.email
        if not self.instance.pk or in_public() or not is_mail_set_up() or email == stored:
            return email
        self.asked_email = email
        return str(stored)

    def _is_last_admin(self) -> bool:
        """As it stands now; the service looks again, under a lock."""
        company = self.instance.company
        if company is None:
            return False
        admins = User.objects.of_company(company).active().with_role(SystemRole.ADMIN)
        return list(admins.values_list("pk", flat=True)[:2]) == [self.instance.pk]


class PersonAddForm(NewPasswordForm, PersonForm):
    """A new person, with a password that the admin tells them."""

    class Meta(PersonForm.Meta):
        fields = ("first_name", "last_name", "email", "is_available", "manager")  # type: ignore[assignment]


class PersonPasswordForm(AdminPasswordChangeForm):
    """A new password for a person; passwords are not switched off here, people are."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields.pop("usable_password", None)
        for name in ("password1", "password2"):
            self.fields[name].required = True

    def save(self, commit: bool = True) -> User:
        user: User = self.user
        set_password(user=user, password=self.cleaned_data["password1"])
        return user


# In the filter by system role: who has none.
NO_ROLE = "none"


class SystemRoleFilter(admin.SimpleListFilter):
    title = _("system role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*SystemRole.choices, (NO_ROLE, _("None: sees nothing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        role = self.value()
        if role == NO_ROLE:
            return queryset.filter(groups=None, is_active=True, is_superuser=False)
        return queryset.filter(groups__name=role) if role in SystemRole else queryset


class StateFilter(admin.SimpleListFilter):
    """By what the column of the same name says."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("invited", _("Invited")),
            ("never", _("Never logged in")),
            ("away", _("Away")),
            ("there", _("Present")),
            ("off", _("Deactivated")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        active, came = queryset.filter(is_active=True), {"last_login__isnull": False}
        is_invited = Exists(Invitation.objects.open().filter(person=OuterRef("pk")))
        match self.value():
            case "invited":
                return active.filter(is_invited, last_login=None)
            case "never":
                return active.filter(~is_invited, last_login=None)
            case "away":
                return active.filter(**came, is_available=False)
            case "there":
                return active.filter(**came, is_available=True)
            case "off":
                return queryset.filter(is_active=False)
        return queryset


class LogInFilter(admin.SimpleListFilter):
    """Who has never logged in was perhaps never told that they can."""

    title = _("log-in")
    parameter_name = "log_in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("never", _("Never logged in")), ("ever", _("Has logged in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() not in ("never", "ever"):
            return queryset
        return queryset.filter(last_login__isnull=self.value() == "never")


class CompanyRoleFilter(admin.SimpleListFilter):
    title = _("company role")
    parameter_name = "company_role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(role.pk), role.name) for role in CompanyRole.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        known = {value for value, _label in self.lookup_choices}
        role = self.value()
        return queryset.filter(company_roles=int(role)) if role and role in known else queryset


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
