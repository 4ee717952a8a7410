"""Two companies with a row of each kind, whose numbers no row of the other one has."""

from __future__ import annotations

import json
import tempfile
from copy import deepcopy
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from project.programs.tests.rows_of_each_kind import rows_of_each_kind
from project.programs.tests.test_api import WalkCase
from tenants.api.listing import cursor_of
from tenants.api.versions import etag_of
from tenants.connection import company_of
from tenants.mcp.tests.assistant import Assistant
from tenants.models import User
from tenants.roles import SystemRole
from tenants.services import create_person
from tenants.testing import ACME, GLOBEX
from tickets.conversation.write_message import write_message
from tickets.files.keep_file import keep_file
from tickets.models import AssistantOffer, ErrorType, Ticket, TicketError
from tickets.repairing.begin_repair import marker_of
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.saving.save_answers import save_task_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import fixture_document
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.models import CompanyRole, TaskInstance, TicketDefinition
from workflows.people.service_accounts import add_account

SECRET: Final = "Quorzlim"
# Globex's numbers begin so far behind Acme's that none is in both, whatever a test makes; and
# nobody's so far behind those.
APART: Final = 10_000
_LAST_NUMBERS: Final = "SELECT max(last_value) FROM pg_sequences WHERE schemaname = ANY(%s)"
_BEGIN_ANEW: Final = """
SELECT setval(format('%%I.%%I', schemaname, sequencename), %s) FROM pg_sequences
 WHERE schemaname = %s OR (schemaname = 'public' AND sequencename = 'tenants_user_id_seq')
"""


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """A copy in which something else stands at this place."""
    if not path:
        return new
    copy = deepcopy(value)
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = new
    return copy


def with_references(key: str, role: str) -> dict[str, Any]:
    """A process that asks for somebody and for a file, on its ticket and in its task."""
    found: dict[str, Any] = json.loads(
        json.dumps(fixture_document("vacation")).replace("Vacation Approver", role)
    )
    found["workflow"]["key"] = f"{key}_flow"
    found["ticket_types"][0]["key"] = key
    found.pop("tests")
    for fields in (found["workflow"]["fields"], found["tasks"][0]["fields"]):
        fields.append({"name": "deputy", "label": "Deputy", "type": "person"})
        fields.append({"name": "proof", "label": "Proof", "type": "file"})
    return found


def task_of(ticket: Ticket) -> TaskInstance:
    return TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)


@override_settings(
    TOKEN_REQUESTS_A_MINUTE=1_000_000,
    MEDIA_ROOT=tempfile.mkdtemp(),
    MAIL_HOST="mail.example",
    MAIL_FROM="flow@example.com",
)
class TwoCompaniesCase(WalkCase):
    """Terry has a row of each kind in Acme, and Charlie one in Globex."""

    def set_up_once(self) -> None:
        for role in SystemRole:
            self.give_role(self.terry, role)
        for role in (SystemRole.TASK_WORKER, SystemRole.USER):
            self.give_role(self.walt, role)
        self.ours = self.filled(self.terry, "vacation", "Vacation Approver", self.walt)
        with company_of(GLOBEX):
            self.number = self.begin_apart()
            self.nobodys = self.number + APART // 2
            cleo = create_person(
                company=self.globex,
                email="cleo@globex.example",
                password=None,
                roles=[SystemRole.TASK_WORKER, SystemRole.USER],
            )
            self.theirs = self.filled(self.charlie, "globex_leave", f"{SECRET} people", cleo)
        self.raw = self.raw_of(self.terry)
        self.raw_of_account = self.token_of(self.ours["account"], by=self.terry).raw
        self.assistant = Assistant(self.terry)

    def begin_apart(self) -> int:
        """The first row of each table of Globex, and its next person, get one and the same number,
        which Acme lacks: it is returned. Nobody's number is as long."""
        with connection.cursor() as cursor:
            cursor.execute(_LAST_NUMBERS, [[GLOBEX, ACME, "public"]])
            number = int(cursor.fetchone()[0]) + APART
            if len(str(number)) < len(str(number + APART)):
                number = 10 ** len(str(number))
            cursor.execute(_BEGIN_ANEW, [number - 1, GLOBEX])
        return number

    def filled(self, person: User, key: str, role: str, colleague: User) -> dict[str, Any]:
        """A company with something of everything; `person` has the first ticket and its task."""
        now = timezone.now()
        workflow = publish_workflow(
            workflow=import_bundle(document=with_references(key, role), user=person), user=person
        )
        [role_row] = CompanyRole.objects.filter(name=role)
        role_row.members.set([person])
        uploads = [
            keep_file(file=SimpleUploadedFile("a.txt", SECRET.encode()), user=person)["upload"]
            for _each in range(3)
        ]
        ticket, other, third = (self.submitted(each, key) for each in (person, person, colleague))
        role_row.members.add(colleague)
        account = add_account(
            name=f"{SECRET} robot",
            roles=[SystemRole.TASK_WORKER],
            company_roles=(),
            by=person,
            now=now,
        )
        rows = rows_of_each_kind(ticket, other, person=person, admin=person, mark=SECRET, now=now)
        write_message(
            ticket=ticket,
            user=person,
            text=SECRET,
            files=[UUID(str(uploads[1]))],
            token=uuid4().hex,
            now=now,
        )
        error = TicketError.objects.create(
            ticket=ticket, error_type=ErrorType.TASK_UPDATE, message=SECRET
        )
        task, offered, at_account = map(task_of, (ticket, other, third))
        save_task_answers(task=task, answers={"approved": "approved"}, user=person)
        TaskInstance.objects.filter(pk=offered.pk).update(
            assigned_to=colleague, added_roles=[role_row.pk]
        )
        AssistantOffer.objects.create(
            task=at_account,
            account=account,
            called=SECRET,
            tries_left=1,
            offered_at=now,
            until=now + timedelta(days=1),
        )
        for act in (hold_ticket, resume_ticket):  # so that its ETag names what a person did
            act(ticket=Ticket.objects.get(pk=ticket.pk), by=person, reason="Wait")
        ticket = Ticket.objects.get(pk=ticket.pk)
        return {
            "rows": {
                **rows,
                "task_id": task,
                "error_id": error,
                "workflow_id": workflow,
                "role_id": role_row,
                "person_id": colleague,
                "requester_id": colleague,
            },
            "other": other,
            "third": third,
            "offered": offered,
            "at_account": at_account,
            "account": account,
            "draft": import_bundle(
                document=put(with_references(key, role), ("workflow", "title"), "Next"), user=person
            ),
            "texts": {
                "upload": str(uploads[0]),
                "attached": str(uploads[1]),
                "fresh": str(uploads[2]),
                "type": key,
                "workflow": f"{key}_flow",
                "role": role,
                "ticket": ticket.number,
                "email": person.email,
                "cursor": cursor_of(ticket.pk),
                "message": f"{ticket.pk}.{rows['message_id'].pk}",
                "version": f'"{marker_of(ticket)}"',
                "etag": etag_of(workflow.updated_at),
            },
        }

    def submitted(self, person: User, key: str) -> Ticket:
        return submit_ticket(
            definition=TicketDefinition.objects.active().get(key=key),
            data={"location": "Spain", "season": "Summer", "activities": SECRET},
            user=person,
            title=f"{SECRET} of {key}",
        )
