"""What looks after everything waits for the work of no company."""

from __future__ import annotations

from unittest import TestCase

from procrastinate.contrib.django import app

from tenants.fair_turns import Queue


class UpkeepTests(TestCase):
    """Its slots are few, and what a dead worker left is found in one of them."""

    def test_all_of_it_is_periodic(self) -> None:
        periodic = {name for name, _id in app.periodic_registry.periodic_tasks}
        upkeep = {task.name for task in app.tasks.values() if task.queue == Queue.UPKEEP}
        self.assertTrue(upkeep)
        self.assertEqual(
            upkeep - periodic,
            set(),
            "This job is about a company, and takes as long as that is large: put it into another "
            "queue (tenants/fair_turns.py).",
        )
