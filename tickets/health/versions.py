"""What must hold of versions: a ticket, its instance and its current task are of the same one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.db.models import F
from django.utils.translation import gettext as _

from tickets.health import mending
from tickets.health.finding import AT_A_TIME, Finding, finding
from tickets.models import Ticket
from workflows.models import TaskInstance, WorkflowDefinition, WorkflowStatus
from workflows.models.version_checksum import checksums

ALIVE = (WorkflowStatus.IN_PROGRESS, WorkflowStatus.ON_HOLD)


def version_findings() -> Iterator[Finding]:
    """A few queries."""
    yield from _tickets_of_another_version()
    yield from _tasks_of_another_version()
    yield from _changed_versions()


def _changed_versions() -> Iterator[Finding]:
    """Versions without a checksum were published before there was one."""
    with_checksum = WorkflowDefinition.objects.exclude(checksum="").order_by("pk")
    known = {each.pk: each for each in with_checksum.only("title", "version", "status", "checksum")}
    found = checksums(list(known)) if known else {}
    for pk, version in known.items():
        if version.is_draft:
            message = _("%(version)s is a draft again, although it was published.")
        elif found.get(pk) != version.checksum:
            message = _("%(version)s was changed after it was published.")
        else:
            continue
        advice = _(
            "Somebody changed the database by hand, or this is a fault of TicketFlower: publish "
            "a new version, and move the tickets to it."
        )
        yield finding(None, f"{message % {'version': version}} {advice}")


def _tickets_of_another_version() -> Iterator[Finding]:
    tickets = Ticket.objects.filter(workflow_instance__isnull=False).exclude(
        workflow=F("workflow_instance__workflow")
    )
    columns = (
        "pk", "workflow__title", "workflow__version",
        "workflow_instance__workflow__title", "workflow_instance__workflow__version",
    )  # fmt: skip
    rows = tickets.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    for pk, title, version, runs_title, runs_version in rows:
        words = {
            "title": title,
            "version": version,
            "runs_title": runs_title,
            "runs_version": runs_version,
        }
        message = _(
            "The ticket belongs to version %(version)s of “%(title)s”, but runs on version "
            "%(runs_version)s of “%(runs_title)s”. Where what was submitted does not fit that "
            "one, correct it."
        )
        yield finding(pk, message % words, partial(mending.align_ticket_version, pk))


def _tasks_of_another_version() -> Iterator[Finding]:
    tasks = (
        TaskInstance.objects.current()
        .filter(
            workflow_instance__status__in=ALIVE,
            workflow_instance__ticket__isnull=False,
        )
        .exclude(definition__workflow=F("workflow_instance__workflow"))
    )
    columns = ("workflow_instance__ticket", "definition__title", "definition__workflow__version")
    for ticket, task, version in (
        tasks.order_by("pk").values_list(*columns).iterator(chunk_size=AT_A_TIME)
    ):
        words = {"task": task, "version": version}
        message = _(
            "Its current task “%(task)s” is of version %(version)s, on which the ticket does not "
            "run: move the ticket to the published version, or cancel it."
        )
        yield finding(ticket, message % words)
