"""What can be made out in a document that may be wrong in any place.

The checks read the document through this, so that one wrong part does not hide the
problems of the others, and no JSON whatsoever makes a check fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from workflows.bundles.document.canonical import END, START
from workflows.bundles.outline.entries import Branch, Entry
from workflows.bundles.outline.forms import readable_fields
from workflows.engine.problems import Path, quoted, short
from workflows.engine.process import EndOutcome, Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.fields.field import Field


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
    def blocks(self) -> dict[str, Entry]:
        """The blocks by key."""
        return {key: task for key, task in self.task_of.items() if task.is_block}

    @cached_property
    def approvals(self) -> dict[str, Entry]:
        """The approvals by key."""
        return {key: task for key, task in self.task_of.items() if task.is_approval}

    @cached_property
    def branches(self) -> dict[str, Branch]:
        """The branches of all blocks by `block.branch`, in their order; the first of a name."""
        found: dict[str, Branch] = {}
        for key in self.blocks:
            for branch in self.branches_of(key):
                if branch.entry.text("key"):
                    found.setdefault(branch.name, branch)
        return found

    def branches_of(self, block: str) -> list[Branch]:
        """Those of a block, whatever their keys are."""
        task = self.blocks.get(block)
        listed = task.value.get("branches") if task is not None else None
        return [
            Branch(block, Entry((*task.path, "branches", index), each))
            for index, each in enumerate(listed if isinstance(listed, list) else [])
            if isinstance(each, dict) and task is not None
        ]

    @cached_property
    def branch_of(self) -> dict[str, str]:
        """The branch that each task stands in; empty: on the main path, or there is none."""
        return {
            key: name if (name := task.text("branch")) in self.branches else ""
            for key, task in self.task_of.items()
        }

    @cached_property
    def around(self) -> dict[str, tuple[str, ...]]:
        """The branches that each task stands in, the outermost first."""
        found: dict[str, tuple[str, ...]] = {}
        for key in self.task_of:
            names: list[str] = []
            at = key
            while (name := self.branch_of.get(at, "")) and name not in names:
                names.insert(0, name)
                at = self.branches[name].block
            found[key] = tuple(names)
        return found

    def has_items(self, block: str) -> bool:
        """Whether its branch runs for each entry of a list."""
        task = self.blocks.get(block)
        return task is not None and bool(task.value.get("for_each"))

    def item_blocks(self, key: str) -> tuple[str, ...]:
        """The blocks around a task whose branch runs for each entry, the outermost first."""
        return self._item_blocks.get(key, ())

    @cached_property
    def _item_blocks(self) -> dict[str, tuple[str, ...]]:
        blocks = {name: branch.block for name, branch in self.branches.items()}
        listed = {block for block in self.blocks if self.has_items(block)}
        return {
            key: tuple(blocks[name] for name in names if blocks[name] in listed)
            for key, names in self.around.items()
        }

    def inside(self, block: str) -> set[str]:
        """The tasks in its branches, those in blocks that stand in them, too."""
        names = {name for name, branch in self.branches.items() if branch.block == block}
        return {key for key, around in self.around.items() if names & set(around)}

    @cached_property
    def fields(self) -> dict[str, Field] | None:
        """The fields of a ticket by name; None where they are not valid."""
        return readable_fields(self.workflow)

    @cached_property
    def is_connected(self) -> bool:
        """Whether every transition, and every branch, leads from and to something that exists."""
        sources, targets = {START, *self.task_of}, {END, *self.task_of}
        return (
            bool(self.transitions)
            and all(each.text("from") in sources for each in self.transitions)
            and all(each.text("to") in targets for each in self.transitions)
            and all(each.start in self.task_of for each in self.branches.values())
        )

    def target_of(self, transition: Entry) -> str:
        """Where it leads: to a task, the end, or the end of the branch, by the branch's name."""
        target = transition.text("to")
        return (self.branch_of.get(transition.text("from"), "") or END) if target == END else target

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
        """The keys that each key leads to directly; the end of a branch goes by its name."""
        return {
            key: self.following_completed[key] | self.following_undone[key] for key in self.leaving
        }

    @cached_property
    def following_completed(self) -> dict[str, set[str]]:
        """The keys that each key leads to directly when it has been completed."""
        return {
            key: {self.target_of(each) for each in transitions if each.path not in self.never_taken}
            for key, transitions in self.leaving_completed.items()
        }

    @cached_property
    def following_undone(self) -> dict[str, set[str]]:
        """The keys that each key leads to when it is left undone.

        That is: when it has not ended in time, its call failed, or the ticket was cancelled there.
        """
        found = {
            key: {
                self.target_of(each)
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

        `without` is a task that is not completed on the way: it can be left only undone. What has
        begun beside it may go on, so that a block is then over only as far as it can be without it.
        """
        found: set[str] = set()
        waiting, closed = list(starts), False
        while waiting:
            key = waiting.pop()
            if key == without:
                if not closed:
                    waiting.extend(self.following_undone.get(key, ()))
                    waiting.extend(each.start for each in self.branches_of(key))
                closed = True
            elif key not in found:
                found.add(key)
                waiting.extend(self._reached_from(key, found, without))
        return found

    def _reached_from(self, key: str, found: set[str], without: str) -> Iterator[str]:
        """What a task leads to, a block, or the end of a branch."""
        block = self.branches[key].block if key in self.branches else key
        if block in self.blocks and key != block:
            if block != without and self.may_be_over(block, found, is_strict=bool(without)):
                yield from self.following_completed[block]
        elif block in self.blocks:
            yield from (each.start for each in self.branches_of(block))
            yield from self.following_undone[block]
            if self.may_be_over(block, found, is_strict=bool(without)):
                yield from self.following_completed[block]
        else:
            yield from self.following.get(key, ())

    def may_be_over(self, block: str, found: set[str], *, is_strict: bool = True) -> bool:
        """Whether it can have ended, where of its branches those in `found` can."""
        if not is_strict or block not in found or self.has_items(block):
            return True  # there may be no entries at all
        branches = [each for each in self.branches.values() if each.block == block]
        always = [each for each in branches if each.always_runs]
        ended = sum(each.name in found for each in always)
        if any(each.ends_block and each.name in found for each in branches):
            return True
        needed = needed_of(self.blocks[block].value.get("ends_when"), len(branches))
        return ended == len(always) or needed <= sum(each.name in found for each in branches)

    @cached_property
    def before(self) -> dict[str, set[str]]:
        """For each task, the tasks that can have been completed before it begins, for it to read.

        A task in a loop is among those before itself. What is done for each entry of a list is
        read there alone.
        """
        found: dict[str, set[str]] = {key: set() for key in self.task_of}
        for key in self.task_of:
            own = self.item_blocks(key)
            after = set(self.following_completed.get(key, ()))
            for name in self.around[key]:  # a block around it may be left because time has passed
                after |= self.following_undone.get(self.branches[name].block, set())
            for reached in self.reachable(*after) & set(found):
                if self.item_blocks(reached)[: len(own)] == own:
                    found[reached].add(key)
        for source, ways in self.leaving_cancelled.items():
            done = self.done_when_cancelled(source, found)
            for reached in self.reachable(*(each.text("to") for each in ways)) & set(found):
                found[reached] |= {each for each in done if not self.item_blocks(each)}
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


def needed_of(ends_when: Json, count: int) -> int:
    """How many of its `count` branches must have ended for a block to be over."""
    if ends_when == "any":
        return min(1, count)
    if isinstance(ends_when, str) and ends_when.isdecimal():
        ends_when = int(ends_when)
    is_number = isinstance(ends_when, int) and not isinstance(ends_when, bool)
    return min(int(ends_when), count) if is_number and isinstance(ends_when, int) else count


def outcome_of(transition: Mapping[str, Json]) -> EndOutcome:
    """What the end means that a transition of a document leads to, if it leads to one."""
    return EndOutcome.named(transition.get("outcome"))


def _priority(transition: Entry) -> float:
    found = transition.value.get("priority", 0)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else 0
