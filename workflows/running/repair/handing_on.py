"""Who has a form is changed: by a ticket admin, a deputy, or what was corrected."""

from __future__ import annotations

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.errors import (
    CannotReassignError,
    MayNotTakeOverError,
    NothingChangedError,
    TaskWaitsError,
    WorkerNotEligibleError,
)
from workflows.models import TaskInstance, TaskStatus, WorkflowStatus
from workflows.models.task_instance import ASSIGNMENT, UNFINISHED
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.released import RELEASED
from workflows.running.people.assignment import assign_if_possible, assignee_data
from workflows.running.people.candidates import candidates_of, deputy_for_task, may_have
from workflows.running.people.deputies import deputy_of
from workflows.running.people.workers import eligible_workers
from workflows.running.repair.guards import Guards


class HandingOn(Guards):
    """Gives forms to others."""

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
