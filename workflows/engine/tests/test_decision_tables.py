"""Decision tables: their cells, what they decide, what they leave out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from unittest import TestCase

from workflows.engine.process import JsonObject
from workflows.engine.tables.decision_cells import (
    CellError,
    CellType,
    UnfitValueError,
    Value,
    canonical_cell,
    read_cell,
    read_value,
    value_of,
    write_cell,
)
from workflows.engine.tables.decision_table import (
    DecisionTable,
    TableError,
    canonical_table,
    read_table,
    table_of,
)
from workflows.engine.tables.table_coverage import Budget, Coverage, Domain, coverage_of
from workflows.engine.tests.table_example import COUNTRIES, PROBES, answers, table

TEXT, NUMBER, YES_NO, DATE = CellType.TEXT, CellType.NUMBER, CellType.YES_NO, CellType.DATE


def number(text: str) -> Decimal:
    return Decimal(text)


class CellTests(TestCase):
    def assert_cell(self, of: CellType, given: Any, fits: list[Any], others: list[Any]) -> None:
        cell = read_cell(given, of)
        for value in fits:
            self.assertTrue(cell.matches(value), (given, value))
        for value in others:
            self.assertFalse(cell.matches(value), (given, value))
        written = write_cell(cell, of)
        self.assertEqual(read_cell(written, of), cell, (given, written))

    def test_texts(self) -> None:
        cases: list[tuple[Any, list[Any], list[Any]]] = [
            ("high", ["high"], ["low", "High", None]),
            ("high, low", ["high", "low"], ["medium"]),
            ("high; low", ["high", "low"], ["medium"]),
            ('"high", "low"', ["high", "low"], ["medium"]),
            ("“high”, „low“", ["high", "low"], ["medium"]),
            ('"a, b"', ["a, b"], ["a", "b"]),
            ("not high", ["low", None], ["high"]),
            ("not high, low", ["medium"], ["high", "low"]),
            ("!= high", ["low"], ["high"]),
            ('"not"', ["not"], ["high"]),
            ('"empty"', ["empty"], [None]),
            ("empty", [None], ["empty", "x"]),
            ("not empty", ["x"], [None]),
            ("high, empty", ["high", None], ["low"]),
            ("two words", ["two words"], ["two"]),
            ("nothing", ["nothing"], ["hing"]),
            ('"-"', ["-"], ["x"]),
            (5, ["5"], ["5.0"]),
        ]
        for given, fits, others in cases:
            with self.subTest(given):
                self.assert_cell(TEXT, given, fits, others)

    def test_numbers(self) -> None:
        n = number
        cases: list[tuple[Any, list[Any], list[Any]]] = [
            (5, [n("5"), n("5.00")], [n("5.01"), None]),
            ("> 5", [n("5.0001")], [n("5"), n("4")]),
            (">=5", [n("5")], [n("4.999")]),
            ("≤ 5", [n("5")], [n("5.001")]),
            ("5..10", [n("5"), n("7.5"), n("10")], [n("4.99"), n("10.01")]),
            ("(5..10]", [n("5.01"), n("10")], [n("5")]),
            ("[5..10)", [n("5"), n("9.99")], [n("10")]),
            ("]5..10[", [n("5.1")], [n("5"), n("10")]),
            ("5…10", [n("10")], [n("11")]),
            ("5, 7", [n("5"), n("7")], [n("6"), n("5.7")]),
            ("1,5", [n("1.5")], [n("1"), n("5")]),
            ("< 5, > 10", [n("1"), n("11")], [n("5"), n("10")]),
            ("not 5", [n("4"), None], [n("5")]),
            ("-3..-1", [n("-2")], [n("0")]),
            ("= 0.3", [n("0.3")], [n("0.30000000001")]),
            (0.1, [n("0.1")], [n("0.1000001")]),
        ]
        for given, fits, others in cases:
            with self.subTest(given):
                self.assert_cell(NUMBER, given, fits, others)

    def test_yes_and_no(self) -> None:
        for given in (True, "yes", "true", "YES"):
            self.assert_cell(YES_NO, given, [True], [False, None])
        for given in (False, "no", "false"):
            self.assert_cell(YES_NO, given, [False], [True, None])

    def test_dates(self) -> None:
        day = date(2027, 3, 1)
        self.assert_cell(DATE, "2027-03-01", [day], [date(2027, 3, 2)])
        self.assert_cell(DATE, "< 2027-03-02", [day], [date(2027, 3, 2)])
        self.assert_cell(DATE, "2027-01-01..2027-03-01", [day], [date(2027, 3, 2)])

    def test_any(self) -> None:
        for given in (None, "", " - ", "–", "any"):  # noqa: RUF001
            for of in CellType:
                self.assertTrue(read_cell(given, of).is_any)

    def test_what_cannot_be_read_is_said(self) -> None:
        cases: list[tuple[CellType, Any, str]] = [
            (NUMBER, "many", "Enter a number"),
            (NUMBER, "1.000", "could mean two numbers"),
            (NUMBER, "10..5", "No value lies in"),
            (NUMBER, "(5..5]", "No value lies in"),
            (NUMBER, "5,", "A value is missing"),
            (NUMBER, True, "a number"),
            (YES_NO, "yse", "Did you mean “yes”?"),
            (DATE, "31.01.2027", "Write it like 2026-01-31"),
            (DATE, "2027-02-30", "no date"),
            (TEXT, "> high", "Only numbers and dates"),
            (TEXT, '"high', "no closing quotation mark"),
            (TEXT, "not", "write a value after it"),
            (TEXT, {"a": 1}, "Write a text"),
            (TEXT, "x" * 3000, "longer than"),
        ]
        for of, given, part in cases:
            with self.subTest(given), self.assertRaisesRegex(CellError, part):
                read_cell(given, of)

    def test_one_spelling(self) -> None:
        cases: list[tuple[CellType, Any, str]] = [
            (NUMBER, ">5", "> 5"),
            (NUMBER, 5.0, "5"),
            (NUMBER, "5 .. 10", "5..10"),
            (TEXT, '"high"', "high"),
            (TEXT, "a;b", "a, b"),
            (YES_NO, True, "yes"),
            (TEXT, "-", ""),
            (NUMBER, "rubbish", "rubbish"),
        ]
        for of, given, expected in cases:
            with self.subTest(given):
                self.assertEqual(canonical_cell(given, of), expected)

    def test_values_of_data(self) -> None:
        self.assertEqual(value_of(0.1, NUMBER), number("0.1"))
        self.assertEqual(value_of("19.99", NUMBER), number("19.99"))
        self.assertIsNone(value_of("", TEXT))
        self.assertIsNone(value_of(None, DATE))
        wrong: list[tuple[Any, CellType]] = [
            (5, TEXT),
            ("x", NUMBER),
            (True, NUMBER),
            ("yes", YES_NO),
            ("2027", DATE),
            ([], TEXT),
        ]
        for given, of in wrong:
            with self.subTest(given), self.assertRaises(UnfitValueError):
                value_of(given, of)

    def test_results(self) -> None:
        self.assertEqual(read_value("19.90", NUMBER), 19.9)
        self.assertEqual(read_value("yes", YES_NO), True)
        self.assertEqual(read_value('"a"', TEXT), "a")
        self.assertEqual(read_value(" ", TEXT), None)
        self.assertEqual(read_value("2027-01-31", DATE), "2027-01-31")
        with self.assertRaises(CellError):
            read_value("much", NUMBER)


class DecidingTests(TestCase):
    def test_each_probe_finds_its_row(self) -> None:
        made = table_of(table())
        self.assertEqual((len(made.rows), len(made.inputs), len(PROBES)), (14, 5, 40))
        for probe in PROBES:
            with self.subTest(probe):
                found = made.decide({"ticket": answers(probe)})
                self.assertEqual(found.rows, (probe[-1],))
                self.assertEqual(found.output["row"], probe[-1])

    def test_what_came_of_it(self) -> None:
        found = table_of(table()).decide({"ticket": answers(PROBES[6])})
        expected = {"carrier": "Insured parcel", "price": 9.9, "row": 3}
        self.assertEqual(found.output, expected)
        self.assertEqual(found.note, "Insured from 500 on")
        self.assertEqual(found.read["Value"], 500.01)

    def test_all_that_fit(self) -> None:
        document = table(hit="collect")
        document["rows"].append({"when": ["de"], "then": ["Own van", 0]})
        found = table_of(document).decide({"ticket": answers(PROBES[0])})
        self.assertEqual(found.rows, (1, 15))
        expected = {"carrier": ["Courier", "Own van"], "price": [19.9, 0], "rows": [1, 15]}
        self.assertEqual(found.output, expected)

    def test_where_none_fits(self) -> None:
        document = table()
        document["rows"] = document["rows"][:1]
        context: JsonObject = {"ticket": answers(PROBES[3])}
        with self.assertRaisesRegex(TableError, "No row of the decision table fits .*Express: no"):
            table_of(document).decide(context)
        document["default"] = {"carrier": "Nobody"}
        found = table_of(document).decide(context)
        self.assertEqual(found.output, {"carrier": "Nobody", "price": None, "row": 0})
        self.assertEqual(found.rows, ())
        document |= {"hit": "collect", "default": None}
        empty: JsonObject = {"carrier": [], "price": [], "rows": []}
        self.assertEqual(table_of(document).decide(context).output, empty)

    def test_what_cannot_be_read_is_said(self) -> None:
        made = table_of(table())
        with self.assertRaisesRegex(TableError, "cannot read “Country”.*ticket.country"):
            made.decide({"ticket": {}})
        with self.assertRaisesRegex(TableError, "cannot use “Weight”: “heavy” is not a number"):
            made.decide({"ticket": {**answers(PROBES[0]), "weight": "heavy"}})

    def test_numbers_are_exact(self) -> None:
        document: Any = {
            "inputs": [{"name": "sum", "type": "number", "value": {"+": [0.1, {"var": "x"}, 0.3]}}],
            "outputs": [{"name": "met"}],
            "rows": [{"when": ["0.6"], "then": ["met"]}],
            "default": {"met": "missed"},
        }
        self.assertEqual(table_of(document).decide({"x": 0.2}).output["met"], "met")

    def test_what_is_wrong_with_a_table_stands_at_its_place(self) -> None:
        document = table()
        document["inputs"][1]["name"] = "country"
        document["inputs"][2]["value"] = None
        document["outputs"][0]["name"] = "row"
        document["rows"][3]["when"][1] = "heavy"
        document["rows"][4]["then"][1] = "dear"
        document["rows"][5]["when"].append("x")
        document["default"] = {"prize": 1}
        found, problems = read_table(document)
        self.assertIsNone(found)
        places = {each.place for each in problems}
        expected = {
            "inputs[1].name",
            "inputs[2].value",
            "outputs[0].name",
            "rows[3].when[1]",
            "rows[4].then[1]",
            "rows[5].when",
            "default.prize",
        }
        self.assertEqual(places, expected)

    def test_any_document_is_survived(self) -> None:
        documents: list[Any] = [None, [], {}, {"inputs": 3}, {"inputs": [1], "rows": ["x"]}]
        for document in documents:
            with self.subTest(document):
                self.assertIsNone(read_table(document)[0])
                canonical_table(document)

    def test_the_canonical_form_stays_as_it_is(self) -> None:
        once = canonical_table(table())
        self.assertEqual(canonical_table(once), once)


class CoverageTests(TestCase):
    def coverage(self, document: dict[str, Any]) -> Coverage:
        made, problems = read_table(document)
        self.assertEqual(problems, [])
        assert isinstance(made, DecisionTable)
        countries: tuple[Value, ...] = tuple(COUNTRIES)
        return coverage_of(made, {"country": Domain(values=countries)})

    def test_the_whole_table_is_covered(self) -> None:
        self.assertEqual(self.coverage(table()), Coverage())

    def test_a_gap_is_named(self) -> None:
        document = table()
        document["rows"][8]["when"][3] = "> 1000.01"
        expected = "Country: at, ch, Weight: <= 31.5, Express: no, Value: (1000..1000.01]"
        self.assertEqual(self.coverage(document).gaps, (expected,))

    def test_a_choice_that_no_row_has(self) -> None:
        document = table()
        document["rows"] = document["rows"][:12]
        self.assertEqual(self.coverage(document).gaps, ("Country: other",))

    def test_an_overlap_is_named(self) -> None:
        document = table()
        document["rows"][3]["when"][1] = "5..31.5"
        found = self.coverage(document).overlaps
        self.assertEqual([each[:2] for each in found], [(2, 4), (3, 4)])
        self.assertEqual(found[0][2], "Country: de, Weight: 5, Express: no, Value: <= 500")

    def test_exceptions_and_what_gives_the_same_are_no_overlaps(self) -> None:
        document = table()
        document["rows"].append({"when": ["", "", "", "", ""], "then": ["Own van", 1]})
        found = self.coverage(document)
        self.assertEqual((found.overlaps, found.never_hit), ((), (15,)))
        document = table()
        document["rows"][3]["when"][1] = "5..31.5"
        for row in document["rows"][1:4]:
            row["then"] = ["Parcel", 1]
        self.assertEqual(self.coverage(document).overlaps, ())

    def test_several_tables_have_one_budget(self) -> None:
        made, _problems = read_table(table())
        assert made is not None
        budget = Budget(left=5000)
        found = [coverage_of(made, budget=budget) for _number in range(9)]
        self.assertEqual((found[0].is_complete, found[0].is_left_out), (True, False))
        self.assertEqual((found[-1].is_complete, found[-1].is_left_out), (False, True))

    def test_rows_that_are_never_hit(self) -> None:
        document = table()
        document["rows"].insert(4, {"when": ["de", "6..7", "no"], "then": ["Van", 1]})
        self.assertEqual(self.coverage(document).never_hit, (5,))

    def test_limits_and_whole_numbers(self) -> None:
        document: Any = {
            "inputs": [{"name": "n", "type": "number", "value": {"var": "n"}}],
            "outputs": [{"name": "x"}],
            "rows": [{"when": ["1..3"], "then": ["a"]}, {"when": ["4..10"], "then": ["b"]}],
        }
        made, _problems = read_table(document)
        assert made is not None
        self.assertEqual(coverage_of(made).gaps, ("n: < 1, (3..4), > 10",))
        whole = Domain(low=number("1"), high=number("10"), is_whole=True)
        self.assertEqual(coverage_of(made, {"n": whole}).gaps, ())

    def test_empty_values(self) -> None:
        document: Any = {
            "inputs": [{"name": "a", "value": {"var": ["a", None]}}],
            "outputs": [{"name": "x"}],
            "rows": [{"when": ["not empty"], "then": ["a"]}],
        }
        made, _problems = read_table(document)
        assert made is not None
        self.assertEqual(coverage_of(made, {"a": Domain(may_be_empty=True)}).gaps, ("a: empty",))

    def test_the_work_is_bounded(self) -> None:
        names = [f"n{number}" for number in range(30)]
        document: Any = {
            "inputs": [{"name": n, "type": "number", "value": {"var": n}} for n in names],
            "outputs": [{"name": "x"}],
            "rows": [
                {"when": [f"> {(row * 7 + at * 13) % 997}" for at in range(30)], "then": [str(row)]}
                for row in range(400)
            ],
        }
        made, _problems = read_table(document)
        assert made is not None
        self.assertFalse(coverage_of(made).is_complete)
