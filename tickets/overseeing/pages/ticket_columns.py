"""Which columns All tickets shows: as the address says, else the usual ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tenants.pages.badges import clipped
from tickets.following.listed_answers import answer_of, listed_names
from tickets.models import Ticket
from workflows.models import TicketDefinition

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# In the address: the columns, with commas between them; and, from the form, one by one.
COLUMNS: Final = "columns"
COLUMN: Final = "column"
# The filter that chooses a type, whose questions then have columns of their own.
TYPE: Final = "type"
ANSWER: Final = "answer_"
# Always there, and first.
FIRST: Final = "number_column"
OFFERED: Final[Mapping[str, StrOrPromise]] = {
    "type_column": _("Type"),
    "submitter_column": _("Submitted by"),
    "status_column": _("Status"),
    "priority_column": _("Priority"),
    "where_column": _("Where it is"),
    "due_column": _("Due"),
    "submitted_column": _("Submitted"),
    "changed_column": _("Changed"),
    "answers_column": _("Answers"),
}
USUAL: Final = (
    *("type_column", "submitter_column", "status_column", "priority_column"),
    *("where_column", "due_column", "submitted_column"),
)
MOST_COLUMNS: Final = 14

type Columns = list[tuple[str, StrOrPromise]]


def offered_columns(request: HttpRequest) -> Columns:
    """Names and titles: the list's own, and one for each listed question of the chosen type.

    One query where a type is chosen, however often it is asked.
    """
    found: Columns | None = getattr(request, "offered_columns", None)
    if found is None:
        found = [*OFFERED.items(), *_questions(request)]
        request.offered_columns = found  # type: ignore[attr-defined]
    return found


def chosen_columns(request: HttpRequest) -> list[str]:
    """The names, in the order in which they are shown, without the first."""
    wanted = request.GET.get(COLUMNS, "").split(",")
    found = [name for name, _title in offered_columns(request) if name in wanted]
    return found[:MOST_COLUMNS] or list(USUAL)


def shows_answers(request: HttpRequest) -> bool:
    wanted = request.GET.get(COLUMNS, "").split(",")
    return any(name == "answers_column" or name.startswith(ANSWER) for name in wanted)


def answer_column(name: str, title: StrOrPromise) -> Callable[[Ticket], SafeString | str]:
    """A column of the list: the answer to one question."""
    question = name.removeprefix(ANSWER)

    def column(ticket: Ticket) -> SafeString | str:
        text = answer_of(ticket, ticket.workflow, question)
        return clipped(text) if text else "-"

    shown: Any = column
    shown.short_description = title
    column.__name__ = name
    return column


def _questions(request: HttpRequest) -> Columns:
    key = request.GET.get(TYPE, "")
    if not key or "\x00" in key:
        return []
    versions = TicketDefinition.objects.filter(key=key)
    newest = versions.order_by("-is_active", "-version").select_related("workflow").first()
    if newest is None:
        return []
    names = listed_names(newest.workflow.fields)
    return [
        (f"{ANSWER}{each['name']}", str(each.get("label") or each["name"]))
        for each in newest.workflow.fields
        if isinstance(each, dict) and each.get("name") in names
    ]
