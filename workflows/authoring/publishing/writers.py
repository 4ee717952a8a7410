"""Who has written a draft, before somebody publishes it: people, and assistants for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from tenants.audit.models import AuditEvent
from workflows.authoring.describing.describe import DRAFT_KEPT
from workflows.authoring.editing.create_workflow import CREATED
from workflows.authoring.editing.new_draft import DRAFT_BEGUN
from workflows.authoring.editing.save_draft import DRAFT_SAVED
from workflows.authoring.importing.import_bundle import IMPORTED
from workflows.authoring.publishing.certain_approvals import ALLOWED
from workflows.authoring.task_definitions.save_tasks import TASKS_SAVED
from workflows.authoring.trying.change_test_cases import TEST_CASES_CHANGED
from workflows.models import WorkflowDefinition

_WRITING: Final = [
    *(CREATED, DRAFT_BEGUN, DRAFT_SAVED, DRAFT_KEPT, IMPORTED),
    *(ALLOWED, TASKS_SAVED, TEST_CASES_CHANGED),
]
_MOST_READ: Final = 200
_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Writer:
    """`who` is a person, or “Assistant Claude for Carla Cole”; `at` is the last time."""

    who: str
    at: datetime


def writers_of(workflow: WorkflowDefinition) -> list[Writer]:
    """Who has written this version, as the audit log says it: the last one first. One query."""
    found: dict[str, Writer] = {}
    for event in _writing_of(workflow).order_by("-pk")[:_MOST_READ]:
        if event.who:
            found.setdefault(event.who, Writer(event.who, event.at))
    return list(found.values())[:_MOST_SHOWN]


def is_by_assistant(workflow: WorkflowDefinition) -> bool:
    """Whether an assistant has written in this version, however many people have since."""
    by_some = _writing_of(workflow).filter(data__through__assistant__isnull=False)
    return by_some.exclude(data__through__assistant="").exists()


def _writing_of(workflow: WorkflowDefinition) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(
        subject_type=workflow._meta.label_lower,
        subject_id=str(workflow.pk),
        kind__in=[each.name for each in _WRITING],
    )
