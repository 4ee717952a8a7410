from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workflows.engine.problems import FieldProblem

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.models import User


class WorkflowsError(Exception):
    """Something about workflows went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or " ".join((self.__doc__ or "").split()))


class InvalidDataError(WorkflowsError):
    """The data does not fit the form."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{p.field}: {p.message}" if p.field else p.message for p in problems)
        )


class TaskNotWorkableError(WorkflowsError):
    """This task is not open any more: somebody finished or cancelled it in the meantime."""


class WorkflowOnHoldError(TaskNotWorkableError):
    """This ticket is on hold: a ticket admin has stopped it for now. Try again later."""


class WorkflowEndedError(WorkflowsError):
    """This ticket has ended already: it was completed or cancelled. Nothing was changed."""


class WorkflowNotRunningError(WorkflowsError):
    """This is not possible in the state that the ticket is in now. Load the page again."""


class NothingToRetryError(WorkflowsError):
    """There is nothing to try again: the step is no longer in error. Load the page again."""


class NothingChangedError(WorkflowsError):
    """It was like this already, so that nothing was changed."""


class InputNotCorrectableError(WorkflowsError):
    """Only what a failed call sends, and waits for no callback, can be corrected by hand."""


class OutputReplacedError(WorkflowsError):
    """This task has no output that still counts: correct the latest one of this task."""


class CannotReassignError(WorkflowsError):
    """This task cannot be given to anybody: it has ended, or it is done by another system."""


class WorkerNotEligibleError(WorkflowsError):
    """This person may not be given this task: it takes an active task worker of the right role."""


class TaskTakenError(WorkflowsError):
    """Somebody else has this task now: it was claimed by them, or given to them."""


class MayNotClaimError(WorkflowsError):
    """You may not claim this task: it takes a task worker of the right company role."""


class NotYourTaskError(WorkflowsError):
    """This task was given to somebody else."""


class NotADraftError(WorkflowsError):
    """Only a draft can be changed or published. Make a new draft version first."""


class DraftInUseError(WorkflowsError):
    """This draft is in use, so that it cannot be deleted.

    `uses` says where, a sentence each.
    """

    def __init__(self, uses: Sequence[str]) -> None:
        self.uses = list(uses)
        super().__init__(" ".join(["This draft is in use, so that it cannot be deleted.", *uses]))


class NotPublishedError(WorkflowsError):
    """This version is not the published one (any more). Load the page again."""


class CannotMoveError(WorkflowsError):
    """This ticket cannot be moved to that version."""


class DraftChangedError(WorkflowsError):
    """Somebody else has saved this draft in the meantime.

    `by` is who did (None: unknown, or a program), `at` when.
    """

    def __init__(self, *, by: User | None, at: datetime) -> None:
        self.by = by
        self.at = at
        super().__init__("Somebody else has saved this draft in the meantime.")


class NoTitleError(WorkflowsError):
    """Give the workflow a title of at most 200 characters."""


class UnreadableBundleError(WorkflowsError):
    """The file could not be read as a bundle."""


class CaseNameInUseError(WorkflowsError):
    """There is already a test case of this name. Choose another name."""


class InvalidCaseNameError(WorkflowsError):
    """Give the test case a name of at most 200 characters."""


class UnknownCaseError(WorkflowsError):
    """There is no test case of this name (any more). Load the page again."""


class TooManyCasesError(WorkflowsError):
    """This definition has as many test cases as it can have. Delete one first."""


class RoleInUseError(WorkflowsError):
    """This company role is in use. Take it out of the tasks and ticket types that name it first."""


class RoleNameInUseError(WorkflowsError):
    """There is already a company role of this name."""


class SecretShownError(WorkflowsError):
    """The signing secret was shown already. If it was not written down, make a new one."""


class ImportGoneError(WorkflowsError):
    """This file is no longer kept. Upload it again."""


class TicketTypeChangedError(WorkflowsError):
    """Somebody changed this ticket type after you opened the page. Check it, then save again."""


class AnotherVersionActiveError(WorkflowsError):
    """Another version of this ticket type is active. Switch that one off first."""


class WorkflowNotPublishedError(WorkflowsError):
    """Its workflow is not published, so that it could not be submitted. Publish that first."""


class TicketTypeKeyTakenError(WorkflowsError):
    """There is already a ticket type with this key. Choose another key."""


class PresetsRefusedError(WorkflowsError):
    """The form of the workflow does not accept these presets."""
