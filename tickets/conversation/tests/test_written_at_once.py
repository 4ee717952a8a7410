"""A form that is sent several times at the same moment, and people who write at once."""

from __future__ import annotations

from django.utils import timezone

from tenants.models import User
from tickets.advancing.tests.test_concurrent_changes import Change, ConcurrentCase
from tickets.conversation.ask_requester import ask_requester
from tickets.conversation.write_message import write_message
from tickets.models import Message, Notice, Ticket
from tickets.repairing.tests.repair_case import broken_invariants
from tickets.submitting.submit_ticket import submit_ticket
from tickets.tests.screens import make_type
from workflows.models import TaskInstance


class WrittenAtOnceTests(ConcurrentCase):
    def setUp(self) -> None:
        super().setUp()
        submitted = submit_ticket(definition=make_type(), data={"what": "A desk"}, user=self.uma)
        self.ticket = Ticket.objects.get(pk=submitted.pk)
        instance = self.ticket.workflow_instance
        self.task = TaskInstance.objects.get(workflow_instance=instance)

    def writing(self, user: User, text: str, token: str) -> Change:
        def write() -> None:
            ticket = Ticket.objects.get(pk=self.ticket.pk)
            write_message(ticket=ticket, user=user, text=text, token=token, now=timezone.now())

        return write

    def test_the_same_form_makes_one_message_and_one_notice(self) -> None:
        raised = self.at_once(*(self.writing(self.uma, "Hello", "a") for _time in range(4)))
        self.assertEqual(raised, [None] * 4)
        self.assertEqual(Message.objects.count(), 1)
        recipients = Notice.objects.filter(kind="MESSAGE").values_list("recipient", flat=True)
        self.assertEqual(len(recipients), len(set(recipients)))

    def test_answers_while_a_question_is_asked(self) -> None:
        worker = self.task.assigned_to
        assert worker is not None

        def ask() -> None:
            ask_requester(task=self.task, user=worker, text="Which?", token="b", now=timezone.now())

        answers = [self.writing(self.uma, f"Red {number}", str(number)) for number in range(3)]
        self.assertEqual(self.at_once(ask, *answers), [None] * 4)
        self.assertEqual(Message.objects.count(), 4)
        self.assertEqual(broken_invariants(self.ticket), [])
