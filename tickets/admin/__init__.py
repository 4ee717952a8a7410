"""One module for each screen. Importing them registers them with the admin site."""

from tickets.admin import (
    files,
    my_task,
    my_ticket,
    task_definition,
    task_instance,
    ticket,
    ticket_definition,
    ticket_error,
    workflow_definition,
)

__all__ = [
    "files",
    "my_task",
    "my_ticket",
    "task_definition",
    "task_instance",
    "ticket",
    "ticket_definition",
    "ticket_error",
    "workflow_definition",
]
