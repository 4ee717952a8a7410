from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tickets.advancing.tests.block_case import NOTE, ROWS, BlockCase, block, call, form
from tickets.following.pages.branches import item_in_words
from tickets.keeping.keep_tickets import delete_tickets
from tickets.models import Notice, TicketError
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.retry_step import retry_step
from workflows.engine.process import Json, JsonObject
from workflows.models import Path

EQUAL: Json = {"==": [{"var": "ticket.note"}, "yes"]}
# Of the test itself, which runs inside a transaction.
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "SET search_path")


class SideBySideTests(BlockCase):
    """Onboarding: three branches, then a welcome."""

    def onboard(self, **more: Any) -> None:
        self.define(
            block("prepare", starts={"it": "account", "desk": "desk", "hr": "papers"}, **more),
            form("account", "prepare.it"),
            form("laptop", "prepare.it"),
            form("desk", "prepare.desk"),
            form("papers", "prepare.hr"),
            form("welcome"),
            ways=[
                (None, "prepare"),
                ("account", "laptop"),
                ("laptop", None, {"label": "set up"}),
                ("desk", None),
                ("papers", None, {"label": "missing", "outcome": "bad"}),
                ("prepare", "welcome"),
                ("welcome", None, {"label": "here"}),
            ],
        )
        self.submit()

    def test_three_tasks_in_one_moment_and_the_fourth_when_the_last_of_them_ends(self) -> None:
        self.onboard()
        self.assertEqual(self.open_keys(), ["account", "desk", "papers"])
        first = [self.task(key) for key in ("account", "desk", "papers")]
        self.assertEqual(len({each.created_at for each in first}), 1)
        workers = {self.worker_of(each) for each in first}
        self.assertGreater(len(workers), 1)
        self.assertEqual(self.instance().current_task, self.task("prepare"))
        self.assertEqual(self.status_of("prepare"), "IN_PROGRESS")
        self.assert_sound()
        self.complete("desk")
        self.complete("account", {"note": "uma@acme"})
        self.assertEqual(self.open_keys(), ["papers", "laptop"])
        self.complete("papers")
        self.assertEqual(self.open_keys(), ["laptop"])
        self.assertEqual(self.instance().data, {})
        self.assert_sound()
        self.complete("laptop")
        self.assertEqual(self.open_keys(), ["welcome"])
        data = self.instance().data
        self.assertEqual(data["account"], {"note": "uma@acme"})
        self.assertEqual(
            data["prepare"],
            {
                "branches": {
                    "it": {"ended": True, "label": "set up", "outcome": "good"},
                    "desk": {"ended": True, "label": "", "outcome": "good"},
                    "hr": {"ended": True, "label": "missing", "outcome": "bad"},
                },
                "ended": 3,
            },
        )
        self.assert_sound()
        self.complete("welcome")
        self.assertEqual(self.instance().end_label, "here")
        self.assert_sound()

    def test_where_one_is_enough_the_others_are_cancelled_with_the_reason(self) -> None:
        self.onboard(ends_when="any")
        with_laptop = self.worker_of(self.task("account"))
        self.complete("desk")
        self.assertEqual(self.open_keys(), ["welcome"])
        self.assertEqual([each[2] for each in self.paths()], ["CANCELLED", "ENDED", "CANCELLED"])
        reasons = [each.data["reason"] for each in self.events("BRANCH_CANCELLED")]
        self.assertEqual(reasons, ["enough", "enough"])
        ended = self.instance().data["prepare"]
        self.assertEqual((ended["ended"], ended["branches"]["it"]), (1, {"ended": False}))
        told = Notice.objects.filter(kind="TASK_GONE", recipient=with_laptop)
        self.assertEqual({each.about["why"] for each in told}, {"not_needed"})
        self.assert_sound()

    def test_a_branch_may_end_it_whatever_accompanies_it(self) -> None:
        """A return, and beside it a call that is made when it is late."""
        branches: Json = [
            {"key": "back", "title": "Back", "start": "take_back", "ends_block": True},
            {"key": "late", "title": "Late", "start": "phone"},
        ]
        self.define(
            {**block("lent", starts={}), "branches": branches},
            form("take_back", "lent.back"),
            form("phone", "lent.late"),
            form("file"),
            ways=[
                (None, "lent"),
                ("take_back", None),
                ("phone", None),
                ("lent", "file"),
                ("file", None),
            ],
        )
        self.submit()
        self.complete("phone")
        self.assertEqual(self.open_keys(), ["take_back"])
        self.complete("take_back")
        self.assertEqual(self.open_keys(), ["file"])
        self.submit()
        self.complete("take_back")
        self.assertEqual(self.open_keys(), ["file"])
        self.assertEqual(self.status_of("phone"), "CANCELLED")
        self.assertEqual(
            [each.data["reason"] for each in self.events("BRANCH_CANCELLED")], ["enough"]
        )
        self.assert_sound()

    def test_as_many_as_it_says_are_enough(self) -> None:
        self.onboard(ends_when="2")
        self.complete("desk")
        self.assertEqual(self.open_keys(), ["account", "papers"])
        self.complete("papers")
        self.assertEqual(self.open_keys(), ["welcome"])
        self.assert_sound()

    def test_branches_begin_only_where_their_conditions_are_true(self) -> None:
        branches: Json = [
            {"key": "a", "title": "A", "start": "first", "when": EQUAL},
            {"key": "b", "title": "B", "start": "second"},
        ]
        self.define(
            {**block("both", starts={}), "branches": branches},
            form("first", "both.a"),
            form("second", "both.b"),
            ways=[(None, "both"), ("first", None), ("second", None), ("both", None)],
        )
        self.submit({"note": "no"})
        self.assertEqual(self.open_keys(), ["second"])
        self.assertEqual(self.events("BLOCK_BEGAN")[0].data["left_out"], ["a"])
        self.assert_sound()
        self.submit({"note": "yes"})
        self.assertEqual(self.open_keys(), ["first", "second"])
        self.assert_sound()

    def test_a_block_of_no_branches_passes_at_once(self) -> None:
        branches: Json = [{"key": "a", "title": "A", "start": "first", "when": EQUAL}]
        self.define(
            {**block("maybe", starts={}), "branches": branches},
            form("first", "maybe.a"),
            form("last"),
            ways=[(None, "maybe"), ("first", None), ("maybe", "last"), ("last", None)],
        )
        self.submit({"note": "no"})
        self.assertEqual(self.open_keys(), ["last"])
        self.assertEqual(
            self.instance().data["maybe"], {"branches": {"a": {"ended": False}}, "ended": 0}
        )
        self.assert_sound()

    def test_conditions_read_what_their_own_branch_has_brought(self) -> None:
        said: Json = {"==": [{"var": "tasks.ask.note"}, "more"]}
        self.define(
            block("both", starts={"a": "ask", "b": "other"}),
            form("ask", "both.a"),
            form("again", "both.a"),
            form("other", "both.b"),
            ways=[
                (None, "both"),
                ("ask", "again", {"condition": said}),
                ("ask", None, {"priority": 1}),
                ("again", None),
                ("other", None),
                ("both", None),
            ],
        )
        self.submit()
        self.complete("ask", {"note": "more"})
        self.assertEqual(self.open_keys(), ["other", "again"])
        self.assert_sound()

    def test_a_block_within_a_branch(self) -> None:
        self.define(
            block("outer", starts={"a": "inner", "b": "other"}),
            block("inner", "outer.a", starts={"x": "one", "y": "two"}, ends_when="any"),
            form("one", "inner.x"),
            form("two", "inner.y"),
            form("after", "outer.a"),
            form("other", "outer.b"),
            ways=[
                (None, "outer"),
                ("one", None),
                ("two", None),
                ("inner", "after"),
                ("after", None),
                ("other", None),
                ("outer", None),
            ],
        )
        self.submit()
        self.assertEqual(self.open_keys(), ["other", "one", "two"])
        self.assert_sound()
        self.complete("two", {"note": "done"})
        self.assertEqual(self.open_keys(), ["other", "after"])
        self.assert_sound()
        self.complete("after")
        self.complete("other")
        instance = self.instance()
        self.assertEqual(instance.status, "COMPLETED")
        self.assertEqual(instance.data["two"], {"note": "done"})
        self.assertEqual(instance.data["inner"]["ended"], 1)
        self.assert_sound()

    def test_what_is_cancelled_around_a_block_cancels_it_too(self) -> None:
        self.define(
            block("outer", starts={"a": "inner", "b": "other"}, ends_when="any"),
            block("inner", "outer.a", starts={"x": "one", "y": "two"}),
            form("one", "inner.x"),
            form("two", "inner.y"),
            form("other", "outer.b"),
            ways=[
                (None, "outer"),
                ("one", None),
                ("two", None),
                ("inner", None),
                ("other", None),
                ("outer", None),
            ],
        )
        self.submit()
        self.complete("other")
        self.assertEqual(self.instance().status, "COMPLETED")
        self.assertEqual(
            {each.definition.key: each.status for each in self.tasks()},
            {
                "outer": "COMPLETED",
                "inner": "CANCELLED",
                "one": "CANCELLED",
                "two": "CANCELLED",
                "other": "COMPLETED",
            },
        )
        self.assert_sound()

    def statements_of_entering(self, count: int) -> int:
        keys = [f"t{number}" for number in range(count)]
        self.define(
            form("first"),
            block("many", starts={key: key for key in keys}),
            *(form(key, f"many.{key}") for key in keys),
            ways=[
                (None, "first"),
                ("first", "many"),
                *((key, None) for key in keys),
                ("many", None),
            ],
        )
        self.submit()
        self.complete("first")  # reads what is read once for ever
        self.submit()
        task = self.task("first")
        with CaptureQueriesContext(connection) as queries:
            self.complete(task)
        self.assertEqual(len(self.open_keys()), count)
        sent = [each["sql"] for each in queries]
        return sum(not sql.startswith(NOT_COUNTED) for sql in sent)

    def test_entering_twenty_branches_takes_no_more_statements_than_two(self) -> None:
        two, twenty = self.statements_of_entering(2), self.statements_of_entering(20)
        self.assertEqual(two, twenty)
        self.assertLessEqual(twenty, 7)
        self.assert_sound()


class ForEachTests(BlockCase):
    def offers(self, **more: Any) -> None:
        self.define(
            block("offers", starts={"each": "offer"}, for_each={"var": "ticket.lines"}, **more),
            form("offer", "offers.each"),
            form("choose"),
            ways=[(None, "offers"), ("offer", None), ("offers", "choose"), ("choose", None)],
            fields=ROWS,
        )

    def submit_rows(self, *articles: str) -> None:
        self.submit({"lines": [{"article": each} for each in articles]})

    def test_four_rows_side_by_side_and_what_came_of_them_in_their_order(self) -> None:
        self.offers()
        self.submit_rows("desk", "chair", "lamp", "plant")
        tasks = self.tasks("offer", "OPEN")
        self.assertEqual(
            [item_in_words(each.path.item) for each in tasks if each.path],
            [
                "desk",
                "chair",
                "lamp",
                "plant",
            ],
        )
        for task, note in zip(tasks[::-1], ("4", "3", "2", "1"), strict=True):
            self.complete(task, {"note": note})
        self.assertEqual(self.open_keys(), ["choose"])
        brought = self.instance().data["offers"]
        self.assertEqual(brought["ended"], 4)
        self.assertEqual(
            [(each["item"]["article"], each["offer"]["note"]) for each in brought["items"]],
            [("desk", "1"), ("chair", "2"), ("lamp", "3"), ("plant", "4")],
        )
        self.assertNotIn("offer", self.instance().data)
        self.assert_sound()

    def test_no_rows_pass_at_once(self) -> None:
        self.offers()
        self.submit({})
        self.assertEqual(self.open_keys(), ["choose"])
        self.assertEqual(self.instance().data["offers"], {"items": [], "ended": 0})
        self.assert_sound()

    def test_in_order_the_next_begins_when_the_one_before_has_ended(self) -> None:
        self.offers(order="in_order")
        self.submit_rows("desk", "chair")
        self.assertEqual(self.paths(), [("each", 1, "RUNNING"), ("each", 2, "WAITING")])
        self.assert_sound()
        self.complete("offer")
        self.assertEqual(self.paths(), [("each", 1, "ENDED"), ("each", 2, "RUNNING")])
        self.assertEqual(self.open_keys(), ["offer"])
        self.assert_sound()
        self.complete("offer")
        self.assertEqual(self.open_keys(), ["choose"])
        self.assert_sound()

    def test_more_rows_than_allowed_are_an_error_of_the_step_until_somebody_mends_it(self) -> None:
        self.offers(most=2)
        self.submit_rows("desk", "chair", "lamp")
        error = TicketError.objects.get()
        self.assertIn("may have 2 items, but its list has 3", error.message)
        self.assertEqual(error.task, self.task("offers"))
        self.assertEqual(self.status_of("offers"), "ERROR")
        self.assert_sound()
        with self.captureOnCommitCallbacks(execute=True):
            correct_ticket_data(
                ticket=self.ticket,
                data={"lines": [{"article": "desk"}, {"article": "chair"}]},
                by=self.terry,
                reason="Two are enough.",
                then_retry=error,
            )
        self.assertEqual(self.open_keys(), ["offer", "offer"])
        self.assert_sound()

    def test_conditions_read_the_item_of_their_branch(self) -> None:
        desk: Json = {"==": [{"var": "item.article"}, "desk"]}
        self.define(
            block("offers", starts={"each": "offer"}, for_each={"var": "ticket.lines"}),
            form("offer", "offers.each"),
            form("measure", "offers.each"),
            ways=[
                (None, "offers"),
                ("offer", "measure", {"condition": desk}),
                ("offer", None, {"priority": 1}),
                ("measure", None),
                ("offers", None),
            ],
            fields=ROWS,
        )
        self.submit_rows("desk", "chair")
        for task in self.tasks("offer"):
            self.complete(task)
        self.assertEqual(self.open_keys(), ["measure"])
        self.assert_sound()

    def test_a_condition_that_cannot_be_decided_stops_its_branch_alone(self) -> None:
        self.define(
            block("both", starts={"a": "first", "b": "second"}),
            form("first", "both.a"),
            form("second", "both.b"),
            ways=[
                (None, "both"),
                ("first", None, {"condition": EQUAL}),
                ("second", None),
                ("both", None),
            ],
            fields=NOTE,
        )
        self.submit({"note": "no"})
        self.complete("first")
        error = TicketError.objects.get()
        self.assertEqual(
            (error.error_type, error.task), ("WORKFLOW_TRANSITION", self.task("first"))
        )
        self.assertEqual(self.open_keys(), ["second"])
        self.assert_sound()
        self.complete("second")
        self.assertEqual(self.instance().status, "IN_PROGRESS")
        with self.captureOnCommitCallbacks(execute=True):
            correct_ticket_data(
                ticket=self.ticket, data={"note": "yes"}, by=self.terry, reason="It is one."
            )
            retry_step(error=error, by=self.terry, reason="It is one.")
        self.assertEqual(self.instance().status, "COMPLETED")
        self.assert_sound()

    def test_each_item_may_name_who_does_its_task(self) -> None:
        people: list[JsonObject] = [
            {
                "name": "people",
                "label": "People",
                "type": "records",
                "fields": [{"name": "who", "label": "Who", "type": "person"}],
            }
        ]
        self.define(
            block("sign", starts={"each": "agree"}, for_each={"var": "ticket.people"}),
            form("agree", "sign.each", assign_to={"who": "answer", "answer": "item.who"}),
            form("again", "sign.each", assign_to={"who": "doer", "task": "agree"}),
            ways=[(None, "sign"), ("agree", "again"), ("again", None), ("sign", None)],
            fields=people,
        )
        rows: list[Json] = [
            {"who": {"id": each.pk, "email": each.email, "name": str(each)}}
            for each in (self.walt, self.wendy)
        ]
        self.submit({"people": rows})
        self.assertEqual(
            [each.assigned_to for each in self.tasks("agree")], [self.walt, self.wendy]
        )
        self.assert_sound()  # the doctor asks the database what the rules say
        for task in self.tasks("agree"):
            self.complete(task)
        self.assertEqual(
            [each.assigned_to for each in self.tasks("again")], [self.walt, self.wendy]
        )
        self.assert_sound()

    def test_a_ticket_is_deleted_with_its_branches(self) -> None:
        self.offers()
        self.submit_rows("desk", "chair")
        for task in self.tasks("offer"):
            self.complete(task)
        self.complete("choose")
        self.assertEqual(delete_tickets([self.ticket.pk])["tickets"], 1)
        connection.check_constraints()
        self.assertFalse(Path.objects.exists())


class CallsInBranchesTests(BlockCase):
    def test_a_call_in_a_branch_has_its_job(self) -> None:
        self.define(
            block("both", starts={"a": "one", "b": "two"}),
            call("one", "both.a"),
            call("two", "both.b"),
            ways=[(None, "both"), ("one", None), ("two", None), ("both", None)],
        )
        self.submit()
        self.assertEqual(
            [each.args["task_id"] for each in self.calls()],
            [self.task("one").pk, self.task("two").pk],
        )
        self.assert_sound()
