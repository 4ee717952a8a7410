"""How the outcomes of ends are shown. What they are stands in workflows/engine/process.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.engine.process import EndOutcome

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeScreen:
    """`status` is what a ticket is called that has ended so, and `tone` the colour of that.

    `name` is the outcome in a list, `choice` what somebody chooses in the editor.
    """

    status: StrOrPromise
    tone: str
    name: StrOrPromise
    choice: StrOrPromise


SCREENS: Final[Mapping[EndOutcome, OutcomeScreen]] = {
    EndOutcome.GOOD: OutcomeScreen(
        status=_("Completed"), tone="good", name=_("good"), choice=_("Good: it was done")
    ),
    EndOutcome.NEUTRAL: OutcomeScreen(
        status=_("Closed"),
        tone="plain",
        name=_("neutral"),
        choice=_("Neutral: neither good nor bad"),
    ),
    EndOutcome.BAD: OutcomeScreen(
        status=_("Unsuccessful"),
        tone="bad",
        name=_("bad"),
        choice=_("Bad: it was refused or did not succeed"),
    ),
}


def outcome_choices() -> list[tuple[str, StrOrPromise]]:
    return [(outcome.value, screen.status) for outcome, screen in SCREENS.items()]
