"""Whether a running workflow instance fits another version of its workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from django.utils.translation import gettext as _

from workflows.engine.errors import FieldError, SchemaError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json
from workflows.engine.steps.approvals import vote_key
from workflows.engine.steps.blocks import branch_of
from workflows.errors import InvalidDataError, RenamedTasksError, WorkflowEndedError
from workflows.fields.facts import KEPT_ANSWERS
from workflows.models import (
    TaskDefinition,
    TaskInstance,
    TaskStatus,
    WorkflowDefinition,
    WorkflowInstance,
)
from workflows.models.workflow_instance import ENDED
from workflows.running.repair.check_output import check_output

# The states in which a call is about to be made, is being made, or is waited for.
UNDER_WAY = (TaskStatus.OPEN, TaskStatus.PENDING, TaskStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class TargetVersion:
    """A version that instances are moved to, with its tasks by their keys.

    `renamed` are keys of older versions, of tasks that this one does not have, and the keys of
    those that stand for them here.
    """

    workflow: WorkflowDefinition
    tasks: Mapping[str, TaskDefinition]
    renamed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, workflow: WorkflowDefinition, renamed: Mapping[str, str] | None = None) -> Self:
        """Raises RenamedTasksError: a task stands for two, or there is none of that key."""
        tasks = {task.key: task for task in workflow.tasks.select_related("candidate_role")}
        effective = {old: new for old, new in (renamed or {}).items() if old not in tasks}
        for old, new in effective.items():
            if new not in tasks:
                message = _("Version %(version)s has no task “%(task)s”. Choose another one.")
                words = {"version": workflow.version, "task": new}
                raise RenamedTasksError(message % words, task=old)
            if [*effective.values()].count(new) > 1:
                message = _("“%(task)s” can stand for one task only. Choose another one.")
                raise RenamedTasksError(message % {"task": tasks[new].title}, task=old)
        for old, new in list(effective.items()):
            if vote_key(new) in tasks:  # the votes of an approval go with it
                effective[vote_key(old)] = vote_key(new)
        return cls(workflow, tasks, effective)

    def task_for(self, key: str) -> TaskDefinition | None:
        """The task that stands here for that of an older version; None where there is none."""
        return self.tasks.get(self.new_key(key))

    def new_key(self, key: str) -> str:
        return self.renamed.get(key, key)

    def obstacle(self, instance: WorkflowInstance, tasks: Sequence[TaskInstance]) -> str:
        """Why the instance cannot go on here, as a sentence; empty where it can.

        `tasks` are its current tasks, that of the main path first; none before the start. Fetch
        those in branches with their paths' blocks.
        """
        if instance.status in ENDED:
            return str(WorkflowEndedError())
        if instance.workflow_id == self.workflow.pk:
            return _("It runs on version %(version)s already.") % self._words(None)
        outputs = instance.data if isinstance(instance.data, dict) else {}
        been_to = {*outputs, *(task.definition.key for task in tasks)}
        for each in tasks:
            been_to |= {*(each.path.data if each.path is not None else ())}
        for old, new in self.renamed.items():
            if old in been_to and new in been_to:
                message = _("“%(old)s” cannot become “%(task)s”: the ticket has been there, too.")
                return message % {"old": old, "task": self.tasks[new].title}
        obstacles = (self._obstacle_of_task(task) for task in tasks)
        return next((each for each in obstacles if each), "")

    def _obstacle_of_task(self, task: TaskInstance) -> str:
        words = self._words(task)
        definition = self.task_for(task.definition.key)
        if definition is None:
            return _("It is at “%(task)s”, which version %(version)s does not have.") % words
        if definition.task_type != task.definition.task_type:
            return _("“%(task)s” is of another type in version %(version)s.") % words
        obstacle = self._obstacle_of_place(task, definition, words)
        if obstacle:
            return obstacle
        if task.status == TaskStatus.COMPLETED:
            return _("It is just leaving “%(task)s”. Try again in a moment.") % words
        if definition.is_call and task.status in UNDER_WAY:
            return _("The call of “%(task)s” is under way. Try again when it has ended.") % words
        is_other = definition.ticket_type != task.definition.ticket_type
        if is_other and task.status == TaskStatus.IN_PROGRESS:
            return _("“%(task)s” starts other tickets in version %(version)s.") % words
        if task.output_data is None:
            return ""
        return self._obstacle_of_output(definition, task.output_data, words)

    def _obstacle_of_place(
        self, task: TaskInstance, definition: TaskDefinition, words: Mapping[str, object]
    ) -> str:
        """It must stand in the same branch there, and a block have the branches that run."""
        branch = branch_of(definition.branch)
        path = task.path
        if path is None:
            if branch is not None:
                return _("“%(task)s” stands in a branch in version %(version)s.") % words
        else:
            block = self.task_for(path.block_task.definition.key)
            if block is None or branch != (block.key, path.branch):
                return _("“%(task)s” stands in another branch in version %(version)s.") % words
        old, new = task.definition.block, definition.block
        if old is None or new is None:
            return ""
        same = {each.key for each in old.branches} <= {each.key for each in new.branches}
        if not same or old.is_list != new.is_list:
            return _("“%(task)s” has other branches in version %(version)s.") % words
        if (old.ends_when, old.ending, old.approval) != (new.ends_when, new.ending, new.approval):
            return _("“%(task)s” ends in another way in version %(version)s.") % words
        return ""

    def _obstacle_of_output(
        self, definition: TaskDefinition, output: Json, words: Mapping[str, object]
    ) -> str:
        """A task that is in error although it is done: the next transition reads its output."""
        try:
            check_output(definition, output, facts=KEPT_ANSWERS)
        except InvalidDataError as error:
            problems = listed(error.problems, definition.fields)
        except (FieldError, SchemaError) as error:
            problems = str(error)
        else:
            return ""
        template = _("What came of “%(task)s” does not fit version %(version)s: %(problems)s")
        return template % {**words, "problems": problems}

    def _words(self, task: TaskInstance | None) -> Mapping[str, object]:
        title = task.definition.title if task is not None else ""
        return {"task": title, "version": self.workflow.version}


def listed(problems: Iterable[FieldProblem], specs: object) -> str:
    """Problems of answers in one line, each with the label of its field."""
    labels = {
        str(spec.get("name")): str(spec.get("label") or spec.get("name"))
        for spec in (specs if isinstance(specs, list) else [])
        if isinstance(spec, dict)
    }
    return " ".join(_problem(each, labels) for each in problems)


def _problem(problem: FieldProblem, labels: Mapping[str, str]) -> str:
    if not problem.field:
        return problem.message
    top, _dot, rest = problem.field.partition(".")
    label = labels.get(top, top)
    where = f"{label}.{rest}" if rest else label
    return _("%(where)s: %(message)s") % {"where": where, "message": problem.message}
