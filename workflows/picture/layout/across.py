"""Where the items of each row stand from left to right: spread by isotonic regression."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from workflows.picture.layout.items import DEFAULT_GAP, GAPS, Item, Kind


def _gap(left: Item, right: Item) -> float:
    return left.right + right.left + GAPS.get((left.kind, right.kind), DEFAULT_GAP)


def spread(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
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


def assign_x(rows: list[list[Item]]) -> None:
    gaps = [[_gap(a, b) for a, b in pairwise(row)] for row in rows]
    for row, between in zip(rows, gaps, strict=True):
        places = spread([0.0] * len(row), [1.0] * len(row), between)
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
    for item, place in zip(row, spread(wanted, weights, gaps), strict=True):
        item.x = place


def _straighten(rows: list[list[Item]], runs: list[list[Item]]) -> None:
    """Give items that stand above each other exactly the same x, as far as there is room."""
    for whole in runs:
        run = whole
        while run:
            low, high, count = -math.inf, math.inf, 0
            for item in run:
                left, right = room(item, rows[item.row])
                if max(low, left) > min(high, right):
                    break
                low, high, count = max(low, left), min(high, right), count + 1
            part, run = run[: max(count, 1)], run[max(count, 1) :]
            middle = sum(item.x for item in part) / len(part)
            if count:
                for item in part:
                    item.x = min(max(middle, low), high)


def room(item: Item, row: list[Item]) -> tuple[float, float]:
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
