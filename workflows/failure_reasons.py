"""How the reasons of failed calls are shown. They stand in workflows/engine/failure.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from workflows.engine.failure import Failure, FailureReason

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES: Final[Mapping[FailureReason, StrOrPromise]] = {
    FailureReason.REFUSED: _("refused"),
    FailureReason.UNAVAILABLE: _("not available"),
    FailureReason.NO_ANSWER: _("no answer in time"),
    FailureReason.UNREACHABLE: _("not reachable"),
    FailureReason.UNUSABLE_ANSWER: _("an answer of no use"),
    FailureReason.CANCELLED: _("cancelled"),
}

# What a condition may read of a failure is called so.
PARTS: Final[Mapping[str, StrOrPromise]] = {
    "status": _("status of the failed call"),
    "reason": _("reason of the failure"),
    "message": _("message about the failure"),
    "answer": _("answer of the failed call"),
}


def reason_choices() -> list[tuple[str, StrOrPromise]]:
    return [(reason.value, name) for reason, name in NAMES.items()]


def failure_in_words(failure: Failure) -> str:
    """As in “refused, status 402”."""
    if failure.status is None:
        return str(NAMES[failure.reason])
    words = {"reason": NAMES[failure.reason], "status": failure.status}
    return str(_("%(reason)s, status %(status)s") % words)
