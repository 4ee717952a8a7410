"""People outside: the list, and what was sent to one and answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from tenants.companies.active_company import active_company
from tenants.pages.badges import clipped
from tenants.pages.detail_page import DetailPageAdmin
from tenants.pages.page import buttons_of
from tickets.contacts.what_happened import MOST_SHOWN, what_happened
from tickets.following.pages.badges import ticket_badge
from workflows.models import Contact, ContactLink, TaskInstance

# Who sees what stands in tickets.
SEES_TICKETS = "tickets.view_ticket"


@admin.register(Contact)
class ContactAdmin(DetailPageAdmin):
    """For ticket admins, and for company admins, who see of the tickets nothing but how many."""

    list_title = gettext_lazy("People outside")
    nothing_yet = gettext_lazy(
        "Whoever outside the company is sent a form, or begins a ticket by a public form, will be "
        "listed here."
    )
    change_form_template = "contacts/contact.html"
    list_display = ("address", "known_since", "forms", "last_sent")
    list_display_links = ("address",)
    search_fields = ("email", "name")
    search_help_text = gettext_lazy("Search by name or e-mail address")
    ordering = ("-pk",)
    sortable_by = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = request.user.has_perm("workflows.view_contact")
        return may and active_company(request) is not None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        forms = TaskInstance.objects.filter(contact=OuterRef("pk")).order_by()
        links = ContactLink.objects.filter(contact=OuterRef("pk")).order_by()
        contacts: QuerySet[Contact] = super().get_queryset(request)
        return contacts.annotate(
            form_count=Subquery(forms.values("contact").annotate(n=Count("pk")).values("n")),
            sent_at=Subquery(links.values("contact").annotate(at=Max("created_at")).values("at")),
        )

    @display(description=gettext_lazy("Address"), header=True)
    def address(self, contact: Contact) -> list[str | SafeString]:
        return [clipped(contact.email), contact.name]

    @display(description=gettext_lazy("Known since"))
    def known_since(self, contact: Contact) -> str:
        return date_format(localtime(contact.created_at), "DATE_FORMAT")

    @display(description=gettext_lazy("Forms"))
    def forms(self, contact: Contact) -> int:
        return getattr(contact, "form_count", None) or 0

    @display(description=gettext_lazy("Last sent"))
    def last_sent(self, contact: Contact) -> str:
        at = getattr(contact, "sent_at", None)
        return date_format(localtime(at), "DATETIME_FORMAT") if at else "-"

    def page_context(self, request: HttpRequest, obj: Contact) -> dict[str, Any]:
        may_see = request.user.has_perm(SEES_TICKETS)
        happened = what_happened(obj) if may_see else None
        return {
            "title": str(obj),
            "subtitle": gettext("Somebody outside"),
            "contact": obj,
            "form_count": self.forms(obj),
            "happened": happened,
            "begun": []
            if happened is None
            else [{"ticket": each, "badge": ticket_badge(each)} for each in happened.begun],
            "most": MOST_SHOWN,
            "buttons": buttons_of(request, obj),
        }
