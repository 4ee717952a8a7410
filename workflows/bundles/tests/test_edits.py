"""Earlier answers that tasks show again: what the check finds, what is canonical, and the words."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from workflows.bundles import run_document_test_cases
from workflows.bundles.checks.check import check_bundle
from workflows.bundles.document.canonical import canonical
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.telling.differences import differences
from workflows.bundles.telling.edits import all_edits_in_words
from workflows.bundles.telling.task_notes import task_notes
from workflows.engine.process import Json, JsonObject, objects_in
from workflows.engine.steps.edits import canonical_edits, edits_of, place_of, split_name
from workflows.workbooks import FileType, read_document, write_document
from workflows.workbooks.cells.edited import read_edits, write_edits
from workflows.workbooks.cells.lines import UnreadableCellError


def bundle(edits: Json, **more: Json) -> JsonObject:
    """Review, then pay by a call, then correct, which shows these, then file."""
    above: Json = {">": [{"var": "amount"}, 1000]}
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "flow",
            "title": "Flow",
            "fields": [
                {"name": "amount", "label": "Amount", "type": "number", "required": True},
                {"name": "offer", "label": "Offer", "type": "file", "required": True,
                 "visible_when": above},
                {"name": "site", "label": "Site", "type": "text"},
            ],
        },
        "tasks": [
            {"key": "review", "title": "Review",
             "fields": [{"name": "note", "label": "Note", "type": "text"}]},
            {"key": "pay", "title": "Pay", "task_type": "SYNC_ACTION",
             "action_url": "https://example.com/pay"},
            {"key": "correct", "title": "Correct", "edits": edits},
            {"key": "file", "title": "File",
             "fields": [{"name": "ok", "label": "OK?", "type": "boolean"}]},
        ],
        "transitions": [
            {"from": "start", "to": "review"},
            {"from": "review", "to": "pay"},
            {"from": "pay", "to": "correct"},
            {"from": "correct", "to": "file"},
            {"from": "file", "to": "end", "label": "dear", "condition":
                {">": [{"var": "ticket.amount"}, 100]}},
            {"from": "file", "to": "end", "label": "cheap", "priority": 1},
        ],
        "ticket_types": [{"key": "flow", "title": "Flow", "presets": {"site": "Ghent"}}],
        **more,
    }  # fmt: skip


ALL: list[Json] = [
    {"field": "amount"},
    {"field": "offer"},
    {"field": "site", "mode": "see"},
    {"task": "review", "field": "note"},
]


class CheckTests(TestCase):
    def found(self, edits: Json) -> list[str]:
        return [each.message for each in check_bundle(bundle(edits))]

    def test_what_is_right_is_not_told(self) -> None:
        self.assertEqual(self.found(ALL), [])

    def test_each_mistake_is_named_where_it_stands(self) -> None:
        wrong: list[tuple[JsonObject, str]] = [
            ({"field": "amuont"}, "Did you mean “amount”"),
            ({"field": "nothing_like_it"}, "has no question"),
            ({"task": "review", "field": "amount"}, "The form of “Review” has no question"),
            ({"task": "nobody", "field": "note"}, "There is no task “nobody”"),
            ({"task": "correct", "field": "note"}, "the task itself"),
            ({"task": "pay", "field": "note"}, "calls another system"),
            ({"task": "file", "field": "ok"}, "cannot have been done before"),
            ({"field": "amount", "mode": "guess"}, "change, see"),
            ({"task": "review"}, "“field” is missing"),
            ({"field": "site", "mod": "see"}, "mode"),
        ]
        for entry, words in wrong:
            with self.subTest(entry=entry):
                found = check_bundle(bundle([*ALL[3:], entry] if "note" not in entry else [entry]))
                said = " ".join(f"{each.message} {each.expected}" for each in found)
                self.assertIn(words, said)
                self.assertTrue(any(each.path[:3] == ("tasks", 2, "edits") for each in found))

    def test_no_question_twice(self) -> None:
        (problem,) = check_bundle(bundle([*ALL, {"field": "amount", "mode": "see"}]))
        self.assertIn("listed twice", problem.message)
        self.assertEqual(problem.path, ("tasks", 2, "edits", 4, "field"))

    def test_questions_that_depend_on_a_change_are_to_be_listed(self) -> None:
        (problem,) = check_bundle(bundle([{"field": "amount"}]))
        self.assertFalse(problem.is_error)
        self.assertIn("“Offer” is asked depends on “Amount”", problem.message)
        self.assertEqual(self.found([{"field": "amount", "mode": "see"}]), [])

    def test_what_a_type_sets_is_only_seen(self) -> None:
        (problem,) = check_bundle(bundle([{"field": "site"}]))
        self.assertFalse(problem.is_error)
        self.assertIn("“Flow” sets this", problem.message)

    def test_whatever_stands_there_is_survived(self) -> None:
        values: list[Any] = [
            None,
            1,
            "amount",
            {},
            [None],
            [1],
            [{}],
            [{"field": 1}],
            [[]],
            [{"task": 1}],
        ]
        for value in values:
            with self.subTest(value=value):
                check_bundle(bundle(value))
                all_edits_in_words(bundle(value))
                edits_of(value)

    def test_a_call_shows_nothing(self) -> None:
        document = bundle(ALL)
        document["tasks"][1]["edits"] = ALL  # type: ignore[call-overload, index]
        said = " ".join(each.message for each in check_bundle(document))
        self.assertIn("does not use “edits”", said)


class SpellingTests(TestCase):
    def test_canonical(self) -> None:
        self.assertIsNone(canonical_edits([]))
        self.assertEqual(
            canonical_edits(
                [{"mode": "change", "field": "a", "task": ""}, {"field": "b", "mode": "see"}]
            ),
            [{"field": "a"}, {"field": "b", "mode": "see"}],
        )

    def test_other_words(self) -> None:
        document = bundle(None)
        document["tasks"] = [
            {"key": "correct", "title": "Correct", "Earlier answers": [
                "amount", "ticket.site: read only", "review.note: see", "tasks.review.note",
                {"question": "amount", "step": "review", "may": "edit"},
            ]},
        ]  # fmt: skip
        made = in_our_words(document)
        assert isinstance(made.document, dict)
        tasks = made.document["tasks"]
        assert isinstance(tasks, list)
        assert isinstance(tasks[0], dict)
        self.assertEqual(
            tasks[0]["edits"],
            [
                {"field": "amount"},
                {"field": "site", "mode": "see"},
                {"task": "review", "field": "note", "mode": "see"},
                {"task": "review", "field": "note"},
                {"field": "amount", "task": "review", "mode": "change"},
            ],
        )

    def test_names(self) -> None:
        self.assertEqual(split_name("ticket.amount"), ("", "amount"))
        self.assertEqual(split_name("tasks.review.note"), ("review", "note"))
        for name in ("amount", "ticket.", "ticket.a.b", "tasks.review", "visits.review"):
            self.assertIsNone(split_name(name))
        self.assertEqual(place_of("ticket.lines.0.price"), ("", "lines.0.price"))
        self.assertEqual(place_of("tasks.review.note"), ("review", "note"))
        self.assertIsNone(place_of("ticket.0.price"))  # a question of the task that is called so
        self.assertIsNone(place_of("amount"))

    def test_cells(self) -> None:
        text = "ticket.amount\nticket.site: see\nreview.note"
        value = read_edits(text)
        self.assertEqual(
            value,
            [
                {"field": "amount"},
                {"field": "site", "mode": "see"},
                {"task": "review", "field": "note"},
            ],
        )
        self.assertEqual(write_edits(value), text)
        self.assertEqual(
            read_edits("amount, review.note: only seen"),
            [{"field": "amount"}, {"task": "review", "field": "note", "mode": "see"}],
        )
        for wrong in ("the amount", "ticket.amount: guess", "a.b.c.d"):
            with self.subTest(wrong=wrong), self.assertRaises(UnreadableCellError):
                read_edits(wrong)


class WordsTests(TestCase):
    def test_in_one_line(self) -> None:
        words = "may change “Amount”, “Offer”, “Note”; shows “Site”"
        self.assertEqual(all_edits_in_words(bundle(ALL)), {"correct": words})
        self.assertEqual(task_notes(bundle(ALL)), {"correct": [words]})

    def test_compared(self) -> None:
        old, new = canonical(bundle([{"field": "amount"}])), canonical(bundle(ALL))
        (change,) = describe_changes(differences(old, new), old=old, new=new)
        self.assertEqual(change.old, "may change Amount")
        self.assertIn("shows Site", change.new)


CASE: JsonObject = {
    "name": "Cheaper",
    "ticket_type": "flow",
    "ticket": {"amount": 900},
    "answers": [
        {"task": "review", "output": {"note": "Why?"}},
        {"task": "pay", "output": {}},
        {"task": "correct", "edits": {"ticket.amount": 50, "tasks.review.note": None}},
        {"task": "file", "output": {"ok": True}},
    ],
    "expect": {"path": ["review", "pay", "correct", "file"], "end": "cheap"},
}


class TestCaseTests(TestCase):
    def document(self, **answer: Json) -> JsonObject:
        answers: list[Json] = list(objects_in(CASE["answers"]))
        if answer:
            answers[2] = {"task": "correct", **answer}
        return bundle(ALL, tests=[{**CASE, "answers": answers}])

    def test_conditions_read_the_new_values(self) -> None:
        document = canonical(self.document())
        self.assertEqual(check_bundle(document), [])
        (result,) = run_document_test_cases(document)
        self.assertEqual(result.reason, "")
        assert result.simulation is not None
        self.assertEqual(result.simulation.last_step.ticket, {"site": "Ghent", "amount": 50})
        self.assertEqual(result.simulation.last_step.data["review"], {})
        (without,) = run_document_test_cases(canonical(self.document(output={})))
        self.assertIn("it ends as “dear”", without.reason)

    def test_what_a_form_refuses_is_told(self) -> None:
        document = canonical(self.document(edits={"ticket.amount": 5000}))
        (result,) = run_document_test_cases(document)
        self.assertIn("“Offer”", result.reason)

    def test_unknown_names_are_found(self) -> None:
        (problem,) = check_bundle(self.document(edits={"ticket.amuont": 1}))
        self.assertIn("Did you mean “ticket.amount”", problem.message)
        (problem,) = check_bundle(self.document(edits={"ticket.site": "x"}))
        self.assertIn("does not change", problem.message)

    def test_every_file_keeps_them(self) -> None:
        document = canonical(self.document())
        for file_type in FileType:
            with self.subTest(file_type=file_type):
                reading = read_document(write_document(document, file_type), f"a.{file_type}")
                self.assertEqual(reading.problems, [])
                assert isinstance(reading.document, dict)
                self.assertEqual(canonical(reading.document), document)
