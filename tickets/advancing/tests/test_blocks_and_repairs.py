"""What goes wrong in a branch, or is done to a ticket from outside, while a block runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.testing import tampering
from tickets.advancing.tests.block_case import BlockCase, block, call, form
from tickets.advancing.timers import fire_timer
from tickets.calling.tests.action_case import ActionCase, Clock, replies
from tickets.files.access import FileAccess
from tickets.health.histories import history_findings
from tickets.job_names import FIRE_TIMER
from tickets.models import SearchEntry, Ticket, TicketError
from tickets.moving.move_tickets import move_tickets, preview_move
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.retry_step import retry_step
from tickets.seeing import visible_answers
from tickets.withdrawing.withdraw_ticket import withdraw_ticket
from workflows.models import Path, TaskDefinition, TaskInstance, WorkflowDefinition

REASON = "It was down."


class RepairCase(ActionCase, BlockCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()

    def task(self, key: str = "") -> TaskInstance:
        return BlockCase.task(self, key)

    def two(self, *ways: Any, ends_when: str = "all", **more: Any) -> None:
        """A form and a call side by side, then a form."""
        self.define(
            block("both", starts={"a": "write", "b": "book"}, ends_when=ends_when, **more),
            form("write", "both.a"),
            call("book", "both.b"),
            form("other", "both.b"),
            form("last"),
            ways=[
                (None, "both"),
                ("write", None),
                ("book", None, {"priority": 9}),
                ("other", None),
                ("both", "last"),
                ("last", None, {"label": "done"}),
                *ways,
            ],
        )
        self.submit()

    def run_call(self, status: int, body: object) -> None:
        (job,) = self.calls()
        with replies((status, body)) as system:
            self.run_again(job, system)


class FailingBranchTests(RepairCase):
    def test_a_failed_call_leaves_the_others_running(self) -> None:
        self.two()
        self.run_call(400, {})
        error = TicketError.objects.get()
        self.assertEqual(error.task, self.task("book"))
        self.assertEqual(self.status_of("both"), "IN_PROGRESS")
        self.complete("write")
        self.assertEqual(self.open_keys(), [])
        self.assertEqual(self.paths(), [("a", 1, "ENDED"), ("b", 2, "RUNNING")])
        ProcrastinateJob.objects.none()
        self.assert_sound()
        retry_step(error=error, by=self.terry, reason=REASON)
        self.run_last_call(200, {"id": 7})
        self.assertEqual(self.open_keys(), ["last"])
        self.assertEqual(self.instance().data["book"], {"id": 7})
        self.assert_sound()

    def run_last_call(self, status: int, body: object) -> None:
        job = self.calls()[-1]
        with replies((status, body)) as system:
            self.run_again(job, system)

    def test_a_failure_goes_the_way_that_its_branch_has_for_it(self) -> None:
        self.two(("book", "other", {"on_failure": True}))
        self.run_call(402, {})
        self.assertFalse(TicketError.objects.exists())
        self.assertEqual(self.open_keys(), ["write", "other"])
        self.assertEqual(self.status_of("book"), "CANCELLED")
        self.assert_sound()

    def test_it_can_be_finished_by_hand(self) -> None:
        self.two()
        self.run_call(400, {})
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=self.task("book"), output={"id": 1}, by=self.terry, reason=REASON
            )
        self.assertFalse(TicketError.objects.unresolved().exists())
        self.complete("write")
        self.assertEqual(self.instance().data["book"], {"id": 1})
        self.assertEqual(self.open_keys(), ["last"])
        self.assert_sound()

    def test_an_error_goes_with_its_branch(self) -> None:
        self.two(ends_when="any")
        self.run_call(400, {})
        self.complete("write")
        error = TicketError.objects.get()
        self.assertTrue(error.is_resolved)
        self.assertIn("not waited for any more", error.resolution_notes)
        self.assertEqual(self.open_keys(), ["last"])
        self.assert_sound()

    def test_calls_of_what_is_not_waited_for_are_not_made(self) -> None:
        self.two(ends_when="any")
        self.complete("write")
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.status_of("book"), "CANCELLED")
        self.assert_sound()

    def test_the_whole_block_can_be_finished_by_hand(self) -> None:
        self.two()
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(task=self.task("both"), output={}, by=self.terry, reason=REASON)
        self.assertEqual(self.open_keys(), ["last"])
        reasons = {each.data["reason"] for each in self.events("BRANCH_CANCELLED")}
        self.assertEqual(reasons, {"by hand"})
        self.assert_sound()

    def test_what_a_branch_has_said_can_be_corrected_before_and_after_its_block_ends(self) -> None:
        self.two()
        self.complete("write", {"note": "a"})
        write = self.task("write")
        correct_task_output(task=write, output={"note": "b"}, by=self.terry, reason=REASON)
        self.assertEqual(Path.objects.get(branch="a").data, {"write": {"note": "b"}})
        self.assert_sound()
        self.run_call(200, {"id": 7})
        self.assertEqual(self.instance().data["write"], {"note": "b"})
        correct_task_output(task=write, output={"note": "c"}, by=self.terry, reason=REASON)
        self.assertEqual(self.instance().data["write"], {"note": "c"})
        self.assert_sound()


class OutsideTests(RepairCase):
    def test_on_hold_no_branch_moves(self) -> None:
        self.two()
        hold_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(self.calls(), [])
        self.assert_sound()
        with self.captureOnCommitCallbacks(execute=True):
            resume_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual(len(self.calls()), 1)
        self.complete("write")
        self.run_call(200, {"id": 7})
        self.assertEqual(self.open_keys(), ["last"])
        self.assert_sound()

    def test_cancelling_ends_all_branches(self) -> None:
        self.two()
        cancel_ticket(ticket=self.ticket, by=self.terry, reason=REASON)
        self.assertEqual({each.status for each in self.tasks()}, {"CANCELLED"})
        self.assertEqual({each[2] for each in self.paths()}, {"CANCELLED"})
        self.assertEqual(self.calls(), [])
        self.assert_sound()

    def test_withdrawing_does_too(self) -> None:
        self.two()
        withdraw_ticket(ticket=self.ticket, user=self.uma, reason=REASON, now=timezone.now())
        self.assertEqual({each[2] for each in self.paths()}, {"CANCELLED"})
        self.assert_sound()

    def fire(self, after: str) -> None:
        found = ProcrastinateJob.objects.filter(task_name=FIRE_TIMER, args__after=after)
        arguments = {name: value for name, value in found.get().args.items() if name != "schema"}
        now = datetime.fromisoformat(arguments["due"]) + timedelta(seconds=1)
        with self.captureOnCommitCallbacks(execute=True):
            fire_timer(now=now, **arguments)

    def test_a_block_that_is_not_finished_in_time_is_left_with_all_its_branches(self) -> None:
        self.two(("both", None, {"after": "P2D", "label": "too late"}))
        self.complete("write")
        self.fire("P2D")
        self.assertEqual(self.instance().end_label, "too late")
        self.assertIn("write", self.instance().data)  # what was done counts
        self.assertNotIn("both", self.instance().data)
        self.assertEqual(self.paths(), [("a", 1, "ENDED"), ("b", 2, "CANCELLED")])
        self.assertEqual(self.events("BRANCH_CANCELLED")[0].data["reason"], "time")
        self.assertEqual(self.calls(), [])
        self.assertEqual(history_findings(after=0)[0], [])

    def test_a_time_of_a_block_that_cannot_be_decided_leaves_its_branches_running(self) -> None:
        broken = {"condition": {"==": [{"var": "tasks.nothing.x"}, 1]}}
        self.two(("both", None, {"after": "P2D", **broken}))
        self.fire("P2D")
        (error,) = TicketError.objects.unresolved()
        self.assertEqual(self.status_of("both"), "ERROR")
        self.assertEqual(self.paths(), [("a", 1, "RUNNING"), ("b", 2, "RUNNING")])
        self.complete("write")
        retry_step(error=error, by=self.terry, reason=REASON)
        self.assertEqual(self.status_of("both"), "IN_PROGRESS")
        self.run_call(200, {"id": 7})
        self.assertEqual(self.open_keys(), ["last"])
        self.assert_sound()

    def test_a_time_in_a_branch_is_not_changed_by_what_happens_in_others(self) -> None:
        self.two(("write", None, {"after": "P1D", "label": "late"}))
        self.run_call(200, {"id": 7})
        self.fire("P1D")
        self.assertEqual(self.status_of("write"), "CANCELLED")
        self.assertEqual(self.open_keys(), ["last"])
        self.assertEqual(
            self.instance().data["both"]["branches"]["a"],
            {"ended": True, "label": "late", "outcome": "good"},
        )

    def test_two_that_are_done_before_anybody_moves_on_both_go_on(self) -> None:
        """As where the process died right after each commit."""
        self.define(
            block("both", starts={"a": "one", "b": "two"}),
            form("one", "both.a"),
            form("one_more", "both.a"),
            form("two", "both.b"),
            form("two_more", "both.b"),
            ways=[
                (None, "both"),
                ("one", "one_more"),
                ("one_more", None),
                ("two", "two_more"),
                ("two_more", None),
                ("both", None),
            ],
        )
        self.submit()
        for key in ("one", "two"):
            with self.captureOnCommitCallbacks(execute=key == "two"):
                finish_task_by_hand(task=self.task(key), output={}, by=self.terry, reason=REASON)
        self.assertEqual(self.open_keys(), ["one_more", "two_more"])
        ProcrastinateJob.objects.none()

    def test_a_path_that_was_tampered_with_is_found(self) -> None:
        self.two()
        self.complete("write", {"note": "a"})
        self.assert_sound()
        with tampering():
            Path.objects.filter(branch="a").update(data={"write": {"note": "b"}})
        (found, sealed) = history_findings(after=0)[0]
        self.assertIn("does not lead to what is stored", found.message)
        self.assertIn("path:", sealed.message)


class MovingTests(RepairCase):
    def next_version(self, **changed: Any) -> WorkflowDefinition:
        old = WorkflowDefinition.objects.get(pk=self.ticket.workflow_id)
        old.retire()
        old.save()
        new = WorkflowDefinition.objects.create(
            key=old.key, version=2, title=old.title, fields=old.fields
        )
        tasks: dict[int | None, TaskDefinition | None] = {None: None}
        for task in old.tasks.all():
            pk, task.pk, task.workflow = task.pk, None, new
            for name, value in (changed if task.key == "write" else {}).items():
                setattr(task, name, value)
            task.save(force_insert=True)
            tasks[pk] = task
        for way in old.transitions.all():
            new.transitions.create(
                from_task=tasks[way.from_task_id],
                to_task=tasks[way.to_task_id],
                priority=way.priority,
                label=way.label,
            )
        new.publish(by=self.carla)
        new.save()
        return new

    def move(self, to: WorkflowDefinition) -> str:
        rows = Ticket.objects.filter(pk=self.ticket.pk).with_data_for_moving()
        (preview,) = preview_move(tickets=rows, to=to)
        (moved,) = move_tickets(tickets=[self.ticket], to=to, by=self.terry, reason=REASON)
        self.assertEqual(preview.refusal, moved.refusal)
        return moved.refusal

    def test_running_branches_go_on_in_another_version(self) -> None:
        self.two()
        self.run_call(200, {"id": 7})
        self.assertEqual(self.move(self.next_version(title="Write it")), "")
        self.assertEqual(self.task("write").definition.title, "Write it")
        self.assert_sound()
        self.complete("write")
        self.assertEqual(self.open_keys(), ["last"])
        self.assert_sound()

    def test_a_task_that_stands_elsewhere_there_is_refused(self) -> None:
        self.two()
        self.run_call(200, {"id": 7})
        self.assertIn("another branch", self.move(self.next_version(branch="both.b")))


class HidingTests(RepairCase):
    def test_others_do_not_see_what_was_answered_until_the_block_has_ended(self) -> None:
        self.define(
            block("offers", starts={"a": "one", "b": "two"}, hide_answers=True),
            form("one", "offers.a"),
            form("two", "offers.b"),
            form("choose"),
            ways=[
                (None, "offers"),
                ("one", None),
                ("two", None),
                ("offers", "choose"),
                ("choose", None),
            ],
        )
        self.submit()
        first, second = self.task("one"), self.task("two")
        self.assertNotEqual(first.assigned_to, second.assigned_to)
        self.complete(first, {"note": "secret"})

        def seen(task: TaskInstance) -> list[str]:
            found, _is_cut = visible_answers(self.worker_of(task), self.shown_ticket())
            return [each.definition.key for each in found]

        self.assertEqual((seen(first), seen(second)), (["one"], []))
        self.assertEqual(FileAccess(self.shown_ticket(), self.worker_of(second))._hidden, set())
        entries = SearchEntry.objects.filter(ticket=self.ticket, plain__contains="secret")
        self.assertFalse(entries.exists())
        admins, _is_cut = visible_answers(self.terry, self.shown_ticket())
        self.assertEqual([each.definition.key for each in admins], ["one"])
        self.complete(second, {"note": "known"})
        self.assertEqual(seen(second), ["one", "two"])
        self.assertTrue(entries.exists())
        self.assert_sound()

    def test_what_is_hidden_deep_inside_is_found_when_the_block_has_ended(self) -> None:
        keys = ["outer", "middle", "inner", "last"]
        inside = ["", *(f"{key}.one" for key in keys)]
        blocks = [
            block(key, inside[depth], starts={"one": following}, hide_answers=key == "outer")
            for depth, (key, following) in enumerate(zip(keys, [*keys[1:], "work"], strict=True))
        ]
        self.define(
            *blocks,
            form("work", inside[-1]),
            form("after", inside[1]),
            ways=[
                (None, "outer"),
                ("work", None),
                ("last", None),
                ("inner", None),
                ("middle", "after"),
                ("after", None),
                ("outer", None),
            ],
        )
        self.submit()
        self.complete("work", {"note": "secret"})
        found = SearchEntry.objects.filter(source=f"task/{self.task('work').pk}")
        self.assertFalse(found.exists())
        self.complete("after", {"note": "known"})
        self.assertIn("secret", found.get().text)


class PageTests(RepairCase):
    def test_a_line_for_each_branch(self) -> None:
        self.two()
        self.complete("write")
        self.log_in(self.terry)
        page = self.client.get(reverse("admin:tickets_ticket_change", args=[self.ticket.pk]))
        lines = page.context["branches"].lines
        self.assertEqual([(each.title, each.item) for each in lines], [("A", ""), ("B", "")])
        self.assertContains(page, "Side by side: Both")
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=[self.ticket.pk]))
        self.assertContains(page, "Side by side: Both")
        page = self.client.get(reverse("admin:tickets_myticket_changelist"))
        self.assertContains(page, "several things side by side")

    def test_the_page_of_a_task_shows_its_item(self) -> None:
        self.define(
            block("each", starts={"one": "do"}, for_each={"var": "ticket.colours"}),
            form("do", "each.one"),
            ways=[(None, "each"), ("do", None), ("each", None)],
            fields=[
                {
                    "name": "colours",
                    "label": "Colours",
                    "type": "choices",
                    "choices": ["red", "blue"],
                }
            ],
        )
        self.submit({"colours": ["red", "blue"]})
        task = self.tasks("do")[1]
        self.log_in(self.worker_of(task))
        page = self.client.get(reverse("admin:tickets_mytask_change", args=[task.pk]))
        self.assertContains(page, '<p class="tk-lines">blue</p>')
