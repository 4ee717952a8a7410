"""Whether the branches of blocks hold together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.canonical import END, START, default_of
from workflows.bundles.document.problems import Problem, Severity
from workflows.bundles.outline.entries import Branch, Entry
from workflows.bundles.outline.outline import Outline
from workflows.engine.problems import did_you_mean, nearest, short
from workflows.engine.process import number_in

MOST_NESTED: Final = 5
# What a block has only with a list.
_OF_LISTS: Final = ("most",)
# What only branches have that run side by side with others.
_OF_BRANCHES: Final = "ends_block"


def block_problems(outline: Outline) -> Iterator[Problem]:
    """Everything about blocks but what their rules read."""
    for task in outline.tasks:
        if task.text("branch"):
            yield from _place_problems(outline, task)
    for key, block in outline.blocks.items():
        yield from _branch_problems(outline, key)
        yield from _end_problems(outline, key, block)
        yield from _list_problems(outline, key, block)
    for transition in outline.transitions:
        yield from _border_problems(outline, transition)


def _place_problems(outline: Outline, task: Entry) -> Iterator[Problem]:
    """`branch` must name a branch that there is, and lead out of it in the end."""
    name, path = task.text("branch"), (*task.path, "branch")
    if name not in outline.branches:
        known = list(outline.branches)
        meant = nearest(name, known)
        block = name.partition(".")[0]
        if block in outline.task_of and block not in outline.blocks:
            message = _("“%(name)s” is no branch: %(task)s is no block.")
            text = message % {"name": short(name), "task": outline.title_of(block)}
        else:
            text = _("There is no branch “%(name)s”.") % {"name": short(name)}
        advice = did_you_mean(meant) or " " + _("Add it to its block, or name one that there is.")
        yield Problem(path, text + advice, name, ", ".join(known), meant)
        return
    around = outline.around.get(task.text("key"))
    if not around:
        return  # a task without a key
    outermost = outline.branches[around[0]].block
    if outline.branch_of.get(outermost):
        yield Problem(path, _("A block cannot stand inside itself. Name another branch."), name)
    elif task.is_block and len(around) >= MOST_NESTED:
        message = _("Blocks stand inside each other at most %(most)d deep.")
        yield Problem(path, message % {"most": MOST_NESTED}, name)


def _branch_problems(outline: Outline, key: str) -> Iterator[Problem]:
    keys: set[str] = set()
    titles: dict[str, str] = {}
    for branch in outline.branches_of(key):
        own, title = branch.entry.text("key"), branch.entry.text("title")
        if own in keys:
            message = _("“%(key)s” is used twice in this block. Give each branch its own key.")
            yield Problem((*branch.entry.path, "key"), message % {"key": short(own)}, own)
        elif title and titles.setdefault(name_key(title), own) != own:
            message = _("The title looks like that of another branch of this block.")
            path = (*branch.entry.path, "title")
            yield Problem(path, message, title, severity=Severity.WARNING)
        if own:
            keys.add(own)
        yield from _start_problems(outline, branch)


def _start_problems(outline: Outline, branch: Branch) -> Iterator[Problem]:
    """It begins with a task that stands in it."""
    start, path = branch.start, (*branch.entry.path, "start")
    if not start:  # the structure says so
        return
    if start not in outline.task_of:
        known = [
            key for key in outline.task_of if outline.task_of[key].text("branch") == branch.name
        ]
        meant = nearest(start, known or list(outline.task_of))
        message = _("There is no task “%(key)s”.") % {"key": short(start)}
        advice = did_you_mean(meant) or " " + _("Add it, or name one that there is.")
        yield Problem(path, message + advice, start, ", ".join(known), meant)
    elif outline.task_of[start].text("branch") != branch.name:
        message = _(
            "%(task)s does not stand in this branch. Give it the branch “%(name)s”, or let this "
            "branch begin with one of its own tasks."
        )
        words = {"task": outline.title_of(start), "name": branch.name}
        yield Problem(path, message % words, start)


def _end_problems(outline: Outline, key: str, block: Entry) -> Iterator[Problem]:
    wanted = number_in(block.value.get("ends_when"))
    if isinstance(wanted, bool) or not isinstance(wanted, int):
        return
    path = (*block.path, "ends_when")
    if outline.has_items(key):
        most = block.value.get("most", default_of("task", "most"))
        if isinstance(most, int) and wanted > most:
            message = _("There are at most %(count)d entries: the block ends with all of them.")
            yield Problem(path, message % {"count": most}, wanted, f"1 to {most}")
        return
    count = len(outline.branches_of(key))
    if wanted > count:
        message = _("This block has %(count)d branches: %(wanted)d of them can never have ended.")
        words = {"count": count, "wanted": wanted}
        yield Problem(path, message % words, wanted, expected=f"1 to {count}")


def _list_problems(outline: Outline, key: str, block: Entry) -> Iterator[Problem]:
    branches = outline.branches_of(key)
    if outline.has_items(key):
        if len(branches) > 1:
            message = _(
                "With “for_each” a block has one branch, which runs for each entry. Remove the "
                "others, or “for_each”."
            )
            yield Problem((*block.path, "branches"), message, len(branches), expected="1")
        for branch in branches:
            if branch.ends_block:
                message = _(
                    "With “for_each” the entries end the block by “ends_when”: any, or how many. "
                    "Say it there, and remove this."
                )
                yield Problem((*branch.entry.path, _OF_BRANCHES), message, found=True)
        return
    for name in _OF_LISTS:
        if name in block.value and block.value[name] not in (None, "", default_of("task", name)):
            message = _("Only a block with “for_each” uses “%(name)s”. Remove it.") % {"name": name}
            path = (*block.path, name)
            yield Problem(path, message, block.value[name], severity=Severity.WARNING)


def _border_problems(outline: Outline, transition: Entry) -> Iterator[Problem]:
    """No transition leads into a branch, nor out of one but to its end."""
    source, target = transition.text("from"), transition.text("to")
    if target not in outline.task_of or (source != START and source not in outline.task_of):
        return
    path = (*transition.path, "to")
    here, there = outline.around.get(source, ()), outline.around[target]
    if here == there:
        return
    if there[: len(here)] == here:
        block = outline.branches[there[len(here)]].block
        message = _(
            "%(target)s stands in a branch of %(block)s, and no transition leads into a branch. "
            "Lead to %(block)s: its branches say what they begin with."
        )
        if source == block:
            message = _(
                "%(target)s stands in a branch of %(block)s. What leaves the block is taken when "
                "it has ended; its branches say what they begin with."
            )
        words = {"target": outline.title_of(target), "block": outline.title_of(block)}
        yield Problem(path, message % words, target, nearest="" if source == block else block)
        return
    block = outline.branches[here[-1]].block
    message = _(
        "%(source)s stands in a branch of %(block)s, and no transition leaves a branch. Lead to "
        "“end”, which ends the branch; what follows then is said by the transitions of %(block)s."
    )
    words = {"source": outline.title_of(source), "block": outline.title_of(block)}
    yield Problem(path, message % words, target, expected=END)
