"""The screen of people outside: who sees it, what it says, and that one can be erased."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import AuditEvent
from tenants.connection import current_schema
from tenants.logging_in.sessions import CONFIRMED_AT
from tenants.mail.models import OutgoingMail
from tickets.erasing.erase_contact import (
    ContactAskedError,
    WrongContactAddressError,
    ask_for_contact_erasure,
    erase_contact,
)
from tickets.health import company_findings, history_findings
from tickets.models import SearchEntry, Ticket, Webhook
from tickets.outside.tests.test_outside import ADDRESS, DAY, OutsideCase
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.tests.repair_case import REASON
from tickets.undelivered.tests.test_undelivered import give_up
from workflows.models import Contact, ContactLink, WorkflowEvent

OTHER = "olga@elsewhere.example"
SAID = '{"answers": {"floor": "The third one"}}'


class ContactsCase(OutsideCase):
    def setUp(self) -> None:
        super().setUp()
        self.list = reverse("admin:workflows_contact_changelist")

    def answered(self, address: str = ADDRESS) -> Ticket:
        ticket = self.ask(address)
        self.client.logout()
        self.client.post(self.address(), {**DAY, "answers-stairs": "true", "answers-floor": "3"})
        return ticket

    def contact(self, address: str = ADDRESS) -> Contact:
        return Contact.objects.get(email=address)

    def page(self, contact: Contact) -> str:
        return reverse("admin:workflows_contact_change", args=[contact.pk])

    def erase_page(self, contact: Contact) -> str:
        return reverse("admin:workflows_contact_erase", args=[contact.pk])

    def confirm(self, at: int) -> None:
        """When the password was asked the last time."""
        session = self.client.session
        session[CONFIRMED_AT] = at
        session.save()


class ScreenTests(ContactsCase):
    def test_a_ticket_admin_finds_what_was_sent_and_answered(self) -> None:
        ticket = self.answered()
        waiting = self.ask(OTHER)
        self.log_in(self.terry)
        shown = self.client.get(self.list)
        self.assertContains(shown, ADDRESS)
        self.assertContains(shown, OTHER)
        found = self.client.get(self.list, {"q": "cora@"})
        self.assertContains(found, ADDRESS)
        self.assertNotContains(found, OTHER)
        own = self.client.get(self.page(self.contact()))
        for text in ("Say when we may come", "Answered", "Which floor?", "30 Mar 2026",
                     reverse("admin:tickets_ticket_change", args=[ticket.pk])):  # fmt: skip
            self.assertContains(own, text)
        self.assertNotContains(own, self.erase_page(self.contact()))  # is not for them
        other = self.client.get(self.page(self.contact(OTHER)))
        self.assertContains(other, "Waits for an answer")
        cancel_ticket(ticket=waiting, by=self.terry, reason=REASON)
        other = self.client.get(self.page(self.contact(OTHER)))
        self.assertContains(other, "Not needed any more")

    def test_who_sees_it(self) -> None:
        ticket = self.answered()
        contact = self.contact()
        self.log_in(self.alice)  # looks after people's data, and sees no tickets
        self.assertContains(self.client.get(self.list), ADDRESS)
        own = self.client.get(self.page(contact))
        self.assertContains(own, "1 form was sent to this address.")
        self.assertContains(own, self.erase_page(contact))
        self.assertNotContains(own, "Which floor?")
        self.assertNotContains(own, str(ticket))
        for person in (self.wendy, self.uma, self.carla):
            self.log_in(person)
            for address in (self.list, self.page(contact), self.erase_page(contact)):
                self.assertEqual(self.client.get(address).status_code, 403, (person, address))
        self.log_in(self.terry)
        self.assertEqual(self.client.get(self.erase_page(contact)).status_code, 403)

    def test_charlie_sees_none_of_them(self) -> None:
        self.answered()
        contact = self.contact()
        self.log_in(self.charlie)
        self.assertNotContains(self.client.get(self.list), ADDRESS)
        for address in (self.page(contact), self.erase_page(contact)):
            self.assertEqual(self.client.get(address).status_code, 404)

    def test_a_list_of_many_costs_no_more(self) -> None:
        self.log_in(self.terry)
        self.ask()
        few = self.queries()
        Contact.objects.bulk_create(Contact(email=f"c{n}@many.example") for n in range(120))
        self.assertEqual(self.queries(), few)

    def queries(self) -> int:
        self.client.get(self.list)  # what is counted once in a while is counted
        with CaptureQueriesContext(connection) as found:
            self.client.get(self.list)
        return len(found)


class ErasingTests(ContactsCase):
    def erase(self, contact: Contact, *, with_answers: bool = True) -> None:
        ask_for_contact_erasure(
            contact=contact, typed_email=contact.email, with_answers=with_answers
        )
        erase_contact(contact_id=contact.pk, with_answers=with_answers)
        erase_contact(contact_id=contact.pk, with_answers=with_answers)  # it came twice

    def ended(self) -> Ticket:
        """A ticket in which they answered, that has ended, and whose mails are all about."""
        ticket = self.answered()
        cancel_ticket(ticket=ticket, by=self.terry, reason=f"{ADDRESS} has moved.")
        return Ticket.objects.get(pk=ticket.pk)

    def everywhere(self) -> list[str]:
        """The columns of the company in which the address stands."""
        found = []
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND data_type IN ('text', 'character varying', 'jsonb')",
                [current_schema()],
            )
            for table, column in cursor.fetchall():
                cursor.execute(
                    f'SELECT 1 FROM "{current_schema()}"."{table}"'
                    f' WHERE "{column}"::text ILIKE %s LIMIT 1',
                    [f"%{ADDRESS}%"],
                )
                if cursor.fetchone():
                    found.append(f"{table}.{column}")
        return found

    def test_they_are_named_nowhere(self) -> None:
        ticket = self.ended()
        lost = self.ask()
        give_up(self.mails()[-1])
        cancel_ticket(ticket=lost, by=self.terry, reason=REASON)
        self.assertIn("tickets_ticket.data", self.everywhere())
        self.assertIn("tickets_ticketerror.message", self.everywhere())
        contact = self.contact()
        self.erase(contact)
        self.assertEqual(self.everywhere(), [])
        contact.refresh_from_db()
        self.assertEqual(contact.email, f"erased-contact-{contact.pk}@invalid")
        self.assertFalse(ContactLink.objects.filter(contact=contact).exists())
        self.assertFalse(OutgoingMail.objects.filter(to=ADDRESS).exists())
        self.assertFalse(SearchEntry.objects.filter(plain__contains=ADDRESS).exists())
        kinds = list(
            AuditEvent.objects.filter(kind__startswith="people.contact").values_list(
                "kind", flat=True
            )
        )
        self.assertEqual(set(kinds), {"people.contact_erasure_asked", "people.contact_erased"})
        # What happened stays, and the history vouches for it anew.
        task = ticket.workflow_instance.tasks.get(definition__key="back")  # type: ignore[union-attr]
        self.assertEqual(task.status, "COMPLETED")
        self.assertTrue(WorkflowEvent.objects.filter(kind="ERASED").exists())
        self.assertEqual(history_findings(after=0)[0], [])
        self.assertEqual(list(company_findings()), [])
        self.assert_sound(ticket)

    def test_no_log_of_what_was_sent_keeps_their_answers(self) -> None:
        ticket = self.ended()
        other = self.ask(OTHER)
        webhook = Webhook.objects.create(
            title="Hook", url="https://a.example", created_by=self.alice, created_at=timezone.now()
        )
        task = ticket.workflow_instance.tasks.get(definition__key="back")  # type: ignore[union-attr]
        task.action_attempts.create(number=1, sent=SAID, started_at=timezone.now())
        for number in (ticket.pk, other.pk):
            webhook.deliveries.create(
                event="task.completed", ticket_number=number, happened_at=timezone.now(),
                state="DELIVERED", body=SAID, answer=SAID,
            )  # fmt: skip
        self.erase(self.contact())
        found = webhook.deliveries.order_by("pk").values_list("ticket_number", "body", "answer")
        self.assertEqual(list(found), [(ticket.pk, "", ""), (other.pk, SAID, SAID)])
        self.assertEqual(task.action_attempts.get().sent, "")

    def test_what_they_answered_may_stay(self) -> None:
        ticket = self.ended()
        self.erase(self.contact(), with_answers=False)
        self.assertEqual(self.everywhere(), [])
        task = ticket.workflow_instance.tasks.get(definition__key="back")  # type: ignore[union-attr]
        self.assertEqual((task.output_data or {})["day"], "2026-03-30")
        self.assertFalse(WorkflowEvent.objects.filter(kind="ERASED").exists())
        self.assertEqual(history_findings(after=0)[0], [])

    def test_not_while_a_form_waits_for_them(self) -> None:
        ticket = self.ask()
        contact = self.contact()
        with self.assertRaises(ContactAskedError):
            ask_for_contact_erasure(contact=contact, typed_email=ADDRESS, with_answers=True)
        erase_contact(contact_id=contact.pk, with_answers=True)  # it was sent after it was asked
        contact.refresh_from_db()
        self.assertEqual(contact.email, ADDRESS)
        cancel_ticket(ticket=ticket, by=self.terry, reason=REASON)
        with self.assertRaises(WrongContactAddressError):
            ask_for_contact_erasure(contact=contact, typed_email=OTHER, with_answers=True)

    def test_the_page(self) -> None:
        self.ended()
        contact = self.contact()
        self.log_in(self.alice)
        page = self.erase_page(contact)
        self.confirm(0)
        asked = self.client.post(page, {"typed_email": ADDRESS})
        self.assertContains(asked, "password", status_code=403)
        self.confirm(int(timezone.now().timestamp()))
        self.assertContains(self.client.get(page), ADDRESS)
        wrong = self.client.post(page, {"typed_email": OTHER})
        self.assertContains(wrong, "Type it as it stands above.")
        done: Any = self.client.post(page, {"typed_email": ADDRESS, "with_answers": "on"})
        self.assertRedirects(done, self.list)
        self.assertFalse(ContactLink.objects.filter(contact=contact).exists())
        erase_contact(contact_id=contact.pk, with_answers=True)
        self.assertContains(self.client.get(page), "They were erased already.")
        self.assertNotContains(self.client.get(self.page(contact)), page)

    def test_a_new_form_makes_them_anew(self) -> None:
        self.ended()
        self.erase(self.contact())
        self.ask()
        self.assertEqual(self.contact().email, ADDRESS)
        self.assertEqual(Contact.objects.count(), 2)
