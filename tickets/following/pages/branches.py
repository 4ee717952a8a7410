"""The branches of the block in which a ticket is, one line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from tenants.models import User
from tenants.pages.badges import badge
from tickets.following.pages.badges import task_badge
from tickets.models import Ticket
from workflows.engine.process import EndOutcome, Json
from workflows.models import Path, PathStatus, TaskDefinition, TaskInstance, TaskStatus

# More are counted only.
MOST_SHOWN = 200
_TONES = {PathStatus.ENDED: "good", PathStatus.CANCELLED: "plain", PathStatus.WAITING: "plain"}


@dataclass(frozen=True, slots=True)
class BranchLine:
    """One run of a branch. `depth` says how many blocks it stands in, beginning with 1."""

    title: str
    item: str
    badge: SafeString
    task: TaskInstance | None
    end: str
    depth: int
    person: User | None = None  # who has it, or who voted


@dataclass(frozen=True, slots=True)
class BlockLines:
    title: str
    lines: list[BranchLine]
    is_approval: bool = False


def branches_of(ticket: Ticket, *, is_for_requester: bool = False) -> BlockLines | None:
    """Those of the block in which the ticket is; None where it is in none. One query where it is.

    Fetch it with its current task's definition. A requester reads which branches there are and who
    works in them; of what is in them only the entries of what they have submitted, and nothing
    that is hidden until the end.
    """
    instance = ticket.workflow_instance
    main = None if instance is None or ticket.has_ended else instance.current_task
    if main is None or main.definition.block is None:
        return None
    paths = list(
        Path.objects.filter(workflow_instance=instance)
        .select_related(
            "block_task__definition", "current_task__definition", "current_task__assigned_to"
        )
        .defer("data")
        .order_by("number")
    )
    lines = list(_lines(main, paths, 1))[:MOST_SHOWN]
    if is_for_requester:
        lines = [_for_requester(each, main.definition) for each in lines]
    return BlockLines(main.definition.title, lines, main.definition.type.is_approval)


def _for_requester(line: BranchLine, block: TaskDefinition) -> BranchLine:
    spec = block.block
    rule = None if spec is None else spec.for_each
    name = rule.get("var") if isinstance(rule, dict) else None
    if not (line.depth == 1 and isinstance(name, str) and name.startswith("ticket.")):
        line = replace(line, item="")
    if spec is not None and spec.hide_answers:
        line = replace(line, end="", badge=badge(str(PathStatus.RUNNING.label), "info"))
    return line


def _lines(block: TaskInstance, paths: list[Path], depth: int) -> Iterator[BranchLine]:
    spec = block.definition.block
    for path in paths:
        if path.block_task_id != block.pk or spec is None:
            continue
        branch = spec.branch(path.branch)
        title = branch.name if branch else path.branch
        task = path.current_task if path.status == PathStatus.RUNNING else None
        line = BranchLine(
            title=f"{title} {path.number}" if spec.is_list else title,
            item=item_in_words(path.item),
            badge=_badge(path, task),
            task=task,
            end=path.end_label,
            depth=depth,
            person=task.assigned_to if task is not None else None,
        )
        yield _vote_line(line, path) if spec.approval is not None else line
        if task is not None and task.status == TaskStatus.IN_PROGRESS:
            yield from _lines(task, paths, depth + 1)


def _vote_line(line: BranchLine, path: Path) -> BranchLine:
    """Of an approval: whose vote it is, and what they said."""
    person = _other_than_named(line.person, path.item)
    line = replace(line, title=line.item or line.title, item="", person=person)
    voter = path.current_task
    if path.status != PathStatus.ENDED or voter is None:
        return line
    refuses = path.outcome == EndOutcome.BAD
    said = badge(_("Refused"), "bad") if refuses else badge(_("Approved"), "good")
    return replace(line, badge=said, person=_other_than_named(voter.assigned_to, path.item))


def _other_than_named(person: User | None, item: Json) -> User | None:
    """Nobody, where the entry of the list is this very person, who is named already."""
    is_named = isinstance(item, dict) and person is not None and item.get("id") == person.pk
    return None if is_named else person


def item_of(task: TaskInstance) -> str:
    """The entry that a task's branch runs for; nothing, where it is who has the task."""
    item = None if task.path is None else task.path.item
    is_own = isinstance(item, dict) and item.get("id") == task.assigned_to_id
    return "" if item is None or (is_own and task.assigned_to_id) else item_in_words(item)


def _badge(path: Path, task: TaskInstance | None) -> SafeString:
    if task is not None:
        return task_badge(task)
    return badge(path.get_status_display(), _TONES.get(path.status, "plain"))


def item_in_words(item: Json) -> str:
    """The item of a list in one line: a choice, a person, the cells of a row."""
    match item:
        case None:
            return ""
        case True | False:
            return _("Yes") if item else _("No")
        case {"name": name, "id": int()}:
            return str(name)
        case dict():
            return ", ".join(filter(None, (item_in_words(each) for each in item.values())))
        case list():
            return ", ".join(filter(None, (item_in_words(each) for each in item)))
    return str(item)
