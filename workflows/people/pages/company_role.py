"""The screen of company roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from tenants.connection import in_public
from tenants.models import Company, User
from tenants.pages.company_admin import CompanyModelAdmin
from tenants.pages.paging import PagedChangeList
from workflows.errors import RoleInUseError
from workflows.flat import FlatImportAdmin
from workflows.models import CompanyRole
from workflows.people.company_roles import delete_company_role, save_company_role, uses_of_role
from workflows.people.pages.company_role_resource import CompanyRoleResource


def name_in_use(name: str, taken: CompanyRole) -> str:
    if taken.name.casefold() == name.casefold():
        return gettext("There is already a company role of this name.")
    text = gettext("There is already a company role “%(name)s”, whose name looks the same.")
    return text % {"name": taken.name}


class PeopleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """People by name, and with the address: two may have the same name."""

    def label_from_instance(self, obj: Model) -> str:
        return f"{obj} ({obj.email})" if isinstance(obj, User) else str(obj)


class CompanyRoleForm(forms.ModelForm):  # type: ignore[type-arg]
    members = PeopleField(
        label=_("Members"),
        required=False,
        queryset=User.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("They may submit what the role may submit, and are given its tasks."),
    )

    class Meta:
        model = CompanyRole
        fields = ("name", "description", "members")
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if in_public() or "members" not in self.fields:
            return
        people = User.objects.of_company(Company.objects.current()).active()
        self.fields["members"].queryset = people  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        taken = CompanyRole.objects.named(name).exclude(pk=self.instance.pk).first()
        if taken is not None:
            raise ValidationError(name_in_use(name, taken), code="unique")
        return name


class RoleChangeList(PagedChangeList):
    """Counts what its columns show; the page of one role shows no counts."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        self.root_queryset = self.root_queryset.annotate(
            people=Count("members", filter=Q(members__is_active=True), distinct=True),
            uses=Count("task_definitions", distinct=True)
            + Count("ticket_definitions", distinct=True),
        )
        return super().get_queryset(request, *args, **kwargs)


@admin.register(CompanyRole)
class CompanyRoleAdmin(FlatImportAdmin, CompanyModelAdmin):
    """A company's own groups of people, for its admins; workflow creators may look."""

    may_add = True
    may_change = True
    may_delete = True
    resource_classes = [CompanyRoleResource]
    import_help = _(
        "Roles are recognised by their name. Columns that a file does not have stay as they "
        "are; roles that it does not have stay too. Members are e-mail addresses of active "
        "people, separated by commas or on a line each."
    )
    form = CompanyRoleForm
    search_fields = ("name", "description")
    search_help_text = _("Search by name or description")
    list_display = ("name", "description", "member_count", "use_count")
    ordering = ("name",)
    readonly_fields = ("use_list",)
    fieldsets = (
        (None, {"fields": ("name", "description")}),
        (_("People"), {"fields": ("members",)}),
        (_("Where it is used"), {"fields": ("use_list",)}),
    )

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[RoleChangeList]:
        return RoleChangeList

    @display(description=_("members"), ordering="people")
    def member_count(self, role: CompanyRole) -> int:
        return int(getattr(role, "people", 0))

    @display(description=_("used"), ordering="uses")
    def use_count(self, role: CompanyRole) -> int:
        return int(getattr(role, "uses", 0))

    @display(description=_("used by"), empty_value=_("Nothing yet."))
    def use_list(self, role: CompanyRole) -> SafeString | None:
        uses = uses_of_role(role) if role.pk else []
        return format_html_join("", "<div>{}</div>", ((use,) for use in uses)) or None

    def save_model(
        self,
        request: HttpRequest,
        obj: CompanyRole,
        form: forms.ModelForm[CompanyRole],
        change: bool,
    ) -> None:
        save_company_role(
            role=obj,
            members=form.cleaned_data["members"],
            now=timezone.now(),
            actor=request.user if isinstance(request.user, User) else None,
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The members are saved already, by save_company_role."""

    # --- deleting ---------------------------------------------------------------------------

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, int], set[str], list[str]]:
        """With what names the roles as a reason against it: the page then offers no button."""
        roles = list(objs)
        name, names = str(CompanyRole._meta.verbose_name), CompanyRole._meta.verbose_name_plural
        denied = set() if self.has_delete_permission(request) else {name}
        uses = [use for role in roles for use in uses_of_role(role)]
        return [str(role) for role in roles], {names: len(roles)}, denied, uses

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponseBase:
        role = self.get_object(request, unquote(object_id))
        if role is not None and self.has_delete_permission(request, role) and uses_of_role(role):
            messages.error(request, str(RoleInUseError()))
            # Its page says where.
            return HttpResponseRedirect(
                reverse("admin:workflows_companyrole_change", args=[quote(role.pk)])
            )
        view: HttpResponseBase = super().delete_view(request, object_id, extra_context)
        return view

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        if isinstance(obj, CompanyRole):
            delete_company_role(role=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[CompanyRole]) -> None:
        with transaction.atomic():
            for role in queryset:
                delete_company_role(role=role)
