"""What the filters behind the numbers of a report, and the report itself, have in common."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Q

# Of tasks that were finished.
LATE: Final = Q(completed_at__gt=F("due_at"))
IN_TIME: Final = Q(completed_at__lte=F("due_at"))
# Before the label of an end, which may be empty.
END: Final = "is:"


def task_of(workflow_key: str, task_key: str) -> str:
    """A task in all versions of its workflow: `vacation.approve`."""
    return f"{workflow_key}.{task_key}"


def keys_of(text: str) -> tuple[str, str]:
    """The keys of a workflow and of its task, of what `task_of` made."""
    workflow, _separator, task = text.replace("\0", "").partition(".")
    return workflow, task
