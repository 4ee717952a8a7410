"""What judges the output of a task, and makes what its call sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock
from workflows.engine.rules.compiling import is_empty
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.steps.answered import answer_in
from workflows.engine.task_types import TaskType


@dataclass(frozen=True, slots=True)
class Edited:
    """What came of a task's changes of earlier answers: new ones, or why they were refused."""

    ticket: JsonObject
    outputs: JsonObject
    refused: tuple[FieldProblem, ...] = ()


# Takes the ticket's answers, the outputs of the tasks, and the changes.
type ChangeAnswers = Callable[[JsonObject, JsonObject, JsonObject], Edited]


@dataclass(slots=True)
class TaskRules:
    """What judges a task's output, and makes what its call sends."""

    task_type: TaskType = TaskType.FORM
    # What is wrong with the answers on a form; raises FieldError where the form itself is.
    check_form: Callable[[JsonObject, Clock | None], Sequence[FieldProblem]] = lambda *_given: ()
    input_schema: Json = None
    output_schema: Json = None
    input_transform: Json = None
    # Of a step that starts a ticket.
    waits: bool = True
    # Of a step that is done at once.
    values: Json = None
    table: Json = None
    # Of a form that shows earlier answers; raises FieldError where a form is wrong.
    change_answers: ChangeAnswers | None = None
    # A wait that a message may end.
    is_answered: bool = False
    _validator: SchemaValidator | None = None

    def refusals(self, output: JsonObject, clock: Clock | None = None) -> Sequence[FieldProblem]:
        """What is wrong with an output.

        Raises FieldError or SchemaError where the definition itself is wrong.
        """
        if self.task_type.is_form:
            return self.check_form(output, clock)
        if self._validator is None:
            schema = self.output_schema
            self._validator = SchemaValidator({} if is_empty(schema) else schema)
        given = answer_in(output) if self.is_answered else output
        return () if given is None else self._validator.validate(given)


def sentences(problems: Iterable[FieldProblem]) -> str:
    return " ".join(
        f"{each.field}: {each.message}" if each.field else each.message
        for each in list(problems)[:5]
    )
