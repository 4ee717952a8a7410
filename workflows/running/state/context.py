"""What the rules of an instance read: answers, outputs, visits, who did what, the time."""

from __future__ import annotations

from workflows.engine.process import JsonObject
from workflows.engine.rules.clock import Clock
from workflows.models import Path, TaskInstance, WorkflowStatus
from workflows.running.definition_cache import definition_of
from workflows.running.looking_back.earlier_visits import earlier_outputs
from workflows.running.looking_back.failures import last_failures
from workflows.running.looking_back.who_did import who_did
from workflows.running.state.writing import InstanceWriter
from workflows.working_hours.company_clock import company_clock


class ContextReader(InstanceWriter):
    """Knows what conditions and transforms read on each path."""

    def _context(self, facts: JsonObject, path: Path | None = None) -> JsonObject:
        """What conditions of transitions read on a path."""
        context: JsonObject = {**facts, **self.positions.reads(path)}
        self._ticket_data = facts.get("ticket")
        known = definition_of(self.instance.workflow_id)
        if known.reads_visits:
            counted = self._visits.counted(self.positions.outwards(path))
            context["visits"] = known.process.visits(counted)
        if known.reads_earlier:
            self._batch.write()  # what was just done is the last visit
            outwards = self.positions.outwards(path)
            context["earlier"] = earlier_outputs(self.positions, outwards, known.tasks)
        if known.reads_done:
            if self._done_before is None:
                is_new = self.instance.status == WorkflowStatus.NOT_STARTED
                self._done_before = {} if is_new else who_did(self.instance)
            context["done"] = {**self._done_before, **self._done_now}
        if known.reads_failures:
            context["failures"] = last_failures(self.instance)
        return context

    def facts_at(self, task: TaskInstance, facts: JsonObject) -> JsonObject:
        """What the transforms of a task read: `facts`, what was done before, and the time."""
        times = company_clock(self.now, counts_days=False).as_json()
        return {**facts, **self.positions.reads(self.positions.path_of(task)), **times}

    def _answers(self, path: Path | None) -> JsonObject:
        return {"ticket": self._ticket_data, **self.positions.reads(path)}

    def _clock(self) -> Clock | None:
        """What the rules know of time, where one of this version reads it."""
        known = definition_of(self.instance.workflow_id)
        return company_clock(self.now, counts_days=known.counts_days) if known.reads_clock else None
