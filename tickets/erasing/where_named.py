"""Where answers, the history, texts and definitions name a person: blanked in every row."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import batched
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from django.db import transaction
from django.db.models import Q

from tenants.mail.models import LONGEST_SUBJECT
from tenants.names import LONGEST_NAME
from tickets.company_data.people_in_rows import IN_TASKS, IN_TICKET_TYPES, IN_TRANSITIONS
from tickets.erasing.erased_person import Erased, ErasedPerson
from tickets.erasing.rows import (
    EVENTS,
    ROWS,
    lock_histories,
    reseal_erased,
    rows_with,
    write,
    write_events,
)
from tickets.finding.index_tickets import AT_ONCE, index_tickets
from tickets.finding.plain_text import plain_text
from tickets.models import SavedView, SearchEntry
from tickets.models.saved_view import LONGEST_QUERY
from workflows.models import WorkflowDefinition
from workflows.models.version_checksum import checksums
from workflows.running.events.kind import all_kinds

# Where answers and the history name people, by declaration: the column of each table.
_ANSWERS: Final = (
    ("tickets_ticket", "data"),
    ("workflows_workflowinstance", "data"),
    ("workflows_taskinstance", "output_data"),
    ("workflows_path", "data"),
    ("workflows_path", "item"),
    ("tickets_savedanswers", "answers"),
    ("tickets_assistantoffer", "answers"),
    ("tickets_message", "mentions"),
)
# What was sent to other systems, and the log of Django's admin: texts in which the name and the
# address are replaced wherever they stand.
SENT: Final = (
    *(("workflows_taskinstance", "input_data"), ("workflows_actionattempt", "sent")),
    *(("tickets_webhookdelivery", "body"), ("tickets_webhookdelivery", "answer")),
)
# What people wrote to each other: likewise, as a name stands there after an @.
WRITTEN: Final = (
    ("tickets_message", "text"),
    ("tickets_message", "earlier"),
    ("tickets_message", "hidden_reason"),
    ("tickets_rating", "comment"),
    ("tickets_bulkretry", "reason"),
    ("tickets_bulkchange", "arguments"),
    ("tickets_bulkchange", "reason"),
    ("tickets_bulkchange", "refused"),
    ("tickets_ticketerror", "resolution_notes"),
    ("tickets_assistantoffer", "reason"),
)
# Where answers name people outside, who have no row of theirs: by the address, as it was typed.
ANSWERED: Final = (
    *(each for each in _ANSWERS if each[1] != "mentions"),
    ("tickets_ticket", "title"),
    ("tickets_startrequest", "answers"),
    ("tickets_ticketerror", "message"),
)
MAILS: Final = tuple(("mail_outgoingmail", column) for column in ("subject", "text", "html"))
# With what stands in the place of a name a text may be too long for its column.
_LONGEST: Final = {
    ("tickets_ticket", "title"): LONGEST_NAME,
    ("mail_outgoingmail", "subject"): LONGEST_SUBJECT,
}
LOG: Final = (("django_admin_log", "object_repr"), ("django_admin_log", "change_message"))
# What versions say of people: the table, its column, and that of the version. In the first ones
# the name and the address are replaced wherever they stand.
_TEXTS_OF_VERSIONS: Final = (
    *(("workflows_taskdefinition", column, "workflow_id") for column in IN_TASKS),
    *(("workflows_transition", column, "workflow_id") for column in IN_TRANSITIONS),
    ("workflows_workflowdefinition", "test_cases", "id"),
)
_VERSIONS: Final = (
    *_TEXTS_OF_VERSIONS,
    ("workflows_workflowdefinition", "fields", "id"),
    ("workflows_taskdefinition", "fields", "workflow_id"),
)
_TYPES: Final = "tickets_ticketdefinition"
_FILES: Final = "tickets_fileupload"


def blank_answers(erased: ErasedPerson) -> None:
    """Answers that name them by their row."""
    for table, column in _ANSWERS:
        for rows in batched(rows_with(table, column, [f'"id": {erased.person.pk}']), ROWS):
            changed = {
                row["id"]: overlay[column]
                for row, overlay in zip(
                    rows, erased.people_in_rows.overlays(table, list(rows)), strict=True
                )
                if column in overlay
            }
            with transaction.atomic():
                instances = lock_histories(table=table, ids=list(changed))
                write(table, column, changed)
                reseal_erased(instances)


def blank_events(erased: ErasedPerson) -> None:
    """Events that name them by their row."""
    of_kinds = {number for kind in all_kinds() for number, _name in kind.rules.people}
    wanted = [f'"{key}": {erased.person.pk}' for key in sorted({"id", *of_kinds})]
    for rows in batched(rows_with(EVENTS, "data", wanted), ROWS):
        overlays = erased.people_in_rows.overlays(EVENTS, list(rows))
        changed = {
            row["id"]: overlay["data"]
            for row, overlay in zip(rows, overlays, strict=True)
            if "data" in overlay
        }
        with transaction.atomic():
            instances = lock_histories(table=EVENTS, ids=list(changed))
            write_events(changed)
            reseal_erased(instances)


def blank_texts_of_events(erased: Erased) -> None:
    """Events in which their name or address stands, wherever that is."""
    for rows in batched(rows_with(EVENTS, "data", list(erased.names)), ROWS):
        changed = {row["id"]: erased.blanked(row["data"]) for row in rows}
        with transaction.atomic():
            instances = lock_histories(table=EVENTS, ids=list(changed))
            write_events(changed)
            reseal_erased(instances)


def blank_texts(erased: Erased, columns: Iterable[tuple[str, str]]) -> None:
    """Texts in which their name or address stands: (table, column) of each."""
    for table, column in columns:
        most = _LONGEST.get((table, column))
        for rows in batched(rows_with(table, column, list(erased.names)), ROWS):
            changed = {
                row["id"]: blanked
                for row in rows
                if (blanked := erased.blanked(row[column])) != row[column]
            }
            if most is not None:
                changed = {pk: text[:most] for pk, text in changed.items()}
            with transaction.atomic():
                instances = lock_histories(table=table, ids=list(changed))
                write(table, column, changed)
                reseal_erased(instances)


def blank_definitions(erased: ErasedPerson) -> None:
    """Rules and defaults that name them, and test cases in which they are; and ticket types.

    Of published versions, too: such a version vouches for what it is now, where it did for what it
    was.
    """
    for column in (*IN_TICKET_TYPES, "presets"):
        for rows in batched(rows_with(_TYPES, column, list(erased.names)), ROWS):
            with transaction.atomic():
                write(_TYPES, column, _blanked(erased, _TYPES, column, rows))
    for table, column, version in _VERSIONS:
        for rows in batched(rows_with(table, column, list(erased.names)), ROWS):
            with transaction.atomic():
                numbers = {row[version] for row in rows}
                found = WorkflowDefinition.objects.filter(pk__in=numbers).order_by("pk")
                known = {each.pk: each.checksum for each in found.select_for_update()}
                right = checksums(list(known))
                blanked = _blanked(erased, table, column, rows)
                if (table, column, version) in _TEXTS_OF_VERSIONS:
                    blanked = {row["id"]: erased.blanked(row[column]) for row in rows}
                write(table, column, blanked)
                for pk, checksum in checksums(list(known)).items():
                    if known[pk] and known[pk] == right[pk]:
                        WorkflowDefinition.objects.filter(pk=pk).update(checksum=checksum)


def _blanked(
    erased: ErasedPerson, table: str, column: str, rows: Iterable[dict[str, Any]]
) -> dict[int, Any]:
    """By the numbers of the rows, their column where somebody is named as definitions do it."""
    found = list(rows)
    overlays = erased.people_in_rows.overlays(table, found)
    return {
        row["id"]: overlay[column]
        for row, overlay in zip(found, overlays, strict=True)
        if column in overlay
    }


def blank_file_names(erased: Erased) -> None:
    """With the name of an erased person a file name may be too long."""
    for rows in batched(rows_with(_FILES, "filename", list(erased.names)), ROWS):
        names = {row["id"]: erased.blanked(row["filename"])[:LONGEST_NAME] for row in rows}
        with transaction.atomic():
            write(_FILES, "filename", names)


def blank_views(erased: Erased) -> None:
    """What lists were searched for: in an address the name and the address stand encoded."""
    for view in SavedView.objects.order_by("pk").iterator(chunk_size=ROWS):
        name = erased.blanked(view.name)[:LONGEST_NAME]
        query = _blanked_query(erased, view.query)
        if (name, query) != (view.name, view.query):
            SavedView.objects.filter(pk=view.pk).update(name=name, query=query)


def _blanked_query(erased: Erased, query: str) -> str:
    """Only what names the person is encoded anew. What is too long then is no filter."""
    pairs = parse_qsl(query, keep_blank_values=True)
    blanked = [(name, erased.blanked(value)) for name, value in pairs]
    if blanked == pairs:
        return query
    encoded = urlencode(blanked, errors="replace")
    return encoded if len(encoded) <= LONGEST_QUERY else ""


def index_anew(erased: Erased, tickets: list[int]) -> None:
    """What searches find of these tickets, and of those in which the person was named."""
    named = Q()
    for each in map(plain_text, erased.names):
        named |= Q(plain__contains=each)
    found = SearchEntry.objects.filter(named).values_list("ticket", flat=True)
    for numbers in batched(sorted({*tickets, *found}), AT_ONCE):
        index_tickets(numbers)
