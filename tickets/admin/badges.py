"""Statuses as coloured words: the same in lists and on detail pages."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from tickets.models import ErrorStatus, TicketError
from workflows.models import (
    DefinitionStatus,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowStatus,
)

# The tones are CSS classes of definitions.css: badge-good, badge-bad ...
DEFINITION_TONES: Mapping[str, str] = {
    DefinitionStatus.DRAFT: "warn",
    DefinitionStatus.PUBLISHED: "good",
    DefinitionStatus.RETIRED: "plain",
}
WORKFLOW_TONES: Mapping[str, str] = {
    WorkflowStatus.NOT_STARTED: "plain",
    WorkflowStatus.IN_PROGRESS: "info",
    WorkflowStatus.COMPLETED: "good",
    WorkflowStatus.CANCELLED: "plain",
    WorkflowStatus.ON_HOLD: "warn",
}
TASK_TONES: Mapping[str, str] = {
    TaskStatus.OPEN: "info",
    TaskStatus.IN_PROGRESS: "info",
    TaskStatus.PENDING: "warn",
    TaskStatus.COMPLETED: "good",
    TaskStatus.CANCELLED: "plain",
    TaskStatus.ERROR: "bad",
}
ERROR_TONES: Mapping[str, str] = {
    ErrorStatus.NEW: "bad",
    ErrorStatus.REVIEWED: "warn",
    ErrorStatus.RESOLVED: "good",
}


def badge(text: object, tone: str = "plain") -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def definition_badge(workflow: WorkflowDefinition) -> SafeString:
    status = DefinitionStatus(workflow.status)
    return badge(status.label, DEFINITION_TONES[status])


def workflow_badge(status: WorkflowStatus) -> SafeString:
    return badge(status.label, WORKFLOW_TONES[status])


def task_badge(task: TaskInstance) -> SafeString:
    status = TaskStatus(task.status)
    return badge(status.label, TASK_TONES[status])


def error_badge(error: TicketError) -> SafeString:
    status = ErrorStatus(error.status)
    return badge(status.label, ERROR_TONES[status])
