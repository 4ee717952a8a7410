"""The screen of the audit log: a company's for its admins, outside the installation's.

It stands here and not in tenants/audit, which every service writes to: it also downloads the log
as every other list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.audit.acting import ActorKind
from tenants.audit.kinds import title_of
from tenants.audit.models import AuditEvent
from tenants.companies.active_company import is_outside
from tenants.pages.badges import badge, clipped
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.links import prefix_of
from workflows.audit_log.pages.audit_resource import AuditResource
from workflows.audit_log.pages.filters import (
    AboutFilter,
    ActedAsFilter,
    GroupFilter,
    PeriodFilter,
    PersonFilter,
    SubjectFilter,
)
from workflows.audit_log.pages.words import (
    ACTOR_TITLES,
    changes_of,
    details_of,
    model_of,
    summary_of,
    type_title,
)
from workflows.flat import FlatExportAdmin

# So many of the newest events are listed, and searched by words, of those that the filters leave:
# what a page costs does not grow with the log.
MOST_SEARCHED: Final = 20_000
LINK: Final = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
_TONES: Final[Mapping[str, str]] = {ActorKind.SUPERUSER: "warn", ActorKind.VISITOR: "info"}


@admin.register(AuditEvent)
class AuditEventAdmin(FlatExportAdmin, DetailPageAdmin):
    """What happened, newest first. Nobody changes anything here, nor could."""

    list_title = _("Audit log")
    resource_classes = [AuditResource]
    export_help = _(
        "Each event with all that is kept of it. More rows than fit a file: choose a period."
    )
    change_form_template = "audit_log/audit_event.html"
    list_display = ("at_column", "what", "who", "about", "summary", "acted_as")
    list_display_links = ("at_column",)
    list_filter = (
        GroupFilter,
        PersonFilter,
        ActedAsFilter,
        AboutFilter,
        SubjectFilter,
        ("at", PeriodFilter),
    )
    list_filter_submit = True
    sortable_by = ()
    ordering = ("-at", "-pk")
    search_fields = ("actor_name", "subject_name", "sender")
    search_help_text = _("Search by who it was or what it is about, in the newest events")

    # --- who may, and whose log ---------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_outside(request) or super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_outside(request) or super().has_view_permission(request, obj)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        if is_outside(request):
            return AuditEvent.objects.order_by(*self.ordering)
        return super().get_queryset(request)

    # --- the list -----------------------------------------------------------------------------

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        is_period = lookup in ("at_from", "at_to")
        return is_period or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if search_term.strip():
            newest = queryset.order_by(*self.ordering).values("pk")[:MOST_SEARCHED]
            queryset = AuditEvent.objects.filter(pk__in=newest)
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, search_term
        )
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        # The rows are kept by the list: what is noted at them here, the columns find.
        links = links_of(request, changelist.result_list)
        for event in changelist.result_list:
            event.link = links.get((event.subject_type, event.subject_id), "")
        return changelist

    @display(description=_("when"))
    def at_column(self, event: AuditEvent) -> str:
        return date_format(localtime(event.at), "DATETIME_FORMAT")

    @display(description=_("who"), header=True)
    def who(self, event: AuditEvent) -> list[str]:
        return [clipped(event.who or "-"), event.sender]

    @display(description=_("acted as"))
    def acted_as(self, event: AuditEvent) -> SafeString:
        title = ACTOR_TITLES.get(event.actor_kind, event.actor_kind)
        return badge(title, _TONES.get(event.actor_kind, "plain"))

    @display(description=_("what"))
    def what(self, event: AuditEvent) -> str:
        return title_of(event.kind)

    @display(description=_("about"))
    def about(self, event: AuditEvent) -> SafeString | str:
        if not event.subject_type:
            return "-"
        link = getattr(event, "link", "")
        name = clipped(event.subject_name)
        return format_html(LINK, link, name) if link else name

    @display(description=_("details"))
    def summary(self, event: AuditEvent) -> SafeString:
        return clipped(summary_of(event))

    # --- the page -----------------------------------------------------------------------------

    def page_context(self, request: HttpRequest, obj: AuditEvent) -> dict[str, Any]:
        links = links_of(request, [obj])
        return {
            "event": obj,
            "title": gettext("Audit event"),
            "what": title_of(obj.kind),
            "acted_as": self.acted_as(obj),
            "about_type": type_title(obj.subject_type) if obj.subject_type else "",
            "about_link": links.get((obj.subject_type, obj.subject_id), ""),
            "changes": changes_of(obj),
            "details": details_of(obj),
            "list_url": reverse("admin:audit_auditevent_changelist"),
        }


def links_of(request: HttpRequest, events: Iterable[AuditEvent]) -> dict[tuple[str, str], str]:
    """The addresses of what events are about, by type and number: of rows that are still there,
    and that this person may see. A query for each type."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.subject_id.isascii() and event.subject_id.isdigit():
            wanted[event.subject_type].add(event.subject_id)
    return {
        (label, number): address
        for label, numbers in wanted.items()
        for number, address in _links_to(request, label, numbers)
    }


def _links_to(
    request: HttpRequest, label: str, numbers: Collection[str]
) -> Iterable[tuple[str, str]]:
    model = model_of(label)
    if model is None:
        return []
    try:
        screen: Any = admin.site.get_model_admin(model)
    except NotRegistered:
        return []
    if not screen.has_view_permission(request) or not _has_page(screen):
        return []
    there = screen.get_queryset(request).filter(pk__in=[int(each) for each in numbers])
    name = f"admin:{prefix_of(model)}_change"
    return [(str(pk), reverse(name, args=(pk,))) for pk in there.values_list("pk", flat=True)]


def _has_page(screen: Any) -> bool:
    """Files have none, only a download."""
    name = f"{prefix_of(screen.model)}_change"
    return any(getattr(each, "name", "") == name for each in screen.get_urls())
