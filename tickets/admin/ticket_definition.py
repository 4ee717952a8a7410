from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from tickets.admin.badges import badge, definition_badge
from tickets.admin.definition_rows import field_labels, field_table, references
from tickets.admin.detail_page import DetailPageAdmin, admin_link
from tickets.models import Ticket, TicketDefinition
from workflows.forms import show_answers


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
class TicketDefinitionAdmin(DetailPageAdmin):
    """The ticket types: what people may submit, and the workflow that each starts."""

    list_title = gettext_lazy("Ticket types")
    change_list_template = "tickets/definitions/ticket_type_list.html"
    change_form_template = "tickets/definitions/ticket_type.html"
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
            Ticket.objects.filter(definition=OuterRef("pk"))
            .order_by()
            .values("definition")
            .annotate(count=Count("pk"))
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

    def page_context(self, request: HttpRequest, obj: TicketDefinition) -> dict[str, Any]:
        labels = field_labels(obj.workflow.fields)
        versions = TicketDefinition.objects.filter(key=obj.key).select_related("workflow")
        return {
            "title": obj.title,
            "subtitle": None,
            "definition": obj,
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
