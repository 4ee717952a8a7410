from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.audit.record import record
from tenants.testing import CompanyTestCase, tampering
from tickets.conversation.write_message import write_message
from tickets.keeping.keep_tickets import (
    RULE_CHANGED,
    delete_old_tickets,
    delete_tickets,
    forget_bulk_changes,
    forget_old_audit_events,
    keep_days_of,
    set_keep_days,
)
from tickets.models import (
    BulkChange,
    FileUpload,
    Follower,
    Message,
    Notice,
    Ticket,
    TicketError,
)
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from workflows.models import (
    Contact,
    TaskInstance,
    TicketDefinition,
    WorkflowEvent,
    WorkflowInstance,
)

# What points to a ticket, its instance, its tasks and its files: ticketflower_delete_tickets knows
# each of them; but for notices, which `delete_tickets` deletes.
POINTING = {
    "tickets_notice.ticket_id",
    "tickets_fileupload.first_id",
    "tickets_fileupload.message_id",
    "tickets_fileupload.ticket_id",
    "tickets_savedanswers.task_id",
    "tickets_savedanswers_files.fileupload_id",
    "tickets_savedanswers_files.savedanswers_id",
    "tickets_ticket.workflow_instance_id",
    "tickets_ticketerror.task_id",
    "tickets_ticketerror.ticket_id",
    "workflows_actionattempt.task_id",
    "workflows_taskinstance.workflow_instance_id",
    "workflows_workflowevent.task_instance_id",
    "workflows_workflowevent.workflow_instance_id",
    "workflows_workflowinstance.current_task_id",
}


# What `delete_tickets` deletes beside it, as nobody guards it.
DELETED_BESIDE = {
    "tickets_assistantoffer.task_id",
    "tickets_follower.ticket_id",
    "tickets_message.ticket_id",
    "tickets_searchentry.ticket_id",
    "tickets_rating.ticket_id",
    "tickets_startrequest.ticket_id",
    "workflows_contactlink.task_id",
    "tickets_ticketlink.other_id",
    "tickets_ticketlink.ticket_id",
    "workflows_path.block_task_id",
    "workflows_path.current_task_id",
    "workflows_path.workflow_instance_id",
    "workflows_taskinstance.path_id",
    "workflows_workflowinstance.started_by_id",
}


class KeepCase(SmallWorkflow, CompanyTestCase):
    def setUp(self) -> None:
        super().setUp()
        media = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, media, ignore_errors=True)
        settings = override_settings(MEDIA_ROOT=Path(media))
        settings.enable()
        self.addCleanup(settings.disable)
        self.make_workflow()
        self.old, self.young, self.running = (self.submit() for _number in range(3))
        for ticket, days in ((self.old, 40), (self.young, 20)):
            cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
            WorkflowInstance.objects.filter(ticket=ticket).update(
                completed_at=timezone.now() - timedelta(days=days)
            )
        TicketError.objects.create(ticket=self.old, error_type="TASK_UPDATE", message="x")
        upload = FileUpload(filename="a.txt", ticket=self.old, uploaded_by=self.uma)
        upload.file.save("a.txt", ContentFile(b"a"), save=False)
        upload.save()
        self.key = upload.file.name
        newer = FileUpload(filename="a.txt", ticket=self.old, uploaded_by=self.terry)
        newer.first, newer.version = upload, 2
        newer.file.save("a.txt", ContentFile(b"b"), save=False)
        newer.save()
        self.newer_key = newer.file.name
        for ticket in (self.old, self.young):
            message = write_message(
                ticket=ticket, user=self.uma, text="Hello", token=f"{ticket.pk}", now=timezone.now()
            ).message
            Follower.objects.create(ticket=ticket, person=self.terry, since=timezone.now())
            FileUpload.objects.filter(ticket=ticket).update(message=message)


class KeepTicketsTests(KeepCase):
    def test_what_ended_long_ago_goes_with_all_that_is_its(self) -> None:
        set_keep_days(definition=self.type, days=30)
        self.assertEqual(delete_old_tickets(now=timezone.now()), 1)
        self.assertEqual(set(Ticket.objects.all()), {self.young, self.running})
        self.assertEqual(WorkflowInstance.objects.count(), 2)
        for model in (TaskInstance, WorkflowEvent):
            instances = set(model.objects.values_list("workflow_instance", flat=True))
            self.assertEqual(len(instances), 2)
        self.assertFalse(TicketError.objects.exists() or FileUpload.objects.exists())
        self.assertFalse(default_storage.exists(self.key))
        self.assertFalse(default_storage.exists(self.newer_key))
        self.assertEqual(Message.objects.get().ticket, self.young)
        self.assertEqual(Follower.objects.get().ticket, self.young)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        event = AuditEvent.objects.get(kind="tickets.deleted")
        self.assertEqual((event.data["counts"]["tickets"], event.data["counts"]["files"]), (1, 2))
        self.assertEqual(delete_old_tickets(now=timezone.now()), 0)

    def test_without_a_rule_nothing_goes(self) -> None:
        self.assertEqual(delete_old_tickets(now=timezone.now()), 0)
        set_keep_days(definition=self.type, days=0)
        self.assertEqual(delete_old_tickets(now=timezone.now()), 0)

    def test_a_new_version_keeps_to_the_rule(self) -> None:
        set_keep_days(definition=self.type, days=30)
        newer = TicketDefinition.objects.create(
            key="thing", version=2, title="Thing", workflow=self.workflow
        )
        self.assertEqual(keep_days_of("thing"), 30)
        set_keep_days(definition=newer, days=10)
        self.assertEqual(delete_old_tickets(now=timezone.now()), 2)

    def test_people_outside_go_with_the_last_that_names_them(self) -> None:
        old, both, _nobodys = (
            Contact.objects.create(email=f"{name}@x.example") for name in ("old", "both", "nobodys")
        )
        tasks = TaskInstance.objects.all()
        tasks.filter(workflow_instance__ticket=self.old).update(contact=old)
        tasks.filter(workflow_instance__ticket=self.running).update(contact=both)
        Ticket.objects.filter(pk=self.old.pk).update(contact=both)
        now = timezone.now()
        for task in tasks.filter(contact__isnull=False):
            contact = both if task.contact == both else old
            task.links.create(contact=contact, digest="", created_at=now, expires_at=now)
        delete_tickets([self.old.pk])
        left = Contact.objects.order_by("pk").values_list("email", flat=True)
        self.assertEqual([*left], ["both@x.example", "nobodys@x.example"])
        set_keep_days(definition=self.type, days=10)
        delete_old_tickets(now=now)
        self.assertEqual([*left.all()], ["both@x.example"])
        connection.check_constraints()

    def test_what_has_not_ended_stays_whatever_is_asked(self) -> None:
        told = Notice.objects.filter(ticket=self.running).count()
        self.assertGreater(told, 0)
        delete_tickets([self.running.pk, self.old.pk])
        self.assertEqual(set(Ticket.objects.all()), {self.young, self.running})
        self.assertEqual(Notice.objects.filter(ticket=self.running).count(), told)
        self.assertFalse(Notice.objects.filter(ticket=self.old.pk).exists())

    def test_the_function_knows_what_points_to_a_ticket(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.relname || '.' || a.attname FROM pg_constraint k"
                " JOIN pg_class c ON c.oid = k.conrelid"
                " JOIN pg_class t ON t.oid = k.confrelid"
                " JOIN pg_namespace n ON n.oid = k.connamespace AND n.nspname = 'acme'"
                " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]"
                " WHERE k.contype = 'f' AND t.relname = ANY(%s)",
                [
                    [
                        "tickets_ticket",
                        "tickets_fileupload",
                        "tickets_message",
                        "tickets_savedanswers",
                        "workflows_path",
                        "workflows_taskinstance",
                        "workflows_workflowinstance",
                    ]
                ],
            )
            found = {row[0] for row in cursor.fetchall()}
        self.assertEqual(
            found, POINTING | DELETED_BESIDE, "Let ticketflower_delete_tickets delete it, too."
        )


class AppendOnlyTests(KeepCase):
    def test_the_database_refuses_to_change_the_history(self) -> None:
        for verb in (
            lambda: WorkflowEvent.objects.update(kind="X"),
            lambda: WorkflowEvent.objects.all().delete(),
        ):
            with self.assertRaisesMessage(DatabaseError, "only ever added"), transaction.atomic():
                verb()

    def test_the_audit_log_of_the_last_year_stays(self) -> None:
        record(RULE_CHANGED)
        record(RULE_CHANGED)
        first = AuditEvent.objects.order_by("pk")[0].pk
        with tampering():
            AuditEvent.objects.filter(pk=first).update(at=timezone.now() - timedelta(days=500))
        self.assertEqual(forget_old_audit_events(now=timezone.now()), 0)
        with override_settings(AUDIT_KEEP_DAYS=1):
            self.assertEqual(forget_old_audit_events(now=timezone.now()), 1)
        self.assertFalse(AuditEvent.objects.filter(pk=first).exists())
        self.assertTrue(AuditEvent.objects.filter(kind="company.audit_forgotten").exists())


class ForgetBulkChangesTests(KeepCase):
    def test_what_is_finished_goes_after_thirty_days(self) -> None:
        now = timezone.now()
        changes = [
            BulkChange.objects.create(
                verb="hold", ticket_ids=[1], total=1, done=done, created_by=self.terry
            )
            for done in (1, 0, 1)
        ]
        old = BulkChange.objects.filter(pk__in=[each.pk for each in changes[:2]])
        old.update(updated_at=now - timedelta(days=31))
        for went in (1, 0):
            self.assertEqual(forget_bulk_changes(now=now), went)
        left = set(BulkChange.objects.values_list("pk", flat=True))
        self.assertEqual(left, {changes[1].pk, changes[2].pk})


class KeepPageTests(KeepCase):
    def test_it_says_how_many_would_go_and_saves(self) -> None:
        address = reverse("admin:workflows_ticketdefinition_keep", args=[self.type.pk])
        self.log_in(self.carla)
        self.assertContains(self.client.get(address), "See how many would go")
        answer = self.client.post(address, {"days": "30", "preview": "1"})
        self.assertContains(answer, "1 ticket would go")
        self.assertEqual(keep_days_of("thing"), 0)
        answer = self.client.post(address, {"days": "30", "save": "1"}, follow=True)
        self.assertContains(answer, "30 days after")
        self.assertEqual(keep_days_of("thing"), 30)
        for wrong in ("-1", "x", "99999999999999"):
            self.assertEqual(self.client.post(address, {"days": wrong}).status_code, 200)
        self.log_in(self.uma)
        self.assertEqual(self.client.get(address).status_code, 403)
