"""What was submitted, what a task has said, and what a call sends: corrected."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets.editing.kept_changes import own_answers
from tickets.repairing.correct_data import (
    correct_task_input,
    correct_task_output,
    correct_ticket_data,
)
from tickets.repairing.pages.forms import RepairForm, add_document, add_then_retry
from tickets.repairing.pages.repair_verb import RepairVerb, Sent, TaskVerb, kept_answers
from workflows.engine.process import Json, JsonObject
from workflows.errors import InputNotCorrectableError, OutputReplacedError
from workflows.forms import AnswersForm
from workflows.models import TaskStatus
from workflows.running.looking_back.kept_outputs import where_kept
from workflows.running.positions import Positions


class CorrectData(RepairVerb):
    """What was submitted."""

    verb = "data"
    title = gettext_lazy("Correct what was submitted")
    text = gettext_lazy(
        "The new answers count from now on. What has been decided or sent already stays as it is."
        " The history keeps the old and the new values."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("What was submitted is corrected.")
    icon = "edit_note"

    def refusal(self) -> str:
        return self.unless_ended()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        if self.retryable() is not None:
            add_then_retry(form)
        return form

    def answers_form(self, **sent: Any) -> AnswersForm | None:
        presets = self.ticket.definition.presets
        # As the ticket has them, as the service does: its type may have other presets by now.
        kept = {key: self.ticket.data[key] for key in presets if key in self.ticket.data}
        specs = self.ticket.workflow.fields
        return AnswersForm(specs, presets=kept, initial_answers=self.ticket.data, **sent)

    def act(self, sent: Sent) -> None:
        correct_ticket_data(
            ticket=self.ticket,
            data=sent.answers,
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self.then_retry(sent),
        )


class OutputVerb(TaskVerb):
    """A page that asks for a task's output: its form, or JSON for a call's."""

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        if not self.task.definition.is_form:
            is_call = self.task.definition.is_call
            add_document(
                form,
                label=_("What the other system would have given back")
                if is_call
                else _("What the task would have brought"),
                help_text=_(
                    'As JSON, for example {"outcome": "good", "label": "granted"}; the outcome is '
                    "good, neutral, bad or cancelled. A ticket that it has started and that still "
                    "runs is cancelled."
                )
                if self.task.definition.is_subticket
                else _(
                    'As JSON, for example {"id": 7}; {} if nothing of it is needed. '
                    "It must be what the task's output schema asks for."
                )
                if is_call
                else _(
                    "As JSON, as conditions and later tasks read it; {} if nothing of it is "
                    "needed. What is left of its branches is cancelled."
                ),
                first=self.task.output_data,
            )
        return form

    def answers_form(self, **sent: Any) -> AnswersForm | None:
        if not self.task.definition.is_form:
            return None
        kept = kept_answers(self.task)
        output = self.task.output_data if kept is None else own_answers(kept.answers)
        first = output if isinstance(output, dict) else {}
        return AnswersForm(self.task.definition.fields, initial_answers=first, **sent)

    @property
    def schema(self) -> Json:
        return None if self.task.definition.is_form else self.task.definition.output_schema

    def output(self, sent: Sent) -> JsonObject:
        return sent.answers if self.task.definition.is_form else sent.document


class CorrectOutput(OutputVerb):
    """What a task that is done has said."""

    verb = "output"
    title = gettext_lazy("Correct what came of this task")
    text = gettext_lazy(
        "The new output counts for the conditions and calls that follow. What has been decided or"
        " sent already stays as it is. The history keeps both."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("The output of the task is corrected.")
    icon = "edit_note"

    def refusal(self) -> str:
        return self.unless_ended() or (
            "" if self._is_output_current() else str(OutputReplacedError())
        )

    def _is_output_current(self) -> bool:
        instance = self.ticket.workflow_instance
        return instance is not None and where_kept(self.task, Positions(instance)) is not None

    def form(self, data: Any = None) -> RepairForm:
        form = super().form(data)
        if self.retryable() is not None:
            add_then_retry(form)
        return form

    def act(self, sent: Sent) -> None:
        correct_task_output(
            task=self.task,
            output=self.output(sent),
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self.then_retry(sent),
        )


class CorrectInput(TaskVerb):
    """What a call sends."""

    verb = "input"
    title = gettext_lazy("Correct what is sent")
    text = gettext_lazy(
        "From the next attempt on this call sends what stands here, for this ticket only. If the"
        " mistake is in what was submitted or in an earlier task, rather correct it there."
    )
    button = gettext_lazy("Save the correction")
    done = gettext_lazy("What the call sends is corrected.")
    icon = "upload"

    def refusal(self) -> str:
        definition = self.task.definition
        if not definition.sends_the_same_again or self.task.status != TaskStatus.ERROR:
            return str(InputNotCorrectableError())
        return self.unless_stopped()

    def form(self, data: Any = None) -> RepairForm:
        form = RepairForm(data)
        add_document(
            form,
            label=_("What is sent"),
            help_text=_("As JSON. It must be what the task's input schema asks for."),
            first=self.task.input_data,
        )
        if self.retryable() is not None:
            add_then_retry(form)
        return form

    @property
    def schema(self) -> Json:
        return self.task.definition.input_schema

    def act(self, sent: Sent) -> None:
        correct_task_input(
            task=self.task,
            body=sent.document,
            by=sent.by,
            reason=sent.reason,
            expected=sent.expected,
            then_retry=self.then_retry(sent),
        )
