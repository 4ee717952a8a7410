"""Sub-tickets in documents: written and read, checked, in words, and tried."""

from __future__ import annotations

from typing import Any

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences, errors_of
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.task_notes import task_notes
from workflows.bundles.trying.trial import Trial
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.workbooks import FileType, read_document, write_document


def document(*, ways: list[JsonObject] | None = None, **more: Any) -> JsonObject:
    usual: list[JsonObject] = [
        {"from": "ask", "to": "end", "label": "fine", "condition": outcome_is("good")},
        {"from": "ask", "to": "end", "label": "not", "outcome": "bad", "priority": 9},
    ]
    amount: Json = {"name": "amount", "label": "Amount", "type": "integer", "required": True}
    task: JsonObject = {
        "key": "ask",
        "title": "Ask",
        "task_type": "SUBTICKET",
        "ticket_type": "offer",
        "input_transform": {"amount": {"var": "ticket.amount"}},
        "output_transform": {"price": {"var": "subticket.tasks.offer.price"}},
        **more,
    }
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "flow", "title": "Flow", "fields": [amount]},
        "tasks": [task],
        "transitions": [{"from": "start", "to": "ask"}, *(usual if ways is None else ways)],
        "ticket_types": [{"key": "flow", "title": "Flow"}],
    }


def outcome_is(outcome: str) -> Json:
    return {"==": [{"var": "tasks.ask.outcome"}, outcome]}


_NOTE: JsonObject = {"name": "note", "label": "Note", "type": "text"}


def _way(source: str, target: str, **more: Json) -> JsonObject:
    return {"from": source, "to": target, **more}


class DocumentTests(SimpleTestCase):
    def test_it_stays_the_same_in_every_file(self) -> None:
        several: list[dict[str, Any]] = [{}, {"wait_for_end": False}, {"due_in": "P2D"}]
        for more in several:
            found = canonical(document(**more))
            self.assertEqual(errors_of(check_bundle(found)), [])
            for file_type in FileType:
                with self.subTest(file_type, more=more):
                    content = write_document(found, file_type)
                    read = read_document(content, f"flow.{file_type}")
                    assert isinstance(read.document, dict)
                    self.assertEqual(canonical(read.document), found)

    def test_what_is_wrong_is_said(self) -> None:
        for more, path, words in (
            ({"ticket_type": ""}, "ticket_type", "needs a ticket type"),
            ({"ticket_type": "An offer"}, "ticket_type", "lower-case letters"),
            ({"input_transform": {"amount": {"var": "ticket.sum"}}}, "input_transform", "no such"),
            (
                {"output_transform": {"price": {"var": "response.body"}}},
                "output_transform",
                "begins with one of these",
            ),
            (
                {"output_transform": {"price": {"var": "subticket.price"}}},
                "output_transform",
                "only these",
            ),
            ({"ways": [{"from": "ask", "to": "end", "condition": _reads("colour")}]}, "", "only"),
            ({"action_url": "https://shop.example"}, "action_url", "does not use"),
        ):
            with self.subTest(words):
                found = [
                    each
                    for each in check_bundle(document(**more))
                    if words in each.message and path in ("", *each.path)
                ]
                self.assertEqual(len(found), 1, check_bundle(document(**more)))

    def test_what_the_team_alone_sees_is_warned_of(self) -> None:
        question: JsonObject = {"name": "price", "label": "Price", "type": "integer"}
        rows: JsonObject = {"name": "rows", "label": "Rows", "type": "records"}
        rows |= {"fields": [{**question, "required": True}], "required": True}
        for seen_by, reads, warned in (
            ("team", "tasks.look.price", ["tasks.look.price"]),
            ("requester", "tasks.look.price", []),
            ("team", "ticket.amount", []),
            ("team", "item.price", ["item.price"]),
            ("requester", "item.price", []),
        ):
            with self.subTest(reads, seen_by=seen_by):
                made: Any = document(input_transform={"amount": {"var": [reads, 1]}})
                block: JsonObject = {
                    "key": "each", "title": "Each", "task_type": "BLOCK",
                    "for_each": {"var": "tasks.look.rows"},
                    "branches": [{"key": "one", "title": "One", "start": "ask"}],
                }  # fmt: skip
                fields: list[Json] = [{**each, "seen_by": seen_by} for each in (question, rows)]
                look: JsonObject = {"key": "look", "title": "Look", "fields": fields}
                made["tasks"][0]["branch"] = "each.one"
                made["tasks"] = [look, block, *made["tasks"]]
                made["transitions"] = [
                    {"from": "start", "to": "look"},
                    {"from": "look", "to": "each"},
                    {"from": "each", "to": "end"},
                    {"from": "ask", "to": "end"},
                ]
                found = [each for each in check_bundle(made) if "team alone" in each.message]
                self.assertEqual([each.found for each in found], warned, check_bundle(made))
                self.assertFalse(any(each.is_error for each in found))

    def test_a_way_for_its_failure_is_fine(self) -> None:
        reason: Json = {"==": [{"var": "failure.reason"}, "cancelled"]}
        ways: list[JsonObject] = [
            {"from": "ask", "to": "end"},
            {"from": "ask", "to": "end", "on_failure": True, "condition": reason, "label": "gone"},
            {"from": "ask", "to": "end", "after": "P2D", "label": "late"},
        ]
        self.assertEqual(check_bundle(document(ways=ways)), [])

    def test_what_is_kept_may_be_absent(self) -> None:
        """Where the other ticket was cancelled, and the step ends with that."""
        cheap: Json = {"<": [{"var": "tasks.ask.price"}, 5]}
        or_none: Json = {"<": [{"var": ["tasks.ask.price", 0]}, 5]}
        gone: JsonObject = {"from": "ask", "to": "end", "condition": outcome_is("cancelled")}
        late, rest = {**gone, "priority": 1}, _way("ask", "end", priority=9)
        look: JsonObject = {"key": "look", "title": "Look", "fields": [_NOTE]}
        later = [_way("look", "end", condition=cheap), _way("look", "end", priority=9)]
        good_and_cheap = _way("ask", "end", condition={"and": [outcome_is("good"), cheap]})
        cases: tuple[tuple[list[JsonObject], int], ...] = (
            ([good_and_cheap, rest], 0),
            ([gone, _way("ask", "end", condition=cheap, priority=1), rest], 0),
            ([_way("ask", "end", condition=cheap), late, rest], 1),
            ([_way("ask", "end", condition=or_none), late, rest], 0),
            ([_way("ask", "end", condition=cheap), rest], 0),  # cancelled it is a failure
            ([_way("ask", "end", condition=outcome_is("good")), _way("ask", "look"), *later], 1),
            ([gone, _way("ask", "look", priority=1), *later], 0),
        )
        for ways, count in cases:
            with self.subTest(ways=ways):
                made = document(ways=ways)
                if ways[-1]["from"] == "look":
                    made["tasks"] = [*objects_in(made["tasks"]), look]
                problems = check_bundle(made)
                found = [each for each in problems if "not there if" in each.message]
                self.assertEqual((len(found), errors_of(problems)), (count, []))

    def test_what_cannot_be_kept(self) -> None:
        kept: JsonObject = {"outcome": {"var": "subticket.tasks.offer.price"}}
        on = [_way("ask", "end")]
        cases: tuple[tuple[dict[str, Any], str], ...] = (
            ({"output_transform": kept}, "itself"),
            ({"wait_for_end": False, "ways": on}, "keeps nothing"),
        )
        for more, words in cases:
            with self.subTest(words):
                (found,) = check_bundle(document(**more))
                self.assertIn(words, found.message)

    def test_in_words(self) -> None:
        old, new = document(), document(ticket_type="tender", wait_for_end=False)
        old, new = canonical(old), canonical(new)
        said = str(list(describe_changes(differences(old, new), old=old, new=new)))
        self.assertIn("tender", said)
        self.assertEqual(task_notes(document())["ask"], ["starts offer"])


def _reads(name: str) -> Json:
    return {"==": [{"var": f"tasks.ask.{name}"}, 1]}


class TrialTests(SimpleTestCase):
    def run_case(self, answer: JsonObject | None, **more: Any) -> tuple[str, str]:
        trial = Trial(canonical(document(**more)))
        answers: list[Json] = [] if answer is None else [{"task": "ask", **answer}]
        found = trial.run_test_case({"ticket": {"amount": 7}, "answers": answers})
        return found.outcome.value, found.end_label

    def test_an_answer_says_how_it_ended(self) -> None:
        cases: tuple[tuple[JsonObject | None, tuple[str, str]], ...] = (
            ({"output": {}}, ("COMPLETED", "fine")),
            ({"output": {"outcome": "bad", "price": 3}}, ("COMPLETED", "not")),
            ({"output": {"outcome": "cancelled"}}, ("COMPLETED", "not")),
            ({"reason": "cancelled"}, ("COMPLETED", "not")),
            ({"error": "Refused."}, ("ERROR", "")),
            (None, ("WAITING", "")),
        )
        for answer, expected in cases:
            with self.subTest(answer=answer):
                self.assertEqual(self.run_case(answer), expected)
        self.assertEqual(self.run_case({"output": {"outcome": "fine"}})[0], "ERROR")

    def test_cancelled_it_is_a_failure_where_nobody_asks(self) -> None:
        on: JsonObject = {"from": "ask", "to": "end", "label": "on"}
        gone: JsonObject = {"from": "ask", "to": "end", "label": "gone", "on_failure": True}
        answer: JsonObject = {"output": {"outcome": "cancelled"}}
        self.assertEqual(self.run_case(answer, ways=[on])[0], "ERROR")
        self.assertEqual(self.run_case(answer, ways=[on, gone]), ("COMPLETED", "gone"))

    def test_what_does_not_wait_needs_no_answer(self) -> None:
        ways: list[JsonObject] = [{"from": "ask", "to": "end", "label": "on"}]
        more = {"ways": ways, "wait_for_end": False}
        self.assertEqual(self.run_case(None, **more), ("COMPLETED", "on"))

    def test_what_it_is_given(self) -> None:
        trial = Trial(canonical(document()))
        found = trial.run_test_case({"ticket": {"amount": 7}, "answers": []})
        self.assertEqual(found.waiting[0].sends, {"amount": 7})
