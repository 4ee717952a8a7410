from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldBooleanWidget

from tenants.active_company import active_company
from tenants.pages.badges import badge
from tenants.pages.detail_page import DetailPageAdmin, admin_link
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.definition_rows import field_table, references
from workflows.authoring.ticket_types.change_ticket_type import (
    change_ticket_type,
    ticket_type_marker,
)
from workflows.authoring.ticket_types.pages.ticket_type_resource import TicketTypeResource
from workflows.bundles.tell_changes import field_labels
from workflows.errors import WorkflowsError
from workflows.flat import FlatImportAdmin
from workflows.forms import show_answers
from workflows.models import CompanyRole, TicketDefinition


class OfferedFilter(admin.SimpleListFilter):
    """Shows what people can submit now unless asked for more."""

    title = gettext_lazy("versions")
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("inactive", gettext_lazy("Not active")),
            ("all", gettext_lazy("All versions")),
        ]

    def choices(self, changelist: Any) -> Any:
        shown = super().choices(changelist)
        yield {**next(shown), "display": _("Active")}
        yield from shown

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TicketDefinition]
    ) -> QuerySet[TicketDefinition]:
        if self.value() == "all":
            return queryset
        return queryset.filter(is_active=self.value() != "inactive")


class OfferForm(forms.Form):
    """Who may submit a ticket type, whether it is offered, and what the page showed."""

    is_active = forms.BooleanField(
        label=gettext_lazy("Active"),
        help_text=gettext_lazy("People can submit tickets of this type."),
        required=False,
        widget=UnfoldBooleanWidget,
    )
    roles = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Company roles with access"),
        help_text=gettext_lazy("Only their members may submit it. None ticked: everybody may."),
        queryset=CompanyRole.objects.order_by("name"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={
            "invalid_choice": gettext_lazy("One of these roles is no longer there. Choose again."),
            "invalid_pk_value": gettext_lazy("One of these roles is not known. Choose again."),
        },
    )
    expected = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    @classmethod
    def of(cls, definition: TicketDefinition) -> OfferForm:
        roles = definition.roles_with_access.all()
        return cls(initial={"is_active": definition.is_active, "roles": roles})


@admin.register(TicketDefinition)
class TicketDefinitionAdmin(FlatImportAdmin, DetailPageAdmin):
    """The ticket types: what people may submit, and the workflow that each starts."""

    list_title = gettext_lazy("Ticket types")
    resource_classes = [TicketTypeResource]
    import_help = gettext_lazy(
        "Ticket types are recognised by their key. Title, description, roles with access and "
        "whether it is active can change; columns and types that a file does not have stay as "
        "they are. No role: everybody may submit it. A new key makes a new ticket type of the "
        "published workflow whose key stands under Workflow; its presets are lines such as "
        "priority = high."
    )
    change_list_template = "ticket_types/ticket_type_list.html"
    change_form_template = "ticket_types/ticket_type.html"
    list_display = (
        "title_column",
        "version_column",
        "active_column",
        "workflow_column",
        "roles_column",
        "tickets_column",
    )
    list_filter = (OfferedFilter,)
    search_fields = ("title", "key")
    ordering = ("title", "-version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TicketDefinition]:
        tickets = (
            TicketDefinition.objects.filter(pk=OuterRef("pk"))
            .order_by()
            .values("pk")
            .annotate(count=Count("tickets"))  # the relation that the app of tickets adds
            .values("count")
        )
        definitions: QuerySet[TicketDefinition] = (
            super()
            .get_queryset(request)
            .select_related("workflow", "created_by")
            .prefetch_related("roles_with_access")
            .annotate(ticket_count=Subquery(tickets))
        )
        return definitions

    @display(description=gettext_lazy("Ticket type"), ordering="title", header=True)
    def title_column(self, definition: TicketDefinition) -> list[str]:
        return [definition.title, definition.key]

    @display(description=gettext_lazy("Version"), ordering="version")
    def version_column(self, definition: TicketDefinition) -> str:
        return f"v{definition.version}"

    @display(description=gettext_lazy("Active"), ordering="is_active")
    def active_column(self, definition: TicketDefinition) -> str:
        return active_badge(definition)

    @display(description=gettext_lazy("Workflow"), ordering="workflow__title")
    def workflow_column(self, definition: TicketDefinition) -> str:
        return str(definition.workflow)

    @display(description=gettext_lazy("Who may submit it"))
    def roles_column(self, definition: TicketDefinition) -> str:
        names = sorted(role.name for role in definition.roles_with_access.all())
        return format_html_join("", "<div>{}</div>", ((name,) for name in names)) or _("Everybody")

    @display(description=gettext_lazy("Tickets"))
    def tickets_column(self, definition: TicketDefinition) -> int:
        return getattr(definition, "ticket_count", 0) or 0

    def has_import_permission(self, request: HttpRequest) -> bool:
        # No ticket type is added or changed in a form of this screen: services do both.
        may_add = request.user.has_perm("workflows.add_ticketdefinition")
        return may_add and may_change_types(request)

    # Who may submit it, and whether it is offered

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.offer_view)
        name = "workflows_ticketdefinition_offer"
        return [path("<int:object_id>/offer/", view, name=name), *super().get_urls()]

    def offer_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Change who may submit a ticket type, and whether it is offered."""
        if not may_change_types(request):
            raise PermissionDenied
        definition: TicketDefinition = self.find(request, str(object_id))
        if request.method != "POST":
            return self._offer_page(request, definition, OfferForm.of(definition))
        form = OfferForm(request.POST)
        if not form.is_valid():
            seen = str(form["expected"].value() or "")
            return self._offer_page(request, definition, form, expected=seen)
        try:
            change_ticket_type(
                definition=definition,
                roles=form.cleaned_data["roles"],
                is_active=form.cleaned_data["is_active"],
                expected=form.cleaned_data["expected"],
            )
        except WorkflowsError as problem:
            form.add_error(None, _(str(problem)))
            fresh: TicketDefinition = self.find(request, str(object_id))
            return self._offer_page(request, fresh, form)
        self.log_change(request, definition, _("Changed who may submit it."))
        messages.success(request, _("The ticket type is saved."))
        return redirect(admin_link(definition))

    def _offer_page(
        self,
        request: HttpRequest,
        definition: TicketDefinition,
        form: OfferForm,
        *,
        expected: str | None = None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": definition,
            "title": _("Who may submit it"),
            "definition": definition,
            "badge": active_badge(definition),
            "form": form,
            "expected": ticket_type_marker(definition) if expected is None else expected,
        }
        return TemplateResponse(request, "ticket_types/offer.html", context)

    def page_context(self, request: HttpRequest, obj: TicketDefinition) -> dict[str, Any]:
        labels = field_labels(obj.workflow.fields)
        versions = TicketDefinition.objects.filter(key=obj.key).select_related("workflow")
        return {
            "title": obj.title,
            "subtitle": None,
            "definition": obj,
            "may_change_type": may_change_types(request),
            "references": references(obj.ext_ref),
            "badge": active_badge(obj),
            "workflow_badge": definition_badge(obj.workflow),
            "fields": field_table(_asked(obj), labels),
            "presets": show_answers(obj.workflow.fields, dict(_presets(obj))),
            "versions": [
                {
                    "definition": each,
                    "badge": active_badge(each),
                    "link": admin_link(each),
                    "is_this": each.pk == obj.pk,
                }
                for each in versions.order_by("-version")
            ],
        }


def may_change_types(request: HttpRequest) -> bool:
    return active_company(request) is not None and request.user.has_perm(
        "workflows.change_ticketdefinition"
    )


def active_badge(definition: TicketDefinition) -> str:
    return badge(_("Active"), "good") if definition.is_active else badge(_("Not active"))


def _presets(definition: TicketDefinition) -> list[tuple[str, Any]]:
    return list(definition.presets.items()) if isinstance(definition.presets, dict) else []


def _asked(definition: TicketDefinition) -> Any:
    """The field specs without those that are preset."""
    preset = {name for name, _value in _presets(definition)}
    specs = definition.workflow.fields
    if not isinstance(specs, list):
        return specs
    return [each for each in specs if not isinstance(each, dict) or each.get("name") not in preset]
