"""Shapes, lines and lanes as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome, TransitionSpec
from workflows.picture.scene import (
    BOX_WIDTH,
    CLOCK_WIDTH,
    CORNER,
    HEAD_HEIGHT,
    LABEL_LINE,
    LABEL_PADDING,
    LABEL_SIZE,
    LANE_TITLE,
    TITLE_LEFT,
    TITLE_LINE,
    TITLE_SIZE,
    Lane,
    Line,
    Marks,
    Shape,
)
from workflows.picture.text_width import text_width
from workflows.task_types import SCREENS

# As the icons of the types of tasks; for one that there is no more.
MISSING_ICON = "M7.2 7.2c0-4 5.8-3.8 5.8-.2 0 2.4-2.9 2.5-2.9 5.2M10.1 15.8v.4"


def draw_notice(text: str, y: float, x: float = 16) -> SafeString:
    return format_html(
        '<text class="flow-notice" x="{}" y="{}">{}</text>',
        _px(x),
        _px(y + 4),
        text,
    )


def joined(parts: Iterable[SafeString]) -> SafeString:
    return SafeString("".join(parts))  # nosec B703


def _px(number: float) -> SafeString:
    """A coordinate, short: a tenth of a pixel is enough."""
    return SafeString(f"{number:.1f}".removesuffix(".0"))  # nosec B703


def _kind_of(spec: TransitionSpec) -> str:
    if spec.after:
        return " flow-timed"
    return " flow-failing" if spec.on_failure or spec.on_cancel else ""


def draw_line(line: Line, *, taken: bool) -> SafeString:
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


def draw_label(line: Line, *, taken: bool) -> SafeString:
    if line.edge.label_at is None:
        return joined([])
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


def draw_circle(shape: Shape, *, reached: bool) -> SafeString:
    node, radius = shape.node, shape.node.radius
    y = node.y + radius
    if shape.key[0] == "start":
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
            *map(_px, (node.x, y, radius - 1, radius * 0.54)),
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


def _states(shape: Shape, marks: Marks) -> tuple[str, str]:
    """The classes of what has become of a task, and its name with that in words."""
    key = shape.key[1]
    states = [
        (key in marks.current, "flow-current", _("now")),
        (key in marks.failed, "flow-failed", _("failed")),
        (key in marks.finished, "flow-finished", _("finished")),
        (shape.task is None, "flow-missing", _("this task is not in the workflow")),
        (shape.is_elsewhere, "flow-missing", _("this task stands in another branch")),
        (not shape.reachable, "flow-unreachable", _("not reached from the start")),
    ]
    classes = " ".join(name for applies, name, _words in states if applies)
    return classes, ", ".join([shape.text, *(words for applies, _name, words in states if applies)])


def draw_block(shape: Shape, marks: Marks, url: str | None) -> SafeString:
    """A block without what is in its lanes."""
    node = shape.node
    x, y, width = node.x - node.left, node.y, node.left + node.right
    classes, name = _states(shape, marks)
    first_note = y + HEAD_HEIGHT - 4 + LABEL_LINE * len(shape.notes) / 2 - 4
    head = format_html(
        '<g class="flow-block-head"><rect class="flow-tile" x="{}" y="{}" width="28" height="28" '
        'rx="7"/><path class="flow-icon" transform="translate({} {}) scale(.9)" d="{}"/>{}{}</g>',
        *map(_px, (x + 12, y + 9, x + 17, y + 14)),
        SCREENS[shape.task.task_type].icon if shape.task else MISSING_ICON,
        _texts(shape.lines, x + TITLE_LEFT, y + 23, TITLE_LINE, TITLE_SIZE),
        format_html(
            '<g class="flow-notes">{}</g>',
            _texts(shape.notes, x + 14, first_note, LABEL_LINE, LABEL_SIZE),
        )
        if shape.notes
        else "",
    )
    if url is not None:
        head = format_html('<a class="flow-link" href="{}" aria-label="{}">{}</a>', url, name, head)
    return format_html(
        '<g class="flow-block {}"><title>{}</title>'
        '<rect class="flow-box" x="{}" y="{}" width="{}" height="{}" rx="12"/>{}{}</g>',
        classes,
        name,
        *map(_px, (x, y, width, node.height)),
        head,
        _draw_marks(shape.key[1], marks, x + width, y),
    )


def draw_lane(lane: Lane) -> SafeString:
    middle = lane.y + 6 + LANE_TITLE * len(lane.lines) / 2
    return format_html(
        '<g class="flow-lane"><rect x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<g class="flow-lane-title">{}</g></g>',
        *map(_px, (lane.x, lane.y, lane.width, lane.height)),
        _texts(lane.lines, lane.x + lane.width / 2, middle, LANE_TITLE, LABEL_SIZE),
    )


def draw_task(shape: Shape, marks: Marks, url: str | None) -> SafeString:
    key, node = shape.key[1], shape.node
    x, y = node.x - node.left, node.y
    classes, name = _states(shape, marks)
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


def _draw_marks(key: str, marks: Marks, right: float, top: float) -> SafeString:
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
        width = text_width(text, 10.5) + 14
        x = right - (18 if failed or finished else 10) - width
        parts.append(
            format_html(
                '<g class="flow-now"><rect x="{}" y="{}" width="{}" height="16" rx="8"/>'
                '<text x="{}" y="{}">{}</text></g>',
                *map(_px, (x, top - 8, width, x + width / 2, top + 3.7)),
                text,
            )
        )
    return joined(parts)
