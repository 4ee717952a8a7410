"""Work for people to have: a definition of one form, and running instances of it."""

from __future__ import annotations

from datetime import UTC, datetime

from tenants.models import User
from workflows.models import (
    CompanyRole,
    TaskDefinition,
    TaskInstance,
    WorkflowDefinition,
    WorkflowInstance,
)

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


def make_form(*, role: CompanyRole | None = None, key: str = "review") -> TaskDefinition:
    workflow = WorkflowDefinition.objects.create(key=key, title="Review")
    return TaskDefinition.objects.create(
        workflow=workflow, key="review", title="Review it", candidate_role=role
    )


def make_task(definition: TaskDefinition, *, to: User | None = None) -> TaskInstance:
    """A running instance whose form waits, or has been given to somebody."""
    instance = WorkflowInstance.objects.create(workflow=definition.workflow)
    instance.start(now=NOW)
    task = TaskInstance(workflow_instance=instance, definition=definition)
    if to is not None:
        task.assign(to=to, now=NOW)
    task.save()
    instance.current_task = task
    instance.save()
    return task
