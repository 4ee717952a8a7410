"""What changes tickets: one module for each verb."""

from tickets.services.advance_ticket import advance_ticket
from tickets.services.complete_task import complete_task, start_task
from tickets.services.keep_file import keep_file
from tickets.services.run_action import run_action
from tickets.services.submit_ticket import submit_ticket

__all__ = [
    "advance_ticket",
    "complete_task",
    "keep_file",
    "run_action",
    "start_task",
    "submit_ticket",
]
