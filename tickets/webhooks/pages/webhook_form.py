from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from tenants.names import LONGEST_NAME, plain_name
from tickets.models import Webhook
from tickets.models.webhook import LONGEST_ADDRESS
from tickets.webhooks.change_webhook import Wanted
from tickets.webhooks.kinds import WEBHOOK_KINDS
from workflows.models import TicketDefinition


class WebhookForm(forms.Form):
    use_required_attribute = False

    title = forms.CharField(
        label=_("Title"), max_length=LONGEST_NAME, widget=UnfoldAdminTextInputWidget
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=LONGEST_ADDRESS,
        help_text=_("Where the other system takes messages, such as https://example.com/hooks."),
        widget=UnfoldAdminTextInputWidget(attrs={"spellcheck": "false", "inputmode": "url"}),
    )
    events = forms.MultipleChoiceField(
        label=_("It is told of"),
        error_messages={"required": _("Choose what the other system is told of.")},
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    ticket_types = forms.MultipleChoiceField(
        label=_("Of tickets of these types"),
        required=False,
        help_text=_(
            "None chosen: of all types. Workflows that are published are told in any case."
        ),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    with_answers = forms.BooleanField(
        label=_("Send answers and texts, too"),
        required=False,
        help_text=_(
            "The title of the ticket, what was submitted, the answers that its requester sees, and"
            " what messages to everybody say. Without it none of them leaves TicketFlower."
        ),
        widget=UnfoldBooleanWidget,
    )

    def __init__(self, data: Any = None, *, webhook: Webhook | None = None) -> None:
        initial = None
        if webhook is not None:
            names = ("title", "url", "events", "ticket_types", "with_answers")
            initial = {name: getattr(webhook, name) for name in names}
        super().__init__(data, initial=initial)
        events: Any = self.fields["events"]
        events.choices = [(key, f"{each.when} ({key})") for key, each in WEBHOOK_KINDS.items()]
        types: Any = self.fields["ticket_types"]
        types.choices = _types(webhook)
        if not types.choices:
            del self.fields["ticket_types"]

    def clean_title(self) -> str:
        title = plain_name(str(self.cleaned_data["title"]))
        if not title:
            raise ValidationError(_("Give it a title that can be seen."))
        return title

    def wanted(self) -> Wanted:
        data = self.cleaned_data
        return Wanted(
            title=data["title"],
            url=data["url"].strip(),
            events=data["events"],
            ticket_types=data.get("ticket_types", []),
            with_answers=data["with_answers"],
        )


def _types(webhook: Webhook | None) -> list[tuple[str, str]]:
    """Those that are offered, and those that it names already."""
    active = TicketDefinition.objects.active().order_by("title", "pk")
    found = dict(active.values_list("key", "title"))
    named = [] if webhook is None else webhook.ticket_types
    return [*found.items(), *((key, key) for key in named if key not in found)]
