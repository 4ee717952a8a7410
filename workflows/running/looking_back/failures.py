"""How the calls of a ticket failed that went a way of their own for that: what conditions read."""

from __future__ import annotations

from workflows.engine.failure import Failure
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.of_calls.call_failed import CALL_FAILED
from workflows.running.looking_back.keys_now import keys_now


def last_failures(instance: WorkflowInstance) -> JsonObject:
    """{the key of a call: how it failed last}, as `failure` says it. A query or two."""
    events = WorkflowEvent.objects.filter(workflow_instance=instance, kind=CALL_FAILED)
    rows = list(events.order_by("pk").values_list("task_instance", "data__failure"))
    ids = {pk for pk, _failure in rows}
    tasks = list(TaskInstance.objects.filter(pk__in=ids).select_related("definition"))
    keys = keys_now(tasks, instance)
    found: JsonObject = {}
    for pk, data in rows:
        failure = Failure.read(data)
        if failure is not None and pk in keys:
            found[keys[pk]] = failure.as_json()
    return found
