from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from workflows.errors import InvalidDataError


class AnswersChangedMeanwhileError(InvalidDataError):
    """`problems` names each answer that somebody has changed, with what there is now."""

    message = _(
        "Somebody changed earlier answers after you opened the page. Look at them, then complete "
        "the task again."
    )
