"""Draws a workflow as an inline SVG, coloured by ``picture/graph.css``."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome, Process
from workflows.engine.steps.approvals import approval_key
from workflows.picture.collecting import Collecting
from workflows.picture.drawing import (
    draw_block,
    draw_circle,
    draw_label,
    draw_lane,
    draw_line,
    draw_notice,
    draw_task,
    joined,
)
from workflows.picture.layout.items import TooLargeToDrawError
from workflows.picture.scene import (
    CIRCLE_RADIUS,
    LONG,
    START,
    TITLE_SIZE,
    Line,
    Marks,
    Scene,
    Shape,
    TransitionKey,
    is_taken,
)
from workflows.picture.text_width import clean, text_width


def draw_process(
    process: Process,
    *,
    current: Collection[str] = (),
    finished: Collection[str] = (),
    failed: Collection[str] = (),
    taken: Collection[TransitionKey] = (),
    links: Mapping[str, str] | None = None,
    notes: Mapping[str, Sequence[str]] | None = None,
    end_notes: Mapping[tuple[EndOutcome, str], str] | None = None,
) -> SafeString:
    """Return the workflow as an ``<svg>``, to be put into a ``<div class="flow-graph">``.

    ``current``, ``finished`` and ``failed`` are task keys, ``taken`` the (from, to, label) of
    the transitions that an instance has gone through, None being the start and the end: the
    label tells two ends of one task apart.
    ``links`` gives task keys the address of a page; only paths and http(s) are used.
    ``notes`` are lines beneath the titles of tasks, by their keys, and ``end_notes`` one beneath
    each end, by its outcome and label.

    Never raises for anything a definition can contain: a transition to a task that is not
    there gets a dashed box, a task that nothing leads to is drawn all the same.
    """
    process = _without_votes(process)
    marks = Marks(
        frozenset(map(_drawn_as, current)),
        frozenset(finished) - frozenset(map(_drawn_as, current)),
        frozenset(map(_drawn_as, failed)),
        frozenset(taken),
    )
    title = clean(process.title) or clean(process.key)
    safe_links = {key: url for key, url in (links or {}).items() if _is_safe_link(url)}
    try:
        scene, width, height = Collecting(process, notes or {}, end_notes or {}).whole()
    except TooLargeToDrawError:
        text = _("This workflow is too large to draw.")
        return _svg(title, text, draw_notice(text, 24), 320, 48, has_links=False)
    summary = _summary(list(scene.all_shapes()), list(scene.all_lines()), marks)
    parts = list(_draw_scene(scene, marks, safe_links))
    if len(scene.shapes) == 1:
        text = _("This workflow has no tasks yet.")
        start = scene.shapes[START].node
        width = max(width, text_width(text, TITLE_SIZE) + 2 * start.x + 24)
        parts.append(draw_notice(text, start.y + CIRCLE_RADIUS, start.x + 28))
    return _svg(title, summary, joined(parts), width, height, bool(safe_links))


def _without_votes(process: Process) -> Process:
    """An approval is drawn as one task, whoever votes."""
    drawn = {key: task for key, task in process.tasks.items() if not task.task_type.is_vote}
    return replace(process, tasks=drawn)


def _drawn_as(key: str) -> str:
    """The task that stands for one in the picture: a vote is its approval."""
    return approval_key(key) or key


def _draw_scene(scene: Scene, marks: Marks, links: Mapping[str, str]) -> Iterator[SafeString]:
    lines = scene.lines
    # What is drawn later lies above: the transitions that were taken cross over the others.
    for line in sorted(lines, key=lambda line: is_taken(line, marks)):
        yield draw_line(line, taken=is_taken(line, marks))
    for line in lines:
        yield draw_label(line, taken=is_taken(line, marks))
    reached = {id(line.edge.target) for line in lines if is_taken(line, marks)}
    for shape in scene.shapes.values():
        if shape.is_block:
            yield draw_block(shape, marks, links.get(shape.key[1]))
            for lane in shape.lanes:
                yield draw_lane(lane)
                yield from _draw_scene(lane.scene, marks, links)
        elif shape.key[0] == "task":
            yield draw_task(shape, marks, links.get(shape.key[1]))
        else:
            yield draw_circle(shape, reached=id(shape.node) in reached)


def _summary(shapes: Sequence[Shape], lines: Sequence[Line], marks: Marks) -> str:
    """The picture in words, for those who cannot see it."""
    sentences = []
    for template, keys in (
        (_("Now at: %(tasks)s."), marks.current),
        (_("Failed: %(tasks)s."), marks.failed),
        (_("Finished: %(tasks)s."), marks.finished),
    ):
        names = [s.text for s in shapes if s.key[0] == "task" and s.key[1] in keys]
        if names:
            sentences.append(template % {"tasks": ", ".join(names)})
    sentences += [f"{s.text}: {', '.join(s.notes)}." for s in shapes if s.notes]
    sentences += [
        _("%(block)s has these branches: %(branches)s.")
        % {"block": s.text, "branches": ", ".join(lane.title for lane in s.lanes)}
        for s in shapes
        if s.lanes
    ]
    sentences += [line.sentence for line in lines]
    lost = [s.text for s in shapes if not s.reachable and s.key[0] != "start"]
    if lost:
        sentences.append(_("Not reached from the start: %(tasks)s.") % {"tasks": ", ".join(lost)})
    return " ".join(sentences) or _("This workflow has no tasks yet.")


def _svg(
    title: str, summary: str, content: SafeString, width: float, height: float, has_links: bool
) -> SafeString:
    digest = hashlib.blake2s(f"{title}\n{summary}\n{content}".encode(), digest_size=6)
    unique = f"flow-{digest.hexdigest()}"
    # An image hides what is inside it from screen readers, so one with links is a group.
    return format_html(
        '<svg class="flow" xmlns="http://www.w3.org/2000/svg" role="{role}" '
        'aria-labelledby="{unique}-title {unique}-desc" width="{width}" height="{height}" '
        'viewBox="0 0 {width} {height}"{whole}><title id="{unique}-title">{title}</title>'
        '<desc id="{unique}-desc">{summary}</desc>{content}</svg>',
        role="group" if has_links else "img",
        unique=unique,
        width=math.ceil(width),
        height=math.ceil(height),
        title=_("Workflow %(title)s") % {"title": title},
        summary=summary,
        content=content,
        # What the switch says that pictures.js puts above a long one.
        whole=format_html(' data-whole="{}"', _("Show the whole picture")) if height > LONG else "",
    )


def _is_safe_link(url: str) -> bool:
    """A path of ours or http(s): never ``javascript:``."""
    return url.startswith(("/", "?", "#", "http://", "https://"))
