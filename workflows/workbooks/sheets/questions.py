"""The sheet of questions: a row for each, or for each of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_lazy

from workflows.fields.field import Holds, SeenBy, SpecKey
from workflows.fields.registry import OWN_KEYS, TYPES
from workflows.workbooks.cells import kinds
from workflows.workbooks.cells.kind import Kind
from workflows.workbooks.sheets.sheet import FORM_COLUMN, YES_NO, Column, Sheet

_OWN_KINDS: Final[Mapping[Holds, Kind]] = {
    Holds.TEXT: kinds.TEXT,
    Holds.TEXTS: kinds.NAMES,
    Holds.COMPANY_ROLE: kinds.ROLE,
}


def _own(own: SpecKey) -> Column:
    """The column of a key that a single type of question brings."""
    return Column(own.key, own.label, _OWN_KINDS[own.holds], gettext_lazy(own.note), 20)


FIELDS: Final = Sheet(
    "Fields",
    "fields",
    (
        Column(
            FORM_COLUMN,
            "Form",
            kinds.TEXT,
            gettext_lazy(
                "Where the question is asked: “ticket”, or the key of a task. For the questions "
                "of one record of a list: ticket.items, where items is a field of type records."
            ),
            20,
            ("task", "where", "asked in"),
            options_of="Tasks",
        ),
        Column(
            "name",
            "Name",
            kinds.KEY,
            gettext_lazy("The name that conditions use: small letters, digits, underscores."),
            20,
        ),
        Column("label", "Label", kinds.TEXT, gettext_lazy("The question, for people."), 32),
        Column(
            "type",
            "Type",
            kinds.FIELD_TYPE,
            gettext_lazy("What kind of answer is asked for. Choose from the list."),
            13,
            options=tuple(TYPES),
        ),
        Column(
            "required",
            "Required",
            kinds.YES_NO_OR_RULE,
            gettext_lazy(
                "yes: an answer is needed. Empty or no: it may be left out. Or a condition on "
                'other fields of the form, such as topic = "other".'
            ),
            10,
            options=YES_NO,
            is_open=True,
        ),
        Column(
            "choices",
            "Choices",
            kinds.CHOICES,
            gettext_lazy(
                "What can be chosen, a line each: the value, or value: label. Short ones may be "
                "separated by commas."
            ),
            32,
        ),
        Column("help", "Help", kinds.TEXT, gettext_lazy("A hint below the question."), 32),
        Column(
            "default",
            "Default",
            kinds.DEFAULT,
            gettext_lazy(
                "The answer that the form begins with. Of numbers, dates and times also "
                "calculated, such as today + 14 days."
            ),
            14,
        ),
        Column(
            "min",
            "Min",
            kinds.LIMIT,
            gettext_lazy(
                "The smallest number, the fewest characters or entries, the earliest date."
            ),
            10,
        ),
        Column(
            "max",
            "Max",
            kinds.LIMIT,
            gettext_lazy("The largest number, the most characters or entries, the latest date."),
            10,
        ),
        Column(
            "more_than",
            "More than",
            kinds.LIMIT,
            gettext_lazy("The number must be above this one."),
            10,
        ),
        Column(
            "less_than",
            "Less than",
            kinds.LIMIT,
            gettext_lazy("The number must be below this one."),
            10,
        ),
        Column(
            "pattern",
            "Pattern",
            kinds.TEXT,
            gettext_lazy("A regular expression that text must match."),
            16,
        ),
        Column(
            "visible_when",
            "Shown when",
            kinds.SHOWN_WHEN,
            gettext_lazy(
                'A condition on other fields of the form, such as topic = "hardware". Empty: '
                "always shown."
            ),
            32,
        ),
        Column(
            "seen_by",
            "Seen by",
            kinds.WORD,
            gettext_lazy(
                "Of a question of a task. requester: whoever submitted the ticket sees the answer. "
                "Empty or team: only those who work on it."
            ),
            13,
            options=tuple(SeenBy),
        ),
        Column(
            "listed",
            "Listed",
            kinds.YES_NO,
            gettext_lazy("Of a question of the ticket. yes: lists of tickets show the answer."),
            9,
            options=YES_NO,
        ),
        *(_own(each) for each in OWN_KEYS.values()),
        Column(
            "computed",
            "Calculated",
            kinds.FORMULA,
            gettext_lazy(
                "How it is calculated, where nobody types the answer: sum(lines.quantity * "
                "lines.price). In records it names the columns of the row: quantity * price."
            ),
            28,
            ("formula", "computed", "calculated"),
        ),
        Column(
            "checks",
            "Checks",
            kinds.CHECKS,
            gettext_lazy(
                "What must be true of the answers, a line each: the condition | what to do where "
                "it is not. until <= from + 14 days | Give it back after 14 days at the latest."
            ),
            36,
            ("check", "validation"),
        ),
    ),
    ("forms", "field", "questions"),
)
