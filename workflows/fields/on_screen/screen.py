"""What people see of a question: its input, its answer, and what the editor knows of it.

The folder of each type has a `screen.py` with a subclass of Screen, which is called SCREEN.
What is left as it is here is right for an answer that is a short text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, ClassVar, Protocol

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from workflows.engine.process import Json, JsonObject
from workflows.fields.field import Field, FieldType
from workflows.fields.on_screen.editor_facts import TEXTS_COMPARED, Operators, translated
from workflows.fields.on_screen.inputs import Answer, AskedField
from workflows.fields.on_screen.shown import Shown, plain


class FileKeeper(Protocol):
    """Where a form keeps files: the app that owns them says how."""

    def keep(self, file: UploadedFile) -> JsonObject:
        """Store a file; return the value that the answer keeps of it."""

    def find(self, key: str) -> JsonObject | None:
        """The value of a file that this person has uploaded before, or None."""

    def head(self, key: str) -> bytes | None:
        """The first bytes of a file that `find` has found; None: nobody can tell now."""


type SheetCell = str | int | float | date | time | None
type Show = Callable[[Field, Json], Shown]
type Shows = Callable[[Field, Json], bool]
type ForLayout = Callable[[Field, Json], Json]


@dataclass(frozen=True, slots=True)
class FormContext:
    """What an input can know of its form. `data` is what was sent, None before.

    `make_compact` makes an input of whatever type, for types that hold other questions: of this
    context, a question, its prefixed name and its first value. `offers` keeps what a type has
    read of the database for the whole form. `names_files`: files are given by their names alone,
    as test cases do.
    """

    make_compact: Callable[[FormContext, Field, str, Json], AskedField]
    fields: tuple[Field, ...] = ()
    data: Mapping[str, object] | None = None
    keeper: FileKeeper | None = None
    names_files: bool = False
    # The text of what is calculated, by the prefixed name of its place.
    calculated: Callable[[str], str] = lambda _name: ""
    # What a new row of a question with records begins with, by the column.
    begun: Callable[[Field], JsonObject] = lambda _table: {}
    offers: dict[str, Any] = field(default_factory=dict)


class Screen:
    """What people see of one type. `type` is its declaration in `rules.py`."""

    type: ClassVar[FieldType]

    # The editor: which control asks for a value (CONTROLS in inputs.js), how it says limits, and
    # how a rule compares one.
    control: ClassVar[str] = "text"
    input_type: ClassVar[str] = "text"
    json_type: ClassVar[str] = "string"  # of a number
    literal: ClassVar[str] = "text"  # the control of a value in a rule
    limits: ClassVar[tuple[str, str] | None] = None
    limits_are_values: ClassVar[bool] = False
    family: ClassVar[str] = ""  # types of one family keep their settings when one becomes another
    compared: ClassVar[str] = "text"  # answers of one kind can be compared with each other
    operators: ClassVar[Operators] = TEXTS_COMPARED
    no_answer: ClassVar[Json] = ""  # what a rule takes for no answer, unless it says otherwise
    is_wide: ClassVar[bool] = False

    def make_input(
        self, question: Field, name: str, first: Json, context: FormContext, *, compact: bool
    ) -> AskedField:
        """The input of a question; `compact` is for rows of records."""
        return Answer(
            question,
            self.widget(question, compact=compact),
            first,
            initial=self.initial(question, first),
            is_exact=self.shows_exactly(first),
            note=self.note(),
        )

    def widget(self, question: Field, *, compact: bool) -> forms.Widget:
        return text_input(self.input_type)

    def initial(self, question: Field, first: Json) -> Json:
        """An answer as its input shows it."""
        return None if first is None or isinstance(first, list | dict) else str(first)

    def shows_exactly(self, first: Json) -> bool:
        """Whether what stands in the input, sent back untouched, means this very answer."""
        return False

    def shows(self, question: Field, value: Json, shows: Shows) -> bool:
        """Whether nothing of this value is lost in the input; it need not be right.

        `shows` says the same of questions inside.
        """
        return isinstance(value, str) and not set("\r\n") & set(value)

    def note(self) -> str:
        """What stands below the input of every question of this type."""
        return ""

    def still_fits(self, question: Field, value: Json, keeper: FileKeeper) -> Json:
        """A saved answer as this question takes it today, or None."""
        return self.type.still_fits(question, value)

    def shown(self, question: Field, value: Json) -> Shown:
        """An answer as people read it; what does not fit its question comes as it is."""
        return Shown(label=question.label, text=self.text(question, value))

    def shown_with(self, question: Field, value: Json, show: Show) -> Shown:
        """As `shown`; `show` shows the answers of questions inside."""
        return self.shown(question, value)

    def text(self, question: Field, value: Json) -> str:
        return plain(value)

    def for_layout(self, question: Field, value: Json, inside: ForLayout) -> Json:
        """An answer as layouts get it, which is no more than its reader sees of it.

        `inside` says the same of questions inside.
        """
        return value

    def cell(self, value: Json) -> SheetCell:
        """An answer as a value that a spreadsheet can sort and add up; None: it is its text."""
        return None

    def facts(self) -> dict[str, Any]:
        """Everything that the editor's script knows of this type."""
        return {
            "key": self.type.key,
            "name": _(self.type.name),
            "keys": sorted(self.type.all_keys),
            "own_keys": [
                {"key": each.key, "label": _(each.label), "help": _(each.note), "holds": each.holds}
                for each in self.type.own_keys
            ],
            "in_records": self.type.in_records,
            "may_be_computed": self.type.may_be_computed,
            "has_limit_rules": self.type.has_limit_rules,
            "control": self.control,
            "input_type": self.input_type,
            "json_type": self.json_type,
            "shape": self.type.comparable.pattern.pattern if self.type.comparable else "",
            "literal": self.literal,
            "limits": [_(each) for each in self.limits or ()],
            "limits_are_values": self.limits_are_values,
            "family": self.family or self.type.key,
            "compared": self.compared,
            "operators": translated(self.operators),
            "no_answer": self.no_answer,
            "is_wide": self.is_wide,
            "parts": [
                {"name": name, "label": _(part.name), "type": part.type}
                for name, part in self.type.parts.items()
                if part.name
            ],
        }


def text_input(kind: str = "text", **attrs: str) -> forms.Widget:
    widget: forms.Widget = UnfoldAdminTextInputWidget(attrs={"type": kind, **attrs})
    return widget
