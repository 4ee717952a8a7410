"""What the rows of a decision table leave out, say twice, or never come to.

The values of each input are parted where cells tell them apart: for numbers the limits and what
lies between them, for texts those that are named and all others. A row is then a box of such
parts, and what no box covers is found by going from input to input. The work is bounded: a table
that is too much for it is not judged (`is_complete`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from workflows.engine.texts import gettext as _

from .decision_cells import Cell, CellType, Span, Value, write_cell
from .decision_table import DecisionTable, Hit

MOST_WORK: Final = 300_000
MOST_CELLS: Final = 500_000
# For all tables of a bundle together, steps and cells: about two seconds.
MOST_WORK_TOGETHER: Final = 1_000_000
MOST_FOUND: Final = 5

# The parts of one input that something covers, as bits.
type _Mask = int


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of the values of an input, by its name.

    `values` are all that there are; None: others, too. `low` and `high` are the least and the
    greatest, `is_whole` says that there are whole numbers only, `may_be_empty` that there may be
    no value.
    """

    values: tuple[Value, ...] | None = None
    low: Value | None = None
    high: Value | None = None
    is_whole: bool = False
    may_be_empty: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found. Rows have their numbers, from 1.

    `gaps` are what no row covers, in words. `overlaps` are two rows that both fit for something,
    with different results, where neither is the other's exception. `never_hit` are rows that others
    before them cover wholly.
    """

    gaps: tuple[str, ...] = ()
    has_more_gaps: bool = False
    overlaps: tuple[tuple[int, int, str], ...] = ()
    never_hit: tuple[int, ...] = ()
    is_complete: bool = True
    # It is not judged, as those before it have cost too much.
    is_left_out: bool = False


class _TooMuchError(Exception):
    """More work than is begun."""


@dataclass(slots=True)
class Budget:
    """What judging several tables may cost together."""

    left: int = MOST_WORK_TOGETHER

    def spend(self, work: int = 1) -> None:
        self.left -= work
        if self.left < 0:
            raise _TooMuchError


def coverage_of(
    table: DecisionTable,
    domains: Mapping[str, Domain] | None = None,
    budget: Budget | None = None,
) -> Coverage:
    """Judge a table; `domains` is what is known of the inputs, by their names.

    `budget` is one for all tables that are judged together.
    """
    budget = budget or Budget()
    try:
        return _judge(table, domains or {}, budget)
    except _TooMuchError:
        return Coverage(is_complete=False, is_left_out=budget.left < 0)


def _judge(table: DecisionTable, known: Mapping[str, Domain], budget: Budget) -> Coverage:
    columns = [
        _Column.of(
            column.type, known.get(column.name, Domain()), [row.when[at] for row in table.rows]
        )
        for at, column in enumerate(table.inputs)
    ]
    cells = sum(column.count for column in columns) * len(table.rows)
    if cells > MOST_CELLS:
        return Coverage(is_complete=False)
    budget.spend(cells)
    boxes = [
        tuple(column.mask(cell) for column, cell in zip(columns, row.when, strict=True))
        for row in table.rows
    ]
    search = _Search(table, columns, boxes, budget)
    never = tuple(search.never_hit()) if table.hit is Hit.FIRST else ()
    gaps = list(search.gaps())
    return Coverage(
        tuple(search.in_words(each) for each in gaps[:MOST_FOUND]),
        len(gaps) > MOST_FOUND,
        tuple(search.overlaps(set(never))) if table.hit is Hit.FIRST else (),
        never,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """The parts of one input; the one without a value comes last, where there is one.

    `others` says that the part after the spans is “every other value”.
    """

    type: CellType
    spans: tuple[Span, ...]
    has_others: bool
    has_empty: bool

    @classmethod
    def of(cls, kind: CellType, domain: Domain, cells: Sequence[Cell]) -> _Column:
        has_empty = domain.may_be_empty or any(each.has_empty for each in cells)
        if kind.is_ordered:
            return cls(kind, tuple(_ordered_parts(domain, cells)), False, has_empty)
        if kind is CellType.YES_NO:
            return cls(kind, (Span.only(True), Span.only(False)), False, has_empty)
        named: dict[Value, None] = dict.fromkeys(domain.values or ())
        if domain.values is None:
            named |= {
                span.low: None for cell in cells for span in cell.spans if span.low is not None
            }
        return cls(kind, tuple(map(Span.only, named)), domain.values is None, has_empty)

    @property
    def count(self) -> int:
        return len(self.spans) + self.has_others + self.has_empty

    @property
    def all(self) -> _Mask:
        return (1 << self.count) - 1

    def mask(self, cell: Cell) -> _Mask:
        found = 0
        for bit, span in enumerate(self.spans):
            if cell.matches(_inside(span)):
                found |= 1 << bit
        position = len(self.spans)
        if self.has_others:
            if cell.is_any or cell.is_not:  # no cell names it
                found |= 1 << position
            position += 1
        if self.has_empty and cell.matches(None):
            found |= 1 << position
        return found

    def cell(self, mask: _Mask) -> Cell:
        """The parts of a mask as a cell."""
        has_empty = self.has_empty and bool(mask & (1 << (self.count - 1)))
        inside = [span for bit, span in enumerate(self.spans) if mask & (1 << bit)]
        if self.has_others and mask & (1 << len(self.spans)):
            outside = [span for bit, span in enumerate(self.spans) if not mask & (1 << bit)]
            return Cell(tuple(outside), self.has_empty and not has_empty, is_not=True)
        if self.type.is_ordered:
            inside = _joined(inside)
        return Cell(tuple(inside), has_empty)


def _ordered_parts(domain: Domain, cells: Sequence[Cell]) -> Iterator[Span]:
    """Each limit, and what lies between two of them; nothing that no value lies in."""
    limits: set[Any] = {
        limit
        for cell in cells
        for span in cell.spans
        for limit in (span.low, span.high)
        if limit is not None
    }
    low, high = domain.low, domain.high
    limits |= {each for each in (low, high) if each is not None}
    ordered: list[Any] = sorted(
        each for each in limits if (low is None or each >= low) and (high is None or each <= high)
    )
    if not ordered:
        yield Span()
        return
    if low is None:
        yield Span(high=ordered[0], has_high=False)
    for number, limit in enumerate(ordered):
        yield Span.only(limit)
        if number + 1 < len(ordered):
            between = Span(limit, ordered[number + 1], has_low=False, has_high=False)
            if not _has_nothing_between(limit, ordered[number + 1], domain):
                yield between
    if high is None:
        yield Span(low=ordered[-1], has_low=False)


def _has_nothing_between(low: Any, high: Any, domain: Domain) -> bool:
    if isinstance(low, date):
        return bool(high - low <= timedelta(days=1))
    return domain.is_whole and bool(high - low <= 1)


def _inside(span: Span) -> Value:
    """A value that lies in a span whose ends are limits of cells, or open."""
    low, high = span.low, span.high
    if span.is_one and low is not None:
        return low
    if isinstance(low, date) or isinstance(high, date):
        day = timedelta(days=1)
        if isinstance(low, date):
            return low + day if low < date.max else low
        return high - day if isinstance(high, date) and high > date.min else date.min
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return (low + high) / 2
    if isinstance(low, Decimal):
        return low + 1
    if isinstance(high, Decimal):
        return high - 1
    return Decimal(0)


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Neighbours as one: of `1`, `(1..2)` and `2` it makes `1..2`."""
    made: list[Span] = []
    for span in spans:
        before = made[-1] if made else None
        touches = (
            before is not None
            and before.high is not None
            and before.high == span.low
            and (before.has_high or span.has_low)
        )
        if before is not None and touches:
            made[-1] = Span(before.low, span.high, before.has_low, span.has_high)
        else:
            made.append(span)
    return made


class _Search:
    """Rows are bits of a number, too: 1 << 0 is the first."""

    def __init__(
        self,
        table: DecisionTable,
        columns: list[_Column],
        boxes: list[tuple[_Mask, ...]],
        budget: Budget,
    ) -> None:
        self.budget = budget
        self.table = table
        self.columns = columns
        self.boxes = boxes
        self.work = 0
        # Of each part of each input, the rows that cover it.
        self.fitting = [
            [
                sum(1 << row for row, box in enumerate(boxes) if box[at] >> bit & 1)
                for bit in range(column.count)
            ]
            for at, column in enumerate(columns)
        ]

    def _spend(self) -> None:
        self.work += 1
        if self.work > MOST_WORK:
            raise _TooMuchError
        self.budget.spend()

    def gaps(self) -> list[tuple[_Mask, ...]]:
        """Boxes that no row covers, some more than are shown."""
        space = tuple(column.all for column in self.columns)
        return self._uncovered(space, (1 << len(self.boxes)) - 1)

    def _uncovered(self, space: tuple[_Mask, ...], among: int) -> list[tuple[_Mask, ...]]:
        """What these rows leave out of a box."""
        # The rows that cover all of it from an input on.
        covering = [among] * (len(space) + 1)
        for at in reversed(range(len(space))):
            whole = sum(1 << row for row, box in enumerate(self.boxes) if not space[at] & ~box[at])
            covering[at] = covering[at + 1] & whole
        seen: dict[tuple[int, int], list[tuple[_Mask, ...]]] = {}

        def left_out(at: int, rows: int) -> list[tuple[_Mask, ...]]:
            if not rows:
                return [space[at:]]
            if rows & covering[at]:
                return []
            if (at, rows) in seen:
                return seen[at, rows]
            groups: dict[int, _Mask] = {}
            for bit, fitting in enumerate(self.fitting[at]):
                if space[at] >> bit & 1:
                    self._spend()
                    groups[rows & fitting] = groups.get(rows & fitting, 0) | 1 << bit
            masks: dict[tuple[_Mask, ...], _Mask] = {}
            for left, mask in groups.items():
                for rest in left_out(at + 1, left):
                    masks[rest] = masks.get(rest, 0) | mask
                if len(masks) > MOST_FOUND:
                    break
            found = [(mask, *rest) for rest, mask in masks.items()]
            seen[at, rows] = found
            return found

        return left_out(0, among)

    def _overlapping(self, box: tuple[_Mask, ...], among: int) -> int:
        """The rows that cover something of a box."""
        rows = among
        for at, mask in enumerate(box):
            touching = 0
            for bit, fitting in enumerate(self.fitting[at]):
                if mask >> bit & 1:
                    self._spend()
                    touching |= fitting
            rows &= touching
        return rows

    def never_hit(self) -> Iterator[int]:
        for number, box in enumerate(self.boxes):
            earlier = self._overlapping(box, (1 << number) - 1)
            if not all(box) or (earlier and not self._uncovered(box, earlier)):
                yield number + 1

    def overlaps(self, never: set[int]) -> Iterator[tuple[int, int, str]]:
        found = 0
        for later, box in enumerate(self.boxes):
            rows = self._overlapping(box, (1 << later) - 1)
            for earlier in range(later):
                if not rows >> earlier & 1 or {earlier + 1, later + 1} & never:
                    continue
                other = self.boxes[earlier]
                both = tuple(mine & theirs for mine, theirs in zip(box, other, strict=True))
                if both in (box, other):
                    continue
                if self.table.rows[earlier].then == self.table.rows[later].then:
                    continue
                yield earlier + 1, later + 1, self.in_words(both)
                found += 1
                if found == MOST_FOUND:
                    return

    def in_words(self, box: tuple[_Mask, ...]) -> str:
        """“Impact: high, Amount: > 5000”."""
        words: list[str] = []
        for column, parts, mask in zip(self.table.inputs, self.columns, box, strict=True):
            if mask == parts.all:
                continue
            written = write_cell(parts.cell(mask), column.type)
            words.append(f"{column.title}: {written}")
        return ", ".join(words) or _("whatever the values are")
