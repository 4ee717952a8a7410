from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import admin_link
from tenants.pages.page import buttons_of
from workflows.authoring.definitions.pages.badges import definition_badge
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.definitions.pages.references import references
from workflows.authoring.ticket_types.pages.badges import active_badge
from workflows.authoring.ticket_types.pages.offer_page import OfferPage
from workflows.authoring.ticket_types.pages.ticket_type_resource import TicketTypeResource
from workflows.bundles.telling.describe_changes import field_labels
from workflows.flat import FlatImportAdmin
from workflows.forms import show_answers
from workflows.models import TicketDefinition
from workflows.running.public_starts import is_public, public_address


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
    not_listed = ("edit_layout", "display_layout", "workflow__display_layout")
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
        return may_add and OfferPage.admits(request)

    def page_context(self, request: HttpRequest, obj: TicketDefinition) -> dict[str, Any]:
        labels = field_labels(obj.workflow.fields)
        versions = TicketDefinition.objects.filter(key=obj.key).select_related("workflow")
        return {
            "title": obj.title,
            "subtitle": None,
            "definition": obj,
            "buttons": buttons_of(request, obj),
            "references": references(obj.ext_ref),
            "badge": active_badge(obj),
            "workflow_badge": definition_badge(obj.workflow),
            "fields": field_table(_asked(obj), labels),
            "public_address": public_address(obj.key) if is_public(obj) else "",
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


def _presets(definition: TicketDefinition) -> list[tuple[str, Any]]:
    return list(definition.presets.items()) if isinstance(definition.presets, dict) else []


def _asked(definition: TicketDefinition) -> Any:
    """The field specs without those that are preset."""
    preset = {name for name, _value in _presets(definition)}
    specs = definition.workflow.fields
    if not isinstance(specs, list):
        return specs
    return [each for each in specs if not isinstance(each, dict) or each.get("name") not in preset]
