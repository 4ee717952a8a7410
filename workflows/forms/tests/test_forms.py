from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import QueryDict
from django.test import SimpleTestCase, override_settings
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from tenants.testing_tools.examples import examples
from workflows.engine.errors import FieldError
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import validate_fields
from workflows.forms import AnswersForm, safe_filename, show_answers


class Drawer:
    """Keeps files in memory."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def keep(self, file: UploadedFile) -> JsonObject:
        key = f"00000000-0000-4000-8000-{len(self.files):012d}"
        self.files[key] = str(file.name)
        return {"upload": key, "filename": str(file.name)}

    def find(self, key: str) -> JsonObject | None:
        return {"upload": key, "filename": self.files[key]} if key in self.files else None

    def head(self, key: str) -> bytes | None:
        return None


def sent(values: Mapping[str, str | list[str]]) -> QueryDict:
    """What a browser sends for these inputs."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(f"answers-{name}", value if isinstance(value, list) else [value])
    return data


def filled(spec: JsonObject, **values: str | list[str]) -> AnswersForm:
    return AnswersForm([{"name": "q", "label": "Question", **spec}], data=sent(values))


class WhatIsTypedBecomesJsonTests(SimpleTestCase):
    def check(self, spec: JsonObject, typed: str | list[str], expected: Json) -> None:
        with self.subTest(spec=spec, typed=typed):
            form = filled(spec, q=typed)
            self.assertTrue(form.is_valid(), form.errors)
            self.assertEqual(form.answers(), {"q": expected})

    def test_text(self) -> None:
        self.check({"type": "text"}, "  ACME Ltd ", "ACME Ltd")
        self.check({"type": "long_text"}, "one\r\n two\r\n", "one\n two")

    def test_numbers(self) -> None:
        for typed, expected in (("12", 12), (" +7 ", 7), ("-3", -3), ("3.0", 3), ("1 000", 1000)):
            self.check({"type": "integer"}, typed, expected)
        for typed, number in (
            *(("12.5", 12.5), ("12,50", 12.5), ("1e3", 1000.0), (".5", 0.5), ("5.", 5)),
            *(("1.234.567,89", 1234567.89), ("1\u202f234,5", 1234.5), ("\u22121,5", -1.5)),
        ):
            self.check({"type": "number"}, typed, number)

    def test_yes_and_no(self) -> None:
        self.check({"type": "boolean", "required": True}, "false", expected=False)
        self.check({"type": "boolean"}, "true", expected=True)

    def test_choices(self) -> None:
        colours: JsonObject = {"choices": ["red", {"value": "b", "label": "Blue"}]}
        self.check({"type": "choice", **colours}, "b", "b")
        self.check({"type": "choices", **colours}, ["red", "b"], ["red", "b"])

    def test_dates_and_times(self) -> None:
        self.check({"type": "date"}, "2026-03-31", "2026-03-31")
        self.check({"type": "time"}, "14:30", "14:30")

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_a_moment_is_meant_in_the_zone_of_the_page(self) -> None:
        self.check({"type": "datetime"}, "2026-03-31T14:30", "2026-03-31T12:30:00Z")
        self.check({"type": "datetime"}, "2026-03-31T14:30:00-05:00", "2026-03-31T14:30:00-05:00")

    def test_addresses(self) -> None:
        self.check({"type": "email"}, "a@example.com", "a@example.com")
        self.check({"type": "url"}, "https://example.com/a", "https://example.com/a")
        self.check({"type": "phone"}, "+49 30 123456", "+49 30 123456")

    def test_what_is_left_empty_is_left_out(self) -> None:
        for spec in EVERY_TYPE:
            with self.subTest(spec=spec):
                form = filled(spec, q="   " if spec["type"] != "choice" else "")
                if spec["type"] == "choices":
                    form = filled(spec)
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.answers(), {})


ITEMS: JsonObject = {
    "type": "records",
    "fields": [
        {"name": "what", "label": "What", "type": "text", "required": True},
        {"name": "count", "label": "Count", "type": "integer", "default": 1},
    ],
}
EVERY_TYPE: list[JsonObject] = [
    {"type": "text"},
    {"type": "long_text"},
    {"type": "integer"},
    {"type": "number"},
    {"type": "boolean"},
    {"type": "choice", "choices": ["red", "blue"]},
    {"type": "choices", "choices": ["red", "blue"]},
    {"type": "date"},
    {"type": "time"},
    {"type": "datetime"},
    {"type": "email"},
    {"type": "url"},
    {"type": "phone"},
    {"type": "file"},
    ITEMS,
]
HOSTILE = (
    "x", "0", "-1", "1.5", "NaN", "Infinity", "1e999", "9" * 40, "1,234", "١٢", "true", "red",
    "2026-02-30", "2026-02-28", "25:00", "10:61", "0001-01-01T00:00", "9999-12-31T23:59",
    "2026-01-01T10:00", "99999-01-01T00:00", "javascript:alert(1)", "http://[", "https://a b",
    "https://example.com", "a@b", "a@example.com", "+", "+49 30 1234", "a\x00b", "\ud800",
    "<script>alert(1)</script>", "{{ 7*7 }}", '{"var": "ticket"}', "x" * 5000,
)  # fmt: skip


class TheEngineJudgesTests(SimpleTestCase):
    def test_the_form_accepts_exactly_what_the_engine_accepts(self) -> None:
        limits: list[JsonObject] = [
            {"type": "text", "min": 3, "max": 5, "pattern": "^[a-z]+$"},
            {"type": "number", "more_than": 0, "max": 10},
            {"type": "date", "min": "2026-01-01"},
        ]
        for spec in (*EVERY_TYPE, *limits):
            for required in (False, True):
                for typed in HOSTILE:
                    with self.subTest(spec=spec, required=required, typed=typed[:40]):
                        self._check({**spec, "name": "q", "required": required}, typed)

    def _check(self, spec: JsonObject, typed: str) -> None:
        form = AnswersForm([spec], data=sent({"q": typed}), keeper=Drawer())
        accepted = form.is_valid()
        problems = validate_fields([spec], form.answers())
        self.assertEqual(accepted, not problems, (form.errors, problems))
        if not accepted:
            messages = {problem.message for problem in problems}
            self.assertEqual(set(form.errors["q"]), messages)

    def test_text_that_is_no_number_comes_back_as_it_was_typed(self) -> None:
        form = filled({"type": "number"}, q="twelve")
        self.assertFalse(form.is_valid())
        self.assertIn('value="twelve"', form.render())
        self.assertIn("Enter a number.", form.render())

    def test_a_number_that_may_be_two_is_asked_for_beside_its_input(self) -> None:
        for kind, typed, ways in (
            ("number", "1.000", ("1000", "1.0")),
            ("number", "12,345", ("12345", "12,3450")),
            ("integer", "1,000", ("1000", "1")),
        ):
            with self.subTest(kind=kind, typed=typed):
                form = filled({"type": kind}, q=typed)
                self.assertFalse(form.is_valid())
                self.assertIn(f'value="{typed}"', form.render())
                self.assertIn("Write {} or {}.".format(*ways), form.errors["q"][0])

    def test_a_whole_number_is_never_cut(self) -> None:
        for typed in ("3.5", "3,5", "1,234.5", "1e-1"):
            with self.subTest(typed):
                form = filled({"type": "integer"}, q=typed)
                self.assertFalse(form.is_valid())
                self.assertEqual(form.answers(), {"q": typed})

    def test_a_required_question_needs_an_answer(self) -> None:
        for spec in EVERY_TYPE:
            with self.subTest(spec=spec):
                form = filled({**spec, "required": True})
                self.assertFalse(form.is_valid())
                self.assertIn("required", str(form.errors["q"]))

    def test_broken_specs_are_an_error(self) -> None:
        with self.assertRaises(FieldError):
            AnswersForm([{"name": "Q", "type": "colour"}])

    def test_what_is_typed_is_shown_as_text(self) -> None:
        html = filled({"type": "long_text"}, q="</textarea><script>alert(1)</script>").render()
        self.assertNotIn("<script>", html)


class PresetsTests(SimpleTestCase):
    specs: list[JsonObject] = [
        {"name": "kind", "label": "Kind", "type": "choice", "choices": ["new", "old"]},
        {"name": "text", "label": "Text", "type": "text"},
    ]

    def test_a_preset_is_shown_and_not_asked(self) -> None:
        form = AnswersForm(self.specs, presets={"kind": "new"})
        self.assertEqual(list(form.fields), ["text"])
        self.assertIn("Already set", form.render())

    def test_an_answer_to_a_preset_does_not_count(self) -> None:
        data = sent({"kind": "old", "text": "x"})
        form = AnswersForm(self.specs, presets={"kind": "new"}, data=data)
        self.assertTrue(form.is_valid())
        self.assertEqual(form.answers(), {"text": "x"})


class ShownWhenTests(SimpleTestCase):
    specs: list[JsonObject] = [
        {"name": "late", "label": "Late?", "type": "boolean", "required": True},
        {
            "name": "why", "label": "Why?", "type": "choice", "choices": ["rain", "other"],
            "required": True, "visible_when": {"==": [{"var": "late"}, True]},
        },
        {
            "name": "other", "label": "What?", "type": "text", "required": True,
            "visible_when": {"==": [{"var": "why"}, "other"]},
        },
    ]  # fmt: skip

    def test_a_hidden_question_is_not_required(self) -> None:
        form = AnswersForm(self.specs, data=sent({"late": "false"}))
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(form.visible(), {"late"})

    def test_a_shown_question_is_required(self) -> None:
        form = AnswersForm(self.specs, data=sent({"late": "true"}))
        self.assertFalse(form.is_valid())
        self.assertEqual(list(form.errors), ["why"])

    def test_an_answer_to_a_hidden_question_is_refused(self) -> None:
        form = AnswersForm(self.specs, data=sent({"late": "false", "why": "rain"}))
        self.assertFalse(form.is_valid())
        self.assertEqual(list(form.errors), ["why"])

    def test_what_depends_on_a_hidden_question_is_hidden_too(self) -> None:
        form = AnswersForm(self.specs, data=sent({"late": "false", "why": "other"}))
        self.assertEqual(form.visible(), {"late"})

    def test_without_scripts_everything_shows(self) -> None:
        html = AnswersForm(self.specs).render()
        self.assertIn('data-visible="late"', html)
        self.assertEqual(html.count("hidden"), html.count('aria-hidden="true"'))


class RecordsTests(SimpleTestCase):
    def test_rows_become_a_list(self) -> None:
        form = filled(ITEMS, **{"q-0-what": "Desk", "q-0-count": "2", "q-7-what": "Chair"})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(form.answers(), {"q": [{"what": "Desk", "count": 2}, {"what": "Chair"}]})

    def test_a_row_in_which_nothing_stands_is_no_record(self) -> None:
        self.assertFalse(filled(ITEMS, **{"q-0-what": "", "q-0-count": "3"}).is_valid())
        form = filled(ITEMS, **{"q-0-what": "", "q-0-count": "", "q-1-what": "Chair"})
        self.assertEqual(form.answers(), {"q": [{"what": "Chair"}]})

    def test_a_mistake_stands_beside_its_input(self) -> None:
        form = filled(ITEMS, **{"q-0-what": "", "q-3-what": "Desk", "q-3-count": "many"})
        self.assertFalse(form.is_valid())
        html = form.render()
        self.assertIn('value="many"', html)
        place = html.index("Enter a whole number.")
        self.assertGreater(place, html.index("answers-q-3-count"))

    def test_there_are_spare_rows_where_scripts_are_off(self) -> None:
        html = filled(ITEMS, **{"q-0-what": "Desk"}).render()
        spare = html[html.index("<noscript>") : html.index("</noscript>")]
        for number in (1, 2, 3):
            self.assertIn(f'name="answers-q-{number}-what"', spare)

    def test_too_many_rows_are_refused(self) -> None:
        form = filled({**ITEMS, "max": 1}, **{"q-0-what": "Desk", "q-1-what": "Chair"})
        self.assertFalse(form.is_valid())
        self.assertIn("at most one", str(form.errors["q"]))


class FilesTests(SimpleTestCase):
    specs: list[JsonObject] = [
        {"name": "doc", "label": "Document", "type": "file", "required": True},
        {"name": "amount", "label": "Amount", "type": "number", "required": True},
    ]

    def send(self, drawer: Drawer, file: UploadedFile | None, **values: str) -> AnswersForm:
        files = MultiValueDict({"answers-doc": [file]} if file else {})
        return AnswersForm(self.specs, data=sent(values), files=files, keeper=drawer)

    def test_a_file_is_kept_although_another_answer_is_wrong(self) -> None:
        drawer = Drawer()
        form = self.send(drawer, SimpleUploadedFile("invoice.pdf", b"%PDF"), amount="much")
        self.assertFalse(form.is_valid())
        self.assertEqual(list(form.errors), ["amount"])
        html = form.render()
        self.assertIn("invoice.pdf – kept", html)  # noqa: RUF001
        key = next(iter(drawer.files))
        self.assertIn(f'name="answers-doc-kept" value="{key}"', html)
        again = self.send(drawer, None, amount="5", **{"doc-kept": key})
        self.assertTrue(again.is_valid(), again.errors)
        self.assertEqual(again.answers()["doc"], {"upload": key, "filename": "invoice.pdf"})

    def test_a_kept_file_can_be_dropped(self) -> None:
        drawer = Drawer()
        kept = drawer.keep(SimpleUploadedFile("a.txt", b"a"))
        form = self.send(
            drawer, None, amount="5", **{"doc-kept": str(kept["upload"]), "doc-drop": "1"}
        )
        self.assertFalse(form.is_valid())

    def test_an_unknown_reference_is_no_file(self) -> None:
        form = self.send(Drawer(), None, amount="5", **{"doc-kept": "../../etc/passwd"})
        self.assertFalse(form.is_valid())

    @override_settings(MAX_UPLOAD_BYTES=10)
    def test_a_file_that_is_too_large_is_not_kept(self) -> None:
        drawer = Drawer()
        form = self.send(drawer, SimpleUploadedFile("big.bin", b"x" * 11), amount="5")
        self.assertIn("larger than 10", str(form.errors["doc"]))
        self.assertEqual(drawer.files, {})

    def test_an_empty_file_is_refused(self) -> None:
        form = self.send(Drawer(), SimpleUploadedFile("empty.txt", b""), amount="5")
        self.assertIn("empty", str(form.errors["doc"]))

    def test_names_are_made_safe(self) -> None:
        for name, expected in (
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.pdf", "a.pdf"),
            ("a\r\nb\x00.txt", "ab.txt"),
            ("evil\u202efdp.exe", "evilfdp.exe"),
            ("..", "file"),
            ("", "file"),
            ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ):
            with self.subTest(name=name[:30]):
                self.assertEqual(safe_filename(name), expected)


class WhatNobodyChangedTests(SimpleTestCase):
    """A form that is sent back as it was shown says what it said before."""

    fields: list[JsonObject] = [
        {"name": "number", "type": "number"},
        {"name": "integer", "type": "integer"},
        {"name": "datetime", "type": "datetime"},
    ]
    specs: list[JsonObject] = [*fields, {"name": "rows", "type": "records", "fields": [*fields]}]
    MOMENT = "2026-03-31T14:30:00.5+02:00"

    def sent_back(self, answers: JsonObject, **changed: str) -> AnswersForm:
        shown = AnswersForm(self.specs, initial_answers=answers).render()
        inputs = _INPUT.findall(re.sub(r"(?s)<(noscript|template)>.*?</\1>", "", shown))
        values = dict(pair for each in inputs for pair in _NAME_AND_VALUE.findall(each))
        data = sent({**values, **changed})
        return AnswersForm(self.specs, data=data, initial_answers=answers)

    def check(self, answers: JsonObject) -> None:
        form = self.sent_back(answers)
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(repr(form.answers()), repr(answers))

    @given(st.floats(-9e18, 9e18) | st.integers(-(2**53) + 1, 2**53 - 1))
    @examples(40)
    def test_any_number(self, number: int | float) -> None:
        with override("de"):
            self.check({"number": number})
        self.check({"number": number, "rows": [{"number": number}]})

    def test_spellings_that_would_be_asked_for(self) -> None:
        for number in (1.125, 12.345, -999.999, 1.0, 5.0, 1e-7, 1e15):
            with self.subTest(number):
                self.check({"number": number, "rows": [{"number": number}, {"number": 1}]})

    def test_a_moment_keeps_its_zone_and_its_fraction(self) -> None:
        self.check({"datetime": self.MOMENT, "rows": [{"datetime": self.MOMENT}]})

    def test_what_was_changed_is_read(self) -> None:
        form = self.sent_back({"number": 1.125, "integer": 7}, number="1.125", integer="8")
        self.assertIn("1.1250", str(form.errors["number"]))
        self.assertEqual(form.answers()["integer"], 8)

    def test_a_text_in_the_place_of_a_number_is_read(self) -> None:
        form = self.sent_back({"number": "12,5", "integer": "x"})
        self.assertEqual(form.answers(), {"number": 12.5, "integer": "x"})


_INPUT = re.compile(r"<input[^>]*>")
_NAME_AND_VALUE = re.compile(r'name="answers-([^"]*)" value="([^"]*)"')


class InputsTests(SimpleTestCase):
    def test_few_choices_are_radio_buttons_and_many_a_list(self) -> None:
        few = filled({"type": "choice", "choices": list("abcde")}).render()
        many = filled({"type": "choice", "choices": list("abcdef")}).render()
        self.assertIn('type="radio"', few)
        self.assertIn("<select", many)

    def test_every_type_has_label_help_and_required_mark(self) -> None:
        for spec in EVERY_TYPE:
            with self.subTest(spec=spec):
                spec = {**spec, "required": True, "help": "Some <b>help</b>"}
                html = AnswersForm([{"name": "q", "label": "My question", **spec}]).render()
                self.assertIn("My question", html)
                self.assertIn("Some &lt;b&gt;help&lt;/b&gt;", html)
                self.assertIn("tk-required", html)

    def test_numbers_that_may_be_negative_get_all_keys(self) -> None:
        cases: list[tuple[JsonObject, str | None]] = [
            ({"type": "number"}, 'inputmode="decimal"'),
            ({"type": "integer", "min": 0}, 'inputmode="numeric"'),
            ({"type": "integer", "min": -5}, None),
            ({"type": "number", "more_than": -5}, None),
        ]
        for spec, keys in cases:
            with self.subTest(spec):
                html = filled(spec, q="1").render()
                self.assertIn('type="text"', html)
                self.assertEqual("inputmode" in html, keys is not None)
                self.assertIn(keys or "", html)

    def test_a_default_stands_in_its_input(self) -> None:
        form = AnswersForm([{"name": "q", "type": "datetime", "default": "2026-03-31T14:30:00Z"}])
        self.assertIn('value="2026-03-31T14:30:00"', form.render())
        form = AnswersForm([{"name": "q", "type": "boolean", "default": False}])
        self.assertRegex(form.render(), r'value="false"[^>]*checked')


class ShowAnswersTests(SimpleTestCase):
    def shown(self, spec: Any, value: Any) -> Any:
        return show_answers([{"name": "q", "label": "Question", **spec}], {"q": value})[0]

    def test_each_type_reads_as_people_write(self) -> None:
        colours: JsonObject = {"choices": [{"value": "r", "label": "Red"}]}
        for spec, value, expected in (
            ({"type": "boolean"}, True, "Yes"),
            ({"type": "choice", **colours}, "r", "Red"),
            ({"type": "choices", **colours}, ["r", "gone"], "Red, gone"),
            ({"type": "date"}, "2026-03-31", "31 Mar 2026"),
            ({"type": "datetime"}, "2026-03-31T14:30:00Z", "31 Mar 2026, 14:30"),
            ({"type": "time"}, "14:30", "14:30"),
            ({"type": "number"}, 12.5, "12.5"),
            ({"type": "number"}, 1.125, "1.1250"),
            ({"type": "number"}, -1234567.5, "-1\u202f234\u202f567.5"),
            ({"type": "integer"}, 1234, "1234"),
            ({"type": "file"}, {"upload": "x", "filename": "a.pdf"}, "a.pdf"),
        ):
            with self.subTest(spec=spec):
                self.assertEqual(self.shown(spec, value).text, expected)

    def test_only_web_addresses_become_links(self) -> None:
        self.assertEqual(self.shown({"type": "url"}, "https://example.com").kind, "link")
        self.assertEqual(self.shown({"type": "url"}, "javascript:alert(1)").kind, "text")

    def test_data_that_does_not_fit_is_shown_as_it_is(self) -> None:
        for spec in EVERY_TYPE:
            for value in ("x", 5, True, [], ["x"], {}, {"a": [1]}, [{"what": 7}]):
                with self.subTest(spec=spec, value=value):
                    self.assertEqual(self.shown(spec, value).label, "Question")

    def test_values_without_a_field_come_last(self) -> None:
        shown = show_answers([{"name": "b", "type": "text"}], {"old_name": "x", "b": "y"})
        self.assertEqual([each.label for each in shown], ["B", "Old name"])
