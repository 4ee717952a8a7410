"""How tickets of a type come in from outside, on its page."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from tenants.mail.incoming.set_up import is_replying_set_up
from tenants.models import Company
from tickets.arriving.pages.ways_in_page import WaysInPage
from tickets.arriving.set_way_in import way_in_of
from tickets.arriving.type_address import MailAddress, WebAddress
from workflows.authoring.ticket_types.type_cards import TYPE_CARDS
from workflows.models import TicketDefinition


@TYPE_CARDS.register
def ways_card(request: HttpRequest, definition: TicketDefinition) -> SafeString:
    """Empty for a version that is not offered. One query.

    The mail address is for everybody who sees the page: people of the company write to it. The web
    address stands there for those who may change it, and its secret nowhere.
    """
    if not definition.is_active:
        return SafeString("")
    way_in, company = way_in_of(definition), Company.objects.current()
    may_change = WaysInPage.admits(request)
    takes_mail = way_in.mail_on and is_replying_set_up()
    context = {
        "way_in": way_in,
        "web_address": WebAddress(company.schema_name, definition.key).url if may_change else "",
        "mail_address": MailAddress(company.pk, way_in.pk or 0).address if takes_mail else "",
        "page": reverse("admin:workflows_ticketdefinition_ways_in", args=[definition.pk])
        if may_change
        else "",
    }
    return render_to_string("arriving/_card.html", context, request)
