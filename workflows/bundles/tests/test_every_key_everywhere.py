"""Every key that a definition may have: kept by each kind of file, and told when it changes.

Whoever adds a key to the format gives an example of it here.
"""

from __future__ import annotations

import copy
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.workbooks import FileType, read_document, write_document

type Document = dict[str, Any]
SCHEMA: Final = Path("workflows/bundles/document/bundle.schema.json")
SCRIPTS: Final = Path("workflows/authoring/editing/static/editing")
LAYOUT: Final = "export default () => null;"
LINKS: Final = [{"uri": "https://x.example/", "label": "L"}]
IS_A: Final = {"==": [{"var": "ticket.kind"}, "a"]}
OBJECT: Final = {"type": "object"}
TEXT: Final = {"who": "requester", "subject": "s", "text": "t"}


def question(name: str, kind: str = "number", **more: Any) -> Document:
    return {"name": name, "label": name.title(), "type": kind, **more}


def task(key: str, kind: str = "FORM", **more: Any) -> Document:
    return {"key": key, "title": key.title(), "task_type": kind, **more}


def document() -> Document:
    """A task of each type, one after the other."""
    steps = [
        task("form", fields=[question("ok", "boolean")]),
        task("call", "SYNC_ACTION", action_url="https://example.com/"),
        task("block", "BLOCK", branches=[branch("a", "ina"), branch("b", "inb")]),
        task("each", "BLOCK", for_each={"var": "ticket.rows"}, branches=[branch("a", "ine")]),
        task("vote", "APPROVAL", approvers={"role": "R"}),
        task("wait", "WAIT", wait="P1D"),
        task("sub", "SUBTICKET", ticket_type="other"),
        task("sums", "VALUES", values={"x": 1}),
        task("table", "DECISION", table=table()),
        task("mail", "MESSAGE", message=dict(TEXT)),
    ]
    places = {"ina": "block.a", "inb": "block.b", "ine": "each.a"}
    inside = [task(key, branch=where) for key, where in places.items()]
    ways = [(each["key"], "end") for each in inside]
    stops = ["start", *(each["key"] for each in steps), "end"]
    ways += pairwise(stops)
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "flow",
            "title": "Flow",
            "fields": [
                question("amount"),
                question("urgency", "choice", choices=["low", "high"]),
                question("kind", "choice", choices=["a", "b"]),
                question("mail", "email", required=True),
                question("who", "person"),
                question("note", "text"),
                question("file", "file"),
                question("rows", "records", fields=[question("n")]),
            ],
        },
        "tasks": [*steps, *inside],
        "transitions": [{"from": one, "to": other} for one, other in ways],
        "ticket_types": [{"key": "type", "title": "Type"}],
        "company_roles": [{"name": "R"}],
    }


def branch(key: str, start: str) -> Document:
    return {"key": key, "title": key.upper(), "start": start}


def table() -> Document:
    return {
        "inputs": [{"name": "i", "value": {"var": "ticket.kind"}}],
        "outputs": [{"name": "o"}],
        "rows": [{"when": ["a"], "then": ["x"]}, {"when": ["b"], "then": ["y"]}],
    }


# Of each part of the schema: where one stands, and examples of what may stand in it beside.
PLACES: Final[Mapping[str, tuple[tuple[str | int, ...], list[Document]]]] = {
    "workflow": (
        ("workflow",),
        [
            {"title": "N"},
            {"description": "D"},
            {"ext_ref": LINKS},
            {"display_layout": LAYOUT},
            {"fields": [question("amount")]},
        ],
    ),
    "branch": (
        ("tasks", 2, "branches", 0),
        [{"title": "N"}, {"when": IS_A}, {"ends_block": True}],
    ),
    "decision_table": (
        ("tasks", 8, "table"),
        [
            {"hit": "collect"},
            {"default": {"o": "z"}},
            {"inputs": [{"name": "i", "value": {"var": "ticket.note"}}]},
            {"outputs": [{"name": "o", "label": "Out"}]},
            {"rows": [{"when": ["a"], "then": ["x"]}]},
        ],
    ),
    "assistance": (
        ("tasks", 0),
        [
            {"assistant": {"account": "Bot", **more}}
            for more in ({"minutes": 10}, {"checked": False}, {"tries": 2})
        ],
    ),
    "table_input": (("tasks", 8, "table", "inputs", 0), [{"label": "In"}, {"type": "number"}]),
    "table_output": (("tasks", 8, "table", "outputs", 0), [{"label": "Out"}, {"type": "number"}]),
    "table_row": (
        ("tasks", 8, "table", "rows", 0),
        [{"note": "why"}, {"when": ["not b"]}, {"then": ["z"]}],
    ),
    "message": (
        ("tasks", 9, "message"),
        [
            {"who": "manager"},
            {"who": "answer", "answer": "ticket.who"},
            {"who": "doer", "task": "form"},
            {"who": "address", "email": "a@b.example"},
            {"subject": "n"},
            {"text": "n"},
            {"files": ["ticket.file"]},
        ],
    ),
    "message_on_way": (
        ("transitions", 4),
        [
            {"messages": [{**TEXT, "who": "role", "role": "R"}]},
            {"messages": [{**TEXT, "who": "answer", "answer": "ticket.who"}]},
            {"messages": [{**TEXT, "who": "doer", "task": "form"}]},
            {"messages": [{**TEXT, "who": "address", "email": "a@b.example"}]},
            {"messages": [{**TEXT, "files": ["ticket.file"]}]},
        ],
    ),
    "assign_to": (
        ("tasks", 10),
        [
            {"assign_to": {"who": "answer", "answer": "ticket.who"}},
            {"assign_to": {"who": "doer", "task": "form"}},
            {"assign_to": {"who": "person", "email": "a@b.example"}},
            {"assign_to": {"who": "manager", "fallback": "everybody"}},
            {"assign_to": {"never": ["requester"]}},
            {"assign_to": {"mode": "in_turn"}},
            {"assign_to": {"who": "outside", "answer": "ticket.mail"}},
        ],
    ),
    "reminder": (
        ("tasks", 0),
        [
            {"reminders": [{"when": "P1D", "tell": "manager", "text": "t"}]},
            {"reminders": [{"when": "P1D", "tell": "role", "role": "R", "add": True}]},
            {"reminders": [{"when": "P1D", "tell": "deputy", "give": True}]},
            {"reminders": [{"when": "P1D", "tell": "person", "person": "m@x.example"}]},
        ],
    ),
    "edit": (
        ("tasks", 10),
        [
            {"edits": [{"field": "amount", "mode": "see"}]},
            {"edits": [{"task": "form", "field": "ok"}]},
        ],
    ),
    "transition": (
        ("transitions", 4),
        [
            {"label": "L"},
            {"condition": IS_A},
            {"priority": 3},
            {"after": "P2D"},
            {"on_failure": True},
            {"on_cancel": True},
            {"messages": [TEXT]},
        ],
    ),
    "ticket_type": (
        ("ticket_types", 0),
        [
            {"title": "N"},
            {"description": "D"},
            {"ext_ref": LINKS},
            {"presets": {"amount": 3}},
            {"roles_with_access": ["R"]},
            {"priority": "high"},
            {"priority_from": "urgency"},
            {"icon": "star"},
            {"starts": [{"key": "s", "rule": "FREQ=DAILY", "at": "08:00"}]},
            {"reopen_days": 3},
            {"asks_rating": True},
            {"public_for": "ticket.mail"},
            {"edit_layout": LAYOUT},
            {"display_layout": LAYOUT},
        ],
    ),
    "start": (
        ("ticket_types", 0),
        [
            {"starts": [{"key": "s", "at": "08:00", **more}]}
            for more in (
                {"rule": "FREQ=MONTHLY;BYMONTHDAY=1", "title": "S", "answers": {"amount": 1}},
                {"working_day": -1, "on_behalf_of": "a@b.example"},
                {"rule": "FREQ=DAILY;INTERVAL=3", "from": "2026-10-30"},
            )
        ],
    ),
    "company_role": (("company_roles", 0), [{"description": "D"}]),
    "check": (
        ("workflow", "fields", 0),
        [{"checks": [{"condition": {">": [{"var": "amount"}, 1]}, "message": "m"}]}],
    ),
    "choice": (
        ("workflow", "fields", 2),
        [{"choices": [{"value": "a", "label": "An A"}, {"value": "b", "label": "b"}]}],
    ),
    "ext_ref": (
        ("workflow",),
        [{"ext_ref": [{**LINKS[0], "description": "D"}]}],
    ),
}
# As PLACES: by the number of the task, and of the question.
TASKS: Final[list[tuple[int, Document]]] = [
    (0, {"title": "N"}),
    (0, {"description": "D"}),
    (0, {"ext_ref": LINKS}),
    (0, {"fields": [question("ok", "text")]}),
    (0, {"edit_layout": LAYOUT}),
    (0, {"display_layout": LAYOUT}),
    (0, {"candidate_role": "R"}),
    (0, {"assign_to": {"who": "requester"}}),
    (0, {"due_in": "P2D"}),
    (0, {"reminders": [{"when": "P1D"}]}),
    (0, {"assistant": {"account": "Bot"}}),
    (10, {"edits": [{"field": "amount"}]}),
    (10, {"branch": "block.b"}),
    (1, {"task_type": "ASYNC_ACTION"}),
    (1, {"action_url": "https://else.example/"}),
    (1, {"input_schema": OBJECT}),
    (1, {"output_schema": OBJECT}),
    (1, {"input_transform": {"a": {"var": "ticket.amount"}}}),
    (1, {"output_transform": {"a": {"var": "response.status"}}}),
    (1, {"timeout_seconds": 60}),
    (1, {"retries": 5}),
    (2, {"ends_when": "any"}),
    (2, {"order": "in_order"}),
    (2, {"hide_answers": True}),
    (2, {"branches": [branch("a", "ina"), {**branch("b", "inb"), "title": "N"}]}),
    (3, {"for_each": {"var": ["ticket.rows", []]}}),
    (3, {"most": 7}),
    (4, {"approvers": {"manager": True}}),
    (4, {"needed": "all"}),
    (4, {"never": []}),
    (5, {"wait": "P3D"}),
    (5, {"answered_by": "tasks.call.key"}),
    (6, {"ticket_type": "else"}),
    (6, {"wait_for_end": False}),
    (7, {"values": {"x": 2}}),
    (8, {"table": {**table(), "hit": "collect"}}),
    (9, {"message": {**TEXT, "who": "manager"}}),
]
QUESTIONS: Final[list[tuple[int, Document]]] = [
    (0, {"label": "N"}),
    (0, {"type": "integer"}),
    (0, {"required": True}),
    (0, {"required": {"==": [{"var": "kind"}, "a"]}}),
    (0, {"help": "H"}),
    (0, {"default": 3}),
    (0, {"min": 1}),
    (0, {"max": 9}),
    (0, {"more_than": 1}),
    (0, {"less_than": 9}),
    (0, {"computed": {"+": [1, 2]}}),
    (0, {"checks": [{"condition": {">": [{"var": "amount"}, 1]}, "message": "m"}]}),
    (0, {"visible_when": {"==": [{"var": "kind"}, "a"]}}),
    (0, {"listed": True}),
    (2, {"choices": ["a", "b", "c"]}),
    (4, {"role": "R"}),
    (5, {"pattern": "a+"}),
    (6, {"accept": [".pdf"]}),
    (7, {"fields": [question("n"), question("m")]}),
]
# What a part is known by: changed, it is another one. Test cases are none of a version's parts.
NAMES: Final = frozenset({"key", "name", "from", "to"})
NOT_HERE: Final = frozenset({"test", "test_submitter", "test_answer", "test_expectation"})


def changes() -> list[tuple[str, tuple[str | int, ...], Document]]:
    """Each part with where it stands, and with what is put into it."""
    found = [(part, path, more) for part, (path, listed) in PLACES.items() for more in listed]
    found += [("task", ("tasks", number), more) for number, more in TASKS]
    found += [("field", ("workflow", "fields", number), more) for number, more in QUESTIONS]
    found += [("field", ("tasks", 0, "fields", 0), {"seen_by": "requester"})]
    found += [("transition", ("transitions", 13), {"outcome": "bad"})]
    return found


def put(made: Document, path: tuple[str | int, ...], more: Document) -> None:
    at: Any = made
    for step in path:
        at = at[step]
    at.update(copy.deepcopy(more))


def changed() -> Iterator[tuple[str, Document, Document]]:
    """Each part with what is put into it, and the whole document then."""
    for part, path, more in changes():
        made = document()
        put(made, path, more)
        yield part, more, made


def changed_together() -> list[Document]:
    """All of it in few documents: what stands at one place, or in it, is in different ones."""
    made: list[tuple[Document, list[tuple[str | int, ...]]]] = []
    for _part, path, more in changes():
        places = [(*path, key) for key in more]
        free = (
            each for each in made if not any(_overlap(*two) for two in product(places, each[1]))
        )
        if (found := next(free, None)) is None:
            found = (document(), [])
            made.append(found)
        put(found[0], path, more)
        found[1].extend(places)
    return [whole for whole, _taken in made]


def _overlap(one: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))


class EveryKeyTest(SimpleTestCase):
    old: Document

    def setUp(self) -> None:
        self.old = canonical(document())

    def test_there_is_an_example_of_every_key(self) -> None:
        schema = json.loads((settings.BASE_DIR / SCHEMA).read_text())["$defs"]
        seen: dict[str, str] = defaultdict(str)
        for part, more, _made in changed():
            seen[part] += json.dumps(more)
        missing = {
            f"{part}.{key}"
            for part, spec in schema.items()
            for key in (spec.get("properties") or {})
            if part not in NOT_HERE and key not in NAMES and f'"{key}":' not in seen[part]
        }
        # `start` and `value` belong to what a branch and a column are, as their names do.
        self.assertEqual(missing - {"branch.start", "table_input.value"}, set())

    def test_it_has_no_mistakes(self) -> None:
        self.assertEqual([each.message for each in check_bundle(document()) if each.is_error], [])

    def test_each_kind_of_file_holds_it(self) -> None:
        for number, made in enumerate(changed_together()):
            new = canonical(copy.deepcopy(made))
            for kind in FileType:
                with self.subTest(number=number, kind=kind):
                    found = read_document(write_document(new, kind), f"a.{kind}")
                    self.assertEqual(canonical(found.document), new)  # type: ignore[arg-type]

    def test_a_comparison_tells_it(self) -> None:
        for part, more, made in changed():
            new: Any = canonical(copy.deepcopy(made))
            with self.subTest(part=part, more=more):
                self.assertNotEqual(new, self.old)
                found = describe_changes(differences(self.old, new), old=self.old, new=new)
                self.assertTrue(found)
                self.assertTrue(all(each.where and each.old != each.new for each in found))

    def test_the_editor_knows_it(self) -> None:
        """But for what a question alone of its type has, which the editor draws from that."""
        scripts = " ".join(
            each.read_text()
            for each in (settings.BASE_DIR / SCRIPTS).rglob("*.js")
            if each.name != "types.js"
        )
        schema = json.loads((settings.BASE_DIR / SCHEMA).read_text())["$defs"]
        keys = {key for spec in schema.values() for key in (spec.get("properties") or {})}
        unknown = {key for key in keys if not re.search(rf"[.\"'{{, \[]{key}\b", scripts)}
        self.assertEqual(unknown - {"accept"}, set())
