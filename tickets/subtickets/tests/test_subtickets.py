"""A step starts a ticket of another type, and its outcome says how the ticket goes on."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.db import connection
from django.test import override_settings
from django.urls import reverse

from tickets.advancing.tests.block_case import ROWS, block, form
from tickets.health import company_findings
from tickets.keeping.keep_tickets import delete_tickets
from tickets.linking.pages.subtickets_section import Subtickets
from tickets.models import Ticket, TicketError
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.subtickets.follow_subticket import follow_subticket
from tickets.subtickets.tests.subticket_case import AMOUNT, SubticketCase, is_outcome, starts
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TicketDefinition
from workflows.running.subtickets import SubticketManager

REASON = "It is not needed."


class SubticketTests(SubticketCase):
    def begin(self, *ways: tuple[Any, ...], amount: int = 7, **more: Any) -> Ticket:
        """A ticket whose step has started another one: the only one that is returned."""
        self.define(
            starts(self.inner.key, **more),
            form("good"),
            form("bad"),
            ways=[
                (None, "ask"),
                *(ways or [("ask", "good", {"condition": is_outcome("good")}), ("ask", "bad")]),
                ("good", None),
                ("bad", None),
            ],
            fields=AMOUNT,
        )
        self.submit({"amount": amount})
        self.work_off()
        (inner,) = self.started()
        return inner

    def test_the_outcome_says_how_the_ticket_goes_on(self) -> None:
        for result, label, outcome, following in (
            ("yes", "granted", "good", "good"),
            ("no", "refused", "bad", "bad"),
            ("?", "open", "neutral", "bad"),
        ):
            with self.subTest(result):
                kept = {"price": {"var": "subticket.tasks.offer.result"}}
                inner = self.begin(output_transform=kept)
                self.assertEqual(inner.data, {"amount": 7})
                self.assertEqual(inner.created_by, self.uma)
                self.assertEqual(inner.workflow, self.inner.workflow)
                self.assertEqual(self.status_of("ask"), "IN_PROGRESS")
                self.assert_sound()
                self.answer(inner, result)
                self.assertEqual(self.open_keys(), ["ask"])
                self.work_off()
                self.assertEqual(self.open_keys(), [following])
                self.assertEqual(
                    self.instance().data["ask"],
                    {
                        "ended": True,
                        "outcome": outcome,
                        "label": label,
                        "number": inner.pk,
                        "price": result,
                    },
                )
                self.assertEqual(self.started(), [inner])
                self.assert_sound()

    def test_whatever_runs_again_does_nothing_more(self) -> None:
        inner = self.begin()
        for _again in range(2):
            follow_subticket(ticket_id=self.ticket.pk, task_id=self.task("ask").pk)
        self.assertEqual(self.started(), [inner])
        self.answer(inner, "yes")
        for _again in range(2):
            with self.captureOnCommitCallbacks(execute=True):
                follow_subticket(ticket_id=self.ticket.pk, task_id=self.task("ask").pk)
        self.work_off()
        self.assertEqual(self.open_keys(), ["good"])
        kinds = [each for each in self.kinds() if each.startswith("SUBTICKET")]
        self.assertEqual(kinds, ["SUBTICKET_STARTED", "SUBTICKET_ENDED"])
        self.assert_sound()

    def test_cancelling_goes_down(self) -> None:
        for end in ("cancel", "withdraw"):
            with self.subTest(end):
                inner = self.begin()
                if end == "cancel":
                    cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
                else:
                    now = self.ticket.created_at
                    withdraw_ticket(ticket=self.ticket, user=self.uma, reason=REASON, now=now)
                self.work_off()
                inner.refresh_from_db()
                self.assertEqual(str(inner.status), "CANCELLED")
                above, self.ticket = self.ticket, inner
                (event,) = self.events("CANCELLED")
                self.assertIn(above.number, event.data["reason"])
                self.assertEqual(REASON in event.data["reason"], end == "cancel")
                self.ticket = above
                self.assert_sound()

    def test_one_that_is_cancelled_is_an_error_where_nothing_takes_it(self) -> None:
        inner = self.begin(("ask", "good"))
        cancel_ticket(ticket=inner, by=self.terry, reason=REASON)
        self.work_off()
        error = TicketError.objects.get(ticket=self.ticket)
        self.assertIn(inner.number, error.message)
        self.assertEqual(self.status_of("ask"), "ERROR")
        self.assert_sound()
        # Tried again it starts another one in its place.
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        self.work_off()
        (again,) = self.started()
        self.assertNotEqual(again, inner)
        self.answer(again, "yes")
        self.work_off()
        self.assertEqual(self.open_keys(), ["good"])
        self.assert_sound()

    def test_one_that_is_cancelled_after_that_is_an_error_again(self) -> None:
        """Whoever tries a step again while its ticket runs does not ask for another one."""
        self.define(
            starts(self.inner.key), form("good"), fields=AMOUNT,
            ways=[(None, "ask"), ("ask", "good"), ("good", None)],
        )  # fmt: skip
        self.submit({"amount": 7})
        broken = mock.patch.object(SubticketManager, "note_started", side_effect=RuntimeError)
        with broken, self.assertLogs("tickets.subtickets.follow_subticket", "ERROR"):
            self.work_off()
        (inner,) = self.started()
        error = TicketError.objects.get(ticket=self.ticket)
        with self.captureOnCommitCallbacks(execute=True):
            retry_step(error=error, by=self.terry, reason=REASON)
        cancel_ticket(ticket=inner, by=self.terry, reason=REASON)
        self.work_off()
        self.assertEqual(self.started(), [inner])
        (again,) = TicketError.objects.filter(ticket=self.ticket).unresolved()
        self.assertIn(inner.number, again.message)

    def test_ways_for_one_that_is_cancelled(self) -> None:
        read = ("ask", "bad", {"condition": is_outcome("cancelled")})
        for ways in (
            [("ask", "good", {"priority": 9}), read],
            [("ask", "good"), ("ask", "bad", {"on_failure": True})],
        ):
            with self.subTest(ways=ways):
                inner = self.begin(*ways)
                cancel_ticket(ticket=inner, by=self.terry, reason=REASON)
                self.work_off()
                self.assertEqual(self.open_keys(), ["bad"])
                self.assertEqual(TicketError.objects.count(), 0)
                self.assert_sound()

    def test_it_need_not_wait(self) -> None:
        inner = self.begin(("ask", "good"), wait_for_end=False)
        self.assertEqual(self.open_keys(), ["good"])
        self.assertEqual(self.instance().data["ask"]["number"], inner.pk)
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.work_off()
        inner.refresh_from_db()
        self.assertEqual(str(inner.status), "IN_PROGRESS")
        self.assert_sound()

    def test_held_it_starts_none_and_takes_the_outcome(self) -> None:
        self.define(
            starts(self.inner.key), form("good"), fields=AMOUNT,
            ways=[(None, "ask"), ("ask", "good"), ("good", None)],
        )  # fmt: skip
        self.submit({"amount": 7})
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.work_off()
        self.assertEqual(self.started(), [])
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.work_off()
        (inner,) = self.started()
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.answer(inner, "yes")
        self.work_off()
        self.assertEqual(self.status_of("ask"), "COMPLETED")
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(self.open_keys(), ["good"])
        self.assert_sound()

    def test_finished_by_hand_it_waits_no_more(self) -> None:
        inner = self.begin()
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task("ask"), output={"outcome": "bad"}, by=self.terry, reason=REASON
            )
        self.work_off()
        self.assertEqual(self.open_keys(), ["bad"])
        inner.refresh_from_db()
        self.assertEqual(str(inner.status), "CANCELLED")
        self.assert_sound()

    def test_what_cannot_be_started_is_an_error_and_is_tried_again(self) -> None:
        cases: tuple[tuple[str, JsonObject, str], ...] = (
            ("nothing", {"amount": 7}, "nothing"),
            (self.inner.key, {}, "Amount"),
        )
        for type_key, data, words in cases:
            with self.subTest(type_key):
                self.define(
                    starts(type_key, input_transform={"amount": {"var": ["ticket.amount", None]}}),
                    ways=[(None, "ask"), ("ask", None)],
                    fields=[{**AMOUNT[0], "required": False}],
                )
                self.submit(data)
                self.work_off()
                self.assertEqual(self.started(), [])
                error = TicketError.objects.get(ticket=self.ticket)
                self.assertIn(words, error.message)
                self.assert_sound()

    @override_settings(SUBTICKETS_DEEPEST=2)
    def test_one_that_starts_itself_stops(self) -> None:
        self.define(starts("thing-itself"), ways=[(None, "ask"), ("ask", None)], fields=AMOUNT)
        TicketDefinition.objects.filter(pk=self.definition.pk).update(key="thing-itself")
        self.submit({"amount": 7})
        self.work_off()
        self.assertEqual(Ticket.objects.count(), 3)
        error = TicketError.objects.get()
        self.assertIn("2", error.message)
        self.assert_sound()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.work_off()
        self.assertEqual({str(each.status) for each in Ticket.objects.all()}, {"CANCELLED"})
        self.assert_sound()

    def test_one_for_each_entry_of_a_list(self) -> None:
        given = {"amount": {"var": "item_number"}}
        self.define(
            block("all", starts={"each": "ask"}, for_each={"var": "ticket.lines"}),
            starts(self.inner.key, branch="all.each", input_transform=given),
            form("good"),
            ways=[(None, "all"), ("ask", None), ("all", "good"), ("good", None)],
            fields=ROWS,
        )
        self.submit({"lines": [{"article": "Desk"}, {"article": "Lamp"}]})
        self.work_off()
        first, second = self.started()
        self.assertEqual([first.data, second.data], [{"amount": 1}, {"amount": 2}])
        self.answer(second, "no")
        self.answer(first, "yes")
        self.work_off()
        self.assertEqual(self.open_keys(), ["good"])
        outcomes = [each["ask"]["outcome"] for each in self.instance().data["all"]["items"]]
        self.assertEqual(outcomes, ["good", "bad"])
        self.assert_sound()

    def test_a_block_that_is_over_cancels_it(self) -> None:
        self.define(
            block("any", starts={"one": "ask", "two": "other"}, ends_when="any"),
            starts(self.inner.key, branch="any.one"),
            form("other", branch="any.two"),
            form("good"),
            ways=[(None, "any"), ("ask", None), ("other", None), ("any", "good"), ("good", None)],
            fields=AMOUNT,
        )
        self.submit({"amount": 7})
        self.work_off()
        (inner,) = self.started()
        self.complete("other")
        self.work_off()
        inner.refresh_from_db()
        self.assertEqual(str(inner.status), "CANCELLED")
        self.assert_sound()

    def test_the_doctor_finds_what_nothing_looks_after(self) -> None:
        inner = self.begin()
        self.answer(inner, "yes")
        self.jobs()._raw_delete("default")
        (found,) = company_findings()
        self.assertIn("has ended", found.message)
        assert found.mend is not None
        found.mend()
        self.work_off()
        self.assertEqual(self.open_keys(), ["good"])
        other = self.begin()
        with self.captureOnCommitCallbacks(execute=True):
            cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.jobs()._raw_delete("default")
        (found,) = company_findings()
        assert found.mend is not None
        found.mend()
        self.work_off()
        other.refresh_from_db()
        self.assertEqual(str(other.status), "CANCELLED")
        self.assert_sound()

    def test_only_who_may_see_the_other_is_shown_it(self) -> None:
        inner = self.begin()
        worker = TaskInstance.objects.get(workflow_instance__ticket=inner).assigned_to
        assert worker is not None
        for ticket, person, expected in (
            (self.ticket, self.uma, [inner]),
            (inner, self.uma, [self.ticket]),
            (self.ticket, self.terry, [inner]),
            (self.ticket, self.carla, []),
            (inner, worker, []),
        ):
            with self.subTest(ticket=ticket, person=person):
                known = Ticket.objects.select_related("workflow_instance").get(pk=ticket.pk)
                shown = Subtickets(known, person).shown
                self.assertEqual([each.other for each in shown], expected)
        self.client.force_login(self.uma)
        for ticket, other in ((self.ticket, inner), (inner, self.ticket)):
            page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
            self.assertContains(page, reverse("admin:tickets_myticket_change", args=(other.pk,)))

    def test_two_types_use_the_same_one(self) -> None:
        first = self.begin()
        above, other = self.ticket, self.begin(("ask", "bad", {"condition": is_outcome("bad")}))
        self.assertEqual(first.definition, other.definition)
        self.answer(first, "yes")
        self.answer(other, "no")
        self.work_off()
        self.assertEqual(self.open_keys(), ["bad"])
        self.ticket = above
        self.assertEqual(self.open_keys(), ["good"])
        self.assert_sound()

    def test_what_a_deleted_ticket_has_started_stays(self) -> None:
        inner = self.begin()
        self.answer(inner, "yes")
        self.work_off()
        self.complete("good")
        delete_tickets([self.ticket.pk])
        connection.check_constraints()
        inner.refresh_from_db()
        assert inner.workflow_instance is not None
        self.assertIsNone(inner.workflow_instance.started_by_id)
        self.assert_sound()

    def test_a_task_starts_one_at_most(self) -> None:
        inner = self.begin()
        task = TaskInstance.objects.get(pk=self.task("ask").pk)
        self.assertEqual(task.subtickets.get(), inner.workflow_instance)
