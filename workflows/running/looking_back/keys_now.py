"""Under which key the tasks that an instance has had count now.

A task that is done keeps the definition of the version in which it was done. Where the instance was
moved since, and the task is called something else there, conditions and rules ask for the new key.
What the events of the moves say is followed, in SQL: for one task, and for many at once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db.models import F, Func, TextField

from workflows.models import TaskInstance, WorkflowInstance
from workflows.running.events.of_repairs.version_changed import VERSION_CHANGED

# `now` and `then` are the ids of the versions of the instance and of the task. Most are the same:
# then nothing is looked up.
_KEY_NOW: Final = """
(CASE WHEN {now} = {then} THEN {key}::text ELSE (
    WITH RECURSIVE moves AS (
        SELECT row_number() OVER (ORDER BY mv.id) AS step, mv.data->'renamed' AS renamed
          FROM workflows_workflowevent mv
         WHERE mv.workflow_instance_id = {instance} AND mv.kind = '{kind}'
           AND jsonb_exists(mv.data, 'renamed')
           AND (mv.data->>'from')::int >= (
               SELECT mw.version FROM workflows_workflowdefinition mw WHERE mw.id = {then})),
    keys AS (
        SELECT 0::bigint AS step, {key}::text AS key
        UNION ALL
        SELECT m.step, coalesce(m.renamed->>k.key, k.key)
          FROM keys k JOIN moves m ON m.step = k.step + 1)
    SELECT ks.key FROM keys ks ORDER BY ks.step DESC LIMIT 1) END)
"""


def key_now_sql(*, now: str, then: str, instance: str, key: str) -> str:
    """The expression; all are columns, of a task's instance, definition and id of its instance."""
    return _KEY_NOW.format(now=now, then=then, instance=instance, key=key, kind=VERSION_CHANGED)


class KeyNow(Func):
    """The same in a query of TaskInstance."""

    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(
            F("workflow_instance__workflow_id"),
            F("definition__workflow_id"),
            F("workflow_instance_id"),
            F("definition__key"),
        )

    def as_sql(
        self, compiler: Any, connection: Any, *_more: Any, **_extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        columns = [compiler.compile(each)[0] for each in self.get_source_expressions()]
        now, then, instance, key = columns
        return key_now_sql(now=now, then=then, instance=instance, key=key), ()


def keys_now(tasks: Collection[TaskInstance], instance: WorkflowInstance) -> dict[int, str]:
    """{id of a task: its key}, of tasks of one instance.

    One query; none where all are of the version that the instance runs on.
    """
    found = {task.pk: task.definition.key for task in tasks}
    older = [task.pk for task in tasks if task.definition.workflow_id != instance.workflow_id]
    if older:
        rows = TaskInstance.objects.filter(pk__in=older).annotate(now=KeyNow())
        found.update(rows.values_list("pk", "now"))
    return found
