"""The sheets of transitions, and of the branches of blocks."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy

from workflows.engine.process import EndOutcome
from workflows.workbooks.cells import kinds
from workflows.workbooks.sheets.common_columns import title_column
from workflows.workbooks.sheets.sheet import BLOCK_COLUMN, YES_NO, Column, Sheet

BRANCHES: Final = Sheet(
    "Branches",
    "branches",
    (
        Column(
            BLOCK_COLUMN,
            "Block",
            kinds.KEY,
            gettext_lazy("The key of the block: a task of the type BLOCK on the sheet Tasks."),
            22,
            ("task",),
            options_of="Tasks",
        ),
        Column(
            "key",
            "Key",
            kinds.KEY,
            gettext_lazy("The branch's name in its block. Tasks in it name both: prepare.it."),
            18,
        ),
        title_column(),
        Column(
            "start",
            "Begins with",
            kinds.KEY,
            gettext_lazy("The key of its first task."),
            22,
            ("start",),
            options_of="Tasks",
        ),
        Column(
            "when",
            "When",
            kinds.CONDITION,
            gettext_lazy(
                "The branch runs only where this is true, such as ticket.remote = yes. Empty: "
                "always."
            ),
            44,
        ),
        Column(
            "ends_block",
            "Ends the block",
            kinds.YES_NO,
            gettext_lazy(
                "yes: when this branch has ended, the block has. What still runs beside it is "
                "cancelled."
            ),
            14,
            options=YES_NO,
        ),
    ),
    ("branch", "lanes"),
)
TRANSITIONS: Final = Sheet(
    "Transitions",
    "transitions",
    (
        Column(
            "from",
            "From",
            kinds.KEY,
            gettext_lazy("The key of the task that was completed, or start."),
            24,
            options_of="Tasks",
        ),
        Column(
            "to",
            "To",
            kinds.KEY,
            gettext_lazy("The key of the task that is next, or end."),
            24,
            options_of="Tasks",
        ),
        Column(
            "label",
            "Label",
            kinds.TEXT,
            gettext_lazy(
                "What this transition is called; on one to the end, how the ticket ended."
            ),
            28,
        ),
        Column(
            "condition",
            "Condition",
            kinds.CONDITION,
            gettext_lazy(
                "When this transition is taken, such as approve.approved = yes and "
                "ticket.amount > 1000. "
                "Empty: always."
            ),
            52,
        ),
        Column(
            "priority",
            "Priority",
            kinds.NUMBER,
            gettext_lazy("Of the transitions that leave a task, the lowest number is tried first."),
            10,
        ),
        Column(
            "after",
            "After",
            kinds.DURATION,
            gettext_lazy(
                "A time such as 2 days, or on ticket.return_date: this transition is taken when "
                "the task has not ended by then. Empty: it is taken when the task is completed."
            ),
            14,
        ),
        Column(
            "on_failure",
            "On failure",
            kinds.YES_NO,
            gettext_lazy(
                "Of a call: yes, if this transition is taken when the call has failed for good. "
                "Its condition may read failure.status, failure.reason and failure.message."
            ),
            12,
            ("on error", "otherwise"),
        ),
        Column(
            "on_cancel",
            "On cancel",
            kinds.YES_NO,
            gettext_lazy(
                "yes, if this transition is taken when the ticket is withdrawn or cancelled at the "
                "task; from start: wherever it is. It leads to tasks that clean up."
            ),
            12,
            ("when cancelled", "on withdraw"),
        ),
        Column(
            "outcome",
            "Outcome",
            kinds.WORD,
            gettext_lazy(
                "Of a transition to the end: what the end means. bad: what was asked for was not "
                "done. neutral: neither. Empty: good."
            ),
            12,
            options=tuple(EndOutcome),
        ),
    ),
    ("transition",),
    is_needed=True,
)
