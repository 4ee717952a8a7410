"""In which row each node stands: loops are cut, and the longest path gives the row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from workflows.picture.layout.items import (
    MAX_BENDS,
    Block,
    Edge,
    Item,
    Kind,
    Link,
    Node,
    Row,
    TooLargeToDrawError,
)


def build_rows(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Row]:
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
