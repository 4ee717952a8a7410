"""The entries of whole tickets, made anew of what the tables say.

For what was there before there were entries, what came out of an archive, and what was changed in
many places at once. Safe to repeat, and beside itself and everything else: a ticket is locked while
its entries are made.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet

from tickets.finding.entries import (
    TICKET,
    Entry,
    entries_of_answers,
    entry_of_message,
    entry_of_reason,
    entry_of_task,
    entry_of_ticket,
    source_of_message,
)
from tickets.finding.write_entries import INSERT_MANY, in_one_language, values_of
from tickets.models import FileUpload, Message, SearchEntry, Ticket
from tickets.notices.find_companies import companies_with
from tickets.seeing import (
    cancel_reasons,
    is_hidden_from_some,
    outputs_now,
    outputs_of_visits,
)

# Tickets of one transaction: whoever takes a step of one of them waits for as long.
AT_ONCE: Final = 50
# The migration that made the table, and how far the clocks of servers may be apart.
MADE_BY: Final = "0017_search"
LEEWAY: Final = timedelta(hours=1)
# The newest ones are looked at again: while servers are replaced, those of the version before make
# tickets without entries.
NEWEST: Final = 100


def index_some(*, most: int) -> int:
    """Make entries for tickets that have none, the newest first; returns for how many.

    As each ticket has one when it is submitted, those without are older than all that have one, or
    among the newest.
    """
    done = 0
    while done < most:
        numbers = _without_entries()
        if not numbers:
            break
        index_tickets(numbers, only_missing=True)
        done += len(numbers)
    return done


def index_all() -> int:
    """Make the entries of all tickets of the active company anew; returns how many there are."""
    return _index_each(Ticket.objects.all())


def index_changed() -> int:
    """As `index_all`, of the tickets that were changed since the company has a table for entries.

    For once, when no server of a version is left that knows no search: what such a one changed,
    or submitted, in between has no entries, or has those of before.
    """
    recorded = MigrationRecorder(connection).migration_qs
    made = recorded.filter(app="tickets", name=MADE_BY).values_list("applied", flat=True).first()
    if made is None:
        return index_all()
    since = made - LEEWAY
    messages = Message.objects.filter(
        Q(written_at__gte=since) | Q(edited_at__gte=since) | Q(hidden_at__gte=since)
    )
    return _index_each(
        Ticket.objects.filter(
            Q(created_at__gte=since)
            | Q(updated_at__gte=since)
            | Q(workflow_instance__updated_at__gte=since)
            | Q(pk__in=messages.values("ticket"))
        )
    )


def _index_each(tickets: QuerySet[Ticket]) -> int:
    done, last = 0, None
    tickets = tickets.order_by("-pk")
    while True:
        some = tickets if last is None else tickets.filter(pk__lt=last)
        numbers = list(some.values_list("pk", flat=True)[:AT_ONCE])
        if not numbers:
            return done
        index_tickets(numbers)
        done, last = done + len(numbers), numbers[-1]


# By indexes alone: of the newest tickets, and of one that is older than all that have an entry.
_LACKS_SOME: Final = """
SELECT {name} WHERE EXISTS (
    SELECT FROM {schema}.tickets_ticket t
     WHERE t.id > (SELECT max(id) FROM {schema}.tickets_ticket) - %(newest)s AND NOT EXISTS (
        SELECT FROM {schema}.tickets_searchentry e
         WHERE e.ticket_id = t.id AND e.source = 'ticket'))
 OR EXISTS (
    SELECT FROM {schema}.tickets_ticket t WHERE t.id < (
        SELECT min(ticket_id) FROM {schema}.tickets_searchentry WHERE source = 'ticket'))
"""


def companies_to_index() -> list[str]:
    """The schemas of active companies with tickets that have no entries."""
    return list(companies_with(_LACKS_SOME, {"newest": NEWEST}))


def _without_entries() -> list[int]:
    entries = SearchEntry.objects.filter(source=TICKET)
    newest = Ticket.objects.aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        return []
    tickets = Ticket.objects.order_by("-pk")
    has_one = Exists(entries.filter(ticket=OuterRef("pk")))
    missing = tickets.filter(~has_one, pk__gt=newest - NEWEST)
    found = list(missing.values_list("pk", flat=True)[:AT_ONCE])
    if found:
        return found
    oldest = entries.aggregate(oldest=Min("ticket"))["oldest"]
    older = tickets if oldest is None else tickets.filter(pk__lt=oldest)
    return list(older.values_list("pk", flat=True)[:AT_ONCE])


def index_tickets(numbers: Sequence[int], *, only_missing: bool = False) -> None:
    """Make the entries of these tickets anew, in one transaction.

    `only_missing`: of those that have none, as it is once they are locked.
    """
    with transaction.atomic():
        # Not only against steps: whoever writes on a ticket holds it by its key.
        locked = Ticket.objects.filter(pk__in=numbers).order_by("pk").select_for_update()
        numbers = list(locked.values_list("pk", flat=True))
        if only_missing:
            entries = SearchEntry.objects.filter(source=TICKET, ticket__in=numbers)
            there = set(entries.values_list("ticket", flat=True))
            numbers = [each for each in numbers if each not in there]
        _replace(SearchEntry.objects.filter(ticket__in=numbers), _entries(numbers))


def index_answers(ticket_id: int) -> None:
    """As `index_tickets`, without messages, for whoever has locked the ticket for a step."""
    entries = SearchEntry.objects.filter(ticket=ticket_id)
    others = entries.exclude(source__startswith=source_of_message(0).removesuffix("0"))
    _replace(others, _entries_of_answers([ticket_id]))


def _replace(old: QuerySet[SearchEntry], new: list[tuple[int, Entry]]) -> None:
    old.delete()
    with connection.cursor() as cursor:
        cursor.executemany(INSERT_MANY, [values_of(each, number) for number, each in new])


def _entries(numbers: list[int]) -> list[tuple[int, Entry]]:
    return [*_entries_of_answers(numbers), *_of_messages(numbers)]


@in_one_language
def _entries_of_answers(numbers: list[int]) -> list[tuple[int, Entry]]:
    tickets = Ticket.objects.filter(pk__in=numbers)
    rows = tickets.select_related("definition", "workflow", "workflow_instance")
    return list(_of_tickets(list(rows)))


def _of_tickets(tickets: list[Ticket]) -> Iterator[tuple[int, Entry]]:
    by_instance = {each.workflow_instance_id: each.pk for each in tickets}
    for ticket in tickets:
        yield ticket.pk, entry_of_ticket(ticket)
        for entry in entries_of_answers(outputs_now(ticket)):
            yield ticket.pk, entry
    instances = [number for number in by_instance if number is not None]
    for task in outputs_of_visits(instances).select_related("path"):
        if task.path is not None and is_hidden_from_some(task):
            continue
        found = entry_of_task(task.definition, task.pk, task.output_data)
        if found is not None:
            yield by_instance[task.workflow_instance_id], found
    for instance_id, data in cancel_reasons(instances):
        if (reason := entry_of_reason(data)) is not None:
            yield by_instance[instance_id], reason


def _of_messages(numbers: list[int]) -> Iterator[tuple[int, Entry]]:
    names: dict[int, list[str]] = defaultdict(list)
    files = FileUpload.objects.filter(message__ticket__in=numbers).order_by("pk")
    for message_id, filename in files.values_list("message", "filename"):
        names[message_id].append(filename)
    for message in Message.objects.filter(ticket__in=numbers).defer("earlier").iterator():
        if (entry := entry_of_message(message, names[message.pk])) is not None:
            yield message.ticket_id, entry
