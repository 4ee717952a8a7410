"""What is refused of definitions, and of the workflows that run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from tenants.errors import TicketFlowerError
from workflows.engine.problems import FieldProblem

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.models import User


# Of many names, in one sentence.
MOST_NAMED: Final = 10


class WorkflowsError(TicketFlowerError):
    """Something about definitions or workflows is refused."""

    message = _("This is not possible for this workflow.")


# Answers and other data


class InvalidDataError(WorkflowsError):
    """`problems` says what is wrong, and at which field; it says them all."""

    message = _("The data does not fit the form.")
    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = list(problems)
        super().__init__(
            "; ".join(f"{p.field}: {p.message}" if p.field else p.message for p in problems)
        )


# Tasks and workflows that run


class TaskNotWorkableError(WorkflowsError):
    message = _(
        "This task is not open any more: somebody finished or cancelled it in the meantime."
    )


class WorkflowOnHoldError(TaskNotWorkableError):
    message = _("This ticket is on hold: a ticket admin has stopped it for now. Try again later.")


class TaskWaitsError(TaskNotWorkableError):
    message = _("It waits for an answer. Go on without one first.")


class NotWaitingError(WorkflowsError):
    message = _("This task does not wait for an answer any more: you can go on.")


class WorkflowEndedError(WorkflowsError):
    message = _(
        "This ticket has ended already: it was completed or cancelled. Nothing was changed."
    )


class WorkflowNotRunningError(WorkflowsError):
    message = _("This is not possible in the state that the ticket is in now. Load the page again.")


class NothingToRetryError(WorkflowsError):
    message = _(
        "There is nothing to try again: the step is no longer in error. Load the page again."
    )


class NothingChangedError(WorkflowsError):
    message = _("It was like this already, so that nothing was changed.")


class InputNotCorrectableError(WorkflowsError):
    message = _(
        "Only what a failed call sends, and waits for no callback, can be corrected by hand."
    )


class OutputReplacedError(WorkflowsError):
    message = _("This task has no output that still counts: correct the latest one of this task.")


class CannotReassignError(WorkflowsError):
    message = _(
        "This task cannot be given to anybody: it has ended, or it is done by another system."
    )


class WorkerNotEligibleError(WorkflowsError):
    message = _(
        "This person may not be given this task: it takes an active task worker of the right role."
    )


class MayNotTakeOverError(WorkflowsError):
    message = _(
        "You do not stand in for whoever has this task, or may not be given it: it takes the "
        "task's company role."
    )


class DeputyError(WorkflowsError):
    field = "deputy"
    message = _("Choose an active colleague who does tasks.")


class AccountNameError(WorkflowsError):
    message = _("Give the service account a name, of at most 255 characters.")
    field = "name"


class ManagerError(WorkflowsError):
    field = "manager"
    message = _("Choose an active colleague: nobody is their own manager.")


class TaskTakenError(WorkflowsError):
    message = _("Somebody else has this task now: it was claimed by them, or given to them.")


class MayNotClaimError(WorkflowsError):
    message = _("You may not claim this task: it takes a task worker of the right company role.")


class NotYourTaskError(WorkflowsError):
    message = _("This task was given to somebody else.")


class VoteNotYoursError(WorkflowsError):
    message = _(
        "A vote is what its approver says: give the task to somebody else who may vote, or finish "
        "the approval by hand."
    )


class OtherInstanceError(WorkflowsError):
    message = _("This task belongs to another workflow instance.")


class CannotMoveError(WorkflowsError):
    """Whoever raises it says why."""

    message = _("This ticket cannot be moved to that version.")


class RenamedTasksError(WorkflowsError):
    """Whoever raises it says why; `task` is the key that the task had."""

    message = _("This task cannot stand for one of an older version.")

    def __init__(self, said: str = "", *, task: str = "") -> None:
        super().__init__(said)
        self.task = task


class HistoryError(WorkflowsError):
    message = _("The history names a task that it has not seen made: it is not whole.")


# Definitions and their versions


class NotADraftError(WorkflowsError):
    message = _("Only a draft can be changed or published. Make a new draft version first.")


class DraftGoneError(WorkflowsError):
    message = _("Somebody else has deleted this draft already.")
    status = HTTPStatus.GONE


class DraftInUseError(WorkflowsError):
    """`uses` says where, a sentence each."""

    message = _("This draft is in use, so that it cannot be deleted. %(uses)s")

    def __init__(self, uses: Sequence[str]) -> None:
        self.uses = list(uses)
        super().__init__()

    def words(self) -> Mapping[str, object]:
        return {"uses": " ".join(self.uses)}


class NotPublishedError(WorkflowsError):
    message = _("This version is no longer the published one. Load the page again.")


class DraftChangedError(WorkflowsError):
    """`by` is who has saved it (None: unknown, or a program), `at` when."""

    message = _("%(who)s has saved this draft (%(when)s) after you opened it.")
    message_without_person = _("This draft was changed elsewhere (%(when)s) after you opened it.")

    def __init__(self, *, by: User | None, at: datetime) -> None:
        self.by = by
        self.at = at
        if by is None:
            self.message = self.message_without_person
        super().__init__()

    def words(self) -> Mapping[str, object]:
        return {"who": self.by, "when": date_format(localtime(self.at), "DATETIME_FORMAT")}


class UnreadDraftError(WorkflowsError):
    message = _(
        "An assistant has written in this draft. Read what is new in it, and publish it here."
    )


class DraftThereError(WorkflowsError):
    """`pk` and `version` are of the other draft; `by` has saved it last, `at` says when."""

    message = _("There is a next draft already: version %(version)d, of %(who)s (%(when)s).")
    message_without_person = _("There is a next draft already: version %(version)d (%(when)s).")

    def __init__(self, *, pk: int, version: int, by: User | None, at: datetime) -> None:
        self.pk, self.version, self.by, self.at = pk, version, by, at
        if by is None:
            self.message = self.message_without_person
        super().__init__()

    def words(self) -> Mapping[str, object]:
        when = date_format(localtime(self.at), "DATETIME_FORMAT")
        return {"version": self.version, "who": self.by, "when": when}


class RolesNotThereError(WorkflowsError):
    """A definition names company roles that whoever keeps it may not make; `names` are these."""

    message = _(
        "The company does not have these company roles: %(roles)s. An admin makes them first; "
        "then send this again."
    )
    status = HTTPStatus.FORBIDDEN

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__()

    def words(self) -> Mapping[str, object]:
        shown = ", ".join(self.names[:MOST_NAMED])
        return {"roles": f"{shown}, …" if len(self.names) > MOST_NAMED else shown}


class NoTitleError(WorkflowsError):
    """`most` is how many characters a title may have."""

    message = _("Give the workflow a title of at most %(most)d characters.")

    def __init__(self, *, most: int) -> None:
        self.most = most
        super().__init__()


# Bundles and files


class UnreadableBundleError(WorkflowsError):
    """Whoever raises it says why."""

    message = _("The file could not be read as a bundle.")
    status = HTTPStatus.BAD_REQUEST


class ImportGoneError(WorkflowsError):
    message = _("This file is no longer kept. Upload it again.")


# Test cases


class CaseNameInUseError(WorkflowsError):
    message = _("There is already a test case of this name. Choose another name.")


class InvalidCaseNameError(WorkflowsError):
    """`most` is how many characters a name may have."""

    message = _("Give the test case a name of at most %(most)d characters.")

    def __init__(self, *, most: int) -> None:
        self.most = most
        super().__init__()


class UnknownCaseError(WorkflowsError):
    message = _("There is no longer a test case of this name. Load the page again.")


class TooManyCasesError(WorkflowsError):
    message = _("This definition has as many test cases as it can have. Delete one first.")


# Company roles and the signing secret


class RoleInUseError(WorkflowsError):
    message = _(
        "This company role is in use. Take it out of the tasks and ticket types that name it first."
    )


class RoleNameEmptyError(WorkflowsError):
    message = _("Give the company role a name that can be read.")
    field = "name"


class RoleNameInUseError(WorkflowsError):
    message = _("There is already a company role of this name.")
    field = "name"


class SecretShownError(WorkflowsError):
    message = _("The signing secret was shown already. If it was not written down, make a new one.")


# Ticket types


class TicketTypeChangedError(WorkflowsError):
    message = _(
        "Somebody changed this ticket type after you opened the page. Check it, then save again."
    )


class TicketTypeNotOfferedError(WorkflowsError):
    message = _("This ticket type is not offered, so that none of its tickets can start by itself.")


class StartsRefusedError(WorkflowsError):
    """`key` is that of the start that cannot be; empty: there are too many, or one twice."""

    message = _("Give each start its own key, and at most 50 of them.")

    def __init__(self, said: str = "", *, key: str) -> None:
        super().__init__(said)
        self.key = key


class AnotherVersionActiveError(WorkflowsError):
    """`version` is the number of the other one."""

    message = _("Version %(version)s of this ticket type is active. Switch that one off first.")

    def __init__(self, *, version: int) -> None:
        self.version = version
        super().__init__()


class WorkflowNotPublishedError(WorkflowsError):
    message = _(
        "Its workflow is not published, so that it could not be submitted. Publish that first."
    )


class TicketTypeKeyTakenError(WorkflowsError):
    message = _("There is already a ticket type with this key. Choose another key.")
    field = "key"


class PresetsRefusedError(WorkflowsError):
    """`problem` is what is wrong with one of them."""

    message = _("%(field)s: %(problem)s")

    def __init__(self, problem: FieldProblem) -> None:
        self.problem = problem
        super().__init__()

    def words(self) -> Mapping[str, object]:
        return {"field": self.problem.field, "problem": self.problem.message}
