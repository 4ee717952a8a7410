"""How the types of tasks are shown. What each means stands in workflows/engine/task_types.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.engine.task_types import TaskType

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTypeScreen:
    """`icon` is an SVG path in a field of 20 by 20, drawn as a line.

    `title` is what lists and details show, `name` the same without explanations, `chip` the
    shortest. `choice` is what somebody chooses in the editor. `missing` says what to do where the
    part that the type needs is not there, and `expected` what that is.
    """

    icon: str
    title: StrOrPromise
    name: StrOrPromise
    chip: StrOrPromise
    choice: StrOrPromise
    missing: StrOrPromise
    expected: StrOrPromise


_NO_ADDRESS: Final = _("An action needs the address that it calls. Add “action_url”.")
_AN_ADDRESS: Final = _("an address that starts with http:// or https://")

SCREENS: Final[Mapping[TaskType, TaskTypeScreen]] = {
    TaskType.FORM: TaskTypeScreen(
        icon="M10 9.5a3.25 3.25 0 1 0 0-6.5 3.25 3.25 0 0 0 0 6.5zM3.5 17c.4-3.4 3-5.2 "
        "6.5-5.2s6.1 1.8 6.5 5.2",
        title=_("Form (a person fills it in)"),
        name=_("Form"),
        chip=_("form"),
        choice=_("A person fills in a form"),
        missing=_("A FORM task needs a form. Add at least one field."),
        expected=_("a list of fields"),
    ),
    TaskType.VOTE: TaskTypeScreen(
        icon="M4 10.5 8.5 15 16.5 5.5",
        title=_("Vote (of an approval)"),
        name=_("Vote"),
        chip=_("vote"),
        choice=_("A vote of an approval"),
        missing=_("A vote needs a form."),
        expected=_("a list of fields"),
    ),
    TaskType.SYNC_ACTION: TaskTypeScreen(
        icon="M11 2.5 4.5 11.5h4.7L8.6 17.5l6.9-9h-4.8z",
        title=_("Call (answered at once)"),
        name=_("Call to another system"),
        chip=_("call"),
        choice=_("A call to another system, answered at once"),
        missing=_NO_ADDRESS,
        expected=_AN_ADDRESS,
    ),
    TaskType.ASYNC_ACTION: TaskTypeScreen(
        icon="M5.5 2.8h9M5.5 17.2h9M6.5 2.8v2.4c0 2.4 3.5 3 3.5 4.8s-3.5 2.4-3.5 "
        "4.8v2.4M13.5 2.8v2.4c0 2.4-3.5 3-3.5 4.8s3.5 2.4 3.5 4.8v2.4",
        title=_("Call (answered later)"),
        name=_("Call to another system, answered later"),
        chip=_("call, answered later"),
        choice=_("A call to another system, answered later"),
        missing=_NO_ADDRESS,
        expected=_AN_ADDRESS,
    ),
    TaskType.BLOCK: TaskTypeScreen(
        icon="M10 2.5v3M4 17.5v-6c0-1.7 1-2.5 2.5-2.5h7c1.5 0 2.5.8 2.5 2.5v6M10 5.5v12",
        title=_("Block (branches side by side)"),
        name=_("Block"),
        chip=_("block"),
        choice=_("Branches side by side, or one for each item of a list"),
        missing=_("A block needs branches. Add at least one."),
        expected=_("a list of branches"),
    ),
    TaskType.APPROVAL: TaskTypeScreen(
        icon="M3 10.5 6.5 14 12 6.5M9.5 12.5 11 14l6-7.5",
        title=_("Approval (several people vote)"),
        name=_("Approval"),
        chip=_("approval"),
        choice=_("One or several people approve or refuse"),
        missing=_("An approval needs somebody who approves. Say who they are."),
        expected=_("a company role, people, or the requester's manager"),
    ),
    TaskType.WAIT: TaskTypeScreen(
        icon="M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 5.8V10l2.8 1.8",
        title=_("Wait (until a time)"),
        name=_("Wait"),
        chip=_("wait"),
        choice=_("Nobody: it waits until a time"),
        missing=_("A wait needs a time. Say in “wait” until when, such as P2D."),
        expected=_("a time, such as P2D or on ticket.start"),
    ),
    TaskType.SUBTICKET: TaskTypeScreen(
        icon="M3.5 4h7v5h-7zM9.5 11.5h7v5h-7zM6.5 9v5h3",
        title=_("Sub-ticket (another process)"),
        name=_("Sub-ticket"),
        chip=_("sub-ticket"),
        choice=_("A ticket of another type, which is started and waited for"),
        missing=_("A sub-ticket needs a ticket type. Name its key in “ticket_type”."),
        expected=_("the key of a ticket type"),
    ),
    TaskType.VALUES: TaskTypeScreen(
        icon="M6 4.5h9M6 10h9M6 15.5h9M3 4.5h.01M3 10h.01M3 15.5h.01",
        title=_("Values (set by formulas)"),
        name=_("Values"),
        chip=_("values"),
        choice=_("Values that are set or calculated, at once"),
        missing=_("This step sets no value. Add at least one, with its formula."),
        expected=_("names with a formula each"),
    ),
    TaskType.DECISION: TaskTypeScreen(
        icon="M3 4.5h14v11H3zM3 8.2h14M3 11.9h14M8 4.5v11",
        title=_("Decision table"),
        name=_("Decision table"),
        chip=_("table"),
        choice=_("A decision table, which is looked up at once"),
        missing=_("This step has no decision table. Add inputs, outputs and rows."),
        expected=_("a decision table"),
    ),
    TaskType.MESSAGE: TaskTypeScreen(
        icon="M3 5h14v10H3zM3 5.5l7 5.5 7-5.5",
        title=_("Mail (sent at once)"),
        name=_("Mail"),
        chip=_("mail"),
        choice=_("A mail, which is sent at once"),
        missing=_("This step sends no mail. Say to whom, with a subject and a text."),
        expected=_("to whom, a subject and a text"),
    ),
}


def task_type_choices() -> list[tuple[str, StrOrPromise]]:
    """For the fields of models and the filters of lists."""
    return [(task_type.value, screen.title) for task_type, screen in SCREENS.items()]
