"""Why a rule cannot go on."""

from __future__ import annotations

from enum import Enum, auto


class Reason(Enum):
    """What kind of failure it is; whoever tells people has a sentence for each."""

    MISSING = auto()
    NOT_A_NUMBER = auto()
    UNFIT = auto()
    DIVISION_BY_ZERO = auto()
    TOO_LARGE = auto()
    TOO_MUCH_WORK = auto()


class Unfit(Exception):  # noqa: N818 - it never leaves this package
    """An operator cannot take a value. The step that it stands in says where that is."""

    def __init__(self, reason: Reason = Reason.UNFIT) -> None:
        super().__init__(reason.name)
        self.reason = reason


class Failed(Exception):  # noqa: N818 - `conditions` makes errors of it
    """A rule stopped at `pointer` (a JSON Pointer in it), where `operator` stands.

    `variable` is the name that is not there, `in_loop` whether an item of a list lacks it.
    """

    def __init__(
        self,
        reason: Reason,
        *,
        operator: str = "",
        pointer: str = "",
        variable: str = "",
        in_loop: bool = False,
    ) -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.operator = operator
        self.pointer = pointer
        self.variable = variable
        self.in_loop = in_loop
