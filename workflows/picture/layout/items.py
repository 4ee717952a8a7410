"""What takes room in a picture: nodes, lines, and what a line needs on its way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

MARGIN = 16.0
PORT_GAP = 18.0
SIDE_PORT_GAP = 14.0
TRACK_GAP = 12.0
SMALL_JOG = 12.0
MOST_CIRCLE_PORTS = 3
ISOLATED_PER_ROW = 3
# Beyond these a picture helps nobody and takes seconds.
MAX_NODES = 500
MAX_EDGES = 400
MAX_BENDS = 6000


class TooLargeToDrawError(ValueError):
    """This workflow has too many tasks and transitions to draw."""


class Kind(IntEnum):
    """What takes room in a row."""

    BOX = 0
    CIRCLE = 1
    LABEL = 2
    BEND = 3
    LOOP = 4


GAPS = {
    (Kind.BOX, Kind.BOX): 36.0,
    (Kind.BOX, Kind.CIRCLE): 28.0,
    (Kind.CIRCLE, Kind.CIRCLE): 28.0,
    (Kind.BOX, Kind.BEND): 28.0,
    (Kind.BOX, Kind.LOOP): 28.0,
    (Kind.LOOP, Kind.LOOP): 14.0,
    (Kind.LABEL, Kind.LABEL): 12.0,
}
DEFAULT_GAP = 18.0
GAPS |= {(right, left): gap for (left, right), gap in GAPS.items()}


@dataclass(slots=True, eq=False)
class Item:
    """Something that takes room in a row; ``x`` is where lines meet it.

    ``span`` is the number of rows that the line of a bend or a label passes.
    """

    kind: Kind
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    x: float = 0.0
    y: float = 0.0
    row: int = 0
    position: int = 0
    span: int = 1
    above: list[Item] = field(default_factory=list)
    below: list[Item] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Node(Item):
    """A box, or a circle with a caption beneath; ``y`` is its top, ``x`` its middle.

    ``radius`` is the circle's; ``height`` then includes the caption. What ``keeps_height`` is not
    made as high as the boxes beside it, nor they as high as it: a block with its lanes.
    """

    radius: float = 0.0
    keeps_height: bool = False
    right_ports: list[SidePort] = field(default_factory=list)
    left_ports: list[SidePort] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Edge:
    """A line from a node to a node; ``points`` and ``label_at`` (a centre) are the answer."""

    source: Node
    target: Node
    label_width: float = 0.0
    label_height: float = 0.0
    points: list[tuple[float, float]] = field(default_factory=list)
    label_at: tuple[float, float] | None = None
    is_back: bool = False
    label: Item | None = None
    chain: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class SidePort:
    """Where a line that leads back leaves or enters the side of a box."""

    edge: Edge
    lane: Item
    is_exit: bool
    y: float = 0.0


@dataclass(slots=True, eq=False)
class Link:
    """The part of a line between two rows that follow each other."""

    upper: Item
    lower: Item
    top_x: float = 0.0
    bottom_x: float = 0.0
    track_y: float = 0.0


@dataclass(slots=True, eq=False)
class Block:
    """An item and the lanes that must stay beside it."""

    main: Item
    left: list[Item] = field(default_factory=list)
    right: list[Item] = field(default_factory=list)

    def items(self) -> list[Item]:
        """From left to right."""
        if self.left or self.right:
            return [*self.left, self.main, *self.right]
        return [self.main]


type Row = list[Block]
