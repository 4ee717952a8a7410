"""What was tried, and with what data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.pages.badges import badge
from tickets.models import Ticket
from tickets.seeing import Viewer, shown_output
from workflows.authoring.definitions.pages.in_words import pretty
from workflows.forms import Shown
from workflows.models import ActionAttempt, TaskInstance
from workflows.models.action_attempt import AttemptOutcome
from workflows.running.looking_back.keys_now import KeyNow

# The newest of them; a call that was retried for weeks has more than a page can show.
MOST_ATTEMPTS = 50

_TONES: Final[Mapping[str, str]] = {
    AttemptOutcome.RUNNING: "info",
    AttemptOutcome.WAITING: "info",
    AttemptOutcome.SUCCEEDED: "good",
    AttemptOutcome.FAILED: "bad",
    AttemptOutcome.LOST: "bad",
    AttemptOutcome.TIMED_OUT: "bad",
}


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """`same_as` is the number of the attempt before it, where that has sent the very same."""

    attempt: ActionAttempt
    badge: SafeString
    answer: str
    duration: str
    sent: str
    same_as: int | None


@dataclass(frozen=True, slots=True)
class Attempts:
    """The attempts at a task's call, oldest first; `left_out` counts those before them.

    `sent` is the whole of what the latest one sent, where its row does not have that.
    """

    rows: list[AttemptRow]
    left_out: int = 0
    sent: str = ""
    address: str = ""


def attempts_of(task: TaskInstance | None) -> Attempts | None:
    """None where the task makes no call."""
    if task is None or not task.definition.is_call:
        return None
    found = ActionAttempt.objects.of_task(task)
    newest = list(found.order_by("-number")[: MOST_ATTEMPTS + 1])
    left_out = found.count() - MOST_ATTEMPTS if len(newest) > MOST_ATTEMPTS else 0
    shown = newest[:MOST_ATTEMPTS][::-1]
    has_latest = bool(shown) and shown[-1].is_sent_whole
    return Attempts(
        rows=[_row(each, before) for each, before in zip(shown, [None, *shown], strict=False)],
        left_out=left_out,
        sent="" if has_latest or task.input_data is None else pretty(task.input_data),
        address=task.definition.action_url,
    )


def _row(attempt: ActionAttempt, before: ActionAttempt | None) -> AttemptRow:
    outcome = AttemptOutcome(attempt.outcome)
    is_same = before is not None and attempt.is_sent_whole and attempt.sent == before.sent
    return AttemptRow(
        attempt=attempt,
        badge=badge(outcome.label, _TONES[outcome]),
        answer="" if attempt.status_code is None else str(attempt.status_code),
        duration=_duration(attempt.duration_ms),
        sent="" if is_same else _sent(attempt),
        same_as=before.number if before is not None and is_same else None,
    )


def _sent(attempt: ActionAttempt) -> str:
    """To be read by people; a document of which only the beginning was kept comes as it is."""
    if not attempt.is_sent_whole:
        return attempt.sent
    try:
        return pretty(json.loads(attempt.sent))
    except ValueError:
        return attempt.sent


def _duration(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    if milliseconds < 1_000:
        return _("%(count)d ms") % {"count": milliseconds}
    return _("%(count)s s") % {"count": number_format(f"{milliseconds / 1_000:.1f}")}


@dataclass(frozen=True, slots=True)
class TaskData:
    """The output of a task that conditions and calls read now."""

    task: TaskInstance
    answers: list[Shown]
    document: str


def data_so_far(ticket: Ticket, *, viewer: Viewer) -> list[TaskData]:
    """The latest output of each task of the ticket, oldest first; for the team alone."""
    if ticket.workflow_instance_id is None or viewer is not Viewer.TEAM:
        return []
    tasks = TaskInstance.objects.filter(
        workflow_instance=ticket.workflow_instance_id, output_data__isnull=False
    )
    newest = tasks.annotate(key_now=KeyNow()).order_by("key_now", "-pk").distinct("key_now")
    rows = newest.select_related("definition")
    return [_task_data(each) for each in sorted(rows, key=lambda task: task.pk)]


def _task_data(task: TaskInstance) -> TaskData:
    output = task.output_data
    if task.definition.is_form and isinstance(output, dict):
        answers = shown_output(task.definition, output, viewer=Viewer.TEAM)
        return TaskData(task, answers, "")
    return TaskData(task, [], pretty(output))
