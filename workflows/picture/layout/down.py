"""How far down the rows stand, with tracks for the lines between them."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.picture.layout.items import (
    GAPS,
    ISOLATED_PER_ROW,
    TRACK_GAP,
    Edge,
    Item,
    Kind,
    Link,
    Node,
)


def assign_y(rows: list[list[Item]], edges: Sequence[Edge]) -> float:
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


def place_isolated(nodes: list[Node], rows: list[list[Item]], bottom: float) -> float:
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
