from __future__ import annotations

from django.utils.translation import gettext_lazy

from workflows.errors import WorkflowsError


class FlatFileError(WorkflowsError):
    """Whoever raises it says why."""

    message = gettext_lazy("This file cannot be imported.")
