"""An erased person is named nowhere, and all that they did is still there."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, SimpleTestCase, tag
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from tenants.account.picture import save_picture
from tenants.audit.acting import acting_as, actor_of
from tenants.audit.models import AuditEvent
from tenants.audit.record import record, record_in_installation
from tenants.connection import PUBLIC, company_of
from tenants.errors import LastAdminError
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.mail.outbox import queue_mail
from tenants.models import LogInSession, SignUpInvitation, User
from tenants.names import LONGEST_NAME
from tenants.testing import PASSWORD, PERSONAS, CompanyTestCase
from tickets.company_data.tests.test_restore_company import RestoreCase
from tickets.erasing.erase_person import (
    ERASURE_ASKED,
    AlreadyErasedError,
    WrongAddressError,
    ask_for_erasure,
    erase_person,
)
from tickets.erasing.their_own import delete_mails
from tickets.health import history_findings
from tickets.health.versions import version_findings
from tickets.models import (
    BulkChange,
    FileUpload,
    Follower,
    Message,
    Notice,
    NoticePreferences,
    Rating,
    SavedView,
    Ticket,
    TicketError,
)
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.fields.answers.people import with_erased_answers
from workflows.fields.answers.validation import validator_for
from workflows.fields.registry import TYPES
from workflows.fields.shared.samples import sample_answer
from workflows.fields.specs.specs import parse_fields
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowEvent
from workflows.models.version_checksum import checksums
from workflows.people.deputies import name_deputy

SECONDS_EACH = 8


class InvitedFounderTests(CompanyTestCase):
    def test_how_the_founder_was_invited_goes_whatever_their_address_was(self) -> None:
        now = timezone.now()
        with company_of(PUBLIC):
            SignUpInvitation.objects.create(
                email="before@acme.example", secret="x", invited_by="root", sent_at=now,
                expires_at=now, used_at=now, company=self.acme,
            )  # fmt: skip
        founder = User.objects.filter(company=self.acme).earliest("pk")
        for person, is_left in ((self.walt, True), (founder, False)):
            delete_mails(person)
            with company_of(PUBLIC):
                self.assertEqual(SignUpInvitation.objects.exists(), is_left)


class EraseCase(RestoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.fill(walk=40)
        self.addCleanup(self.call_people_again)

    def call_people_again(self) -> None:
        """The test's people stay for others: who was erased is called as before."""
        for name in PERSONAS:
            person: User = getattr(self, name)
            User.objects.filter(pk=person.pk).update(email=person.email, erased_at=None)
            person.set_password(PASSWORD)
            User.objects.filter(pk=person.pk).update(password=person.password)

    def ask(self, person: User, tickets: Any = (), **more: Any) -> None:
        options = {"typed_email": person.email, "by": self.alice, "now": timezone.now(), **more}
        ask_for_erasure(person=User.objects.get(pk=person.pk), tickets=tickets, **options)

    def erase(self, person: User, tickets: Any = ()) -> None:
        chosen = list(tickets)
        self.ask(person, chosen)
        erase_person(person_id=person.pk, tickets=[each.pk for each in chosen])

    def assert_named_nowhere(self, *texts: str) -> None:
        found = {}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('acme', 'public')"
            )
            for schema, table in cursor.fetchall():
                for text in texts:
                    cursor.execute(
                        f'SELECT count(*) FROM "{schema}"."{table}" t WHERE t::text ILIKE %s',
                        [f"%{text}%"],
                    )
                    if count := cursor.fetchone()[0]:
                        found[f"{schema}.{table}"] = (text, count)
        self.assertEqual(found, {})

    def counts(self) -> tuple[int, ...]:
        return (
            Ticket.objects.count(),
            TaskInstance.objects.count(),
            FileUpload.objects.count(),
            AuditEvent.objects.filter(kind="company.full_in_a_test").count(),
        )


@tag("companies")
class ErasePersonTests(EraseCase):
    def test_a_worker_is_named_nowhere_any_more(self) -> None:
        self.ask_guests()
        with acting_as(actor_of(self.walt)):
            record(ERASURE_ASKED, note=f"Said by {self.walt} ({self.walt.email}).")
            record_in_installation(ERASURE_ASKED, about=self.walt)
        queue_mail(to=self.walt, kind="test", subject="To them", text="A text")
        queue_mail(to=self.uma, kind="test", subject=f"By {self.walt}", text=f"{self.walt.email}")
        with company_of(PUBLIC):
            queue_mail(to=self.walt, kind="test", subject="A password", text="A link")
        before, pk = self.counts(), self.walt.pk
        named = WorkflowEvent.objects.filter(data__to_id=pk).count()
        self.assertTrue(named)
        self.erase(self.walt)
        self.assert_named_nowhere("walt@acme.example", "Walt Wood")
        self.assertEqual(self.counts(), before)
        self.assertEqual(WorkflowEvent.objects.filter(data__to_id=pk).count(), named)
        self.assertEqual(
            set(WorkflowEvent.objects.filter(data__to_id=pk).values_list("data__to", flat=True)),
            {f"Erased person {pk}"},
        )
        self.assertFalse(Notice.objects.filter(recipient=pk).exists())
        self.assertFalse(NoticePreferences.objects.filter(person=pk).exists())
        self.assertEqual(history_findings(after=0)[0], [])
        person = User.objects.get(pk=pk)
        self.assertEqual(
            (str(person), person.email), (f"Erased person {pk}", f"erased-{pk}@invalid")
        )
        self.assertFalse(person.is_active or person.has_usable_password() or person.groups.exists())
        # A message that named them still does, as somebody who was erased.
        note = Message.objects.get(visibility="INTERNAL")
        self.assertEqual(note.mentions, [{"id": pk, "name": f"Erased person {pk}"}])
        self.assertEqual(note.text, f"Ask @Erased person {pk}.")

    def test_absence_deputy_and_picture_go(self) -> None:
        picture = BytesIO()
        Image.new("RGB", (300, 300), "red").save(picture, "PNG")
        save_picture(person=self.walt, file=SimpleUploadedFile("a.png", picture.getvalue()))
        name_deputy(user=self.wendy, deputy=self.walt)
        key = User.objects.get(pk=self.walt.pk).picture
        self.erase(self.walt)
        walt = User.objects.get(pk=self.walt.pk)
        found = (walt.away_from, walt.away_until, walt.deputy, walt.picture, walt.picture_bytes)
        self.assertEqual(found, (None, None, None, "", 0))
        self.assertIsNone(User.objects.get(pk=self.wendy.pk).deputy)
        self.assertFalse(default_storage.exists(key))
        self.assert_named_nowhere("walt@acme.example", "Walt Wood")

    def test_rules_and_test_cases_name_them_no_more(self) -> None:
        version = WorkflowDefinition.objects.filter(status="PUBLISHED").earliest("pk")
        task = version.tasks.earliest("pk")
        task.assign_to = {"who": "person", "email": "Walt@acme.example"}
        task.message = {
            "who": "person",
            "email": "walt@acme.example",
            "id": self.walt.pk,
            "subject": "Hi Walt Wood",
        }
        task.approvers = {
            "people": [{"id": self.walt.pk, "email": "walt@acme.example"}, "x@y.example"]
        }
        task.fields = [{"name": "who", "type": "person", "default": "Walt@acme.example"}]
        task.save()
        version.fields = [*version.fields, {"name": "lead", "type": "person"}]
        ticket_type = version.ticket_definitions.earliest("pk")
        ticket_type.public_for = "walt@acme.example"
        ticket_type.presets = {"lead": "walt@acme.example"}
        ticket_type.starts = [
            {
                "key": "max",
                "on_behalf_of": "walt@acme.example",
                "answers": {"lead": "walt@acme.example"},
            }
        ]
        ticket_type.save()
        version.test_cases = [{"name": "By Walt Wood", "answers": [{"by": "walt@acme.example"}]}]
        version.save()
        checksum = checksums([version.pk])[version.pk]
        WorkflowDefinition.objects.filter(pk=version.pk).update(checksum=checksum)
        self.erase(self.walt)
        self.assert_named_nowhere("walt@acme.example", "Walt Wood")
        task.refresh_from_db()
        rule = {"who": "person", "email": f"erased-{self.walt.pk}@invalid"}
        self.assertEqual(task.assign_to, rule)
        ticket_type.refresh_from_db()
        self.assertEqual(ticket_type.public_for, rule["email"])
        self.assertEqual(ticket_type.starts[0]["answers"], {"lead": rule["email"]})
        self.assertEqual(list(version_findings()), [])

    def test_views_and_changes_of_many_name_them_no_more(self) -> None:
        change = BulkChange.objects.create(
            verb="message",
            arguments={"text": "Ask Walt Wood.", "visibility": "INTERNAL"},
            total=1,
            reason="walt@acme.example is away",
            refused=[{"ticket": 1, "message": "Walt Wood may not do it."}],
            created_by=self.terry,
        )
        view = SavedView.objects.create(
            of="ALL_TICKETS",
            name="Of Walt Wood",
            query="q=from+walt%40acme.example&worker=3&x=Walt%20Wood",
            is_shared=True,
            owner=self.terry,
        )
        other = SavedView.objects.create(
            of="ALL_TICKETS", name="Late", query="q=a%20b", owner=self.terry
        )
        self.erase(self.walt)
        self.assert_named_nowhere("walt@acme.example", "Walt Wood", "walt\\%40", "Walt_Wood")
        name = f"Erased person {self.walt.pk}"
        for row in (change, view, other):
            row.refresh_from_db()
        self.assertEqual(change.arguments, {"text": f"Ask {name}.", "visibility": "INTERNAL"})
        self.assertEqual(change.reason, f"erased-{self.walt.pk}@invalid is away")
        self.assertEqual(view.name, f"Of {name}")
        self.assertEqual(
            dict(parse_qsl(view.query)),
            {"q": f"from erased-{self.walt.pk}@invalid", "worker": "3", "x": name},
        )
        self.assertEqual(other.query, "q=a%20b")

    def test_what_somebody_wrote_goes_with_the_ticket_that_was_chosen(self) -> None:
        message = Message.objects.get(written_by=self.uma)
        cancel_ticket(ticket=message.ticket, by=self.terry, reason="It is over.")
        Follower.objects.create(ticket=message.ticket, person=self.uma, since=timezone.now())
        self.erase(self.uma, [message.ticket])
        message.refresh_from_db()
        self.assertEqual((message.text, message.earlier, message.mentions), ("erased", [], []))
        names = set(message.files.values_list("filename", flat=True))
        self.assertEqual(names, {"erased"})
        self.assertFalse(Follower.objects.filter(person=self.uma).exists())

    def test_versions_of_theirs_by_others_go_with_it_and_names_of_files_are_blanked(self) -> None:
        message = Message.objects.get(written_by=self.uma)
        cancel_ticket(ticket=message.ticket, by=self.terry, reason="It is over.")
        version = message.files.get(version=2)
        self.assertEqual(version.uploaded_by, self.terry)
        stored = version.file
        own = FileUpload(ticket=message.ticket, uploaded_by=self.terry)
        own.filename = "Uma Urban." + "Uma Urban." * ((LONGEST_NAME - 10) // 10)
        own.save()
        self.erase(self.uma, [message.ticket])
        self.assert_named_nowhere("Uma Urban")
        version.refresh_from_db()
        self.assertEqual((version.filename, version.size), ("erased", 0))
        self.assertFalse(default_storage.exists(stored.name))
        own.refresh_from_db()
        self.assertTrue(own.filename.startswith(f"Erased person {self.uma.pk}."))

    def test_the_rating_and_the_reason_of_a_withdrawal_go_with_it(self) -> None:
        running = Ticket.objects.running().filter(created_by=self.uma, data__has_key="note")
        ticket = running.first()
        assert ticket is not None
        error = TicketError.objects.create(
            ticket=ticket, error_type="TASK_UPDATE", message="It failed."
        )
        withdraw_ticket(
            ticket=ticket, user=self.uma, reason="My secret illness", now=timezone.now()
        )
        other = TicketError.objects.create(
            ticket=ticket,
            error_type="TASK_UPDATE",
            message="It failed.",
            resolution_notes="Uma Urban was told.",
        )
        rating = Rating.objects.update_or_create(
            ticket=ticket,
            defaults={"score": "BAD", "comment": "Of no use to me", "rated_at": timezone.now()},
        )[0]
        self.erase(self.uma, [ticket])
        self.assert_named_nowhere("secret illness", "Of no use to me", "Uma Urban")
        rating.refresh_from_db()
        self.assertEqual(rating.comment, "erased")
        event = WorkflowEvent.objects.get(
            workflow_instance=ticket.workflow_instance, kind="WITHDRAWN"
        )
        self.assertEqual(event.data["reason"], "erased")
        error.refresh_from_db()
        name = f"Erased person {self.uma.pk}"
        self.assertEqual(error.resolution_notes, f"{name} withdrew the ticket: erased")
        other.refresh_from_db()
        self.assertEqual(other.resolution_notes, f"{name} was told.")
        self.assertEqual(history_findings(after=0)[0], [])

    def test_what_a_submitter_typed_goes_where_that_was_chosen(self) -> None:
        ended = list(Ticket.objects.ended().filter(created_by=self.uma))
        running = list(Ticket.objects.running().filter(created_by=self.uma))
        self.assertTrue(ended and running)
        files = list(FileUpload.objects.filter(ticket__in=ended).values_list("file", flat=True))
        self.assertTrue(files)
        before = self.counts()
        self.erase(self.uma, [*ended[1:], *running])
        self.assert_named_nowhere("uma@acme.example", "Uma Urban")
        self.assertEqual(self.counts(), before)
        for ticket in ended[1:]:
            ticket.refresh_from_db()
            self.assertEqual((ticket.title, ticket.data["note"]), ("erased", "erased"))
            self.assertEqual(ticket.data["paper"]["filename"], "erased")
            events = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance)
            self.assertEqual(events.filter(kind="ERASED").count(), 1)
            for event in events.filter(kind="CHANGED", data__what="ticket"):
                self.assertNotIn("corrected", str(event.data["new"]))
        for ticket in (ended[0], *running):
            self.assertNotEqual(ticket.data["note"], "erased")
        kept = set(
            FileUpload.objects.filter(ticket__in=[ended[0], *running]).values_list(
                "file", flat=True
            )
        )
        for key in files:
            self.assertEqual(default_storage.exists(key), key in kept, key)
        self.assertEqual(history_findings(after=0)[0], [])

    def test_a_job_that_runs_twice(self) -> None:
        chosen = list(Ticket.objects.ended().filter(created_by=self.uma))
        self.ask(self.uma, chosen)
        for _run in range(2):
            erase_person(person_id=self.uma.pk, tickets=[each.pk for each in chosen])
        self.assertEqual(WorkflowEvent.objects.filter(kind="ERASED").count(), len(chosen))
        self.assertEqual(AuditEvent.objects.filter(kind="people.erased").count(), 1)

    def test_sessions_end_at_once(self) -> None:
        browser = Client()
        browser.force_login(self.walt)
        self.ask(self.walt)
        self.assertFalse(LogInSession.objects.filter(user=self.walt).exists())
        self.assertEqual(browser.get("/app/").status_code, 302)

    def test_what_is_refused(self) -> None:
        with self.assertRaises(WrongAddressError):
            self.ask(self.walt, typed_email="other@acme.example")
        with self.assertRaises(LastAdminError):
            self.ask(self.alice)
        self.erase(self.walt)
        with self.assertRaises(AlreadyErasedError):
            self.ask(User.objects.get(pk=self.walt.pk))

    def test_the_page(self) -> None:
        address = reverse("admin:tenants_user_erase", args=[self.uma.pk])
        browser = Client()
        browser.force_login(self.alice)
        self.assertContains(browser.get(address), "What becomes of Uma Urban")
        session = browser.session
        session[CONFIRMED_AT] = 0
        session.save()
        sent = {"typed_email": "uma@acme.example", "all_tickets": "on"}
        self.assertContains(browser.post(address, sent), "password", status_code=403)
        session[CONFIRMED_AT] = int(timezone.now().timestamp())
        session.save()
        wrong = browser.post(address, {"typed_email": "x"})
        self.assertContains(wrong, "This is not the e-mail address")
        self.assertContains(browser.post(address, sent, follow=True), "switched off")
        self.assertFalse(User.objects.get(pk=self.uma.pk).is_active)
        browser.force_login(self.charlie)
        self.assertEqual(browser.get(address).status_code, 404)


class ErasedAnswersTests(SimpleTestCase):
    def test_an_erased_answer_is_a_right_one(self) -> None:
        for kind in TYPES.values():
            if kind.erased is None:
                continue
            with self.subTest(kind.key):
                spec: dict[str, Any] = {"name": "a", "label": "A", "type": kind.key}
                (question,) = parse_fields([spec])
                erased = with_erased_answers([spec], {"a": sample_answer(question)})
                self.assertEqual(erased, {"a": kind.erased})
                self.assertEqual(validator_for([spec]).validate(erased), [])
