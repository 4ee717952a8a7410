"""The ticket types that one may submit, as cards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from tenants.pages.menu import MenuEntry, MenuSection
from tenants.pages.once import new_token
from tenants.pages.page import Page, register_page
from tickets.models import MyTicket
from workflows.models import TicketDefinition

MANY_CARDS = 8


@register_page(MyTicket, "submit/", name="tickets_myticket_submit")
class ChoosePage(Page):
    """The first step of submitting: each card leads to the form of its ticket type."""

    permissions = ("tickets.add_myticket",)
    title = gettext_lazy("Submit a ticket")
    template_name = "submitting/submit.html"
    menu = MenuEntry(MenuSection.START, icon="add_circle", order=20)

    def get(self, request: HttpRequest) -> HttpResponse:
        offered = TicketDefinition.objects.submittable_by(self.person)
        offered = offered.defer("edit_layout", "display_layout", "workflow__display_layout")
        types = list(offered.order_by("title", "pk"))
        for each in types:
            each.form_token = new_token()  # type: ignore[attr-defined]
        return self.show(
            types=types,
            has_search=len(types) >= MANY_CARDS,
            may_create_workflows=request.user.has_perm("workflows.add_workflowdefinition"),
        )
