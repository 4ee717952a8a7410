"""Whether a document has the form of a bundle: bundle.schema.json, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.bundles.document.canonical import FORMAT, FORMAT_VERSION, SCHEMA, key_order
from workflows.bundles.document.problems import Problem
from workflows.engine.problems import Path, did_you_mean, nearest, short
from workflows.engine.process import JsonObject
from workflows.engine.schemas.json_schema import ValidationError, compile_validator

_VALIDATOR: Final = compile_validator(SCHEMA, is_ours=True)
_TYPES: Final[Mapping[str, object]] = {
    "string": gettext_lazy("text"),
    "integer": gettext_lazy("a whole number"),
    "number": gettext_lazy("a number"),
    "boolean": gettext_lazy("true or false"),
    "array": gettext_lazy("a list"),
    "object": gettext_lazy("an object"),
    "null": gettext_lazy("null"),
}
_KEYS: Final = frozenset({"key", "from", "to", "task", "ticket_type", "start"})
_KEY: Final = gettext_lazy("lower-case letters, digits and underscores, beginning with a letter")
_PART_OF_LIST: Final = {
    "tasks": "task",
    "transitions": "transition",
    "ticket_types": "ticket_type",
    "company_roles": "company_role",
    "tests": "test",
}
# Where it stands: in which list, under which name, and how deep.
_PARTS: Final[Mapping[tuple[object, str, int], str]] = {
    ("tasks", "assign_to", 3): "assign_to",
    ("tasks", "assistant", 3): "assistance",
    ("tasks", "message", 3): "message",
    ("transitions", "messages", 4): "message_on_way",
    ("tasks", "branches", 4): "branch",
    ("tasks", "reminders", 4): "reminder",
    ("tasks", "edits", 4): "edit",
    ("ticket_types", "starts", 4): "start",
}
_PART_OF_TEST: Final = {
    "submitter": "test_submitter",
    "answers": "test_answer",
    "expect": "test_expectation",
}
_PART_OF_TABLE: Final = {"inputs": "table_input", "outputs": "table_output", "rows": "table_row"}


def structure_problems(document: object) -> Iterator[Problem]:
    """What the schema refuses; field specs are left to the engine, which says more."""
    if not isinstance(document, dict):
        message = _("A bundle is an object with “format”, “workflow”, “tasks” and “transitions”.")
        yield Problem((), message, document, expected=str(_TYPES["object"]))
        return
    for error in _VALIDATOR.iter_errors(document):
        path: Path = tuple(error.instance_path)
        if not is_inside_fields(path):
            yield from _problems_from_schema_error(error, path, _value_at(document, path))


def too_long_lists(document: JsonObject) -> Iterator[Problem]:
    """The lists of a bundle that have more entries than the schema lets them have: quickly told."""
    properties = SCHEMA["properties"]
    for name, spec in properties.items() if isinstance(properties, dict) else ():
        limit = spec.get("maxItems") if isinstance(spec, dict) else None
        value = document.get(name)
        if isinstance(limit, int) and isinstance(value, list) and len(value) > limit:
            message, expected = _sentence("maxItems", {"limit": limit}, (name,))
            yield Problem((name,), message, value, expected)


def is_inside_fields(path: Path) -> bool:
    """Whether this is a list of field specs, or inside one."""
    return path[:2] == ("workflow", "fields") or (path[:1] == ("tasks",) and "fields" in path[2:3])


def _problems_from_schema_error(
    error: ValidationError, path: Path, found: object
) -> Iterator[Problem]:
    keyword: str = error.kind.name
    details: dict[str, object] = error.kind.as_dict()
    if keyword == "additionalProperties":
        unexpected = details["unexpected"]
        for name in unexpected if isinstance(unexpected, list) else []:
            yield _unknown_name(path, str(name), found)
    elif keyword == "required":
        name = str(details["property"])
        yield Problem((*path, name), _("“%(name)s” is missing. Add it.") % {"name": name})
    else:
        message, expected = _sentence(keyword, details, path)
        yield Problem(path, message, found, expected)


def _unknown_name(path: Path, name: str, found: object) -> Problem:
    known = _known_names(path)
    meant = nearest(name, known)
    message = _("There is no “%(name)s” here.") % {"name": short(name)}
    advice = did_you_mean(meant) or " " + _("Remove it.")
    value = found.get(name) if isinstance(found, dict) else None
    return Problem((*path, name), message + advice, value, ", ".join(known), meant)


def _known_names(path: Path) -> list[str]:
    if path[-2:-1] == ("ext_ref",):
        return ["label", "description", "uri"]
    if path == ("workflow",):
        return key_order("workflow")
    if len(path) == 2 and path[0] in _PART_OF_LIST:
        return key_order(_PART_OF_LIST[str(path[0])])
    if len(path) > 2 and isinstance(path[2], str):
        part = (path[0], path[2], len(path))
        if part == ("tasks", "approvers", 3):
            return ["role", "people", "manager"]
        if part in _PARTS:
            return key_order(_PARTS[part])
        if part[:2] == ("tasks", "table"):
            return key_order(_PART_OF_TABLE.get(str(path[3]) if path[3:] else "", "decision_table"))
        if part[0] == "tests" and path[2] in _PART_OF_TEST:
            return key_order(_PART_OF_TEST[path[2]])
    return key_order("bundle")


def _sentence(keyword: str, details: Mapping[str, object], path: Path) -> tuple[str, str]:
    """What to do, and what was expected."""
    limit = {"limit": details.get("limit")}
    if keyword == "type":
        types = details["types"]
        names = [str(_TYPES[each]) for each in types] if isinstance(types, list) else []
        expected = _(" or ").join(names)
        return _("Give %(expected)s here.") % {"expected": expected}, expected
    if keyword == "const":
        return _constant_sentence(path)
    if keyword == "enum":
        options = details["options"]
        expected = ", ".join(map(str, options)) if isinstance(options, list) else ""
        return _("Use one of these: %(options)s.") % {"options": expected}, expected
    if keyword == "not":
        expected = str(_KEY)
        message = _("“start” and “end” stand for the start and the end. Choose another key.")
        return message, expected
    if keyword == "pattern":
        return _pattern_sentence(path)
    if keyword == "format":
        expected = _("an address that starts with http:// or https://")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if keyword in _LIMITS:
        expected = str(_LIMITS[keyword]) % limit
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if keyword == "minItems":
        return _("This list is empty. Add at least one entry."), ""
    return _("This is not as the format describes it. Correct it."), ""


_LIMITS: Final[Mapping[str, object]] = {
    "maxLength": gettext_lazy("at most %(limit)s characters"),
    "minLength": gettext_lazy("at least %(limit)s characters"),
    "minimum": gettext_lazy("a number of at least %(limit)s"),
    "maximum": gettext_lazy("a number of at most %(limit)s"),
    "maxItems": gettext_lazy("at most %(limit)s entries"),
}


def _constant_sentence(path: Path) -> tuple[str, str]:
    if path == ("format",):
        return (
            _("This is not a TicketFlower bundle: “format” must be “%(format)s”.")
            % {"format": FORMAT},
            FORMAT,
        )
    return (
        _("This version of the format is not known. Export the bundle again, or use %(version)d.")
        % {"version": FORMAT_VERSION},
        str(FORMAT_VERSION),
    )


def _pattern_sentence(path: Path) -> tuple[str, str]:
    if path[2:3] == ("starts",) and path[-1] in ("at", "from"):
        is_time = path[-1] == "at"
        expected = _("a time of day such as 08:00") if is_time else _("a day such as 2026-10-30")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1] in _KEYS or path[-2:-1] == ("path",):
        message = _("Use %(expected)s (at most 63 characters).") % {"expected": _KEY}
        return message, str(_KEY)
    if path[-1:] in (("due_in",), ("after",), ("wait",), ("when",)):
        expected = _(
            "a time such as P2D (two working days), PT4H (four hours), PT30M clock (half an hour "
            "by the clock), on ticket.return_date, or P3D before ticket.return_date at 09:00"
        )
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1:] == ("branch",):
        expected = _("the key of a block, a dot and the key of its branch, such as prepare.it")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1:] == ("ends_when",):
        expected = _("all, any, or how many branches must have ended")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1:] == ("today",):
        expected = _("a day such as 2026-10-30")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1:] == ("needed",):
        expected = _("one, all, or how many must approve")
        return _("Give %(expected)s.") % {"expected": expected}, expected
    if path[-1:] == ("title",):
        return _("Give a title: spaces alone are none."), _("text")
    if path[-1:] == ("label",):
        return _("Give the link a label: spaces alone are none."), _("text")
    return _("Give a name without spaces or line breaks around it."), _("text")


def _value_at(document: object, path: Path) -> object:
    value = document
    for step in path:
        value = value[step] if isinstance(value, dict | list) else None  # type: ignore[index]
    return value
