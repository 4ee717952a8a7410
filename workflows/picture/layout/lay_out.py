"""Lays out one path of a picture: rows, their order, their places, and the lines between."""

from __future__ import annotations

from collections.abc import Sequence

from workflows.picture.layout.across import assign_x
from workflows.picture.layout.down import assign_y, place_isolated
from workflows.picture.layout.items import MAX_EDGES, MAX_NODES, Edge, Node, TooLargeToDrawError
from workflows.picture.layout.order import order_rows
from workflows.picture.layout.ports import assign_ports, attach_side_ports, remove_jogs
from workflows.picture.layout.routes import route, shift_into_view
from workflows.picture.layout.rows import build_rows


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
    rows = build_rows(connected, edges)
    order_rows(rows)
    flat = [[item for block in row for item in block.items()] for row in rows]
    assign_x(flat)
    attach_side_ports(rows, edges)
    assign_ports(connected, edges)
    remove_jogs(flat, edges)
    bottom = assign_y(flat, edges)
    bottom = place_isolated(isolated, flat, bottom)
    for edge in edges:
        route(edge)
    return shift_into_view([*(item for row in flat for item in row), *isolated], edges, bottom)
