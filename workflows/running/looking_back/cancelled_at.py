"""At which task a ticket was when it was withdrawn or cancelled."""

from __future__ import annotations

from typing import Final

from workflows.models import TaskInstance, WorkflowEvent, WorkflowInstance
from workflows.running.events.of_tickets.cancelled import CANCELLED
from workflows.running.events.of_tickets.duplicate import DUPLICATE
from workflows.running.events.of_tickets.withdrawn import WITHDRAWN
from workflows.running.looking_back.keys_now import keys_now

CANCELLING: Final = (str(CANCELLED), str(WITHDRAWN), str(DUPLICATE))


def task_of_cancel(instance: WorkflowInstance) -> tuple[TaskInstance, str]:
    """The task, and its key in the version that the instance runs on: by its history.

    Of an instance that cleans up, or has.

    Raises:
        TaskInstance.DoesNotExist: its history does not say it.
    """
    events = WorkflowEvent.objects.filter(workflow_instance=instance, kind__in=CANCELLING)
    said = events.order_by("-pk").values_list("data__at", flat=True).first()
    tasks = TaskInstance.objects.select_related("definition")
    task = tasks.get(pk=said or 0, workflow_instance=instance)
    return task, keys_now([task], instance)[task.pk]
