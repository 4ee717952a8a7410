"""One try of a definition without tickets. Pure over the document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from workflows.bundles.trying.parts import (
    FormOfTask,
    entries_of,
    task_in_words,
    task_rules,
    task_spec,
    transition_spec,
    type_of_task,
)
from workflows.engine.errors import TransformError
from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject, Process
from workflows.engine.rules.clock import NAMES as NAMES_OF_TIME
from workflows.engine.rules.clock import Clock
from workflows.engine.rules.compiling import is_empty
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.simulate import (
    Answer,
    ChangeAnswers,
    Edited,
    Simulation,
    TaskRules,
    read_answers,
    simulate,
)
from workflows.engine.steps.approvals import vote_key, with_votes
from workflows.engine.steps.edits import Edit, by_owner, edits_of, with_owner
from workflows.engine.steps.subtickets import completed
from workflows.fields.answers.asked_again import (
    AskedAgain,
    PartOfForm,
    apply_changes,
    asked_again,
    problems_of_changes,
)
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import Facts
from workflows.fields.registry import MADE_UP

EXAMPLE_COMPANY: Final = "Example"
EXAMPLE_NUMBER: Final = 1
EXAMPLE_SUBMITTER: Final[Mapping[str, str]] = {
    "email": "submitter@example.com",
    "first_name": "Sam",
    "last_name": "Example",
}


class Trial:
    """A definition that can be tried, made of a document in canonical form.

    The document may be a draft that has problems: what is wrong comes out when it is reached.
    `known` is what was found of what the document names (`references_in`), with the time at which
    it is tried; that is now where it says none. Answers that are complete, as those of tickets,
    are not judged by it again.
    """

    def __init__(
        self,
        document: JsonObject,
        *,
        company_name: str = EXAMPLE_COMPANY,
        known: Facts = MADE_UP,
    ) -> None:
        self.document = document
        self.company_name = company_name
        self.clock = known.clock or Clock(timezone.now())
        self.known = replace(known, trusts_answers=True, clock=self.clock)
        workflow = document.get("workflow")
        self.workflow: JsonObject = workflow if isinstance(workflow, dict) else {}
        tasks = map(task_in_words, with_votes(entries_of(document, "tasks")))
        self.tasks = {str(each.get("key")): each for each in tasks}
        self.ticket_types = {
            str(each.get("key")): each for each in entries_of(document, "ticket_types")
        }
        self.cases = entries_of(document, "tests")
        self.process = Process(
            key=str(self.workflow.get("key", "")),
            title=str(self.workflow.get("title", "")),
            tasks={key: task_spec(key, task) for key, task in self.tasks.items()},
            transitions=tuple(map(transition_spec, entries_of(document, "transitions"))),
        )
        self.forms = {
            key: FormOfTask(task.get("fields", []), self.known) for key, task in self.tasks.items()
        }
        self.rules = {
            key: task_rules(task, self.forms[key], self._change_answers(key))
            for key, task in self.tasks.items()
        }
        self._ticket_forms: dict[str, FormOfTask] = {}

    @property
    def reads_clock(self) -> bool:
        """Whether some rule of the document may read the time."""
        waiting: list[Json] = [self.document]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                waiting.extend(value.values())
                read = value.get("var", value.get("val"))
                names = read if isinstance(read, list) else [read]
                if any(each in NAMES_OF_TIME for each in names if isinstance(each, str)):
                    return True
            elif isinstance(value, list):
                waiting.extend(value)
        return False

    @property
    def fields(self) -> Json:
        """The field specs of the ticket's form."""
        return self.workflow.get("fields", [])

    def fields_of(self, key: str) -> Json:
        """The field specs of a task's form."""
        return self.tasks.get(key, {}).get("fields", [])

    def title_of(self, key: str) -> str:
        return str(self.tasks.get(key, {}).get("title") or key)

    def presets(self, ticket_type: str) -> JsonObject:
        found = self.ticket_types.get(ticket_type, {}).get("presets")
        return found if isinstance(found, dict) else {}

    def refusals(
        self, ticket: JsonObject, *, ticket_type: str = "", clock: Clock | None = None
    ) -> list[FieldProblem]:
        """What is wrong with the answers on the ticket's form, at this time.

        Raises FieldError where the form itself is wrong.
        """
        return self.ticket_form(ticket_type).refusals(ticket, clock)

    def ticket_form(self, ticket_type: str = "") -> FormOfTask:
        if ticket_type not in self._ticket_forms:
            presets = self.presets(ticket_type)
            self._ticket_forms[ticket_type] = FormOfTask(self.fields, self.known, presets=presets)
        return self._ticket_forms[ticket_type]

    def facts(
        self,
        ticket: JsonObject,
        *,
        ticket_type: str = "",
        submitter: Mapping[str, Json] | None = None,
        number: int = EXAMPLE_NUMBER,
        clock: Clock | None = None,
    ) -> JsonObject:
        """The context of conditions and transforms, without `tasks`."""
        who = dict[str, Json](submitter or EXAMPLE_SUBMITTER)
        return {
            "ticket": self.ticket_form(ticket_type).with_presets(ticket, clock),
            "submitter": {name: who.get(name, "") for name in EXAMPLE_SUBMITTER},
            "company": {"name": self.company_name},
            "number": number,
        }

    def output_of(self, key: str, body: Json, *, context: JsonObject) -> JsonObject:
        """What is kept of another system's answer, as workflows/actions/output.py makes it.

        Raises TransformError.
        """
        task = self.tasks[key]
        if self.rules[key].task_type.is_subticket:
            return completed(body if isinstance(body, dict) else {})
        template, response = task.get("output_transform"), dict[str, Json](body=body)
        if is_empty(template):
            return body if isinstance(body, dict) else {"response": body}
        if not self.rules[key].task_type.is_answered_later:
            response["status"] = 200
        known: JsonObject = {**context, **self.clock.as_json(), "response": response}
        output = apply_transform(template, known, working_time=self.clock.working_time)
        if not isinstance(output, dict):
            raise TransformError(_("The output transform must make an object."))
        return output

    def run(
        self, *, facts: JsonObject, answers: Iterable[Answer], clock: Clock | None = None
    ) -> Simulation:
        """`clock`: when the ticket was submitted; now, where it is None."""
        clock = clock or self.clock
        taken_in = [self._taken_in(each, clock) for each in answers]
        return simulate(self.process, facts=facts, tasks=self.rules, answers=taken_in, clock=clock)

    # Earlier answers that a task shows

    def edits_of(self, key: str) -> tuple[Edit, ...]:
        """The answers that a task shows again; none of a call."""
        is_form = type_of_task(self.tasks[key]).is_form
        return edits_of(self.tasks[key].get("edits")) if is_form else ()

    def asked_again(
        self, key: str, *, ticket: JsonObject, outputs: JsonObject, only_seen: Collection[str] = ()
    ) -> tuple[AskedAgain, ...]:
        """What the form of a task shows of these earlier answers.

        `only_seen` are questions whose answers the ticket type sets. Raises FieldError where one of
        the forms is wrong.
        """
        return asked_again(
            self.edits_of(key),
            ticket=ticket,
            outputs=outputs,
            form_of=self._whole_form,
            title_of=lambda task: self.title_of(task) if task else _("What was submitted"),
            only_seen=only_seen,
        )

    def _whole_form(self, key: str) -> Validator | None:
        if not key:
            return self.ticket_form().validator
        return self.forms[key].validator if key in self.forms else None

    def _change_answers(self, key: str) -> ChangeAnswers | None:
        if not self.edits_of(key):
            return None

        def change(ticket: JsonObject, outputs: JsonObject, changes: JsonObject) -> Edited:
            asked = self.asked_again(key, ticket=ticket, outputs=outputs)
            taken_in = self.changes_taken_in(asked, changes)
            facts = self._facts_of_part
            refused = problems_of_changes(asked, taken_in, facts)
            if refused:
                return Edited(ticket, outputs, tuple(refused))
            made = {"": ticket, **outputs}
            made |= {each.task: each.after for each in apply_changes(asked, taken_in, facts)}
            ticket_now = made.pop("")
            return Edited(ticket_now if isinstance(ticket_now, dict) else ticket, made)

        return change

    def _facts_of_part(self, _part: PartOfForm, _changes: JsonObject) -> Facts:
        return self.known

    def changes_taken_in(self, asked: Iterable[AskedAgain], changes: JsonObject) -> JsonObject:
        """Changes as a test case writes them, as a ticket would keep them."""
        owned, made = by_owner(changes), dict(changes)
        for each in asked:
            own = owned.get(each.task, {})
            given: JsonObject = {name: value for name, value in own.items() if value is not None}
            made |= with_owner(each.task, each.part.taken_in(given, self.known))
        return made

    def changes_given_out(self, changes: JsonObject) -> JsonObject:
        """Changes of a ticket as a test case writes them."""
        made = dict(changes)
        for task, own in by_owner(changes).items():
            form = self.ticket_form() if not task else self.forms.get(task)
            if form is not None:
                given: JsonObject = {n: value for n, value in own.items() if value is not None}
                made |= with_owner(task, form.given_out(given))
        return made

    def output_given_out(self, answer: Answer) -> JsonObject:
        """What came of a task, as a test case writes it."""
        form = self._form_of(answer.task)
        return answer.output if form is None else form.given_out(answer.output)

    def _taken_in(self, answer: Answer, clock: Clock) -> Answer:
        form = self._form_of(answer.task)
        if form is None:
            return answer
        at = clock if answer.at is None else replace(clock, now=answer.at)
        return replace(answer, output=form.taken_in(answer.output, at))

    def _form_of(self, key: str) -> FormOfTask | None:
        """The form of a task; None where it is a call, or there is none."""
        if self.rules.get(key, TaskRules()).task_type.is_approval:
            key = vote_key(key)
        rules = self.rules.get(key)
        return self.forms[key] if rules is not None and rules.task_type.is_form else None

    def facts_of_test_case(self, case: JsonObject) -> JsonObject:
        """What conditions of the test case read besides tasks, on the day that it names."""
        clock = clock_of_case(case, self.clock)
        ticket, submitter = case.get("ticket", {}), case.get("submitter")
        return self.facts(
            ticket if isinstance(ticket, dict) else {},
            ticket_type=str(case.get("ticket_type", "")),
            submitter=submitter if isinstance(submitter, dict) else None,
            clock=clock,
        )

    def run_test_case(self, case: JsonObject) -> Simulation:
        """What comes out for the answers of a test case, on the day that it names."""
        clock = clock_of_case(case, self.clock)
        answers = read_answers(case.get("answers"))
        return self.run(facts=self.facts_of_test_case(case), answers=answers, clock=clock)


def clock_of_case(case: JsonObject, otherwise: Clock) -> Clock:
    """What a test case knows of time: the day that it names, or else the day of the run."""
    today = case.get("today")
    try:
        day = date.fromisoformat(today) if isinstance(today, str) and today else None
    except ValueError:
        day = None
    return otherwise if day is None else Clock.at_noon(day, otherwise.working_time)
