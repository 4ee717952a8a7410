"""What is drawn of a workflow: shapes and lines of one path, and the lanes of blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workflows.engine.process import EndOutcome, TaskSpec, TransitionSpec
from workflows.picture.layout.items import Edge, Node

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
type NodeKey = tuple[str, str]
type Place = tuple[str, str]  # the keys of a block and of one of its branches
type TransitionKey = tuple[str | None, str | None, str]
START: NodeKey = ("start", "")
# From where a ticket that is cancelled goes on, wherever it was.
CANCEL: NodeKey = ("start", "cancel")


@dataclass(frozen=True, slots=True)
class Marks:
    """What has happened to an instance, by task key; ``taken`` holds transitions."""

    current: frozenset[str]
    finished: frozenset[str]
    failed: frozenset[str]
    taken: frozenset[TransitionKey]


@dataclass(slots=True, eq=False)
class Shape:
    """A node of the picture with what is written in it."""

    key: NodeKey
    text: str
    node: Node
    lines: list[str]
    task: TaskSpec | None = None
    reachable: bool = True
    outcome: EndOutcome = EndOutcome.GOOD  # of an end
    notes: Sequence[str] = ()
    lanes: Sequence[Lane] = ()  # of a block
    is_elsewhere: bool = False  # it stands in another branch than what leads to it

    @property
    def is_block(self) -> bool:
        return bool(self.lanes)


@dataclass(slots=True, eq=False)
class Line:
    """A transition with its line through the picture; ``is_entry``: to where a branch begins."""

    spec: TransitionSpec
    edge: Edge
    lines: list[str]
    title: str
    sentence: str
    is_entry: bool = False


@dataclass(slots=True, eq=False)
class Scene:
    """What is drawn of one path: the main one, or a branch."""

    shapes: dict[NodeKey, Shape]
    lines: list[Line]

    def all_shapes(self) -> Iterator[Shape]:
        """With those in the lanes of its blocks, in reading order."""
        for shape in self.shapes.values():
            yield shape
            for lane in shape.lanes:
                yield from lane.scene.all_shapes()

    def all_lines(self) -> Iterator[Line]:
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
class Lane:
    """A branch of a block: its title above what is done in it."""

    title: str
    lines: list[str]
    scene: Scene
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


def is_taken(line: Line, marks: Marks) -> bool:
    if line.is_entry:
        return line.spec.to_task in marks.current | marks.finished | marks.failed
    return (line.spec.from_task, line.spec.to_task, line.spec.label) in marks.taken
