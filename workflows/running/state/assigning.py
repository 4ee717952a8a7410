"""Who is given the forms of an instance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tenants.models import User
from workflows.engine.process import JsonObject
from workflows.errors import TaskTakenError
from workflows.models import TaskInstance, TaskStatus
from workflows.models.task_instance import ASSIGNMENT
from workflows.running.events.of_people.assigned import ASSIGNED
from workflows.running.events.of_people.released import RELEASED
from workflows.running.events.of_people.sent_outside import SENT_OUTSIDE
from workflows.running.people.assignment import (
    assign_by_rule,
    assign_if_possible,
    assign_together,
    assign_with_next_write,
    assignee_data,
)
from workflows.running.people.outside import find_contact, send_link
from workflows.running.people.votes import assign_votes
from workflows.running.state.tasks import TaskChanger


class Assigner(TaskChanger):
    """Gives forms to people, and takes them back."""

    def claim_task(self, task: TaskInstance, *, by: User) -> None:
        """Give a form that nobody has to whoever asks for it; the caller holds the assignment.

        Raises:
            TaskTakenError: somebody has it.
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        if task.assigned_to_id is not None or task.status != TaskStatus.PENDING:
            raise TaskTakenError
        task.assign(to=by, now=self.now)
        self._batch.update(task, *ASSIGNMENT)
        self._record(ASSIGNED, task=task, data={**assignee_data(by), "claimed": True})
        self._save()

    def release_task(self, task: TaskInstance, *, by: User) -> None:
        """Put a form back, for another worker: at once, or whoever is available or claims it next.

        Raises:
            TaskNotWorkableError: the task has ended, or the workflow does not run.
        """
        self.ensure_workable(task)
        task.release(by=by)
        data: JsonObject = {"from": str(by), "from_id": by.pk}
        self._record(RELEASED, task=task, data=data)
        given = assign_if_possible(task, now=self.now)
        if given is not None:
            self._record(ASSIGNED, task=task, data=given)
        self._batch.update(task, *ASSIGNMENT)
        self._save()

    def _assign_all(self, forms: Sequence[TaskInstance], *, ended: int) -> None:
        """Give new forms to people, of several those whose definitions have no rule at once."""
        by_rule = [each for each in forms if each.definition.assign_to]
        plain = [each for each in forms if not each.definition.assign_to]
        if plain and self._has_cancelled:  # who had those has less to do now
            self._batch.write()
            self._has_cancelled = False
        if len(plain) == 1:
            self._assign(plain[0], ended=ended)
        elif plain:
            self.next_definition = plain[0].definition
            if self._batch.finds:
                self._batch.write()
            given = assign_together(plain, now=self.now, ended=ended)
            for task, data in zip(plain, given, strict=True):
                self._batch.update(task, *ASSIGNMENT)
                if data is not None:
                    self._record(ASSIGNED, task=task, data=data)
        for approval, some in groupby(by_rule, key=_approval_of):
            if approval is None:
                for task in some:
                    self.next_definition = task.definition
                    self._assign_by_rule(task)
            else:
                self._assign_votes([*some])

    def _assign(self, task: TaskInstance, *, ended: int) -> None:
        self.next_definition = task.definition
        if self._batch.finds:  # of two forms the second goes by whom the first was given
            self._batch.write()
        assign_with_next_write(task, self._batch, now=self.now, ended=ended)
        self._batch.update(task, *ASSIGNMENT)

    def _assign_by_rule(self, task: TaskInstance) -> None:
        """The rule asks who did what until now, and whose ticket it is: all of that is written."""
        self._batch.write()
        if self._send_outside(task):
            return
        given = assign_by_rule(task, now=self.now)
        self._batch.update(task, *ASSIGNMENT)
        if given is not None:
            self._record(ASSIGNED, task=task, data=given)

    def _assign_votes(self, votes: Sequence[TaskInstance]) -> None:
        """Of one approval. As `_assign_by_rule` of each, all at once."""
        self.next_definition = votes[0].definition
        self._batch.write()
        for vote, data in zip(votes, assign_votes(votes, now=self.now), strict=True):
            self._batch.update(vote, *ASSIGNMENT)
            if data is not None:
                self._record(ASSIGNED, task=vote, data=data)

    def _send_outside(self, task: TaskInstance) -> bool:
        """Send a form to whom outside it is for; returns whether somebody outside has it.

        What the rule reads is written. Where the answer names another address than before, the
        links of the old one are gone.
        """
        if not task.definition.rule.is_for_outside:
            if task.contact_id is not None:  # in the version that it was moved to
                task.contact = None
                self._batch.update(task, "contact")
            return False
        contact = find_contact(task)
        if contact is None or contact.pk == task.contact_id:
            return task.contact_id is not None
        task.contact = contact
        self._batch.update(task, "contact")
        self._record(SENT_OUTSIDE, task=task, data={"to_contact": True})
        send_link(task, now=self.now)
        return True


def _approval_of(task: TaskInstance) -> int | None:
    """The id of the approval whose vote a task is; None: it is none."""
    if task.path is None or not task.definition.is_vote:
        return None
    return task.path.block_task_id
