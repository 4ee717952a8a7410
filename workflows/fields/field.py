"""A question, and what its type says of itself: values only, no Django, no clock, no database.

Each folder beside this module with a `rules.py` declares one type: `rules.py` has what is here,
`screen.py` what people see of it. Everything else asks the declaration, so that a new type is a new
folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import ClassVar, Final
from uuid import UUID

from workflows.engine.problems import Path, Problem
from workflows.engine.process import Json, JsonObject
from workflows.engine.texts import gettext
from workflows.engine.texts import gettext_noop as gettext_noop
from workflows.engine.values.composed import composed_text
from workflows.engine.values.frozen import refuse
from workflows.fields.facts import NO_FACTS, Facts, Reference

# The keys that the specs of all types have.
COMMON_KEYS: Final = (
    "name",
    "label",
    "type",
    "required",
    "help",
    "computed",
    "checks",
    "visible_when",
    "seen_by",
    "listed",
)
LIMIT_KEYS: Final = ("min", "max", "more_than", "less_than")


def as_typed(text: str) -> str:
    """What was typed, in composed form; a browser sends CR LF at the ends of lines."""
    return composed_text(text).replace("\r\n", "\n").replace("\r", "\n")


# What conditions take an answer for. There may be more: a file is "a file".
NUMBER: Final = gettext_noop("a number")
TEXT: Final = gettext_noop("a text")
YES_NO: Final = gettext_noop("yes or no")
LIST: Final = gettext_noop("a list")


class CellForm(Enum):
    """How a cell of a workbook holds an answer."""

    TEXT = auto()
    NUMBER = auto()
    WHOLE_NUMBER = auto()
    YES_NO = auto()
    NAMES = auto()  # separated by commas, or a line each
    DATE = auto()
    TIME = auto()
    MOMENT = auto()
    JSON = auto()


class TitleUse(Enum):
    """What an answer does for the title of a ticket to which nobody gave one."""

    NOTHING = 0  # without its question it says nothing
    PART = 1
    WHOLE = 2  # a text: what comes after it is left out


class Holds(StrEnum):
    """What a key of its own holds, in a spec."""

    TEXT = "text"
    TEXTS = "texts"  # a list of them
    COMPANY_ROLE = "company_role"


class SeenBy(StrEnum):
    """Who sees the answer to a question of a task. Specs name it so."""

    TEAM = "team"  # whoever works on the ticket, and ticket admins
    REQUESTER = "requester"  # whoever submitted the ticket, too


SEEN_BY_WORDS: Final[Mapping[SeenBy, str]] = MappingProxyType(
    {
        SeenBy.TEAM: gettext_noop("the team only"),
        SeenBy.REQUESTER: gettext_noop("the requester, too"),
    }
)


@dataclass(frozen=True, slots=True)
class SpecKey:
    """A key of the spec that one type brings. `note` is for whoever fills it in."""

    key: str
    label: str
    note: str
    holds: Holds = Holds.TEXT


@dataclass(frozen=True, slots=True)
class Part:
    """What conditions can read beneath an answer: `kind` as above.

    `name` is what it is called on screen; empty: it is not offered there. `type` is the type
    of question whose answers look like it.
    """

    kind: str = TEXT
    name: str = ""
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Comparable:
    """How the texts are written that an answer can be compared with, and an example of one."""

    pattern: re.Pattern[str]
    example: str


@dataclass(frozen=True, slots=True)
class Check:
    """What must be true of the answers, and what is said beside the question where it is not.

    A check that reads an answer which is not there is not made, unless it asks for that.
    """

    condition: Json
    message: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question, checked. ``choices`` are pairs of value and label.

    ``minimum`` and ``maximum`` count characters of text, values of numbers (inclusive), chosen
    values or records; for dates and times they are ISO text. ``more_than`` and ``less_than``
    are exclusive limits of numbers. ``settings`` has the keys that its type alone brings.

    What is a formula instead, JsonLogic over the names of the form, stands apart:
    ``required_when``; ``limit_rules``, by the key of the limit; ``default_rule``. An answer with
    ``computed`` is calculated, and nobody types it.
    """

    name: str
    type: FieldType
    label: str
    required: bool = False
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    default: Json = None
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    more_than: int | float | None = None
    less_than: int | float | None = None
    pattern: str = ""
    visible_when: Json = None
    seen_by: SeenBy = SeenBy.TEAM
    listed: bool = False
    computed: Json = None
    checks: tuple[Check, ...] = ()
    required_when: Json = None
    limit_rules: Mapping[str, Json] = field(default_factory=dict)
    default_rule: Json = None
    fields: tuple[Field, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)

    @property
    def is_computed(self) -> bool:
        return self.computed is not None


type CheckList = Callable[[Json, Path], Iterator[Problem]]


class FieldType:
    """What a type of question is. A folder declares one by a subclass, and makes it: TYPE.

    What is left as it is here is right for an answer that is a short text. The process has one
    of each for everybody, so nothing of it can be changed.
    """

    __setattr__ = __delattr__ = refuse

    key: ClassVar[str]  # as documents name it
    order: ClassVar[int]  # its place in lists of types
    name: ClassVar[str]  # on screen
    aliases: ClassVar[tuple[str, ...]] = ()  # what it may be called in files, in whatever spelling
    hint: ClassVar[str]  # what to do to answer it, a sentence
    # The keys of the spec that it has beyond the common ones, and those that it alone brings.
    keys: ClassVar[frozenset[str]] = frozenset({"default"})
    own_keys: ClassVar[tuple[SpecKey, ...]] = ()
    # What the limits say, to be filled in with `limit`.
    at_least: ClassVar[str] = gettext_noop("At least %(limit)s")
    at_most: ClassVar[str] = gettext_noop("At most %(limit)s")
    kind: ClassVar[str] = TEXT
    parts: ClassVar[Mapping[str, Part]] = MappingProxyType({})
    comparable: ClassVar[Comparable | None] = None
    cell: ClassVar[CellForm] = CellForm.TEXT
    title_use: ClassVar[TitleUse] = TitleUse.NOTHING
    in_records: ClassVar[bool] = True
    # Its answers may be calculated, as single values are.
    may_be_computed: ClassVar[bool] = True
    # Its limits may be formulas: they are values of its own kind, and no counts.
    has_limit_rules: ClassVar[bool] = False
    # Whatever is wrong with the form of an answer, the hint says what to do.
    says_its_form: ClassVar[bool] = False
    # Its answers name what stands in the database: see facts.py.
    is_looked_up: ClassVar[bool] = False
    # What stands in the place of an answer that is erased, where answers are whatever somebody
    # typed; it is a right answer. None: its answers say nothing of a person by themselves.
    erased: ClassVar[Json] = None
    # Its answers name people of the company: `with_people` changes them.
    names_people: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.key

    def __repr__(self) -> str:
        return f"<{self.key}>"

    @property
    def advice(self) -> str:
        """The hint in the language of whoever reads it now."""
        return gettext(self.hint)

    @property
    def all_keys(self) -> frozenset[str]:
        """The keys beyond the common ones."""
        return self.keys | {each.key for each in self.own_keys}

    # The spec

    def limit_problem(self, value: Json) -> str:
        """Why a value cannot be a limit; empty where it can."""
        return ""

    def contradiction(self, spec: JsonObject) -> str:
        """Why no answer fits the limits; they are each right. Empty where one does."""
        return ""

    def spec_problems(
        self, spec: JsonObject, path: Path, check_list: CheckList
    ) -> Iterator[Problem]:
        """What is wrong with keys that few types have; `check_list` checks fields inside."""
        yield from ()

    def asks_for_number(self, key: str) -> bool | None:
        """Whether a number stands under this key of a spec, and must be whole; None: no number."""
        return None

    # Answers

    def schema(self, question: Field) -> JsonObject:
        """The JSON Schema of an answer."""
        raise NotImplementedError

    def document_schema(self, question: Field) -> JsonObject:
        """The schema of a value in a document: a default, a preset, an answer of a test case."""
        return self.schema(question)

    def problem(self, question: Field, value: Json) -> str:
        """What JSON Schema cannot say of an answer that fits it; empty where it is right."""
        return ""

    def wrong_kind(self, value: object) -> str:
        """What to do about a value of the wrong JSON type."""
        return self.advice

    def wrong_form(self, value: object) -> str:
        """What to do about a text that has not the form of an answer."""
        return self.advice

    def read(self, question: Field, text: str, *, zone: tzinfo) -> Json:
        """What was typed; what cannot be read stays text, for the schema to refuse.

        `text` is what `stripped` left, and not empty. `zone` is the one that the page shows.
        """
        return text

    def stripped(self, typed: str) -> str:
        """What was typed without the blanks that nobody means, and with plain line ends."""
        return as_typed(typed).strip()

    def sample(self, question: Field) -> Json:
        """A made-up answer."""
        raise NotImplementedError

    def possible_values(self, question: Field) -> tuple[Json, ...]:
        """All answers that there can be, where they are few."""
        return ()

    def still_fits(self, question: Field, value: Json) -> Json:
        """A saved answer as the question takes it today, or None; it need not be right."""
        return None if isinstance(value, dict | list) else value

    def uploads(self, value: Json) -> Iterator[UUID]:
        """The keys of the uploaded files that an answer names; it need not be right.

        What it names is claimed for the ticket, or kept for the saved answers; any other
        upload is deleted after a week.
        """
        yield from ()

    def with_people(self, value: Json, change: Callable[[Json], Json]) -> Json:
        """The answer with everybody whom it names changed; it need not be right.

        Only of types that name people. Another installation knows them by other numbers, and who
        is erased is named no more.
        """
        return value

    # What stands in the database; only of types that are looked up

    def references(self, question: Field, value: Json) -> Iterator[Reference]:
        """What must be looked up to judge a value, of an answer or of a document."""
        yield from ()

    def taken_in(self, question: Field, value: Json, facts: Facts = NO_FACTS) -> Json:
        """The answer that a value of a document or a typed text stands for, or the value itself."""
        return value

    def given_out(self, question: Field, value: Json) -> Json:
        """An answer as documents write it."""
        return value

    def refusal(self, question: Field, value: Json, facts: Facts) -> str:
        """Why the facts do not allow this value; empty where they do."""
        return ""

    def made_up(self, reference: Reference) -> JsonObject:
        """What stands behind a reference while there is no database to ask."""
        raise NotImplementedError
