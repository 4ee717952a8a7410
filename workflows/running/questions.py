"""A form that waits for an answer of whoever submitted the ticket goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import QuerySet

from tenants.hooks import Hook
from tenants.models import User
from workflows.engine.times.timing import Moment
from workflows.models import BusinessCalendar, TaskInstance
from workflows.running.events.of_talk.asked import ASKED

# The task, whose time begins anew, and now. An app above registers its functions while it starts.
QUESTION_ENDED: Hook[[TaskInstance, datetime], None] = Hook()
# The numbers of people who submitted tickets; the tasks that wait for an answer of theirs.
ASKED_OF: Hook[[Collection[int]], QuerySet[TaskInstance]] = Hook()


def questions_to(people: Iterable[User]) -> QuerySet[TaskInstance]:
    """The forms that wait for an answer of these people."""
    numbers = [each.pk for each in people]
    found = TaskInstance.objects.none()
    for tasks in ASKED_OF.call_all(numbers):
        found |= tasks
    return found


def due_after_question(task: TaskInstance, *, now: datetime) -> datetime | None:
    """When it is due: after as much working time as was left of it. None: it had no time.

    What was overdue, is counted by the clock, or is due where nobody ever works, is due as much
    later as it waited. What is counted from the date of an answer is due when it was.
    """
    asked = task.events.filter(kind=ASKED).order_by("-pk").first()
    if asked is None or not asked.data.get("due"):
        return None
    due = datetime.fromisoformat(str(asked.data["due"]))
    moment = Moment.parse(task.definition.due_in) if task.definition.due_in else Moment()
    if moment.anchor:
        return due  # the date stays what it is
    if moment.by_clock:
        return due + (now - asked.at)
    working_time = BusinessCalendar.objects.current().working_time()
    anew = None
    if due > asked.at:
        anew = working_time.after_hours(now, working_time.between(asked.at, due))
    return anew or due + (now - asked.at)
