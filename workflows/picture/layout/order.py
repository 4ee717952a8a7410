"""In which order the items of each row stand, so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable

from workflows.picture.layout.items import Block, Item, Kind, Row


def _number(row: Row) -> None:
    position = 0
    for block in row:
        for item in block.items():
            item.position = position
            position += 1


def order_rows(rows: list[Row]) -> None:
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
