"""Where lines leave and enter boxes and circles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from workflows.picture.layout.across import room, spread
from workflows.picture.layout.items import (
    MOST_CIRCLE_PORTS,
    PORT_GAP,
    SIDE_PORT_GAP,
    SMALL_JOG,
    Edge,
    Item,
    Kind,
    Link,
    Node,
    Row,
    SidePort,
)


def attach_side_ports(rows: list[Row], edges: Sequence[Edge]) -> None:
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


def assign_ports(nodes: Sequence[Node], edges: Sequence[Edge]) -> None:
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
    places = spread(wanted, [1e6 if fits else 1.0 for fits in straight], [gap] * (count - 1))
    places = [min(place, high - (count - 1 - i) * gap) for i, place in enumerate(places)]
    return [node.x + max(place, low + i * gap) for i, place in enumerate(places)]


def remove_jogs(rows: list[list[Item]], edges: Sequence[Edge]) -> None:
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
        rooms = [room(item, rows[item.row]) for item in edge.chain[tail:]]
        if all(left - 6 <= last.bottom_x <= right + 6 for left, right in rooms):
            for item, link in zip(edge.chain[tail:], edge.links[tail:], strict=False):
                item.x = link.bottom_x = last.bottom_x
            for link in edge.links[tail + 1 :]:
                link.top_x = last.bottom_x
