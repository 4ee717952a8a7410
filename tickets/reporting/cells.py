"""What parts of the report are made of: a table whose numbers lead to lists, and a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db.models import Model
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Text:
    value: StrOrPromise
    is_number = False
    url = ""

    def __str__(self) -> str:
        return str(self.value)

    @property
    def exported(self) -> str:
        return str(self.value)


@dataclass(frozen=True, slots=True)
class Number:
    """How many rows the list of `model` has with these filters."""

    count: int
    model: type[Model]
    filters: Mapping[str, str]
    is_number = True

    def __str__(self) -> str:
        return str(number_format(self.count, force_grouping=True))

    @property
    def exported(self) -> int:
        return self.count

    @property
    def url(self) -> str:
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist"
        return reverse(name, query=dict(self.filters))


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in seconds, of so many; None where there is nothing to measure."""

    seconds: float | None
    count: int
    is_number = True
    url = ""

    def __str__(self) -> str:
        return "-" if self.seconds is None else span_in_words(self.seconds)

    @property
    def exported(self) -> float | None:
        """In hours: a spreadsheet can count with them."""
        return None if self.seconds is None else round(self.seconds / HOUR, 2)


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; of nothing there is no part."""

    part: int
    whole: int
    is_number = True
    url = ""

    def __str__(self) -> str:
        return _("%(percent)s %%") % {"percent": self._percent} if self.whole else "-"

    @property
    def exported(self) -> int | None:
        return self._percent if self.whole else None

    @property
    def _percent(self) -> int:
        return round(100 * self.part / self.whole)


@dataclass(frozen=True, slots=True)
class Hidden:
    """Stands for what would say something of single tickets, to who may not see them."""

    value: str
    is_number = True
    url = ""

    def __str__(self) -> str:
        return self.value

    @property
    def exported(self) -> str:
        return self.value


type Cell = Text | Number | Span | Share | Hidden


@dataclass(frozen=True, slots=True)
class Line:
    """A row of numbers of a chart, None where it has a gap. `color` is a CSS variable's name."""

    label: StrOrPromise
    values: Sequence[float | None]
    color: str = "--color-primary-500"


@dataclass(frozen=True, slots=True)
class Chart:
    """`kind` is that of Unfold's components: bar or line."""

    kind: str
    labels: Sequence[str]
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report. Without rows it shows what `empty` says.

    `has_sum`: the first row is the sum of the others. `adds_up`: the rows are parts of a whole that
    this part or another one says.
    """

    key: str
    title: StrOrPromise
    about: StrOrPromise
    headings: Sequence[StrOrPromise]
    rows: Sequence[Sequence[Cell]]
    empty: StrOrPromise
    chart: Chart | None = None
    # So many rows stand on the page; the file has all.
    most_shown: int = 60
    numbers_from: int = field(default=1)
    has_sum: bool = False
    adds_up: bool = False

    @property
    def shown(self) -> Sequence[Sequence[Cell]]:
        return self.rows[: self.most_shown]

    @property
    def left_out(self) -> int:
        return max(len(self.rows) - self.most_shown, 0)


def span_in_words(seconds: float) -> str:
    """The two largest units: “2 days 4 hours”."""
    minutes = round(seconds / MINUTE)
    if minutes == 0:
        return _("less than a minute")
    days, rest = divmod(minutes, DAY // MINUTE)
    hours, minutes = divmod(rest, HOUR // MINUTE)
    parts = (
        (days, ngettext("%(count)d day", "%(count)d days", days)),
        (hours, ngettext("%(count)d hour", "%(count)d hours", hours)),
        (minutes, ngettext("%(count)d minute", "%(count)d minutes", minutes)),
    )
    return " ".join([words % {"count": count} for count, words in parts if count][:2])
