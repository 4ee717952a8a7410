"""Makes the scenes of a process, those in blocks first, and lays each of them out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from workflows.engine.process import EndOutcome, Process, TaskSpec, TransitionSpec
from workflows.engine.steps.approvals import Needed
from workflows.engine.steps.blocks import BlockSpec, BranchSpec, Order, Until
from workflows.picture.layout.items import Edge, Kind, Node
from workflows.picture.layout.lay_out import lay_out
from workflows.picture.scene import (
    BOX_WIDTH,
    CANCEL,
    CIRCLE_RADIUS,
    CLOCK_WIDTH,
    ENTRY_RADIUS,
    HEAD_HEIGHT,
    LABEL_LINE,
    LABEL_PADDING,
    LABEL_SIZE,
    LABEL_WIDTH,
    LANE_GAP,
    LANE_PADDING,
    LANES_IN_A_ROW,
    NARROWEST_LANE,
    NOTE_WIDTH,
    START,
    TITLE_LEFT,
    TITLE_LINES,
    TITLE_SIZE,
    TITLE_WIDTH,
    Lane,
    Line,
    NodeKey,
    Place,
    Scene,
    Shape,
)
from workflows.picture.text_width import clean, text_width, wrap
from workflows.working_hours.durations import after_in_words


class Collecting:
    """Makes the scenes of a process, those in blocks first, and lays each of them out."""

    def __init__(
        self,
        process: Process,
        notes: Mapping[str, Sequence[str]],
        end_notes: Mapping[tuple[EndOutcome, str], str],
    ) -> None:
        self.process = process
        self.notes = notes
        self.end_notes = end_notes
        self.places = {key: self._place_of(key) for key in process.tasks}
        self.tasks: dict[Place | None, list[str]] = {}
        for key, place in self.places.items():
            self.tasks.setdefault(place, []).append(key)
        self.transitions = sorted(process.transitions, key=lambda each: each.priority)

    def whole(self) -> tuple[Scene, float, float]:
        """The main path with everything in it, its width and its height."""
        scene = Scene({START: _circle(START, _("Start"), caption="")}, [])
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

    def _fill(self, scene: Scene, place: Place | None, keys: Sequence[str | None]) -> None:
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
            scene.lines.append(_line(spec, shapes[source], shapes[target]))

    def _end(self, spec: TransitionSpec, key: NodeKey, place: Place | None) -> Shape:
        if place is None:
            note = self.end_notes.get((spec.outcome, spec.label), "")
            shape = _circle(key, clean(spec.label) or _("End"), note=note)
        else:
            text = clean(spec.label)
            shape = _circle(key, text or _("the end of the branch"), text, radius=ENTRY_RADIUS + 2)
        shape.outcome = spec.outcome
        return shape

    def _task(self, key: str) -> Shape:
        task = self.process.tasks.get(key)
        notes = self.notes.get(key, ())
        if task is not None and task.block is not None and task.block.approval is not None:
            return _box(key, task, [*notes, *_approval_notes(task.block)])
        if task is None or task.block is None or not task.block.branches:
            return _box(key, task, notes)
        lanes = [self._lane(task, each) for each in task.block.branches]
        return _block(task, lanes, [*notes, *_block_notes(task.block)])

    def _lane(self, block: TaskSpec, branch: BranchSpec) -> Lane:
        place = (block.key, branch.key)
        title = clean(branch.name) or clean(branch.key)
        entry = _circle(("start", branch.key), title, caption="", radius=ENTRY_RADIUS)
        scene = Scene({entry.key: entry}, [])
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
        words = wrap(title, LABEL_SIZE, max(width, NARROWEST_LANE) - 2 * LANE_PADDING, 2)
        return Lane(title, words or [""], scene, (width, height))


def _approval_notes(block: BlockSpec) -> Iterator[str]:
    """How many must approve, in a line."""
    needed = block.approval.needed if block.approval is not None else Needed.ONE
    if needed == Needed.ALL:
        yield _("all must approve")
    elif isinstance(needed, int) and needed > 1:
        yield _("%(count)d must approve") % {"count": needed}
    else:
        yield _("one must approve")


def _laid_out(scene: Scene) -> tuple[float, float]:
    """The scene with its places, those of the lanes in its blocks too; its width and height."""
    nodes = [shape.node for shape in scene.shapes.values()]
    size = lay_out(nodes, [line.edge for line in scene.lines])
    for shape in scene.shapes.values():
        for lane in shape.lanes:
            lane.move(shape.node.x - shape.node.left, shape.node.y)
    return size


def _block(task: TaskSpec, lanes: list[Lane], notes: Sequence[str]) -> Shape:
    """A block around its lanes, which have their places as seen from its corner."""
    text = clean(task.title) or clean(task.key) or _("Untitled task")
    noted = [clean(note) for note in notes]
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
    noted = [line for note in noted for line in wrap(note, LABEL_SIZE, widest - 24, 1)]
    lines = wrap(text, TITLE_SIZE, widest - TITLE_LEFT - 12, 1)
    height = top - LANE_GAP + LANE_PADDING
    node = Node(Kind.BOX, widest / 2, widest / 2, height, keeps_height=True)
    return Shape(("task", task.key), text, node, lines, task, notes=noted, lanes=lanes)


def _fill_row(row: Sequence[Lane], width: float) -> None:
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


def _box(key: str, task: TaskSpec | None, notes: Sequence[str] = ()) -> Shape:
    text = clean(task.title if task else "") or clean(key) or _("Untitled task")
    lines = wrap(text, TITLE_SIZE, TITLE_WIDTH, TITLE_LINES)
    height = 56.0 if len(lines) < 3 else 70.0
    noted = [line for note in notes for line in wrap(clean(note), LABEL_SIZE, NOTE_WIDTH, 1)]
    height += LABEL_LINE * len(noted)
    node = Node(Kind.BOX, BOX_WIDTH / 2, BOX_WIDTH / 2, height)
    return Shape(("task", key), text, node, lines, task, notes=noted)


def _circle(
    key: NodeKey,
    text: str,
    caption: str | None = None,
    note: str = "",
    radius: float = CIRCLE_RADIUS,
) -> Shape:
    lines = wrap(text if caption is None else caption, LABEL_SIZE, 120, 3)
    lines += wrap(clean(note), LABEL_SIZE, 120, 1)
    half = max([radius, *(text_width(line, LABEL_SIZE) / 2 for line in lines)])
    height = 2 * radius + (6 + LABEL_LINE * len(lines) if lines else 0)
    return Shape(key, text, Node(Kind.CIRCLE, half, half, height, radius=radius), lines)


def _line(spec: TransitionSpec, source: Shape, target: Shape) -> Line:
    edge = Edge(source.node, target.node)
    # A transition to the end lends its label to the end.
    text = "" if spec.to_task is None else clean(spec.label)
    if spec.after:
        wait = clean(after_in_words(spec.after))
        text = f"{wait}: {text}" if text else wait
    elif spec.on_failure:
        failed = _("if the call fails")
        text = f"{failed}: {text}" if text else failed
    elif spec.on_cancel:
        cancelled = _("if cancelled")
        text = f"{cancelled}: {text}" if text else cancelled
    lines = wrap(text, LABEL_SIZE, LABEL_WIDTH, 2)
    if lines:
        widest = max(text_width(line, LABEL_SIZE) for line in lines)
        edge.label_width = widest + 2 * LABEL_PADDING + (CLOCK_WIDTH if spec.after else 0)
        edge.label_height = LABEL_LINE * len(lines) + 6
    words = {"source": source.text, "target": target.text, "label": text}
    if text:
        title = _("%(source)s → %(target)s: %(label)s") % words
        sentence = _("From %(source)s to %(target)s: %(label)s.") % words
    else:
        title = _("%(source)s → %(target)s") % words
        sentence = _("From %(source)s to %(target)s.") % words
    return Line(spec, edge, lines, title, sentence)


def _mark_unreachable(scene: Scene) -> None:
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
