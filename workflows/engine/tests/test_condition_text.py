from __future__ import annotations

import unittest
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.conditions.text import (
    MAX_CHARACTERS,
    ConditionTextError,
    Names,
    parse_condition,
    parse_expression,
    write_condition,
    write_expression,
)
from workflows.engine.process import Json, JsonObject
from workflows.engine.rules.compiling import check_condition
from workflows.engine.rules.data import compact
from workflows.engine.rules.evaluate import evaluate_condition

TASKS = ("approve", "pay_invoice", "ticket", "and")
APPROVED: Json = {"var": "tasks.approve.approved"}
AMOUNT: Json = {"var": "ticket.amount"}


def parse(text: str) -> Json:
    return parse_condition(text, task_keys=TASKS)


class ReadingTests(unittest.TestCase):
    def assert_read(self, text: str, rule: Json) -> None:
        self.assertEqual(compact(parse(text)), compact(rule), text)

    def test_the_example_of_the_handbook(self) -> None:
        self.assert_read(
            'approve.approved = "yes" and ticket.amount > 1000',
            {"and": [{"==": [APPROVED, "yes"]}, {">": [AMOUNT, 1000]}]},
        )

    def test_a_task_that_is_called_as_a_root_is_meant_where_it_was_there_first(self) -> None:
        rule: Json = {"var": "tasks.visits.made"}
        for text in ("visits.made", "tasks.visits.made"):
            self.assertEqual(parse_condition(text, task_keys=("visits",)), rule)
        written = write_condition(rule, task_keys=("visits",))
        assert written is not None
        self.assertEqual(parse_condition(written, task_keys=("visits",)), rule)

    def test_every_operator(self) -> None:
        cases: list[tuple[str, Json]] = [
            ("ticket.amount = 5", {"==": [AMOUNT, 5]}),
            ("ticket.amount == 5", {"==": [AMOUNT, 5]}),
            ("ticket.amount is 5", {"==": [AMOUNT, 5]}),
            ("ticket.amount != 5", {"!=": [AMOUNT, 5]}),
            ("ticket.amount <> 5", {"!=": [AMOUNT, 5]}),
            ("ticket.amount ≠ 5", {"!=": [AMOUNT, 5]}),
            ("ticket.amount is not 5", {"!=": [AMOUNT, 5]}),
            ("ticket.amount < 5.5", {"<": [AMOUNT, 5.5]}),
            ("ticket.amount <= -5", {"<=": [AMOUNT, -5]}),
            ("ticket.amount ≤ 5", {"<=": [AMOUNT, 5]}),
            ("ticket.amount > 1e3", {">": [AMOUNT, 1000]}),
            ("ticket.amount >= 5", {">=": [AMOUNT, 5]}),
            ("1 < ticket.amount < 5", {"<": [1, AMOUNT, 5]}),
            ('ticket.amount in ("a", "b")', {"in": [AMOUNT, ["a", "b"]]}),
            ("ticket.amount is in (1)", {"in": [AMOUNT, [1]]}),
            ("ticket.amount not in (1, 2)", {"!": {"in": [AMOUNT, [1, 2]]}}),
            ("ticket.amount is not in (1, 2)", {"!": {"in": [AMOUNT, [1, 2]]}}),
            ('ticket.amount contains "a"', {"in": ["a", AMOUNT]}),
            ('ticket.amount does not contain "a"', {"!": {"in": ["a", AMOUNT]}}),
            ('ticket.amount not contains "a"', {"!": {"in": ["a", AMOUNT]}}),
            ('"a" in ticket.amount', {"in": ["a", AMOUNT]}),
            ("ticket.amount is empty", {"!!": {"missing": ["ticket.amount"]}}),
            ("ticket.amount is not empty", {"!": {"missing": ["ticket.amount"]}}),
            ("visits.approve < 3", {"<": [{"var": "visits.approve"}, 3]}),
            ("approve.approved", APPROVED),
            ("not approve.approved", {"!": APPROVED}),
            ("not (approve.approved = no)", {"!": {"==": [APPROVED, False]}}),
            ("ticket.amount (or 0) > 5", {">": [{"var": ["ticket.amount", 0]}, 5]}),
            ("ticket.amount * 2 + 1 > 5", {">": [{"+": [{"*": [AMOUNT, 2]}, 1]}, 5]}),
            ('"a" & number = "a1"', {"==": [{"cat": ["a", {"var": "number"}]}, "a1"]}),
        ]
        for text, rule in cases:
            with self.subTest(text):
                self.assert_read(text, rule)
                self.assertEqual(check_condition(rule), ())

    def test_functions_of_rows(self) -> None:
        rows: Json = {"var": ["ticket.rows", []]}
        n: Json = {"var": "n"}
        cases: list[tuple[str, Json]] = [
            ("sum(ticket.rows.n)", {"+": [{"map": [rows, n]}]}),
            ("Sum(ticket.rows.n * ticket.rows.m)",
             {"+": [{"map": [rows, {"*": [n, {"var": "m"}]}]}]}),
            ("any(ticket.rows.n > 5 or ticket.rows.m is empty)",
             {"some": [rows, {"or": [{">": [n, 5]}, {"!!": {"missing": ["m"]}}]}]}),
            ("all(ticket.rows.n (or 0) <= ticket.amount)",
             {"all": [rows, {"<=": [{"var": ["n", 0]}, {"val": [[2], "ticket", "amount"]}]}]}),
            ("count(ticket.rows)", {"length": [rows]}),
            ("count(ticket.rows.n = 1)", {"length": [{"filter": [rows, {"==": [n, 1]}]}]}),
            ("any(approve.rows.n)", {"some": [{"var": ["tasks.approve.rows", []]}, n]}),
        ]  # fmt: skip
        for text, rule in cases:
            with self.subTest(text):
                self.assert_read(text, rule)
                self.assertEqual(check_condition(rule), ())
                written = text[0].lower() + text[1:]
                self.assertEqual(write_condition(rule, task_keys=TASKS), written)
        of_form = parse_condition("any(rows.n > limit)", fields=["rows", "limit"])
        self.assertEqual(write_condition(of_form, fields=["rows", "limit"]), "any(rows.n > limit)")

    def test_functions_of_rows_decide(self) -> None:
        context: JsonObject = {
            "ticket": {"rows": [{"n": 3, "m": 19.99}, {"n": 1, "m": 0.03}], "amount": 60}
        }
        cases = {
            "sum(ticket.rows.n * ticket.rows.m) = ticket.amount": True,
            "sum(ticket.rows.m) = 20.02 and count(ticket.rows) = 2": True,
            "any(ticket.rows.m > 19.99)": False,
            "all(ticket.rows.n < ticket.amount)": True,
            "count(ticket.rows.n = 1) = 1": True,
            "any(ticket.rows.q is empty)": True,
            "sum(ticket.others.n) = 0 and count(ticket.others) = 0": True,
        }
        for text, expected in cases.items():
            with self.subTest(text):
                self.assertIs(evaluate_condition(parse(text), context), expected)

    def test_and_is_tighter_than_or_and_brackets_are_kept(self) -> None:
        a: Json = {"==": [AMOUNT, 1]}
        b: Json = {"==": [AMOUNT, 2]}
        x, y = "ticket.amount = 1", "ticket.amount = 2"
        self.assert_read(f"{x} or {x} and {y}", {"or": [a, {"and": [a, b]}]})
        self.assert_read(f"({x} or {x}) and {y}", {"and": [{"or": [a, a]}, b]})
        self.assert_read(f"{x} and {x} and {y}", {"and": [a, a, b]})
        self.assert_read(f"{x} and ({x} and {y})", {"and": [a, {"and": [a, b]}]})

    def test_calculations_go_from_the_left(self) -> None:
        self.assert_read("10 - 3 - 2", {"-": [{"-": [10, 3]}, 2]})
        self.assert_read("10 - (3 - 2)", {"-": [10, {"-": [3, 2]}]})
        self.assert_read("1 + 2 + 3 - 4", {"-": [{"+": [1, 2, 3]}, 4]})

    def test_keywords_and_yes_and_no_in_any_case(self) -> None:
        self.assert_read(
            "approve.approved = YES And NOT approve.approved = False",
            {"and": [{"==": [APPROVED, True]}, {"!": {"==": [APPROVED, False]}}]},
        )

    def test_names_that_a_spreadsheet_capitalised(self) -> None:
        self.assert_read("Approve.approved", APPROVED)
        self.assert_read("Ticket.amount = 1", {"==": [AMOUNT, 1]})

    def test_full_names_and_tasks_called_like_something_else(self) -> None:
        self.assert_read("tasks.approve.approved", APPROVED)
        self.assert_read("tasks.ticket.amount = 1", {"==": [{"var": "tasks.ticket.amount"}, 1]})
        self.assert_read("and.approved", {"var": "tasks.and.approved"})
        self.assert_read("number > 1", {">": [{"var": "number"}, 1]})

    def test_smart_quotes_and_hard_spaces(self) -> None:
        for text in (
            "ticket.amount\xa0=\xa0“it”",
            "ticket.amount = „it“",
            "ticket.amount = «it»",
            "ticket.amount = ‘it’",  # noqa: RUF001
            "ticket.amount = 'it'",
            'ticket.amount = “it"',
            'ticket.amount = "it”',
        ):
            with self.subTest(text):
                self.assert_read(text, {"==": [AMOUNT, "it"]})

    def test_quotes_in_texts(self) -> None:
        for written in (r'"say \"hi\""', '"say ""hi"""', "'say \"hi\"'"):
            with self.subTest(written):
                self.assert_read(f"ticket.amount = {written}", {"==": [AMOUNT, 'say "hi"']})
        self.assert_read('ticket.amount = "“hi”"', {"==": [AMOUNT, "“hi”"]})
        self.assert_read(
            r'ticket.amount = "a\\b\nc\u00e4\ud83d\ude00"', {"==": [AMOUNT, "a\\b\ncä😀"]}
        )
        self.assert_read('ticket.amount = ""', {"==": [AMOUNT, ""]})

    def test_always(self) -> None:
        for text in ("", "  ", "always", "Otherwise", "else", "{}"):
            self.assertIsNone(parse(text))

    def test_json_is_accepted(self) -> None:
        self.assert_read(' {"==": [{"var": "ticket.amount"}, 5]}', {"==": [AMOUNT, 5]})

    def test_fields_of_a_form_stand_alone(self) -> None:
        rule = parse_condition('topic = "hardware"', fields=["topic"])
        self.assertEqual(rule, {"==": [{"var": "topic"}, "hardware"]})
        with self.assertRaises(ConditionTextError) as caught:
            parse_condition("topik = 5", fields=["topic"])
        self.assertEqual(caught.exception.nearest, "topic")

    def test_what_it_reads_can_be_decided(self) -> None:
        rule = parse('ticket.amount is empty or ticket.amount in ("a", "b")')
        self.assertIs(evaluate_condition(rule, {"ticket": {}}), True)
        self.assertIs(evaluate_condition(rule, {"ticket": {"amount": "b"}}), True)
        self.assertIs(evaluate_condition(rule, {"ticket": {"amount": "c"}}), False)


class RefusalTests(unittest.TestCase):
    def refused(self, text: str) -> ConditionTextError:
        with self.assertRaises(ConditionTextError) as caught:
            parse(text)
        return caught.exception

    def test_it_says_where_and_what_was_expected(self) -> None:
        error = self.refused("ticket.amount > and yes")
        self.assertEqual(error.column, 17)
        self.assertIn("a name or a value", error.expected)
        self.assertIn("At column 17", str(error))

    def test_it_says_what_a_name_should_have_been(self) -> None:
        error = self.refused("aprove.approved = yes")
        self.assertEqual((error.column, error.nearest), (1, "approve.approved"))
        self.assertIn("Did you mean “approve.approved”?", str(error))
        self.assertEqual(self.refused("tiket.amount > 5").nearest, "ticket.amount")

    def test_a_text_without_quotes(self) -> None:
        error = self.refused("ticket.amount = hardware")
        self.assertEqual(error.column, 17)
        self.assertIn("quotation marks", str(error))

    def test_the_signs_of_programmers(self) -> None:
        both = parse_condition("ticket.amount > 5 && ticket.amount < 9 || ticket.amount = 1")
        words = parse_condition("ticket.amount > 5 and ticket.amount < 9 or ticket.amount = 1")
        self.assertEqual(both, words)

    def test_a_date_without_quotes(self) -> None:
        for date in ("2026-11-25", "2026-1-5", "25.11.2026"):
            with self.subTest(date):
                error = self.refused(f"ticket.amount > {date}")
                self.assertEqual(error.column, 17)
                self.assertIn("The date", str(error))

    def test_a_number_that_may_be_two_is_asked_for(self) -> None:
        for number, ways in (("1.000", "1000 or 1.0"), ("12.345", "12345 or 12.3450")):
            with self.subTest(number):
                error = self.refused(f"ticket.amount > {number}")
                self.assertEqual(error.column, 17)
                self.assertIn(f"Write {ways}.", str(error))

    def test_numbers_are_written_so_that_they_are_read_back(self) -> None:
        for number in (1.125, 12.345, 0.125, 1234.567, 0.1, 1e-7):
            with self.subTest(number):
                rule: Json = {">": [{"var": "ticket.amount"}, number]}
                self.assertEqual(parse_condition(str(write_condition(rule))), rule)

    def test_columns(self) -> None:
        for text, column in (
            ("ticket.amount = ", 17),
            ("ticket.amount = 1,000", 19),
            ("ticket.amount = 1,5", 18),
            ("ticket.amount = 007", 17),
            ('ticket.amount = "open', 17),
            ("(ticket.amount = 1", 19),
            ("ticket.amount = 1)", 18),
            ("ticket.amount = 1 2", 19),
            ("ticket.amount = #", 17),
            ("ticket.amount(1)", 14),
            ("ticket.amount = 1 = 2", 19),
            ("ticket.amount in (1 2)", 21),
            ("5 is empty", 11),
            ('ticket.amount = "a\\q"', 19),
            ("ticket.amount = 99999999999999999999", 17),
            ("ticket.amount = 1e999", 17),
            ('{"a": ', 7),
        ):
            with self.subTest(text):
                self.assertEqual(self.refused(text).column, column)

    def test_what_is_hostile_is_refused(self) -> None:
        for text in (
            "(" * 5_000,
            "not " * 5_000,
            "(" * 1_000 + "1" + ")" * 1_000,
            "ticket.a (or " * 1_000,
            "1 - " * 4_000 + "1",
            "ticket.a in (" * 1_000,
            "x" * (MAX_CHARACTERS + 1),
            '{"a":' * 3_000,
            "[" * 20_000,
            '{"a": ' + "9" * 10_000 + "}",
            '{"a": NaN}',
            "\x00",
        ):
            with self.subTest(text[:20]):
                self.assertLess(len(str(self.refused(text))), 500)

    @given(st.text(max_size=60))
    @examples(300)
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            parse(text)
        except ConditionTextError as error:
            self.assertGreaterEqual(error.column, 1)

    @given(
        st.lists(
            st.sampled_from(
                [
                    "ticket.amount",
                    "approve.x",
                    "=",
                    "and",
                    "or",
                    "not",
                    "(",
                    ")",
                    "in",
                    ",",
                    '"a"',
                    "5",
                    "is",
                    "empty",
                    "contains",
                    "yes",
                    "-",
                    "+",
                    "&",
                    "<",
                    "(or",
                    "does",
                    "sum(",
                    "any(",
                    "count(",
                    "ticket.rows.n",
                    "ticket.rows.m (or 0)",
                ]
            ),
            max_size=14,
        )
    )
    @examples(300)
    def test_any_words_are_read_or_refused(self, words: list[str]) -> None:
        try:
            rule = parse(" ".join(words))
        except ConditionTextError:
            return
        if rule is not None:
            written = write_condition(rule, task_keys=TASKS)
            self.assertIsNotNone(written, rule)


VARIABLES = st.sampled_from(
    ["ticket.amount", "tasks.approve.approved", "tasks.ticket.x", "number", "tasks.other.x", "x y"]
).map(lambda name: {"var": name})
LITERALS: st.SearchStrategy[Json] = (
    st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)


def _rules(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Any]:
    pair, several = st.lists(inner, min_size=2, max_size=2), st.lists(inner, min_size=1, max_size=3)
    compared = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "-", "/", "==="])
    return (
        st.tuples(compared, pair).map(lambda each: {each[0]: each[1]})
        | st.tuples(st.sampled_from(["and", "or", "+", "*", "cat", "<"]), several).map(
            lambda each: {each[0]: each[1]}
        )
        | inner.map(lambda rule: {"!": rule})
        | st.tuples(VARIABLES, st.lists(LITERALS, max_size=3)).map(lambda each: {"in": list(each)})
        | VARIABLES.map(lambda variable: {"!!": {"missing": [variable["var"]]}})
        | VARIABLES.map(lambda variable: {"!": {"missing": [variable["var"]]}})
        | st.tuples(VARIABLES, inner).map(lambda each: {"var": [each[0]["var"], each[1]]})
    )


class WritingTests(unittest.TestCase):
    @given(st.recursive(VARIABLES | LITERALS, _rules, max_leaves=12))
    @examples(400)
    def test_what_is_written_is_read_as_the_same_rule(self, rule: Json) -> None:
        written = write_condition(rule, task_keys=TASKS)
        if written is not None:
            self.assertEqual(compact(parse(written)), compact(rule if rule != "" else None))

    def test_ordinary_rules_are_written_readably(self) -> None:
        for text in (
            'approve.approved = "yes" and ticket.amount > 1000',
            "approve.approved",
            "not approve.approved",
            "not (approve.approved = yes)",
            'ticket.priority in ("high", "critical")',
            'ticket.priority not in ("high", "critical")',
            "ticket.amount is empty or ticket.amount > 5",
            "ticket.amount is not empty and (ticket.amount > 5 or number = 1)",
            'ticket.tags contains "a"',
            'ticket.tags does not contain "a"',
            "ticket.amount (or 0) * 1.19 >= 100",
            "10 - (3 - 2) = ticket.amount",
            "1 <= ticket.amount <= 5",
            "tasks.ticket.x = -1",
            r'ticket.name = "a \"quoted\" \\ name\u00a0"',
        ):
            with self.subTest(text):
                self.assertEqual(write_condition(parse(text), task_keys=TASKS), text)

    def test_what_it_has_no_words_for_stays_json(self) -> None:
        deep: Json = AMOUNT
        for _each in range(2_000):
            deep = {"!": deep}
        rules: list[Json] = [
            {"===": [AMOUNT, 5]},
            {"if": [AMOUNT, True, False]},
            {"!": [AMOUNT]},
            {"and": [AMOUNT]},
            {"==": [AMOUNT, None]},
            {"==": [AMOUNT, 5.0]},
            {"var": "ticket.invoice number"},
            {"var": "tasks.unknown"},
            {"var": [["x"]]},
            {"var": ""},
            {"missing": ["ticket.amount"]},
            {"a": 1, "b": 2},
            [1, 2],
            deep,
        ]
        for rule in rules[:-1]:
            with self.subTest(rule):
                written = write_condition(rule, task_keys=("approve",))
                if written is not None:
                    self.assertEqual(compact(parse(written)), compact(rule))
        for rule in (rules[0], rules[1], rules[2], rules[3], rules[4], rules[6], deep):
            self.assertIsNone(write_condition(rule, task_keys=("approve",)))

    def test_a_field_called_like_a_keyword_stays_json(self) -> None:
        self.assertIsNone(write_condition({"var": "in"}, fields=["in"]))
        self.assertEqual(write_condition({"var": "topic"}, fields=["topic"]), "topic")

    def test_the_empty_condition(self) -> None:
        self.assertEqual(write_condition(None), "")
        self.assertEqual(write_condition({}), "")

    def test_expressions_of_transforms(self) -> None:
        names = Names(task_keys=TASKS, roots=("ticket", "tasks", "response"))
        rule: Json = {"cat": ["No. ", {"var": "response.body.id"}]}
        self.assertEqual(parse_expression('"No. " & response.body.id', names=names), rule)
        self.assertEqual(write_expression(rule, names=names), '"No. " & response.body.id')
        self.assertEqual(parse_expression("[1, 2]", names=names), [1, 2])
