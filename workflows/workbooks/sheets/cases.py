"""The sheet of test cases."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from workflows.engine.failure import FailureReason
from workflows.engine.process import EndOutcome
from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.sheet import STATUSES, Column, Sheet

TESTS: Final = Sheet(
    "Tests",
    "tests",
    (
        Column(
            "name",
            "Test",
            kinds.TEXT,
            gettext_lazy(
                "What the test case is called. Its rows have the same name, or none after the "
                "first."
            ),
            28,
            ("name", "test case"),
        ),
        Column(
            "step",
            "Step",
            kinds.TEXT,
            gettext_lazy("“ticket”, or the key of a task: each visit of a task has its own row."),
            20,
            ("task", "form"),
            options_of="Tasks",
        ),
        Column(
            "answers",
            "Answers",
            kinds.PRESETS,
            gettext_lazy("What is answered in this step, a line each, such as amount = 50"),
            36,
            ("answer", "output"),
        ),
        Column(
            "edits",
            "Changes",
            kinds.PRESETS,
            gettext_lazy(
                "What the task changes of earlier answers, a line each: ticket.amount = 50. What "
                "is left out stays as it was."
            ),
            30,
            ("changed answers", "edits"),
        ),
        Column(
            "error",
            "Error",
            kinds.TEXT,
            gettext_lazy("For actions: why the call failed for good."),
            20,
        ),
        Column(
            "after",
            "After",
            kinds.DURATION,
            gettext_lazy(
                "Instead of answers: the task is not done in this time, such as 2 days, and the "
                "ticket takes the transition that has this time in the sheet Transitions."
            ),
            14,
            ("not done after", "timeout"),
        ),
        Column(
            "failure_status",
            "Failure status",
            kinds.NUMBER,
            gettext_lazy("For actions: the status that the failed call was answered with: 402."),
            12,
        ),
        Column(
            "failure_reason",
            "Failure reason",
            kinds.WORD,
            gettext_lazy("For actions: why the call failed. Empty: as its status says."),
            16,
            options=tuple(FailureReason),
        ),
        Column(
            "cancel",
            "Cancel",
            kinds.YES_NO,
            gettext_lazy("Instead of answers: yes, if the ticket is withdrawn or cancelled here."),
            10,
            ("withdraw", "cancelled"),
        ),
        Column(
            "by",
            "By",
            kinds.TEXT,
            gettext_lazy("Who does it: requester, manager, or an e-mail address."),
            18,
            ("done by",),
        ),
        Column(
            "given_to",
            "Given to",
            kinds.TEXT,
            gettext_lazy(
                "Whom the task must be given to: requester, manager, an e-mail address, "
                "tasks.<key> (whoever did that), a company role, everybody or nobody."
            ),
            18,
        ),
        Column(
            "item",
            "Item",
            kinds.ITEM,
            gettext_lazy(
                "In a block with a list: for which entry, counted from 1. Empty: for the first "
                "that waits."
            ),
            8,
            ("entry", "number of entry"),
        ),
        Column(
            "ticket_type",
            "Ticket type",
            kinds.KEY,
            gettext_lazy("In the first row: the ticket type that is submitted."),
            18,
            options_of="Ticket types",
        ),
        Column(
            "path",
            "Path",
            kinds.KEYS,
            gettext_lazy("In the first row: the tasks that must be reached, in order."),
            30,
            ("expected path",),
        ),
        Column(
            "end",
            "End",
            kinds.TEXT,
            gettext_lazy("In the first row: the label of the transition to the end. Empty: any."),
            20,
            ("expected end",),
        ),
        Column(
            "outcome",
            "Outcome",
            kinds.WORD,
            gettext_lazy("In the first row: what the end must mean. Empty: anything."),
            12,
            ("expected outcome",),
            tuple(EndOutcome),
        ),
        Column(
            "status",
            "Status",
            kinds.STATUS,
            gettext_lazy("In the first row: how it must come out. Empty: COMPLETED."),
            14,
            ("expected status",),
            STATUSES,
        ),
        Column(
            "waits_for",
            "Waits for",
            kinds.TEXT,
            gettext_lazy(
                "In the first row: whom the task must be given to at which it waits, as under "
                "Given to."
            ),
            18,
        ),
        Column(
            "email",
            "Submitter e-mail",
            kinds.TEXT,
            gettext_lazy("In the first row: who submits the ticket."),
            22,
            ("email", "submitter"),
        ),
        Column("first_name", "First name", kinds.TEXT, gettext_lazy("Of the submitter."), 14),
        Column("last_name", "Last name", kinds.TEXT, gettext_lazy("Of the submitter."), 14),
        Column(
            "today",
            "Today",
            kinds.DAY,
            gettext_lazy(
                "In the first row: the day on which it happens, such as 2026-10-30. Empty: the day "
                "of the run."
            ),
            14,
            ("day", "date"),
        ),
    ),
    ("test", "test cases"),
)
