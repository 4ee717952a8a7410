"""Draws a workflow as an inline SVG, coloured by ``picture/graph.css``."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome, Process, TaskSpec, TransitionSpec
from workflows.picture.graph_layout import Edge, Kind, Node, TooLargeToDrawError, lay_out
from workflows.task_types import SCREENS
from workflows.working_hours.durations import after_in_words

BOX_WIDTH = 208.0
TITLE_LEFT = 50.0
TITLE_WIDTH = BOX_WIDTH - TITLE_LEFT - 12
NOTE_WIDTH = BOX_WIDTH - 24
TITLE_SIZE = 13.0
TITLE_LINE = 17.0
TITLE_LINES = 3
LABEL_SIZE = 11.5
LABEL_LINE = 14.0
LABEL_WIDTH = 150.0
LABEL_PADDING = 8.0
CLOCK_WIDTH = 16.0
CIRCLE_RADIUS = 13.0
CORNER = 8.0

# As the icons of the types of tasks; for one that there is no more.
MISSING_ICON = "M7.2 7.2c0-4 5.8-3.8 5.8-.2 0 2.4-2.9 2.5-2.9 5.2M10.1 15.8v.4"

type NodeKey = tuple[str, str]
type TransitionKey = tuple[str | None, str | None, str]
START: NodeKey = ("start", "")
# From where a ticket that is cancelled goes on, wherever it was.
CANCEL: NodeKey = ("start", "cancel")


@dataclass(frozen=True, slots=True)
class _Marks:
    """What has happened to an instance, by task key; ``taken`` holds transitions."""

    current: frozenset[str]
    finished: frozenset[str]
    failed: frozenset[str]
    taken: frozenset[TransitionKey]


@dataclass(slots=True, eq=False)
class _Shape:
    """A node of the picture with what is written in it."""

    key: NodeKey
    text: str
    node: Node
    lines: list[str]
    task: TaskSpec | None = None
    reachable: bool = True
    outcome: EndOutcome = EndOutcome.GOOD  # of an end
    notes: Sequence[str] = ()


@dataclass(slots=True, eq=False)
class _Line:
    """A transition with its line through the picture."""

    spec: TransitionSpec
    edge: Edge
    lines: list[str]
    title: str
    sentence: str


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
    marks = _Marks(frozenset(current), frozenset(finished), frozenset(failed), frozenset(taken))
    shapes, lines = _collect(process, notes or {}, end_notes or {})
    title = _clean(process.title) or _clean(process.key)
    summary = _summary(list(shapes.values()), lines, marks)
    try:
        width, height = lay_out([s.node for s in shapes.values()], [line.edge for line in lines])
    except TooLargeToDrawError:
        text = _("This workflow is too large to draw.")
        return _svg(title, summary, _draw_notice(text, 24), 320, 48, has_links=False)
    safe_links = {key: url for key, url in (links or {}).items() if _is_safe_link(url)}
    # What is drawn later lies above: the transitions that were taken cross over the others.
    order = sorted(lines, key=lambda line: _is_taken(line, marks))
    parts = [_draw_line(line, taken=_is_taken(line, marks)) for line in order]
    parts += [_draw_label(line, taken=_is_taken(line, marks)) for line in lines]
    reached = {id(line.edge.target) for line in lines if _is_taken(line, marks)}
    for shape in shapes.values():
        if shape.key[0] == "task":
            parts.append(_draw_task(shape, marks, safe_links.get(shape.key[1])))
        else:
            parts.append(_draw_circle(shape, reached=id(shape.node) in reached))
    if len(shapes) == 1:
        text = _("This workflow has no tasks yet.")
        start = shapes[START].node
        width = max(width, _text_width(text, TITLE_SIZE) + 2 * start.x + 24)
        parts.append(_draw_notice(text, start.y + CIRCLE_RADIUS, start.x + 28))
    return _svg(title, summary, _joined(parts), width, height, bool(safe_links))


# From the definition to shapes and lines


def _collect(
    process: Process,
    notes: Mapping[str, Sequence[str]],
    end_notes: Mapping[tuple[EndOutcome, str], str],
) -> tuple[dict[NodeKey, _Shape], list[_Line]]:
    shapes = {START: _circle(START, _("Start"), caption="")}
    for key, task in process.tasks.items():
        shapes["task", key] = _box(key, task, notes.get(key, ()))
    transitions = sorted(process.transitions, key=lambda transition: transition.priority)
    lines = []
    for spec in transitions:
        source, target = START, ("end", f"{spec.outcome} {spec.label}")
        if spec.from_task is None and spec.on_cancel:
            source = CANCEL
            shapes.setdefault(source, _circle(source, _("If cancelled"), caption=""))
        if spec.from_task is not None:
            source = ("task", spec.from_task)
            shapes.setdefault(source, _box(spec.from_task, None))
        if spec.to_task is not None:
            target = ("task", spec.to_task)
            shapes.setdefault(target, _box(spec.to_task, None))
        elif target not in shapes:
            note = end_notes.get((spec.outcome, spec.label), "")
            shapes[target] = _circle(target, _clean(spec.label) or _("End"), note=note)
            shapes[target].outcome = spec.outcome
        lines.append(_line(spec, shapes[source], shapes[target]))
    _mark_unreachable(shapes, lines)
    return shapes, lines


def _box(key: str, task: TaskSpec | None, notes: Sequence[str] = ()) -> _Shape:
    text = _clean(task.title if task else "") or _clean(key) or _("Untitled task")
    lines = _wrap(text, TITLE_SIZE, TITLE_WIDTH, TITLE_LINES)
    height = 56.0 if len(lines) < 3 else 70.0
    noted = [line for note in notes for line in _wrap(_clean(note), LABEL_SIZE, NOTE_WIDTH, 1)]
    height += LABEL_LINE * len(noted)
    node = Node(Kind.BOX, BOX_WIDTH / 2, BOX_WIDTH / 2, height)
    return _Shape(("task", key), text, node, lines, task, notes=noted)


def _circle(key: NodeKey, text: str, caption: str | None = None, note: str = "") -> _Shape:
    lines = _wrap(text if caption is None else caption, LABEL_SIZE, 120, 3)
    lines += _wrap(_clean(note), LABEL_SIZE, 120, 1)
    half = max([CIRCLE_RADIUS, *(_text_width(line, LABEL_SIZE) / 2 for line in lines)])
    height = 2 * CIRCLE_RADIUS + (6 + LABEL_LINE * len(lines) if lines else 0)
    return _Shape(key, text, Node(Kind.CIRCLE, half, half, height, radius=CIRCLE_RADIUS), lines)


def _line(spec: TransitionSpec, source: _Shape, target: _Shape) -> _Line:
    edge = Edge(source.node, target.node)
    # A transition to the end lends its label to the end.
    text = "" if spec.to_task is None else _clean(spec.label)
    if spec.after:
        wait = _clean(after_in_words(spec.after))
        text = f"{wait}: {text}" if text else wait
    elif spec.on_failure:
        failed = _("if the call fails")
        text = f"{failed}: {text}" if text else failed
    elif spec.on_cancel:
        cancelled = _("if cancelled")
        text = f"{cancelled}: {text}" if text else cancelled
    lines = _wrap(text, LABEL_SIZE, LABEL_WIDTH, 2)
    if lines:
        widest = max(_text_width(line, LABEL_SIZE) for line in lines)
        edge.label_width = widest + 2 * LABEL_PADDING + (CLOCK_WIDTH if spec.after else 0)
        edge.label_height = LABEL_LINE * len(lines) + 6
    words = {"source": source.text, "target": target.text, "label": text}
    if text:
        title = _("%(source)s → %(target)s: %(label)s") % words
        sentence = _("From %(source)s to %(target)s: %(label)s.") % words
    else:
        title = _("%(source)s → %(target)s") % words
        sentence = _("From %(source)s to %(target)s.") % words
    return _Line(spec, edge, lines, title, sentence)


def _mark_unreachable(shapes: dict[NodeKey, _Shape], lines: Sequence[_Line]) -> None:
    following: dict[int, list[int]] = {}
    for line in lines:
        following.setdefault(id(line.edge.source), []).append(id(line.edge.target))
    waiting = [id(shapes[key].node) for key in (START, CANCEL) if key in shapes]
    reached = set(waiting)
    while waiting:
        for node in following.get(waiting.pop(), ()):
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    for shape in shapes.values():
        shape.reachable = id(shape.node) in reached


def _is_taken(line: _Line, marks: _Marks) -> bool:
    return (line.spec.from_task, line.spec.to_task, line.spec.label) in marks.taken


# Text


def _clean(text: str) -> str:
    """One line without control characters, surrogates and marks that turn the text around."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = (" " if unicodedata.category(c) in ("Cc", "Cs") or c in _TURNING else c for c in text)
    return " ".join("".join(kept).split())


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NARROW = frozenset("iljtfrI.,:;'|!()[]{}/\\ ")
_WIDE = frozenset("mwMW@%—…")


def _text_width(text: str, size: float) -> float:
    """An estimate, a little on the wide side: nothing here knows the reader's fonts."""
    return size * sum(map(_letter_width, text))


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE:
        return 0.92
    if letter.isascii():
        return 0.7 if letter.isupper() else 0.58
    if unicodedata.combining(letter):
        return 0.0
    return 1.05 if unicodedata.east_asian_width(letter) in "WF" else 0.68


def _wrap(text: str, size: float, width: float, most: int) -> list[str]:
    """Break the text into lines; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        count = _fitting(rest, size, width)
        if count == len(rest):
            return [*lines, rest]
        if len(lines) + 1 == most:
            count = _fitting(rest, size, width - _text_width("…", size))
            return [*lines, rest[: max(count, 1)].rstrip() + "…"]
        space = rest.rfind(" ", 0, count + 1)
        cut = space if space > 0 else max(count, 1)
        lines.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return lines


def _fitting(text: str, size: float, width: float) -> int:
    """How many letters fit into the width."""
    used = 0.0
    for count, letter in enumerate(text):
        used += size * _letter_width(letter)
        if used > width:
            return count
    return len(text)


def _summary(shapes: Sequence[_Shape], lines: Sequence[_Line], marks: _Marks) -> str:
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
    sentences += [line.sentence for line in lines]
    lost = [s.text for s in shapes if not s.reachable]
    if lost:
        sentences.append(_("Not reached from the start: %(tasks)s.") % {"tasks": ", ".join(lost)})
    return " ".join(sentences) or _("This workflow has no tasks yet.")


# SVG


def _svg(
    title: str, summary: str, content: SafeString, width: float, height: float, has_links: bool
) -> SafeString:
    digest = hashlib.blake2s(f"{title}\n{summary}\n{content}".encode(), digest_size=6)
    unique = f"flow-{digest.hexdigest()}"
    # An image hides what is inside it from screen readers, so one with links is a group.
    return format_html(
        '<svg class="flow" xmlns="http://www.w3.org/2000/svg" role="{role}" '
        'aria-labelledby="{unique}-title {unique}-desc" width="{width}" height="{height}" '
        'viewBox="0 0 {width} {height}"><title id="{unique}-title">{title}</title>'
        '<desc id="{unique}-desc">{summary}</desc>{content}</svg>',
        role="group" if has_links else "img",
        unique=unique,
        width=math.ceil(width),
        height=math.ceil(height),
        title=_("Workflow %(title)s") % {"title": title},
        summary=summary,
        content=content,
    )


def _draw_notice(text: str, y: float, x: float = 16) -> SafeString:
    return format_html(
        '<text class="flow-notice" x="{}" y="{}">{}</text>',
        _px(x),
        _px(y + 4),
        text,
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(parts))  # nosec B703


def _px(number: float) -> SafeString:
    """A coordinate, short: a tenth of a pixel is enough."""
    return SafeString(f"{number:.1f}".removesuffix(".0"))  # nosec B703


def _kind_of(spec: TransitionSpec) -> str:
    if spec.after:
        return " flow-timed"
    return " flow-failing" if spec.on_failure or spec.on_cancel else ""


def _draw_line(line: _Line, *, taken: bool) -> SafeString:
    points = line.edge.points
    (x0, y0), (x1, y1) = points[-2:]
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    size = 9.0 if taken else 8.0
    # The line ends inside its arrow head, or it would blunt the tip.
    end = (x1 - dx * size * 0.7, y1 - dy * size * 0.7)
    base = (x1 - dx * size, y1 - dy * size)
    half = size * 0.5
    head = SafeString(  # nosec B703
        f"M{_px(x1)} {_px(y1)}L{_px(base[0] - dy * half)} {_px(base[1] + dx * half)}"
        f"L{_px(base[0] + dy * half)} {_px(base[1] - dx * half)}z"
    )
    return format_html(
        '<g class="flow-edge{}{}{}"><title>{}</title><path class="flow-line" d="{}"/>'
        '<path class="flow-head" d="{}"/></g>',
        " flow-taken" if taken else "",
        _kind_of(line.spec),
        " flow-back" if line.edge.is_back else "",
        line.title,
        _rounded([*points[:-1], end]),
        head,
    )


def _rounded(points: Sequence[tuple[float, float]]) -> SafeString:
    """A path along the points, its corners rounded."""
    path = [f"M{_px(points[0][0])} {_px(points[0][1])}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        before, after = math.hypot(bx - ax, by - ay), math.hypot(cx - bx, cy - by)
        radius = min(CORNER, before / 2, after / 2)
        if radius < 0.1:
            continue
        sx, sy = bx + (ax - bx) / before * radius, by + (ay - by) / before * radius
        ex, ey = bx + (cx - bx) / after * radius, by + (cy - by) / after * radius
        path.append(f"L{_px(sx)} {_px(sy)}Q{_px(bx)} {_px(by)} {_px(ex)} {_px(ey)}")
    path.append(f"L{_px(points[-1][0])} {_px(points[-1][1])}")
    return SafeString("".join(path))  # nosec B703


def _draw_label(line: _Line, *, taken: bool) -> SafeString:
    if line.edge.label_at is None:
        return _joined([])
    x, y = line.edge.label_at
    width, height = line.edge.label_width, line.edge.label_height
    clock = CLOCK_WIDTH if line.spec.after else 0
    return format_html(
        '<g class="flow-label{}{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" '
        'rx="9"/>{}{}</g>',
        " flow-taken" if taken else "",
        _kind_of(line.spec),
        line.title,
        _px(x - width / 2),
        _px(y - height / 2),
        _px(width),
        _px(height),
        _draw_clock(x - width / 2 + LABEL_PADDING + 4, y) if clock else "",
        _texts(line.lines, x + clock / 2, y, LABEL_LINE, LABEL_SIZE),
    )


def _draw_clock(x: float, y: float) -> SafeString:
    return format_html(
        '<path class="flow-clock" transform="translate({} {})" '
        'd="M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0zM0-3V0L2 1.6"/>',
        _px(x),
        _px(y),
    )


def _texts(lines: Iterable[str], x: float, y: float, step: float, size: float) -> SafeString:
    """Lines of text, their block centred on ``y``."""
    lines = list(lines)
    first = y - step * (len(lines) - 1) / 2 + size * 0.36
    rows = ((_px(x), _px(first + number * step), line) for number, line in enumerate(lines))
    return format_html_join("", '<text x="{}" y="{}">{}</text>', rows)


def _draw_circle(shape: _Shape, *, reached: bool) -> SafeString:
    node, radius = shape.node, CIRCLE_RADIUS
    y = node.y + radius
    if shape.key[0] == START[0]:
        inner = format_html(
            '<circle cx="{}" cy="{}" r="{}"/>',
            _px(node.x),
            _px(y),
            _px(radius),
        )
    else:
        inner = format_html(
            '<circle cx="{0}" cy="{1}" r="{2}"/><circle class="flow-dot" cx="{0}" cy="{1}" '
            'r="{3}"/>',
            *map(_px, (node.x, y, radius - 1, radius - 6)),
        )
    caption = y + radius + 6 + LABEL_LINE * len(shape.lines) / 2
    return format_html(
        '<g class="flow-{}{}{}"><title>{}</title>{}{}</g>',
        shape.key[0],
        " flow-bad" if shape.outcome is EndOutcome.BAD else "",
        " flow-reached" if reached else "",
        shape.text,
        inner,
        _texts(shape.lines, node.x, caption, LABEL_LINE, LABEL_SIZE),
    )


def _draw_task(shape: _Shape, marks: _Marks, url: str | None) -> SafeString:
    key, node = shape.key[1], shape.node
    x, y = node.x - node.left, node.y
    states = [
        (key in marks.current, "flow-current", _("now")),
        (key in marks.failed, "flow-failed", _("failed")),
        (key in marks.finished, "flow-finished", _("finished")),
        (shape.task is None, "flow-missing", _("this task is not in the workflow")),
        (not shape.reachable, "flow-unreachable", _("not reached from the start")),
    ]
    classes = " ".join(name for applies, name, _words in states if applies)
    name = ", ".join([shape.text, *(words for applies, _name, words in states if applies)])
    icon = SCREENS[shape.task.task_type].icon if shape.task else MISSING_ICON
    # Notes stand at the bottom, beneath the icon and the title.
    noted = LABEL_LINE * len(shape.notes)
    middle = y + (node.height - noted) / 2
    notes = y + node.height - noted / 2 - 8
    group = format_html(
        '<g class="flow-task {}"><title>{}</title>'
        '<rect class="flow-box" x="{}" y="{}" width="{}" height="{}" rx="10"/>'
        '<rect class="flow-tile" x="{}" y="{}" width="28" height="28" rx="7"/>'
        '<path class="flow-icon" transform="translate({} {}) scale(.9)" d="{}"/>{}{}{}</g>',
        classes,
        name,
        *map(_px, (x, y, BOX_WIDTH, node.height, x + 12, middle - 14, x + 17, middle - 9)),
        icon,
        _texts(shape.lines, x + TITLE_LEFT, middle, TITLE_LINE, TITLE_SIZE),
        format_html(
            '<g class="flow-notes">{}</g>',
            _texts(shape.notes, x + 12, notes, LABEL_LINE, LABEL_SIZE),
        )
        if shape.notes
        else "",
        _draw_marks(key, marks, x + BOX_WIDTH, y),
    )
    if url is None:
        return group
    return format_html('<a class="flow-link" href="{}" aria-label="{}">{}</a>', url, name, group)


def _draw_marks(key: str, marks: _Marks, right: float, top: float) -> SafeString:
    """A tick or a "!" on the corner, and beside it the sign that the ticket stands here."""
    parts: list[SafeString] = []
    failed, finished = key in marks.failed, key in marks.finished
    if failed or finished:
        x, y = right - 5, top + 3
        sign = "M0-4.2V.8M0 3.8v.2" if failed else "M-3.8.2-1.2 2.9 3.8-2.6"
        parts.append(
            format_html(
                '<g class="{}" transform="translate({} {})"><circle r="9"/><path d="{}"/></g>',
                "flow-bang" if failed else "flow-tick",
                _px(x),
                _px(y),
                sign,
            )
        )
    if key in marks.current:
        text = _("Now")
        width = _text_width(text, 10.5) + 14
        x = right - (18 if failed or finished else 10) - width
        parts.append(
            format_html(
                '<g class="flow-now"><rect x="{}" y="{}" width="{}" height="16" rx="8"/>'
                '<text x="{}" y="{}">{}</text></g>',
                *map(_px, (x, top - 8, width, x + width / 2, top + 3.7)),
                text,
            )
        )
    return _joined(parts)


def _is_safe_link(url: str) -> bool:
    """A path of ours or http(s): never ``javascript:``."""
    return url.startswith(("/", "?", "#", "http://", "https://"))
