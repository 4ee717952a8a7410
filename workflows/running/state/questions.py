"""A form that waits for an answer of the requester."""

from __future__ import annotations

from workflows.errors import TaskNotWorkableError
from workflows.models import TaskInstance, WorkflowStatus
from workflows.running.events.of_talk.answered import ANSWERED
from workflows.running.events.of_talk.asked import ASKED
from workflows.running.people.candidates import may_have
from workflows.running.questions import QUESTION_ENDED, due_after_question
from workflows.running.state.assigning import Assigner


class Questions(Assigner):
    """Lets a form wait, and go on."""

    def ask_requester(self, task: TaskInstance) -> None:
        """Let a form wait for an answer of whoever submitted the ticket; its worker keeps it.

        Raises:
            TaskNotWorkableError: the task has ended or waits already, or the workflow does not run.
        """
        self.ensure_workable(task)
        if not task.is_workable:
            raise TaskNotWorkableError
        due = "" if task.due_at is None else task.due_at.isoformat()
        task.ask()
        self._batch.update(task, "status", "due_at")
        self._record(ASKED, task=task, data={"due": due})
        self._save()

    def end_question(self, task: TaskInstance, *, without: bool) -> None:
        """Let a form go on that waits for an answer; also on hold.

        It has as much working time as was left: see `due_after_question`. Where its worker may not
        be given it any more, it is given to somebody else; on hold that is done when the workflow
        is resumed.
        """
        self._go_on(task, without=without)
        worker = task.assigned_to
        if worker is None or may_have(task, worker):
            return
        if self.instance.status == WorkflowStatus.IN_PROGRESS:
            self.release_task(task, by=worker)

    def _go_on(self, task: TaskInstance, *, without: bool) -> None:
        task.go_on(due_at=due_after_question(task, now=self.now))
        self._batch.update(task, "status", "due_at")
        self._record(ANSWERED, task=task, data={"without": True} if without else {})
        self._save()
        QUESTION_ENDED.call_all(task, self.now)
