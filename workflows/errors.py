from __future__ import annotations

from workflows.engine.validation import FieldProblem


class WorkflowsError(Exception):
    """Something about workflows went wrong."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class InvalidDataError(WorkflowsError):
    """The data does not fit the form."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        self.problems = problems
        super().__init__(
            "; ".join(f"{p.field}: {p.message}" if p.field else p.message for p in problems)
        )


class TaskNotWorkableError(WorkflowsError):
    """This task is not open any more: somebody finished or cancelled it in the meantime."""


class NotYourTaskError(WorkflowsError):
    """This task was given to somebody else."""


class NotADraftError(WorkflowsError):
    """Only a draft can be changed or published. Make a new draft version first."""


class NotPublishableError(WorkflowsError):
    """This definition has problems that must be mended before it can be published."""
