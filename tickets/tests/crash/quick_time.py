"""Times that nobody can wait for, made shorter in the processes of these tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest import mock

import attr
from procrastinate.contrib.django import app

from workflows.actions import pauses
from workflows.engine.times.calendar import Duration, WorkingTime

MINUTE_SECONDS = 2
PAUSE_SECONDS = 1.0
REQUEUE = "project.jobs.requeue_stalled"  # project imports us, not the other way round
OFTEN = "* * * * * */2"  # every two seconds


def quick_minutes() -> mock._patch[object]:
    """A patch in which a minute of working time lasts two seconds: no timer is shorter."""
    return mock.patch.object(WorkingTime, "after", _after)


def _after(self: WorkingTime, start: datetime, duration: Duration) -> datetime:
    return start.astimezone(UTC) + timedelta(seconds=duration.minutes * MINUTE_SECONDS)


def hurry() -> None:
    """Call again after a second, and look for lost workers often, for as long as this lives."""
    pauses.FIRST_PAUSE = PAUSE_SECONDS
    periodic = app.periodic_registry.periodic_tasks
    for key, each in periodic.items():
        if each.task.name == REQUEUE:
            periodic[key] = attr.evolve(each, cron=OFTEN)
