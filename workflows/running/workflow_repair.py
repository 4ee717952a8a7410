"""What a ticket admin does to a workflow instance: again under its row lock, one event each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tenants.models import User
from workflows.engine.process import Json, JsonObject
from workflows.errors import (
    CannotMoveError,
    CannotReassignError,
    InputNotCorrectableError,
    MayNotTakeOverError,
    NothingChangedError,
    NothingToRetryError,
    OutputReplacedError,
    TaskNotWorkableError,
    TaskWaitsError,
    VoteNotYoursError,
    WorkerNotEligibleError,
    WorkflowEndedError,
    WorkflowNotRunningError,
    WorkflowOnHoldError,
)
from workflows.fields.field import SeenBy
from workflows.models import (
    TaskInstance,
    TaskStatus,
    WorkflowEvent,
    WorkflowStatus,
)
from workflows.models.task_instance import ASSIGNMENT, UNFINISHED
from workflows.models.workflow_instance import ENDED
from workflows.running.assignment import assign_if_possible, assignee_data
from workflows.running.candidates import candidates_of, deputy_for_task, may_have
from workflows.running.check_output import check_object, check_output
from workflows.running.definition_cache import definition_of
from workflows.running.deputies import deputy_of
from workflows.running.events.assigned import ASSIGNED
from workflows.running.events.branch_cancelled import Why
from workflows.running.events.cancelled import CANCELLED
from workflows.running.events.changed import CHANGED
from workflows.running.events.duplicate import DUPLICATE
from workflows.running.events.file_version import FILE_VERSION
from workflows.running.events.held import HELD
from workflows.running.events.kind import EventKind
from workflows.running.events.released import RELEASED
from workflows.running.events.resumed import RESUMED
from workflows.running.events.retried import RETRIED
from workflows.running.events.task_completed import TASK_COMPLETED
from workflows.running.events.team_file_version import TEAM_FILE_VERSION
from workflows.running.events.version_changed import VERSION_CHANGED
from workflows.running.events.withdrawn import WITHDRAWN
from workflows.running.kept_outputs import where_kept
from workflows.running.moving import TargetVersion
from workflows.running.state_manager import Move, WorkflowStateManager
from workflows.running.workers import eligible_workers

WAITS_OR_WORKED = (TaskStatus.OPEN, TaskStatus.IN_PROGRESS, TaskStatus.PENDING)


class WorkflowRepair(WorkflowStateManager):
    """The state manager, in the hands of a ticket admin: `actor` did it, for a `reason`.

    Of whoever submitted the ticket, too, who takes it back (`withdraw`), and of a worker who says
    that it is a duplicate.

    `read_task` first: it locks the task's row too, for what takes tasks without the
    instance's lock (assigning what waits).
    """

    def ensure_not_ended(self) -> None:
        """Raises WorkflowEndedError."""
        if self.instance.status in ENDED:
            raise WorkflowEndedError

    def ensure_running(self) -> None:
        """Raises WorkflowEndedError, or WorkflowOnHoldError."""
        self.ensure_not_ended()
        if self.instance.status == WorkflowStatus.ON_HOLD:
            raise WorkflowOnHoldError

    def retry_start(self, *, reason: str) -> None:
        """Note that the start, or what follows of a cancel, is tried again; the caller advances.

        Raises:
            NothingToRetryError: the workflow has started in the meantime.
            WorkflowEndedError: it was cancelled.
        """
        self.ensure_running()
        is_to_start = self.instance.status == WorkflowStatus.NOT_STARTED
        if not (is_to_start or self.instance.is_to_clean_up):
            raise NothingToRetryError
        self._record(RETRIED, data={"reason": reason})
        self._save()

    def retry_transition(self, task: TaskInstance, *, reason: str) -> None:
        """The task's output stands, and the next transition is decided again; the caller advances.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more), or has no output.
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        if task.output_data is None:
            raise NothingToRetryError
        task.retry_transition()
        self._save_retried(task, reason=reason)

    def retry_task(self, task: TaskInstance, *, reason: str) -> None:
        """Do the task again: the caller defers an action's call. A form goes to whoever had it.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more).
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        had_it = task.assigned_to
        task.retry()
        task.completed_at = None
        if task.definition.is_block and self.positions.of_block(task):
            task.start(now=self.now)  # its branches go on; what has failed was its time
        self._save_retried(task, reason=reason)
        if task.definition.is_form:
            may = had_it is not None and may_have(task, had_it)
            self._assign_or_release(task, had_it if may else None, reason=reason)

    def complete_kept(
        self,
        task: TaskInstance,
        *,
        output: JsonObject,
        by: User,
        reason: str,
        write_changes: Callable[[], None] = lambda: None,
    ) -> None:
        """Complete a form in error with what its worker has sent, and the caller checked.

        The caller advances. `write_changes` writes what else the form changes, as its worker's.

        Raises:
            NothingToRetryError: the task is not in ERROR (any more).
            WorkflowEndedError, WorkflowOnHoldError: the workflow does not run.
        """
        self._ensure_failed(task)
        retried: JsonObject = {"status": str(task.status), "reason": reason}
        self._record(RETRIED, task=task, data=retried)
        with self._acting(by):
            write_changes()
            self._complete(task, output=output)

    def catch_up_failure(self, task: TaskInstance, *, reason: str) -> None:
        """Put the current task into ERROR, which the database has refused when it failed.

        One that has ended otherwise, or is in ERROR, is left alone.
        """
        failed = (*WAITS_OR_WORKED, TaskStatus.COMPLETED)
        if task.status in failed and self.positions.is_current(task):
            with self._acting(None):
                self._fail(task, data={"error": reason})

    @contextmanager
    def _acting(self, who: User | None) -> Iterator[None]:
        """What is done inside is another's doing (None: the system's)."""
        actor, self.actor = self.actor, who
        try:
            yield
        finally:
            self.actor = actor

    def _ensure_failed(self, task: TaskInstance) -> None:
        self.ensure_running()
        if task.status != TaskStatus.ERROR or not self.positions.is_current(task):
            raise NothingToRetryError

    def _save_retried(self, task: TaskInstance, *, reason: str) -> None:
        self._batch.update(task, "status", "completed_at")
        self._record(RETRIED, task=task, data={"status": str(task.status), "reason": reason})
        self._save_instance()

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

    def record_file_version(self, *, upload: str, version: int, is_for_team: bool) -> None:
        """Write into the history that a new version of a file came; `upload` is its key."""
        kind = TEAM_FILE_VERSION if is_for_team else FILE_VERSION
        self._record(kind, data={"upload": upload, "version": version})
        self._save_instance()

    def record_mail(self, kind: EventKind, task: TaskInstance, **data: Json) -> None:
        """Write into the history what became of a mail of a task to somebody outside."""
        self._record(kind, task=task, data=data)
        self._save_instance()

    def reassign(
        self,
        task: TaskInstance,
        *,
        to: User | None,
        reason: str,
        from_deputy: bool = False,
        against_rule: bool = False,
    ) -> User | None:
        """Give a form to somebody else; None: to whoever's turn it is, or to nobody for now.

        What is given to somebody who is away goes to who stands in for them, unless that person
        may not be given it, or is the one who gives it. `from_deputy`: if they have it already it
        is taken from them, and goes to whoever is away. A form in ERROR is to be filled in again.
        A vote may be given to every task worker who has none of the same approval, and whom that
        may ask. `against_rule`: a task worker whom the task's own rule keeps from it may be given
        it, but for a vote, which the history says; for a ticket admin.
        Returns who has it then.

        Raises:
            CannotReassignError: it is a call, or it is completed or cancelled.
            WorkerNotEligibleError: this person may not be given the task.
            NothingChangedError: this person has it already, or who stands in for them.
            WorkflowEndedError: the workflow has ended.
        """
        self.ensure_not_ended()
        if not task.definition.is_form or task.status not in UNFINISHED:
            raise CannotReassignError
        is_override = False
        is_delegated = False
        if to is not None and not (candidates := candidates_of(task)).may_have(to):
            is_delegated = candidates.is_vote and candidates.may_be_handed(to)
            may = against_rule and task.definition.assign_to and not candidates.is_vote
            if not is_delegated:
                if not may or not eligible_workers(None).filter(pk=to.pk).exists():
                    raise WorkerNotEligibleError
                is_override = True
        absent = to
        if not is_override:
            to = self._who_stands_in(task, to, from_deputy=from_deputy) or to
        failed = task.status == TaskStatus.ERROR
        if to is not None and task.assigned_to_id == to.pk and not failed:
            raise NothingChangedError
        if task.waits_for_answer:
            self._go_on(task, without=True)
        task.completed_at = None
        data: JsonObject = {"override": True} if is_override else {}
        if is_delegated:
            data["delegated"] = True
        absent = None if absent == to else absent
        self._assign_or_release(task, to, reason=reason, absent=absent, data=data)
        return task.assigned_to

    def take_over(self, task: TaskInstance) -> None:
        """Give a form to the actor, who stands in for whoever has it and is away, or to whom a
        reminder has offered it.

        Raises:
            MayNotTakeOverError: neither is so, or they may not be given it.
            TaskWaitsError: it waits for an answer.
        """
        absent, actor = task.assigned_to, self.actor
        if absent is None or actor is None or absent == actor:
            raise MayNotTakeOverError
        is_offered = candidates_of(task).is_added(actor)
        if not is_offered and deputy_for_task(absent, task) != actor:
            raise MayNotTakeOverError
        if task.waits_for_answer:
            raise TaskWaitsError
        self.ensure_workable(task)
        if is_offered:
            self._assign_or_release(task, actor, reason="", data={"offered": True})
        else:
            self._assign_or_release(task, actor, reason="", absent=absent)

    def give_to_deputy(self, task: TaskInstance) -> User | None:
        """Give a form that waits to the deputy of whoever has it, who need not be away.

        Returns the deputy; None: there is none who may have it.
        """
        had_it = task.assigned_to
        deputy = None if had_it is None else deputy_of(had_it)
        if deputy is None or not candidates_of(task).may_stand_in(deputy):
            return None
        self._assign_or_release(task, deputy, reason="", absent=had_it)
        return deputy

    def _who_stands_in(
        self, task: TaskInstance, to: User | None, *, from_deputy: bool
    ) -> User | None:
        """The one who is to be given it in their place, as it stands in the database."""
        if to is None or to.pk == task.assigned_to_id:
            return None
        stored = User.objects.get(pk=to.pk)
        deputy = deputy_for_task(stored, task)
        if deputy is None or deputy == self.actor:
            return None
        return None if from_deputy and deputy.pk == task.assigned_to_id else deputy

    def _assign_or_release(
        self,
        task: TaskInstance,
        to: User | None,
        *,
        reason: str,
        absent: User | None = None,
        data: JsonObject | None = None,
    ) -> None:
        given: JsonObject | None = None
        if to is not None:
            task.assign(to=to, now=self.now)
            given = assignee_data(to)
        elif (given := assign_if_possible(task, now=self.now)) is None:
            if task.status == TaskStatus.ERROR:
                task.retry()
            task.release()
        self._batch.update(task, *ASSIGNMENT, "completed_at")
        said: JsonObject = {**(data or {}), **({"reason": reason} if reason else {})}
        if absent is not None:
            said |= {"for": str(absent), "for_id": absent.pk}
        if given is None:
            self._record(RELEASED, task=task, data=said)
        else:
            self._record(ASSIGNED, task=task, data={**given, **said})
        self._save_instance()

    def move_to_version(
        self, target: TargetVersion, tasks: Sequence[TaskInstance], *, reason: str
    ) -> None:
        """Let the instance go on in another version of its workflow, where its task stands now.

        `tasks` are its current ones: see `read_current_tasks`. What earlier tasks have said stays.
        A form stays with whoever has it, if they may be given it there too; a task in ERROR stays
        so, until it is retried.

        Raises:
            CannotMoveError: it does not fit that version; says why.
        """
        obstacle = target.obstacle(self.instance, tasks)
        if obstacle:
            raise CannotMoveError(obstacle)
        paths = list(self.positions.paths.values()) if len(tasks) > 1 else []
        versions: JsonObject = {
            "from": self.instance.workflow.version,
            "to": target.workflow.version,
            "reason": reason,
        }
        outputs = self.instance.data
        if target.renamed:
            versions["renamed"] = dict[str, Json](target.renamed)
        self._record(VERSION_CHANGED, data=versions)
        self.instance.workflow = target.workflow
        self.instance.data = {target.new_key(key): value for key, value in outputs.items()}
        for path in paths:
            path.data = {target.new_key(key): value for key, value in path.data.items()}
            self._batch.update(path, "data")
        for task in tasks:
            task.definition = target.tasks[target.new_key(task.definition.key)]
            self._batch.update(task, "definition")
        self._save_instance("workflow", "data")
        for task in tasks:
            if task.definition.is_form and task.status in WAITS_OR_WORKED:
                self._find_worker(task, reason=reason)

    def give_out_by_answers(self, *, reason: str) -> None:
        """After answers were corrected: whom they name now may be given what waits for somebody."""
        for current in self.positions.current_tasks():
            if not current.definition.is_form or not current.definition.assign_to:
                continue
            task = self.read_task(current.pk)
            if task.status == TaskStatus.PENDING and task.assigned_to_id is None:
                self._find_worker(task, reason=reason)

    def _find_worker(self, task: TaskInstance, *, reason: str) -> None:
        """After something about a form has changed: keep who has it, or find somebody."""
        if task.assigned_to_id is not None:
            if task.assigned_to is not None and not may_have(task, task.assigned_to):
                if task.waits_for_answer:
                    self._go_on(task, without=True)
                self._assign_or_release(task, None, reason=reason)
            return
        is_running = self.instance.status == WorkflowStatus.IN_PROGRESS
        if is_running and self._send_outside(task):
            self._save()
            return
        given = assign_if_possible(task, now=self.now) if is_running else None
        if given is not None:
            self._batch.update(task, *ASSIGNMENT)
            self._record(ASSIGNED, task=task, data={**given, "reason": reason})
            self._save()

    def hold(self, *, reason: str) -> None:
        """Move no further until `resume`.

        Raises:
            WorkflowOnHoldError: it is on hold already.
            WorkflowEndedError: it has ended.
            WorkflowNotRunningError: it has not started.
        """
        self.ensure_running()
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            raise WorkflowNotRunningError
        self.instance.hold()
        self._record(HELD, data={"reason": reason})
        self._save_instance("status")

    def resume(self, tasks: Sequence[TaskInstance], *, reason: str) -> None:
        """Go on where `hold` stopped; the caller advances, and defers the calls that are due.

        `tasks` are its current ones: see `read_current_tasks`. A form of somebody who may not be
        given it any more, or of nobody, finds a worker.

        Raises:
            WorkflowEndedError: it has ended.
            WorkflowNotRunningError: it is not on hold.
        """
        self.ensure_not_ended()
        if self.instance.status != WorkflowStatus.ON_HOLD:
            raise WorkflowNotRunningError
        self.instance.resume()
        self._record(RESUMED, data={"reason": reason})
        self._save_instance("status")
        for task in tasks:
            if task.definition.is_form and task.status in WAITS_OR_WORKED:
                self._find_worker(task, reason=reason)

    def cancel(self, *, reason: str) -> list[TaskInstance]:
        """End it here, with all of its unfinished tasks, which are returned.

        Where its workflow has ways to clean up it `is_to_clean_up` then: the caller advances.
        Whoever submitted the ticket reads the reason: the caller has said so.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(CANCELLED, reason=reason)

    def withdraw(self, *, reason: str) -> list[TaskInstance]:
        """As `cancel`, by whoever submitted the ticket: `actor`, as the caller has checked.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(WITHDRAWN, reason=reason)

    def close_as_duplicate(self, *, of: int, called: str, reason: str) -> list[TaskInstance]:
        """As `cancel`: the ticket `of`, which people call `called`, is about the same.

        Raises:
            WorkflowEndedError: it has ended already.
        """
        return self._end_early(DUPLICATE, reason=reason, data={"of": of, "called": called})

    def _end_early(
        self, kind: EventKind, *, reason: str, data: JsonObject | None = None
    ) -> list[TaskInstance]:
        self.ensure_not_ended()
        if self.instance.cleans_up:
            raise WorkflowEndedError
        unfinished = (
            TaskInstance.objects.filter(workflow_instance=self.instance)
            .unfinished()
            .select_related("definition")
            .order_by("pk")
            .select_for_update(of=("self",), no_key=True)
        )
        tasks = list(unfinished)
        for task in tasks:
            task.cancel(now=self.now)
            self._batch.update(task, "status", "completed_at")
        if any(task.definition.is_block for task in tasks):
            for path in self.positions.paths.values():
                if path.is_open:
                    path.cancel(now=self.now)
                    self._batch.update(path, "status", "ended_at")
        told: JsonObject = {"reason": reason, "seen_by": SeenBy.REQUESTER.value, **(data or {})}
        current = self.instance.current_task
        if current is not None and self._has_cancel_ways(current):
            told["at"] = current.pk
            self.instance.clean_up()
            self._record(kind, data=told)
            self._save_instance("status", "current_task", "was_cancelled")
            return tasks
        self.instance.cancel(now=self.now)
        self._record(kind, data=told)
        self._save_instance("status", "completed_at")
        return tasks

    def _has_cancel_ways(self, task: TaskInstance) -> bool:
        process = definition_of(self.instance.workflow_id).process
        return bool(process.cancel_ways(task.definition.key))


def corrected_input(task: TaskInstance) -> JsonObject | None:
    """What the task's call sends by a ticket admin's hand; None: what its transform makes."""
    changes = WorkflowEvent.objects.filter(task_instance=task, kind=CHANGED, data__what="input")
    change = changes.order_by("-pk").first()
    return None if change is None else change.data["new"]
