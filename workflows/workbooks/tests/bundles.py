"""Generated bundles: every part of the format, with the texts that files are bad at."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tenants.names import name_key
from workflows.engine.process import Json, JsonObject

KEYS = (
    *("approve", "pay_invoice", "x_1", "ticket", "tasks", "workflow", "number"),
    *("response", "and", "empty", "true", "company"),
)
AWKWARD = (
    *("=1+1", "+49 30 1", "-5", "@x", "TRUE", "no", "5", "1e5", "007", "2026-01-31", "12:30"),
    *("null", "~", "{}", "[1]", '"quoted"', "“smart”", "a: b", "a | b", "a, b", "a; b", "a = b"),
    *(" space ", "a\n b", "\nx", "\ttab", "a\r\nb", "\xa0hard\xa0", "_x0041_", "long text 1"),
    *("json: 1", "#REF!", "\x01", "\x85", "\u2028x", "\ufffe", "\U0001f600", "a  b", "it's", "\\"),
    *("- x", "? x", ": x", "# x", "&a", "*a", "!x", "%x", "|", ">", "yes: no", "x:", "- ", "é"),
)
texts = st.sampled_from(AWKWARD) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12
)
keys = st.sampled_from(KEYS)
numbers = (
    st.integers(-(2**53), 2**53)
    | st.floats(-1e300, 1e300, allow_nan=False)
    | st.sampled_from([0, 1, 0.1, 1e16, 1e300, 123456789012345678])
)
scalars: st.SearchStrategy[Any] = st.none() | st.booleans() | numbers | texts
documents: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
durations = st.sampled_from(["", "P1D", "PT4H", "PT1M", "P2DT1H30M", "P999DT999H59M"])
objects = st.dictionaries(keys | texts, documents, max_size=3)


def some(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[JsonObject]:
    """An object with any of these names."""
    return st.fixed_dictionaries({}, optional=parts)


def _operands(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(
        st.sampled_from(["==", "!=", ">", "and", "or", "in", "===", "if", "+"]),
        st.lists(inner, min_size=2, max_size=3),
    ).map(lambda each: {each[0]: each[1]})


def rules(names: list[str]) -> st.SearchStrategy[Any]:
    variables = st.sampled_from(names).map(lambda name: {"var": name})
    return st.recursive(variables | texts | st.booleans(), _operands, max_leaves=5).filter(
        lambda rule: isinstance(rule, dict)
    )


PROCESS_NAMES = ["ticket.amount", "tasks.approve.ok", "tasks.ticket.x", "number", "response.body.a"]
links = st.lists(
    st.fixed_dictionaries(
        {"label": texts, "uri": st.just("https://example.com/a|b")}, optional={"description": texts}
    ),
    max_size=2,
)
choices = st.lists(
    texts | st.fixed_dictionaries({"value": texts, "label": texts}), min_size=1, max_size=3
)
DEFAULTS: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "long_text": texts,
    "integer": st.integers(-(2**53), 2**53),
    "number": numbers,
    "boolean": st.booleans(),
    "choice": texts,
    "choices": st.lists(texts, min_size=1, max_size=3),
    "date": st.dates().map(lambda day: day.isoformat()),
    "time": st.just("12:30"),
    "datetime": st.just("2026-03-31T14:30:00Z"),
    "email": texts,
    "records": st.lists(objects, min_size=1, max_size=2),
}


@st.composite
def fields(draw: st.DrawFn, *, nested: bool = True) -> list[JsonObject]:
    names = draw(st.lists(keys, unique=True, max_size=3))
    made: list[JsonObject] = []
    for name in names:
        kinds = [each for each in DEFAULTS if nested or each != "records"]
        kind = draw(st.sampled_from(kinds))
        limits = st.just("2026-01-31") if kind in {"date", "time", "datetime"} else numbers
        spec: JsonObject = {
            "name": name,
            "type": kind,
            **draw(
                some(
                    label=texts,
                    required=st.booleans(),
                    choices=choices,
                    help=texts,
                    default=DEFAULTS[kind],
                    min=limits,
                    max=limits,
                    pattern=texts,
                    visible_when=rules([*names, "other"]),
                )
            ),
        }
        if kind == "records" and nested:
            spec["fields"] = list[Json](draw(fields(nested=False)))
        made.append(spec)
    return made


@st.composite
def bundles(draw: st.DrawFn) -> JsonObject:
    task_keys = draw(st.lists(keys, unique=True, min_size=1, max_size=3))
    ends = st.sampled_from([*task_keys, "start", "end"])
    tasks = [
        {
            "key": key,
            "title": draw(texts),
            **draw(
                some(
                    description=texts,
                    ext_ref=links,
                    task_type=st.sampled_from(["FORM", "SYNC_ACTION", "ASYNC_ACTION"]),
                    fields=fields(),
                    input_schema=objects,
                    output_schema=objects,
                    action_url=texts,
                    input_transform=st.dictionaries(
                        keys | texts, rules(PROCESS_NAMES) | documents, min_size=1, max_size=3
                    ),
                    output_transform=objects,
                    timeout_seconds=st.integers(1, 100),
                    retries=st.integers(0, 9),
                    candidate_role=texts,
                    edit_layout=texts,
                )
            ),
        }
        for key in task_keys
    ]
    transitions: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"from": ends, "to": ends},
        optional={
            "label": texts,
            "condition": rules(PROCESS_NAMES),
            "priority": st.integers(-9, 9),
            "after": durations,
        },
    )
    ticket_types: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"key": keys, "title": texts},
        optional={
            "description": texts,
            "presets": st.dictionaries(keys, scalars | objects, max_size=3),
            "roles_with_access": st.lists(texts, max_size=3),
            "reopen_days": st.integers(-1, 9),
            "asks_rating": st.booleans(),
        },
    )
    answers: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"task": keys}, optional={"output": objects, "error": texts, "after": durations}
    )
    case: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {"expect": st.fixed_dictionaries({"path": st.lists(keys, max_size=3)})},
        optional={
            "ticket_type": keys,
            "ticket": objects,
            "answers": st.lists(answers, max_size=3),
            "submitter": some(email=texts, first_name=texts),
        },
    )
    names = draw(st.lists(texts, max_size=2, unique_by=name_key))
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": draw(keys),
            "title": draw(texts),
            **draw(some(description=texts, ext_ref=links, fields=fields(), display_layout=texts)),
        },
        "tasks": list[Json](tasks),
        "transitions": list[Json](draw(st.lists(transitions, min_size=1, max_size=3))),
        "ticket_types": list[Json](draw(st.lists(ticket_types, max_size=2))),
        "company_roles": [
            {"name": name, **draw(some(description=texts))}
            for name in draw(st.lists(texts, unique=True, max_size=2))
        ],
        "tests": [{"name": name, **draw(case)} for name in names],
    }
