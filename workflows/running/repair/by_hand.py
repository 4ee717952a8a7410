"""What a task brings, or sends, is put right by hand; and what was changed beside it is noted."""

from __future__ import annotations

from tenants.models import User
from workflows.engine.process import Json, JsonObject
from workflows.errors import (
    InputNotCorrectableError,
    NothingChangedError,
    OutputReplacedError,
    TaskNotWorkableError,
    VoteNotYoursError,
)
from workflows.models import TaskInstance, TaskStatus, WorkflowEvent
from workflows.models.task_instance import UNFINISHED
from workflows.running.events.kind import EventKind
from workflows.running.events.of_blocks.branch_cancelled import Why
from workflows.running.events.of_repairs.changed import CHANGED
from workflows.running.events.of_steps.task_completed import TASK_COMPLETED
from workflows.running.events.of_talk.file_version import FILE_VERSION
from workflows.running.events.of_talk.team_file_version import TEAM_FILE_VERSION
from workflows.running.looking_back.kept_outputs import where_kept
from workflows.running.repair.check_output import check_object, check_output
from workflows.running.repair.guards import Guards
from workflows.running.state_manager import Move


class ByHand(Guards):
    """Completes tasks by hand, and corrects what came of them."""

    def finish_task(self, task: TaskInstance, *, output: JsonObject, reason: str) -> Move:
        """Complete a task that has not been completed with an output from a person's hand.

        The caller advances, and cleans up after the branches of a block, which are cancelled.

        Raises:
            TaskNotWorkableError: the task is completed or cancelled.
            VoteNotYoursError: it is a vote of an approval.
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
            InvalidDataError: the output does not fit the form, or the output schema.
        """
        self.ensure_running()
        if task.status not in UNFINISHED:
            raise TaskNotWorkableError
        if task.definition.is_vote:
            raise VoteNotYoursError
        output = check_output(task.definition, output)
        move = Move()
        self._cancel_branches(task, Why.BY_HAND, move)
        self._note_decided(task, move, output=output)
        task.complete(output=output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {task.definition.key: output})
        self._record(
            TASK_COMPLETED,
            task=task,
            data={"output": output, "by_hand": True, "reason": reason},
        )
        self._save_instance()
        return move

    def correct_output(self, task: TaskInstance, *, output: JsonObject, reason: str) -> None:
        """Put another output in the place of the one that conditions and transforms read now.

        Raises:
            OutputReplacedError: there is no output, or a later visit's has taken its place.
            VoteNotYoursError: it is a vote of an approval.
            NothingChangedError: it is the same.
            WorkflowEndedError: the workflow has ended.
            InvalidDataError: the output does not fit the form, or the output schema.
        """
        self.ensure_not_ended()
        if task.definition.is_vote:
            raise VoteNotYoursError
        kept = where_kept(task, self.positions)
        if kept is None:
            raise OutputReplacedError
        output = check_output(task.definition, output, kept=task.output_data)
        if output == task.output_data:
            raise NothingChangedError
        self._put_output(task, kept, output, {"reason": reason})

    def correct_input(self, task: TaskInstance, *, body: JsonObject, reason: str) -> None:
        """Let the call of a task in ERROR send something else from its next attempt on.

        Not for a call that is answered later: what it sends may name the address of its
        callback, which is another one for each attempt.

        Raises:
            InputNotCorrectableError: it is no such call, or not in ERROR.
            NothingChangedError: it is the same.
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
            InvalidDataError: the body does not fit the input schema.
        """
        self.ensure_running()
        if not task.definition.sends_the_same_again or task.status != TaskStatus.ERROR:
            raise InputNotCorrectableError
        check_object(body, task.definition.input_schema)
        if body == task.input_data:
            raise NothingChangedError
        old, task.input_data = task.input_data, body
        self._batch.update(task, "input_data")
        change: JsonObject = {"what": "input", "old": old, "new": body, "reason": reason}
        self._record(CHANGED, task=task, data=change)
        self._save_instance()

    def record_change(self, *, what: str, old: JsonObject, new: JsonObject, reason: str) -> None:
        """Write a change that was made outside the instance (of the ticket) into its history."""
        change: JsonObject = {"what": what, "old": old, "new": new, "reason": reason}
        self._record(CHANGED, data=change)
        self._save_instance()

    def record_message(self, kind: EventKind, *, number: int, by: User, reason: str = "") -> None:
        """Write into the history that a message of somebody was hidden, or shown again."""
        change: JsonObject = {"message": number, "from": str(by), "from_id": by.pk}
        if reason:
            change["reason"] = reason
        self._record(kind, data=change)
        self._save_instance()

    def record_mail(self, kind: EventKind, task: TaskInstance | None, **data: Json) -> None:
        """Write into the history what became of a mail to somebody outside.

        `task` sent it, or was left by the way on which it was sent; None: at the start.
        """
        self._record(kind, task=task, data=data)
        self._save_instance()

    def record_file_version(self, *, upload: str, version: int, is_for_team: bool) -> None:
        """Write into the history that a new version of a file came; `upload` is its key."""
        kind = TEAM_FILE_VERSION if is_for_team else FILE_VERSION
        self._record(kind, data={"upload": upload, "version": version})
        self._save_instance()


def corrected_input(task: TaskInstance) -> JsonObject | None:
    """What the task's call sends by a ticket admin's hand; None: what its transform makes."""
    changes = WorkflowEvent.objects.filter(task_instance=task, kind=CHANGED, data__what="input")
    change = changes.order_by("-pk").first()
    return None if change is None else change.data["new"]
