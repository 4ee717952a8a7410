"""Where a decision leads: to next tasks, to the end of a branch, or to the end of it all."""

from __future__ import annotations

from dataclasses import replace

from workflows.engine.decide import Decision
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.at_once import AtOnceError
from workflows.engine.steps.blocks import is_over
from workflows.models import Path, PathStatus, TaskInstance, WorkflowStatus
from workflows.running.events.of_blocks.branch_began import BRANCH_BEGAN
from workflows.running.events.of_blocks.branch_cancelled import Why
from workflows.running.events.of_blocks.branch_ended import BRANCH_ENDED
from workflows.running.events.of_steps.completed import COMPLETED
from workflows.running.events.of_steps.moved import MOVED
from workflows.running.events.of_steps.started import STARTED
from workflows.running.events.of_steps.way_message_sent import WAY_MESSAGE_SENT
from workflows.running.events.of_tickets.cleaned_up import CLEANED_UP
from workflows.running.looking_back.visits import bounded
from workflows.running.messages import send_messages_on_way
from workflows.running.state.block_beginnings import first_task_of
from workflows.running.state.block_ends import named
from workflows.running.state.entering import Entering
from workflows.running.state.move import FailedStep, Move
from workflows.running.step_part import StepPart


class Moves(Entering):
    """Does what was decided."""

    def _bounded(self, decision: Decision, task: TaskInstance | None) -> Decision:
        outwards = self.positions.outwards(self.positions.path_of(task))
        return bounded(decision, self.instance, task, self._visits, outwards=outwards)

    def _ready(
        self, decision: Decision, task: TaskInstance | None, context: JsonObject
    ) -> Decision:
        """A decision that can be carried out; an error in its place where it cannot.

        Its mails are in the outbox then, in the transaction of the move. `context` is what the
        decision has read.
        """
        if decision.error or decision.is_silent:
            return decision
        decision = self._bounded(decision, task)
        if decision.error or not decision.messages:
            return decision
        self._batch.write()  # whom they go to is asked of what is written
        try:
            self._sent_on_way = send_messages_on_way(
                list[Json](decision.messages),
                instance=self.instance,
                left=task,
                key=decision.tried[-1].from_task,
                context=context,
                now=self.now,
            )
        except AtOnceError as error:
            return replace(
                decision, next_tasks=(), is_end=False, end_label="", messages=(), error=str(error)
            )
        return decision

    def _record_moved(
        self, decision: Decision, left: TaskInstance | None, data: JsonObject
    ) -> None:
        """Write that a way was taken, and which mails have gone out with it."""
        self._record(MOVED, task=left, data=data)
        sent, self._sent_on_way = self._sent_on_way, []
        for note in sent:
            said: JsonObject = {"next_tasks": list(decision.next_tasks), **note}
            self._record(WAY_MESSAGE_SENT, task=left, data=said)

    def _apply_decision(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        """Go where a decision leads that is `_ready`."""
        if decision.error:
            self._fail_decision(decision, ended_task, move)
            return
        if self.instance.status == WorkflowStatus.NOT_STARTED:
            self.begin_part(StepPart.INSTANCE)
            self.instance.start(now=self.now)
            workflow = self.instance.workflow
            started: JsonObject = {"workflow": str(workflow), "version": workflow.version}
            self._record(STARTED, data=started)
        path = self.positions.path_of(ended_task)
        move.moved = True
        if not decision.is_end:
            self._make_next_tasks(decision, ended_task, path, facts, move)
        elif path is None:
            self._end(decision, ended_task, move)
        else:
            self._end_path(decision, ended_task, path, facts, move)

    def _fail_decision(
        self, decision: Decision, ended_task: TaskInstance | None, move: Move
    ) -> None:
        self._fail(ended_task, data=decision.as_json())
        move.failures.append(FailedStep(decision.error, ended_task))

    def _make_next_tasks(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        path: Path | None,
        facts: JsonObject,
        move: Move,
    ) -> None:
        self.begin_part(StepPart.TASK)
        tasks = [self._make_task(key, path) for key in decision.next_tasks]
        self.begin_part(StepPart.MOVE)
        moved = decision.as_json()
        # With these ids the history alone gives every task's life: workflows/running/history.py.
        moved["made"] = [{"task": task.pk, "key": task.definition.key} for task in tasks]
        if self.instance.cleans_up:
            moved["cleans_up"] = True
        self._record_moved(decision, ended_task, moved)
        if path is None:
            self.instance.current_task = tasks[-1]
            self._batch.update(self.instance, "status", "current_task", "started_at", "updated_at")
        else:
            path.current_task = tasks[-1]
            self._batch.update(path, "current_task")
        self._go_into(tasks, ended=ended_task, facts=facts, move=move)

    def _end_path(
        self,
        decision: Decision,
        ended_task: TaskInstance | None,
        path: Path,
        facts: JsonObject,
        move: Move,
    ) -> None:
        """A branch ends; the block does, too, where that is enough."""
        self.begin_part(StepPart.END)
        self._record_moved(decision, ended_task, decision.as_json())
        path.end(label=decision.end_label, outcome=decision.outcome, now=self.now)
        self._batch.update(path, "status", "end_label", "outcome", "ended_at")
        block, spec = path.block_task, self._spec_of(path.block_task)
        end: JsonObject = {"label": decision.end_label, "outcome": decision.outcome.value}
        self._record(BRANCH_ENDED, task=ended_task, data={**named(path, spec), **end})
        runs = self.positions.of_block(block)
        if is_over(spec, [each.state() for each in runs]):
            why = Why.ENOUGH if spec.approval is None else Why.DECIDED
            self._cancel_branches(block, why, move)
            self._end_block(block)
            self._note_decided(block, move, output=block.output_data or {})
            self._save()
            return
        waiting = next((each for each in runs if each.status == PathStatus.WAITING), None)
        branch = None if waiting is None else spec.branch(waiting.branch)
        if waiting is None or branch is None:
            self._save()
            return
        self.begin_part(StepPart.TASK)
        task = self._begin_path(waiting, branch.start)
        self._batch.update(waiting, "status", "began_at", "current_task")
        began: JsonObject = {**named(waiting, spec), "made": [first_task_of(waiting)]}
        self._record(BRANCH_BEGAN, task=block, data=began)
        self._go_into([task], ended=ended_task, facts=facts, move=move)

    def _end(self, decision: Decision, ended_task: TaskInstance | None, move: Move) -> None:
        self.begin_part(StepPart.END)
        self._record_moved(decision, ended_task, decision.as_json())
        if self.instance.cleans_up:
            data: JsonObject = {"label": decision.end_label}
            self._end_clean_up(data, move, end_label=decision.end_label)
            return
        end: JsonObject = {"label": decision.end_label, "outcome": decision.outcome.value}
        self.instance.complete(end_label=decision.end_label, outcome=decision.outcome, now=self.now)
        self._record(COMPLETED, data=end)
        self._save_instance("status", "end_label", "outcome", "completed_at", "started_at")
        move.ended = True

    def _end_clean_up(self, data: JsonObject, move: Move, *, end_label: str = "") -> None:
        self.begin_part(StepPart.END)
        self.instance.end_clean_up(end_label=end_label, now=self.now)
        self._record(CLEANED_UP, data=data)
        self._save_instance("status", "end_label", "completed_at")
        move.moved = move.ended = True
