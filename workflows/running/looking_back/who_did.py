"""Who did each task of a ticket last, and when: what conditions read as `done`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import BigIntegerField, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from tenants.models import User
from workflows.engine.process import Json, JsonObject
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent, WorkflowInstance
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.looking_back.keys_now import KeyNow


def done_by(person: User | None, at: datetime) -> JsonObject:
    """One task as conditions read it; None: nobody did it."""
    email, name = ("", "") if person is None else (person.email, str(person))
    return {"by": {"email": email, "name": name}, "at": at.isoformat()}


def who_did(instance: WorkflowInstance) -> JsonObject:
    """Each task that was completed, by its key now; of several visits the last one counts.

    Whoever completed it did it: a ticket admin who finished it in the place of its worker, too.
    Two queries, one where no person did anything.
    """
    actor = WorkflowEvent.objects.filter(task_instance=OuterRef("pk"), kind=TASK_COMPLETED)
    tasks = TaskInstance.objects.filter(workflow_instance=instance, status=TaskStatus.COMPLETED)
    by_hand = Subquery(actor.values("actor_id")[:1], output_field=BigIntegerField())
    who = Coalesce(by_hand, F("assigned_to_id"), output_field=BigIntegerField())
    done = tasks.annotate(_key=KeyNow(), _who=who).order_by("pk")
    rows = list(done.values_list("_key", "_who", "completed_at"))
    ids = {who for _key, who, _at in rows if who is not None}
    people = User.objects.in_bulk(ids) if ids else {}
    found: dict[str, Json] = {}
    for key, who, at in rows:
        if at is not None:
            found[key] = done_by(people.get(who), at)
    return found
