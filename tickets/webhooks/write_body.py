"""What a message says: JSON, made of what was noted when it happened (docs/webhooks.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.urls import reverse

from tenants.mail.set_up import absolute
from tenants.models import Company, User
from tickets.models import Message, Ticket, Visibility, Webhook, WebhookDelivery
from tickets.models.ticket import ticket_number
from tickets.seeing import answers_for_webhooks
from tickets.webhooks.kinds import MESSAGE_WRITTEN, WEBHOOK_KINDS
from workflows.engine.process import JsonObject

# Of one message. Answers that make it longer are left out.
MOST_BYTES: Final = 200_000
# What people wrote: names in `data` of what is sent with answers only.
_ANSWERS: Final = frozenset({"title", "answers", "text"})
# What is noted of people: their numbers.
_PEOPLE: Final = ("by", "to")


def write_body(webhook: Webhook, delivery: WebhookDelivery) -> str:
    """Four queries at most. No texts of people and no answers, unless the webhook asks for them."""
    data = _data(delivery)
    with_answers = {**data, **_answers(delivery)} if webhook.with_answers else data
    text = _text(delivery, with_answers)
    if len(text.encode()) > MOST_BYTES:
        text = _text(delivery, {**data, "answers_left_out": True})
    return text


def without_answers(body: str) -> str:
    """What was written with answers, without them; all else stays, to the letter.

    Raises:
        ValueError: it is no JSON any more, as a name in it was erased.
    """
    said = json.loads(body)
    data = said.get("data", {})
    if not _ANSWERS & data.keys():
        return body
    return _json({**said, "data": {key: data[key] for key in data if key not in _ANSWERS}})


def _text(delivery: WebhookDelivery, data: JsonObject) -> str:
    body = {"type": delivery.event, "timestamp": delivery.happened_at, "data": data}
    return _json(body)


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, cls=DjangoJSONEncoder, allow_nan=False, separators=(",", ":"))


def _data(delivery: WebhookDelivery) -> JsonObject:
    about: JsonObject = {
        **delivery.about,
        **{name: _person(delivery.about[name]) for name in _PEOPLE if name in delivery.about},
    }
    if isinstance(task := about.get("task"), dict):
        path = reverse("admin:workflows_taskinstance_change", args=[task["id"]])
        about["task"] = {**task, "url": absolute(path)}
    if isinstance(error := about.get("error"), dict):
        path = reverse("admin:tickets_ticketerror_change", args=[error["id"]])
        about["error"] = {**error, "url": absolute(path)}
    data: JsonObject = {"company": Company.objects.current().name, **about}
    if delivery.ticket_number is not None:
        data["ticket"] = _ticket(delivery)
    return data


def _ticket(delivery: WebhookDelivery) -> JsonObject:
    pk = delivery.ticket_number
    said: JsonObject = {"id": pk, "number": ticket_number(pk)}
    shown = ("definition", "workflow_instance", "created_by")
    tickets = Ticket.objects.select_related(*shown).defer("data")
    ticket = tickets.filter(pk=pk or 0).first()
    if ticket is None:  # it was deleted meanwhile
        return said
    kind = WEBHOOK_KINDS.get(delivery.event)
    status = ticket.status if kind is None or kind.status is None else kind.status
    return {
        **said,
        "type": {"key": ticket.definition.key, "title": ticket.definition.title},
        "status": status.value,
        "priority": ticket.priority_level.value,
        "requester": {"id": ticket.created_by_id, "name": str(ticket.created_by)},
        "url": absolute(reverse("admin:tickets_ticket_change", args=[pk])),
    }


def _person(pk: Any) -> JsonObject | None:
    """Their name as it is now; None: the system did it."""
    if not isinstance(pk, int):
        return None
    person = User.objects.filter(pk=pk).first()
    return {"id": pk, "name": "" if person is None else str(person)}


def _answers(delivery: WebhookDelivery) -> JsonObject:
    """As they are now. A title is made of answers; so it is one."""
    if delivery.ticket_number is None:
        return {}
    found = Ticket.objects.select_related("workflow", "workflow_instance")
    ticket = found.filter(pk=delivery.ticket_number).first()
    if ticket is None:
        return {}
    said: JsonObject = {"title": ticket.title, "answers": answers_for_webhooks(ticket)}
    if delivery.event == MESSAGE_WRITTEN.key and (text := _text_of_message(delivery)):
        said["text"] = text
    return said


def _text_of_message(delivery: WebhookDelivery) -> str:
    """Of a message to everybody: an internal note is the team's."""
    about = delivery.about.get("message")
    number = about.get("id") if isinstance(about, dict) else None
    messages = Message.objects.filter(pk=number or 0, visibility=Visibility.PUBLIC, hidden_at=None)
    return messages.values_list("text", flat=True).first() or ""
