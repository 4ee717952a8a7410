"""The sheet of tasks."""

from __future__ import annotations

from typing import Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from workflows.engine.steps.blocks import Order
from workflows.engine.task_types import WRITTEN_TYPES
from workflows.task_types import SCREENS
from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.common_columns import (
    description_column,
    key_column,
    layout_column,
    links_column,
    title_column,
)
from workflows.workbooks.sheets.sheet import YES_NO, Column, Sheet

_TYPES_NOTE: Final = format_lazy(
    " ".join(["{}: {}."] * len(WRITTEN_TYPES)),
    *(each for task_type in WRITTEN_TYPES for each in (task_type, SCREENS[task_type].choice)),
)
TASKS: Final = Sheet(
    "Tasks",
    "tasks",
    (
        key_column(),
        title_column(),
        description_column(gettext_lazy("What the worker should know.")),
        Column(
            "task_type",
            "Type",
            kinds.TASK_TYPE,
            _TYPES_NOTE,
            15,
            options=tuple(WRITTEN_TYPES),
        ),
        Column(
            "candidate_role",
            "Company role",
            kinds.ROLE,
            gettext_lazy("Whose members are given the task. Empty: every task worker."),
            20,
            options_of="Company roles",
        ),
        Column(
            "assign_to",
            "Given to",
            kinds.ASSIGNED,
            gettext_lazy(
                "Where it is not simply the company role. A line each: requester, manager, answer "
                "ticket.approver, doer review or person wendy@example.com; otherwise: role or "
                "everybody; never: requester, review; in turn or nobody (until it is claimed)."
            ),
            26,
        ),
        Column(
            "assistant",
            "Assistant",
            kinds.ASSISTED,
            gettext_lazy(
                "The service account to which a form is offered first, and then a line each: 30 "
                "minutes (else 60); unchecked (it completes the task); 5 tries (else 3)."
            ),
            24,
            ("offered to", "offered first to"),
        ),
        Column(
            "edits",
            "Earlier answers",
            kinds.EDITS,
            gettext_lazy(
                "Answers that its form shows again, a line each: ticket.amount, or review.note. "
                "They may be changed; with “: see” they are only seen."
            ),
            26,
        ),
        Column(
            "action_url",
            "Action URL",
            kinds.TEXT,
            gettext_lazy("For actions: the address that is called, by POST."),
            30,
        ),
        Column(
            "input_transform",
            "Input transform",
            kinds.TRANSFORM,
            gettext_lazy(
                "For actions: what is sent, a line each, such as amount = ticket.amount. For "
                "sub-tickets: the answers that the other ticket is given."
            ),
            36,
        ),
        Column(
            "output_transform",
            "Output transform",
            kinds.TRANSFORM,
            gettext_lazy(
                "For actions: what is kept of the answer, a line each: id = response.body.id. For "
                "sub-tickets: what is kept of the other ticket."
            ),
            36,
        ),
        Column(
            "input_schema",
            "Input schema",
            kinds.SCHEMA,
            gettext_lazy("For actions: a JSON Schema of what is sent."),
            20,
        ),
        Column(
            "output_schema",
            "Output schema",
            kinds.SCHEMA,
            gettext_lazy("For actions: a JSON Schema of what comes back."),
            20,
        ),
        Column(
            "timeout_seconds",
            "Timeout in seconds",
            kinds.NUMBER,
            gettext_lazy("For actions: how long to wait for an answer. Empty: 30."),
            12,
        ),
        Column(
            "retries",
            "Retries",
            kinds.NUMBER,
            gettext_lazy("For actions: how often a failed call is tried again. Empty: 3."),
            10,
        ),
        Column(
            "values",
            "Values",
            kinds.TRANSFORM,
            gettext_lazy("For values: what is set, a line each, such as total = ticket.price * 2"),
            36,
            ("sets", "set values"),
        ),
        Column(
            "due_in",
            "Due in",
            kinds.DURATION,
            gettext_lazy(
                "When it should be done: 2 days 4 hours (of working time), 30 minutes clock time, "
                "3 days before ticket.return_date at 09:00, or on ticket.return_date."
            ),
            14,
        ),
        Column(
            "branch",
            "Branch",
            kinds.PLACE,
            gettext_lazy(
                "Of a task inside a block: the keys of the block and of its branch, such as "
                "prepare.it. Empty: on the main path."
            ),
            20,
        ),
        Column(
            "ends_when",
            "Ends when",
            kinds.ENDS_WHEN,
            gettext_lazy(
                "Of a block: any (one branch has ended), or how many of them. Empty: all. What "
                "still runs then is cancelled."
            ),
            12,
        ),
        Column(
            "for_each",
            "For each",
            kinds.LIST_OF,
            gettext_lazy(
                "Of a block: the list for each entry of which its branch runs, such as "
                "ticket.lines. Conditions in the branch read item and item_number."
            ),
            20,
        ),
        Column(
            "order",
            "Order",
            kinds.WORD,
            gettext_lazy("Of a block with a list. in_order: one after the other."),
            12,
            options=tuple(Order),
        ),
        Column(
            "most",
            "Most",
            kinds.NUMBER,
            gettext_lazy("Of a block with a list: how many entries there may be. Empty: 50."),
            10,
        ),
        Column(
            "hide_answers",
            "Hide answers",
            kinds.YES_NO,
            gettext_lazy(
                "Of a block. yes: until it has ended, whoever works in one branch does not see "
                "what was answered in the others."
            ),
            12,
            options=YES_NO,
        ),
        Column(
            "wait",
            "Waits until",
            kinds.DURATION,
            gettext_lazy(
                "For waits: until when. 2 days; on ticket.start at 09:00; 1 day before "
                "ticket.start; at 09:00."
            ),
            16,
        ),
        Column(
            "answered_by",
            "Answered by",
            kinds.TEXT,
            gettext_lazy(
                "Of a wait: the answer by whose value a message of another system ends it before, "
                "such as tasks.order.reference."
            ),
            20,
        ),
        Column(
            "message",
            "Mail",
            kinds.MAIL,
            gettext_lazy(
                "For mails. A line each: to: answer ticket.supplier_email (or requester, manager, "
                "role, doer review, an address), subject: Order {number}, files: ticket.quote. "
                "Then an empty line, and the text with answers such as {ticket.amount}."
            ),
            40,
            ("message", "e-mail"),
        ),
        Column(
            "reminders",
            "Reminders",
            kinds.REMINDERS,
            gettext_lazy(
                "Who is told while it waits, a line each: 1 day before due: worker. Or: manager, "
                "requester, deputy, ticket admins, role IT managers. With “, add” the members of "
                "the role may do it as well, with “deputy, give” the deputy is given it. A text "
                "of one's own after another colon."
            ),
            30,
        ),
        Column(
            "ticket_type",
            "Ticket type",
            kinds.KEY,
            gettext_lazy(
                "For sub-tickets: the key of the ticket type that is started. The input transform "
                "says its answers: amount = ticket.amount."
            ),
            20,
            ("starts", "sub-ticket", "subworkflow"),
        ),
        Column(
            "wait_for_end",
            "Wait for end",
            kinds.YES_NO,
            gettext_lazy(
                "For sub-tickets. no: the ticket goes on at once, and does not wait for its end. "
                "Empty: yes."
            ),
            12,
            options=YES_NO,
        ),
        links_column(),
        layout_column("edit_layout", "Edit layout"),
        layout_column("display_layout", "Display layout"),
        Column(
            "approvers",
            "Approvers",
            kinds.APPROVERS,
            gettext_lazy(
                "Of an approval: who is asked. role Managers, manager (the requester's), people in "
                "ticket.reviewers, or e-mail addresses, a line each."
            ),
            24,
        ),
        Column(
            "needed",
            "Needed",
            kinds.ENDS_WHEN,
            gettext_lazy("Of an approval: all, or how many must approve. Empty: one."),
            10,
        ),
        Column(
            "never",
            "Never",
            kinds.NEVER,
            gettext_lazy(
                "Of an approval: who is never asked, a line each: requester, review (whoever did "
                "that task), or nobody: everybody may be. Empty: requester."
            ),
            16,
        ),
    ),
    ("task",),
    is_needed=True,
)
