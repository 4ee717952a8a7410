from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from django.utils.translation import gettext_lazy as _

from workflows.bundles.document.problems import Problem
from workflows.errors import WorkflowsError


class BundleError(WorkflowsError):
    """Something is wrong with a bundle. `problems` has every problem, warnings too.

    It says what is refused, and the first of the errors with its place.
    """

    message = _("This bundle has problems that must be corrected.")
    message_with_place = _("%(refusal)s %(where)s: %(problem)s")

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        self.problems = list(problems)
        super().__init__()

    def __str__(self) -> str:
        first = next((each for each in self.problems if each.is_error), None)
        if first is None:
            return str(self.message)
        words = {"refusal": self.message, "where": first.where, "problem": first.message}
        return str(self.message_with_place) % words


class InvalidBundleError(BundleError):
    message = _("This bundle has problems that must be corrected before it can be imported.")


class NotPublishableError(BundleError):
    message = _("This definition has problems that must be corrected before it can be published.")


class NotStorableError(BundleError):
    message = _("This draft has problems that must be corrected before it can be saved.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
