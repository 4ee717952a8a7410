"""The sheets of a workbook and their columns: the one table that reading and writing follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from workflows.bundles.document import synonyms
from workflows.engine.failure import FailureReason
from workflows.engine.process import EndOutcome
from workflows.engine.steps.blocks import Order
from workflows.engine.task_types import WRITTEN_TYPES
from workflows.fields.field import Holds, SeenBy, SpecKey
from workflows.fields.registry import OWN_KEYS, TYPES
from workflows.priorities import Priority
from workflows.task_types import SCREENS
from workflows.workbooks import kinds
from workflows.workbooks.kinds import Kind

FORM_COLUMN: Final = "form"
BLOCK_COLUMN: Final = "block"
TYPE_COLUMN: Final = "ticket_type"
TICKET: Final = "ticket"
READ_ME: Final = "Read me"
LONG_TEXTS: Final = "Long texts"
YES_NO: Final = ("yes", "no")
STATUSES: Final = ("COMPLETED", "WAITING", "ERROR", "CANCELLED")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the name in the document, the heading, and what a cell holds.

    `aliases` are other headings for it, beside those of workflows.bundles.document.synonyms.
    `options` are the values of a drop-down list, beside which others may be written where it
    `is_open`; `options_of` takes them from the first column
    of a sheet instead, where people add to them, so that other values are let through.
    """

    name: str
    heading: str
    kind: Kind
    note: object
    width: int = 16
    aliases: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    options_of: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: the name of its list in the document, and its columns.

    `is_needed` where no bundle can do without it.
    """

    name: str
    part: str
    columns: tuple[Column, ...]
    aliases: tuple[str, ...] = ()
    is_needed: bool = False


_KEY_NOTE: Final = gettext_lazy(
    "A short name in small letters, digits and underscores. It never changes."
)
_TYPES_NOTE: Final = format_lazy(
    " ".join(["{}: {}."] * len(WRITTEN_TYPES)),
    *(each for task_type in WRITTEN_TYPES for each in (task_type, SCREENS[task_type].choice)),
)
_LINKS_NOTE: Final = gettext_lazy("Links, a line each: label | address | description")
_LAYOUT_NOTE: Final = gettext_lazy(
    "Source of a React component, or empty for the plain form or list."
)


def _links() -> Column:
    return Column("ext_ref", "Links", kinds.LINKS, _LINKS_NOTE, 34)


def _layout(name: str, heading: str) -> Column:
    return Column(name, heading, kinds.TEXT, _LAYOUT_NOTE, 16)


def _key() -> Column:
    return Column("key", "Key", kinds.KEY, _KEY_NOTE, 22)


def _title() -> Column:
    return Column("title", "Title", kinds.TEXT, gettext_lazy("The name that people see."), 28)


def _description(note: object) -> Column:
    return Column("description", "Description", kinds.TEXT, note, 46)


_OWN_KINDS: Final[Mapping[Holds, Kind]] = {
    Holds.TEXT: kinds.TEXT,
    Holds.TEXTS: kinds.NAMES,
    Holds.COMPANY_ROLE: kinds.ROLE,
}


def _own(own: SpecKey) -> Column:
    """The column of a key that a single type of question brings."""
    return Column(own.key, own.label, _OWN_KINDS[own.holds], gettext_lazy(own.note), 20)


WORKFLOW: Final = Sheet(
    "Workflow",
    "workflow",
    (
        _key(),
        _title(),
        _description(gettext_lazy("What the workflow is for.")),
        _links(),
        _layout("display_layout", "Display layout"),
        Column(
            "format_version",
            "Format version",
            kinds.NUMBER,
            gettext_lazy("The version of this workbook's form. Leave it as it is."),
        ),
    ),
    is_needed=True,
)
FIELDS: Final = Sheet(
    "Fields",
    "fields",
    (
        Column(
            FORM_COLUMN,
            "Form",
            kinds.TEXT,
            gettext_lazy(
                "Where the question is asked: “ticket”, or the key of a task. For the questions "
                "of one record of a list: ticket.items, where items is a field of type records."
            ),
            20,
            ("task", "where", "asked in"),
            options_of="Tasks",
        ),
        Column(
            "name",
            "Name",
            kinds.KEY,
            gettext_lazy("The name that conditions use: small letters, digits, underscores."),
            20,
        ),
        Column("label", "Label", kinds.TEXT, gettext_lazy("The question, for people."), 32),
        Column(
            "type",
            "Type",
            kinds.FIELD_TYPE,
            gettext_lazy("What kind of answer is asked for. Choose from the list."),
            13,
            options=tuple(TYPES),
        ),
        Column(
            "required",
            "Required",
            kinds.YES_NO_OR_RULE,
            gettext_lazy(
                "yes: an answer is needed. Empty or no: it may be left out. Or a condition on "
                'other fields of the form, such as topic = "other".'
            ),
            10,
            options=YES_NO,
            is_open=True,
        ),
        Column(
            "choices",
            "Choices",
            kinds.CHOICES,
            gettext_lazy(
                "What can be chosen, a line each: the value, or value: label. Short ones may be "
                "separated by commas."
            ),
            32,
        ),
        Column("help", "Help", kinds.TEXT, gettext_lazy("A hint below the question."), 32),
        Column(
            "default",
            "Default",
            kinds.DEFAULT,
            gettext_lazy(
                "The answer that the form begins with. Of numbers, dates and times also "
                "calculated, such as today + 14 days."
            ),
            14,
        ),
        Column(
            "min",
            "Min",
            kinds.LIMIT,
            gettext_lazy(
                "The smallest number, the fewest characters or entries, the earliest date."
            ),
            10,
        ),
        Column(
            "max",
            "Max",
            kinds.LIMIT,
            gettext_lazy("The largest number, the most characters or entries, the latest date."),
            10,
        ),
        Column(
            "more_than",
            "More than",
            kinds.LIMIT,
            gettext_lazy("The number must be above this one."),
            10,
        ),
        Column(
            "less_than",
            "Less than",
            kinds.LIMIT,
            gettext_lazy("The number must be below this one."),
            10,
        ),
        Column(
            "pattern",
            "Pattern",
            kinds.TEXT,
            gettext_lazy("A regular expression that text must match."),
            16,
        ),
        Column(
            "visible_when",
            "Shown when",
            kinds.SHOWN_WHEN,
            gettext_lazy(
                'A condition on other fields of the form, such as topic = "hardware". Empty: '
                "always shown."
            ),
            32,
        ),
        Column(
            "seen_by",
            "Seen by",
            kinds.WORD,
            gettext_lazy(
                "Of a question of a task. requester: whoever submitted the ticket sees the answer. "
                "Empty or team: only those who work on it."
            ),
            13,
            options=tuple(SeenBy),
        ),
        Column(
            "listed",
            "Listed",
            kinds.YES_NO,
            gettext_lazy("Of a question of the ticket. yes: lists of tickets show the answer."),
            9,
            options=YES_NO,
        ),
        *(_own(each) for each in OWN_KEYS.values()),
        Column(
            "computed",
            "Calculated",
            kinds.FORMULA,
            gettext_lazy(
                "How it is calculated, where nobody types the answer: sum(lines.quantity * "
                "lines.price). In records it names the columns of the row: quantity * price."
            ),
            28,
            ("formula", "computed", "calculated"),
        ),
        Column(
            "checks",
            "Checks",
            kinds.CHECKS,
            gettext_lazy(
                "What must be true of the answers, a line each: the condition | what to do where "
                "it is not. until <= from + 14 days | Give it back after 14 days at the latest."
            ),
            36,
            ("check", "validation"),
        ),
    ),
    ("forms", "field", "questions"),
)
TASKS: Final = Sheet(
    "Tasks",
    "tasks",
    (
        _key(),
        _title(),
        _description(gettext_lazy("What the worker should know.")),
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
        _links(),
        _layout("edit_layout", "Edit layout"),
        _layout("display_layout", "Display layout"),
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
        _title(),
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
        Column(
            "messages",
            "Mails",
            kinds.MAILS,
            gettext_lazy(
                "Mails that are sent when this transition is taken, each as in the column Mail of "
                "the tasks, to a company role with its name: to: role Buyers. Between two a line "
                "of ---."
            ),
            40,
            ("messages", "mail", "e-mails"),
        ),
    ),
    ("transition",),
    is_needed=True,
)
TICKET_TYPES: Final = Sheet(
    "Ticket types",
    "ticket_types",
    (
        _key(),
        _title(),
        _description(gettext_lazy("When to submit it.")),
        Column(
            "presets",
            "Presets",
            kinds.PRESETS,
            gettext_lazy(
                "Fields that this ticket type does not ask for, a line each, such as "
                "priority = high"
            ),
            34,
        ),
        Column(
            "roles_with_access",
            "Roles with access",
            kinds.ROLES,
            gettext_lazy("The company roles that may submit it, a line each. Empty: everybody."),
            28,
        ),
        Column(
            "priority",
            "Priority",
            kinds.WORD,
            gettext_lazy(
                "Of its tickets, unless an answer or a person says otherwise. Empty: normal."
            ),
            12,
            options=tuple(Priority),
        ),
        Column(
            "priority_from",
            "Priority from",
            kinds.TEXT,
            gettext_lazy(
                "The name of a choice of the ticket's form whose answer is the priority. Its "
                "choices are low, normal, high and urgent, with any labels."
            ),
            18,
        ),
        Column(
            "icon",
            "Icon",
            kinds.WORD,
            gettext_lazy(
                "The name of the icon on its card, such as receipt_long; the documentation of the "
                "bundle format lists them. Empty: that of a ticket."
            ),
            16,
        ),
        Column(
            "reopen_days",
            "Reopen within days",
            kinds.NUMBER,
            gettext_lazy(
                "For how many days after its end a ticket may be reopened, as a follow-up. "
                "Empty: never."
            ),
            14,
        ),
        Column(
            "asks_rating",
            "Asks for a rating",
            kinds.YES_NO,
            gettext_lazy("Whether people are asked at the end how satisfied they are: yes or no."),
            12,
        ),
        Column(
            "public_for",
            "Public, for",
            kinds.TEXT,
            gettext_lazy(
                "Where people outside may begin such a ticket by a link: the e-mail address of "
                "the person of the company who is its requester. Empty: they cannot."
            ),
            20,
            ("public",),
        ),
        _links(),
        _layout("edit_layout", "Edit layout"),
        _layout("display_layout", "Display layout"),
    ),
    ("ticket type", "tickets"),
)
STARTS: Final = Sheet(
    "Starts",
    "starts",
    (
        Column(
            TYPE_COLUMN,
            "Ticket type",
            kinds.KEY,
            gettext_lazy("The key of the ticket type whose tickets start by themselves."),
            22,
            ("type",),
            options_of="Ticket types",
        ),
        _key(),
        Column(
            "title",
            "Title",
            kinds.TEXT,
            gettext_lazy("What people call it. Empty: the title of the ticket type."),
            28,
        ),
        Column(
            "rule",
            "Rule",
            kinds.TEXT,
            gettext_lazy(
                "On which days, as a rule of RFC 5545: FREQ=WEEKLY;BYDAY=MO. With a working day: "
                "in which months; empty: in each."
            ),
            32,
        ),
        Column(
            "working_day",
            "Working day",
            kinds.NUMBER,
            gettext_lazy(
                "The working day of the month, by the company's calendar: 1 for the first, -1 for "
                "the last. Empty: the rule says the days."
            ),
            12,
        ),
        Column(
            "at",
            "At",
            kinds.CLOCK,
            gettext_lazy("The time of day in the company's time zone, such as 08:00."),
            10,
        ),
        Column(
            "from",
            "From",
            kinds.DAY,
            gettext_lazy("The day from which the rule counts, such as 2026-10-30."),
            14,
        ),
        Column(
            "on_behalf_of",
            "On behalf of",
            kinds.TEXT,
            gettext_lazy(
                "The e-mail address of the person as whose tickets they start. Empty: whoever "
                "publishes it."
            ),
            26,
        ),
        Column(
            "answers",
            "Answers",
            kinds.PRESETS,
            gettext_lazy("The answers to what the ticket asks, a line each, such as amount = 50"),
            36,
        ),
    ),
    ("start", "recurring starts"),
)
COMPANY_ROLES: Final = Sheet(
    "Company roles",
    "company_roles",
    (
        Column("name", "Name", kinds.TEXT, gettext_lazy("The role's name."), 28),
        _description(gettext_lazy("Who is in it.")),
    ),
    ("company role",),
)
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
            "mails",
            "Mails",
            kinds.NUMBER,
            gettext_lazy("In the first row: how many mails must be sent. Empty: any number."),
            10,
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
SHEETS: Final = (
    *(WORKFLOW, FIELDS, TASKS, BRANCHES, TRANSITIONS),
    *(TICKET_TYPES, STARTS, COMPANY_ROLES, TESTS),
)
NOT_READ: Final = (READ_ME, LONG_TEXTS)


def plain(heading: object) -> str:
    """A heading or a sheet's name as they are compared: letters and digits in small letters."""
    return synonyms.plain(str(heading))


def headings(sheet: Sheet) -> Mapping[str, Column]:
    """Each column under all the headings that stand for it; the real ones come first."""
    found: dict[str, Column] = {}
    for column in sheet.columns:
        found.setdefault(plain(column.heading), column)
    part = synonyms.part_of_entries(sheet.part)
    for column in sheet.columns:
        for other in (column.name, *column.aliases, *synonyms.synonyms_of(part, column.name)):
            found.setdefault(plain(other), column)
    return found


def names_of_sheet(sheet: Sheet) -> set[str]:
    """All that a sheet may be called, as it is compared."""
    others = (*sheet.aliases, *synonyms.synonyms_of("bundle", sheet.part))
    return {plain(each) for each in (sheet.name, sheet.part, *others)}
