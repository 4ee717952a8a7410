"""What a person typed in a ticket of theirs that has ended, with all that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from tenants.mail.models import OutgoingMail
from tenants.mail.outbox import message_id_of
from tenants.models import User
from tickets.erasing.rows import lock_histories, reseal_erased, write_events
from tickets.mailing.send_message import KIND as MESSAGE
from tickets.models import (
    AssistantOffer,
    FileUpload,
    Message,
    Rating,
    Ticket,
    TicketError,
    WebhookDelivery,
)
from tickets.outside.mail_link import KIND as OUTSIDE
from tickets.seeing import not_for_requester
from workflows.engine.process import Json
from workflows.engine.task_types import AT_ONCE_TYPES, SUBTICKET_TYPES
from workflows.fields.answers.people import ERASED, with_erased_answers
from workflows.models import ActionAttempt, Path, TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.of_blocks.block_began import BLOCK_BEGAN
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.events.of_tickets.erased import ERASED as ERASED_EVENT
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN
from workflows.running.looking_back.keys_now import keys_now

_NONE: Final = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Whose:
    """What of a ticket is somebody's: conditions on tickets, files, messages and tasks."""

    tickets: Q
    files: Q
    messages: Q
    tasks: Q

    @classmethod
    def of_person(cls, person: User) -> Whose:
        return cls(
            tickets=Q(created_by=person),
            # With what others have made of theirs: versions are much the same.
            files=Q(uploaded_by=person) | Q(first__uploaded_by=person),
            messages=Q(written_by=person),
            tasks=Q(assigned_to=person) & ~not_for_requester("definition"),
        )

    @classmethod
    def of_contact(cls, contact_id: int) -> Whose:
        """Somebody outside sends no files, and writes no messages."""
        return cls(
            tickets=Q(contact=contact_id),
            files=_NONE,
            messages=_NONE,
            tasks=Q(contact=contact_id, assigned_to=None),
        )


def blank_ticket(whose: Whose, number: int) -> None:
    """What they answered in a ticket that has ended, with its files."""
    with transaction.atomic():
        found = Ticket.objects.ended().select_related("workflow").filter(whose.tickets)
        ticket = found.select_for_update(of=("self",)).filter(pk=number).first()
        if ticket is None:
            return
        instances = lock_histories(table="tickets_ticket", ids=[ticket.pk])
        files = FileUpload.objects.filter(whose.files, ticket=ticket)
        for key in list(files.values_list("file", flat=True)):
            default_storage.delete(key)
        files.update(filename=ERASED, file_type="", size=0)
        written = Message.objects.filter(whose.messages, ticket=ticket)
        written.update(text=ERASED, earlier=[], mentions=[])
        Rating.objects.filter(ticket=ticket).exclude(comment="").update(comment=ERASED)
        specs = ticket.workflow.fields
        ticket.data = with_erased_answers(specs, ticket.data)
        ticket.title = ERASED
        ticket.save(update_fields=["data", "title", "updated_at"])
        tasks = TaskInstance.objects.filter(workflow_instance=ticket.workflow_instance_id)
        for task in tasks.exclude(input_data__isnull=True):
            task.input_data = _without_texts(task.input_data)
            task.save(update_fields=["input_data"])
        _blank_steps_at_once(ticket)
        _blank_corrections(ticket, specs)
        _blank_items(ticket)
        _blank_own_tasks(whose, ticket)
        _blank_withdrawal(ticket)
        _delete_mails_about(ticket)
        _blank_what_was_sent(ticket)
        _note_erased(ticket)
        reseal_erased(instances)


def blank_tasks(whose: Whose, number: int) -> None:
    """What they answered in forms of a ticket of somebody else that has ended."""
    with transaction.atomic():
        found = Ticket.objects.ended().select_for_update(of=("self",), no_key=True)
        ticket = found.filter(pk=number).first()
        if ticket is None:
            return
        instances = lock_histories(table="tickets_ticket", ids=[ticket.pk])
        _blank_own_tasks(whose, ticket)
        _blank_what_was_sent(ticket)
        _note_erased(ticket)
        reseal_erased(instances)


def _blank_what_was_sent(ticket: Ticket) -> None:
    """The logs of calls and webhooks, and what assistants have suggested: any answer of the ticket
    may stand in them.

    What webhooks are still to be told is written when it is sent.
    """
    instance = ticket.workflow_instance_id
    ActionAttempt.objects.filter(task__workflow_instance=instance).update(sent="")
    WebhookDelivery.objects.filter(ticket_number=ticket.pk).update(body="", answer="")
    offers = AssistantOffer.objects.filter(task__workflow_instance=instance)
    offers.update(answers=None)
    offers.exclude(reason="").update(reason=ERASED)


def _note_erased(ticket: Ticket) -> None:
    events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id)
    if ticket.workflow_instance and not events.filter(kind=ERASED_EVENT).exists():
        events.create(workflow_instance=ticket.workflow_instance, kind=ERASED_EVENT)


def _blank_steps_at_once(ticket: Ticket) -> None:
    """What the engine's own steps have made of the answers, which may hold texts of them.

    And what steps have kept of the tickets that they have started.
    """
    instance = ticket.workflow_instance
    steps = TaskInstance.objects.filter(
        workflow_instance=instance, definition__task_type__in=[*AT_ONCE_TYPES, *SUBTICKET_TYPES]
    )
    done = list(steps.exclude(output_data__isnull=True).select_related("definition"))
    if instance is None or not done:
        return
    for task in done:
        task.output_data = _without_texts(task.output_data)
        task.save(update_fields=["output_data"])
    keys = set(keys_now(done, instance).values())
    paths = Path.objects.filter(workflow_instance=instance)
    holders: list[WorkflowInstance | Path] = [instance, *paths]
    for holder in holders:
        holder.data = {
            key: _without_texts(output) if key in keys else output
            for key, output in holder.data.items()
        }
        holder.save(update_fields=["data"])
    events = WorkflowEvent.objects.filter(workflow_instance=instance, task_instance__in=done)
    changed: dict[int, Json] = {}
    for event in events:
        names = ("output", "read", "old", "new")
        blanked = {name: _without_texts(event.data[name]) for name in names if name in event.data}
        if blanked:
            changed[event.pk] = {**event.data, **blanked}
    write_events(changed)


def _blank_corrections(ticket: Ticket, specs: Json) -> None:
    """What a ticket admin changed of it: the old and the new values stand in the history."""
    changed: dict[int, Json] = {}
    events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id)
    for event in events.filter(kind="CHANGED"):
        data = event.data
        if isinstance(data, dict) and data.get("what") in ("ticket", "input"):
            changed[event.pk] = {
                **data,
                "old": with_erased_answers(specs, data.get("old")),
                "new": with_erased_answers(specs, data.get("new")),
            }
    write_events(changed)


def _blank_items(ticket: Ticket) -> None:
    """The items of blocks that had a branch for each: parts of what was submitted, mostly."""
    instance = ticket.workflow_instance
    if instance is None:
        return
    paths = Path.objects.filter(workflow_instance=instance)
    blocks = {each.block_task_id for each in paths}
    if not blocks:
        return
    for path in paths.exclude(item=None):
        path.item = _without_texts(path.item)
        path.save(update_fields=["item"])
    for task in TaskInstance.objects.filter(pk__in=blocks, output_data__isnull=False):
        task.output_data = _without_items(task.output_data)
        task.save(update_fields=["output_data"])
    holders: list[Path | WorkflowInstance] = [instance, *paths]
    for holder in holders:
        data = {key: _without_items(each) for key, each in holder.data.items()}
        if data != holder.data:
            holder.data = data
            holder.save(update_fields=["data"])
    events = WorkflowEvent.objects.filter(workflow_instance=instance, kind=BLOCK_BEGAN)
    write_events(
        {
            event.pk: {
                **event.data,
                "paths": [
                    {**each, "item": _without_texts(each.get("item"))}
                    for each in event.data.get("paths", [])
                ],
            }
            for event in events
            if event.data.get("is_list")
        }
    )


def _blank_own_tasks(whose: Whose, ticket: Ticket) -> None:
    """What they answered in tasks that were for them, and what they changed there."""
    instance = ticket.workflow_instance
    own = TaskInstance.objects.filter(
        whose.tasks, workflow_instance=instance, output_data__isnull=False
    )
    tasks = {task.pk: task for task in own.select_related("definition")}
    if instance is None or not tasks:
        return
    events = WorkflowEvent.objects.filter(workflow_instance=instance)
    for event in events.select_related("task_instance__definition").order_by("pk"):
        data, task = event.data, event.task_instance
        if not isinstance(data, dict) or task is None:
            continue
        fields = task.definition.fields
        if event.kind == TASK_COMPLETED and task.pk in tasks:
            output = with_erased_answers(fields, data.get("output"))
            made: dict[str, Json] = {**data, "output": output}
            before = data.get("output")
        elif event.kind == CHANGED and data.get("in_task") in tasks:
            before = data.get("new")
            output = _without_changed(fields, data.get("old"), before)
            made = {**data, "new": output}
        else:
            continue
        write_events({event.pk: made})
        key = str(data.get("key") or task.definition.key)
        if task.output_data == before:
            task.output_data = output
            task.save(update_fields=["output_data"])
        if instance.data.get(key) == before:
            instance.data = {**instance.data, key: output}
    instance.save(update_fields=["data"])


def _delete_mails_about(ticket: Ticket) -> None:
    """What steps of the ticket have written, to whomever: subjects, too, hold answers."""
    thread = message_id_of(f"ticket.{ticket.pk}")
    OutgoingMail.objects.filter(kind__in=(MESSAGE, OUTSIDE), references=thread).delete()


def _blank_withdrawal(ticket: Ticket) -> None:
    """Why they took it back: the history says it, and the notes of errors that were open."""
    events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id)
    for event in events.filter(kind=WITHDRAWN):
        reason = event.data.get("reason") if isinstance(event.data, dict) else ""
        if not reason or reason == ERASED:
            continue
        write_events({event.pk: {**event.data, "reason": ERASED}})
        for error in TicketError.objects.filter(ticket=ticket).exclude(resolution_notes=""):
            error.resolution_notes = error.resolution_notes.replace(str(reason), ERASED)
            error.save(update_fields=["resolution_notes"])


def _without_changed(specs: Json, old: Json, new: Json) -> Json:
    """The new answers, without what was typed in the place of the old ones."""
    if not isinstance(new, dict):
        return new
    before = old if isinstance(old, dict) else {}
    typed = {name: value for name, value in new.items() if before.get(name) != value}
    erased = with_erased_answers(specs, typed)
    return {**new, **erased} if isinstance(erased, dict) else new


def _without_texts(value: Any) -> Any:
    if isinstance(value, str):
        return ERASED if value else value
    if isinstance(value, list):
        return [_without_texts(each) for each in value]
    if isinstance(value, dict):
        return {name: _without_texts(each) for name, each in value.items()}
    return value


def _without_items(output: Any) -> Any:
    """What a block has brought, without the texts of its items."""
    items = output.get("items") if isinstance(output, dict) else None
    if not isinstance(items, list):
        return output
    return {
        **output,
        "items": [
            {**each, "item": _without_texts(each.get("item"))} if isinstance(each, dict) else each
            for each in items
        ],
    }
