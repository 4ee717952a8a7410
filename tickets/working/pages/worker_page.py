"""What the pages have in common on which a worker does something."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from tenants.pages.page import Page
from workflows.engine.task_types import FORM_TYPES

# In the address of the list: a task was completed, so that the next one is offered.
NEXT = "next"


class WorkerPage(Page):
    """For the workers of the company: a superuser who looks into it is none."""

    permissions = ("tickets.view_mytask", "tickets.change_mytask")

    @classmethod
    def admits(cls, request: HttpRequest) -> bool:
        return super().admits(request) and not request.user.is_superuser


def with_ticket(tasks: QuerySet[Any]) -> QuerySet[Any]:
    """Those that a person can work on, with what the pages show of them."""
    return tasks.filter(
        definition__task_type__in=FORM_TYPES, workflow_instance__ticket__isnull=False
    ).select_related(
        "definition",
        "path",
        "workflow_instance__ticket__definition",
        "workflow_instance__ticket__created_by",
        "workflow_instance__workflow",
    )
