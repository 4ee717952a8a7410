from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils import timezone

from tickets.advancing.lock_ticket import lock_ticket
from tickets.advancing.safety_net import advance_after_commit
from tickets.arriving.errors import (
    AnswerFormError,
    MessageUsedError,
    NobodyWaitsError,
    OnHoldError,
    SeveralWaitError,
    UnknownAddressError,
)
from tickets.arriving.receive_ticket import Received, forget_old, read_object
from tickets.arriving.signed import SignedMessage, count_message
from tickets.models import Delivery, Ticket, WayIn
from workflows.engine.process import JsonObject
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.steps.answered import LONGEST_KEY
from workflows.errors import InvalidDataError
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.models.workflow_instance import RUNNING
from workflows.running.workflow_repair import WorkflowRepair

# Steps of whatever ticket types that may wait for the same key.
MOST_WITH_KEY: Final = 1_000


def receive_answer(
    *,
    type_key: str,
    message: SignedMessage,
    content: bytes,
    now: datetime | None = None,
) -> Received:
    """End the one wait of this ticket type whose key a message names, and move on.

    Must run in the company that the address names. `content` is what is signed, as it came: JSON
    of {"key": text or number, "answer": {name: value}}. A message that is repeated gets the first
    reply again, and so does another one with the key of a wait that was answered.

    Raises:
        UnknownAddressError, NotSignedError, MessageUsedError: as `receive_ticket`.
        AnswerFormError: the body has another form.
        NobodyWaitsError, SeveralWaitError: not exactly one step waits for this key.
        OnHoldError: its ticket is on hold; the message may come again.
        InvalidDataError: the answer does not fit the step's output schema.
        OperationalError, InterfaceError: the database cannot be reached.
    """
    now = now or timezone.now()
    way_in = WayIn.objects.filter(type_key=type_key, address_on=True).first()
    if way_in is None:
        raise UnknownAddressError
    message.ensure_signed(content, secrets=way_in.secrets(now=now), now=now)
    count_message(type_key)
    with transaction.atomic():
        # One after the other: who repeats a message while the first is at work waits for it.
        WayIn.objects.select_for_update(no_key=True).get(pk=way_in.pk)
        digest = sha256(content).hexdigest()
        about, by_key = f"{type_key}/answer", f"{type_key}/key"
        earlier = Delivery.objects.filter(about=about, message_id=message.message_id).first()
        if earlier is not None:
            if earlier.digest != digest:
                raise MessageUsedError
            return Received(dict(earlier.reply), is_new=False)
        key, answer = _said(read_object(content, AnswerFormError))
        task = _waiting(type_key, key)
        if task is None:
            first = Delivery.objects.filter(about=by_key, message_id=key).first()
            if first is None:
                raise NobodyWaitsError
            return Received(dict(first.reply), is_new=False)
        reply = _end(task, answer, now=now)
        Delivery.objects.filter(about=by_key, message_id=key).delete()  # of an earlier ticket
        values = {"digest": digest, "reply": reply, "received_at": now}
        Delivery.objects.create(about=about, message_id=message.message_id, **values)
        Delivery.objects.create(about=by_key, message_id=key, **values)
        forget_old(now)
    return Received(reply)


def _said(body: JsonObject) -> tuple[str, JsonObject]:
    key, answer = body.get("key"), body.get("answer", {})
    if not body.keys() <= {"key", "answer"} or not isinstance(answer, dict):
        raise AnswerFormError
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise AnswerFormError
    text = str(key).strip()
    if not 0 < len(text) <= LONGEST_KEY:
        raise AnswerFormError
    return text, answer


def _waiting(type_key: str, key: str) -> TaskInstance | None:
    """Those with this key first, by an index: hardly ever more than one, of whatever type.

    By one statement Postgres might rather look through all tickets of the type.

    Raises:
        SeveralWaitError
    """
    keyed = TaskInstance.objects.filter(status=TaskStatus.PENDING, answer_key=key).order_by()
    numbers = list(keyed.values_list("pk", flat=True)[: MOST_WITH_KEY + 1])
    if len(numbers) > MOST_WITH_KEY:
        raise SeveralWaitError
    waiting = TaskInstance.objects.filter(
        pk__in=numbers,
        workflow_instance__status__in=RUNNING,
        workflow_instance__ticket__definition__key=type_key,
    )
    found = list(waiting.order_by("pk")[:2]) if numbers else []
    if len(found) > 1:
        raise SeveralWaitError
    return found[0] if found else None


def _end(task: TaskInstance, answer: JsonObject, *, now: datetime) -> JsonObject:
    number = Ticket.objects.values_list("pk", flat=True).get(
        workflow_instance=task.workflow_instance_id
    )
    ticket = lock_ticket(number)
    manager = WorkflowRepair.lock(task.workflow_instance_id, now=now)
    manager.is_about(ticket)
    locked = manager.read_task(task.pk)
    if manager.instance.status == WorkflowStatus.ON_HOLD:
        raise OnHoldError
    if schema := locked.definition.output_schema:
        problems = SchemaValidator(schema).validate(answer)
        if problems:
            raise InvalidDataError(problems)
    if not manager.end_wait(locked, answer=answer):
        raise NobodyWaitsError  # its time has come at this moment
    advance_after_commit(ticket.pk)
    return {"status": "accepted", "number": ticket.number, "id": ticket.pk}
