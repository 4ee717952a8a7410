from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.clock import Clock
from workflows.errors import InvalidDataError
from workflows.fields.answers.asked_again import PartOfForm
from workflows.fields.answers.validation import validator_for
from workflows.fields.facts import NO_FACTS, Facts
from workflows.fields.field import Field
from workflows.fields.in_database.look_up import facts_for
from workflows.fields.on_screen.inputs import AskedField
from workflows.fields.on_screen.screen import FileKeeper, FormContext
from workflows.fields.on_screen.screens import answer_text, make_input
from workflows.fields.on_screen.shown import Shown
from workflows.fields.records.records_input import RecordsAnswer
from workflows.forms.display import show_answers

PREFIX = "answers"


class AnswersForm(forms.Form):
    """The questions of a list of field specs.

    `presets` are not asked; `initial_answers` are shown in place of the defaults. `keeper`
    stores uploaded files as soon as they arrive, so that a form which comes back because
    of another mistake need not be given them again. `prefix` begins the names and ids of all
    inputs. `names_files`: files are given by their names alone, and none is sent. `part` are
    questions that are asked again, in the place of all: their answers stand there, and no defaults.
    `clock`: what time it is for the rules of the form; now, where it is None.

    Raises:
        FieldError: the specs themselves are wrong.
    """

    template_name = "forms/answers.html"
    use_required_attribute = False

    def __init__(
        self,
        specs: object,
        *,
        presets: Mapping[str, Json] | None = None,
        data: Mapping[str, object] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        initial_answers: Mapping[str, Json] | None = None,
        keeper: FileKeeper | None = None,
        prefix: str = PREFIX,
        names_files: bool = False,
        part: PartOfForm | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.validator = part or validator_for(specs, presets=presets)
        self._clock = clock
        self._answers: JsonObject = {}
        super().__init__(data, files, prefix=prefix)
        self._specs, self._first = specs, self.validator.typed(dict(initial_answers or {}))
        asked = tuple(self.validator.fields.values())
        context = FormContext(
            _make_compact,
            asked,
            data,
            keeper,
            names_files,
            calculated=lambda name: self.calculated.get(name, ""),
            begun=lambda table: self.validator.defaults_of_row(table, self._begun_with),
        )
        for name, spec in self.validator.fields.items():
            first = self._first.get(name, self._defaults.get(name))
            self.fields[name] = make_input(spec, self.add_prefix(name), first, context)

    @cached_property
    def already_set(self) -> list[Shown]:
        """The presets, to be shown above the questions."""
        presets = self.validator.presets_taken_in(self.facts)
        return show_answers(self._specs, presets)

    @property
    def is_conditional(self) -> bool:
        """Whether answers decide what is shown: questions, what is calculated, what is required."""
        return self.validator.is_calculated or any(
            field.visible_when or field.required_when for field in self.validator.fields.values()
        )

    @cached_property
    def facts(self) -> Facts:
        """What the answers name in the database, looked up at once; mostly they name nothing."""
        answers = self._typed() if self.is_bound else self._starting_values()
        return self._timed(facts_for(self.validator, answers, kept=self._first))

    def _timed(self, facts: Facts) -> Facts:
        return facts if self._clock is None else replace(facts, clock=self._clock)

    def clean(self) -> dict[str, object]:
        typed = self.validator.taken_in(self._typed(), self.facts)
        self._answers = self.validator.settled(typed, self.facts)
        self.add_problems(self.validator.validate(self._answers, self.facts))
        return self.cleaned_data

    def _typed(self) -> JsonObject:
        _checked = self.errors
        return {n: v for n, v in self.cleaned_data.items() if v is not None}

    def add_problems(self, problems: Iterable[FieldProblem]) -> None:
        """Put each problem beside its question; what belongs to none stands above the form."""
        # What a field said itself comes first: a file that was refused is not also missing.
        already_wrong = set(self.errors)
        for problem in problems:
            name, _dot, inside = problem.field.partition(".")
            if name not in self.fields:
                self.add_error(None, problem.message)
            elif name not in already_wrong:
                self._add_problem(name, inside, problem.message)

    def add_refusal(self, error: Exception) -> None:
        """Say what a service has refused, where it belongs."""
        if isinstance(error, InvalidDataError):
            self.add_problems(error.problems)
        else:
            self.add_error(None, str(error))

    def _add_problem(self, name: str, inside: str, message: str) -> None:
        if inside and self._asked[name].add_problem(inside, message):
            message = _("Correct the entries that are marked.")
        if message not in self.errors.get(name, []):
            self.add_error(name, message)

    def answers(self) -> JsonObject:
        """The answers as the engine takes them: what was left empty is left out."""
        _checked = self.errors
        return dict(self._answers)

    def answers_so_far(self) -> JsonObject:
        """The answers of somebody who goes on later: right, wrong or missing.

        Where a file was refused, the one that was kept before it stays.
        """
        answers = self.answers()
        kept = {name: field.kept_answer() for name, field in self._asked.items()}
        return {n: v for n, v in kept.items() if v is not None} | answers

    def refused_files(self) -> list[tuple[str, str]]:
        """The label of each question whose file could not be kept, and why."""
        _checked = self.errors
        return [
            (str(field.label), field.refusal) for field in self._asked.values() if field.refusal
        ]

    @property
    def _asked(self) -> dict[str, AskedField]:
        return {n: field for n, field in self.fields.items() if isinstance(field, AskedField)}

    def show_only(self, error: Exception | None) -> None:
        """Show what was refused in the place of all other problems.

        Who saves a form for later does not hear what is missing in it.
        """
        _checked = self.errors
        self._errors = ErrorDict()
        if error is not None:
            self.add_refusal(error)

    def visible(self) -> frozenset[str]:
        """The names of the questions that are shown for these answers.

        An answer to a question that is itself hidden does not count, so that the questions
        which depend on it are hidden with it.
        """
        return self._shown[0]

    @cached_property
    def _shown(self) -> tuple[frozenset[str], JsonObject]:
        """The names of the questions that are shown, and the answers to them."""
        answers = self.answers() if self.is_bound else self._starting_answers()
        names = self.validator.visible(answers, self.facts)
        for _round in self.fields:
            answers = self.validator.settled(
                {name: value for name, value in answers.items() if name in names}, self.facts
            )
            following = self.validator.visible(answers, self.facts)
            if following == names:
                break
            names = following
        return names, {name: value for name, value in answers.items() if name in names}

    @property
    def visible_names(self) -> list[str]:
        return sorted(self.visible())

    @cached_property
    def required_names(self) -> list[str]:
        """The questions that must be answered now, of those where that depends on answers."""
        return sorted(self.validator.required(self._shown[1], self.facts))

    @property
    def required_inputs(self) -> list[str]:
        return [self.add_prefix(name) for name in self.required_names]

    @cached_property
    def calculated(self) -> dict[str, str]:
        """The text of each answer that is calculated, by the name of its place in the page."""
        found: dict[str, str] = {}
        answers = self._shown[1] if self.validator.is_calculated else {}
        for name, question in self.validator.fields.items():
            if question.is_computed:
                found[self.add_prefix(name)] = _text(question, answers.get(name))
            field = self.fields.get(name)
            if isinstance(field, RecordsAnswer) and any(c.is_computed for c in question.fields):
                value = answers.get(name)
                records = value if isinstance(value, list) else []
                for row, record in zip(field.widget.rows, records, strict=False):
                    for column in question.fields:
                        if column.is_computed and isinstance(record, dict):
                            text = _text(column, record.get(column.name))
                            found[row.add_prefix(column.name)] = text
        return found

    def _starting_answers(self) -> JsonObject:
        values = self.validator.taken_in(self._starting_values(), self.facts)
        return self.validator.settled(values, self.facts)

    def _starting_values(self) -> JsonObject:
        return {**self._defaults, **self._first}

    @cached_property
    def _begun_with(self) -> Facts:
        """What defaults that are formulas read: the time, and no answer."""
        found = facts_for(self.validator, {}) if self.validator.reads_clock else NO_FACTS
        return self._timed(found)

    @cached_property
    def _defaults(self) -> JsonObject:
        return self.validator.defaults(self._begun_with)


def _text(question: Field, value: Json) -> str:
    return "" if value is None else answer_text(question, value)


def _make_compact(context: FormContext, question: Field, name: str, first: Json) -> AskedField:
    """An input for a row of records."""
    return make_input(question, name, first, context, compact=True)
