"""Other words that are read for what stands in a bundle, and the bundle in our own words.

The words of other people's documents (`{Label, Desc, URI}`, `{FieldName, FieldType}`,
`company_role_access`), of other tools and of spreadsheets: names are compared by their letters and
digits alone, so that FieldName, field_name and "Field name" are one. What is written is always
in our words. docs/bundle-format.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.utils.translation import gettext as _

from tenants.names import name_key
from workflows.bundles.document.canonical import END, START, as_text, free_form, key_order
from workflows.bundles.document.problems import Problem
from workflows.bundles.document.reading import read_bundle
from workflows.engine.conditions.text import ConditionTextError, Names, parse_expression
from workflows.engine.problems import Path, short
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.edits import OF_TASKS, OF_TICKET, EditMode
from workflows.engine.tables.decision_cells import CELL_TYPES
from workflows.engine.task_types import TaskType
from workflows.engine.values.storable import MAX_DEPTH
from workflows.errors import UnreadableBundleError
from workflows.fields.field import LIMIT_KEYS
from workflows.fields.registry import TYPES

# {part of a bundle: {name in it: other names for the same}}. A part is a name under `$defs` of
# bundle.schema.json, or "bundle", "link" (an entry of ext_ref) or "choice".
SYNONYMS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "bundle": {
        "workflow": ("workflow_definition", "process"),
        "tasks": ("task_definitions", "steps"),
        "transitions": ("ways",),
        "ticket_types": ("ticket_definitions",),
        "company_roles": ("roles",),
        "tests": ("test_cases",),
    },
    "workflow": {
        "title": ("name", "workflow_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "fields": ("field_specs", "questions"),
    },
    "task": {
        "title": ("name", "task_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "task_type": ("type",),
        "fields": ("field_specs", "questions"),
        "candidate_role": ("candidate_company_role", "company_role", "role"),
        "assign_to": ("given_to", "assignment", "assignee"),
        "edits": ("edit", "earlier_answers", "asks_again", "shows_again", "changes"),
        "action_url": ("url", "uri", "address"),
        "input_transform": ("input",),
        "output_transform": ("output",),
        "timeout_seconds": ("timeout", "timeout_in_seconds"),
        "due_in": ("due", "due_at", "deadline"),
        "branch": ("in_branch", "lane"),
        "branches": ("lanes",),
        "ends_when": ("end_when", "join", "ends_after"),
        "for_each": ("each_of", "repeat_for"),
        "order": ("in_which_order",),
        "most": ("at_most", "limit"),
        "hide_answers": ("answers_hidden", "hidden"),
        "values": ("set", "set_values", "sets"),
        "table": ("decision_table", "decision", "rules"),
        "wait": ("wait_until", "waits_until", "waits", "until"),
        "ticket_type": ("starts", "sub_ticket", "sub_workflow"),
        "wait_for_end": ("waits_for_end", "wait_for_it", "waits_for_it"),
        "answered_by": ("matched_by", "correlation_key", "message_key"),
        "reminders": ("reminder", "escalations", "escalation"),
        "approvers": ("approved_by", "approver"),
        "needed": ("how_many", "needed_votes"),
        "never": ("never_by",),
        "message": ("mail", "email", "sends"),
    },
    "message_on_way": {
        "who": ("to", "recipient", "tell"),
        "role": ("company_role", "candidate_role"),
        "answer": ("question", "field"),
        "task": ("step", "doer"),
        "email": ("address", "mail"),
        "subject": ("title",),
        "text": ("body", "content", "template"),
        "files": ("attachments", "attach", "file"),
    },
    "message": {
        "who": ("to", "recipient", "tell"),
        "answer": ("question", "field"),
        "task": ("step", "doer"),
        "email": ("address", "mail"),
        "subject": ("title",),
        "text": ("body", "content", "template"),
        "files": ("attachments", "attach", "file"),
    },
    "branch": {
        "title": ("name", "branch_name"),
        "start": ("begins_with", "first_task", "from"),
        "when": ("condition", "if", "only_if"),
        "ends_block": ("ends", "is_main", "main"),
    },
    "decision_table": {
        "inputs": ("conditions",),
        "outputs": ("results",),
        "rows": ("rules",),
        "hit": ("hit_policy", "policy"),
        "default": ("otherwise", "else"),
    },
    "table_input": {
        "name": ("key",),
        "label": ("title", "heading"),
        "value": ("reads", "expression", "formula"),
    },
    "table_output": {
        "name": ("key",),
        "label": ("title", "heading"),
    },
    "table_row": {
        "when": ("if", "conditions", "inputs"),
        "then": ("outputs", "results"),
        "note": ("comment", "annotation", "description"),
    },
    "edit": {
        "task": ("step", "of_task", "form"),
        "field": ("name", "question", "answer"),
        "mode": ("may", "how", "access"),
    },
    "transition": {
        "from": ("from_task", "source"),
        "to": ("to_task", "target", "next"),
        "label": ("name", "title"),
        "condition": ("when", "if"),
        "priority": ("order",),
        "after": ("timeout", "not_done_after"),
        "on_failure": ("on_error", "otherwise", "if_it_fails", "when_it_fails", "failure"),
        "on_cancel": ("if_cancelled", "when_cancelled", "on_withdraw", "when_withdrawn"),
        "outcome": ("end_outcome",),
        "messages": ("mails", "emails", "message", "mail", "email", "sends"),
    },
    "ticket_type": {
        "title": ("name", "ticket_name"),
        "description": ("desc",),
        "ext_ref": ("ext_refs", "external_references", "links", "link"),
        "presets": ("preset_values",),
        "roles_with_access": (
            *("company_role_access", "company_roles_with_access"),
            *("company_roles", "company_role", "roles"),
        ),
        "priority": ("urgency", "default_priority"),
        "priority_from": ("priority_field", "priority_question"),
        "icon": ("symbol",),
        "reopen_days": ("reopen_within_days", "can_be_reopened_for"),
        "asks_rating": ("rating", "rated", "ask_rating"),
        "starts": ("recurring_starts", "recurring", "schedule", "schedules"),
        "public_for": ("public", "outside_for"),
    },
    "start": {
        "title": ("name",),
        "rule": ("rrule", "recurrence", "recurrence_rule"),
        "working_day": ("workday", "business_day", "working_day_of_month"),
        "at": ("time", "time_of_day"),
        "from": ("first", "dtstart", "starting"),
        "on_behalf_of": ("as", "person", "submitted_as", "email"),
        "answers": ("data", "values"),
    },
    "reminder": {
        "when": ("at", "time"),
        "tell": ("who", "to", "notify"),
        "role": ("company_role",),
        "add": ("adds", "add_role"),
        "give": ("gives", "hand_over", "reassign"),
        "text": ("message", "note"),
    },
    "company_role": {
        "name": ("role", "role_name", "title"),
        "description": ("desc",),
    },
    "test": {
        "name": ("test_case", "title"),
        "today": ("date", "day", "on"),
    },
    "field": {
        "name": ("field_name", "field"),
        "label": ("field_label", "question"),
        "type": ("field_type",),
        "required": ("mandatory", "is_required"),
        "choices": ("options",),
        "help": ("hint", "help_text"),
        "default": ("default_value",),
        "min": ("minimum", "at_least"),
        "max": ("maximum", "at_most"),
        "pattern": ("regular_expression", "regex"),
        "computed": ("calculated", "calculate", "calculate_value", "formula", "expression"),
        "checks": ("check", "validations", "validation", "constraints"),
        "visible_when": ("show_when", "shown_when", "condition"),
        "seen_by": ("visible_to", "shown_to"),
        "listed": ("in_lists", "show_in_lists"),
        "role": ("company_role",),
        "accept": ("accepts", "accepted_types", "file_types", "allowed_types"),
    },
    "check": {
        "condition": ("rule", "must_be_true", "constraint"),
        "message": ("error", "error_message", "text"),
    },
    "link": {
        "label": ("name", "title"),
        "description": ("desc",),
        "uri": ("url", "href", "address"),
    },
    "choice": {
        "value": ("key",),
        "label": ("title",),
    },
}
# {other name: type of a question}, as each type declares them.
FIELD_TYPES: Final[Mapping[str, str]] = {
    alias: each.key for each in TYPES.values() for alias in each.aliases
}
# {other name: type of a task}, as each type declares them.
TASK_TYPES: Final[Mapping[str, str]] = {
    spelling: each.value for each in TaskType for spelling in each.rules.spellings
}
# {other word: what a person may do with an answer that is shown again}
EDIT_MODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("edit", "write", "editable", "may_change"), EditMode.CHANGE.value),
    **dict.fromkeys(("read", "show", "view", "only_seen", "read_only"), EditMode.SEE.value),
    **{each.value: each.value for each in EditMode},
}
# The parts that stand inside a part, by the name that they have there; in a list where "[]".
_INSIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "bundle": {
        "workflow": "workflow",
        "tasks": "task[]",
        "transitions": "transition[]",
        "ticket_types": "ticket_type[]",
        "company_roles": "company_role[]",
        "tests": "test[]",
    },
    "workflow": {"ext_ref": "link[]", "fields": "field[]"},
    "task": {
        "ext_ref": "link[]",
        "fields": "field[]",
        "branches": "branch[]",
        "table": "decision_table",
        "reminders": "reminder[]",
        "message": "message",
        "edits": "edit[]",
    },
    "decision_table": {
        "inputs": "table_input[]",
        "outputs": "table_output[]",
        "rows": "table_row[]",
    },
    "transition": {"messages": "message_on_way[]"},
    "ticket_type": {"ext_ref": "link[]", "starts": "start[]"},
    "field": {"fields": "field[]", "choices": "choice[]", "checks": "check[]"},
    "test": {
        "submitter": "test_submitter",
        "answers": "test_answer[]",
        "expect": "test_expectation",
    },
}
_INLINE: Final[Mapping[str, tuple[str, ...]]] = {
    "link": ("label", "description", "uri"),
    "choice": ("value", "label"),
}


def plain(name: str) -> str:
    """A name as it is compared: its letters and digits, as small letters."""
    return re.sub(r"[\W_]+", "", name_key(name))


def names_of(part: str) -> list[str]:
    """Our names for what stands in a part, in their order."""
    return list(_INLINE.get(part) or key_order(part))


def part_of_entries(name: str) -> str:
    """The part that each entry of a list of the bundle is: `tasks` are a list of `task`."""
    inner = {"fields": "field", "branches": "branch", "starts": "start"}
    return inner.get(name) or _INSIDE["bundle"].get(name, name).removesuffix("[]")


def synonyms_of(part: str, name: str) -> tuple[str, ...]:
    return SYNONYMS.get(part, {}).get(name, ())


def field_type_of(word: str) -> str:
    """The type of a field that a word means; the word itself where it means none of them."""
    return _field_types().get(plain(word), word)


def task_type_of(word: str) -> str:
    """As `field_type_of`, of a task."""
    known = {plain(each.value): each.value for each in TaskType}
    return {**_plainly(TASK_TYPES), **known}.get(plain(word), word)


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
    inner = _INSIDE.get(part, {}).get(name, "")
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


def _plainly(words: Mapping[str, str]) -> dict[str, str]:
    return {plain(word): meaning for word, meaning in words.items()}


# Values that may be written in other words, too.

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


def edit_mode_of(word: str) -> str:
    """What a person may do with an earlier answer; the word itself where it means none of it."""
    return _plainly(EDIT_MODES).get(plain(word), word)


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
    ("task", "input_schema"): _read_json_text,
    ("task", "output_schema"): _read_json_text,
    ("task", "for_each"): _read_json_text,
    ("branch", "when"): _read_json_text,
    ("table_input", "value"): _read_input,
    ("table_input", "type"): _read_cell_type,
    ("table_output", "type"): _read_cell_type,
    ("transition", "from"): _end_point(START),
    ("transition", "to"): _end_point(END),
    ("transition", "condition"): _read_json_text,
}


@cache
def _field_types() -> Mapping[str, str]:
    return {**_plainly(FIELD_TYPES), **{plain(key): key for key in TYPES}}
