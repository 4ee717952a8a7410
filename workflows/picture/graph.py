"""Draws a workflow as an inline SVG, coloured by ``picture/graph.css``."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome, Json, Process, TaskSpec, TransitionSpec
from workflows.engine.steps.approvals import Needed, approval_key
from workflows.engine.steps.blocks import BlockSpec, BranchSpec, Order, Until
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
MAIL_WIDTH = 18.0
CIRCLE_RADIUS = 13.0
CORNER = 8.0
# A block and the lanes of its branches.
ENTRY_RADIUS = 6.0
HEAD_HEIGHT = 44.0
LANE_GAP = 12.0
LANE_PADDING = 14.0
LANE_TITLE = 15.0
NARROWEST_LANE = 132.0
# A picture may be longer than two windows.
LONG = 1200
# More lanes than that stand in several rows.
LANES_IN_A_ROW = 4

# As the icons of the types of tasks; for one that there is no more.
MISSING_ICON = "M7.2 7.2c0-4 5.8-3.8 5.8-.2 0 2.4-2.9 2.5-2.9 5.2M10.1 15.8v.4"

type NodeKey = tuple[str, str]
type Place = tuple[str, str]  # the keys of a block and of one of its branches
type TransitionKey = tuple[str | None, str | None, str]
START: NodeKey = ("start", "")
# Given the mails of a transition, says who gets them.
type MailsInWords = Callable[[Json], str]
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
    lanes: Sequence[_Lane] = ()  # of a block
    is_elsewhere: bool = False  # it stands in another branch than what leads to it

    @property
    def is_block(self) -> bool:
        return bool(self.lanes)


@dataclass(slots=True, eq=False)
class _Line:
    """A transition with its line through the picture; ``is_entry``: to where a branch begins."""

    spec: TransitionSpec
    edge: Edge
    lines: list[str]
    title: str
    sentence: str
    is_entry: bool = False


@dataclass(slots=True, eq=False)
class _Scene:
    """What is drawn of one path: the main one, or a branch."""

    shapes: dict[NodeKey, _Shape]
    lines: list[_Line]

    def all_shapes(self) -> Iterator[_Shape]:
        """With those in the lanes of its blocks, in reading order."""
        for shape in self.shapes.values():
            yield shape
            for lane in shape.lanes:
                yield from lane.scene.all_shapes()

    def all_lines(self) -> Iterator[_Line]:
        yield from self.lines
        for shape in self.shapes.values():
            for lane in shape.lanes:
                yield from lane.scene.all_lines()

    def move(self, right: float, down: float) -> None:
        for shape in self.shapes.values():
            shape.node.x += right
            shape.node.y += down
            for lane in shape.lanes:
                lane.move(right, down)
        for line in self.lines:
            line.edge.points = [(x + right, y + down) for x, y in line.edge.points]
            if line.edge.label_at is not None:
                line.edge.label_at = (line.edge.label_at[0] + right, line.edge.label_at[1] + down)


@dataclass(slots=True, eq=False)
class _Lane:
    """A branch of a block: its title above what is done in it."""

    title: str
    lines: list[str]
    scene: _Scene
    inner: tuple[float, float]  # width and height of the scene
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    @property
    def head(self) -> float:
        return 12 + LANE_TITLE * len(self.lines)

    def move(self, right: float, down: float) -> None:
        self.x += right
        self.y += down
        self.scene.move(right, down)


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
    mails_in_words: MailsInWords | None = None,
) -> SafeString:
    """Return the workflow as an ``<svg>``, to be put into a ``<div class="flow-graph">``.

    ``current``, ``finished`` and ``failed`` are task keys, ``taken`` the (from, to, label) of
    the transitions that an instance has gone through, None being the start and the end: the
    label tells two ends of one task apart.
    ``links`` gives task keys the address of a page; only paths and http(s) are used.
    ``notes`` are lines beneath the titles of tasks, by their keys, and ``end_notes`` one beneath
    each end, by its outcome and label. A transition that sends mails has a mark;
    ``mails_in_words`` says who gets them, for whoever points at it or cannot see it.

    Never raises for anything a definition can contain: a transition to a task that is not
    there gets a dashed box, a task that nothing leads to is drawn all the same.
    """
    process = _without_votes(process)
    marks = _Marks(
        frozenset(map(_drawn_as, current)),
        frozenset(finished) - frozenset(map(_drawn_as, current)),
        frozenset(map(_drawn_as, failed)),
        frozenset(taken),
    )
    title = _clean(process.title) or _clean(process.key)
    safe_links = {key: url for key, url in (links or {}).items() if _is_safe_link(url)}
    try:
        collecting = _Collecting(process, notes or {}, end_notes or {}, mails_in_words)
        scene, width, height = collecting.whole()
    except TooLargeToDrawError:
        text = _("This workflow is too large to draw.")
        return _svg(title, text, _draw_notice(text, 24), 320, 48, has_links=False)
    summary = _summary(list(scene.all_shapes()), list(scene.all_lines()), marks)
    parts = list(_draw_scene(scene, marks, safe_links))
    if len(scene.shapes) == 1:
        text = _("This workflow has no tasks yet.")
        start = scene.shapes[START].node
        width = max(width, _text_width(text, TITLE_SIZE) + 2 * start.x + 24)
        parts.append(_draw_notice(text, start.y + CIRCLE_RADIUS, start.x + 28))
    return _svg(title, summary, _joined(parts), width, height, bool(safe_links))


def _without_votes(process: Process) -> Process:
    """An approval is drawn as one task, whoever votes."""
    drawn = {key: task for key, task in process.tasks.items() if not task.task_type.is_vote}
    return replace(process, tasks=drawn)


def _drawn_as(key: str) -> str:
    """The task that stands for one in the picture: a vote is its approval."""
    return approval_key(key) or key


def _draw_scene(scene: _Scene, marks: _Marks, links: Mapping[str, str]) -> Iterator[SafeString]:
    lines = scene.lines
    # What is drawn later lies above: the transitions that were taken cross over the others.
    for line in sorted(lines, key=lambda line: _is_taken(line, marks)):
        yield _draw_line(line, taken=_is_taken(line, marks))
    for line in lines:
        yield _draw_label(line, taken=_is_taken(line, marks))
    reached = {id(line.edge.target) for line in lines if _is_taken(line, marks)}
    for shape in scene.shapes.values():
        if shape.is_block:
            yield _draw_block(shape, marks, links.get(shape.key[1]))
            for lane in shape.lanes:
                yield _draw_lane(lane)
                yield from _draw_scene(lane.scene, marks, links)
        elif shape.key[0] == "task":
            yield _draw_task(shape, marks, links.get(shape.key[1]))
        else:
            yield _draw_circle(shape, reached=id(shape.node) in reached)


# From the definition to shapes and lines


class _Collecting:
    """Makes the scenes of a process, those in blocks first, and lays each of them out."""

    def __init__(
        self,
        process: Process,
        notes: Mapping[str, Sequence[str]],
        end_notes: Mapping[tuple[EndOutcome, str], str],
        mails_in_words: MailsInWords | None,
    ) -> None:
        self.process = process
        self.mails_in_words = mails_in_words
        self.notes = notes
        self.end_notes = end_notes
        self.places = {key: self._place_of(key) for key in process.tasks}
        self.tasks: dict[Place | None, list[str]] = {}
        for key, place in self.places.items():
            self.tasks.setdefault(place, []).append(key)
        self.transitions = sorted(process.transitions, key=lambda each: each.priority)

    def whole(self) -> tuple[_Scene, float, float]:
        """The main path with everything in it, its width and its height."""
        scene = _Scene({START: _circle(START, _("Start"), caption="")}, [])
        sources = dict.fromkeys(each.from_task for each in self.transitions)
        unknown = [each for each in sources if each is not None and each not in self.places]
        self._fill(scene, None, [None, *self.tasks.get(None, ()), *unknown])
        _mark_unreachable(scene)
        return (scene, *_laid_out(scene))

    def _place_of(self, key: str) -> Place | None:
        """The branch in which a task stands; None: the main path, or it leads nowhere."""
        at: str | None = key
        seen = set[str]()
        first: Place | None = None
        while at is not None and at not in seen:
            seen.add(at)
            task = self.process.tasks.get(at)
            place = task.branch if task is not None else None
            if place is None:
                return first
            block = self.process.tasks.get(place[0])
            if block is None or block.block is None or block.block.branch(place[1]) is None:
                return None
            first, at = first or place, place[0]
        return None

    def _fill(self, scene: _Scene, place: Place | None, keys: Sequence[str | None]) -> None:
        shapes, own = scene.shapes, set(keys)
        for key in keys:
            if key is not None:
                shapes["task", key] = self._task(key)
        for spec in self.transitions:
            if spec.from_task not in own:
                continue
            source = ("task", spec.from_task) if spec.from_task is not None else START
            if spec.from_task is None and spec.on_cancel:
                source = CANCEL
                shapes.setdefault(source, _circle(source, _("If cancelled"), caption=""))
            target = ("end", f"{spec.outcome} {spec.label}")
            if spec.to_task is not None:
                target = ("task", spec.to_task)
                if target not in shapes:
                    shapes[target] = _box(spec.to_task, self.process.tasks.get(spec.to_task))
                    shapes[target].is_elsewhere = spec.to_task in self.places
            elif target not in shapes:
                shapes[target] = self._end(spec, target, place)
            scene.lines.append(_line(spec, shapes[source], shapes[target], self.mails_in_words))

    def _end(self, spec: TransitionSpec, key: NodeKey, place: Place | None) -> _Shape:
        if place is None:
            note = self.end_notes.get((spec.outcome, spec.label), "")
            shape = _circle(key, _clean(spec.label) or _("End"), note=note)
        else:
            text = _clean(spec.label)
            shape = _circle(key, text or _("the end of the branch"), text, radius=ENTRY_RADIUS + 2)
        shape.outcome = spec.outcome
        return shape

    def _task(self, key: str) -> _Shape:
        task = self.process.tasks.get(key)
        notes = self.notes.get(key, ())
        if task is not None and task.block is not None and task.block.approval is not None:
            return _box(key, task, [*notes, *_approval_notes(task.block)])
        if task is None or task.block is None or not task.block.branches:
            return _box(key, task, notes)
        lanes = [self._lane(task, each) for each in task.block.branches]
        return _block(task, lanes, [*notes, *_block_notes(task.block)])

    def _lane(self, block: TaskSpec, branch: BranchSpec) -> _Lane:
        place = (block.key, branch.key)
        title = _clean(branch.name) or _clean(branch.key)
        entry = _circle(("start", branch.key), title, caption="", radius=ENTRY_RADIUS)
        scene = _Scene({entry.key: entry}, [])
        self._fill(scene, place, self.tasks.get(place, []))
        if branch.start:
            first = ("task", branch.start)
            if first not in scene.shapes:
                scene.shapes[first] = _box(branch.start, self.process.tasks.get(branch.start))
                scene.shapes[first].is_elsewhere = branch.start in self.places
            spec = TransitionSpec(None, branch.start, condition=branch.when)
            line = _line(spec, entry, scene.shapes[first])
            line.is_entry = True
            scene.lines.insert(0, line)
        _mark_unreachable(scene)
        width, height = _laid_out(scene)
        words = _wrap(title, LABEL_SIZE, max(width, NARROWEST_LANE) - 2 * LANE_PADDING, 2)
        return _Lane(title, words or [""], scene, (width, height))


def _approval_notes(block: BlockSpec) -> Iterator[str]:
    """How many must approve, in a line."""
    needed = block.approval.needed if block.approval is not None else Needed.ONE
    if needed == Needed.ALL:
        yield _("all must approve")
    elif isinstance(needed, int) and needed > 1:
        yield _("%(count)d must approve") % {"count": needed}
    else:
        yield _("one must approve")


def _laid_out(scene: _Scene) -> tuple[float, float]:
    """The scene with its places, those of the lanes in its blocks too; its width and height."""
    nodes = [shape.node for shape in scene.shapes.values()]
    size = lay_out(nodes, [line.edge for line in scene.lines])
    for shape in scene.shapes.values():
        for lane in shape.lanes:
            lane.move(shape.node.x - shape.node.left, shape.node.y)
    return size


def _block(task: TaskSpec, lanes: list[_Lane], notes: Sequence[str]) -> _Shape:
    """A block around its lanes, which have their places as seen from its corner."""
    text = _clean(task.title) or _clean(task.key) or _("Untitled task")
    noted = [_clean(note) for note in notes]
    top = HEAD_HEIGHT + LABEL_LINE * len(noted)
    rows = math.ceil(len(lanes) / LANES_IN_A_ROW)
    each_row = math.ceil(len(lanes) / rows)
    widest = BOX_WIDTH
    for begin in range(0, len(lanes), each_row):
        row = lanes[begin : begin + each_row]
        height = max(lane.head + lane.inner[1] for lane in row)
        x = LANE_PADDING
        for lane in row:
            lane.width = max(lane.inner[0], NARROWEST_LANE)
            lane.x, lane.y, lane.height = x, top, height
            lane.scene.move(x + (lane.width - lane.inner[0]) / 2, top + lane.head)
            x += lane.width + LANE_GAP
        widest = max(widest, x - LANE_GAP + LANE_PADDING)
        top += height + LANE_GAP
    for begin in range(0, len(lanes), each_row):
        _fill_row(lanes[begin : begin + each_row], widest - 2 * LANE_PADDING)
    noted = [line for note in noted for line in _wrap(note, LABEL_SIZE, widest - 24, 1)]
    lines = _wrap(text, TITLE_SIZE, widest - TITLE_LEFT - 12, 1)
    height = top - LANE_GAP + LANE_PADDING
    node = Node(Kind.BOX, widest / 2, widest / 2, height, keeps_height=True)
    return _Shape(("task", task.key), text, node, lines, task, notes=noted, lanes=lanes)


def _fill_row(row: Sequence[_Lane], width: float) -> None:
    """Make the lanes of a row as wide, together, as the block is."""
    missing = width - sum(lane.width for lane in row) - LANE_GAP * (len(row) - 1)
    more = missing / len(row)
    for number, lane in enumerate(row):
        lane.x += number * more
        lane.scene.move(number * more + more / 2, 0)
        lane.width += more


def _block_notes(block: BlockSpec) -> Iterator[str]:
    if block.is_list:
        in_order = block.order is Order.IN_ORDER
        yield _("For each entry, one after the other") if in_order else _("For each entry")
    elif block.order is Order.IN_ORDER:
        yield _("One after the other")
    if block.ends_when is Until.ANY:
        yield _("Ends when one of them has ended")
    elif isinstance(block.ends_when, int):
        yield _("Ends when %(count)d of them have ended") % {"count": block.ends_when}
    for branch in block.branches:
        if branch.ends_block:
            yield _("Ends with “%(branch)s”") % {"branch": branch.title or branch.key}


def _box(key: str, task: TaskSpec | None, notes: Sequence[str] = ()) -> _Shape:
    text = _clean(task.title if task else "") or _clean(key) or _("Untitled task")
    lines = _wrap(text, TITLE_SIZE, TITLE_WIDTH, TITLE_LINES)
    height = 56.0 if len(lines) < 3 else 70.0
    noted = [line for note in notes for line in _wrap(_clean(note), LABEL_SIZE, NOTE_WIDTH, 1)]
    height += LABEL_LINE * len(noted)
    node = Node(Kind.BOX, BOX_WIDTH / 2, BOX_WIDTH / 2, height)
    return _Shape(("task", key), text, node, lines, task, notes=noted)


def _circle(
    key: NodeKey,
    text: str,
    caption: str | None = None,
    note: str = "",
    radius: float = CIRCLE_RADIUS,
) -> _Shape:
    lines = _wrap(text if caption is None else caption, LABEL_SIZE, 120, 3)
    lines += _wrap(_clean(note), LABEL_SIZE, 120, 1)
    half = max([radius, *(_text_width(line, LABEL_SIZE) / 2 for line in lines)])
    height = 2 * radius + (6 + LABEL_LINE * len(lines) if lines else 0)
    return _Shape(key, text, Node(Kind.CIRCLE, half, half, height, radius=radius), lines)


def _line(
    spec: TransitionSpec,
    source: _Shape,
    target: _Shape,
    mails_in_words: MailsInWords | None = None,
) -> _Line:
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
    if lines or spec.messages:
        widest = max((_text_width(line, LABEL_SIZE) for line in lines), default=0.0)
        edge.label_width = widest + 2 * LABEL_PADDING + _icons_width(spec, has_text=bool(lines))
        edge.label_height = LABEL_LINE * max(len(lines), 1) + 6
    words = {"source": source.text, "target": target.text, "label": text}
    if text:
        title = _("%(source)s → %(target)s: %(label)s") % words
        sentence = _("From %(source)s to %(target)s: %(label)s.") % words
    else:
        title = _("%(source)s → %(target)s") % words
        sentence = _("From %(source)s to %(target)s.") % words
    if spec.messages:
        to = _clean(mails_in_words(spec.messages)) if mails_in_words is not None else ""
        mailed = _("mail to %(to)s") % {"to": to} if to else _("sends a mail")
        title = _("%(transition)s (%(mail)s)") % {"transition": title, "mail": mailed}
        told = _("A mail goes to %(to)s.") % {"to": to} if to else _("A mail is sent.")
        sentence = f"{sentence} {told}"
    return _Line(spec, edge, lines, title, sentence)


def _icons_width(spec: TransitionSpec, *, has_text: bool) -> float:
    """What stands before the text of a label."""
    width = (CLOCK_WIDTH if spec.after else 0.0) + (MAIL_WIDTH if spec.messages else 0.0)
    return width if has_text or not width else width - 4


def _mark_unreachable(scene: _Scene) -> None:
    following: dict[int, list[int]] = {}
    for line in scene.lines:
        following.setdefault(id(line.edge.source), []).append(id(line.edge.target))
    shapes = scene.shapes
    first = next(iter(shapes.values()))
    waiting = [id(each.node) for each in (first, shapes.get(CANCEL)) if each is not None]
    reached = set(waiting)
    while waiting:
        for node in following.get(waiting.pop(), ()):
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    for shape in scene.shapes.values():
        shape.reachable = id(shape.node) in reached
        for lane in () if shape.reachable else shape.lanes:
            for inner in lane.scene.all_shapes():
                inner.reachable = False


def _is_taken(line: _Line, marks: _Marks) -> bool:
    if line.is_entry:
        return line.spec.to_task in marks.current | marks.finished | marks.failed
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
    icons = _icons_width(line.spec, has_text=bool(line.lines))
    left = x - width / 2 + LABEL_PADDING
    return format_html(
        '<g class="flow-label{}{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" '
        'rx="9"/>{}{}{}</g>',
        " flow-taken" if taken else "",
        _kind_of(line.spec),
        line.title,
        _px(x - width / 2),
        _px(y - height / 2),
        _px(width),
        _px(height),
        _draw_clock(left + 4, y) if line.spec.after else "",
        _draw_envelope(left + (CLOCK_WIDTH if line.spec.after else 0) + 6, y)
        if line.spec.messages
        else "",
        _texts(line.lines, x + icons / 2, y, LABEL_LINE, LABEL_SIZE),
    )


def _draw_envelope(x: float, y: float) -> SafeString:
    return format_html(
        '<path class="flow-mail" transform="translate({} {})" '
        'd="M-6 -4.2h12v8.4h-12zM-6 -4.2L0 .8L6 -4.2"/>',
        _px(x),
        _px(y),
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


def _states(shape: _Shape, marks: _Marks) -> tuple[str, str]:
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


def _draw_block(shape: _Shape, marks: _Marks, url: str | None) -> SafeString:
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


def _draw_lane(lane: _Lane) -> SafeString:
    middle = lane.y + 6 + LANE_TITLE * len(lane.lines) / 2
    return format_html(
        '<g class="flow-lane"><rect x="{}" y="{}" width="{}" height="{}" rx="8"/>'
        '<g class="flow-lane-title">{}</g></g>',
        *map(_px, (lane.x, lane.y, lane.width, lane.height)),
        _texts(lane.lines, lane.x + lane.width / 2, middle, LANE_TITLE, LABEL_SIZE),
    )


def _draw_task(shape: _Shape, marks: _Marks, url: str | None) -> SafeString:
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
