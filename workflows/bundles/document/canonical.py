"""The one form of a bundle that all readers make and all writers take.

In the canonical form what equals its default is left out, names stand in the order of
bundle.schema.json, the keys of free-form JSON (rules, transforms, schemas, presets) are
sorted, and numbers have one spelling, the one in which Postgres gives them back. Names and
choices that look alike have one spelling, too (`workflows.bundles.document.spelling`). Two
bundles that mean the same are equal as text in this form, but for the order of entries
in lists, which people see and which is kept (roles are sorted).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from tenants.names import LONGEST_NAME, plain_email, plain_name
from workflows.bundles.document.spelling import as_spelt
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.rules.compiling import is_empty
from workflows.engine.steps.approvals import USUAL_NEVER
from workflows.engine.steps.assigning import canonical_assignment
from workflows.engine.steps.edits import canonical_edits
from workflows.engine.steps.messages import canonical_message, canonical_messages
from workflows.engine.steps.reminders import canonical_reminders
from workflows.engine.tables.decision_table import canonical_table
from workflows.fields.field import Holds
from workflows.fields.registry import OWN_KEYS, TYPES
from workflows.fields.specs.specs import MAX_TEXTS

FORMAT: Final = "ticketflower-bundle"
FORMAT_VERSION: Final = 1
START: Final = "start"
END: Final = "end"
SCHEMA_FILE: Final = Path(__file__).with_name("bundle.schema.json")


_TEXT: Final[JsonObject] = {"type": ["string", "null"], "maxLength": LONGEST_NAME}
_OWN_SCHEMA: Final[Mapping[Holds, JsonObject]] = {
    Holds.TEXT: _TEXT,
    Holds.COMPANY_ROLE: _TEXT,
    Holds.TEXTS: {
        "type": ["array", "null", "string"],
        "items": {"type": "string", "maxLength": LONGEST_NAME},
        "maxItems": MAX_TEXTS,
    },
}


def _schema() -> JsonObject:
    """The schema, with the types of questions that there are, and the keys that they bring.

    The file has them too, for the editors that people use; a test compares the two.
    """
    schema: JsonObject = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    properties = _as_object(_as_object(_as_object(schema["$defs"])["field"])["properties"])
    _as_object(properties["type"])["enum"] = list[Json](TYPES)
    for own in OWN_KEYS.values():
        properties[own.key] = {"description": own.note, **_OWN_SCHEMA[own.holds]}
    return schema


def _as_object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


SCHEMA: Final[JsonObject] = _schema()
_LARGEST_INTEGER = 2**63 - 1
_SEEN_BY_DEFAULT: Final = "team"


def canonical(document: JsonObject) -> JsonObject:
    """The canonical form of a bundle that `check_bundle` has no errors for."""
    return _PARTS["bundle"](as_spelt(document))


def as_text(value: Json) -> str:
    """A canonical value as text: equal texts mean equal values (True is not 1 here)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def free_form(value: Json) -> Json:
    """JSON with sorted keys, and with each number as Postgres's jsonb gives it back."""
    if isinstance(value, dict):
        return {key: free_form(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [free_form(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        # By its digits: Postgres keeps 1.2345678901234568e+18 as the number that is written there.
        whole = int(Decimal(repr(value)))
        return whole if abs(whole) <= _LARGEST_INTEGER else value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST_INTEGER:
        return float(value)
    return value


def key_order(part: str) -> list[str]:
    """The names that a part of a bundle may have, in the order in which they are written.

    `part` is a name under `$defs` of the schema, or "bundle".
    """
    return list(_properties(part))


def default_of(part: str, name: str) -> Json:
    """What it means when `name` is left out of this part of a bundle."""
    return _defaults(part).get(name)


def _properties(part: str) -> Mapping[str, Json]:
    definitions = SCHEMA["$defs"]
    found = SCHEMA if part == "bundle" else _as_object(_as_object(definitions).get(part))
    return _as_object(found.get("properties"))


def _defaults(part: str) -> JsonObject:
    return {name: _default(_as_object(spec)) for name, spec in _properties(part).items()}


def _default(spec: JsonObject) -> Json:
    reference = spec.get("$ref")
    if "default" not in spec and isinstance(reference, str):
        spec = _as_object(_as_object(SCHEMA["$defs"])[reference.rsplit("/", 1)[-1]])
    return spec.get("default")


def _canonical_part(
    part: str, **inner: Callable[[Json], Json]
) -> Callable[[JsonObject], JsonObject]:
    """A function that makes a part canonical; `inner` says how for single names."""
    defaults = _defaults(part)

    def make(value: JsonObject) -> JsonObject:
        made: JsonObject = {}
        for name, default in defaults.items():
            if name not in value:
                continue
            item = inner.get(name, free_form)(value[name])
            if as_text(item) != as_text(default):
                made[name] = item
        return made

    return make


def _list_of(make: Callable[[JsonObject], JsonObject]) -> Callable[[Json], Json]:
    return lambda value: [make(each) for each in objects_in(value)]


def _object_of(make: Callable[[JsonObject], JsonObject]) -> Callable[[Json], Json]:
    return lambda value: make(_as_object(value))


def _rule(value: Json) -> Json:
    return None if is_empty(value) else free_form(value)


def _field(spec: JsonObject) -> JsonObject:
    """A field spec; null, empty text and empty lists are how spreadsheets leave a thing out."""
    made: JsonObject = {}
    for name in _properties("field"):
        value = spec.get(name)
        if (
            value is None
            or value in ("", [], {})
            or (name in ("required", "listed") and value is False)
        ):
            continue
        if name == "seen_by" and value == _SEEN_BY_DEFAULT:
            continue
        if name == "choices":
            made[name] = _choices(value)
        elif name == "checks":
            made[name] = [_check(each) for each in objects_in(value)]
        elif name == "fields":
            made[name] = [_field(each) for each in objects_in(value)]
        else:
            made[name] = free_form(value)
    return made


def _check(check: JsonObject) -> JsonObject:
    return {name: free_form(check[name]) for name in _properties("check") if name in check}


def _choices(value: Json) -> Json:
    return [_choice(each) for each in value] if isinstance(value, list) else value


def _choice(choice: Json) -> Json:
    if not isinstance(choice, dict):
        return choice
    value, label = choice.get("value"), choice.get("label")
    return value if label in (None, "", value) else {"value": value, "label": label}


def _link(link: JsonObject) -> JsonObject:
    names = ("label", "description", "uri") if link.get("description") else ("label", "uri")
    return {name: link[name] for name in names if name in link}


def _set_of_names(value: Json) -> Json:
    return list[Json](sorted({str(each) for each in value})) if isinstance(value, list) else value


def _company_roles(value: Json) -> Json:
    """By name: their order says nothing, and the company keeps none."""
    return list[Json](map(_company_role, sorted(objects_in(value), key=_name)))


def _name(role: JsonObject) -> str:
    return str(role.get("name"))


def _assignment(value: Json) -> Json:
    """With the address of a person as it is kept, so that SQL finds them by it, too."""
    made = canonical_assignment(value)
    if isinstance(made, dict) and isinstance(email := made.get("email"), str):
        made["email"] = plain_email(email)
    return made


def _message(value: Json) -> Json:
    return _with_plain_email(canonical_message(value))


def _messages(value: Json) -> Json:
    made = canonical_messages(value)
    return list[Json](map(_with_plain_email, made)) if isinstance(made, list) else made


def _reminders(value: Json) -> Json:
    made = canonical_reminders(value)
    for each in made if isinstance(made, list) else []:
        if isinstance(each, dict) and isinstance(person := each.get("person"), str):
            each["person"] = plain_email(person)
    return made


def _with_plain_email(message: Json) -> Json:
    if isinstance(message, dict) and isinstance(email := message.get("email"), str):
        message["email"] = plain_email(email)
    return message


MOST_DIGITS: Final = 9


def _numbered(value: Json) -> Json:
    """A number that is written as a text, as a number."""
    is_number = isinstance(value, str) and value.isdecimal() and len(value) <= MOST_DIGITS
    return int(str(value)) if is_number else value


def _ends_when(value: Json) -> Json:
    """A number as a number, whatever a spreadsheet or a column of text makes of it."""
    if value is None or value == "":
        return default_of("task", "ends_when")
    return _numbered(value)


def _approvers(value: Json) -> Json:
    """With addresses as they are kept; nothing where it says of nobody."""
    if not isinstance(value, dict):
        return value or None
    made = {name: each for name, each in value.items() if each not in (None, "", [], False)}
    if isinstance(listed := made.get("people"), list):
        made["people"] = [plain_email(each) if isinstance(each, str) else each for each in listed]
    return free_form(made) or None


def _needed(value: Json) -> Json:
    if value is None or value == "":
        return default_of("task", "needed")
    number = _numbered(value)
    return default_of("task", "needed") if number == 1 and number is not True else number


def _never(value: Json) -> Json:
    """An empty list says something: that everybody may be asked."""
    if not isinstance(value, list):
        return value
    names = sorted({str(each) for each in value})
    return None if tuple(names) == USUAL_NEVER else list[Json](names)


def _item(value: Json) -> Json:
    """A list only where there are several numbers."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value or None


def _table(value: Json) -> Json:
    """A decision table; what its inputs read is a rule, whose keys are sorted."""
    made = canonical_table(value)
    for column in objects_in(made.get("inputs")) if isinstance(made, dict) else []:
        if "value" in column:
            column["value"] = _rule(column["value"])
    return made


def _fields(value: Json) -> Json:
    return [_field(each) for each in objects_in(value)]


_workflow = _canonical_part("workflow", ext_ref=_list_of(_link), fields=_fields)
_branch = _canonical_part("branch", when=_rule)
_assistance = _canonical_part(
    "assistance", account=lambda value: plain_name(value) if isinstance(value, str) else value
)
_task = _canonical_part(
    "task",
    assign_to=_assignment,
    assistant=lambda value: _object_of(_assistance)(value) or None,
    branches=lambda value: _list_of(_branch)(value) or None,
    ends_when=_ends_when,
    approvers=_approvers,
    needed=_needed,
    never=_never,
    for_each=lambda value: _rule(value or None),
    edits=canonical_edits,
    ext_ref=_list_of(_link),
    fields=_fields,
    input_schema=_rule,
    output_schema=_rule,
    input_transform=_rule,
    output_transform=_rule,
    values=_rule,
    table=_table,
    reminders=_reminders,
    message=_message,
)
_transition = _canonical_part("transition", condition=_rule, messages=_messages)


def _plain_email(value: Json) -> Json:
    return plain_email(value) if isinstance(value, str) else value


def _day_rule(value: Json) -> Json:
    """Without blanks and a name before it, in capital letters."""
    return (
        "".join(value.split()).upper().removeprefix("RRULE:") if isinstance(value, str) else value
    )


_start = _canonical_part("start", rule=_day_rule, on_behalf_of=_plain_email)
_ticket_type = _canonical_part(
    "ticket_type",
    ext_ref=_list_of(_link),
    roles_with_access=_set_of_names,
    starts=_list_of(_start),
    public_for=lambda value: plain_email(value) if isinstance(value, str) else value,
)
_company_role = _canonical_part("company_role")
_test = _canonical_part(
    "test",
    submitter=_object_of(_canonical_part("test_submitter")),
    answers=_list_of(_canonical_part("test_answer", item=_item)),
    expect=_object_of(_canonical_part("test_expectation", end=lambda value: value or None)),
)
_PARTS: Final = {
    "bundle": _canonical_part(
        "bundle",
        workflow=_object_of(_workflow),
        tasks=_list_of(_task),
        transitions=_list_of(_transition),
        ticket_types=_list_of(_ticket_type),
        company_roles=_company_roles,
        tests=_list_of(_test),
    )
}
