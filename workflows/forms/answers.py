from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.validation import validator_for
from workflows.errors import InvalidDataError
from workflows.forms.display import Shown, show_answers
from workflows.forms.files import FileAnswer, FileKeeper
from workflows.forms.inputs import make_input
from workflows.forms.records import RecordsAnswer

PREFIX = "answers"


class AnswersForm(forms.Form):
    """The questions of a list of field specs.

    `presets` are not asked; `initial_answers` are shown in place of the defaults. `keeper`
    stores uploaded files as soon as they arrive, so that a form which comes back because
    of another mistake need not be given them again.

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
    ) -> None:
        self.validator = validator_for(specs, presets=presets)
        self._answers: JsonObject = {}
        super().__init__(data, files, prefix=PREFIX)
        for name, spec in self.validator.fields.items():
            first = (initial_answers or {}).get(name, spec.default)
            if spec.type == "records":
                field: forms.Field = RecordsAnswer(spec, self.add_prefix(name), data, first)
            elif spec.type == "file":
                field = FileAnswer(spec, keeper, first)
            else:
                field = make_input(spec, first)
            self.fields[name] = field
        self._specs, self._first = specs, dict(initial_answers or {})

    @cached_property
    def already_set(self) -> list[Shown]:
        """The presets, to be shown above the questions."""
        return show_answers(self._specs, self.validator.presets)

    @property
    def is_conditional(self) -> bool:
        """Whether some question is shown only for certain answers."""
        return any(field.visible_when for field in self.validator.fields.values())

    def clean(self) -> dict[str, object]:
        self._answers = {n: v for n, v in self.cleaned_data.items() if v is not None}
        self.add_problems(self.validator.validate(self._answers))
        return self.cleaned_data

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
        field = self.fields[name]
        if inside and isinstance(field, RecordsAnswer) and field.add_problem(inside, message):
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
        for name, field in self.fields.items():
            if isinstance(field, FileAnswer) and name not in answers and field.kept is not None:
                answers[name] = field.kept
        return answers

    def refused_files(self) -> list[tuple[str, str]]:
        """The label of each question whose file could not be kept, and why."""
        _checked = self.errors
        return [
            (str(field.label), field.refusal)
            for field in self.fields.values()
            if isinstance(field, FileAnswer) and field.refusal
        ]

    def show_only(self, error: Exception | None) -> None:
        """Show what was refused in the place of all other problems.

        Who saves a form for later is not told what is missing in it.
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
        answers = self.answers() if self.is_bound else self._starting_answers()
        names = self.validator.visible(answers)
        for _round in self.fields:
            shown = {name: value for name, value in answers.items() if name in names}
            following = self.validator.visible(shown)
            if following == names:
                break
            names = following
        return names

    @property
    def visible_names(self) -> list[str]:
        return sorted(self.visible())

    def _starting_answers(self) -> JsonObject:
        defaults = {n: f.default for n, f in self.validator.fields.items() if f.default is not None}
        return {**defaults, **self._first}
