from __future__ import annotations

from decimal import Decimal

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from workflows.workbooks.formats.number_format import (
    MomentFormat,
    general,
    moment_format,
    shown_number,
    shown_text,
)

SHOWN: list[tuple[str, int | float, str | None]] = [
    ("0", 2.5, "3"),
    ("0", -5, "-5"),
    ("00000", 123, "00123"),
    ("0.00", 2.5, "2.50"),
    ("0.00", 2.555, "2.56"),
    ("0.0", 0.05, "0.1"),
    ("0.##", 5.25, "5.25"),
    ("0.0#", 5.5, "5.5"),
    ("#.##", 5, "5."),
    ("#", 0, ""),
    ("???", 5, "  5"),
    ("#,##0", 1234567, "1,234,567"),
    ("#,##0", 999, "999"),
    ("0,000", 5, "0,005"),
    ("#,##0,", 1234567, "1,235"),
    ("#,##0.0,,", 1234567, "1.2"),
    ("0%", 0.5, "50%"),
    ("0.0%", 0.1234, "12.3%"),
    ("0.00E+00", 123456, "1.23E+05"),
    ("0.0E-0", 0.00012, "1.2E-4"),
    ("##0.0E+0", 12345, None),
    # Texts around the digits, and between them.
    ('"KST-"000', 7, "KST-007"),
    ("(000) 000-0000", 4155551234, "(415) 555-1234"),
    ("0000 0000", 12345678, "1234 5678"),
    ("00\\.00\\.00", 12345, "01.23.45"),
    ("[$\u20ac-407] #,##0.00", 1234.5, "\u20ac 1,234.50"),
    ("#,##0.00 [$\u20ac-407]", 1234.5, "1,234.50 \u20ac"),
    ('0" kg"', 5, "5 kg"),
    ('General" kg"', 5, "5 kg"),
    ("_(* #,##0_);_(* (#,##0);_(* -_);_(@_)", -1234, " (1,234)"),
    # Sections: above zero, below, zero, texts.
    ('"yes";;"no"', 1, "yes"),
    ('"yes";;"no"', 0, "no"),
    ('"yes";;"no"', -1, ""),
    (";;;", 5, ""),
    ("0;-0;;@", 0, ""),
    ("0;0", -5, "5"),
    ("0;[Red]-0", -5, "-5"),
    # What is not known is not guessed.
    ("# ?/?", 0.5, None),
    ("[>100]0;0.0", 5, None),
    ("[DBNum1]0", 5, None),
    ("0x", 5, None),
    ("yyyy", 5, None),
    ("0;0;0;@;0", 5, None),
    ("0" * 300, 5, None),
    ("General", 0.1 + 0.2, "0.3"),
    ("General", 1e-5, "0.00001"),
    ("@", 5, "5"),
]


class NumberFormatTests(SimpleTestCase):
    def test_what_is_shown(self) -> None:
        for code, number, expected in SHOWN:
            with self.subTest(code=code, number=number):
                self.assertEqual(shown_number(code, number), expected)

    def test_texts_may_get_something_added(self) -> None:
        for code, text, expected in (
            ("General", "x", "x"),
            ("0.00", "x", "x"),
            ("@", " x", " x"),
            ('"No. "@', "5", "No. 5"),
            ('0;0;0;@" kg"', "5", "5 kg"),
            (";;;", "x", ""),
        ):
            with self.subTest(code):
                self.assertEqual(shown_text(code, text), expected)

    def test_the_parts_of_moments(self) -> None:
        whole = MomentFormat(day=True, is_whole_day=True)
        for code, expected in (
            ("m/d/yyyy", whole),
            ("[$-407]dd.mm.yyyy", whole),
            ("d-mmm", MomentFormat(day=True)),
            ("mmm yy", MomentFormat(day=True)),
            ("h:mm AM/PM", MomentFormat(time=True)),
            ("mm:ss", MomentFormat(time=True, seconds=True)),
            ("[h]:mm", MomentFormat(time=True, is_elapsed=True)),
            (
                "yyyy-mm-dd hh:mm:ss",
                MomentFormat(day=True, time=True, seconds=True, is_whole_day=True),
            ),
            *((code, None) for code in ("General", "0.00", '"day" 0', "[Red]0", '"hm"0')),
        ):
            with self.subTest(code):
                self.assertEqual(moment_format(code), expected)

    @given(
        st.text('0#?.,%EeMdyhs;[]@"\\_*/ -+$Ax', max_size=20),
        st.floats(allow_nan=False) | st.integers(),
    )
    def test_any_format_gives_a_text_or_nothing(self, code: str, number: int | float) -> None:
        if abs(number) < 1e300:
            shown_number(code, number)
        shown_text(code, "x")
        moment_format(code)

    @given(st.decimals(-(10**9), 10**9, places=4), st.integers(0, 6))
    def test_plain_formats_round_as_spreadsheets_do(self, number: Decimal, places: int) -> None:
        code = f"0.{'0' * places}" if places else "0"
        rounded = number.quantize(Decimal(1).scaleb(-places), rounding="ROUND_HALF_UP")
        shown = shown_number(code, float(number))
        self.assertEqual(Decimal(str(shown)), rounded)

    @given(st.floats(-1e15, 1e15))
    def test_general_has_fifteen_digits(self, number: float) -> None:
        self.assertAlmostEqual(float(general(number)), number, delta=abs(number) * 1e-14)
