"""A customer answers by a message with a key, is reminded, or does not answer at all."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from tenants.mail.models import OutgoingMail
from tickets.arriving.set_way_in import Ways, make_way_in_secret, set_way_in
from tickets.arriving.tests.messages import SignedMessages
from tickets.arriving.type_address import WebAddress
from tickets.models import Ticket
from tickets.tests.processes.described_case import DescribedCase


class CustomerTests(SignedMessages, DescribedCase):
    name = "customer"

    def setUp(self) -> None:
        super().setUp()
        ways = Ways(address_on=True, person=self.uma)
        set_way_in(definition=self.definition, ways=ways, user=self.carla)
        self.secret = make_way_in_secret(
            definition=self.definition, user=self.carla, now=timezone.now()
        )
        self.url = reverse("way_in_answer", args=[WebAddress("acme", "asking").token])

    def ask(self) -> Ticket:
        return self.submit({"order_number": "4711", "email": "customer@example.com"})

    def answer(self, number: str, *, agreed: bool) -> int:
        with self.captureOnCommitCallbacks(execute=True):
            sent = self.send({"key": "4711", "answer": {"agreed": agreed}}, number=number)
        return int(sent.status_code)

    def test_the_definition_is_in_order(self) -> None:
        # As people describe it, whoever asks the customer types the number of the order.
        self.assert_in_order(warned="with the key of another ticket")

    def test_the_first_answer_counts(self) -> None:
        ticket = self.ask()
        self.assertEqual(self.answer("msg_1", agreed=True), 200)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "agreed"))
        self.assertEqual(self.answer("msg_2", agreed=False), 200)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "agreed"))
        self.assertFalse(OutgoingMail.objects.filter(to="customer@example.com").exists())
        self.assert_sound()

    def test_after_five_days_the_customer_is_reminded_and_may_still_answer(self) -> None:
        ticket = self.ask()
        self.wait_until(self.begins + timedelta(days=5))
        mail = OutgoingMail.objects.get(to="customer@example.com")
        self.assertEqual(mail.subject, "Order 4711: do you agree?")
        self.assertEqual(self.answer("msg_1", agreed=False), 200)
        self.assertEqual(self.ended(ticket), ("COMPLETED", "refused"))
        self.assert_sound()

    def test_without_an_answer_it_is_closed(self) -> None:
        ticket = self.ask()
        self.wait_until(self.begins + timedelta(days=10))
        self.assertEqual(self.ended(ticket), ("COMPLETED", "closed without an answer"))
        self.assertEqual(OutgoingMail.objects.filter(to="customer@example.com").count(), 1)
        self.assertEqual(self.answer("msg_1", agreed=True), 404)
        self.assert_sound()
