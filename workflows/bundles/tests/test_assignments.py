"""Whom tasks are given to: what the check finds, what is canonical, and the words for it."""

from __future__ import annotations

from unittest import TestCase

from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import canonical
from workflows.bundles.telling.assignments import assignments_in_words
from workflows.engine.process import Json, JsonObject
from workflows.engine.steps.assigning import canonical_assignment
from workflows.workbooks.cells.assigned import read_assigned, write_assigned
from workflows.workbooks.cells.lines import UnreadableCellError


def bundle(role: str = "", **assign_to: Json) -> JsonObject:
    """Review, then decide, which has this rule, then pay by a call, then file."""
    decide: JsonObject = {"key": "decide", "title": "Decide", "fields": _ok()}
    decide["assign_to"] = assign_to
    if role:
        decide["candidate_role"] = role
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "flow",
            "title": "Flow",
            "fields": [
                {"name": "approver", "label": "Approver", "type": "person"},
                {"name": "amount", "label": "Amount", "type": "number"},
            ],
        },
        "tasks": [
            {
                "key": "review",
                "title": "Review",
                "fields": [{"name": "next", "label": "Next", "type": "person"}],
            },
            decide,
            {
                "key": "pay", "title": "Pay", "task_type": "SYNC_ACTION",
                "action_url": "https://example.com/pay",
            },
            {"key": "file", "title": "File", "fields": _ok()},
        ],
        "transitions": [
            {"from": "start", "to": "review"},
            {"from": "review", "to": "decide"},
            {"from": "decide", "to": "pay"},
            {"from": "pay", "to": "file"},
            {"from": "file", "to": "end"},
        ],
        "ticket_types": [{"key": "flow", "title": "Flow"}],
        "company_roles": [{"name": "Finance"}] if role else [],
    }  # fmt: skip


def _ok() -> list[Json]:
    return [{"name": "ok", "label": "OK?", "type": "boolean"}]


def problems(role: str = "", **assign_to: Json) -> list[str]:
    return [
        ".".join(str(each) for each in problem.path[2:])
        for problem in check_bundle(bundle(role, **assign_to))
    ]


class CheckTests(TestCase):
    def test_what_can_work_is_no_problem(self) -> None:
        for role, rule in (
            ("", {"who": "requester"}),
            ("", {"who": "manager", "never": ["requester", "tasks.review"]}),
            ("Finance", {"who": "answer", "answer": "ticket.approver", "fallback": "role"}),
            ("", {"who": "answer", "answer": "tasks.review.next", "fallback": "everybody"}),
            ("", {"who": "doer", "task": "review"}),
            ("", {"who": "person", "email": "wendy@acme.example"}),
            ("Finance", {"who": "role", "mode": "in_turn", "never": ["requester"]}),
            ("", {"who": "everybody", "mode": "nobody"}),
            ("Finance", {}),
        ):
            with self.subTest(rule=rule):
                self.assertEqual(problems(role, **rule), [])

    def test_what_cannot_is_found_at_its_place(self) -> None:
        for role, rule, place in (
            ("", {"who": "requester", "never": ["requester"]}, "assign_to.never.0"),
            ("", {"who": "doer", "task": "review", "never": ["tasks.review"]}, "assign_to.never.0"),
            ("", {"who": "doer", "task": "revue"}, "assign_to.task"),
            ("", {"who": "doer", "task": "file"}, "assign_to.task"),
            ("", {"who": "doer", "task": "decide"}, "assign_to.task"),
            ("", {"who": "doer"}, "assign_to.task"),
            ("", {"never": ["tasks.pay"]}, "assign_to.never.0"),
            ("", {"never": ["tasks.file"]}, "assign_to.never.0"),
            ("", {"never": ["review"]}, "assign_to.never.0"),
            ("", {"who": "answer", "answer": "ticket.amount"}, "assign_to.answer"),
            ("", {"who": "answer", "answer": "ticket.aprover"}, "assign_to.answer"),
            ("", {"who": "answer"}, "assign_to.answer"),
            ("", {"who": "person", "email": "wendy"}, "assign_to.email"),
            ("", {"who": "manager", "email": "wendy@acme.example"}, "assign_to.email"),
            ("", {"who": "manager", "fallback": "role"}, "assign_to.fallback"),
            ("", {"fallback": "everybody"}, "assign_to.fallback"),
            ("Finance", {"who": "manager"}, "candidate_role"),
            ("", {"who": "role"}, "assign_to.who"),
            ("Finance", {"who": "everybody"}, "assign_to.who"),
            ("", {"who": "boss"}, "assign_to.who"),
            ("", {"whom": "manager"}, "assign_to.whom"),
            ("", {"never": "requester"}, "assign_to.never"),
        ):
            with self.subTest(rule=rule):
                self.assertEqual(problems(role, **rule), [place])

    def test_no_value_breaks_it(self) -> None:
        values: list[Json] = [
            1,
            "manager",
            [],
            [1],
            True,
            {"who": 1},
            {"who": ["a"]},
            {"never": [1, {}]},
        ]
        for value in values:
            document = bundle()
            document["tasks"][1]["assign_to"] = value  # type: ignore[index, call-overload]
            self.assertTrue(check_bundle(document), value)

    def test_a_call_has_none(self) -> None:
        document = bundle()
        document["tasks"][2]["assign_to"] = {"who": "manager"}  # type: ignore[index, call-overload]
        self.assertEqual(len(check_bundle(document)), 1)


class WordsTests(TestCase):
    def test_in_one_line(self) -> None:
        document = canonical(
            bundle(
                "Finance", who="answer", answer="ticket.approver", fallback="role", mode="in_turn",
                never=["tasks.review", "requester"],
            )
        )  # fmt: skip
        self.assertEqual(
            assignments_in_words(document),
            {
                "decide": "the person in “Approver”, otherwise Finance, never the requester, "
                "never whoever did “Review”, in turn"
            },
        )
        self.assertEqual(assignments_in_words(canonical(bundle())), {})


class SpellingTests(TestCase):
    def test_what_says_nothing_is_left_out(self) -> None:
        for value in (
            {}, {"who": "everybody"}, {"who": "role", "mode": "fewest_open", "never": []},
            {"fallback": "nobody"}, {"who": None},
        ):  # fmt: skip
            self.assertIsNone(canonical_assignment(value))  # type: ignore[arg-type]

    def test_an_address_stands_there_as_it_is_kept(self) -> None:
        made = canonical(bundle(who="person", email=" Wendy@ACME.example"))
        self.assertIn("'wendy@acme.example'", str(made["tasks"]))
        self.assertEqual(canonical(made), made)

    def test_a_cell_says_all_of_it(self) -> None:
        value: JsonObject = {
            "who": "answer", "answer": "ticket.approver", "fallback": "role",
            "never": ["requester", "tasks.review"], "mode": "in_turn",
        }  # fmt: skip
        written = write_assigned(value)
        assert written is not None
        self.assertEqual(read_assigned(written), value)
        self.assertEqual(
            read_assigned("The requester's manager; never: Requester, tasks.review; nobody"),
            {"who": "manager", "never": ["requester", "tasks.review"], "mode": "nobody"},
        )
        for text in ("managr", "otherwise", "wendy@acme.example"):
            with self.subTest(text), self.assertRaises(UnreadableCellError):
                read_assigned(text)
