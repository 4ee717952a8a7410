"""The data that rules read: checked once, for many rules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from workflows.engine.errors import ConditionError
from workflows.engine.problems import place
from workflows.engine.process import Json
from workflows.engine.texts import gettext as _
from workflows.engine.times.calendar import WorkingTime
from workflows.engine.values.composed import composed, is_composed
from workflows.engine.values.storable import unstorable

from .bounds import Bound
from .budget import MOST_WORK_TOGETHER, Spending, shared_spending
from .refusals import needs_memory, shortened

MAX_DATA_CHARACTERS = 50_000_000
_LONG_INTEGER: Final = re.compile(r"[0-9]{19}")
_BROKEN: Final = re.compile("[\ud800-\udfff]")
_MOST_DEPTH: Final = 120  # of data; what is kept has fewer levels (values/storable.py)


@dataclass(frozen=True, slots=True)
class PreparedData:
    """Data that was checked once, for many rules.

    `size` are its characters as JSON; `value` must not be changed as long as this is used.
    Rules that read the same data have one budget. By `working_time` they count working days:
    Monday to Friday where it is None.
    """

    value: Json
    size: int
    spending: Spending
    bound: Bound  # what is found out about them once, for all rules
    working_time: WorkingTime | None = None


def prepare(data: Json, *, working_time: WorkingTime | None = None) -> PreparedData:
    """Check data, for rules that read them as long as nobody changes them."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if not is_composed(text):
            data = composed(data)
            text = compact(data)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConditionError(_data_message(data)) from error
    except MemoryError as error:
        raise needs_memory() from error
    if len(text) > MAX_DATA_CHARACTERS:
        raise ConditionError(_too_large())
    if _may_be_unfit(text) and any(unstorable(data, max_depth=_MOST_DEPTH)):
        raise ConditionError(_data_message(data))
    spending = shared_spending.get() or Spending(MOST_WORK_TOGETHER)
    return PreparedData(data, len(text), spending, Bound(values=[data]), working_time)


def compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _may_be_unfit(text: str) -> bool:
    """Whether it is worth while to look at each value: see `unstorable`."""
    return (
        _LONG_INTEGER.search(text) is not None
        or text.count("[") + text.count("{") > _MOST_DEPTH
        or not (text.isascii() or _BROKEN.search(text) is None)
    )


def _data_message(data: object) -> str:
    found = unstorable(data, max_depth=_MOST_DEPTH)
    path, problem = next(found, ((), _("It is not plain JSON.")))
    message = _("The data that the rule reads cannot be used at “%(place)s”: %(problem)s")
    return message % {"place": shortened(place(path)), "problem": problem}


def _too_large() -> str:
    message = _(
        "The data that the rule reads have more than %(most)d million characters. Keep less of "
        "them in the ticket."
    )
    return message % {"most": MAX_DATA_CHARACTERS // 1_000_000}
