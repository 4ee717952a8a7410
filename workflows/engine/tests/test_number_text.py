from __future__ import annotations

from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from workflows.engine.values.number_text import (
    AmbiguousNumberError,
    NumberTextError,
    number_problem,
    parse_number,
    possible_numbers,
    write_number,
)

READ: list[tuple[str, int | float]] = [
    ("12", 12),
    (" +7 ", 7),
    ("-3", -3),
    ("007", 7),
    ("-0", 0),
    ("-0.0", 0),
    ("5.", 5),
    ("5,", 5),
    (".5", 0.5),
    (",5", 0.5),
    ("1,5", 1.5),
    ("12.50", 12.5),
    ("12,50", 12.5),
    # More or fewer than three digits after the sign, more than three before it, or a 0: a fraction.
    ("0.125", 0.125),
    ("0,125", 0.125),
    (".125", 0.125),
    ("012.345", 12.345),
    ("0.000", 0),
    ("1234.567", 1234.567),
    ("1234,567", 1234.567),
    ("1.1250", 1.125),
    ("1,0000", 1),
    # Thousands.
    ("1,234,567.89", 1234567.89),
    ("1.234.567,89", 1234567.89),
    ("1 234 567,5", 1234567.5),
    ("1 234.567", 1234.567),
    ("1'234.50", 1234.5),
    ("1\u2019234", 1234),
    ("1,000.", 1000),
    ("1.234.567", 1234567),
    ("1'000'000", 1000000),
    *((f"-1{blank}234{blank}567,5", -1234567.5) for blank in "\u00a0\u202f\u2009\u2007\u3000"),
    # Signs that keyboards do not have, and what copying brings along.
    ("\u22125", -5),
    ("\u2013 5", -5),
    ("\uff0d\uff15", -5),
    ("\uff0b5", 5),
    ("\ufeff\u202d1\u00a0234\u202c", 1234),
    # Digits of other scripts.
    ("\uff11\uff12\uff0e\uff15", 12.5),
    ("\u0663", 3),
    ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665", 1234.5),
    ("\u0661\u066b\u0662\u0663\u0664", 1.234),
    # With an exponent nobody separates thousands.
    ("1e5", 100000),
    ("1.000e3", 1000),
    ("1,5E-3", 0.0015),
    ("0.30000000000000004", 0.30000000000000004),
    ("9223372036854775807", 2**63 - 1),
    ("123456789012345678901234567890", 123456789012345678901234567890),
]
TWO_WAYS: list[tuple[str, str, str]] = [
    ("1.000", "1000", "1.0"),
    ("1,000", "1000", "1,0"),
    ("12,345", "12345", "12,3450"),
    ("999.999", "999999", "999.9990"),
    ("1.500", "1500", "1.5"),
    ("\u22121.250", "-1250", "-1.25"),
    ("+1,234", "1234", "1,2340"),
    ("\uff11\uff0e\uff10\uff10\uff10", "1000", "1.0"),
]
REFUSED = [
    *(
        "",
        " ",
        "abc",
        "--5",
        "+-5",
        "5-",
        "1-2",
        "(5)",
        "1..2",
        "1.,2",
        "1,,2",
        ".",
        ",",
        "-",
        "e5",
    ),
    *("1,23,456", "12,34,567.89", "123,456,78", "1.2.3", "1,234.567,8", "1.234 567", "1,234 567"),
    *("1 23", "1 234 56", "12 5", "0 123", "0,123,456", "1'00", "1 .5", "1. 5", "1,234e5.5"),
    *("5 %", "5 EUR", "\u20ac5", "$5", "1_000", "0x10", "1e5.5", "1e99999", "inf", "nan", "1/2"),
    *("5\u00b2", "\u2460", "\u00bd", "1\u0663", "\u4e09", "12:30", "2026-01-31", "1\n2", "\x00"),
    "9" * 101,
]


class ReadingTests(TestCase):
    def test_what_is_meant_is_read(self) -> None:
        for text, number in READ:
            with self.subTest(text):
                found = parse_number(text)
                self.assertEqual(found, number)
                self.assertIs(type(found), int if float(number).is_integer() else float)
                self.assertEqual(number_problem(text), "")

    def test_what_may_be_two_numbers_is_asked_for(self) -> None:
        for text, thousands, fraction in TWO_WAYS:
            with self.subTest(text):
                with self.assertRaises(AmbiguousNumberError) as caught:
                    parse_number(text)
                self.assertEqual(
                    str(caught.exception),
                    f"“{text}” could mean two numbers. Write {thousands} or {fraction}.",
                )
                self.assertEqual(
                    possible_numbers(text), [parse_number(thousands), parse_number(fraction)]
                )

    def test_what_is_no_number_is_refused(self) -> None:
        for text in REFUSED:
            for whole in (False, True):
                with self.subTest(text=text, whole=whole):
                    with self.assertRaises(NumberTextError) as caught:
                        parse_number(text, whole=whole)
                    self.assertTrue(str(caught.exception).endswith("."))

    def test_a_whole_number_never_gets_a_fraction(self) -> None:
        for text in ("3.5", "3,5", "0.1", "1e-3", "1,234.5", "0,001"):
            with self.subTest(text):
                self.assertEqual(number_problem(text, whole=True), "Enter a whole number.")
        for text in ("3.0", "3,00", "3e0", "30e-1", "3."):
            with self.subTest(text):
                found = parse_number(text, whole=True)
                self.assertEqual((found, type(found)), (3, int))

    def test_a_whole_number_may_be_two_numbers_too(self) -> None:
        self.assertEqual(
            number_problem("1.000", whole=True),
            "“1.000” could mean two numbers. Write 1000 or 1.",
        )
        self.assertIn("Write 12345 if that is meant", number_problem("12,345", whole=True))

    def test_no_digit_is_lost_without_a_word(self) -> None:
        self.assertIn("would become 0.1.", number_problem("0.10000000000000000001"))
        self.assertIn("would become 0.", number_problem("1e-400"))
        self.assertIn("too large", number_problem("1e400"))
        self.assertIn("too large", number_problem("1e30", whole=True))


finite = st.floats(allow_nan=False, allow_infinity=False)
everyday = st.decimals(-(10**9), 10**9, places=3).map(float)
numbers = finite | everyday | st.integers(-(2**63), 2**63)


class RoundTripTests(TestCase):
    @given(numbers, st.sampled_from(".,"), st.booleans())
    def test_what_a_page_shows_is_read_as_the_same_number(
        self, number: int | float, decimal_sign: str, grouped: bool
    ) -> None:
        shown = write_number(number, decimal_sign=decimal_sign, grouped=grouped)
        self.assertEqual(parse_number(shown), number)
        self.assertEqual(possible_numbers(shown), [float(number)])

    @given(st.integers(-(10**15), 10**15), st.sampled_from([",", " ", "\u00a0", "'"]))
    def test_grouped_whole_numbers_are_read_or_asked_for(self, number: int, sign: str) -> None:
        shown = f"{number:,}".replace(",", sign)
        try:
            self.assertEqual(parse_number(shown, whole=True), number)
        except AmbiguousNumberError:
            self.assertEqual((sign, len(str(abs(number))) in range(4, 7)), (",", True))

    @given(st.integers(0, 10**9), st.text("0123456789", min_size=1, max_size=6))
    def test_comma_and_point_mean_the_same(self, before: int, after: str) -> None:
        read: list[object] = []
        for sign in ".,":
            try:
                read.append(parse_number(f"{before}{sign}{after}"))
            except AmbiguousNumberError:
                read.append("asked")
        self.assertEqual(read[0], read[1])
        is_asked = 0 < before < 1000 and len(after) == 3
        self.assertEqual(read[0], "asked" if is_asked else float(f"{before}.{after}"))

    @given(st.text(max_size=12) | st.text("0123456789.,' -+e\u00a0\u2212", max_size=12))
    def test_any_text_is_read_or_refused_with_a_sentence(self, text: str) -> None:
        for whole in (False, True):
            try:
                number = parse_number(text, whole=whole)
            except NumberTextError as error:
                self.assertTrue(str(error))
                continue
            self.assertIn(float(number), possible_numbers(text))
            if whole:
                self.assertIs(type(number), int)

    def test_what_cannot_be_written_does_not_stop_a_page(self) -> None:
        self.assertEqual(write_number(float("inf")), "inf")
        self.assertEqual(write_number(float("nan")), "nan")

    def test_how_pages_write(self) -> None:
        for number, plain, local in (
            (5.0, "5", "5"),
            (-0.0, "0", "0"),
            (1.125, "1.1250", "1,1250"),
            (12.5, "12.5", "12,5"),
            (1234.567, "1234.567", "1234,567"),
            (1234567.5, "1234567.5", "1\u202f234\u202f567,5"),
            (1e-7, "0.0000001", "0,0000001"),
            (1e22, "1e+22", "1e+22"),
        ):
            with self.subTest(number):
                self.assertEqual(write_number(number), plain)
                self.assertEqual(write_number(number, decimal_sign=",", grouped=True), local)
