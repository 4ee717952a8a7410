"""Values and decision tables in a document: checked, kept in one spelling, compared, described."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any
from unittest.mock import patch

from django.test import SimpleTestCase

from workflows.bundles import canonical, check_bundle, differences, run_document_test_cases
from workflows.bundles.checks import decision_tables
from workflows.bundles.document.canonical import as_text
from workflows.bundles.document.our_words import in_our_words
from workflows.bundles.document.problems import Problem
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.trying.samples import sample_context
from workflows.bundles.unfinished import drawable_process, storage_problems
from workflows.engine.rules.transforms import apply_transform
from workflows.engine.tables.table_coverage import Budget
from workflows.engine.tests.table_example import COUNTRIES, PROBES, answers, table
from workflows.picture.graph import draw_process


def document() -> dict[str, Any]:
    return {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {
            "key": "shipping",
            "title": "Shipping",
            "fields": [
                {"name": "country", "type": "choice", "required": True, "choices": [*COUNTRIES]},
                {"name": "weight", "type": "number", "required": True, "min": 0},
                {"name": "express", "type": "boolean", "required": True},
                {"name": "worth", "type": "number", "required": True},
                {"name": "wanted", "type": "date", "required": True},
            ],
        },
        "tasks": [
            {"key": "offer", "title": "Offer", "task_type": "DECISION", "table": table()},
            {
                "key": "sum",
                "title": "Add up",
                "task_type": "VALUES",
                "values": {"total": {"*": [{"var": "tasks.offer.price"}, 2]}, "who": "Uma"},
            },
        ],
        "transitions": [
            {"from": "start", "to": "offer"},
            {"from": "offer", "to": "sum"},
            {
                "from": "sum",
                "to": "end",
                "label": "dear",
                "condition": {">": [{"var": "tasks.sum.total"}, 100]},
                "priority": 1,
            },
            {"from": "sum", "to": "end", "label": "cheap", "priority": 2},
        ],
        "ticket_types": [{"key": "shipping", "title": "Shipping"}],
        "tests": [
            {
                "name": "A letter",
                "ticket_type": "shipping",
                "ticket": answers(PROBES[3][:5]),
                "expect": {"path": ["offer", "sum"], "end": "cheap"},
            },
            {
                "name": "A heavy one",
                "ticket_type": "shipping",
                "ticket": answers(PROBES[13][:5]),
                "expect": {"path": ["offer", "sum"], "end": "dear"},
            },
        ],
    }


class DocumentCase(SimpleTestCase):
    def setUp(self) -> None:
        self.document = document()
        self.offer, self.sum = self.document["tasks"]
        self.table = self.offer["table"]

    def problems(self) -> list[Problem]:
        return check_bundle(self.document)

    def assert_problem(self, place: str, part: str, *, is_error: bool = True) -> None:
        found = [(each.place, each.message, each.is_error) for each in self.problems()]
        hits = [each for each in found if each[0] == place and part in each[1]]
        self.assertTrue(hits, found)
        self.assertEqual(hits[0][2], is_error)


class CheckTests(DocumentCase):
    def test_it_is_in_order(self) -> None:
        self.assertEqual([each.message for each in self.problems()], [])
        results = run_document_test_cases(canonical(self.document))
        self.assertEqual([each.reason for each in results], ["", ""])

    def test_what_is_too_much_together_is_not_looked_at(self) -> None:
        """The check of a bundle is bounded, however many tables it has."""
        with patch.object(decision_tables, "Budget", partial(Budget, left=10)):
            self.assert_problem("tasks[0].table.rows", "so large together", is_error=False)

    def test_a_gap_is_a_warning_that_names_it(self) -> None:
        self.table["rows"][8]["when"][3] = "> 1000.01"
        part = "Country: at, ch, Weight: 0..31.5, Express: no, Value: (1000..1000.01]"
        self.assert_problem("tasks[0].table.rows", part, is_error=False)

    def test_a_default_covers_the_rest(self) -> None:
        self.table["rows"] = self.table["rows"][:3]
        self.table["default"] = {"carrier": "Ask", "price": 1}
        self.assertEqual([each.message for each in self.problems()], [])

    def test_an_overlap_is_told(self) -> None:
        self.table["rows"][3]["when"][1] = "5..31.5"
        part = "Rows 2 and 4 both fit where Country: de, Weight: 5"
        self.assert_problem("tasks[0].table.rows[3]", part, is_error=False)

    def test_a_row_that_is_never_hit(self) -> None:
        self.table["rows"].append({"when": ["de", "1"], "then": ["Van", 1]})
        self.assert_problem("tasks[0].table.rows[14]", "Row 15 is never hit", is_error=False)

    def test_cells(self) -> None:
        self.table["rows"][0]["when"][1] = "heavy"
        self.table["rows"][1]["when"][0] = "de, att"
        self.table["rows"][2]["then"][1] = "dear"
        self.assert_problem("tasks[0].table.rows[0].when[1]", "heavy")
        self.assert_problem("tasks[0].table.rows[2].then[1]", "dear")
        self.table["rows"][0]["when"][1] = "<= 5"
        self.table["rows"][2]["then"][1] = 1
        place = "tasks[0].table.rows[1].when[0]"
        self.assert_problem(place, "Did you mean “at”?", is_error=False)

    def test_where_it_is_in_words(self) -> None:
        self.table["rows"][0]["when"][1] = "heavy"
        where = [each.where for each in self.problems() if each.is_error]
        expected = "Task “Offer” (offer), decision table, row 1, column “Weight” (weight)"
        self.assertEqual(where, [expected])

    def test_inputs(self) -> None:
        inputs = self.table["inputs"]
        cases: list[tuple[str, Any, str]] = [
            ("value", {"var": "ticket.wieght"}, "Did you mean “ticket.weight”?"),
            ("value", {"var": "tasks.sum.total"}, "never done before that"),
            ("value", {"foo": 1}, "There is no operator “foo”"),
            ("value", 5, "is always the same"),
            ("type", "boolean", "reads a number, but its cells are boolean"),
            ("type", "colour", "Use one of these"),
            ("name", "country", "used twice"),
        ]
        for name, value, part in cases:
            with self.subTest(value):
                before = copy.deepcopy(inputs[1])
                inputs[1][name] = value
                self.assert_problem(f"tasks[0].table.inputs[1].{name}", part)
                inputs[1] = before

    def test_what_is_missing_and_what_does_not_belong(self) -> None:
        self.offer["table"] = None
        self.sum["values"] = {}
        self.sum["fields"] = [{"name": "a", "type": "text"}]
        self.sum["due_in"] = "P1D"
        self.assert_problem("tasks[0].table", "has no decision table")
        self.assert_problem("tasks[1].values", "sets no value")
        self.assert_problem("tasks[1].fields", "does not use “fields”", is_error=False)
        self.assert_problem("tasks[1].due_in", "does not use “due_in”", is_error=False)

    def test_values(self) -> None:
        cases: list[tuple[Any, str, str]] = [
            ({"x": {"var": "ticket.weigth"}}, "tasks[1].values.x", "ticket.weight"),
            ({"x": {"foo": 1}}, "tasks[1].values.x", ""),
            ({"+": [1, 2]}, "tasks[1].values", "Give each value a name"),
            ([1], "tasks[1].values", "Give each value a name"),
            ({"x": {"==": [{"var": "ticket.weight"}, "a"]}}, "tasks[1].values", "is a number"),
        ]
        self.document["transitions"][2]["condition"] = {">": [{"var": "ticket.worth"}, 1]}
        for values, place, part in cases:
            with self.subTest(values):
                self.sum["values"] = values
                if part:
                    self.assert_problem(place, part)

    def test_what_conditions_read_of_them(self) -> None:
        transition = self.document["transitions"][2]
        cases: list[tuple[Any, str]] = [
            ({">": [{"var": "tasks.sum.totl"}, 1]}, "Did you mean “tasks.sum.total”?"),
            ({">": [{"var": "tasks.offer.prize"}, 1]}, "Did you mean “tasks.offer.price”?"),
            ({"==": [{"var": "tasks.offer.carrier"}, 5]}, "is a text"),
            ({"==": [{"var": "tasks.sum.total"}, "a"]}, "is a number"),
            ({"var": "tasks.offer.carrier"}, "must be true or false"),
            ({"==": [{"var": "done.offer.buy.email"}, "a"]}, "Did you mean “done.offer.by”?"),
            ({"==": [{"var": "done.nobody.at"}, "a"]}, "done.nobody.at"),
        ]
        for condition, part in cases:
            with self.subTest(part):
                transition["condition"] = condition
                self.assert_problem("transitions[2].condition", part)
        transition["condition"] = {"==": [{"var": "tasks.offer.row"}, 3]}
        self.assertEqual([each.message for each in self.problems()], [])
        transition["condition"] = {"==": [{"var": "done.offer.by.email"}, "a@example.com"]}
        self.assertEqual([each.message for each in self.problems()], [])

    def test_nothing_waits_there(self) -> None:
        late = {"from": "offer", "to": "end", "after": "P1D"}
        failed = {"from": "offer", "to": "end", "on_failure": True}
        self.document["transitions"] += [late, failed]
        self.assert_problem("transitions[4].after", "done at once")
        self.assert_problem("transitions[5].on_failure", "Only a call")

    def test_a_test_case_needs_no_answer(self) -> None:
        self.document["tests"][0]["answers"] = [{"task": "sum", "output": {"total": 1}}]
        self.assert_problem("tests[0].answers[0].task", "needs no answer", is_error=False)
        results = run_document_test_cases(canonical(self.document))
        self.assertEqual([each.reason for each in results], ["", ""])

    def test_a_test_case_stops_where_no_row_fits(self) -> None:
        self.table["rows"] = self.table["rows"][1:]
        del self.document["tests"][0]
        self.document["tests"][0]["ticket"]["weight"] = 1
        self.document["tests"][0]["expect"] = {"path": ["offer"], "status": "ERROR"}
        results = run_document_test_cases(canonical(self.document))
        self.assertEqual([each.reason for each in results], [""])

    def test_whatever_stands_there_is_survived(self) -> None:
        values: list[Any] = [1, "x", [], [[]], {"inputs": {}}, {"inputs": [None], "rows": [[1]]}]
        for value in [*values, {}]:
            for name in ("table", "values"):
                with self.subTest(name, value=value):
                    self.document = document()
                    for task in self.document["tasks"]:
                        task[name] = value
                    self.assertTrue(self.problems())
                    storage_problems(self.document)
                    draw_process(drawable_process(self.document))


class FormTests(DocumentCase):
    def test_the_canonical_form_stays_as_it_is(self) -> None:
        once = canonical(self.document)
        self.assertEqual(as_text(canonical(once)), as_text(once))
        self.assertEqual([each.message for each in check_bundle(once)], [])

    def test_other_spellings_are_the_same(self) -> None:
        other = copy.deepcopy(self.document)
        offer = other["tasks"][0]
        offer["type"] = offer.pop("task_type").replace("DECISION", "decision table")
        offer["decision_table"] = offer.pop("table")
        made = offer["decision_table"]
        made["inputs"][1]["value"] = "ticket.weight"
        made["inputs"][1]["type"] = "decimal"
        made["inputs"][2]["type"] = "yes/no"
        made["rows"][0]["when"] = ["“de”", "<=5", True, None, "-"]
        made["rows"][0]["if"] = made["rows"][0].pop("when")
        made["rows"][0]["then"] = ['"Courier"', "19.90"]
        read = in_our_words(other)
        self.assertEqual(read.problems, [])
        assert isinstance(read.document, dict)
        self.assertEqual(as_text(canonical(read.document)), as_text(canonical(self.document)))

    def test_a_draft_may_be_unfinished(self) -> None:
        self.table["rows"][0]["when"] = ["nonsense", "heavy"]
        self.table["inputs"][0]["value"] = None
        self.sum["values"] = {"x": {"foo": 1}}
        self.assertEqual(storage_problems(self.document), [])

    def test_a_change_of_a_row_is_one_change(self) -> None:
        old = canonical(self.document)
        self.table["rows"][2]["then"][1] = 10.9
        self.table["rows"].insert(0, {"when": ["de", "1"], "then": ["Van", 1], "note": "New"})
        self.table["hit"] = "collect"
        self.sum["values"]["total"] = {"*": [{"var": "tasks.offer.price"}, 3]}
        self.table["inputs"][1]["value"] = {"var": ["ticket.weight", 0]}
        new = canonical(self.document)
        found = describe_changes(differences(old, new), old=old, new=new)
        said = [(each.kind, each.where.split(", ", 1)[-1], each.old, each.new) for each in found]
        table_is = "decision table"
        column = f"{table_is}, input “Weight” (weight), value"
        self.assertIn(("changed", column, "ticket.weight", "ticket.weight (or 0)"), said)
        row = ("added", f"{table_is}, row 1", "", "de | 1 | - | - | - → Van | 1 (New)")
        self.assertIn(row, said)
        where = f"{table_is}, row 4, then"
        then = ("changed", where, "Insured parcel, 9.9", "Insured parcel, 10.9")
        self.assertIn(then, said)
        self.assertIn(("changed", "values, total", "offer.price * 2", "offer.price * 3"), said)
        hit = ("first row", "every row")
        changed = next(each for each in said if each[1] == f"{table_is}, hit")
        self.assertTrue(hit[0] in changed[2] and hit[1] in changed[3], changed)

    def test_samples_for_the_editor(self) -> None:
        context = sample_context(self.document, task_key="sum", answer=False)
        self.assertIsInstance(apply_transform(self.sum["values"], context), dict)
