"""Which job is next, as the database decides it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from unittest import TestCase as PlainTestCase

from django.db import connection
from django.test import TestCase
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from tenants.fair_turns import FETCH, RECOVERED, SLOTS, Queue

WINDOW = 200  # of ticketflower_fetch_job: more than that is a flood


@dataclass
class Fetched:
    company: str
    queue: str
    id: int


class FairTurnsTest(TestCase):
    def setUp(self) -> None:
        self.worker = self.new_worker()

    def new_worker(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
            return int(cursor.fetchone()[0])

    def put(
        self,
        company: str,
        queue: Queue | str = Queue.STEPS,
        *,
        times: int = 1,
        after: float | None = None,
        priority: int = 0,
        lock: str | None = None,
    ) -> None:
        due = None if after is None else timezone.now() + timedelta(seconds=after)
        args = json.dumps({"schema": company} if company else {})
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_jobs"
                " (queue_name, task_name, priority, lock, args, scheduled_at)"
                " SELECT %s, 'a job', %s, %s, %s::jsonb, %s FROM generate_series(1, %s)",
                [str(queue), priority, lock, args, due, times],
            )

    def empty(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")

    def fetch(self, *, worker: int | None = None) -> Fetched | None:
        with connection.cursor() as cursor:
            cursor.execute(
                FETCH,
                {
                    "queues": None,
                    "worker_id": worker or self.worker,
                    "kinds": [queue.value for queue in SLOTS],
                    "slots": [slots.number for slots in SLOTS.values()],
                    "shares": [slots.share for slots in SLOTS.values()],
                },
            )
            row = cursor.fetchone()
        if row[0] is None:
            return None
        job = ProcrastinateJob.objects.get(pk=row[0])
        self.assertEqual((job.status, job.worker_id), ("doing", worker or self.worker))
        return Fetched(job.args.get("schema", ""), job.queue_name, job.pk)

    def finish(self, fetched: Fetched) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [fetched.id])

    def fetch_all(self) -> list[Fetched]:
        found = []
        while (each := self.fetch()) is not None:
            found.append(each)
        return found

    def test_nothing_is_due(self) -> None:
        self.put("a", after=60)

        self.assertIsNone(self.fetch())

    def test_a_company_alone_is_served_oldest_first(self) -> None:
        self.put("a", times=3)
        first = self.fetch()
        assert first is not None

        ids = sorted([first.id, *ProcrastinateJob.objects.values_list("id", flat=True)])

        self.assertEqual(first.id, ids[0])

    def test_whoever_has_fewest_running_is_next(self) -> None:
        for times in (50, 10 * WINDOW):
            with self.subTest(times):
                self.empty()
                self.put("a", times=times)
                self.fetch()
                self.put("b")

                found = self.fetch()

                assert found is not None
                self.assertEqual(found.company, "b")

    def test_a_company_takes_at_most_its_share(self) -> None:
        for queue in (Queue.STEPS, Queue.CALLS, Queue.BULK):
            with self.subTest(queue):
                self.empty()
                self.put("a", queue, times=40)

                self.assertEqual(len(self.fetch_all()), SLOTS[queue].share)
                self.put("b", queue)
                found = self.fetch()
                assert found is not None
                self.assertEqual(found.company, "b")

    def test_calls_that_hang_leave_the_steps_alone(self) -> None:
        for company in "abcdefgh":
            self.put(company, Queue.CALLS, times=10)
        self.assertEqual(len(self.fetch_all()), SLOTS[Queue.CALLS].number)
        self.put("a", Queue.STEPS)

        found = self.fetch()

        assert found is not None
        self.assertEqual(found.queue, Queue.STEPS)

    def test_what_a_dead_worker_left_goes_first(self) -> None:
        for times in (50, 10 * WINDOW):
            with self.subTest(times):
                self.empty()
                self.put("a", times=times)
                self.put("a", Queue.CALLS, priority=RECOVERED)

                found = self.fetch()

                assert found is not None
                self.assertEqual(found.queue, Queue.CALLS)

    def test_upkeep_is_done_behind_any_number_of_jobs(self) -> None:
        self.put("a", times=10 * WINDOW)
        self.put("", Queue.UPKEEP)

        queues = [each.queue for each in self.fetch_all()]

        self.assertIn(Queue.UPKEEP, queues)

    def test_everybody_is_served_in_the_end(self) -> None:
        """None starves: the one with many jobs is served beside those who come and go."""
        self.put("a", times=3 * WINDOW)
        served = {"a": 0, "b": 0}
        for _ in range(60):
            self.put("b", times=2)
            for found in self.fetch_all():
                served[found.company] += 1
                self.finish(found)

        self.assertGreater(served["a"], 30, served)
        self.assertGreater(served["b"], 30, served)

    def test_jobs_of_earlier_versions_are_steps(self) -> None:
        self.put("a", "default", times=10)

        self.assertEqual(len(self.fetch_all()), SLOTS[Queue.STEPS].share)

    def test_each_worker_has_its_own_slots(self) -> None:
        self.put("a", Queue.BULK, times=3)
        self.fetch_all()

        self.assertIsNotNone(self.fetch(worker=self.new_worker()))

    def test_a_lock_lets_one_at_a_time_through(self) -> None:
        self.put("a", times=2, lock="one at a time")
        first = self.fetch()
        assert first is not None

        self.assertIsNone(self.fetch())
        self.finish(first)
        self.assertIsNotNone(self.fetch())


class QueuesTest(PlainTestCase):
    def test_each_job_of_ours_is_of_a_kind(self) -> None:
        """A new job says which: else it would take the slots of the tickets' steps."""
        ours = [task for task in app.tasks.values() if task.queue != "builtin"]
        self.assertGreater(len(ours), 8)
        for task in ours:
            with self.subTest(task.name):
                self.assertIn(task.queue, set(Queue))

    def test_models_hold_up_no_calls(self) -> None:
        """They take minutes: those of a few companies would have all slots, and tickets wait."""
        self.assertEqual(app.tasks["workflows.jobs.ask_for_draft"].queue, Queue.MODEL)

    def test_one_company_never_has_all_slots(self) -> None:
        for queue, slots in SLOTS.items():
            if queue is not Queue.UPKEEP:  # it is of no company
                self.assertLess(slots.share, slots.number)
