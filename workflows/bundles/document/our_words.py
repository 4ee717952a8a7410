"""A document of other people in our own words: names, types and values of `synonyms.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.utils.translation import gettext as _

from workflows.bundles.document.canonical import END, START, as_text, free_form
from workflows.bundles.document.problems import Problem
from workflows.bundles.document.reading import read_bundle
from workflows.bundles.document.synonyms import (
    INSIDE,
    REQUESTER_WORDS,
    edit_mode_of,
    field_type_of,
    names_of,
    plain,
    synonyms_of,
    task_type_of,
)
from workflows.engine.conditions.text import (
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
)
from workflows.engine.problems import Path, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.assigning import Who
from workflows.engine.steps.edits import OF_TASKS, OF_TICKET
from workflows.engine.tables.decision_cells import CELL_TYPES
from workflows.engine.values.storable import MAX_DEPTH
from workflows.errors import UnreadableBundleError
from workflows.fields.field import LIMIT_KEYS


@dataclass(slots=True)
class InOurWords:
    """A document in our words. `problems` are two spellings of one thing that say different
    things, and texts that should be JSON; `renamed` has our name for what stands at a path."""

    document: Json = None
    problems: list[Problem] = field(default_factory=list)
    renamed: dict[Path, str] = field(default_factory=dict)
    task_keys: tuple[str, ...] = ()

    def our_path(self, path: Path) -> Path:
        """Where something of the document that was read stands in ours."""
        return tuple(self.renamed.get(path[: length + 1], step) for length, step in enumerate(path))


def in_our_words(document: Json) -> InOurWords:
    """Read the synonyms in a document that is not checked yet; survives any value."""
    made = InOurWords(task_keys=_task_keys(document))
    made.document = _part(document, "bundle", (), (), made)
    return made


def _task_keys(document: Json) -> tuple[str, ...]:
    tasks = document.get("tasks") if isinstance(document, dict) else None
    return tuple(str(each.get("key")) for each in objects_in(tasks))


def _part(value: Json, part: str, theirs: Path, ours: Path, made: InOurWords) -> Json:
    """`theirs` and `ours` are the path of the value in the two documents."""
    if part == "edit":
        value = read_edit(value)
    if part == "assistance" and isinstance(value, str) and value.strip():
        value = {"account": value}
    if not isinstance(value, dict) or len(ours) > MAX_DEPTH:
        return value
    found: JsonObject = {}
    written: dict[str, str] = {}
    known = _known(part)
    for name, given in value.items():
        our_name = known.get(plain(name), name)
        if our_name != name:
            made.renamed[*theirs, name] = our_name
        item = _inside(given, part, our_name, (*theirs, name), (*ours, our_name), made)
        if our_name not in found:
            found[our_name], written[our_name] = item, name
        elif as_text(free_form(item)) != as_text(free_form(found[our_name])):
            _report_twice((*ours, our_name), written[our_name], name, made)
    return found


def _inside(given: Json, part: str, name: str, theirs: Path, ours: Path, made: InOurWords) -> Json:
    read = _VALUES.get((part, name))
    if read is not None:
        return read(given, ours, made)
    inner = INSIDE.get(part, {}).get(name, "")
    if not inner:
        return given
    if not inner.endswith("[]"):
        return _part(given, inner, theirs, ours, made)
    if not isinstance(given, list):
        return given
    kind = inner.removesuffix("[]")
    return [
        _part(each, kind, (*theirs, index), (*ours, index), made)
        for index, each in enumerate(given)
    ]


def _report_twice(path: Path, first: str, second: str, made: InOurWords) -> None:
    message = _("“%(first)s” and “%(second)s” mean the same, but differ. Remove one of them.")
    words = {"first": short(first), "second": short(second)}
    made.problems.append(Problem(path, message % words))


@cache
def _known(part: str) -> Mapping[str, str]:
    """{plain spelling: our name}; our own names come first."""
    names = names_of(part)
    others = {plain(word): name for name in names for word in synonyms_of(part, name)}
    return {**others, **{plain(name): name for name in names}}


type _Read = Callable[[Json, Path, InOurWords], Json]


def _read_field_type(value: Json, _path: Path, _made: InOurWords) -> Json:
    return field_type_of(value) if isinstance(value, str) else value


def read_edit(value: Json) -> Json:
    """One answer that is shown again, also as a text: `ticket.amount`, `review.note: see`."""
    if not isinstance(value, str):
        return value
    named, _colon, mode = (each.strip() for each in value.partition(":"))
    made: JsonObject = {}
    owner, dot, name = named.removeprefix(OF_TASKS).rpartition(".")
    if dot and f"{owner}." != OF_TICKET:
        made["task"] = owner
    made["field"] = name
    if mode:
        made["mode"] = edit_mode_of(mode)
    return made


def _read_edit_mode(value: Json, _path: Path, _made: InOurWords) -> Json:
    return edit_mode_of(value) if isinstance(value, str) else value


def _read_task_type(value: Json, _path: Path, _made: InOurWords) -> Json:
    return task_type_of(value) if isinstance(value, str) else value


def _end_point(name: str) -> _Read:
    """A task, or the start or the end, which others write as null or with a capital."""

    def read(value: Json, _path: Path, _made: InOurWords) -> Json:
        is_end = value is None or (isinstance(value, str) and plain(value) == name)
        return name if is_end else value

    return read


def _read_json_text(value: Json, path: Path, made: InOurWords) -> Json:
    """What must be JSON, and may be written as a text that holds it."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return read_bundle(value.encode("utf-8", "replace"))
    except UnreadableBundleError as error:
        message = _("This is a text that should hold JSON, and does not. %(reason)s")
        made.problems.append(Problem(path, message % {"reason": error}, value, "JSON"))
        return value


def _read_condition(value: Json, path: Path, made: InOurWords) -> Json:
    """What decides a transition: JSON, or as people write it: ticket.amount > 1000."""
    if not isinstance(value, str) or value.lstrip().startswith("{"):
        return _read_json_text(value, path, made)
    try:
        return parse_condition(value, task_keys=made.task_keys)
    except ConditionTextError as error:
        found = short(value, 200)
        made.problems.append(Problem(path, str(error), found, error.expected, error.nearest))
        return value


# Who is meant by one word alone.
_ALONE: Final = (Who.REQUESTER.value, Who.MANAGER.value, "everybody")


def _read_assignment(value: Json, _path: Path, _made: InOurWords) -> Json:
    """To whom a task is given, also as a word: requester, manager, or an e-mail address."""
    if isinstance(value, str) and "@" in value:
        return {"who": Who.PERSON.value, "email": value.strip()}
    if isinstance(value, str):
        who = _who(value)
        return {"who": who} if who in _ALONE else value
    if isinstance(value, dict) and isinstance(value.get("who"), str):
        return {**value, "who": _who(str(value["who"]))}
    return value


def _who(word: str) -> str:
    if plain(word) in REQUESTER_WORDS:
        return Who.REQUESTER.value
    return next((each for each in _ALONE if each == plain(word)), word)


def _read_input(value: Json, path: Path, made: InOurWords) -> Json:
    """What an input reads: JSON, or as people write it: ticket.amount."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return parse_expression(value, names=Names(made.task_keys))
    except ConditionTextError as error:
        found = short(value, 200)
        made.problems.append(Problem(path, str(error), found, error.expected, error.nearest))
        return value


def _read_cell_type(value: Json, _path: Path, _made: InOurWords) -> Json:
    known = CELL_TYPES.get(field_type_of(value)) if isinstance(value, str) else None
    return value if known is None else known.value


class _Anything(Collection[str]):
    """The names of a form, where it is not known: each name is one of them."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _read_formula(value: Json, path: Path, made: InOurWords) -> Json:
    """A rule of a form, which may be written as a text: as JSON, or as people write conditions."""
    if not isinstance(value, str) or not value.strip():
        return value
    if value.lstrip().startswith("{"):
        return _read_json_text(value, path, made)
    try:
        return parse_expression(value, names=Names(fields=_Anything()))
    except ConditionTextError as error:
        made.problems.append(Problem(path, str(error), value, nearest=error.nearest))
        return value


def _read_value_or_formula(value: Json, _path: Path, _made: InOurWords) -> Json:
    """As before, where a text may also be a value: `today + 14 days`, but “2026-12-31”."""
    if not isinstance(value, str) or plain(value) in _YES_OR_NO:
        return value
    try:
        found = parse_expression(value, names=Names(fields=_Anything()))
    except ConditionTextError:
        return value
    return found if isinstance(found, dict) else value


_YES_OR_NO: Final = frozenset({"yes", "no", "true", "false", "y", "n", "x", "required", "optional"})
_VALUES: Final[Mapping[tuple[str, str], _Read]] = {
    ("field", "type"): _read_field_type,
    ("edit", "mode"): _read_edit_mode,
    ("field", "visible_when"): _read_formula,
    ("field", "computed"): _read_formula,
    ("check", "condition"): _read_formula,
    ("field", "required"): _read_value_or_formula,
    **{("field", key): _read_value_or_formula for key in LIMIT_KEYS},
    ("task", "task_type"): _read_task_type,
    ("task", "assign_to"): _read_assignment,
    ("task", "input_schema"): _read_json_text,
    ("task", "output_schema"): _read_json_text,
    ("task", "for_each"): _read_json_text,
    ("branch", "when"): _read_condition,
    ("table_input", "value"): _read_input,
    ("table_input", "type"): _read_cell_type,
    ("table_output", "type"): _read_cell_type,
    ("transition", "from"): _end_point(START),
    ("transition", "to"): _end_point(END),
    ("transition", "condition"): _read_condition,
}
