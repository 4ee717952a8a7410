"""The form that the editor shows for presets and for the answers of test cases."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from unittest import mock

from django.utils.timezone import get_default_timezone

from tenants.names import LONGEST_NAME
from workflows.authoring.editing.output_questions import output_questions
from workflows.authoring.editing.pages.answers_form import MOST_TYPED
from workflows.authoring.editing.tests.test_editor_page import HOSTILE, EditorTestCase
from workflows.fields.file.file_input import made_up_upload
from workflows.fields.registry import TYPES
from workflows.fields.specs.specs import check_fields
from workflows.forms import document_form
from workflows.models import CompanyRole

PLACE = "answers"
# The moment of the example in the time zone of the page, as its input has it.
HERE = (
    datetime(2026, 11, 30, 8, 30, tzinfo=UTC)
    .astimezone(get_default_timezone())
    .strftime("%Y-%m-%dT%H:%M")
)
COLOURS: list[Any] = ["red", {"value": "g", "label": "Green"}]
# Of each type: what else its spec has, an answer as documents write it, what a browser sends to
# give it, and an answer that its input cannot show.
EXAMPLES: dict[str, tuple[dict[str, Any], Any, dict[str, list[str]], Any]] = {
    "text": ({}, "A lathe", {"": ["A lathe"]}, ["x"]),
    "long_text": ({}, "One\nTwo", {"": ["One\r\nTwo"]}, {"x": 1}),
    "integer": ({}, 1125, {"": ["1 125"]}, True),
    "number": ({}, 12.5, {"": ["12,5"]}, [1]),
    "boolean": ({}, False, {"": ["false"]}, "perhaps"),
    "choice": ({"choices": COLOURS}, "g", {"": ["g"]}, "Gone"),
    "choices": ({"choices": COLOURS}, ["red", "g"], {"": ["red", "g"]}, ["red", "gone"]),
    "date": ({}, "2026-11-30", {"": ["2026-11-30"]}, "soon"),
    "time": ({}, "08:30", {"": ["08:30"]}, "in the morning"),
    "datetime": ({}, "2026-11-30T08:30:00Z", {"": [HERE]}, "2026-11-30"),
    "email": ({}, "sam@example.com", {"": ["sam@example.com"]}, 7),
    "url": ({}, "https://example.com/", {"": ["https://example.com/"]}, None),
    "phone": ({}, "+49 30 1234", {"": ["+49 30 1234"]}, 49),
    "person": ({}, "wendy@acme.example", {"": ["wendy@acme.example"]}, ["wendy"]),
    "file": (
        {},
        {"upload": made_up_upload("scan.pdf"), "filename": "scan.pdf"},
        {"": ["scan.pdf"]},
        {"upload": "x"},
    ),
    "records": (
        {"fields": [{"name": "part", "type": "text"}, {"name": "count", "type": "integer"}]},
        [{"part": "Bolt", "count": 2}, {"part": "Nut"}],
        {"-3-part": ["Bolt"], "-3-count": ["2"], "-7-part": ["Nut"], "-9-part": [""]},
        [{"part": "Bolt", "size": 3}],
    ),
}


class _Controls(HTMLParser):
    """The values that stand in the controls of a form, by their names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._open, self._is_text = "", False
        self._skipped = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"template", "noscript"}:
            self._skipped += 1
        name = given.get("name") or self._open
        if self._skipped or not name:
            return
        values = self.found.setdefault(name, [])
        if tag in {"textarea", "select"}:
            self._open, self._is_text = name, tag == "textarea"
        elif tag == "option":
            values += [given.get("value") or ""] if "selected" in given else []
        elif given.get("type") in {"radio", "checkbox"}:
            values += [given.get("value") or ""] if "checked" in given else []
        elif tag == "input":
            values.append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._open and self._is_text and data.strip():
            self.found[self._open].append(data.lstrip("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"template", "noscript"}:
            self._skipped -= 1
        if tag in {"textarea", "select"}:
            self._open = ""


class AnswersFormTest(EditorTestCase):
    def draw(self, fields: Any, given: Any, **more: Any) -> Any:
        response = self.ask("answers", {"fields": fields, "given": given, **more})
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()

    def spec(self, kind: str, **more: Any) -> dict[str, Any]:
        return {"name": "it", "label": "It", "type": kind, **EXAMPLES[kind][0], **more}

    def pairs(self, sent: dict[str, list[str]], place: str = PLACE) -> list[list[str]]:
        return [[f"{place}-it{end}", each] for end, values in sent.items() for each in values]

    def test_there_is_an_example_of_every_type(self) -> None:
        self.assertEqual(set(EXAMPLES), set(TYPES))

    def test_every_type_is_drawn_and_read_as_the_document_writes_it(self) -> None:
        for kind, (_more, answer, sent, _unfit) in EXAMPLES.items():
            for are_presets in (False, True):
                with self.subTest(kind, are_presets=are_presets):
                    more = {"are_presets": are_presets}
                    drawn = self.draw([self.spec(kind)], {"it": answer}, **more)
                    if are_presets and "default" not in TYPES[kind].keys:
                        self.assertEqual(drawn["names"], {})
                        continue
                    self.assertEqual((drawn["names"], drawn["unfit"]), ({"it": "it"}, []))
                    self.assertIn('data-field="it"', drawn["html"])
                    read = self.draw([self.spec(kind)], {}, typed=self.pairs(sent), **more)
                    self.assertEqual(read["answers"], {"it": answer})
                    # What stands in the form, sent back, is the same answer.
                    shown = _Controls(drawn["html"]).found
                    typed = [[name, each] for name, values in shown.items() for each in values]
                    self.assertTrue(typed)
                    again = self.draw([self.spec(kind)], {"it": answer}, typed=typed, **more)
                    self.assertEqual(again["answers"], {"it": answer})
                    empty = self.draw([self.spec(kind)], {"it": answer}, typed=[], **more)
                    self.assertEqual(empty["answers"], {})

    def test_what_no_input_can_show_is_told(self) -> None:
        for kind, (_more, _answer, _sent, unfit) in EXAMPLES.items():
            with self.subTest(kind):
                drawn = self.draw([self.spec(kind)], {"it": unfit, "gone": 1})
                self.assertEqual(drawn["unfit"], ["it"])
                values = _Controls(drawn["html"]).found.values()
                self.assertFalse([each for value in values for each in value if each])

    def test_what_is_wrong_and_can_be_shown_stands_in_the_input(self) -> None:
        for kind, wrong in (("integer", "three"), ("email", "no address"), ("person", "Nobody")):
            with self.subTest(kind):
                drawn = self.draw([self.spec(kind)], {"it": wrong})
                self.assertEqual(drawn["unfit"], [])
                self.assertEqual(_Controls(drawn["html"]).found[f"{PLACE}-it"], [wrong])
                typed = self.pairs({"": [wrong]})
                read = self.draw([self.spec(kind)], {}, typed=typed)
                self.assertEqual(read["answers"], {"it": wrong})

    def test_no_default_is_filled_in(self) -> None:
        """What stands in the form stands in the document."""
        column = {"name": "part", "type": "text", "default": "Bolt"}
        fields = [
            self.spec("text", default="A lathe"),
            {"name": "parts", "type": "records", "fields": [column], "required": True},
        ]
        drawn = self.draw(fields, {})
        self.assertNotIn("A lathe", drawn["html"])
        self.assertNotIn("Bolt", drawn["html"])

    def test_presets_need_not_be_complete(self) -> None:
        self.assertIn("aria-required", self.draw([self.spec("text", required=True)], {})["html"])
        presets = self.draw([self.spec("text", required=True)], {}, are_presets=True)
        self.assertNotIn("aria-required", presets["html"])

    def test_rules_hide_questions(self) -> None:
        fields = [
            self.spec("boolean"),
            {"name": "why", "type": "text", "visible_when": {"==": [{"var": "it"}, True]}},
        ]
        for given, shown in ({}, ["it"]), ({"it": True}, ["it", "why"]), ({"it": False}, ["it"]):
            with self.subTest(given):
                self.assertEqual(self.draw(fields, given)["visible"], shown)
        typed = [[f"{PLACE}-it", "true"]]
        self.assertEqual(self.draw(fields, {}, typed=typed)["visible"], ["it", "why"])
        # What the ticket type has set is not asked, and read by the rules.
        drawn = self.draw(fields, {}, presets={"it": True})
        self.assertEqual((drawn["names"], drawn["visible"]), ({"why": "why"}, ["why"]))
        self.assertIn("Already set", drawn["html"])
        # Among presets: what somebody may answer otherwise hides nothing.
        for given, shown in (
            ({}, ["it", "why"]),
            ({"it": True}, ["it", "why"]),
            ({"it": False}, ["it"]),
        ):
            with self.subTest(given, are_presets=True):
                drawn = self.draw(fields, given, are_presets=True)
                self.assertEqual(drawn["visible"], shown)

    def test_people(self) -> None:
        role = CompanyRole.objects.create(name="Buyers")
        role.members.add(self.wendy)
        spec = self.spec("person", role="buyers")
        for are_presets in (True, False):
            with self.subTest(are_presets=are_presets):
                # Who has left, or has never been there, is shown, and stays.
                given = {"it": "sam@nowhere.example"}
                html = self.draw([spec], given, are_presets=are_presets)["html"]
                self.assertIn(self.wendy.email, html)
                self.assertNotIn(self.walt.email, html)
                self.assertNotIn(self.charlie.email, html)
                self.assertEqual(_Controls(html).found[f"{PLACE}-it"], [given["it"]])
                for typed, answer in (
                    (self.wendy.get_full_name(), self.wendy.email),
                    ("sam@nowhere.example", "sam@nowhere.example"),
                    (self.charlie.get_full_name(), self.charlie.get_full_name()),
                ):
                    pairs = self.pairs({"": [typed]})
                    read = self.draw([spec], {}, are_presets=are_presets, typed=pairs)
                    self.assertEqual(read["answers"], {"it": answer})

    def test_a_file_keeps_its_key_while_its_name_is_the_same(self) -> None:
        key = "0d9a1c1e-5a53-4a0e-8f0a-1b0f4a8f7a11"
        given = {"it": {"upload": key, "filename": "scan.pdf"}}
        same = self.draw([self.spec("file")], given, typed=self.pairs({"": ["scan.pdf"]}))
        self.assertEqual(same["answers"], given)
        other = self.draw([self.spec("file")], given, typed=self.pairs({"": ["a/other.pdf"]}))
        named = {"upload": made_up_upload("other.pdf"), "filename": "other.pdf"}
        self.assertEqual(other["answers"], {"it": named})

    def test_questions_with_problems_are_left_out(self) -> None:
        drawn = self.draw([self.spec("text"), {"name": "No", "type": "text"}], {"it": "A"})
        self.assertEqual((drawn["names"], drawn["skipped"]), ({"it": "it"}, 1))

    def test_forms_of_one_page_have_ids_of_their_own(self) -> None:
        fields = [self.spec(kind) | {"name": f"q_{kind}"} for kind in EXAMPLES]
        seen: set[str] = set()
        for place in ("ed1", "ed2"):
            html = self.draw(fields, {}, place=place)["html"]
            ids = set(re.findall(r'\bid="([^"]+)"', html))
            self.assertTrue(ids)
            self.assertFalse(ids & seen)
            seen |= ids

    def test_markup_is_text(self) -> None:
        bad = "<script>alert(1)</script>"
        drawn = self.draw([self.spec("text", label=bad, help=bad)], {"it": bad})
        self.assertNotIn("<script>alert", drawn["html"])

    # --- calls

    def test_the_output_of_a_call(self) -> None:
        schema = {
            "type": "object",
            "properties": {
                "IBAN number": {"type": "string", "title": "IBAN", "description": "22 signs"},
                "count": {"type": "integer"},
                "ok": {"type": "boolean"},
                "kind": {"enum": ["a", "b"]},
                "nested": {"type": "object"},
                "__proto__": {"type": "number"},
            },
        }
        given = {"IBAN number": "DE1", "nested": {"a": 1}, "count": 3}
        answer = self.ask("answers", {"schema": schema, "given": given}).json()
        names = {"f0": "IBAN number", "f1": "count", "f2": "ok", "f3": "kind", "f4": "__proto__"}
        self.assertEqual(answer["names"], names)
        self.assertIn("22 signs", answer["html"])
        shown = _Controls(answer["html"]).found
        self.assertEqual((shown[f"{PLACE}-f0"], shown[f"{PLACE}-f1"]), (["DE1"], ["3"]))
        typed = [[f"{PLACE}-f0", "DE2"], [f"{PLACE}-f4", "0,5"]]
        read = self.ask("answers", {"schema": schema, "given": given, "typed": typed}).json()
        self.assertEqual(read["answers"], {"f0": "DE2", "f4": 0.5})

    def test_whatever_a_schema_says_its_questions_are_in_order(self) -> None:
        odd: list[Any] = [None, True, 3, "x", [], {}, [3], {"a": [None]}]
        keywords = ("type", "enum", "title", "description")
        schemas = [{"properties": {"a": {key: each}}} for key in keywords for each in odd]
        schemas += [{"properties": {"a": {"type": "string", "title": "x" * 999}, " ": {}}}]
        schemas += [{"properties": {"": {"type": "string", "enum": ["", "a"]}}}]
        schemas += [{"properties": {f"p{n}": {"type": "string"} for n in range(500)}}]
        for schema in [*odd, *schemas]:
            with self.subTest(str(schema)[:60]):
                specs, _names = output_questions(schema, {"a": "x\ny"})
                self.assertEqual(check_fields(specs), [])
        specs, _names = output_questions({"properties": {"x" * 999: {"type": "string"}}}, {})
        self.assertEqual(len(specs[0]["label"]), LONGEST_NAME)  # type: ignore[index, call-overload, arg-type]

    # --- hostile

    def test_hostile_questions_are_answered(self) -> None:
        deep: Any = "x"
        for _level in range(200):
            deep = [deep]
        fields = [self.spec(kind) | {"name": f"q_{kind}"} for kind in EXAMPLES]
        hostile = [*HOSTILE, deep, "\ud800", [[1, 2], ["answers-x-q_text"]], {"q_text": deep}]
        for each in hostile:
            for name in ("given", "presets", "typed", "place", "fields", "schema", "are_presets"):
                question = {"fields": fields, "given": {}, name: each}
                with self.subTest(name, hostile=str(each)[:60]):
                    self.assertIn(self.ask("answers", question).status_code, (200, 400))
            given = {f"q_{kind}": each for kind in EXAMPLES}
            with self.subTest("every type", hostile=str(each)[:60]):
                response = self.ask("answers", {"fields": fields, "given": given})
                self.assertIn(response.status_code, (200, 400))
        for place in ("", "A", "a-b", "a" * 21, '"><b>', 3, None):
            response = self.ask("answers", {"fields": fields, "given": {}, "place": place})
            self.assertEqual(response.status_code, 400, place)

    def test_it_is_bounded(self) -> None:
        self.enterContext(mock.patch.object(document_form, "MOST_INPUTS_IN_ROWS", 200))
        columns = [{"name": f"c{n}", "type": "text"} for n in range(50)]
        fields = [{"name": f"r{n}", "type": "records", "fields": columns} for n in range(4)]
        rows = [{"c0": "x"}] * 3
        drawn = self.draw(fields, {f"r{n}": rows for n in range(4)})
        self.assertEqual(len(drawn["unfit"]), 3)
        fits = 200 // 50
        typed = [[f"{PLACE}-r0-{n}-c0", "x"] for n in range(fits)]
        self.assertEqual(len(self.draw(fields, {}, typed=typed)["answers"]["r0"]), fits)
        typed.append([f"{PLACE}-r1-0-c0", "x"])
        for refused in (typed, [["a", "b"]] * (MOST_TYPED + 1)):
            answer = self.ask("answers", {"fields": fields, "given": {}, "typed": refused})
            self.assertEqual(answer.status_code, 400)
            self.assertIn("Remove some", answer.json()["message"])
