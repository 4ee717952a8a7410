from __future__ import annotations

from collections.abc import Sequence

from workflows.bundles.problems import Problem
from workflows.errors import WorkflowsError


class BundleError(WorkflowsError):
    """Something is wrong with a bundle. `problems` has every problem, warnings too."""

    def __init__(self, problems: Sequence[Problem] = ()) -> None:
        self.problems = list(problems)
        first = next((each for each in problems if each.is_error), None)
        said = " ".join((type(self).__doc__ or "").split())
        super().__init__(f"{said} {first.where}: {first.message}" if first else said)


class InvalidBundleError(BundleError):
    """This bundle has problems that must be mended before it can be imported."""


class NotPublishableError(BundleError):
    """This definition has problems that must be mended before it can be published."""


class NotStorableError(BundleError):
    """This draft has problems that must be mended before it can be saved."""
