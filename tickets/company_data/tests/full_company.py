"""Fills Acme with all that a company can hold, for tests of taking it along."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.audit.acting import acting_as, actor_of
from tenants.audit.kinds import declare, declared_kinds
from tenants.audit.record import record
from tenants.errors import TicketFlowerError
from tenants.models import User
from tenants.roles import SystemRole
from tenants.testing import CompanyTransactionTestCase
from tickets.conversation.edit_message import edit_message
from tickets.conversation.follow_ticket import follow_ticket
from tickets.conversation.hide_message import hide_message
from tickets.conversation.write_message import write_message
from tickets.file_versions.add_version import add_version
from tickets.files.access import with_what_decides
from tickets.files.keep_file import keep_file
from tickets.models import (
    AssistantOffer,
    BulkChange,
    BulkRetry,
    CannedReply,
    FileUpload,
    Message,
    NoticePreferences,
    Rating,
    RecurringStart,
    SavedView,
    StartRequest,
    StartRun,
    Ticket,
    TicketError,
    TicketLink,
    Visibility,
)
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output, correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.retry_step import retry_step
from tickets.saving.save_answers import save_task_answers, save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.testing import import_fixture
from tickets.working.complete_task import complete_task
from workflows.engine.process import Json, JsonObject
from workflows.models import (
    ActionAttempt,
    BusinessCalendar,
    CompanyRole,
    Contact,
    ContactLink,
    DescribedProcess,
    ImportRun,
    Invitation,
    TaskDefinition,
    TaskInstance,
    TicketDefinition,
    WorkflowDefinition,
)
from workflows.models.task_instance import WORKABLE
from workflows.signing.signing_secrets import current_secret

KIND = "company.full_in_a_test"

REASON = "It was wrong."
PERSON: JsonObject = {"name": "boss", "label": "Boss", "type": "person"}
FIELDS: list[JsonObject] = [
    {"name": "note", "label": "Note", "type": "text", "required": True},
    {"name": "paper", "label": "Paper", "type": "file"},
    PERSON,
    {
        "name": "guests",
        "label": "Guests",
        "type": "records",
        "fields": [
            {"name": "who", "label": "Who", "type": "person"},
            {"name": "cost", "label": "Cost", "type": "number"},
        ],
    },
]


def answer_of(person: User) -> JsonObject:
    return {"id": person.pk, "email": person.email, "name": str(person)}


class FullCompany(CompanyTransactionTestCase):
    """Acme, with everything; the numbers of people in it are in many places."""

    def fill(self, *, seed: int = 1, walk: int = 60) -> None:
        self.chance = random.Random(seed)
        for person in (self.wendy, self.walt, self.terry):
            self.give_role(person, SystemRole.TASK_WORKER)
        for name in ("invoice", "vacation", "it_help"):
            import_fixture(name, by=self.carla)
        for role in CompanyRole.objects.all():
            role.members.add(self.wendy, self.walt, self.uma)
        self._make_workflow()
        self._fill_tables()
        for _step in range(walk):
            # As people do: some of what they try is refused.
            with suppress(TicketFlowerError):
                self._do_something()
        ContactLink.objects.create(
            contact=Contact.objects.create(email="supplier@example.com", name="Sue Supplier"),
            task=TaskInstance.objects.latest("pk"),
            digest="0" * 64,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        )
        StartRequest.objects.create(
            definition=self.type,
            email="customer@example.com",
            digest="1" * 64,
            created_at=timezone.now(),
            expires_at=timezone.now(),
        )

    def _make_workflow(self) -> None:
        self.workflow = WorkflowDefinition.objects.create(key="party", title="Party", fields=FIELDS)
        decide = TaskDefinition.objects.create(
            workflow=self.workflow, key="decide", title="Decide", fields=[PERSON], due_in="P2D"
        )
        call = TaskDefinition.objects.create(
            workflow=self.workflow,
            key="order",
            title="Order",
            task_type="SYNC_ACTION",
            action_url="http://catering.example/orders",
        )
        transitions = self.workflow.transitions
        transitions.create(to_task=decide)
        transitions.create(from_task=decide, to_task=call, label="ordered")
        transitions.create(from_task=decide, label="forgotten", after="P5D", priority=2)
        transitions.create(from_task=call, label="done")
        self.workflow.publish(by=self.carla)
        self.workflow.save()
        self.type = TicketDefinition.objects.create(
            key="party", title="Party", workflow=self.workflow, is_active=True, created_by=self.root
        )

    def ask_guests(self) -> None:
        """Two tickets with a branch for each guest: of one the block has ended."""
        workflow = WorkflowDefinition.objects.create(key="guests", title="Guests", fields=FIELDS)
        block = TaskDefinition.objects.create(
            workflow=workflow,
            key="each",
            title="Each",
            task_type="BLOCK",
            branches=[{"key": "one", "title": "One", "start": "ask"}],
            for_each={"var": "ticket.guests"},
        )
        ask = TaskDefinition.objects.create(
            workflow=workflow, key="ask", title="Ask", fields=[PERSON], branch="each.one"
        )
        last = TaskDefinition.objects.create(workflow=workflow, key="last", title="Last")
        for source, target in ((None, block), (ask, None), (block, last), (last, None)):
            workflow.transitions.create(from_task=source, to_task=target)
        workflow.publish(by=self.carla)
        workflow.save()
        definition = TicketDefinition.objects.create(
            key="guests", title="Guests", workflow=workflow, is_active=True, created_by=self.root
        )
        guests: list[Json] = [{"who": answer_of(each)} for each in (self.walt, self.uma)]
        for done in (2, 1):
            data: JsonObject = {"note": "Dinner", "guests": guests}
            ticket = submit_ticket(definition=definition, data=data, user=self.uma)
            asked = TaskInstance.objects.filter(
                workflow_instance=ticket.workflow_instance, definition=ask
            )
            for task in asked.order_by("pk")[:done]:
                assert task.assigned_to is not None
                output: JsonObject = {"boss": answer_of(self.walt)}
                complete_task(task=task, output=output, user=task.assigned_to)

    def start_subtickets(self) -> None:
        """Two tickets that have started another: of one it runs, of one it has ended."""
        workflow = WorkflowDefinition.objects.create(key="plan", title="Plan", fields=FIELDS)
        step = TaskDefinition.objects.create(
            workflow=workflow,
            key="party",
            title="Party",
            task_type="SUBTICKET",
            ticket_type="guests",
            input_transform={"note": {"var": "ticket.note"}, "guests": {"var": "ticket.guests"}},
            output_transform={"by": {"var": "ticket.boss"}},
        )
        last = TaskDefinition.objects.create(workflow=workflow, key="thank", title="Thank")
        for source, target in ((None, step), (step, last), (last, None)):
            workflow.transitions.create(from_task=source, to_task=target)
        workflow.publish(by=self.carla)
        workflow.save()
        definition = TicketDefinition.objects.create(
            key="plan", title="Plan", workflow=workflow, is_active=True, created_by=self.root
        )
        guests: list[Json] = [{"who": answer_of(self.walt)}]
        for has_ended in (False, True):
            data: JsonObject = {"note": "Ball", "guests": guests, "boss": answer_of(self.wendy)}
            ticket = submit_ticket(definition=definition, data=data, user=self.uma)
            task = TaskInstance.objects.get(definition=step, workflow_instance__ticket=ticket)
            follow_subticket(ticket_id=ticket.pk, task_id=task.pk)
            for key in ("ask", "last") if has_ended else ():
                below = TaskInstance.objects.get(
                    workflow_instance__started_by=task, definition__key=key
                )
                self._complete(below, {"boss": answer_of(self.walt)} if key == "ask" else {})
            follow_subticket(ticket_id=ticket.pk, task_id=task.pk)

    def _fill_tables(self) -> None:
        """What no step of a ticket writes."""
        later = timezone.now() + timedelta(days=9)
        User.objects.filter(pk=self.walt.pk).update(
            language="de",
            time_zone="Europe/Berlin",
            away_from=later,
            away_until=later + timedelta(days=2),
            deputy=self.wendy,
        )
        BusinessCalendar.objects.create(time_zone="Europe/Brussels")
        current_secret(now=timezone.now())
        Invitation.objects.create(
            email="nina@example.com",
            person=self.uma,
            invited_by=self.alice,
            sent_at=timezone.now(),
            expires_at=timezone.now(),
        )
        types = ContentType.objects
        for about, name in ((User, str(self.walt.pk)), (CompanyRole, "1")):
            LogEntry.objects.create(
                user=self.alice,
                content_type=types.get_for_model(about),
                object_id=name,
                object_repr="Walt",
                action_flag=CHANGE,
                change_message="[]",
            )
        kind = declared_kinds().get(KIND) or declare(KIND, _("Tested"))
        with acting_as(actor_of(self.root)):
            record(kind, about=self.walt, changes={"name": ("Old", "New")})
        with acting_as(actor_of(self.alice)):
            record(kind, about=self.type)
        ImportRun.objects.create(
            filename="a.xlsx", content=b"\x00\xffabc", created_by=self.carla, job_id=77
        )
        DescribedProcess.objects.create(
            text="Somebody asks, somebody decides.", model="test", created_by=self.carla, job_id=78
        )
        self.party()
        ticket = self.party(boss=answer_of(self.walt))
        NoticePreferences.objects.create(person=self.walt, mail={"TASK_GIVEN": "NEVER"})
        BulkRetry.objects.create(error_ids=[1], total=1, reason=REASON, created_by=self.terry)
        BulkChange.objects.create(
            verb="reassign",
            arguments={"worker": self.walt.pk},
            ticket_ids=[1, 2],
            total=2,
            done=1,
            created_by=self.terry,
        )
        query = f"due=overdue&submitter={self.uma.pk}&worker={self.walt.pk}"
        SavedView.objects.create(of="ALL_TICKETS", name="Late", query=query, owner=self.terry)
        save_ticket_answers(
            definition=self.type,
            slot="1" * 32,
            answers={"boss": answer_of(self.wendy), "paper": self.upload(self.uma)},
            user=self.uma,
        )
        task = TaskInstance.objects.filter(
            workflow_instance=ticket.workflow_instance, status__in=WORKABLE
        ).get()
        assert task.assigned_to is not None
        save_task_answers(task=task, answers={"boss": None}, user=task.assigned_to)
        AssistantOffer.objects.create(
            task=task,
            account=self.walt,
            called="Invoice bot",
            tries_left=3,
            offered_at=timezone.now(),
            until=timezone.now(),
            ended_at=timezone.now(),
            why="SUGGESTED",
            answers={"boss": answer_of(self.wendy)},
        )
        self.call_under_way()
        self.talk_about(ticket)
        reply = CannedReply.objects.create(name="Thanks", text="Thank you, {{requester}}.")
        reply.roles.add(*CompanyRole.objects.all())
        self.type.roles_with_access.add(*CompanyRole.objects.all())
        Rating.objects.create(ticket=ticket, score="GOOD", rated_at=timezone.now())
        start = RecurringStart.objects.create(
            type_key="party", key="weekly", person=self.uma, paused="BY_HAND", paused_by=self.terry
        )
        StartRun.objects.create(start=start, moment=timezone.now(), begun_at=timezone.now())
        TicketLink.objects.create(
            ticket=ticket,
            other=Ticket.objects.exclude(pk=ticket.pk)[0],
            kind="RELATES",
            made_by=self.terry,
            made_at=timezone.now(),
        )
        TicketError.objects.create(
            ticket=ticket, error_type="TASK_UPDATE", message="It was down.", status="RESOLVED"
        )

    def talk_about(self, ticket: Ticket) -> None:
        """Messages with everything that a message can have."""
        note = self.say(self.terry, ticket, f"Ask @{self.walt}.", visibility=Visibility.INTERNAL)
        key = UUID(str(self.upload(self.uma)["upload"]))
        asked = self.say(self.uma, ticket, f"@{self.terry}, when?", files=[key])
        newer = UUID(str(self.upload(self.terry)["upload"]))
        first = with_what_decides(FileUpload.objects.all()).get(uuid=key)
        add_version(of=first, upload=newer, user=self.terry)
        edit_message(message=asked, user=self.uma, text=f"@{self.terry}, why?", now=timezone.now())
        hide_message(message=note, user=self.terry, reason="He knows.", now=timezone.now())
        follow_ticket(ticket=ticket, user=self.terry, now=timezone.now())

    def say(self, user: User, ticket: Ticket, text: str, **more: Any) -> Message:
        written = write_message(
            ticket=ticket, user=user, text=text, token=uuid4().hex, now=timezone.now(), **more
        )
        return written.message

    def call_under_way(self) -> None:
        """A call whose worker has died, and one whose job waits."""
        for _number in range(2):
            ticket = self.party(boss=answer_of(self.alice))
            self._complete(self._form_of(ticket), {"boss": answer_of(self.wendy)})
        task = TaskInstance.objects.filter(definition__key="order").first()
        assert task is not None
        ActionAttempt.objects.create(task=task, number=1, started_at=timezone.now(), job_id=4711)

    def party(self, **answers: object) -> Ticket:
        guests = [{"who": answer_of(self.walt), "cost": 1.5}, {"cost": 10}]
        data: JsonObject = {"note": "ünï \U0001f600", "guests": guests, **answers}  # type: ignore[dict-item]
        data["paper"] = self.upload(self.uma)
        return submit_ticket(definition=self.type, data=data, user=self.uma)

    def upload(self, user: User) -> JsonObject:
        content = self.chance.randbytes(500)
        return keep_file(file=SimpleUploadedFile("plan.pdf", content), user=user)

    def _form_of(self, ticket: Ticket) -> TaskInstance:
        forms = TaskInstance.objects.filter(status__in=WORKABLE, definition__task_type="FORM")
        return forms.select_related("assigned_to").get(workflow_instance__ticket=ticket)

    def _complete(self, task: TaskInstance, output: JsonObject) -> None:
        assert task.assigned_to is not None
        complete_task(task=task, output=output, user=task.assigned_to)

    # What people do

    def _do_something(self) -> None:
        verbs = (
            *(self._submit,) * 4,
            *(self._answer,) * 6,
            self._hold,
            self._cancel,
            self._correct,
            self._correct_output,
            self._reassign,
            self._retry,
        )
        with transaction.atomic():
            self.chance.choice(verbs)()

    def _submit(self) -> None:
        self.party(boss=answer_of(self.chance.choice((self.alice, self.walt, self.terry))))

    def _some_form(self) -> TaskInstance | None:
        forms = TaskInstance.objects.filter(
            status__in=WORKABLE, assigned_to__isnull=False, definition__key="decide"
        )
        found = list(forms.select_related("assigned_to").order_by("pk"))
        return self.chance.choice(found) if found else None

    def _some_ticket(self) -> Ticket:
        return self.chance.choice(list(Ticket.objects.order_by("pk")))

    def _answer(self) -> None:
        form = self._some_form()
        if form is not None:
            self._complete(form, {"boss": answer_of(self.chance.choice((self.walt, self.uma)))})

    def _hold(self) -> None:
        hold_ticket(ticket=self._some_ticket(), by=self.terry, reason=REASON)

    def _cancel(self) -> None:
        cancel_ticket(ticket=self._some_ticket(), by=self.terry, reason=REASON)

    def _correct(self) -> None:
        ticket = self._some_ticket()
        data = {**ticket.data, "boss": answer_of(self.carla), "note": "corrected"}
        correct_ticket_data(ticket=ticket, data=data, by=self.terry, reason=REASON)

    def _correct_output(self) -> None:
        done = TaskInstance.objects.filter(status="COMPLETED", definition__key="decide")
        if (task := done.order_by("?").first()) is not None:
            output: JsonObject = {"boss": answer_of(self.terry)}
            correct_task_output(task=task, output=output, by=self.terry, reason=REASON)

    def _reassign(self) -> None:
        form = self._some_form()
        if form is not None:
            to = self.chance.choice((self.wendy, self.walt, None))
            reassign_task(task=form, to=to, by=self.terry, reason=REASON)

    def _retry(self) -> None:
        error = TicketError.objects.unresolved().first()
        if error is not None:
            retry_step(error=error, by=self.terry, reason=REASON)


def tables_with_rows(schema: str) -> dict[str, int]:
    """{table: rows} of a schema."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        names = [row[0] for row in cursor.fetchall()]
        counts = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{schema}"."{name}"')
            counts[name] = cursor.fetchone()[0]
    return counts
