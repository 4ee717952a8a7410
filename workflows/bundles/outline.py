"""What can be made out in a document that may be wrong in any place.

The checks read the document through this, so that one wrong part does not hide the
problems of the others, and no JSON whatsoever makes a check fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from workflows.bundles.canonical import END, START
from workflows.engine.conditions import is_empty
from workflows.engine.problems import Path, quoted, short
from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.task_types import TaskType
from workflows.fields.company_roles import roles_in
from workflows.fields.field import Field
from workflows.fields.specs import check_fields, parse_fields


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a list, and where it stands."""

    path: Path
    value: JsonObject

    def text(self, name: str) -> str:
        """The text under this name; empty where there is none."""
        found = self.value.get(name)
        return found if isinstance(found, str) else ""

    @property
    def task_type(self) -> TaskType | None:
        """Of a task; None where there is no type of this name."""
        return TaskType.named(self.value.get("task_type"))

    @property
    def is_on_failure(self) -> bool:
        """Of a transition: whether it is taken when a call has failed for good."""
        return self.value.get("on_failure") is True

    @property
    def is_on_cancel(self) -> bool:
        """Of a transition: whether it is taken when the ticket is withdrawn or cancelled."""
        return self.value.get("on_cancel") is True

    @property
    def is_usual(self) -> bool:
        """Of a transition: whether it is taken when the task has been completed."""
        return not (self.text("after") or self.is_on_failure or self.is_on_cancel)

    @property
    def is_form(self) -> bool:
        """Whether this is a task that a person does."""
        return self.task_type is not None and self.task_type.is_form

    @property
    def is_answered_later(self) -> bool:
        """Whether this is a task whose call is answered by a callback."""
        return self.task_type is not None and self.task_type.is_answered_later


@dataclass(frozen=True)
class Outline:
    """A document, read leniently."""

    document: JsonObject

    @cached_property
    def workflow(self) -> Entry:
        found = self.document.get("workflow")
        return Entry(("workflow",), found if isinstance(found, dict) else {})

    @cached_property
    def tasks(self) -> list[Entry]:
        return list(self._entries("tasks"))

    @cached_property
    def transitions(self) -> list[Entry]:
        return list(self._entries("transitions"))

    @cached_property
    def ticket_types(self) -> list[Entry]:
        return list(self._entries("ticket_types"))

    @cached_property
    def company_roles(self) -> list[Entry]:
        return list(self._entries("company_roles"))

    @cached_property
    def tests(self) -> list[Entry]:
        return list(self._entries("tests"))

    @cached_property
    def task_of(self) -> dict[str, Entry]:
        """The tasks by key; of two with the same key, the first."""
        found: dict[str, Entry] = {}
        for task in self.tasks:
            if key := task.text("key"):
                found.setdefault(key, task)
        return found

    def title_of(self, key: str) -> str:
        """What people call a task, the start or the end."""
        if key == START:
            return _("the start")
        if key == END:
            return _("the end")
        task = self.task_of.get(key)
        return quoted(short((task.text("title") if task else "") or key))

    @cached_property
    def fields(self) -> dict[str, Field] | None:
        """The fields of a ticket by name; None where they are not valid."""
        return readable_fields(self.workflow)

    @cached_property
    def is_connected(self) -> bool:
        """Whether every transition leads from and to something that exists."""
        sources, targets = {START, *self.task_of}, {END, *self.task_of}
        return bool(self.transitions) and all(
            each.text("from") in sources and each.text("to") in targets for each in self.transitions
        )

    @cached_property
    def leaving(self) -> dict[str, list[Entry]]:
        """The transitions that leave each task and the start, in the order they are tried."""
        found: dict[str, list[Entry]] = {START: [], **{key: [] for key in self.task_of}}
        for each in self.transitions:
            found.setdefault(each.text("from"), []).append(each)
        for transitions in found.values():
            transitions.sort(key=_priority)
        return found

    @cached_property
    def leaving_completed(self) -> dict[str, list[Entry]]:
        """Those of them that are tried when the task has been completed."""
        return {
            key: [each for each in transitions if each.is_usual]
            for key, transitions in self.leaving.items()
        }

    @cached_property
    def leaving_late(self) -> dict[str, list[Entry]]:
        """Those that are tried when the task has not ended by a time."""
        return {
            key: [each for each in transitions if each.text("after")]
            for key, transitions in self.leaving.items()
        }

    @cached_property
    def leaving_failed(self) -> dict[str, list[Entry]]:
        """Those that are tried when the task's call has failed for good."""
        return {
            key: [each for each in transitions if each.is_on_failure]
            for key, transitions in self.leaving.items()
        }

    @cached_property
    def leaving_cancelled(self) -> dict[str, list[Entry]]:
        """Those that are tried when the ticket is withdrawn or cancelled.

        Under the start stand those that are tried wherever it is.
        """
        return {
            key: [each for each in transitions if each.is_on_cancel]
            for key, transitions in self.leaving.items()
        }

    @cached_property
    def usual_tasks(self) -> set[str]:
        """The tasks that can be reached while the ticket is not cancelled."""
        return self._reached_uncancelled([START]) & set(self.task_of)

    @cached_property
    def clean_up_tasks(self) -> set[str]:
        """The tasks that can be reached once it is."""
        first = [each.text("to") for ways in self.leaving_cancelled.values() for each in ways]
        return self._reached_uncancelled(first) & set(self.task_of)

    def _reached_uncancelled(self, starts: list[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(starts)
        while waiting:
            if (key := waiting.pop()) not in found:
                found.add(key)
                ways = (each for each in self.leaving.get(key, ()) if not each.is_on_cancel)
                waiting += [each.text("to") for each in ways if each.path not in self.never_taken]
        return found

    @cached_property
    def never_taken(self) -> set[Path]:
        """The transitions behind one that is always taken, and those that are simply false."""
        found: set[Path] = set()
        lists = (self.leaving_completed, self.leaving_failed, self.leaving_cancelled)
        for transitions in (each for ways in lists for each in ways.values()):
            is_decided = False
            for each in transitions:
                condition = each.value.get("condition")
                if is_decided or condition is False:
                    found.add(each.path)
                is_decided = is_decided or is_empty(condition) or condition is True
        return found

    @cached_property
    def following(self) -> dict[str, set[str]]:
        """The keys that each key leads to directly."""
        return {
            key: self.following_completed[key] | self.following_undone[key] for key in self.leaving
        }

    @cached_property
    def following_completed(self) -> dict[str, set[str]]:
        """The keys that each key leads to directly when it has been completed."""
        return {
            key: {each.text("to") for each in transitions if each.path not in self.never_taken}
            for key, transitions in self.leaving_completed.items()
        }

    @cached_property
    def following_undone(self) -> dict[str, set[str]]:
        """The keys that each key leads to when it is left undone.

        That is: when it has not ended in time, its call failed, or the ticket was cancelled there.
        """
        found = {
            key: {
                each.text("to")
                for each in transitions
                if not each.is_usual and each.path not in self.never_taken
            }
            for key, transitions in self.leaving.items()
        }
        anywhere = [each for each in self.leaving_cancelled[START] if self._may_be_taken(each)]
        if anywhere:
            targets = {each.text("to") for each in anywhere}
            found[START] -= targets  # what has not begun has nothing to clean up
            for key in self.usual_tasks:
                found[key] |= targets
        return found

    def _may_be_taken(self, transition: Entry) -> bool:
        return transition.path not in self.never_taken

    def reachable(self, *starts: str, without: str = "") -> set[str]:
        """The keys that can be reached from these, themselves included.

        `without` is a task that is not completed on the way: it can be left only undone.
        """
        found: set[str] = set()
        waiting, closed = list(starts), False
        while waiting:
            key = waiting.pop()
            if key == without:
                if not closed:
                    waiting.extend(self.following_undone.get(key, ()))
                closed = True
            elif key not in found:
                found.add(key)
                waiting.extend(self.following.get(key, ()))
        return found

    @cached_property
    def before(self) -> dict[str, set[str]]:
        """For each task, the tasks that can have been completed before it begins.

        A task in a loop is among those before itself.
        """
        found: dict[str, set[str]] = {key: set() for key in self.task_of}
        for key in self.task_of:
            for reached in self.reachable(*self.following_completed.get(key, ())) & set(found):
                found[reached].add(key)
        for source, ways in self.leaving_cancelled.items():
            done = self.done_when_cancelled(source, found)
            for reached in self.reachable(*(each.text("to") for each in ways)) & set(found):
                found[reached] |= done
        return found

    def done_when_cancelled(
        self, source: str, before: dict[str, set[str]] | None = None
    ) -> set[str]:
        """The tasks that can have been completed when a transition `on_cancel` is chosen.

        The one that it leaves may be just about to be left.
        """
        if source == START:
            return self.usual_tasks
        known = self.before if before is None else before
        return known.get(source, set()) | ({source} & set(self.task_of))

    def _entries(self, name: str) -> Iterator[Entry]:
        found = self.document.get(name)
        for index, value in enumerate(found if isinstance(found, list) else []):
            if isinstance(value, dict):
                yield Entry((name, index), value)


def outcome_of(transition: Mapping[str, Json]) -> EndOutcome:
    """What the end means that a transition of a document leads to, if it leads to one."""
    return EndOutcome.named(transition.get("outcome"))


def readable_fields(entry: Entry) -> dict[str, Field] | None:
    specs: Json = entry.value.get("fields", [])
    if check_fields(specs):
        return None
    return {each.name: each for each in parse_fields(specs)}


def roles_in_questions(outline: Outline) -> Iterator[tuple[Path, str]]:
    """The company roles that questions name, and where."""
    for form in (outline.workflow, *outline.tasks):
        for path, role in roles_in(form.value.get("fields"), (*form.path, "fields")):
            if isinstance(role, str):
                yield path, role


def _priority(transition: Entry) -> float:
    found = transition.value.get("priority", 0)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else 0
