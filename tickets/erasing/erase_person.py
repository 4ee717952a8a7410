"""Erasing a person, by a job that may run twice: what was blanked before is blank already."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import batched
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from tenants.account.picture import remove_picture
from tenants.audit.kinds import declare
from tenants.audit.record import record
from tenants.connection import PUBLIC, company_of, current_schema
from tenants.errors import TicketFlowerError
from tenants.jobs import defer
from tenants.logging_in.second_factor import remove_second_factor
from tenants.mail.models import OutgoingMail, ReceivedMail
from tenants.mail.outbox import message_id_of
from tenants.models import LinkedAccount, LogInSession, Passkey, SignUpInvitation, User
from tenants.names import LONGEST_NAME, plain_email
from tickets.company_data.people_in_rows import PeopleInRows
from tickets.finding.index_tickets import AT_ONCE, index_tickets
from tickets.finding.plain_text import plain_text
from tickets.job_names import ERASE_PERSON
from tickets.mailing.send_message import KIND as MESSAGE
from tickets.models import (
    FileUpload,
    Follower,
    Message,
    Notice,
    NoticePreferences,
    Rating,
    SavedAnswers,
    SavedView,
    SearchEntry,
    Ticket,
    TicketError,
)
from tickets.models.saved_view import LONGEST_QUERY
from tickets.outside.mail_link import KIND as OUTSIDE
from tickets.seeing import not_for_requester
from workflows.engine.process import Json
from workflows.engine.task_types import AT_ONCE_TYPES
from workflows.fields.people import ERASED, with_erased_answers
from workflows.models import (
    Invitation,
    Path,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.models.version_checksum import checksums
from workflows.people.change_people import save_person
from workflows.running.events.block_began import BLOCK_BEGAN
from workflows.running.events.changed import CHANGED
from workflows.running.events.erased import ERASED as ERASED_EVENT
from workflows.running.events.task_completed import TASK_COMPLETED
from workflows.running.events.withdrawn import WITHDRAWN
from workflows.running.keys_now import keys_now
from workflows.running.sealing import reseal

ERASURE_ASKED: Final = declare("people.erasure_asked", _("It was asked that a person be erased"))
PERSON_ERASED: Final = declare("people.erased", _("A person was erased"))

ROWS: Final = 200
# Tickets whose answers are blanked at once.
MOST_TICKETS: Final = 1_000
# Where answers and the history name people, by declaration: the column of each table.
_ANSWERS: Final = (
    ("tickets_ticket", "data"),
    ("workflows_workflowinstance", "data"),
    ("workflows_taskinstance", "output_data"),
    ("workflows_path", "data"),
    ("workflows_path", "item"),
    ("tickets_savedanswers", "answers"),
    ("tickets_message", "mentions"),
)
_EVENTS: Final = "workflows_workflowevent"
# What the history vouches for: the column that names a row's workflow instance.
_IN_HISTORY: Final = {
    "tickets_ticket": "workflow_instance_id",
    "workflows_workflowinstance": "id",
    "workflows_taskinstance": "workflow_instance_id",
    "workflows_path": "workflow_instance_id",
    _EVENTS: "workflow_instance_id",
}
# What was sent to other systems, and the log of Django's admin: texts in which the name and the
# address are replaced wherever they stand.
_SENT: Final = (("workflows_taskinstance", "input_data"), ("workflows_actionattempt", "sent"))
_MAILS: Final = tuple(("mail_outgoingmail", column) for column in ("subject", "text", "html"))
# What people wrote to each other: likewise, as a name stands there after an @.
_WRITTEN: Final = (
    ("tickets_message", "text"),
    ("tickets_message", "earlier"),
    ("tickets_message", "hidden_reason"),
    ("tickets_rating", "comment"),
    ("tickets_bulkretry", "reason"),
    ("tickets_bulkchange", "arguments"),
    ("tickets_bulkchange", "reason"),
    ("tickets_bulkchange", "refused"),
    ("tickets_ticketerror", "resolution_notes"),
)
# What definitions say of people: the table, its column, and that of the version.
_DEFINITIONS: Final = (
    ("workflows_taskdefinition", "assign_to", "workflow_id"),
    ("workflows_taskdefinition", "mail_message", "workflow_id"),
    ("workflows_workflowdefinition", "test_cases", "id"),
)
_FILES: Final = "tickets_fileupload"
_LOG: Final = (("django_admin_log", "object_repr"), ("django_admin_log", "change_message"))


class ErasingError(TicketFlowerError):
    message = _("This person cannot be erased.")


class WrongAddressError(ErasingError):
    message = _("This is not the e-mail address of the person. Type it as it stands above.")
    field = "typed_email"


class AlreadyErasedError(ErasingError):
    message = _("This person was erased already.")


def ask_for_erasure(
    *, person: User, typed_email: str, tickets: Iterable[Ticket], by: User, now: datetime
) -> None:
    """Switch a person off at once, and have the worker erase them.

    `tickets` are those of theirs, ended, in which what they typed is erased, too.

    Raises:
        WrongAddressError: what was typed is not their address.
        AlreadyErasedError: there is nothing left to erase.
        LastAdminError: nobody could manage the company's people afterwards.
    """
    if plain_email(typed_email) != person.email:
        raise WrongAddressError
    if person.erased_at is not None:
        raise AlreadyErasedError
    own = Ticket.objects.ended().filter(created_by=person, pk__in=[each.pk for each in tickets])
    numbers = sorted(own.values_list("pk", flat=True))[:MOST_TICKETS]
    with transaction.atomic():
        person.is_active = False
        save_person(person=person, roles=(), company_roles=(), now=now, actor=by)
        _end_log_ins(person)
        record(ERASURE_ASKED, about=person, tickets=len(numbers))
        defer(ERASE_PERSON, person_id=person.pk, tickets=",".join(map(str, numbers)))


def erase_person(*, person_id: int, tickets: list[int]) -> None:
    """Blank a person of the active company. Safe to repeat; their row goes last."""
    person = User.objects.filter(pk=person_id).first()
    if person is None or person.erased_at is not None or person.is_superuser:
        return
    # Both before the log is blanked, where they are noted with the name.
    _end_log_ins(person)
    if person.picture:
        remove_picture(person=person)
    erasing = _Erasing(person)
    for number in tickets:
        erasing.blank_ticket(number)
    erasing.delete_saved_answers()
    erasing.delete_notices()
    erasing.blank_answers()
    erasing.blank_events()
    erasing.blank_texts(_SENT)
    erasing.blank_texts(_WRITTEN)
    erasing.blank_definitions()
    erasing.blank_file_names()
    erasing.blank_views()
    Follower.objects.filter(person=person).delete()
    erasing.index_anew(tickets)
    for schema in (current_schema(), PUBLIC):  # the installation has logs of its own
        with company_of(schema):
            erasing.blank_texts(_LOG)
            erasing.delete_mails()
            erasing.blank_texts(_MAILS)
            erasing.blank_audit()
    erasing.blank_row()


def lock_histories(*, table: str, ids: list[int]) -> list[int]:
    """Lock the tickets to which rows of a table belong, then their instances; returns those' ids.

    Before anything of them is changed, in the order in which a step does.
    """
    if table not in _IN_HISTORY:
        return []
    query = sql.SQL("SELECT DISTINCT {} FROM {} WHERE id = ANY(%s)").format(
        sql.Identifier(_IN_HISTORY[table]), sql.Identifier(current_schema(), table)
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [ids])
        numbers = sorted(number for (number,) in cursor.fetchall() if number is not None)
    tickets = Ticket.objects.filter(workflow_instance__in=numbers).order_by("pk")
    list(tickets.select_for_update(of=("self",), no_key=True).values_list("pk"))
    locked = WorkflowInstance.objects.filter(pk__in=numbers).order_by("pk")
    list(locked.select_for_update(no_key=True).values_list("pk"))
    return numbers


def reseal_erased(instances: list[int]) -> None:
    """The one place for what must be computed anew of rows in which somebody was blanked.

    The histories' digests: they would take it for tampering. Called in the transaction of the
    change, with what `lock_histories` returned.
    """
    if instances:
        reseal(instances, reason="A person was erased.", actor=None, now=timezone.now())


class _Erasing:
    def __init__(self, person: User) -> None:
        self.person = person
        self.name = f"Erased person {person.pk}"
        self.email = f"erased-{person.pk}@invalid"
        names = {person.email: self.email}
        if person.get_full_name():
            names[person.get_full_name()] = self.name
        self._names = {old.lower(): new for old, new in names.items()}
        # The longest first: an address may begin with a name.
        words = sorted(names, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(rf"(?<!\w){re.escape(each)}(?!\w)" for each in words), re.IGNORECASE
        )
        self._people = PeopleInRows(self._change)

    def _change(self, value: Json) -> Json:
        if isinstance(value, dict) and value.get("id") == self.person.pk:
            named = {name: new for name, new in self._shown().items() if name in value}
            return {**value, **named}
        return value

    def _shown(self) -> dict[str, Json]:
        return {"email": self.email, "name": self.name}

    def _blanked(self, value: Any) -> Any:
        """A text, or JSON, without the name and the address."""
        if isinstance(value, str):
            return self._pattern.sub(lambda found: self._names[found[0].lower()], value)
        if isinstance(value, list):
            return [self._blanked(each) for each in value]
        if isinstance(value, dict):
            return {self._blanked(name): self._blanked(each) for name, each in value.items()}
        return value

    # What they typed

    def blank_ticket(self, number: int) -> None:
        """What they answered in a ticket that has ended, with its files."""
        with transaction.atomic():
            found = Ticket.objects.ended().select_related("workflow").filter(created_by=self.person)
            ticket = found.select_for_update(of=("self",)).filter(pk=number).first()
            if ticket is None:
                return
            instances = lock_histories(table="tickets_ticket", ids=[ticket.pk])
            # With what others have made of theirs: versions are much the same.
            theirs = Q(uploaded_by=self.person) | Q(first__uploaded_by=self.person)
            files = FileUpload.objects.filter(theirs, ticket=ticket)
            for key in list(files.values_list("file", flat=True)):
                default_storage.delete(key)
            files.update(filename=ERASED, file_type="", size=0)
            written = Message.objects.filter(ticket=ticket, written_by=self.person)
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
                task.action_attempts.update(sent="")
            self._blank_steps_at_once(ticket)
            self._blank_corrections(ticket, specs)
            self._blank_items(ticket)
            self._blank_own_tasks(ticket)
            self._blank_withdrawal(ticket)
            self._delete_mails_about(ticket)
            events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id)
            if ticket.workflow_instance and not events.filter(kind=ERASED_EVENT).exists():
                events.create(workflow_instance=ticket.workflow_instance, kind=ERASED_EVENT)
            reseal_erased(instances)

    def _blank_steps_at_once(self, ticket: Ticket) -> None:
        """What the engine's own steps have made of the answers, which may hold texts of them."""
        instance = ticket.workflow_instance
        steps = TaskInstance.objects.filter(
            workflow_instance=instance, definition__task_type__in=AT_ONCE_TYPES
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
            blanked = {
                name: _without_texts(event.data[name]) for name in names if name in event.data
            }
            if blanked:
                changed[event.pk] = {**event.data, **blanked}
        _write_events(changed)

    def _blank_corrections(self, ticket: Ticket, specs: Json) -> None:
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
        _write_events(changed)

    def _blank_items(self, ticket: Ticket) -> None:
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
        _write_events(
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

    def _blank_own_tasks(self, ticket: Ticket) -> None:
        """What they answered in tasks that were for them, and what they changed there."""
        instance = ticket.workflow_instance
        own = TaskInstance.objects.filter(
            workflow_instance=instance, assigned_to=self.person, output_data__isnull=False
        )
        own = own.exclude(not_for_requester("definition")).select_related("definition")
        tasks = {task.pk: task for task in own}
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
            _write_events({event.pk: made})
            key = str(data.get("key") or task.definition.key)
            if task.output_data == before:
                task.output_data = output
                task.save(update_fields=["output_data"])
            if instance.data.get(key) == before:
                instance.data = {**instance.data, key: output}
        instance.save(update_fields=["data"])

    def _delete_mails_about(self, ticket: Ticket) -> None:
        """What steps of the ticket have written, to whomever: subjects, too, hold answers."""
        thread = message_id_of(f"ticket.{ticket.pk}")
        OutgoingMail.objects.filter(kind__in=(MESSAGE, OUTSIDE), references=thread).delete()

    def _blank_withdrawal(self, ticket: Ticket) -> None:
        """Why they took it back: the history says it, and the notes of errors that were open."""
        events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id)
        for event in events.filter(kind=WITHDRAWN):
            reason = event.data.get("reason") if isinstance(event.data, dict) else ""
            if not reason or reason == ERASED:
                continue
            _write_events({event.pk: {**event.data, "reason": ERASED}})
            for error in TicketError.objects.filter(ticket=ticket).exclude(resolution_notes=""):
                error.resolution_notes = error.resolution_notes.replace(str(reason), ERASED)
                error.save(update_fields=["resolution_notes"])

    def delete_saved_answers(self) -> None:
        """What they have begun; files that nothing names are deleted after a week."""
        SavedAnswers.objects.filter(user=self.person, sent_at=None).delete()
        SavedView.objects.filter(owner=self.person, is_shared=False).delete()

    def delete_notices(self) -> None:
        """What they were told, and how they wanted it. Those of others name them by their row."""
        Notice.objects.filter(recipient=self.person).delete()
        NoticePreferences.objects.filter(person=self.person).delete()

    # What they are

    def blank_answers(self) -> None:
        for table, column in _ANSWERS:
            for rows in batched(_rows_with(table, column, [f'"id": {self.person.pk}']), ROWS):
                changed = {
                    row["id"]: overlay[column]
                    for row, overlay in zip(
                        rows, self._people.overlays(table, list(rows)), strict=True
                    )
                    if column in overlay
                }
                with transaction.atomic():
                    instances = lock_histories(table=table, ids=list(changed))
                    _write(table, column, changed)
                    reseal_erased(instances)

    def blank_events(self) -> None:
        wanted = [f'"{key}": {self.person.pk}' for key in ("id", "to_id", "from_id")]
        for rows in batched(_rows_with(_EVENTS, "data", wanted), ROWS):
            overlays = self._people.overlays(_EVENTS, list(rows))
            changed = {
                row["id"]: overlay["data"]
                for row, overlay in zip(rows, overlays, strict=True)
                if "data" in overlay
            }
            with transaction.atomic():
                instances = lock_histories(table=_EVENTS, ids=list(changed))
                _write_events(changed)
                reseal_erased(instances)

    def blank_texts(self, columns: Iterable[tuple[str, str]]) -> None:
        for table, column in columns:
            for rows in batched(_rows_with(table, column, list(self._names)), ROWS):
                changed = {
                    row["id"]: blanked
                    for row in rows
                    if (blanked := self._blanked(row[column])) != row[column]
                }
                with transaction.atomic():
                    instances = lock_histories(table=table, ids=list(changed))
                    _write(table, column, changed)
                    reseal_erased(instances)

    def blank_definitions(self) -> None:
        """Rules that name them, and test cases in which they are: of published versions, too.

        Such a version vouches for what it is now, where it did for what it was.
        """
        for table, column, version in _DEFINITIONS:
            for rows in batched(_rows_with(table, column, list(self._names)), ROWS):
                with transaction.atomic():
                    numbers = {row[version] for row in rows}
                    found = WorkflowDefinition.objects.filter(pk__in=numbers).order_by("pk")
                    known = {each.pk: each.checksum for each in found.select_for_update()}
                    right = checksums(list(known))
                    blanked = {row["id"]: self._blanked(row[column]) for row in rows}
                    _write(table, column, blanked)
                    for pk, checksum in checksums(list(known)).items():
                        if known[pk] and known[pk] == right[pk]:
                            WorkflowDefinition.objects.filter(pk=pk).update(checksum=checksum)

    def blank_file_names(self) -> None:
        """With the name of an erased person a file name may be too long."""
        for rows in batched(_rows_with(_FILES, "filename", list(self._names)), ROWS):
            names = {row["id"]: self._blanked(row["filename"])[:LONGEST_NAME] for row in rows}
            with transaction.atomic():
                _write(_FILES, "filename", names)

    def blank_views(self) -> None:
        """What lists were searched for: in an address the name and the address stand encoded."""
        for view in SavedView.objects.order_by("pk").iterator(chunk_size=ROWS):
            name = self._blanked(view.name)[:LONGEST_NAME]
            query = self._blanked_query(view.query)
            if (name, query) != (view.name, view.query):
                SavedView.objects.filter(pk=view.pk).update(name=name, query=query)

    def _blanked_query(self, query: str) -> str:
        """Only what names the person is encoded anew. What is too long then is no filter."""
        pairs = parse_qsl(query, keep_blank_values=True)
        blanked = [(name, self._blanked(value)) for name, value in pairs]
        if blanked == pairs:
            return query
        encoded = urlencode(blanked, errors="replace")
        return encoded if len(encoded) <= LONGEST_QUERY else ""

    def index_anew(self, tickets: list[int]) -> None:
        """What searches find of these tickets, and of those in which the person was named."""
        named = Q()
        for each in map(plain_text, self._names):
            named |= Q(plain__contains=each)
        found = SearchEntry.objects.filter(named).values_list("ticket", flat=True)
        for numbers in batched(sorted({*tickets, *found}), AT_ONCE):
            index_tickets(numbers)

    def delete_mails(self) -> None:
        """Those to them, which wait or were sent, and how they came in."""
        theirs = Q(person_id=self.person.pk) | Q(to=self.person.email)
        OutgoingMail.objects.filter(theirs).delete()
        from_them = Q(person_id=self.person.pk) | Q(sender=self.person.email)
        ReceivedMail.objects.filter(from_them).update(sender="", person_id=None)
        EmailAddress.objects.filter(user=self.person).delete()
        with company_of(PUBLIC):
            company = self.person.company_id
            theirs = Q(email=self.person.email)
            # Whoever signed the company up may have had another address when they were invited.
            earlier = User.objects.filter(company=company, pk__lt=self.person.pk)
            if company is not None and not earlier.exists():
                theirs |= Q(company=company)
            SignUpInvitation.objects.filter(theirs).delete()
        if current_schema() != PUBLIC:
            to_them = Q(person=self.person) | Q(email=self.person.email)
            Invitation.objects.filter(to_them).delete()

    def blank_audit(self) -> None:
        """Their own lines, those about them, and where else the details have name or address."""
        query = sql.SQL(
            "SELECT row_to_json(t)::text FROM audit_auditevent t WHERE (actor_id = %s"
            " OR (subject_type = 'tenants.user' AND subject_id = %s)"
            " OR concat(actor_name, subject_name, data::text) ILIKE ANY(%s))"
        )
        values = [self.person.pk, str(self.person.pk), [_like(each) for each in self._names]]
        for rows in batched(_select(query, values), ROWS):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT public.ticketflower_blank_audit("
                    "%s, %s::text[], %s::text[], %s::jsonb[])",
                    [
                        [row["id"] for row in rows],
                        [self._actor(row) for row in rows],
                        [self._subject(row) for row in rows],
                        [json.dumps(self._details(row)) for row in rows],
                    ],
                )

    def _actor(self, row: dict[str, Any]) -> str:
        is_theirs = row["actor_id"] == self.person.pk and row["actor_kind"] == "person"
        return self.name if is_theirs else str(self._blanked(row["actor_name"]))

    def _is_about(self, row: dict[str, Any]) -> bool:
        return bool(
            row["subject_type"] == "tenants.user" and row["subject_id"] == str(self.person.pk)
        )

    def _subject(self, row: dict[str, Any]) -> str:
        return self.name if self._is_about(row) else str(self._blanked(row["subject_name"]))

    def _details(self, row: dict[str, Any]) -> Any:
        data = self._blanked(row["data"])
        changes = data.get("changes") if isinstance(data, dict) else None
        if self._is_about(row) and isinstance(changes, dict):
            for name in ("email", "first_name", "last_name"):
                if name in changes:
                    changes[name] = [ERASED, ERASED]
        return data

    def blank_row(self) -> None:
        person = self.person
        with transaction.atomic():
            person.first_name, person.last_name = "Erased", f"person {person.pk}"
            person.email, person.last_login, person.erased_at = self.email, None, timezone.now()
            person.is_active = person.is_available = False
            person.language = person.time_zone = ""
            person.away_from = person.away_until = person.deputy = person.manager = None
            User.objects.filter(deputy=person).update(deputy=None)
            User.objects.filter(manager=person).update(manager=None)
            person.set_unusable_password()
            person.save()
            record(PERSON_ERASED, about=person)


def _end_log_ins(person: User) -> None:
    keys = list(LogInSession.objects.of_person(person).values_list("session_key", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM public.django_session WHERE session_key = ANY(%s)", [keys])
        cursor.execute("DELETE FROM public.account_emailaddress WHERE user_id = %s", [person.pk])
    LogInSession.objects.of_person(person).delete()
    remove_second_factor(user=person)
    Passkey.objects.filter(user=person).delete()
    LinkedAccount.objects.filter(user=person).delete()


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


def _rows_with(table: str, column: str, texts: list[str]) -> Iterator[dict[str, Any]]:
    """The rows in whose column one of these stands, whatever else does."""
    query = sql.SQL("SELECT row_to_json(t)::text FROM {} t WHERE {}::text ILIKE ANY(%s)").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    return _select(query, [[_like(each) for each in texts]])


def _like(text: str) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return f"%{escaped}%"


def _select(query: sql.Composable, values: list[Any]) -> Iterator[dict[str, Any]]:
    """The rows by their numbers, a few of which are in memory at a time."""
    last = 0
    some = query + sql.SQL(" AND t.id > %s ORDER BY t.id LIMIT %s")
    while True:
        with connection.cursor() as cursor:
            cursor.execute(some, [*values, last, ROWS])
            rows = [json.loads(text) for (text,) in cursor.fetchall()]
        yield from rows
        if len(rows) < ROWS:
            return
        last = rows[-1]["id"]


def _write(table: str, column: str, values: dict[int, Any]) -> None:
    if not values:
        return
    query = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(
        sql.Identifier(current_schema(), table), sql.Identifier(column)
    )
    plain: Callable[[Any], Any] = lambda value: (  # noqa: E731
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    )
    with connection.cursor() as cursor:
        cursor.executemany(query, [[plain(value), pk] for pk, value in values.items()])


def _write_events(values: dict[int, Json]) -> None:
    if not values:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.ticketflower_blank_events(%s, %s::jsonb[])",
            [list(values), [json.dumps(each, ensure_ascii=False) for each in values.values()]],
        )
