"""How far a ticket is: in words, as a line of time, and as a picture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.pages.badges import badge
from tickets.conversation.pages.timeline import Happened
from tickets.files.pages.files import download_base
from tickets.following.pages.badges import ticket_badge
from tickets.models import Ticket
from tickets.seeing import Viewer, changed_answers, submitted_layout
from workflows.end_outcomes import SCREENS as OUTCOMES
from workflows.engine.process import Json
from workflows.engine.schemas.json_schema import is_web_address
from workflows.forms import Shown, show_answers
from workflows.layouts.columns import layouts_of
from workflows.models import (
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.picture.graph import draw_process
from workflows.picture.scene import TransitionKey
from workflows.running.definition_cache import process_of
from workflows.running.events.kind import Tone, all_kinds, event_sentence, kind_named
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.positions import current_tasks, is_running_block

# Stands for the number of an event, of which there is none: it comes before all of them.
_SUBMISSION: Final = 0
_WITH: Final = ("actor", "task_instance__definition", "task_instance__contact")
_LONG: Final = layouts_of("task_instance__definition")


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the history. `tone` is now, good, bad or plain.

    `changes` are questions whose answers were changed, with the old and the new answer.
    """

    at: datetime | None
    text: str
    icon: str
    tone: str = "plain"
    changes: Sequence[tuple[str, Shown | None, Shown | None]] = ()


def status_badge(ticket: Ticket, *, is_stuck: bool) -> SafeString:
    """The status as its submitter understands it."""
    if is_stuck and not (ticket.has_ended or ticket.is_cancelled):
        return badge(_("Being repaired"), "bad")
    return ticket_badge(ticket)


def outcome_tone(ticket: Ticket) -> str:
    """The colour of how the ticket ended: good, bad or plain; plain where it has not."""
    outcome = ticket.workflow_instance.end_outcome if ticket.workflow_instance else None
    return "plain" if outcome is None else OUTCOMES[outcome].tone


def position_in_words(ticket: Ticket, *, is_stuck: bool = False) -> str:
    """Where the ticket is and who has it, in a few words; empty where it has ended."""
    instance = ticket.workflow_instance
    if ticket.has_ended:
        return ""
    if is_stuck:
        return _("With our ticket admins")
    if instance is None or instance.current_task is None:
        return _("About to be cleaned up") if ticket.is_cancelled else _("About to start")
    task = instance.current_task
    names = {"task": task.definition.title, "person": str(task.assigned_to)}
    if task.waits_until is not None:
        until = date_format(timezone.localtime(task.waits_until), "DATETIME_FORMAT")
        return _("%(task)s, waits until %(until)s") % {**names, "until": until}
    if is_running_block(task) and task.definition.type.is_approval:
        return _("%(task)s, waiting for votes") % names
    if is_running_block(task):
        return _("%(task)s, several things side by side") % names
    if task.definition.is_subticket:
        return _("%(task)s, waiting for another ticket") % names
    if not task.definition.is_form:
        return _("%(task)s, done automatically") % names
    if task.is_with_contact:
        return _("%(task)s, with somebody outside") % names
    if task.assigned_to is None:
        return _("%(task)s, waiting for somebody to be available") % names
    if task.waits_for_answer:
        names["person"] = str(ticket.created_by)
        return _("%(task)s, waiting for an answer of %(person)s") % names
    return _("%(task)s, with %(person)s") % names


def asks_requester(ticket: Ticket) -> str:
    """Who has asked the requester and waits for the answer; empty: nobody."""
    instance = ticket.workflow_instance
    if instance is None or ticket.has_ended:
        return ""
    asking = [each for each in current_tasks(instance) if each.waits_for_answer]
    return ", ".join(dict.fromkeys(str(each.assigned_to) for each in asking))


class Moments:
    """Who did what and when, without what only ticket admins understand: a `History`."""

    template = "following/_moment.html"

    def __init__(self, ticket: Ticket, viewer: Viewer, hidden: Collection[int] = ()) -> None:
        """`viewer`: as what the person looks at it; `hidden` as `hidden_tasks`."""
        self._ticket, self._viewer, self._hidden = ticket, viewer, hidden
        self._is_for_team = viewer is Viewer.TEAM

    def newest(self, *, before: int, most: int) -> list[Happened]:
        ticket = self._ticket
        found: list[Happened] = []
        says_submission = False  # that somebody else did it stands among the events
        if ticket.workflow_instance_id is not None:
            told = [
                str(kind)
                for kind in all_kinds()
                if kind.screen.told(to_team=self._is_for_team) is not None
            ]
            events = WorkflowEvent.objects.filter(
                workflow_instance=ticket.workflow_instance_id, pk__lt=before, kind__in=told
            )
            rows = (
                events.select_related(
                    "actor", "task_instance__definition", "task_instance__contact"
                )
                .defer(*_LONG)
                .order_by("-pk")
            )
            for event in rows[:most]:
                found += [Happened(event.pk, event.at, each) for each in self._moments(event)]
                says_submission = says_submission or _says_who_submitted(event)
        if before > _SUBMISSION and len(found) < most and not says_submission:
            text = _("%(person)s submitted the ticket.") % {"person": ticket.created_by}
            moment = Moment(ticket.created_at, text, "send")
            found.append(Happened(_SUBMISSION, ticket.created_at, moment))
        return found

    def _moments(self, event: WorkflowEvent) -> list[Moment]:
        screen = kind_named(event.kind).screen
        hides = event.task_instance_id in self._hidden
        sentence = screen.told(to_team=self._is_for_team and not hides)
        if sentence is None:
            return []
        tone = screen.tone_of(event)
        tone = tone if tone in (Tone.GOOD, Tone.BAD) else Tone.PLAIN
        fields = self._ticket.workflow.fields
        viewer = Viewer.NOBODY if hides else self._viewer
        changed = changed_answers(event, ticket_fields=fields, viewer=viewer)
        text = event_sentence(sentence, event)
        return [Moment(event.at, text, screen.icon, tone, changed.pairs)]


def _says_who_submitted(event: WorkflowEvent) -> bool:
    """Whether it tells that somebody else did it than the requester."""
    return kind_named(event.kind).rules.once == "submission"


def moment_of_now(ticket: Ticket, *, is_stuck: bool = False) -> Moment | None:
    """Where the ticket is; None where it has ended."""
    return None if ticket.has_ended else _current_position(ticket, is_stuck=is_stuck)


def _current_position(ticket: Ticket, *, is_stuck: bool) -> Moment:
    text = _("Now: %(where)s.") % {"where": position_in_words(ticket, is_stuck=is_stuck)}
    if ticket.status == WorkflowStatus.ON_HOLD:
        text = _("Now: on hold.")
    return Moment(None, text, "build" if is_stuck else "hourglass_top", "now")


def picture(ticket: Ticket) -> SafeString:
    """The ticket's workflow with what was done ticked and where it stands marked."""
    process = process_of(ticket.workflow)
    instance = ticket.workflow_instance
    if instance is None:
        return draw_process(process)
    tasks = TaskInstance.objects.filter(workflow_instance=instance).order_by("pk")
    status = dict(tasks.values_list("definition__key", "status"))
    now = () if ticket.has_ended else current_tasks(instance)
    return draw_process(
        process,
        current=[each.definition.key for each in now],
        finished=[key for key, each in status.items() if each == TaskStatus.COMPLETED],
        failed=[key for key, each in status.items() if each == TaskStatus.ERROR],
        taken=_transitions_taken(ticket),
    )


def _transitions_taken(ticket: Ticket) -> set[TransitionKey]:
    moves = WorkflowEvent.objects.filter(workflow_instance=ticket.workflow_instance_id, kind=MOVED)
    transitions: set[TransitionKey] = set()
    for decision in moves.values_list("data", flat=True):
        tried = decision.get("tried")
        for each in tried if isinstance(tried, list) else []:
            if isinstance(each, dict) and each.get("result") is True:
                ends = _key(each.get("from_task")), _key(each.get("to_task"))
                transitions.add((*ends, str(each.get("label", ""))))
    return transitions


def _key(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def references(ext_ref: object) -> list[dict[str, str]]:
    """The external references of a definition that can be shown: http and https only."""
    found = []
    for each in ext_ref if isinstance(ext_ref, list) else []:
        uri = each.get("uri") if isinstance(each, dict) else None
        if isinstance(uri, str) and is_web_address(uri):
            label, text = each.get("label"), each.get("description")
            found.append({"uri": uri, "label": str(label or uri), "description": str(text or "")})
    return found


def submitted(ticket: Ticket) -> dict[str, object]:
    """What templates show of what was submitted."""
    return {
        "submitted_layout": submitted_layout(ticket),
        "submitted": show_answers(ticket.workflow.fields, ticket.data),
        "file_url": download_base(),
    }
