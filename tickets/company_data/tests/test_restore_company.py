"""What is exported and restored is equal, row by row, but for what is declared to be another."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import SimpleTestCase, override_settings, tag
from django.utils import timezone
from django_tenants.utils import schema_context
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.account.picture import SIDE, save_picture
from tenants.connection import use_company, use_public
from tenants.models import Company, User
from tenants.roles import SystemRole
from tenants.testing import email_of
from tickets.company_data import restore_company as restore_module
from tickets.company_data.archive import MANIFEST, ArchiveReader
from tickets.company_data.errors import (
    AddressesInUseError,
    OtherVersionError,
    UnreadableArchiveError,
)
from tickets.company_data.restore_company import Restored, restore_company
from tickets.company_data.restored_people import RestoredPeople
from tickets.company_data.tables import LEFT_OUT, tables_of
from tickets.company_data.tests.full_company import FullCompany
from tickets.company_data.write_archive import write_archive
from tickets.company_use.measure_use import count_files
from tickets.files.tests.memory import in_memory
from tickets.health import company_findings, history_findings
from tickets.models import Ticket
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.models import TaskDefinition, TaskInstance, TicketDefinition, WorkflowInstance

SECONDS_EACH = 30
# Of people, what is the same afterwards.
OF_PEOPLE = (
    *("first_name", "last_name", "is_active", "is_available", "date_joined", "language"),
    *("time_zone", "away_from", "away_until", "erased_at"),
)

# Every column of every table, by how it is compared: as it is, unless it stands here. A table that
# is missing here fails the test: say whether restoring has to know it.
AS_IT_IS: Mapping[str, str] = {}
PERSON, JSON, JOB, TYPE, SUBJECT = "person", "json with people", "job", "content type", "subject"
WORKER, QUERY, ENDED = "worker", "query of a list", "ended"
TABLES: dict[str, dict[str, str]] = {
    "tickets_assistantoffer": {"account_id": PERSON, "answers": JSON},
    "audit_auditevent": {"actor_id": PERSON, "subject_id": SUBJECT},
    "django_admin_log": {"user_id": PERSON, "content_type_id": TYPE, "object_id": SUBJECT},
    "tickets_bulkchange": {
        "created_by_id": PERSON,
        "arguments": WORKER,
        "done": ENDED,
        "refused": ENDED,
        "job_id": JOB,
    },
    "tickets_bulkretry": {"created_by_id": PERSON, "job_id": JOB, "done": ENDED, "refused": ENDED},
    "tickets_cannedreply": {},
    "tickets_cannedreply_roles": {},
    "tickets_fileupload": {"uploaded_by_id": PERSON},
    "tickets_notice": {"recipient_id": PERSON, "actor_id": PERSON},
    "tickets_noticepreferences": {"person_id": PERSON},
    "tickets_follower": {"person_id": PERSON},
    "tickets_importrun": {"created_by_id": PERSON, "job_id": JOB},
    "tickets_message": {"written_by_id": PERSON, "hidden_by_id": PERSON, "mentions": JSON},
    "tickets_rating": {},
    "tickets_recurringstart": {"person_id": PERSON, "paused_by_id": PERSON},
    "tickets_savedanswers": {"user_id": PERSON, "answers": JSON},
    "tickets_savedanswers_files": {},
    "tickets_savedview": {"owner_id": PERSON, "query": QUERY},
    "tickets_startrequest": {},
    "tickets_startrun": {},
    "tickets_ticket": {"created_by_id": PERSON, "data": JSON},
    "tickets_ticketdefinition": {"created_by_id": PERSON},
    "tickets_ticketdefinition_roles_with_access": {},
    "tickets_ticketerror": {},
    "tickets_ticketlink": {"made_by_id": PERSON},
    "workflows_actionattempt": {"job_id": JOB},
    "workflows_businesscalendar": {},
    "workflows_companyrole": {},
    "workflows_contact": {},
    "workflows_contactlink": {},
    "workflows_companyrole_members": {"user_id": PERSON},
    "workflows_describedprocess": {"created_by_id": PERSON, "job_id": JOB},
    "workflows_invitation": {"person_id": PERSON, "invited_by_id": PERSON},
    "workflows_path": {"data": JSON, "item": JSON},
    "workflows_taskdefinition": {"created_by_id": PERSON},
    "workflows_taskinstance": {
        "assigned_to_id": PERSON,
        "released_by_id": PERSON,
        "output_data": JSON,
    },
    "workflows_transition": {},
    "workflows_workflowdefinition": {
        "created_by_id": PERSON,
        "changed_by_id": PERSON,
        "published_by_id": PERSON,
        "retired_by_id": PERSON,
    },
    "workflows_workflowevent": {"actor_id": PERSON, "data": JSON},
    "workflows_workflowinstance": {"data": JSON},
}
# Keys under which the number of a person stands in JSON. Written out: the test must not ask what it
# is to judge.
PERSON_KEYS = {"to_id", "from_id", "person_id"}


NOT_DONE = "The company was restored from an archive before this was done."


class RestoreCase(FullCompany):
    def setUp(self) -> None:
        super().setUp()
        self.media = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.media, ignore_errors=True)
        settings = override_settings(MEDIA_ROOT=Path(self.media))
        settings.enable()
        self.addCleanup(settings.disable)

    def export(self) -> io.BytesIO:
        target = io.BytesIO()
        use_company(self.acme)
        write_archive(target, company=self.acme, tell=lambda _percent: None)
        return target

    def restore(self, archive: io.BytesIO, **more: Any) -> Restored:
        use_public()
        archive.seek(0)
        options: dict[str, Any] = {"name": "Acme again", "makes_up_addresses": True, **more}
        return restore_company(archive, **options)

    def people_map(self, made: Company) -> dict[int, int]:
        """Who is who: by the order in which they were made, and their names."""
        use_public()
        old = list(User.objects.filter(company=self.acme).order_by("pk"))
        new = list(User.objects.filter(company=made).exclude(email__startswith="superuser-"))
        new.sort(key=lambda each: each.pk)
        self.assertEqual([str(each) for each in old], [str(each) for each in new])
        found = {one.pk: other.pk for one, other in zip(old, new, strict=True)}
        stand_ins = User.objects.filter(company=made, email__startswith="superuser-")
        return found | {int(each.email.split("@")[0][10:]): each.pk for each in stand_ins}


@tag("companies")
@in_memory
class EqualityTests(RestoreCase):
    def test_a_restored_company_equals_the_one_that_was_exported(self) -> None:
        self.fill()
        self.ask_guests()
        self.start_subtickets()
        archive = self.export()
        made = self.restore(archive)
        people = self.people_map(made.company)
        self.assertEqual(set(tables_of("acme")), set(TABLES), "Say here how a new table compares.")
        for table in TABLES:
            with self.subTest(table):
                self.compare(table, made.company.schema_name, people)
        self.compare_people(people)
        self.compare_files(made.company)
        self.compare_sequences(made.company.schema_name)
        self.compare_health(made.company)
        self.compare_subtickets(made.company)

    def compare_subtickets(self, company: Company) -> None:
        """Each restored step has the ticket that it has started: its title names the one above."""
        with schema_context(company.schema_name):
            started = Ticket.objects.filter(workflow_instance__started_by__isnull=False)
            above = [
                Ticket.objects.get(workflow_instance__tasks=each.workflow_instance.started_by_id)
                for each in started.select_related("workflow_instance").order_by("pk")
                if each.workflow_instance is not None
            ]
            self.assertEqual([str(each.definition.key) for each in above], ["plan", "plan"])
            for each, starter in zip(started.order_by("pk"), above, strict=True):
                self.assertIn(starter.number, each.title)

    def compare(self, table: str, schema: str, people: dict[int, int]) -> None:
        old, new = rows_of("acme", table), rows_of(schema, table)
        if table == "audit_auditevent":
            self.assertEqual(new.pop()["kind"], "company.restored")
        if table == "workflows_workflowevent":
            # One more of each history: people have other numbers now, so that it is sealed anew.
            sealed, new = new[len(old) :], new[: len(old)]
            histories = len(rows_of("acme", "workflows_workflowinstance"))
            self.assertEqual([each["kind"] for each in sealed], ["RESEALED"] * histories)
        self.assertTrue(old, f"{table} is empty: the test shows nothing of it.")
        self.assertEqual(len(old), len(new))
        for one, other in zip(old, new, strict=True):
            expected = {
                name: self.expected(table, name, value, one, people) for name, value in one.items()
            }
            self.assertEqual(expected, other)

    def expected(
        self, table: str, name: str, value: Any, row: dict[str, Any], people: dict[int, int]
    ) -> Any:
        match TABLES[table].get(name, ""):
            case "":
                return value
            case "person":
                return None if value is None else people.get(value)
            case "json with people":
                return with_numbers(value, people)
            case "job":
                return None
            case "worker":
                return {**value, "worker": people[value["worker"]]}
            case "query of a list":
                submitter, worker = people[self.uma.pk], people[self.walt.pk]
                return f"due=overdue&submitter={submitter}&worker={worker}"
            case "ended" if name == "done":
                return row["total"]
            case "ended":
                of = "ticket" if table == "tickets_bulkchange" else "error"
                return [{of: row[f"{of}_ids"][row["done"]], "message": NOT_DONE}]
            case "content type":
                return value  # the same installation
            case "subject":
                about = row.get("subject_type") or content_type(row.get("content_type_id"))
                return str(people[int(value)]) if about == "tenants.user" else value
        raise AssertionError(name)

    def compare_people(self, people: dict[int, int]) -> None:
        for old, new in people.items():
            one, other = User.objects.get(pk=old), User.objects.get(pk=new)
            self.assertFalse(other.has_usable_password())
            if one.is_superuser:
                self.assertFalse(other.is_superuser or other.is_active or other.groups.exists())
                continue
            self.assertEqual(one.system_roles(), other.system_roles())
            for name in OF_PEOPLE:
                self.assertEqual(getattr(one, name), getattr(other, name))

    def compare_files(self, company: Company) -> None:
        keys = [row["file"] for row in rows_of("acme", "tickets_fileupload")]
        self.assertGreater(len(keys), 5)
        for key in keys:
            contents = []
            for schema in ("acme", company.schema_name):
                with schema_context(schema), default_storage.open(key) as file:
                    contents.append(file.read())
            self.assertEqual(*contents)

    def compare_sequences(self, schema: str) -> None:
        found = []
        for each in ("acme", schema):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = %s"
                    " AND sequencename NOT LIKE 'django_migrations%%'"
                    " AND sequencename NOT LIKE '%%signingsecret%%'"
                    " AND sequencename NOT LIKE '%%webhook%%'"
                    " AND sequencename NOT LIKE 'mail%%'"
                    " AND sequencename NOT LIKE '%%workflowevent%%'"
                    " AND sequencename NOT LIKE '%%searchentry%%'"
                    " AND sequencename NOT LIKE 'audit%%' ORDER BY 1",
                    [each],
                )
                found.append(cursor.fetchall())
        self.assertEqual(*found)

    def compare_health(self, company: Company) -> None:
        """What the doctor says, who knows nothing of all this: histories lead to what is stored."""
        with schema_context(company.schema_name):
            findings, _after = history_findings(after=0)
            self.assertEqual(findings, [])
            self.assertEqual([each for each in company_findings() if each.mend is None], [])
            self.assertFalse(ProcrastinateJob.objects.filter(args__schema=company.schema_name))

    def test_the_jobs_of_a_restored_company_are_made_when_it_is_started(self) -> None:
        self.fill(walk=0)
        made = self.restore(self.export(), start=True)
        self.assertTrue(made.mended)
        self.assertTrue(Company.objects.get(pk=made.company.pk).is_active)
        with schema_context(made.company.schema_name):
            self.assertEqual([each for each in company_findings() if each.mend is not None], [])
        names = set(
            ProcrastinateJob.objects.filter(args__schema=made.company.schema_name).values_list(
                "task_name", flat=True
            )
        )
        self.assertLessEqual({"tickets.jobs.run_action", "tickets.jobs.fire_timer"}, names)

    def test_somebody_was_erased(self) -> None:
        """Their address is none that anybody could have, and the same in each installation."""
        self.fill(walk=0)
        walts = User.objects.filter(pk=self.walt.pk)
        self.addCleanup(walts.update, email=self.walt.email, erased_at=None)
        walts.update(
            email=f"erased-{self.walt.pk}@invalid", erased_at=timezone.now(), is_active=False
        )
        self.assertGreater(self.archive_without("erased_at").people, 0)
        made = self.restore(self.export())
        (person,) = User.objects.filter(company=made.company).exclude(erased_at=None)
        self.assertRegex(person.email, f"^erased-{self.walt.pk}@.+[.]invalid$")

    def archive_without(self, *names: str) -> Restored:
        """Restored of an archive from before these columns of people were in it."""
        people = "public/people.jsonl"
        archive = self.export()
        rows = map(json.loads, zipfile.ZipFile(archive).read(people).splitlines())
        left = [{name: row[name] for name in row if name not in names} for row in rows]
        content = "".join(json.dumps(each) + "\n" for each in left).encode()
        return self.restore(with_entries(archive, {people: content}), name="Older")

    def test_an_older_archive(self) -> None:
        self.fill(walk=0)
        names = ("language", "time_zone", "away_from", "away_until", "erased_at", "deputy_id")
        made = self.archive_without(*names)
        self.assertFalse(User.objects.filter(company=made.company).exclude(language="").exists())

    def test_absence_deputy_and_picture(self) -> None:
        self.fill(walk=0)
        picture = BytesIO()
        Image.new("RGB", (300, 300), "red").save(picture, "PNG")
        save_picture(person=self.walt, file=SimpleUploadedFile("a.png", picture.getvalue()))
        walt = User.objects.get(pk=self.walt.pk)
        archive = self.export()
        made = self.restore(archive)
        same = User.objects.get(company=made.company, first_name="Walt")
        assert same.deputy is not None
        self.assertEqual((same.deputy.company, same.deputy.first_name), (made.company, "Wendy"))
        self.assertEqual((same.away_from, same.away_until), (walt.away_from, walt.away_until))
        self.assertNotEqual(same.picture, walt.picture)
        with schema_context(made.company.schema_name):
            with default_storage.open(same.picture) as content, Image.open(content) as shown:
                self.assertEqual((shown.format, shown.size), ("WEBP", (SIDE, SIDE)))
            count_files()
        size = Company.objects.get(pk=made.company.pk).file_bytes
        self.assertGreaterEqual(size, same.picture_bytes)
        # Whatever stands in its place is made anew, or refused.
        entry = f"pictures/{walt.pk}.webp"
        with self.assertRaises(UnreadableArchiveError):
            self.restore(with_entries(archive, {entry: b"<svg/>"}), name="Changed")

    def test_people_go_on_where_they_were(self) -> None:
        self.fill(walk=0)
        made = self.restore(
            self.export(), addresses={email_of("wendy"): "wendy@new.example"}, start=True
        )
        with schema_context(made.company.schema_name):
            self.assertEqual(User.objects.get(email="wendy@new.example").company, made.company)
            task = TaskInstance.objects.filter(
                definition__key="decide", assigned_to__isnull=False
            ).first()
            assert task is not None
            self.assertEqual(task.assigned_to.company, made.company)  # type: ignore[union-attr]
            self.assertTrue(TicketDefinition.objects.active().filter(key="party").exists())


def approval_document(*emails: str) -> JsonObject:
    """Two of three approve, and each may name somebody."""
    approved: JsonObject = {"==": [{"var": "tasks.agree.approved"}, True]}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "wish", "title": "Wish", "fields": [{"name": "x", "type": "text"}]},
        "tasks": [
            {"key": "agree", "title": "Agree", "task_type": "APPROVAL", "needed": 2,
             "approvers": {"people": list(emails)},
             "fields": [{"name": "buyer", "type": "person"}]},
        ],
        "transitions": [
            {"from": "start", "to": "agree"},
            {"from": "agree", "to": "end", "label": "agreed", "condition": approved,
             "messages": [{"who": "person", "email": emails[0], "subject": "s", "text": "t"}]},
            {"from": "agree", "to": "end", "label": "refused", "priority": 1},
        ],
        "ticket_types": [{"key": "wish", "title": "Wish"}],
    }  # fmt: skip


@tag("companies")
class VotesTests(RestoreCase):
    """An approval that is decided, and one that has a vote of the two that it needs."""

    def setUp(self) -> None:
        super().setUp()
        self.voters = (self.wendy, self.walt, self.terry)
        for person in self.voters:
            self.give_role(person, SystemRole.TASK_WORKER)
        document = approval_document(*(each.email for each in self.voters))
        workflow = import_bundle(document=document, user=self.carla)
        publish_workflow(workflow=workflow, user=self.carla)
        self.type = workflow.ticket_definitions.get()
        self.decided, self.begun = (
            submit_ticket(definition=self.type, data={"x": each}, user=self.uma)
            for each in ("decided", "begun")
        )
        for ticket, voters in ((self.decided, self.voters[:2]), (self.begun, self.voters[:1])):
            for person in voters:
                self.vote(ticket, person)

    def vote(self, ticket: Ticket, person: User) -> None:
        votes = TaskInstance.objects.filter(definition__key="agree.vote", assigned_to=person)
        task = votes.select_related("assigned_to").get(workflow_instance__ticket=ticket.pk)
        buyer = {"id": person.pk, "email": person.email, "name": str(person)}
        complete_task(task=task, output={"vote": "approve", "buyer": buyer}, user=person)

    def outcome(self, ticket: Ticket) -> Any:
        return WorkflowInstance.objects.get(ticket=ticket.pk).data["agree"]

    def test_votes_are_of_the_same_people_and_the_rest_can_be_cast(self) -> None:
        made = self.restore(self.export(), start=True).company
        people = self.people_map(made)
        wendy, walt = (User.objects.get(pk=people[each.pk]) for each in self.voters[:2])
        use_company(made)
        self.addCleanup(use_company, self.acme)
        self.assert_votes(self.decided, wendy, walt)
        self.assertEqual(history_findings(after=0)[0], [])
        rule = TaskDefinition.objects.get(key="agree").approvers
        assert rule is not None
        self.assertEqual(
            [each["id"] for each in rule["people"]], [people[each.pk] for each in self.voters]
        )
        way = TaskDefinition.objects.get(key="agree").transitions_out.get(label="agreed")
        self.assertEqual([each["id"] for each in way.messages or ()], [people[self.wendy.pk]])
        # The one that had begun goes on: her vote counts, and only his is missing.
        with self.assertRaises(TaskInstance.DoesNotExist):
            self.vote(self.begun, self.walt)  # as nobody of the other company can
        self.vote(self.begun, walt)
        self.assert_votes(self.begun, wendy, walt)
        self.assertEqual(Ticket.objects.get(pk=self.begun.pk).workflow_instance.end_label, "agreed")  # type: ignore[union-attr]
        self.assertEqual(history_findings(after=0)[0], [])
        use_company(self.acme)
        self.assertNotIn("agree", WorkflowInstance.objects.get(ticket=self.begun.pk).data)

    def assert_votes(self, ticket: Ticket, *people: User) -> None:
        found = self.outcome(ticket)
        self.assertEqual((found["approved"], found["yes"]), (True, len(people)))
        said = [(each["by"]["id"], each["buyer"]["id"]) for each in found["votes"]]
        self.assertEqual(said, [(each.pk, each.pk) for each in people])


@tag("companies")
class BesideOthersTests(RestoreCase):
    """Others log in meanwhile, and sign up: no lock of a shared table lasts as long as the rows."""

    def setUp(self) -> None:
        super().setUp()
        self.fill(walk=0)
        self.archive = self.export()

    def watched(
        self, function: str, *, of: type = restore_module._Restoring
    ) -> list[tuple[bool, set[str]]]:
        """At each call of it: whether a transaction is open, and which locks people get in the way
        of (of tables of `public`)."""
        seen: list[tuple[bool, set[str]]] = []
        usual = getattr(of, function)

        def watching(*arguments: Any, **more: Any) -> Any:
            is_open = connection.in_atomic_block
            answer = usual(*arguments, **more)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                    " WHERE l.pid = pg_backend_pid() AND c.relnamespace = 'public'::regnamespace"
                    " AND c.relkind = 'r' AND (l.mode IN ('ShareLock', 'ShareRowExclusiveLock',"
                    " 'ExclusiveLock', 'AccessExclusiveLock')"
                    # A sign-up locks the table of all people: it waits for whoever changes them.
                    " OR c.relname = 'tenants_user' AND l.mode = 'RowExclusiveLock')"
                )
                seen.append((is_open, {row[0] for row in cursor.fetchall()}))
            return answer

        with mock.patch.object(of, function, watching):
            self.restore(self.archive, name=f"Acme {function}")
        return seen

    def test_filling_locks_no_shared_table(self) -> None:
        self.assertEqual(self.watched("fill"), [(True, set())])

    def test_making_the_tables_does(self) -> None:
        """Otherwise the test above shows nothing."""
        ((is_open, locked),) = self.watched("make_company")
        self.assertTrue(is_open)
        self.assertIn("tenants_user", locked)

    def test_what_an_older_version_does_not_leave_out_is_left_out(self) -> None:
        """It may have run beside this one, during the upgrade."""
        entry, about = "data/people_here.jsonl", {"columns": ["id"], "rows": 1, "last_number": None}
        row = json.dumps({"id": self.uma.pk}).encode() + b"\n"
        with zipfile.ZipFile(self.archive, "a") as archive:
            archive.writestr(entry, row)
            tables = json.loads(archive.read(MANIFEST))["tables"]
        older = with_entries(
            self.archive, {"manifest": {"tables": {**tables, "people_here": about}}}
        )
        made = self.restore(older, name="Acme older")
        self.assertNotIn("people_here", made.rows)

    def test_reading_alone_keeps_no_transaction_open(self) -> None:
        """The server ends one in which nothing happens for long."""
        self.assertEqual(self.watched("check", of=RestoredPeople), [(False, set())])
        self.assertEqual(self.watched("copy_files"), [(False, set())])


@tag("companies")
class RefusalTests(RestoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.fill(walk=0)
        self.archive = self.export()
        use_public()
        self.companies = Company.objects.count()
        self.people = User.objects.count()

    def assert_nothing_was_made(self) -> None:
        use_public()
        self.assertEqual(Company.objects.count(), self.companies)
        self.assertEqual(User.objects.count(), self.people)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'acme_again%'")
            self.assertEqual(cursor.fetchone()[0], 0)
        folders = {each.name for each in Path(self.media).iterdir()}
        for other in folders - {"acme"}:  # storages may leave an empty one
            self.assertEqual(list((Path(self.media) / other).rglob("*")), [])

    def changed(self, **entries: Any) -> io.BytesIO:
        """The archive with other entries, whose digests the manifest has."""
        return with_entries(self.archive, entries)

    def refused(self, archive: io.BytesIO, error: type[Exception], **more: Any) -> str:
        with self.assertRaises(error) as raised:
            self.restore(archive, **more)
        self.assert_nothing_was_made()
        return str(raised.exception)

    def test_addresses_that_are_in_use_are_listed(self) -> None:
        said = self.refused(self.archive, AddressesInUseError, makes_up_addresses=False)
        self.assertIn(email_of("wendy"), said)

    def test_other_versions(self) -> None:
        migrations = ArchiveReader(self.archive, most_bytes=10**9).manifest.migrations
        newer = self.changed(manifest={"migrations": [*migrations, "workflows.9999_later"]})
        self.assertIn("newer", self.refused(newer, OtherVersionError))
        older = self.changed(manifest={"migrations": migrations[:-1]})
        self.assertIn("older", self.refused(older, OtherVersionError))
        self.refused(self.changed(manifest={"format_version": 2}), UnreadableArchiveError)

    def test_what_is_no_archive(self) -> None:
        for content in (b"", b"PK", b"x" * 1000, self.archive.getvalue()[:5000]):
            self.refused(io.BytesIO(content), UnreadableArchiveError)

    def test_a_changed_byte_is_seen(self) -> None:
        content = bytearray(self.archive.getvalue())
        at = content.find(b"files/") + 100
        content[at] ^= 255
        self.refused(io.BytesIO(bytes(content)), UnreadableArchiveError)

    def test_more_than_is_taken(self) -> None:
        with override_settings(RESTORE_MOST_BYTES=1000):
            self.refused(self.archive, UnreadableArchiveError)

    def test_rows_that_are_none(self) -> None:
        name = "data/tickets_ticket.jsonl"
        rows = zipfile.ZipFile(self.archive).read(name).splitlines()
        first = json.loads(rows[0])
        for row in (
            b"[]",
            b"{",
            b"[" * 100_000,
            json.dumps({**first, "extra": 1}).encode(),
            json.dumps({**first, "id": "x"}).encode(),
            json.dumps({**first, "created_by_id": self.charlie.pk}).encode(),
            json.dumps({**first, "title": "x" * 100_000}).encode(),
            json.dumps({**first, "title": "\0"}).encode(),
            json.dumps({**first, "definition_id": 999_999}).encode(),
            json.dumps({**first, "id": 2**62}).encode(),
            rows[1],
            b"",
        ):
            with self.subTest(row[:40]):
                content = b"\n".join([row, *rows[1:]]) + b"\n"
                self.refused(self.changed(**{name: content}), UnreadableArchiveError)

    def test_people_who_are_none(self) -> None:
        name = "public/people.jsonl"
        rows = zipfile.ZipFile(self.archive).read(name).splitlines()
        first = json.loads(rows[0])
        changes: tuple[dict[str, Any], ...] = (
            {"email": "no address"},
            {"email": json.loads(rows[1])["email"]},
            {"id": -1},
            {"id": True},
            {"roles": "admin"},
            {"password": "x"},
            {"date_joined": "yesterday"},
            {"first_name": "x" * 10_000},
            {"first_name": "\ud800"},
            {"last_name": "a\0"},
            {"email": "a\0@acme.example"},
            {"email": "a@\ud800.example"},
            {"roles": [[]]},
            {"roles": [{}, None]},
            {"date_joined": "0001-01-01T00:00:00+14:00"},
            {"date_joined": "9999-12-31T23:59:59-14:00"},
            {"language": None},
            {"time_zone": "a\0"},
            {"away_until": "soon"},
            {"erased_at": 5},
            {"deputy_id": "5"},
        )
        for change in changes:
            with self.subTest(change):
                content = b"\n".join([json.dumps({**first, **change}).encode(), *rows[1:]]) + b"\n"
                self.refused(self.changed(**{name: content}), UnreadableArchiveError)

    def test_what_a_manifest_says_wrongly(self) -> None:
        manifest = json.loads(zipfile.ZipFile(self.archive).read(MANIFEST))
        tables, files = manifest["tables"], manifest["files"]
        ticket = tables["tickets_ticket"]
        for change in (
            {"tables": {**tables, "tickets_ticket": []}},
            {"tables": {**tables, "tickets_ticket": {**ticket, "last_number": "x"}}},
            {"tables": {**tables, "tickets_ticket": {**ticket, "columns": 1}}},
            {"files": {**files, next(iter(files)): []}},
            {"files": {**files, "\ud800": "files/x"}},
            {"content_types": dict.fromkeys(manifest["content_types"], 5)},
        ):
            with self.subTest(list(change)):
                self.refused(self.changed(manifest=change), UnreadableArchiveError)
        unreadable = self.changed(manifest={"format_version": "\ud800"})
        self.refused(unreadable, UnreadableArchiveError).encode()
        other = {"migrations": [*manifest["migrations"], "\ud800"]}
        self.refused(self.changed(manifest=other), OtherVersionError).encode()

    def test_numbers_of_models_that_are_none(self) -> None:
        types = json.loads(zipfile.ZipFile(self.archive).read(MANIFEST))["content_types"]
        more = {**types, "²": ["tenants", "user"], "x": 1}
        self.assertGreater(self.restore(self.changed(manifest={"content_types": more})).people, 0)

    def test_an_archive_makes_nobody_a_superuser(self) -> None:
        name = "public/people.jsonl"
        rows = zipfile.ZipFile(self.archive).read(name).splitlines()
        people = [{**json.loads(each), "is_superuser": True, "roles": ["root"]} for each in rows]
        content = "".join(json.dumps(each) + "\n" for each in people).encode()
        made = self.restore(self.changed(**{name: content}))
        own = User.objects.filter(company=made.company)
        self.assertFalse(own.filter(is_superuser=True).exists())
        self.assertFalse(own.filter(is_active=True).exists())

    def test_names_that_lead_elsewhere(self) -> None:
        for name in ("../evil", "/etc/passwd", "data/../../x", "data\\x", "else/x"):
            made = io.BytesIO()
            source = zipfile.ZipFile(self.archive)
            with zipfile.ZipFile(made, "w") as target:
                document = json.loads(source.read(MANIFEST))
                document["entries"][name] = {"bytes": 1, "sha256": "0"}
                for each in source.namelist():
                    if each != MANIFEST:
                        target.writestr(each, source.read(each))
                target.writestr(name, b"x")
                target.writestr(MANIFEST, json.dumps(document))
            self.refused(made, UnreadableArchiveError)


class RowsTests(SimpleTestCase):
    def test_of_what_was_not_done_each_says_why(self) -> None:
        row = {"error_ids": [1, 2], "total": 2, "done": 2}
        broken: list[list[Any]] = [["x"], [None], [{"more": "x"}], [[]]]
        for refused in broken:
            with self.subTest(refused), self.assertRaises(UnreadableArchiveError):
                restore_module._ended({**row, "refused": refused}, of="error", table="t")
        fine = {**row, "refused": [{"error": 1, "message": "No."}, {"more": 1}]}
        self.assertEqual(restore_module._ended(fine, of="error", table="t"), {})


class CommandTests(RestoreCase):
    def test_the_commands(self) -> None:
        self.fill(walk=0)
        use_public()
        path = Path(self.media) / "acme.zip"
        call_command("export_company", schema="acme", to=path, stdout=io.StringIO())
        with self.assertRaises(CommandError) as refused:
            call_command("restore_company", str(path), name="Copy", stdout=io.StringIO())
        self.assertIn("--map", str(refused.exception))
        said = io.StringIO()
        call_command("restore_company", str(path), name="Copy", make_up_addresses=True, stdout=said)
        self.assertIn("switched off", said.getvalue())
        company = Company.objects.get(name="Copy")
        self.assertFalse(company.is_active)
        admins = Group.objects.get(name=SystemRole.ADMIN).user_set
        self.assertTrue(admins.filter(company=company).exists())

    def test_what_is_in_an_archive_for_people(self) -> None:
        self.fill(walk=5)
        archive = zipfile.ZipFile(self.export())
        names = archive.namelist()
        self.assertIn("README.txt", names)
        self.assertIn("definitions/party-v1.json", names)
        self.assertIn("definitions/party-v1.xlsx", names)
        self.assertTrue(any(name.startswith("tickets/") for name in names))
        everything = b"".join(archive.read(name) for name in names)
        self.assertNotIn(self.alice.password.encode(), everything)
        for name in LEFT_OUT:
            self.assertNotIn(f"data/{name}.jsonl", names)


def with_entries(archive: io.BytesIO, entries: dict[str, Any]) -> io.BytesIO:
    made, manifest = io.BytesIO(), entries.pop("manifest", {})
    source = zipfile.ZipFile(archive)
    with zipfile.ZipFile(made, "w") as target:
        document = json.loads(source.read(MANIFEST))
        for name in source.namelist():
            content = entries.get(name, source.read(name))
            if name != MANIFEST:
                target.writestr(name, content)
                document["entries"][name] = {
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
        target.writestr(MANIFEST, json.dumps({**document, **manifest}))
    return made


def rows_of(schema: str, table: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT to_jsonb(t)::text FROM "{schema}"."{table}" t ORDER BY id')
        return [json.loads(row[0]) for row in cursor.fetchall()]


def content_type(number: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app_label || '.' || model FROM public.django_content_type WHERE id = %s",
            [number],
        )
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def with_numbers(value: Any, people: dict[int, int]) -> Any:
    """Every number of a person in JSON: where an answer stands, and under the keys of events."""
    if isinstance(value, list):
        return [with_numbers(each, people) for each in value]
    if isinstance(value, dict):
        if {"id", "name"} <= set(value) <= {"id", "email", "name"}:
            return {**value, "id": people[value["id"]]}
        return {
            name: people[each]
            if name in PERSON_KEYS and each is not None
            else with_numbers(each, people)
            for name, each in value.items()
        }
    return value
