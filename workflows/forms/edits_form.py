"""The earlier answers that a task shows beside its own form, to be changed or only seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from workflows.engine.problems import FieldProblem
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.edits import by_owner, place_of, with_owner
from workflows.fields.answers.asked_again import AskedAgain
from workflows.fields.field import Field
from workflows.fields.on_screen.screen import FileKeeper
from workflows.fields.on_screen.screens import show_answer
from workflows.fields.on_screen.shown import Shown
from workflows.forms.answers import AnswersForm

PREFIX: Final = "earlier"
# What the page was made of, so that what somebody else changes meanwhile is noticed.
SEEN: Final = "edits_seen"
_LONGEST_SEEN: Final = 20_000


@dataclass(frozen=True, slots=True)
class EditRow:
    """One earlier answer: an input, or only what was answered."""

    field: BoundField | None = None
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class EditSection:
    """What is shown of one form: of the ticket, or of a task."""

    asked: AskedAgain
    form: AnswersForm
    rows: Sequence[EditRow]

    @property
    def visible(self) -> str:
        owner = self.asked.owner
        return " ".join(f"{owner}{name}" for name in self.form.visible_names)


class EditsForm:
    """All of them: a form for each form whose answers are shown.

    What is changed goes by the names of conditions: {`ticket.amount`: new answer}; null: emptied.
    `first` are changes that stand in the inputs in the place of the answers as they are. `seen` is
    what `AskedAgain.state` was when the person last looked; without it, it is what it is now.
    """

    def __init__(
        self,
        asked: Sequence[AskedAgain],
        *,
        data: Mapping[str, object] | None = None,
        files: MultiValueDict[str, UploadedFile] | None = None,
        keeper: FileKeeper | None = None,
        first: JsonObject | None = None,
        seen: Mapping[str, str] | None = None,
        names_files: bool = False,
    ) -> None:
        self.is_bound = data is not None
        self.asked = asked
        typed = by_owner(first or {})
        self.sections = [
            _section(each, typed.get(each.task, {}), data, files, keeper, names_files)
            for each in asked
        ]
        self._now = {name: text for each in asked for name, text in each.state().items()}
        self.seen: Mapping[str, str] = self._now if seen is None else seen
        if data is not None and (sent := read_seen(data.get(SEEN))) is not None:
            self.seen = sent

    def __bool__(self) -> bool:
        return bool(self.sections)

    @property
    def seen_text(self) -> str:
        """What the page sends back as SEEN."""
        return json.dumps(dict(self.seen), separators=(",", ":"))

    @property
    def is_conditional(self) -> bool:
        return any(each.form.is_conditional for each in self.sections)

    @property
    def has_questions(self) -> bool:
        """Whether something can be changed at all."""
        return any(each.form.fields for each in self.sections)

    @property
    def has_errors(self) -> bool:
        return self.is_bound and any(each.form.errors for each in self.sections)

    @property
    def non_field_errors(self) -> list[str]:
        """What belongs to none of the questions."""
        return [
            str(error)
            for each in self.sections
            if self.is_bound
            for error in each.form.non_field_errors()
        ]

    @property
    def forms(self) -> list[AnswersForm]:
        """For the list of what is wrong, above the page's form."""
        return [each.form for each in self.sections]

    @property
    def visible_names(self) -> list[str]:
        return [
            f"{each.asked.owner}{name}"
            for each in self.sections
            for name in each.form.visible_names
        ]

    def is_valid(self) -> bool:
        valid = [each.form.is_valid() for each in self.sections]  # each says what is wrong with it
        return all(valid)

    def changes(self) -> JsonObject:
        """What was sent: every answer that may be changed; null for one that was emptied.

        What is not asked for the answers that were sent is left out.
        """
        made: JsonObject = {}
        for each in self.sections:
            answers, visible = each.form.answers(), each.form.visible()
            sent = {
                name: answers.get(name)
                for name in each.form.fields
                if name in visible or name in answers
            }
            made |= with_owner(each.asked.task, sent)
        return made

    def changes_so_far(self) -> JsonObject:
        """What was sent to be gone on with later, right or wrong."""
        made: JsonObject = {}
        for each in self.sections:
            answers = each.form.answers_so_far()
            sent = {name: answers.get(name) for name in each.form.fields}
            made |= with_owner(each.asked.task, sent)
        return made

    def refused_files(self) -> list[tuple[str, str]]:
        return [pair for each in self.sections for pair in each.form.refused_files()]

    def show_only(self, error: Exception | None) -> None:
        for each in self.sections:
            each.form.show_only(error)

    def add_problems(self, problems: Iterable[FieldProblem]) -> list[FieldProblem]:
        """Put each beside its question; returns those that are about the task's own form."""
        forms = {each.asked.task: each.form for each in self.sections}
        left = []
        for each in problems:
            place = place_of(each.field)
            form = None if place is None else forms.get(place[0])
            if place is None or form is None:
                left.append(each)
            else:
                form.add_problems([FieldProblem(place[1], each.message)])
        return left

    def look_again(self) -> None:
        """Show as seen what there is now: the person has been told."""
        self.seen = self._now


def _section(
    asked: AskedAgain,
    typed: JsonObject,
    data: Mapping[str, object] | None,
    files: MultiValueDict[str, UploadedFile] | None,
    keeper: FileKeeper | None,
    names_files: bool,
) -> EditSection:
    part = asked.part
    answers = {name: part.answers[name] for name in part.fields if name in part.answers}
    first = {n: v for n, v in {**answers, **typed}.items() if v is not None and n in part.fields}
    form = AnswersForm(
        (),
        part=part,
        data=data,
        files=files,
        initial_answers=first,
        keeper=keeper,
        prefix=prefix_of(asked.task),
        names_files=names_files,
    )
    fields = {each.name: each for each in part.all_fields}
    rows = [
        EditRow(field=form[name])
        if name in part.fields
        else EditRow(shown=_shown(fields[name], part.answers.get(name)))
        for name, _may_change in asked.rows
        if name in part.fields or name in fields
    ]
    return EditSection(asked, form, rows)


def prefix_of(task: str) -> str:
    """What the names of the inputs begin with; with a dot, which no question has in its name."""
    return f"{PREFIX}.{task}" if task else PREFIX


def _shown(field: Field, value: Json) -> Shown:
    if value is None:
        return Shown(label=field.label, text="-")
    return show_answer(field, value)


def read_seen(text: object) -> dict[str, str] | None:
    """What a page has sent back as SEEN; None where it is not that."""
    if not isinstance(text, str) or len(text) > _LONGEST_SEEN:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return {str(name): str(value) for name, value in found.items()}


def changed_since(
    asked: Iterable[AskedAgain], seen: Mapping[str, str] | None
) -> list[FieldProblem]:
    """What somebody has changed since it was seen, each with what there is now.

    About an answer that is only shown the message names it, and stands above the form.
    """
    if seen is None:
        return []
    found = []
    for each in asked:
        fields = {field.name: field for field in each.part.all_fields}
        for name, text in each.state().items():
            question = name.removeprefix(each.owner)
            field = fields.get(question)
            if seen.get(name) == text or field is None:
                continue
            now = _shown(field, each.part.answers.get(question)).text
            found.append(_told(name, field, now, may_change=question in each.part.fields))
    return found


def _told(name: str, field: Field, now: str, *, may_change: bool) -> FieldProblem:
    if may_change:
        message = _(
            "Somebody changed this since you opened the page. It is now: %(answer)s. What you"
            " typed is still here: it counts when you complete the task again."
        )
        return FieldProblem(name, message % {"answer": now})
    message = _("Somebody changed “%(question)s” since you opened the page. It is now: %(answer)s.")
    return FieldProblem("", message % {"question": field.label or field.name, "answer": now})
