"""What a kind of event declares: what it does, and which sentences describe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Final, Self

from django.utils.translation import gettext as _

from workflows.engine.failure import Failure
from workflows.engine.process import VOTES, Json, JsonObject
from workflows.errors import HistoryError
from workflows.failure_reasons import failure_in_words
from workflows.models import PathStatus, TaskStatus, WorkflowEvent, WorkflowStatus
from workflows.models.path import OPEN_PATHS
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.state import State
from workflows.running.through import who_in_words
from workflows.working_hours.durations import duration_in_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Changes the state before the event into that after it. Raises HistoryError where the event does
# not fit it, and KeyError and the like where its data is not what it must be.
type Effect = Callable[[State, WorkflowEvent], None]
# A whole sentence with placeholders (see `words_of`), or what chooses it by the event.
type Sentence = "StrOrPromise | Callable[[WorkflowEvent], StrOrPromise]"


class TaskTime(Enum):
    """What an event does to the time of the current task, which its timers count.

    A timer that was set before the time was stopped, or began anew, counts no more.
    """

    GOES_ON = "goes on"
    STOPS = "stops"
    BEGINS = "begins anew"
    BEGINS_IF_STOPPED = "begins anew if it was stopped"


class Details(Enum):
    """What a ticket admin can unfold beneath an event."""

    NONE = "nothing"
    OUTPUT = "what came of the task, and of a call what was sent"
    CHANGE = "what was there before, and what is there now"


class Tone(StrEnum):
    """The colour of an event: a part of a CSS class."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Form(Enum):
    """Whose questions the answers in an event are given to."""

    TICKET = "the ticket's"
    TASK = "the task's"
    NONE = "nobody's: what was sent to another system"


def answers_of(data: JsonObject) -> Form:
    """Which form the answers in the data of an event are of: `what` says it, where it does."""
    match data.get("what"):
        case "ticket":
            return Form.TICKET
        case "input":
            return Form.NONE
    return Form.TASK


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an event does.

    `once`: it happens at most once to its task (one without a task: to the instance); kinds with
    the same word exclude each other.
    `ends_instance`: nothing follows it, wherever the instance was. `leaves_task`: its task is left
    undone, by a transition of its own. `is_of_attempt`: each attempt at a call writes it again.
    `cancels_task`: its task, if it was under way, is cancelled.
    `people`: what of its data is somebody's number, and what is their name. `answers`: what of its
    data are answers to a form; `answers_of` says of which.
    """

    effect: Effect
    time: TaskTime
    once: str = ""
    ends_instance: bool = False
    leaves_task: bool = False
    is_of_attempt: bool = False
    cancels_task: bool = False
    people: tuple[tuple[str, str], ...] = ()
    answers: tuple[str, ...] = ()

    def ends(self, data: JsonObject) -> bool:
        """Whether the instance has ended with an event that has this data."""
        return self.ends_instance or (self.effect is cancels_all and "at" not in data)

    @property
    def ends_task(self) -> bool:
        """Whether its task, if it has one, has ended with it."""
        return self.once == "end" or self.cancels_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """How people see an event.

    `history` is for ticket admins, who see who did it beside it. `timeline` is for whoever
    submitted the ticket; None: they do not see it. `team` is for those who do its tasks, where
    `timeline` is None; None: they do not see it either.
    """

    icon: str
    history: Sentence
    timeline: Sentence | None
    team: Sentence | None = None
    tone: Tone | Callable[[WorkflowEvent], Tone] = Tone.PLAIN
    details: Details = Details.NONE

    def told(self, *, to_team: bool) -> Sentence | None:
        """What stands in the timeline of the team, or of the requester; None: nothing."""
        return self.team if to_team and self.timeline is None else self.timeline

    def tone_of(self, event: WorkflowEvent) -> Tone:
        return self.tone(event) if callable(self.tone) else self.tone


class EventKind(str):
    """A kind of event. As a text it is its name, which is what the database holds."""

    __slots__ = ("rules", "screen")

    rules: Rules
    screen: Screen

    def __new__(cls, name: str, *, rules: Rules, screen: Screen) -> Self:
        kind = super().__new__(cls, name)
        kind.rules, kind.screen = rules, screen
        return kind

    def __reduce__(self) -> tuple[Callable[[str], EventKind], tuple[str]]:
        return kind_named, (str(self),)


_KINDS: dict[str, EventKind] = {}


def declare(name: str, *, rules: Rules, screen: Screen) -> EventKind:
    """Make a kind known. Its name stays what it is: the history has it for ever."""
    if name in _KINDS:
        raise ValueError(f"There are two kinds of events called {name}.")
    _KINDS[name] = EventKind(name, rules=rules, screen=screen)
    return _KINDS[name]


def all_kinds() -> list[EventKind]:
    return list(_KINDS.values())


def kind_named(name: str) -> EventKind:
    """The kind of this name; UNKNOWN where there is none."""
    return _KINDS.get(name, UNKNOWN)


def kinds_with(*times: TaskTime) -> list[str]:
    """The names of the kinds that do this to the time of the current task."""
    return [str(kind) for kind in _KINDS.values() if kind.rules.time in times]


def kinds_that_leave_a_task() -> list[str]:
    """The names of the kinds with which a task is left that was not done."""
    return [str(kind) for kind in _KINDS.values() if kind.rules.leaves_task]


# Effects that several kinds have


def no_effect(state: State, event: WorkflowEvent) -> None:
    """Nothing of the instance changes."""


def status_becomes(status: WorkflowStatus) -> Effect:
    def effect(state: State, event: WorkflowEvent) -> None:
        state.status = status.value

    return effect


def task_becomes(status: TaskStatus) -> Effect:
    def effect(state: State, event: WorkflowEvent) -> None:
        state.task_of(event).status = status.value

    return effect


def cancels_all(state: State, event: WorkflowEvent) -> None:
    """The instance ends before its time, with its unfinished tasks.

    With `at`, the id of a task, it goes a way of its own from there, and ends by CLEANED_UP.
    """
    if "at" in event.data:
        state.status, state.current_task = WorkflowStatus.IN_PROGRESS.value, None
    else:
        state.status = WorkflowStatus.CANCELLED.value
    for task in state.tasks.values():
        if task.status in UNFINISHED:
            task.status = TaskStatus.CANCELLED.value
    for path in state.paths.values():
        if path.status in OPEN_PATHS:
            path.status = PathStatus.CANCELLED.value


def _refuse_unknown_kind(state: State, event: WorkflowEvent) -> None:
    raise HistoryError


# What a newer program has written beside this one.
UNKNOWN: Final = EventKind(
    "UNKNOWN",
    rules=Rules(effect=_refuse_unknown_kind, time=TaskTime.GOES_ON),
    screen=Screen(icon="circle", history="%(kind)s", timeline=None),
)


# Sentences


def event_sentence(
    sentence: Sentence, event: WorkflowEvent, titles: Mapping[str, str] | None = None
) -> str:
    """The sentence about an event; `titles` are those of the tasks, by their keys.

    Fetch the event with its actor, and its task with its definition.
    """
    template = sentence(event) if callable(sentence) else sentence
    return str(template) % words_of(event, titles or {})


def words_of(event: WorkflowEvent, titles: Mapping[str, str]) -> dict[str, str]:
    """What the placeholders of a sentence are filled with."""
    data, task = data_of(event), event.task_instance
    return {
        "kind": event.kind,
        "task": task.definition.title if task else "",
        "person": who_in_words(event.actor, event.data),
        "to": str(data.get("to") or _("somebody")),
        "contact": _contact(event, data),
        "attempt": str(data.get("attempt") or ""),
        "label": str(data.get("label") or ""),
        "after": duration_in_words(str(data.get("after") or "")),
        "failure": _failure(data),
        "from": str(data.get("from") or ""),
        "for": str(data.get("for") or ""),
        "done": str(data.get("done") or ""),
        "role": str(data.get("role") or ""),
        "in": str(data.get("in") or ""),
        "what": str(data.get("what") or ""),
        "of": str(data.get("called") or ""),
        "version": str(data.get("version") or ""),
        "next": _next(data, titles),
        "rows": _listed(data.get("rows")),
        "note": str(data.get("note") or ""),
        "branch": _branch(event, data),
        "count": str(data.get("of") or ""),
        "ended": str(data.get("ended") or "0"),
        "left_out": _listed(data.get("left_out")),
    }


def _contact(event: WorkflowEvent, data: JsonObject) -> str:
    """Whom outside the event is about. One query where it is about somebody."""
    if not (data.get("to_contact") or data.get("by_contact")):
        return ""
    contact = event.task_instance.contact if event.task_instance else None
    return str(contact) if contact is not None else _("somebody outside")


def data_of(event: WorkflowEvent) -> JsonObject:
    return event.data if isinstance(event.data, dict) else {}


def _failure(data: JsonObject) -> str:
    failure = Failure.read(data.get("failure"))
    return failure_in_words(failure) if failure is not None else ""


def is_of_vote(event: WorkflowEvent) -> bool:
    """Whether the branch that an event is about is the vote of one approver."""
    task = event.task_instance
    if task is None or data_of(event).get("branch") != VOTES:
        return False
    return task.definition.is_vote or task.definition.type.is_approval


def _branch(event: WorkflowEvent, data: JsonObject) -> str:
    """The title that a branch had; a vote has none, and what older events call it is left out."""
    if is_of_vote(event):
        return _("Vote %(number)s") % {"number": data.get("number")}
    return str(data.get("title") or data.get("branch") or "")


def _listed(said: Json) -> str:
    return ", ".join(str(each) for each in said) if isinstance(said, list) else ""


def _next(data: JsonObject, titles: Mapping[str, str]) -> str:
    keys = data.get("next_tasks")
    names = [titles.get(str(key), str(key)) for key in keys] if isinstance(keys, list) else []
    return ", ".join(names) or _("the end")
