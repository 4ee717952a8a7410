"""Bundles that hypothesis makes up: valid ones, of every kind of part that the format has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tenants.names import name_key
from workflows.bundles.document.canonical import canonical
from workflows.bundles.trying.trial import Trial
from workflows.engine.failure import FailureReason
from workflows.fields.answers.validation import Validator

# Everything that Postgres keeps and JSON can hold; mostly letters, so that failures are readable.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30
) | st.sampled_from(["", "a", "ä ö", "“quoted”", "<b>", "1", "true", "null", "line\nbreak", "🙂"])
LINE = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1, max_size=20
).filter(name_key)
NUMBER = (
    st.integers(-(2**53), 2**53)
    | st.floats(-9e18, 9e18, allow_nan=False)
    | st.sampled_from([0.0, -0.0, 1.0, 1e18, 0.1])
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True).filter(
    lambda key: key not in {"start", "end"}
)

# Has the ticket type that the steps of others start.
OTHER: dict[str, Any] = {
    "format": "ticketflower-bundle",
    "format_version": 1,
    "workflow": {
        "key": "other_workflow",
        "title": "Other",
        "fields": [{"name": "amount", "label": "Amount", "type": "number"}],
    },
    "tasks": [
        {
            "key": "look",
            "title": "Look",
            "fields": [{"name": "note", "label": "Note", "type": "text"}],
        }
    ],
    "transitions": [{"from": "start", "to": "look"}, {"from": "look", "to": "end"}],
    "ticket_types": [{"key": "other", "title": "Other"}],
}

DURATIONS = st.sampled_from(
    ["", "P1D", "PT4H", "PT1H30M", "P2DT45M", "P999DT999H59M", "PT30M clock", "P1D at 09:00"]
)


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Each part is there or is not."""
    return st.fixed_dictionaries({}, optional=parts)


TIMES = DURATIONS.filter(bool)


@st.composite
def _reminders(draw: st.DrawFn, roles: list[str]) -> list[dict[str, Any]]:
    """Different reminders, of which none needs that its task is due."""
    times = draw(st.lists(TIMES, min_size=1, max_size=3, unique=True))
    found: list[dict[str, Any]] = []
    for when in times:
        reminder: dict[str, Any] = {"when": when}
        reminder |= draw(optional(text=TEXT, tell=st.sampled_from(["worker", "manager"])))
        adds = draw(st.booleans())
        if roles and adds:
            reminder |= {"role": draw(st.sampled_from(roles)), "add": True}
        elif draw(st.booleans()):
            reminder |= {"tell": "deputy"} | draw(optional(give=st.just(True)))
        found.append(reminder)
    return found


LINKS = st.lists(
    st.builds(
        lambda required, more: {**required, **more},
        st.fixed_dictionaries(
            {"label": LINE, "uri": st.sampled_from(["https://a.example/", "http://b.example/x?y"])}
        ),
        optional(description=TEXT),
    ),
    max_size=2,
)


@st.composite
def field_specs(draw: st.DrawFn, *, most: int = 4) -> list[dict[str, Any]]:
    """The fields of one form."""
    names = draw(st.lists(KEYS, min_size=1, max_size=most, unique=True))
    return [draw(_field(name, names[:index])) for index, name in enumerate(names)]


@st.composite
def _field(draw: st.DrawFn, name: str, others: list[str]) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": name}
    spec |= draw(optional(label=LINE | st.none(), help=TEXT, required=st.booleans() | st.none()))
    kind = draw(
        st.sampled_from(["text", "number", "integer", "boolean", "choice", "date", "records"])
    )
    spec["type"] = kind
    if kind == "text":
        spec |= draw(optional(max=st.integers(50, 90) | st.just(60.0), pattern=st.just("a|b|")))
    elif kind in {"number", "integer"}:
        spec |= draw(optional(min=st.integers(-9, 0), max=st.integers(1, 9), default=st.just(1.0)))
        rule = {"!=": [{"var": [name, 0]}, 77]}
        spec |= draw(optional(checks=st.just([{"condition": rule, "message": "Not 77."}])))
    elif kind == "boolean":
        spec |= draw(optional(default=st.booleans()))
    elif kind == "choice":
        values = draw(st.lists(LINE, min_size=1, max_size=3, unique_by=name_key))
        spec["choices"] = [
            draw(
                st.sampled_from([value, {"value": value}, {"value": value, "label": f"» {value}"}])
            )
            for value in values
        ]
    elif kind == "date":
        spec |= draw(optional(min=st.just("2026-01-01"), max=st.just("2026-12-31")))
        later = {"date_add": [{"var": "today"}, 12_000, "months"]}
        spec |= draw(optional(max=st.just(later)))
    else:
        spec["fields"] = [{"name": "part", "type": "text", "required": True}]
    is_conditional = draw(st.booleans())
    if others and is_conditional:
        spec["visible_when"] = {"!!": [{"var": draw(st.sampled_from(others))}]}
    return spec


@st.composite
def _task(draw: st.DrawFn, key: str, roles: list[str]) -> dict[str, Any]:
    task: dict[str, Any] = {"key": key, "title": draw(LINE)}
    task |= draw(
        optional(
            description=TEXT,
            ext_ref=LINKS,
            edit_layout=TEXT,
            display_layout=TEXT,
            timeout_seconds=st.integers(1, 90) | st.just(30.0),
            retries=st.integers(0, 20),
            due_in=DURATIONS,
        )
    )
    if draw(st.booleans()):
        task["fields"] = draw(field_specs())
        has_role = draw(st.booleans())
        if roles and has_role:
            task["candidate_role"] = draw(st.sampled_from(roles))
        if draw(st.booleans()):
            task["reminders"] = draw(_reminders(roles))
        if draw(st.booleans()):
            assistant = optional(
                minutes=st.integers(1, 10_080), checked=st.booleans(), tries=st.integers(1, 20)
            )
            task["assistant"] = {"account": "Invoice bot", **draw(assistant)}
        return task
    if draw(st.booleans()):
        return {**task, "task_type": "WAIT", "wait": draw(TIMES)}
    if draw(st.booleans()):
        given = {"amount": {"var": ["number", None]}}
        return {
            **task,
            "task_type": "SUBTICKET",
            "ticket_type": "other",
            **draw(optional(wait_for_end=st.booleans(), input_transform=st.just(given))),
        }
    task["task_type"] = "SYNC_ACTION"
    task["action_url"] = "https://calls.example/hook"
    task |= draw(
        optional(
            input_schema=st.just({"type": "object", "properties": {"b": {}, "a": {}}}) | st.none(),
            output_schema=st.just({"minProperties": 0.0}),
            input_transform=st.just({"z": {"var": "number"}, "a": {"var": ["company.name", ""]}}),
            output_transform=st.just({"id": {"var": "response.body"}}) | st.just({}),
        )
    )
    return task


def _value(spec: dict[str, Any]) -> Any:
    """An answer that this field accepts."""
    if spec["type"] == "choice":
        first = spec["choices"][0]
        return first["value"] if isinstance(first, dict) else first
    return {
        "text": "a",
        "number": 0.0,
        "integer": 0,
        "boolean": True,
        "date": "2026-06-15",
        "records": [{"part": "x"}],
    }[spec["type"]]


@st.composite
def _answers(draw: st.DrawFn, specs: list[dict[str, Any]]) -> dict[str, Any]:
    """Answers that these fields accept together."""
    validator, answers = Validator(specs), dict[str, Any]()
    for spec in specs:
        is_answered = draw(st.booleans()) or spec.get("required")
        if is_answered and spec["name"] in validator.visible(answers):
            answers[spec["name"]] = _value(spec)
    return answers


@st.composite
def _starts(draw: st.DrawFn, specs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Starts that recur; each answers all that is asked of it."""
    validator, answers = Validator(specs), dict[str, Any]()
    for spec in specs:
        if spec["name"] in validator.visible(answers):
            answers[spec["name"]] = _value(spec)
    rules: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
        [
            {"rule": "FREQ=DAILY;INTERVAL=2", "from": "2026-10-30"},
            {"rule": "FREQ=WEEKLY;BYDAY=MO,TH"},
            {"rule": "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=5", "from": "2028-02-29"},
            {"working_day": -1},
            {"working_day": 3, "rule": "FREQ=MONTHLY;BYMONTH=3"},
        ]
    )
    more = optional(title=LINE, on_behalf_of=st.just("uma@acme.example"), **{"from": _FIRST_DAYS})
    times = st.sampled_from(["00:00", "08:30", "23:59"])
    return [
        {"key": key, "at": draw(times), "answers": answers} | draw(more) | draw(rules)
        for key in draw(st.lists(KEYS, min_size=1, max_size=2, unique=True))
    ]


_FIRST_DAYS = st.sampled_from(["", "2026-10-30", "2028-02-29"])


@st.composite
def _test(draw: st.DrawFn, name: str, document: dict[str, Any]) -> dict[str, Any]:
    """A test case that passes."""
    tasks = [task for task in document["tasks"] if "branches" not in task]
    keys = [task["key"] for task in tasks]
    # What is only ticked off is a form without questions.
    forms = {task["key"]: task.get("fields", [] if "branch" in task else None) for task in tasks}
    waits = {task["key"] for task in tasks if task.get("task_type") == "WAIT"}
    times: dict[str, list[str]] = {}
    for transition in document["transitions"]:
        if transition.get("after"):
            times.setdefault(transition["from"], []).append(transition["after"])
    answers = []
    for key in draw(st.lists(st.sampled_from(keys), max_size=4)):
        more: dict[str, Any]
        is_late = draw(st.booleans())
        if draw(st.integers(0, 7)) == 0:
            more = {"cancel": True}
        elif is_late and key in times:
            more = {"after": draw(st.sampled_from(times[key]))}
        elif key in waits:
            continue
        elif forms[key] is None:
            more = draw(optional(output=st.dictionaries(TEXT, JSON, max_size=2)))
            if not more:
                reasons = st.sampled_from([each.value for each in FailureReason])
                more = draw(optional(error=LINE, status=st.integers(100, 599), reason=reasons))
        else:
            more = {"output": draw(_answers(forms[key]))} | draw(optional(by=LINE))
        answers.append({"task": key, **more})
    test: dict[str, Any] = {
        "name": name,
        "ticket": draw(_answers(document["workflow"].get("fields", []))),
        "answers": answers,
    }
    types = [each["key"] for each in document["ticket_types"]]
    has_type = draw(st.booleans())
    if types and has_type:
        test["ticket_type"] = draw(st.sampled_from(types))
    test |= draw(optional(submitter=optional(email=LINE, first_name=TEXT, last_name=TEXT)))
    found = Trial(canonical(document)).run_test_case(test)
    expect = {"path": list(found.path), "status": found.outcome.value}
    more = {"end": st.sampled_from([found.end_label, None])}
    if found.end_outcome is not None:
        more["outcome"] = st.just(found.end_outcome.value)
    return test | {"expect": expect | draw(optional(**more))}


@st.composite
def _block(draw: st.DrawFn, keys: list[str]) -> list[dict[str, Any]]:
    """A block, then the tasks of its branches: one for each branch."""
    prefix = "x" * 30  # of no other task
    branches = draw(st.lists(KEYS, min_size=1, max_size=3, unique=True))
    block: dict[str, Any] = {
        "key": prefix,
        "title": draw(LINE),
        "task_type": "BLOCK",
        "branches": [
            {"key": key, "title": draw(LINE), "start": f"{prefix}{number}"}
            for number, key in enumerate(branches)
        ],
    }
    if len(branches) == 1 and draw(st.booleans()):
        block["for_each"] = draw(st.lists(JSON, max_size=3))
        block |= draw(optional(order=st.just("in_order"), most=st.integers(3, 200)))
    elif draw(st.booleans()):
        block["branches"][0]["when"] = {">": [{"var": "number"}, 0]}
        block["branches"][-1] |= draw(optional(ends_block=st.just(True)))
    counts = st.integers(1, len(branches))
    block |= draw(optional(ends_when=st.just("any") | counts, hide_answers=st.just(True)))
    tasks = [
        {"key": f"{prefix}{number}", "title": draw(LINE), "branch": f"{prefix}.{key}"}
        | draw(optional(fields=field_specs(most=2)))
        for number, key in enumerate(branches)
    ]
    return [block, *tasks]


# Of mails: a brace would name an answer.
SAID = TEXT.map(lambda text: text.replace("{", "{{").replace("}", "}}").strip()[:100]).filter(bool)


@st.composite
def _mails(draw: st.DrawFn, named: list[str]) -> list[dict[str, Any]]:
    """The mails of a transition."""
    who: list[dict[str, Any]] = [
        {"who": "requester"},
        {"who": "manager"},
        {"who": "address", "email": "orders@supplier.example"},
        {"who": "person", "email": "somebody@elsewhere.example"},
        *({"who": "role", "role": each} for each in named),
    ]
    return [
        {
            **draw(st.sampled_from(who)),
            "subject": " ".join(draw(SAID).split()) or "x",
            "text": draw(st.just('{number}, {submitter.last_name or "-"}') | SAID),
        }
        for _number in range(draw(st.integers(1, 3)))
    ]


@st.composite
def bundles(draw: st.DrawFn, *, roles: list[str] | None = None) -> dict[str, Any]:
    """A bundle without errors: a chain of tasks, with transitions back and out in between."""
    named = draw(st.lists(st.sampled_from(roles or ["Sales", "Board"]), unique=True, max_size=2))
    keys = draw(st.lists(KEYS, min_size=1, max_size=4, unique=True))
    chain = ["start", *keys, "end"]
    tasks = [draw(_task(key, named)) for key in keys]
    forms = {task["key"]: "fields" in task for task in tasks}
    calls = {task["key"] for task in tasks if "action_url" in task}
    block = draw(_block(keys)) if draw(st.booleans()) else []
    transitions: list[dict[str, Any]] = [
        {"from": task["key"], "to": "end"} for task in block if "branch" in task
    ]
    if block:
        chain.insert(-1, block[0]["key"])
    for index, source in enumerate(chain[:-1]):
        for _number in range(draw(st.integers(0, 2))):
            target = draw(st.sampled_from([*keys, "end"]))
            rule = draw(st.sampled_from([{">": [{"var": "number"}, 5.0]}, {"==": [1, 1.0]}]))
            transitions.append({"from": source, "to": target, "condition": rule, "priority": 1})
        after = draw(DURATIONS) if forms.get(source) else ""
        if after:
            target = draw(st.sampled_from([*keys, "end"]))
            transitions.append({"from": source, "to": target, "after": after})
        if source in calls and draw(st.booleans()):
            target = draw(st.sampled_from([*keys, "end"]))
            transitions.append({"from": source, "to": target, "on_failure": True, "priority": 1})
        main = {"from": source, "to": chain[index + 1]}
        main |= draw(optional(label=TEXT, priority=st.integers(2, 5)))
        transitions.append(main)
    if draw(st.booleans()):  # a task of its own for when the ticket is cancelled
        last = draw(KEYS.filter(lambda key: key not in keys))
        tasks.append(draw(_task(last, named)))
        source = draw(st.sampled_from(["start", *keys]))
        way = {"from": source, "to": last, "on_cancel": True}
        transitions += [way | draw(optional(label=TEXT)), {"from": last, "to": "end"}]
    for each in transitions:
        each |= draw(optional(messages=_mails(named)))
    workflow = {"key": draw(KEYS), "title": draw(LINE)} | draw(
        optional(description=TEXT, ext_ref=LINKS, display_layout=TEXT, fields=field_specs())
    )
    document = {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": workflow,
        "tasks": [*tasks, *block],
        "transitions": transitions,
        "ticket_types": [
            {"key": key, "title": draw(LINE)}
            | draw(
                optional(
                    description=TEXT,
                    ext_ref=LINKS,
                    edit_layout=TEXT,
                    reopen_days=st.integers(0, 3650),
                    asks_rating=st.booleans(),
                    starts=_starts(workflow.get("fields", [])),
                )
            )
            | ({"roles_with_access": draw(st.permutations(named))} if named else {})
            for key in draw(st.lists(KEYS, max_size=2, unique=True))
        ],
        "company_roles": [{"name": name} | draw(optional(description=TEXT)) for name in named],
    }
    names = draw(st.lists(LINE, max_size=3, unique_by=name_key))
    return document | {"tests": [draw(_test(name, document)) for name in names]}
