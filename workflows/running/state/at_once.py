"""Steps that are done at once, with nobody in between."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from workflows.engine.process import JsonObject
from workflows.engine.steps.at_once import AtOnceError, carry_out
from workflows.models import TaskInstance
from workflows.running.events.of_steps.done_at_once import DONE_AT_ONCE
from workflows.running.events.of_steps.message_sent import MESSAGE_SENT
from workflows.running.looking_back.who_did import done_by
from workflows.running.messages import send_message
from workflows.running.state.context import ContextReader
from workflows.running.state.failing import Failing
from workflows.running.state.move import FailedStep, Move
from workflows.running.state.outputs import OutputKeeper

# Steps of the engine's own that one transaction may do: they hold its locks.
MOST_AT_ONCE: Final = 100


class StepsAtOnce(ContextReader, OutputKeeper, Failing):
    """Does the steps of the engine's own."""

    def _do_at_once(self, task: TaskInstance, facts: JsonObject, move: Move) -> None:
        """Do a step of the engine's own; from what came of it the ticket goes on."""
        definition = task.definition
        self._at_once += 1
        try:
            if self._at_once > MOST_AT_ONCE:
                text = _("More than %(most)d steps followed each other, with nobody in between.")
                raise AtOnceError(text % {"most": MOST_AT_ONCE})
            context = self._context(facts, self.positions.path_of(task))
            if definition.sends_message:
                self._batch.write()  # whom it goes to is asked of what is written
                made = send_message(task, context, now=self.now)
            else:
                made = carry_out(
                    definition.type,
                    values=definition.values,
                    table=definition.table,
                    context=context,
                    clock=self._clock(),
                )
        except AtOnceError as error:
            self._fail_with(task, str(error))
            move.failures.append(FailedStep(str(error), task, is_of_task=True))
            return
        task.complete(output=made.output, now=self.now)
        self._batch.update(task, "status", "output_data", "started_at", "completed_at")
        self._keep_output(task, {definition.key: made.output})
        self._done_now[definition.key] = done_by(None, self.now)
        kind = MESSAGE_SENT if definition.sends_message else DONE_AT_ONCE
        self._record(kind, task=task, data={"output": made.output, **made.note})
        self._done_here.append(task)
