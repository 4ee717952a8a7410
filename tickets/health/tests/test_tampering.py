"""What a hand in the database changes past the history is found, column by column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import date_format
from hypothesis import given
from hypothesis.strategies import (
    booleans,
    characters,
    dictionaries,
    floats,
    integers,
    lists,
    none,
    recursive,
    text,
)

from tenants.jobs import defer
from tenants.models import User
from tenants.testing import CompanyTransactionTestCase, tampering
from tenants.testing_tools.examples import examples
from tickets.advancing.tests.block_case import block, define_flow, form
from tickets.health import history_findings
from tickets.health.sealed import vouched
from tickets.health.tests.test_doctor import DoctorCase, run_doctor
from tickets.job_names import ADVANCE, FIRE_TIMER
from tickets.models import Ticket
from tickets.repairing.cancel_ticket import cancel_ticket
from tickets.repairing.correct_data import correct_task_output, correct_ticket_data
from tickets.repairing.hold_ticket import hold_ticket, resume_ticket
from tickets.repairing.reassign_task import reassign_task
from tickets.repairing.tests.repair_case import REASON, SmallWorkflow
from tickets.submitting.submit_ticket import submit_ticket
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.engine.process import JsonObject
from workflows.models import (
    ActionAttempt,
    TaskInstance,
    WorkflowDefinition,
    WorkflowEvent,
    WorkflowInstance,
)
from workflows.people.change_availability import set_availability
from workflows.people.releasing import give_out_waiting_tasks, release_tasks
from workflows.running.definition_cache import forget_definitions
from workflows.running.sealing import HISTORY, MIGRATION, reseal
from workflows.running.workflow_repair import WorkflowRepair

TICKET, INSTANCE, TASK, PATH, EVENT = (
    "tickets_ticket",
    "workflows_workflowinstance",
    "workflows_taskinstance",
    "workflows_path",
    "workflows_workflowevent",
)
# {what was done: the statement}; a new one is a line. %(other)s is another ticket's instance.
CORRUPTIONS = {
    "answers": f'UPDATE {TICKET} SET data = \'{{"amount": 8, "site": "Ghent"}}\'',
    "an output": (
        f"UPDATE {TASK} SET output_data = '{{\"big\": true}}' WHERE output_data IS NOT NULL"
    ),
    "who did it": f"UPDATE {EVENT} SET actor_id = %(uma)s WHERE actor_id IS NOT NULL",
    "when it was": f"UPDATE {EVENT} SET at = at - interval '1 day' WHERE kind = 'MOVED'",
    "the details": f"UPDATE {EVENT} SET data = data || '{{\"x\": 1}}' WHERE kind = 'ASSIGNED'",
    "the Idempotency-Key": f"UPDATE {TASK} SET uuid = gen_random_uuid()",
    "a due time": f"UPDATE {TASK} SET due_at = now() + interval '100 years'",
    "a completion time": f"UPDATE {TASK} SET completed_at = now() WHERE completed_at IS NOT NULL",
    "the start": f"UPDATE {INSTANCE} SET started_at = started_at - interval '1 hour'",
    "a submitter": f"UPDATE {TICKET} SET created_by_id = %(charlie)s",
    "an event taken away": f"DELETE FROM {EVENT} WHERE kind = 'TASK_COMPLETED'",
    "the last event taken away": f"DELETE FROM {EVENT} WHERE id = (SELECT max(id) FROM {EVENT})",
    "an event added": (
        f"INSERT INTO {EVENT} (workflow_instance_id, kind, at, data) SELECT id, 'RETRIED', now(),"
        f" '{{}}' FROM {INSTANCE}"
    ),
    "a task added": (
        f"INSERT INTO {TASK} (uuid, workflow_instance_id, definition_id, status, attempts,"
        " created_at) SELECT gen_random_uuid(), workflow_instance_id, definition_id, 'COMPLETED',"
        f" 0, now() FROM {TASK} LIMIT 1"
    ),
    "attempts": f"UPDATE {TASK} SET attempts = attempts + 1",
}


TEXTS = text(characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
NUMBERS = floats(allow_nan=False, allow_infinity=False) | integers(-(2**70), 2**70)
JSON = dictionaries(
    TEXTS,
    recursive(
        none() | booleans() | NUMBERS | TEXTS,
        lambda inner: lists(inner, max_size=3) | dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def got_digests(*, days_ago: int) -> None:
    """Let the company have got its digests so long ago: older code has ended a day later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE django_migrations SET applied = now() - %s * interval '1 day'"
            " WHERE app = %s AND name = %s",
            [days_ago, *MIGRATION],
        )


class TamperingTests(DoctorCase):
    def set_up_once(self) -> None:
        super().set_up_once()
        got_digests(days_ago=3)
        self.answer(self.ticket, {"big": False})

    def execute(self, statement: str) -> None:
        values = {"uma": self.uma.pk, "charlie": self.charlie.pk}
        with tampering(), connection.cursor() as cursor:
            cursor.execute(statement, values)

    def problems(self) -> list[str]:
        found, _after = history_findings(after=0)
        return [each.message for each in found if "past its history" in each.message]

    def test_each_corruption_is_found(self) -> None:
        self.assertEqual(run_doctor()[0], 0)
        for what, statement in CORRUPTIONS.items():
            with self.subTest(what), transaction.atomic():
                self.execute(statement)
                self.assertEqual(len(self.problems()), 1)
                transaction.set_rollback(True)
        self.assertEqual(self.problems(), [])

    def test_two_tickets_whose_instances_were_swapped(self) -> None:
        other = self.submit()
        one, two = (
            Ticket.objects.get(pk=each.pk).workflow_instance for each in (self.ticket, other)
        )
        assert one is not None
        assert two is not None
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=None)
        Ticket.objects.filter(pk=other.pk).update(workflow_instance=one)
        Ticket.objects.filter(pk=self.ticket.pk).update(workflow_instance=two)
        self.assertEqual(len(self.problems()), 2)

    def test_what_the_services_do_is_vouched_for(self) -> None:
        other = self.submit()
        hold_ticket(ticket=other, by=self.terry, reason=REASON)
        resume_ticket(ticket=other, by=self.terry, reason=REASON)
        correct_ticket_data(ticket=other, data={"amount": 9}, by=self.terry, reason=REASON)
        task = self.current(other)
        reassign_task(
            task=task,
            to=self.walt if task.assigned_to == self.wendy else self.wendy,
            by=self.terry,
            reason=REASON,
        )
        release_tasks(user=self.wendy, now=timezone.now())
        for is_there in (False, True):
            set_availability(user=self.walt, is_available=is_there, now=timezone.now())
        self.fail_call(self.big())
        done = self.ticket.workflow_instance
        assert done is not None
        correct_task_output(
            task=done.tasks.filter(output_data__isnull=False).get(),
            output={"big": True},
            by=self.terry,
            reason=REASON,
        )
        cancel_ticket(ticket=other, by=self.terry, reason=REASON)
        self.assertEqual(self.problems(), [])
        self.assertFalse(
            WorkflowEvent.objects.exclude(digest="").filter(seals__isnull=True).exists()
        )

    def big(self) -> Ticket:
        ticket = self.submit()
        self.answer(ticket, {"big": True})
        return ticket

    def test_where_values_were_blanked_by_right_it_is_vouched_for_anew(self) -> None:
        instance = self.instance(self.ticket)
        with tampering():
            WorkflowEvent.objects.filter(kind="TASK_COMPLETED").update(data={"output": None})
        Ticket.objects.update(data={"amount": None})
        self.assertEqual(len(self.problems()), 1)
        with self.assertNumQueries(2):
            reseal([instance.pk], reason="Erased.", actor=self.terry, now=timezone.now())
        self.assertEqual(self.problems(), [])
        self.answer(self.ticket, {"signed": "me"})
        self.assertEqual(self.problems(), [])
        with tampering():
            WorkflowEvent.objects.filter(kind="STARTED").update(at=timezone.now())
        self.assertEqual(len(self.problems()), 1)

    def test_as_many_queries_however_many_were_sealed_anew(self) -> None:
        others = [self.submit() for _ in range(4)]
        ids = [self.instance(each).pk for each in (self.ticket, *others)]
        for some in (ids[:1], ids, ids):  # some of them more than once
            reseal(some, reason="Erased.", actor=self.terry, now=timezone.now())
            instances = list(WorkflowInstance.objects.filter(pk__in=some))
            with self.subTest(some=len(some)), self.assertNumQueries(5):
                found = vouched(instances)
            self.assertEqual([each.problems for each in found.values()], [[]] * len(some))
        with tampering():
            WorkflowEvent.objects.filter(kind="STARTED", workflow_instance=ids[2]).update(
                at=timezone.now()
            )
        (number,) = [each.ticket_id for each in history_findings(after=0)[0]]
        self.assertEqual(number, others[1].pk)

    def test_whatever_json_is_kept_vouches_for_itself(self) -> None:
        """Numbers, order of keys, empty and odd texts: as Postgres gives them back."""

        @examples(40)
        @given(answers=JSON)
        def check(answers: JsonObject) -> None:
            with transaction.atomic():
                manager = WorkflowRepair.lock(self.instance(self.ticket).pk, now=timezone.now())
                ticket = Ticket.objects.get(pk=self.ticket.pk)
                ticket.data = answers
                manager.update_with_next_write(ticket, "data", "updated_at")
                manager.record_change(what="ticket", old={}, new=answers, reason=REASON)
                problems = self.problems()
                transaction.set_rollback(True)
            self.assertEqual(problems, [])

        check()

    def test_older_events_are_not_vouched_for(self) -> None:
        self.execute(f"UPDATE {EVENT} SET digest = '', seals = NULL, at = at - interval '4 days'")
        Ticket.objects.update(data={"amount": 8})
        self.assertEqual(self.problems(), [])
        self.answer(self.ticket, {"signed": "me"})
        self.assertEqual(self.problems(), [])
        self.execute(f"UPDATE {EVENT} SET at = now() WHERE kind = 'COMPLETED'")
        self.assertEqual(len(self.problems()), 1)

    def test_digests_that_were_taken_away_are_missed(self) -> None:
        self.execute(f"UPDATE {EVENT} SET digest = '', seals = NULL")
        (problem,) = self.problems()
        self.assertIn("have no digest", problem)

    def test_what_an_older_version_writes_beside_is_not_tampering(self) -> None:
        """For a day: its events have no digest, and nothing vouches for what it has changed."""
        got_digests(days_ago=0)
        self.execute(CORRUPTIONS["an event added"])
        Ticket.objects.update(data={"amount": 8})
        self.assertEqual(self.problems(), [])
        self.answer(self.ticket, {"signed": "me"})
        self.assertEqual(self.problems(), [])
        self.execute(f"UPDATE {INSTANCE} SET end_label = 'x'")
        self.assertEqual(len(self.problems()), 1)
        got_digests(days_ago=3)
        self.assertIn("have no digest", self.problems()[0])

    def test_an_attempt_that_was_taken_away(self) -> None:
        ticket = self.big()
        self.fail_call(ticket)
        self.assertEqual(self.problems(), [])
        ActionAttempt.objects.all().delete()
        (problem,) = self.problems()
        self.assertIn("attempt 1 is gone", problem)

    def test_the_doctor_gives_out_under_the_locks_of_the_histories(self) -> None:
        """Of all that it gives out: two who write one history at a time would fork its digests."""
        set_availability(user=self.wendy, is_available=False, now=timezone.now())
        set_availability(user=self.walt, is_available=False, now=timezone.now())
        waiting = [self.submit() for _ in range(2)]
        User.objects.filter(pk=self.wendy.pk).update(is_available=True)
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(give_out_waiting_tasks(now=timezone.now()), len(waiting))
        locking = next(
            number
            for number, each in enumerate(queries.captured_queries)
            if INSTANCE in each["sql"] and "FOR NO KEY UPDATE" in each["sql"]
        )
        writing = next(
            number
            for number, each in enumerate(queries.captured_queries)
            if f"INSERT INTO {EVENT}" in each["sql"]
        )
        self.assertLess(locking, writing)
        self.assertEqual(self.problems(), [])


class CoverageTests(DoctorCase):
    """The doctor says since when it vouches."""

    def test_where_all_is_vouched_for(self) -> None:
        self.submit()
        code, said = run_doctor()
        self.assertEqual(code, 0, said)
        self.assertIn("Histories account for all tickets (2), from their first event on.\n", said)
        self.assertNotIn("account for", run_doctor("--quick")[1])

    def test_tickets_of_before_there_were_digests(self) -> None:
        moved = self.submit()
        with tampering(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {EVENT} SET digest = '', seals = NULL, at = at - interval '4 days'"
            )
        got_digests(days_ago=3)
        later = self.submit()
        self.answer(moved, {"big": False})
        code, said = run_doctor()
        self.assertEqual(code, 0, said)
        (line,) = [each for each in said.splitlines() if "account for" in each]
        began = date_format(timezone.now() - timedelta(days=3), "DATE_FORMAT")
        self.assertIn(f"Acme: Histories account for what was written since {began}", line)
        self.assertIn(f"From ticket #{later.pk} on they account for all of it.", line)
        self.assertIn("Nothing accounts for 1 older ticket (of 3)", line)
        self.assertIn("For 1 ticket they account only for what was written since.", line)

    def test_a_history_that_was_sealed_anew(self) -> None:
        instance = self.instance(self.ticket)
        reseal([instance.pk], reason="Erased.", actor=self.terry, now=timezone.now())
        code, said = run_doctor()
        self.assertEqual(code, 0, said)
        self.assertIn("Acme: The history of 1 ticket was sealed anew by right", said)


class EveryColumnTests(DoctorCase):
    """No column of a ticket's tables can be changed unseen, unless it says why it may be."""

    OTHER: ClassVar[dict[str, str]] = {
        "bigint": "coalesce({0}, 0) + 1000",
        "boolean": "NOT coalesce({0}, false)",
        "integer": "{0} + 1000",
        "character varying": "coalesce({0}, '') || 'x'",
        "text": "coalesce({0}, '') || 'x'",
        "jsonb": "'{{\"another\": 1}}'",
        "uuid": "gen_random_uuid()",
        "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
    }
    # What the database itself keeps to certain values.
    VALUES: ClassVar[dict[str, str]] = {
        f"{INSTANCE}.status": "'ON_HOLD'",
        f"{TASK}.status": "'ERROR'",
        f"{PATH}.status": "'CANCELLED'",
        f"{EVENT}.digest": "'x'",
    }

    def set_up_once(self) -> None:
        super().set_up_once()
        definition = define_flow(
            "columns",
            block("both", starts={"a": "one", "b": "two"}),
            form("one", "both.a"),
            form("two", "both.b"),
            by=self.carla,
            ways=[(None, "both"), ("one", None), ("two", None), ("both", None)],
        )
        submit_ticket(definition=definition, data={}, user=self.uma)

    def test_each_is_sealed_or_says_why_not(self) -> None:
        tables = {each.table: each.exempt for each in HISTORY.tables}
        tables[EVENT] = {"id": "is the order only"}
        for table, exempt in tables.items():
            for column, kind in self.columns(table):
                if column in exempt:
                    self.assertGreater(len(exempt[column]), 10)
                    continue
                if column == "id":
                    continue
                with self.subTest(table=table, column=column), transaction.atomic():
                    self.assertEqual(self.problems(), 0)
                    self.change_column(table, column, kind)
                    self.assertGreater(self.problems(), 0)
                    transaction.set_rollback(True)

    def columns(self, table: str) -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = current_schema() AND table_name = %s",
                [table],
            )
            return [(str(name), str(kind)) for name, kind in cursor.fetchall()]

    def change_column(self, table: str, column: str, kind: str) -> None:
        value = self.VALUES.get(f"{table}.{column}") or self.OTHER[kind].format(column)
        with tampering(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = {value}")

    def problems(self) -> int:
        state = vouched(list(WorkflowInstance.objects.all()))
        return len(history_findings(after=0)[0]) + sum(
            len(each.problems) for each in state.values()
        )


class BesidesTests(DoctorCase):
    """What was changed beside the tickets themselves."""

    def execute(self, statement: str, *values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)

    def test_a_submitter_and_a_worker_of_another_company(self) -> None:
        # The database knows no such person here: it was told so.
        known = "INSERT INTO people_here VALUES (%s) ON CONFLICT DO NOTHING"
        self.execute(known, self.charlie.pk)
        Ticket.objects.update(created_by=self.charlie)
        self.assert_left("submitted by somebody of another company")
        Ticket.objects.update(created_by=self.uma)
        self.answer(self.ticket, {"big": False})
        TaskInstance.objects.filter(status="COMPLETED").update(assigned_to=self.charlie)
        self.assert_left("“Check” was given to somebody of another company")

    def test_a_job_of_an_unknown_kind(self) -> None:
        self.no_jobs()
        defer(ADVANCE, after_seconds=60, ticket_id=self.ticket.pk)
        self.execute("UPDATE procrastinate_jobs SET task_name = 'tickets.jobs.nonsense'")
        self.assert_left("does not know (tickets.jobs.nonsense)")

    def test_an_id_that_is_taken(self) -> None:
        self.execute("SELECT setval('tickets_ticket_id_seq', max(id), false) FROM tickets_ticket")
        code, said = run_doctor("--quick")
        self.assertEqual(code, 1)
        self.assertIn("The ids of tickets_ticket stand behind its rows", said)
        code, said = run_doctor("--quick", "--repair")
        self.assertEqual(code, 0, said)
        self.assertIn("The ids go on after the last row now.", said)
        self.submit()

    def test_a_version_that_was_changed_after_it_was_published(self) -> None:
        draft = WorkflowDefinition.objects.create(key="other", title="Other", fields=[])
        task = draft.tasks.create(key="do", title="Do", fields=self.check.fields)
        draft.transitions.create(to_task=task)
        draft.transitions.create(from_task=task)
        published = publish_workflow(workflow=draft, user=self.carla)
        self.assertEqual(run_doctor("--quick")[0], 0)
        changes: list[Callable[[], int]] = [
            lambda: draft.tasks.update(title="Undo"),
            lambda: draft.transitions.update(priority=3),
            lambda: WorkflowDefinition.objects.filter(pk=draft.pk).update(description="x"),
        ]
        for change in changes:
            with transaction.atomic():
                change()
                self.assertIn("Other (v1) was changed after", run_doctor("--quick")[1])
                transaction.set_rollback(True)
        WorkflowDefinition.objects.filter(pk=published.pk).update(status="DRAFT")
        self.assertIn("Other (v1) is a draft again", run_doctor("--quick")[1])

    def test_a_timer_in_a_hundred_years(self) -> None:
        self.workflow.transitions.create(from_task=self.check, to_task=self.sign, after="PT1H")
        forget_definitions()
        self.ticket = self.submit()
        self.assertNotIn("too late", run_doctor("--quick")[1])
        self.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + interval '100 years'"
            " WHERE task_name = %s",
            FIRE_TIMER,
        )
        self.assertIn("after 1 hour, comes too late", run_doctor("--quick")[1])


class TakenIdTests(CompanyTransactionTestCase, SmallWorkflow):
    def test_a_submission_heals_it(self) -> None:
        self.make_workflow()
        for table in ("tickets_ticket", "workflows_taskinstance", "workflows_workflowevent"):
            self.submit()
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT setval('{table}_id_seq', max(id), false) FROM {table}")
            with self.subTest(table), self.assertLogs("tickets", "ERROR"):
                ticket = self.submit()
            self.assertEqual(self.current(ticket).status, "OPEN")
