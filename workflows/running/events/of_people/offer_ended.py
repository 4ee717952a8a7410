"""An assistant is not at a task any more, which is whoever's it was; or it was offered to none.

Its data: `from` is the name of the assistant's service account, `from_id` its id (absent where
there is none), `why` a member of OfferEnd of the tickets, or one of NOT_OFFERED, and `reason` what
the assistant, or who took the task from it, said. That it has completed the task says another
event.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.models import WorkflowEvent
from workflows.running.events.kind import (
    Rules,
    Screen,
    TaskTime,
    Tone,
    data_of,
    declare,
    no_effect,
)
from workflows.running.through import THROUGH

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class NotOffered(StrEnum):
    """Why a task goes straight to its person. The values stand in the history."""

    NO_ACCOUNT = "NO_ACCOUNT"
    DAY_IS_FULL = "DAY_IS_FULL"
    NOBODY = "NOBODY"


_SENTENCES: Final[dict[str, StrOrPromise]] = {
    "SUGGESTED": _("The assistant %(from)s has suggested an answer to %(task)s."),
    "HANDED_BACK": _("The assistant %(from)s has handed back %(task)s."),
    "OUT_OF_TIME": _("The time of the assistant %(from)s was over: %(task)s is done by a person."),
    "OUT_OF_TRIES": _(
        "The form of %(task)s has refused the answers of the assistant %(from)s: it is done by a "
        "person."
    ),
    "TAKEN": _("%(task)s was taken from the assistant %(from)s."),
    "TAKEN_BACK": _("%(task)s was taken back from the assistant %(from)s, for its person."),
    NotOffered.NO_ACCOUNT: _(
        "%(task)s was not offered to the assistant %(from)s: it cannot be reached now."
    ),
    NotOffered.DAY_IS_FULL: _(
        "%(task)s was not offered to the assistant %(from)s: so many tasks a day are not offered."
    ),
    NotOffered.NOBODY: _(
        "%(task)s was not offered to the assistant %(from)s: whoever has it may not do it any more."
    ),
}

# Where who did it does not stand beside: “Assistant Claude for Wendy Wells”.
_BY_ASSISTANT: Final[dict[str, StrOrPromise]] = {
    "SUGGESTED": _("%(person)s has suggested an answer to %(task)s."),
    "HANDED_BACK": _("%(person)s has handed back %(task)s."),
}


def _sentence(event: WorkflowEvent) -> StrOrPromise:
    known = _SENTENCES.get(str(data_of(event).get("why")))
    return known or _("The assistant %(from)s is not at %(task)s any more.")


def _team_sentence(event: WorkflowEvent) -> StrOrPromise:
    why = str(data_of(event).get("why"))
    is_told = event.actor is not None and THROUGH in data_of(event)
    return (_BY_ASSISTANT.get(why) if is_told else None) or _sentence(event)


def _tone(event: WorkflowEvent) -> Tone:
    return Tone.GOOD if data_of(event).get("why") == "SUGGESTED" else Tone.WARN


OFFER_ENDED = declare(
    "OFFER_ENDED",
    rules=Rules(effect=no_effect, time=TaskTime.GOES_ON, people=(("from_id", "from"),)),
    screen=Screen(
        icon="smart_toy", tone=_tone, history=_sentence, timeline=None, team=_team_sentence
    ),
)
