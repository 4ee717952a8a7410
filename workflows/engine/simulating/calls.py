"""What a call sends, and what comes of one that failed for good."""

from __future__ import annotations

from workflows.engine.decide import decide_failure
from workflows.engine.errors import SchemaError, TransformError
from workflows.engine.failure import Failure, FailureReason
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.schemas.schema_validation import SchemaValidator
from workflows.engine.texts import gettext

from .following import Following
from .paths import SimulatedPath, SimulatedVisit
from .task_rules import TaskRules, sentences

CALLBACK_URL = "https://ticketflower.example/callback"
# What a call without an input transform sends; workflows/actions/input.py does the same.
SENT_BY_DEFAULT = ("number", "ticket", "tasks", "item", "item_number", "callback")


class Calls(Following):
    """Makes what calls send, and lets them fail."""

    def _body_to_send(self, path: SimulatedPath, rules: TaskRules) -> tuple[JsonObject | None, str]:
        """What a call would send, and why it could not be made."""
        context = self._values(path)
        working_time = None if self.clock is None else self.clock.working_time
        context |= {} if self.clock is None else self.clock.as_json()
        if rules.task_type.is_answered_later:
            context["callback"] = {"url": CALLBACK_URL}
        if is_empty(rules.input_transform) and rules.task_type.is_subticket:
            body: Json = {}
        elif is_empty(rules.input_transform):
            body = {name: context[name] for name in SENT_BY_DEFAULT if name in context}
        else:
            try:
                body = apply_transform(rules.input_transform, context, working_time=working_time)
            except TransformError as error:
                return None, gettext("What the call sends could not be put together. %(error)s") % {
                    "error": error
                }
        if not isinstance(body, dict):
            return None, gettext("The input transform must make an object.")
        schema = rules.input_schema
        try:
            problems = SchemaValidator({} if is_empty(schema) else schema).validate(body)
        except SchemaError as error:
            return body, str(error)
        if problems:
            return (
                body,
                gettext("What the call sends does not fit its input schema. %(problems)s")
                % {"problems": sentences(problems)},
            )
        return body, ""

    def _refused_output(
        self,
        visit: SimulatedVisit,
        rules: TaskRules,
        refused: tuple[FieldProblem, ...],
        output: JsonObject,
    ) -> None:
        """An output that a call gives, and that does not fit, is an error."""
        error = gettext("The output does not fit the output schema. %(problems)s") % {
            "problems": sentences(refused)
        }
        self._change(visit, refused=refused)
        if rules.task_type.is_answered_later:  # another answer may come
            self._broken(visit, error)
        else:
            self._failed(visit, Failure(FailureReason.UNUSABLE_ANSWER, error, 200, output or None))

    def _failed(self, visit: SimulatedVisit, failure: Failure) -> None:
        """A call that has failed for good: an error, where no transition is taken for it."""
        path, context = visit.path, self._context(visit.path)
        decision = decide_failure(self.process, visit.key, failure, context, self.clock)
        self._change(visit, failure=failure)
        if decision.error or decision.is_silent:
            self._broken(visit, " ".join(filter(None, (failure.message, decision.error))))
            return
        self._close(visit)
        # What was decided just now has read those before it.
        self.failures = {**self.failures, visit.key: failure.as_json()}
        self._change(visit, decision=decision)
        self._follow(path, visit.index, decision)
