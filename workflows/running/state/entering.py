"""How new tasks are begun: done at once, waited at, spread over branches, or given out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from workflows.engine.process import JsonObject
from workflows.models import TaskInstance
from workflows.running.events.of_blocks.block_began import BLOCK_BEGAN
from workflows.running.people.assignment import NO_TASK
from workflows.running.state.assigning import Assigner
from workflows.running.state.at_once import StepsAtOnce
from workflows.running.state.block_beginnings import BlockBeginnings
from workflows.running.state.move import FailedStep, Move
from workflows.running.state.waits import Waits
from workflows.running.step_part import StepPart


class Entering(BlockBeginnings, StepsAtOnce, Waits, Assigner):
    """Enters the tasks that a step has made."""

    def _go_into(
        self,
        tasks: Sequence[TaskInstance],
        *,
        ended: TaskInstance | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        """Enter those of new tasks that are blocks, do what is done at once, give out the forms."""
        made = [each for task in tasks for each in self._with_branches(task, facts, move)]
        self.begin_part(StepPart.ASSIGNMENT)
        forms = [each for each in made if each.definition.is_form]
        self._assign_all(forms, ended=NO_TASK if ended is None else ended.pk)
        if not self._done_here:  # else what follows is written with it
            self._save()
        move.new_tasks += made
        move.calls += [each for each in made if each.definition.is_call]

    def _with_branches(
        self, task: TaskInstance, facts: JsonObject, move: Move
    ) -> Iterator[TaskInstance]:
        """The task; of a block also the tasks with which its branches begin."""
        yield task
        if task.definition.is_at_once:
            self._do_at_once(task, facts, move)
            return
        if task.definition.is_wait:
            if task.waits_until is None or task.waits_until <= self.now:
                self._end_wait(task, at_once=True)
            return
        if task.definition.is_block:
            yield from self._enter_block(task, facts, move)

    def _enter_block(
        self, task: TaskInstance, facts: JsonObject, move: Move
    ) -> Iterator[TaskInstance]:
        """Begin the branches of a block; the tasks with which they begin."""
        self.begin_part(StepPart.TASK)
        entered = self._entered(task, facts)
        if entered.error:
            self._fail_with(task, entered.error)
            move.failures.append(FailedStep(entered.error, task, is_of_task=True))
            return
        if self._visits.made + len(entered.runs) > settings.TICKET_MOST_TASKS:
            error = _(
                "“%(block)s” would begin more than %(most)d tasks at once. Shorten the lists that "
                "it and the blocks around it have a branch for each entry of, and try again."
            ) % {"block": task.definition.title, "most": settings.TICKET_MOST_TASKS}
            self._fail_with(task, error)
            move.failures.append(FailedStep(error, task, is_of_task=True))
            return
        task.start(now=self.now)
        self._batch.update(task, "status", "started_at")
        paths, first = self._make_paths(task, entered)
        self._record(BLOCK_BEGAN, task=task, data=self._said_of(task, entered, paths))
        if not paths:
            self._end_block(task)
        for each in first:
            yield from self._with_branches(each, facts, move)
