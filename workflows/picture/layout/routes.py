"""The points that each line goes through."""

from __future__ import annotations

import math
from collections.abc import Sequence

from workflows.picture.layout.items import MARGIN, Edge, Item, Kind, Link, Node, SidePort


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


def route(edge: Edge) -> None:
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


def shift_into_view(items: list[Item], edges: Sequence[Edge], bottom: float) -> tuple[float, float]:
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
