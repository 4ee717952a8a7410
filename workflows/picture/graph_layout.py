"""Where the boxes and lines of a workflow's picture go: geometry only, no SVG and no Django.

A layered layout, from top to bottom (after Sugiyama): loops are cut at the back edges that a
depth-first search finds, the longest path gives each node its row, barycentre sweeps reduce
crossings, and each row is then spread by isotonic regression. What a line needs on its way
(a bend, a label) takes room in the rows like a box does, so nothing can overlap it. A line
that leads back leaves and enters its boxes at the side, in a lane of its own.

All lengths are pixels. The same input gives the same picture.
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

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


def lay_out(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[float, float]:
    """Place everything and return the picture's width and height; ``nodes[0]`` is the start.

    Fills in ``x`` and ``y`` of the nodes, and ``points`` and ``label_at`` of the edges.
    Raises TooLargeToDrawError.
    """
    if len(nodes) > MAX_NODES or len(edges) > MAX_EDGES:
        raise TooLargeToDrawError
    linked = {id(node) for edge in edges for node in (edge.source, edge.target)}
    connected = [node for node in nodes if id(node) in linked or node is nodes[0]]
    isolated = [node for node in nodes if id(node) not in linked and node is not nodes[0]]
    rows = _build_rows(connected, edges)
    _order(rows)
    flat = [[item for block in row for item in block.items()] for row in rows]
    _assign_x(flat)
    _attach_side_ports(rows, edges)
    _assign_ports(connected, edges)
    _remove_jogs(flat, edges)
    bottom = _assign_y(flat, edges)
    bottom = _place_isolated(isolated, flat, bottom)
    for edge in edges:
        _route(edge)
    return _shift_into_view([*(item for row in flat for item in row), *isolated], edges, bottom)


# Rows


def _build_rows(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Row]:
    order = _cut_loops(nodes, edges)
    ranks = _rank(nodes, edges)
    labelled = _label_rows(edges, ranks)
    used = sorted({2 * rank for rank in ranks.values()} | labelled)
    if sum(abs(ranks[id(e.source)] - ranks[id(e.target)]) for e in edges) * 2 > MAX_BENDS:
        raise TooLargeToDrawError
    index = {row: number for number, row in enumerate(used)}
    keyed: list[list[tuple[float, Block]]] = [[] for _ in used]
    blocks: dict[int, Block] = {}
    for node in nodes:
        node.row = index[2 * ranks[id(node)]]
        blocks[id(node)] = Block(node)
        keyed[node.row].append((order[id(node)], blocks[id(node)]))
    for edge in edges:
        _add_chain(edge, index[_label_row(edge, ranks)] if edge.label_width else -1)
        ends = (0, len(edge.chain) - 1) if edge.is_back else ()
        for number, item in enumerate(edge.chain):
            if number in ends:
                owner = edge.target if number == 0 else edge.source
                blocks[id(owner)].right.append(item)
            else:
                keyed[item.row].append((order[id(edge.source)] + 0.5, Block(item)))
    for block in blocks.values():
        block.right.sort(key=lambda lane: lane.kind is not Kind.LOOP)
    return [[block for _, block in sorted(row, key=lambda pair: pair[0])] for row in keyed]


def _cut_loops(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[int, int]:
    """Mark the edges that lead back; return each node's place in the search."""
    leaving: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        leaving[id(edge.source)].append(edge)
    order: dict[int, int] = {}
    finished: set[int] = set()
    for root in nodes:
        if id(root) in order:
            continue
        order[id(root)] = len(order)
        stack: list[tuple[Node, Iterator[Edge]]] = [(root, iter(leaving[id(root)]))]
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                finished.add(id(node))
                stack.pop()
                continue
            target = following.target
            if id(target) in order:
                following.is_back = id(target) not in finished
            else:
                order[id(target)] = len(order)
                stack.append((target, iter(leaving[id(target)])))
    return order


def _rank(nodes: Sequence[Node], edges: Sequence[Edge]) -> dict[int, int]:
    """The longest path to each node; only the start stands in the first row."""
    ranks = {id(node): 1 for node in nodes}
    ranks[id(nodes[0])] = 0
    leaving: dict[int, list[Node]] = defaultdict(list)
    waiting = dict.fromkeys(ranks, 0)
    for edge in edges:
        if not edge.is_back:
            leaving[id(edge.source)].append(edge.target)
            waiting[id(edge.target)] += 1
    ready = [node for node in nodes if not waiting[id(node)]]
    while ready:
        node = ready.pop()
        for target in leaving[id(node)]:
            ranks[id(target)] = max(ranks[id(target)], ranks[id(node)] + 1)
            waiting[id(target)] -= 1
            if not waiting[id(target)]:
                ready.append(target)
    return ranks


def _label_row(edge: Edge, ranks: dict[int, int]) -> int:
    """The row between two rows of boxes that holds the label, near the line's beginning."""
    rank = ranks[id(edge.source)]
    if edge.source is edge.target:
        return 2 * rank
    return 2 * rank - 1 if edge.is_back else 2 * rank + 1


def _label_rows(edges: Sequence[Edge], ranks: dict[int, int]) -> set[int]:
    return {_label_row(edge, ranks) for edge in edges if edge.label_width}


def _add_chain(edge: Edge, label_row: int) -> None:
    """Make the bends and the label that the line needs between its ends, from top to bottom."""
    if edge.source is edge.target:
        right = edge.label_width + 8 if edge.label_width else 4.0
        edge.chain = [Item(Kind.LOOP, 0.0, right, edge.label_height, row=edge.source.row)]
        edge.label = edge.chain[0]
        return
    if edge.is_back:
        rows = range(edge.target.row, edge.source.row + 1)
    else:
        rows = range(edge.source.row + 1, edge.target.row)
    for row in rows:
        item = Item(Kind.BEND, row=row)
        if row == label_row:
            half = edge.label_width / 2
            item = Item(Kind.LABEL, half, half, edge.label_height, row=row)
            edge.label = item
        item.span = len(rows) + 1
        edge.chain.append(item)
    stops = edge.chain if edge.is_back else [edge.source, *edge.chain, edge.target]
    for upper, lower in pairwise(stops):
        upper.below.append(lower)
        lower.above.append(upper)
        edge.links.append(Link(upper, lower))


# Order within the rows


def _number(row: Row) -> None:
    position = 0
    for block in row:
        for item in block.items():
            item.position = position
            position += 1


def _order(rows: list[Row]) -> None:
    for row in rows:
        _number(row)
    best, fewest, fruitless = _snapshot(rows), _crossings(rows), 0
    for sweep in range(8):
        if not fewest or fruitless == 4:
            break
        fruitless += 1
        if sweep % 2:
            for row in reversed(rows[:-1]):
                _sort_row(row, lambda item: item.below)
        else:
            for row in rows[1:]:
                _sort_row(row, lambda item: item.above)
        _swap_neighbours(rows)
        crossings = _crossings(rows)
        if crossings < fewest:
            best, fewest, fruitless = _snapshot(rows), crossings, 0
    _restore(rows, best)
    _choose_sides(rows)


def _sort_row(row: Row, neighbours: Callable[[Item], list[Item]]) -> None:
    if len(row) == 1 and len(row[0].right) < 2:
        return

    def middle(items: Iterable[Item]) -> float | None:
        positions = [other.position for item in items for other in neighbours(item)]
        return sum(positions) / len(positions) if positions else None

    def of_item(item: Item) -> float:
        return middle([item]) or 0.0

    for block in row:
        if len(block.right) > 1:
            block.right.sort(key=lambda lane: (lane.kind is not Kind.LOOP, of_item(lane)))
    keys = {id(block): middle(block.items()) for block in row}
    moving = iter(
        sorted(
            (block for block in row if keys[id(block)] is not None),
            key=lambda block: keys[id(block)] or 0.0,
        )
    )
    row[:] = [block if keys[id(block)] is None else next(moving) for block in row]
    _number(row)


def _swap_neighbours(rows: list[Row]) -> None:
    for row in rows:
        for left in range(len(row) - 1):
            first, second = row[left].items(), row[left + 1].items()
            if _pair_crossings(first, second) > _pair_crossings(second, first):
                row[left], row[left + 1] = row[left + 1], row[left]
                _number(row)


def _pair_crossings(left: list[Item], right: list[Item]) -> int:
    """How many lines cross when all of ``left`` stands left of all of ``right``."""
    crossings = 0
    for a in left:
        for b in right:
            for ours, theirs in ((a.above, b.above), (a.below, b.below)):
                for mine in ours:
                    for other in theirs:
                        crossings += mine.position > other.position
    return crossings


def _row_crossings(upper: Row) -> int:
    ends = sorted(
        (item.position, other.position)
        for block in upper
        for item in block.items()
        for other in item.below
    )
    seen: list[int] = []
    crossings = 0
    for _, end in ends:
        crossings += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return crossings


def _crossings(rows: list[Row]) -> int:
    return sum(_row_crossings(row) for row in rows)


def _snapshot(rows: list[Row]) -> list[list[tuple[Block, list[Item]]]]:
    return [[(block, list(block.right)) for block in row] for row in rows]


def _restore(rows: list[Row], snapshot: list[list[tuple[Block, list[Item]]]]) -> None:
    for row, saved in zip(rows, snapshot, strict=True):
        for block, right in saved:
            block.right = right
        row[:] = [block for block, _ in saved]
        _number(row)


def _choose_sides(rows: list[Row]) -> None:
    """Move a lane to the left of its box where fewer lines then cross."""
    for number, row in enumerate(rows):
        around = rows[max(number - 1, 0) : number + 1]
        for block in row:
            for lane in [lane for lane in block.right if lane.kind is not Kind.LOOP]:
                before = _crossings(around)
                if not before:
                    break
                right = list(block.right)
                block.right.remove(lane)
                block.left.insert(0, lane)
                _number(row)
                if _crossings(around) >= before:
                    block.left.remove(lane)
                    block.right = right
                    _number(row)


# From left to right


def _gap(left: Item, right: Item) -> float:
    return left.right + right.left + GAPS.get((left.kind, right.kind), DEFAULT_GAP)


def _spread(
    wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
) -> list[float]:
    """The places nearest to the wanted ones, in this order and ``gaps`` apart.

    Weighted least squares by the pool-adjacent-violators method; ``gaps[i]`` stands between
    place i and place i + 1.
    """
    if not gaps:
        return list(wanted)
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []
    for place, weight, offset in zip(wanted, weights, offsets, strict=True):
        total, moment, count = weight, weight * (place - offset), 1
        while pools and pools[-1][1] * total >= moment * pools[-1][0]:
            more_total, more_moment, more_count = pools.pop()
            total, moment, count = total + more_total, moment + more_moment, count + more_count
        pools.append((total, moment, count))
    means = [moment / total for total, moment, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _assign_x(rows: list[list[Item]]) -> None:
    gaps = [[_gap(a, b) for a, b in pairwise(row)] for row in rows]
    for row, between in zip(rows, gaps, strict=True):
        places = _spread([0.0] * len(row), [1.0] * len(row), between)
        for item, place in zip(row, places, strict=True):
            item.x = place
    numbers = range(len(rows))
    for up, down in ((True, False), (False, True), (True, False), (True, True), (True, True)):
        for number in numbers if up and not down else reversed(numbers):
            _pull(rows[number], gaps[number], up=up, down=down)
    runs = _runs(rows)
    for _ in range(2):
        _straighten(rows, runs)
    for row in rows:
        for left, item in pairwise(row):
            if item.kind is Kind.LOOP:
                item.x = left.x + _gap(left, item)


def _pull(row: list[Item], gaps: list[float], *, up: bool, down: bool) -> None:
    """Move a row's items towards the items that they are linked with."""
    wanted, weights = [], []
    for item in row:
        total = moment = 0.0
        inner = item.kind is Kind.BEND or item.kind is Kind.LABEL
        for others in (item.above if up else (), item.below if down else ()):
            for other in others:
                outer = other.kind is Kind.BOX or other.kind is Kind.CIRCLE
                weight = (1.0 if outer else 4.0) if inner else (2.0 if outer else 1.0)
                total += weight
                moment += weight * other.x
        wanted.append(moment / total if total else item.x)
        weights.append(total or 0.1)
    for item, place in zip(row, _spread(wanted, weights, gaps), strict=True):
        item.x = place


def _straighten(rows: list[list[Item]], runs: list[list[Item]]) -> None:
    """Give items that stand above each other exactly the same x, as far as there is room."""
    for whole in runs:
        run = whole
        while run:
            low, high, count = -math.inf, math.inf, 0
            for item in run:
                left, right = _room(item, rows[item.row])
                if max(low, left) > min(high, right):
                    break
                low, high, count = max(low, left), min(high, right), count + 1
            part, run = run[: max(count, 1)], run[max(count, 1) :]
            middle = sum(item.x for item in part) / len(part)
            if count:
                for item in part:
                    item.x = min(max(middle, low), high)


def _room(item: Item, row: list[Item]) -> tuple[float, float]:
    number = item.position
    left = row[number - 1].x + _gap(row[number - 1], item) if number else -math.inf
    last = number + 1 == len(row)
    right = math.inf if last else row[number + 1].x - _gap(item, row[number + 1])
    return left, right


def _runs(rows: list[list[Item]]) -> list[list[Item]]:
    """Items that are each other's only (or middle) neighbour, longest run first."""

    def middle(items: list[Item]) -> Item | None:
        if len(items) < 2:
            return items[0] if items else None
        if len(items) % 2:
            return sorted(items, key=lambda item: item.position)[len(items) // 2]
        # The shortest line is the main one, of which the longer ones are short cuts.
        shortest = min(item.span for item in items)
        nearest = [item for item in items if item.span == shortest]
        return nearest[0] if len(nearest) == 1 else None

    followed: set[int] = set()
    following: dict[int, Item] = {}
    for row in rows:
        for item in row:
            other = middle(item.below)
            if other is not None and middle(other.above) is item:
                following[id(item)] = other
                followed.add(id(other))
    runs = []
    for row in rows:
        for item in row:
            if id(item) not in followed and id(item) in following:
                run = [item]
                while (after := following.get(id(run[-1]))) is not None:
                    run.append(after)
                runs.append(run)
    return sorted(runs, key=len, reverse=True)


# Where lines meet boxes


def _attach_side_ports(rows: list[Row], edges: Sequence[Edge]) -> None:
    """Give each lane its place at the side of its box, such that lanes do not cross there."""
    lanes: dict[int, list[SidePort]] = {}
    for edge in edges:
        if edge.is_back:
            lanes.setdefault(id(edge.chain[-1]), []).append(SidePort(edge, edge.chain[-1], True))
            lanes.setdefault(id(edge.chain[0]), []).append(SidePort(edge, edge.chain[0], False))
    for row in rows:
        for block in row:
            if isinstance(block.main, Node):
                block.main.right_ports = _sort_ports(block.right, lanes)
                block.main.left_ports = _sort_ports(block.left[::-1], lanes)
                most = max(len(block.main.right_ports), len(block.main.left_ports))
                block.main.height = max(block.main.height, SIDE_PORT_GAP * (most + 1))


def _sort_ports(near_to_far: list[Item], lanes: dict[int, list[SidePort]]) -> list[SidePort]:
    """From top to bottom: lines that go up, loops, lines that come from below."""
    ports = [port for lane in near_to_far for port in lanes[id(lane)]]
    loops = [port for port in ports if port.edge.source is port.edge.target]
    others = [port for port in ports if port.edge.source is not port.edge.target]
    exits = [port for port in others if port.is_exit]
    entries = [port for port in others if not port.is_exit]
    loop_exits = [port for port in loops if port.is_exit]
    loop_entries = [port for port in loops if not port.is_exit]
    return [*exits, *loop_exits[::-1], *loop_entries, *entries[::-1]]


def _reach(node: Node, *, top: bool) -> tuple[float, float]:
    """How far left and right of its middle a line may meet a node's top or bottom."""
    if node.kind is Kind.CIRCLE:
        return -node.radius * 0.6, node.radius * 0.6
    # The top's right end is kept for marks.
    return -node.left + 24, node.right - (56 if top else 24)


def _assign_ports(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
    leaving: dict[int, list[Link]] = defaultdict(list)
    arriving: dict[int, list[Link]] = defaultdict(list)
    for edge in edges:
        for link in edge.links:
            link.top_x, link.bottom_x = link.upper.x, link.lower.x
            leaving[id(link.upper)].append(link)
            arriving[id(link.lower)].append(link)
    for node in nodes:
        links = sorted(leaving[id(node)], key=lambda link: link.lower.position)
        aims = [link.lower.x for link in links]
        for link, place in zip(links, _ports(node, aims, top=False), strict=True):
            link.top_x = place
    for node in nodes:
        links = sorted(arriving[id(node)], key=lambda link: link.upper.position)
        aims = [link.top_x for link in links]
        for link, place in zip(links, _ports(node, aims, top=True), strict=True):
            link.bottom_x = place


def _ports(node: Node, aims: list[float], *, top: bool) -> list[float]:
    """Where lines to or from these x meet the node: straight ones first, the others inwards."""
    if not aims:
        return []
    (low, high), count = _reach(node, top=top), len(aims)
    if node.kind is Kind.CIRCLE and count > MOST_CIRCLE_PORTS:
        return [node.x] * count
    gap = min(PORT_GAP, (high - low) / (count - 1)) if count > 1 else PORT_GAP
    offsets = [aim - node.x for aim in aims]
    if count == 1 and not low <= offsets[0] <= high:
        return [node.x]
    straight = [low <= offset <= high for offset in offsets]
    wanted = [
        offset if fits else (low if offset < 0 else high) * 0.4
        for offset, fits in zip(offsets, straight, strict=True)
    ]
    places = _spread(wanted, [1e6 if fits else 1.0 for fits in straight], [gap] * (count - 1))
    places = [min(place, high - (count - 1 - i) * gap) for i, place in enumerate(places)]
    return [node.x + max(place, low + i * gap) for i, place in enumerate(places)]


def _remove_jogs(rows: list[list[Item]], edges: Sequence[Edge]) -> None:
    """Move a line a little sideways where that makes its way into the target straight."""
    for edge in edges:
        if edge.is_back or not edge.chain:
            continue
        last, shift = edge.links[-1], edge.links[-1].bottom_x - edge.links[-1].top_x
        if not 0.5 <= abs(shift) <= SMALL_JOG:
            continue
        tail = len(edge.chain)
        while tail and abs(edge.chain[tail - 1].x - last.top_x) < 0.5:
            tail -= 1
        first = edge.links[tail]
        if isinstance(first.upper, Node) and abs(first.top_x - first.bottom_x) < 0.5:
            continue
        rooms = [_room(item, rows[item.row]) for item in edge.chain[tail:]]
        if all(left - 6 <= last.bottom_x <= right + 6 for left, right in rooms):
            for item, link in zip(edge.chain[tail:], edge.links[tail:], strict=False):
                item.x = link.bottom_x = last.bottom_x
            for link in edge.links[tail + 1 :]:
                link.top_x = last.bottom_x


# From top to bottom


def _assign_y(rows: list[list[Item]], edges: Sequence[Edge]) -> float:
    """Place the rows and the tracks of sideways lines between them; return the bottom."""
    between: list[list[Link]] = [[] for _ in rows]
    for edge in edges:
        for link in edge.links:
            between[link.upper.row].append(link)
    y = 0.0
    for number, row in enumerate(rows):
        tallest = max(item.height for item in row)
        box = max((item.height for item in row if _is_stretched(item)), default=0.0)
        has_box = any(item.kind is Kind.BOX for item in row)
        for item in row:
            item.y = y
            if _is_stretched(item):
                item.height = box
            elif item.kind is Kind.LABEL:
                item.y = y + (tallest - item.height) / 2
        y += tallest
        if number + 1 < len(rows):
            into_nodes = any(isinstance(item, Node) for item in rows[number + 1])
            y = _assign_tracks(between[number], y, from_nodes=has_box, into_nodes=into_nodes)
    return y


def _is_stretched(item: Item) -> bool:
    return item.kind is Kind.BOX and not (isinstance(item, Node) and item.keeps_height)


def _assign_tracks(links: list[Link], y: float, *, from_nodes: bool, into_nodes: bool) -> float:
    sideways = [link for link in links if abs(link.top_x - link.bottom_x) >= 0.5]
    levels = _levels(sideways)
    above = 16.0 if from_nodes else 10.0
    below = 24.0 if into_nodes else 12.0
    for link, level in zip(sideways, levels, strict=True):
        link.track_y = y + above + level * TRACK_GAP
    return y + max(above + below + max(levels, default=0) * TRACK_GAP, 36.0 if into_nodes else 20)


def _levels(links: list[Link]) -> list[int]:
    """The track of each link, counted from the top, so that few cross and none touch."""
    count = len(links)
    spans = [(min(a.top_x, a.bottom_x), max(a.top_x, a.bottom_x)) for a in links]
    touching: list[set[int]] = [set() for _ in links]
    earlier: list[set[int]] = [set() for _ in links]
    for i in range(count):
        for j in range(i + 1, count):
            if spans[i][0] < spans[j][1] + 10 and spans[j][0] < spans[i][1] + 10:
                touching[i].add(j)
                touching[j].add(i)
                better = _cost(links[i], links[j]) - _cost(links[j], links[i])
                if better < 0:
                    earlier[j].add(i)
                elif better > 0:
                    earlier[i].add(j)
    levels = [-1] * count
    remaining = list(range(count))
    while remaining:
        chosen = min(remaining, key=lambda i: (sum(levels[j] < 0 for j in earlier[i]), i))
        remaining.remove(chosen)
        levels[chosen] = 1 + max((levels[j] for j in touching[chosen]), default=-1)
    return levels


def _cost(upper: Link, lower: Link) -> int:
    """What it costs to lead one link sideways above the other: crossings, and worse, overlap."""
    cost = 10 if abs(upper.bottom_x - lower.top_x) < 6 else 0
    cost += min(lower.top_x, lower.bottom_x) < upper.bottom_x < max(lower.top_x, lower.bottom_x)
    cost += min(upper.top_x, upper.bottom_x) < lower.top_x < max(upper.top_x, upper.bottom_x)
    return cost


def _place_isolated(nodes: list[Node], rows: list[list[Item]], bottom: float) -> float:
    """Put tasks that no transition names in rows of their own, beneath the rest."""
    if not nodes:
        return bottom
    left = min(item.x - item.left for row in rows for item in row)
    right = max(item.x + item.right for row in rows for item in row)
    step = max(node.left + node.right for node in nodes) + GAPS[Kind.BOX, Kind.BOX]
    columns = min(len(nodes), ISOLATED_PER_ROW)
    first = (left + right) / 2 - step * (columns - 1) / 2
    for start in range(0, len(nodes), columns):
        row = nodes[start : start + columns]
        height = max(node.height for node in row)
        for column, node in enumerate(row):
            node.x, node.y = first + column * step, bottom + 40
            if _is_stretched(node):
                node.height = height
        bottom += 40 + height
    return bottom


# Lines


def _side_point(ports: list[SidePort], node: Node, edge: Edge, *, is_exit: bool) -> float | None:
    for number, port in enumerate(ports):
        if port.edge is edge and port.is_exit is is_exit:
            return node.y + node.height * (number + 1) / (len(ports) + 1)
    return None


def _side(node: Node, edge: Edge, *, is_exit: bool) -> tuple[float, float]:
    y = _side_point(node.right_ports, node, edge, is_exit=is_exit)
    if y is not None:
        return node.x + node.right, y
    y = _side_point(node.left_ports, node, edge, is_exit=is_exit)
    return node.x - node.left, node.y if y is None else y


def _vertical_end(node: Node, x: float, *, top: bool) -> float:
    if node.kind is not Kind.CIRCLE:
        return node.y if top else node.y + node.height
    rise = math.sqrt(max(node.radius**2 - (x - node.x) ** 2, 0.0))
    return node.y + node.radius - rise if top else node.y + node.radius + rise


def _route(edge: Edge) -> None:
    if edge.is_back:
        points = _route_back(edge)
    else:
        first, last = edge.links[0], edge.links[-1]
        points = [(first.top_x, _vertical_end(edge.source, first.top_x, top=False))]
        for link in edge.links:
            points += [(link.top_x, link.track_y), (link.bottom_x, link.track_y)] * _bends(link)
        points.append((last.bottom_x, _vertical_end(edge.target, last.bottom_x, top=True)))
    edge.points = _without_needless(points)
    if edge.label is not None and edge.label_width:
        if edge.label.kind is Kind.LOOP:
            middle = (points[0][1] + points[-1][1]) / 2
            edge.label_at = (edge.label.x + 8 + edge.label_width / 2, middle)
        else:
            edge.label_at = (edge.label.x, edge.label.y + edge.label.height / 2)


def _bends(link: Link) -> bool:
    return abs(link.top_x - link.bottom_x) >= 0.5


def _route_back(edge: Edge) -> list[tuple[float, float]]:
    leave, enter = (
        _side(edge.source, edge, is_exit=True),
        _side(edge.target, edge, is_exit=False),
    )
    points = [leave, (edge.chain[-1].x, leave[1])]
    for link in reversed(edge.links):
        points += [(link.bottom_x, link.track_y), (link.top_x, link.track_y)] * _bends(link)
    return [*points, (edge.chain[0].x, enter[1]), enter]


def _without_needless(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out points in the middle of a straight line."""
    kept = points[:1]
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        same_x = abs(before[0] - point[0]) < 0.5 and abs(point[0] - after[0]) < 0.5
        same_y = abs(before[1] - point[1]) < 0.5 and abs(point[1] - after[1]) < 0.5
        if not (same_x or same_y):
            kept.append(point)
    return [*kept, points[-1]]


def _shift_into_view(
    items: list[Item], edges: Sequence[Edge], bottom: float
) -> tuple[float, float]:
    left = min(item.x - item.left for item in items) - MARGIN
    right = max(item.x + item.right for item in items) + MARGIN
    for item in items:
        item.x -= left
        item.y += MARGIN
    for edge in edges:
        edge.points = [(x - left, y + MARGIN) for x, y in edge.points]
        if edge.label_at is not None:
            edge.label_at = (edge.label_at[0] - left, edge.label_at[1] + MARGIN)
    return right - left, bottom + 2 * MARGIN
