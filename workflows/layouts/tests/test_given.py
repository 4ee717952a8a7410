"""What a layout is handed: the questions, and no more of the answers than the page shows."""

from __future__ import annotations

from django.test import SimpleTestCase

from workflows.bundles.checks.check import check_bundle
from workflows.bundles.tests.test_bundle_checks import fixture
from workflows.engine.process import JsonObject
from workflows.forms import AnswersForm
from workflows.layouts.given import display_layout, edit_layout

SOURCE = "export default () => null"
SPECS: list[JsonObject] = [
    {"name": "what", "label": "What?", "type": "text", "required": True},
    {"name": "who", "label": "Who?", "type": "person"},
    {"name": "doc", "label": "Document", "type": "file"},
    {
        "name": "rows",
        "label": "Rows",
        "type": "records",
        "fields": [
            {"name": "by", "label": "By", "type": "person"},
            {"name": "n", "label": "Number", "type": "integer"},
        ],
    },
]
PERSON: JsonObject = {"id": 7, "email": "wendy@acme.example", "name": "Wendy Wells"}
DATA: JsonObject = {
    "what": "A desk",
    "who": PERSON,
    "doc": {"upload": "7f0e4b0e-0000-4000-8000-000000000000", "filename": "offer.pdf"},
    "rows": [{"by": PERSON, "n": 1}],
    "gone": 1,
}


class GivenTests(SimpleTestCase):
    def test_people_and_files_are_their_names(self) -> None:
        layout = display_layout(SOURCE, SPECS, DATA)
        assert layout is not None
        self.assertEqual(
            layout.data,
            {
                "what": "A desk",
                "who": "Wendy Wells",
                "doc": "offer.pdf",
                "rows": [{"by": "Wendy Wells", "n": 1}],
                "gone": 1,
            },
        )
        self.assertEqual(layout.texts["who"], "Wendy Wells")
        self.assertNotIn("wendy@acme.example", str(layout))

    def test_of_what_the_reader_may_not_know_not_even_the_question_is_handed_over(self) -> None:
        layout = display_layout(SOURCE, SPECS, DATA, only={"what"})
        assert layout is not None
        self.assertEqual(layout.data, {"what": "A desk"})
        self.assertEqual(
            [each["name"] for each in layout.fields if isinstance(each, dict)], ["what"]
        )
        self.assertIsNone(display_layout(SOURCE, SPECS, {}))
        self.assertIsNone(display_layout(" ", SPECS, DATA))

    def test_broken_questions_show_the_answers_as_they_are(self) -> None:
        layout = display_layout(SOURCE, [{"name": 1}], {"what": "A desk"})
        assert layout is not None
        self.assertEqual((layout.data, layout.fields), ({"what": "A desk"}, []))

    def test_a_form_of_files_alone_has_nothing_for_a_layout(self) -> None:
        self.assertIsNone(edit_layout(SOURCE, AnswersForm([SPECS[2]])))
        self.assertIsNone(edit_layout("", AnswersForm([SPECS[0]])))
        self.assertIsNotNone(edit_layout(SOURCE, AnswersForm([SPECS[0], SPECS[2]])))


class ChecksTests(SimpleTestCase):
    def problems(self, source: str) -> list[tuple[str, bool]]:
        document = fixture("vacation")
        workflow = document["workflow"]
        assert isinstance(workflow, dict)
        workflow["display_layout"] = source
        found = check_bundle(document)
        return [(each.place, each.is_error) for each in found if "layout" in each.place]

    def test_a_layout_without_a_component_is_a_warning(self) -> None:
        warned = [("workflow.display_layout", False)]
        self.assertEqual(self.problems("const x = 1;"), warned)
        for source in ("", " \n", SOURCE, "const L = 1; export { L as default };"):
            self.assertEqual(self.problems(source), [], source)

    def test_one_that_is_too_long_is_refused(self) -> None:
        self.assertEqual(self.problems(SOURCE + " " * 200_000), [("workflow.display_layout", True)])
