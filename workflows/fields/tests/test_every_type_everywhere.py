"""Every type of question at every place that knows of types.

The types are found in the registry, so that a new one is looked at the day it appears; a
place where types matter is a method here. What a type looks like is not asked: only that the
place knows it, and that an answer comes out as it went in.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.urls import reverse

from project.tests.pages import forms_of
from tenants.models import User
from tenants.testing import CompanyTestCase
from tickets.files.keep_file import keep_file
from tickets.files.pages.uploads import UploadKeeper
from tickets.models import SavedAnswers, Ticket
from tickets.moving.move_tickets import obstacle_of_data
from tickets.numbering.name_ticket import name_ticket
from tickets.overseeing.exports import TicketResource
from tickets.replaying.replay_tickets import replay_tickets
from tickets.saving.pages.saved import continued_form
from tickets.saving.save_answers import save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.working.complete_task import complete_task
from workflows.authoring.definitions.export_bundle import export_bundle
from workflows.authoring.definitions.pages.field_rows import field_table
from workflows.authoring.editing.new_draft import new_draft
from workflows.authoring.importing.import_bundle import import_bundle, problems_here
from workflows.authoring.publishing.publish_workflow import publish_workflow
from workflows.authoring.trying.change_test_cases import add_test_case
from workflows.authoring.trying.run_test_cases import run_test_cases
from workflows.bundles import canonical, differences
from workflows.bundles.document.canonical import SCHEMA, SCHEMA_FILE
from workflows.bundles.telling.describe_changes import describe_changes
from workflows.bundles.trying.samples import sample_answers
from workflows.engine.process import Json, JsonObject
from workflows.fields.answers.validation import Validator
from workflows.fields.facts import KEPT_ANSWERS
from workflows.fields.field import FieldType, Holds
from workflows.fields.in_database.look_up import look_up
from workflows.fields.on_screen.screens import editor_facts, show_answer
from workflows.fields.registry import TYPES
from workflows.fields.specs.specs import check_fields, parse_fields
from workflows.forms import AnswersForm, show_answers
from workflows.forms.cells import answer_cell
from workflows.models import TaskInstance, TicketDefinition, WorkflowDefinition
from workflows.workbooks import FileType, read_document, write_document

EDITOR = Path(__file__).resolve().parents[2] / "authoring/editing/static/editing"
# What the scripts of the editor ask for a value without a control of its own, as JSON.
AS_JSON = {"file", "records"}
# Of each key that holds a list of texts, some that are right. (Roles are there or not: no example.)
TEXTS: dict[str, list[Json]] = {"accept": [".pdf", "image/*"]}


def spec_of(each: FieldType, name: str = "") -> JsonObject:
    """A spec with what the type cannot do without."""
    spec: JsonObject = {"name": name or f"q_{each.key}", "label": f"A {each.key}", "type": each.key}
    if "choices" in each.keys:
        spec["choices"] = ["red", {"value": "b", "label": "Blue"}]
    if "fields" in each.keys:
        spec["fields"] = [spec_of(inner, inner.key) for inner in TYPES.values() if inner.in_records]
    spec |= {own.key: TEXTS[own.key] for own in each.own_keys if own.holds is Holds.TEXTS}
    return spec


SPECS: dict[str, JsonObject] = {key: spec_of(each) for key, each in TYPES.items()}
QUESTIONS = {each.type.key: each for each in parse_fields(list(SPECS.values()))}


def document() -> JsonObject:
    """Asks every type in the ticket and in a task, with defaults where there can be one."""
    fields: list[Json] = []
    for key, spec in SPECS.items():
        question = QUESTIONS[key]
        default = question.type.given_out(question, question.type.sample(question))
        made = {**spec, "default": default} if "default" in question.type.keys else dict(spec)
        if "min" in question.type.keys:  # a limit is a number, or a value such as the answer
            is_number = question.type.asks_for_number("min") is not None
            made["min"] = 1 if is_number else question.type.sample(question)
        fields.append(made)
    bundle: dict[str, Any] = {
        "format": "ticketflower-bundle",
        "format_version": 1,
        "workflow": {"key": "all_types", "title": "All types", "fields": fields},
        "tasks": [{"key": "answer", "title": "Answer", "fields": list[Json](SPECS.values())}],
        "transitions": [
            {"from": "start", "to": "answer"},
            *(
                {
                    "from": "answer",
                    "to": "end",
                    "label": key,
                    "condition": {"!!": {"missing": [f"tasks.answer.q_{key}"]}},
                    "priority": number,
                }
                for number, key in enumerate(TYPES)
            ),
            {"from": "answer", "to": "end", "label": "all", "priority": 1_000},
        ],
        "ticket_types": [{"key": "all_types", "title": "All types"}],
    }
    return bundle


def _workflow(spec: JsonObject) -> JsonObject:
    return {"workflow": {"key": "w", "title": "W", "fields": [spec]}}


class EveryTypeTests(CompanyTestCase):
    workflow: WorkflowDefinition
    definition: TicketDefinition
    answers: JsonObject

    @classmethod
    def setUpTestData(cls) -> None:
        cls.load_people()
        # What made-up answers name is there.
        User.objects.create(
            email="someone@example.com", first_name="Sam", last_name="Example", company=cls.acme
        )
        draft = import_bundle(document=document(), user=cls.carla)
        cls.workflow = publish_workflow(workflow=draft, user=cls.carla)
        cls.definition = TicketDefinition.objects.get(key="all_types", is_active=True)
        file = keep_file(file=SimpleUploadedFile("file.pdf", b"%PDF"), user=cls.uma)
        form = Validator(list(SPECS.values()))
        written = {f"q_{k}": e.type.given_out(e, e.type.sample(e)) for k, e in QUESTIONS.items()}
        cls.answers = form.taken_in(written, look_up(form.references(written)))
        cls.answers["q_file"] = file

    def answer(self, key: str) -> Json:
        return self.answers[f"q_{key}"]

    def submit(self) -> Ticket:
        with self.captureOnCommitCallbacks(execute=True):
            return submit_ticket(definition=self.definition, data=self.answers, user=self.uma)

    def finish(self, ticket: Ticket) -> TaskInstance:
        task = TaskInstance.objects.get(workflow_instance=ticket.workflow_instance)
        assert task.assigned_to is not None
        output = {name: value for name, value in self.answers.items() if name != "q_file"}
        complete_task(task=task, output=output, user=task.assigned_to)
        return task

    # Places

    def test_declaration(self) -> None:
        """Names, places in lists and keys are each a type's own."""
        for what in ("key", "name", "order"):
            values = [getattr(each, what) for each in TYPES.values()]
            self.assertEqual(len(set(values)), len(TYPES), what)
        for key, each in TYPES.items():
            with self.subTest(key):
                self.assertEqual(check_fields([SPECS[key]]), [])
                self.assertTrue(each.hint.endswith("."))

    def test_keys_of_one_type(self) -> None:
        """Each is refused where it is nonsense, compared, described, and known to the editor."""
        told = editor_facts()["types"]
        for key, each in TYPES.items():
            for own in each.own_keys:
                with self.subTest(key, own=own.key):
                    wrong: list[Json] = [{"x": 1}, [1], ["x" * 300], [" "], "x" * 300]
                    for nonsense in wrong:
                        problems = check_fields([{**SPECS[key], own.key: nonsense}])
                        self.assertEqual({one.path[1] for one in problems}, {own.key}, nonsense)
                    facts = next(one for one in told if one["key"] == key)["own_keys"]
                    self.assertIn((own.key, own.holds), [(f["key"], f["holds"]) for f in facts])
                    old = {name: value for name, value in SPECS[key].items() if name != own.key}
                    given: Json = TEXTS.get(own.key) or "Office"
                    words = ", ".join(map(str, given)) if isinstance(given, list) else given
                    before, after = _workflow(old), _workflow({**old, own.key: given})
                    (change,) = describe_changes(differences(before, after), old=before, new=after)
                    self.assertEqual(change.new, words)
                    (row, *_inside) = field_table([{**old, own.key: given}]).rows
                    self.assertIn(words, " ".join(row.rules))

    def test_schema_of_documents(self) -> None:
        """The file that people point their editors at has what the registry has."""
        self.assertEqual(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")), SCHEMA)

    def test_form(self) -> None:
        """What a form shows of an answer, sent back, is that answer; nothing is no answer."""
        keeper = UploadKeeper(user=self.uma)
        for key, spec in SPECS.items():
            with self.subTest(key):
                first = {f"q_{key}": self.answer(key)}
                html = AnswersForm([spec], initial_answers=first, keeper=keeper).render()
                form = AnswersForm([spec], data=self._sent(html), keeper=keeper)
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.answers(), first)
                empty = AnswersForm([{**spec, "required": True}], data=QueryDict(), keeper=keeper)
                self.assertIn("required", str(empty.errors[f"q_{key}"]))

    def test_record_row(self) -> None:
        for key, each in TYPES.items():
            with self.subTest(key):
                spec: JsonObject = {"name": "rows", "type": "records", "fields": [SPECS[key]]}
                if not each.in_records:
                    self.assertIn("cannot hold", check_fields([spec])[0].message)
                    continue
                first: JsonObject = {"rows": [{f"q_{key}": self.answer(key)}]}
                html = AnswersForm([spec], initial_answers=first).render()
                form = AnswersForm([spec], data=self._sent(html))
                self.assertTrue(form.is_valid(), form.errors)
                self.assertEqual(form.answers(), first)

    def _sent(self, html: str) -> QueryDict:
        data = QueryDict(mutable=True)
        spare = re.compile(r"<(template|noscript)>.*?</\1>", re.DOTALL)
        (sent, *_more) = forms_of(f"<form>{spare.sub('', html)}</form>", address="/")
        for name, values in sent.values.items():
            data.setlist(name, values)
        return data

    def test_refusal(self) -> None:
        """What no type takes is refused beside the question, in words of ours."""
        for key, spec in SPECS.items():
            for wrong in ({"x": [1]}, [["x"]], [{"x": 1}], 2**80, -1.5, True, "\x00", "x" * 10_000):
                with self.subTest(key, wrong=str(wrong)[:20]):
                    found = Validator([spec]).validate({f"q_{key}": wrong})
                    fits = key in {"boolean", "number", "long_text"} and not found
                    if not fits:
                        self.assertEqual({e.field.split(".")[0] for e in found}, {f"q_{key}"})

    def test_files_of_definitions(self) -> None:
        """Workbooks (.xlsx, .ods), YAML and JSON say the same, defaults and test cases too."""
        made = canonical({**document(), "tests": [self._case()]})
        for file_type in FileType:
            with self.subTest(str(file_type)):
                reading = read_document(write_document(made, file_type), f"file.{file_type}")
                self.assertEqual([each.message for each in reading.problems], [])
                assert isinstance(reading.document, dict)
                again = canonical(reading.document)
                changes = [(each.place, each.old, each.new) for each in differences(made, again)]
                self.assertEqual(changes, [])

    def _case(self) -> JsonObject:
        answers = Validator(list(SPECS.values())).given_out(self.answers)
        return {
            "name": "All",
            "ticket_type": "all_types",
            "ticket": answers,
            "answers": [{"task": "answer", "output": answers}],
            "expect": {"path": ["answer"], "end": "all"},
        }

    def test_editor(self) -> None:
        """The editor's scripts have the controls that the types name."""
        inputs = (EDITOR / "inputs.js").read_text(encoding="utf-8")
        facts = editor_facts()
        self.assertEqual([each["key"] for each in facts["types"]], list(TYPES))
        for each in facts["types"]:
            with self.subTest(each["key"]):
                self.assertEqual(set(each), set(facts["anything"]))
                if each["control"] not in AS_JSON:
                    control = re.compile(rf"^  {each['control']}: ", re.MULTILINE)
                    self.assertRegex(inputs, control)
                self.assertTrue(each["operators"])
                for part in each["parts"]:
                    self.assertIn(part["type"], TYPES)
        for script in EDITOR.glob("*.js"):  # none of them names types for itself
            text = script.read_text(encoding="utf-8")
            named = [key for key in TYPES if re.search(rf'\bcase "{key}":', text)]
            self.assertEqual(named, [], script.name)

    def test_try(self) -> None:
        self.log_in(self.carla)
        draft = new_draft(workflow=self.workflow, user=self.carla)
        address = reverse("admin:workflows_workflowdefinition_try", args=(draft.pk,))
        page = self.client.get(address)
        html = AnswersForm(list(SPECS.values()), initial_answers=self.answers).render()
        data = self._sent(html)
        sent = {name: data.getlist(name) for name in data}
        page = self.client.post(
            address,
            {"state": page.context["signed_state"], "next": "1", "email": "a@b.example", **sent},
        )
        self.assertEqual(page.context["task_key"], "answer")
        told = {each.label: each for each in page.context["steps"][0].answers}
        for key, question in QUESTIONS.items():
            with self.subTest(key):
                shown = told[question.label]
                if key != "file":  # its content is not kept
                    self.assertEqual(shown, show_answer(question, self.answer(key)))

    def test_test_case(self) -> None:
        self.assertEqual(problems_here({**document(), "tests": [self._case()]}), [])
        draft = new_draft(workflow=self.workflow, user=self.carla)
        case = add_test_case(
            workflow=draft, name="All", ticket_type="all_types", ticket=self.answers,
            submitter={}, answers=[],
        )  # fmt: skip
        self.assertEqual(case["ticket"], self._case()["ticket"])
        draft.refresh_from_db()
        (result,) = run_test_cases(workflow=draft)
        self.assertTrue(result.has_passed, result.reason)

    def test_conditions(self) -> None:
        """An answer that was given is there, and one that was not is missing."""
        outputs: dict[str, Any] = {f"q_{key}": self.answer(key) for key in TYPES}
        for key in TYPES:
            with self.subTest(key):
                case = self._case()
                given = Validator(list(SPECS.values())).given_out(outputs)
                given.pop(f"q_{key}")
                case["answers"] = [{"task": "answer", "output": given}]
                case["expect"] = {"path": ["answer"], "end": key}
                draft = new_draft(workflow=self.workflow, user=self.carla)
                draft.test_cases = [case]
                draft.save()
                (result,) = run_test_cases(workflow=draft)
                self.assertTrue(result.has_passed, result.reason)

    def test_replay(self) -> None:
        ticket = self.submit()
        self.finish(ticket)
        found = replay_tickets(workflow=self.workflow, limit=10, by=self.root)
        self.assertEqual((found.count, found.same, dict(found.refusals)), (1, 1, {}))

    def test_moving(self) -> None:
        self.assertEqual(obstacle_of_data(self.submit(), self.workflow), "")

    def test_compare(self) -> None:
        """A change of the type is told in the words of the type."""
        for key, each in TYPES.items():
            other = next(one for one in TYPES.values() if one is not each)
            with self.subTest(key):
                old, new = _workflow(SPECS[key]), _workflow(spec_of(other, f"q_{key}"))
                described = describe_changes(differences(old, new), old=old, new=new)
                self.assertIn((each.name, other.name), [(one.old, one.new) for one in described])

    def test_export_and_import(self) -> None:
        exported = export_bundle(workflow=self.workflow)
        self.assertEqual(import_bundle(document=exported, user=self.carla), self.workflow)

    def test_export_of_tickets(self) -> None:
        ticket = Ticket.objects.select_related("definition", "created_by").get(pk=self.submit().pk)
        row = TicketResource().row_of(ticket)
        self.assertEqual(row.data, self.answers)

    def test_export_of_answers_as_cells(self) -> None:
        """Each answer has a cell: a value that a table can hold, never JSON."""
        for key, question in QUESTIONS.items():
            with self.subTest(key):
                found = answer_cell(question, self.answers[question.name])
                self.assertIsNotNone(found)
                self.assertNotIsInstance(found, dict | list)
                if isinstance(found, str):
                    self.assertNotRegex(found, r"^[\[{]")

    def test_display(self) -> None:
        """An answer is shown in words, not as JSON, and where it is wrong as it is."""
        shown = dict(zip(TYPES, show_answers(list(SPECS.values()), self.answers), strict=True))
        for key, question in QUESTIONS.items():
            with self.subTest(key):
                each = shown[key]
                self.assertEqual(each.label, f"A {key}")
                texts = [each.text] if each.kind != "table" else [c.text for c in each.rows[0]]
                self.assertTrue(all(texts), texts)
                self.assertFalse([text for text in texts if text.startswith(("{", "["))])
                wrongs: list[Json] = [{"x": 1}, [1], "?", 5, True]
                for wrong in wrongs:
                    self.assertEqual(show_answer(question, wrong).label, f"A {key}")

    def test_page_of_a_ticket(self) -> None:
        """The page that is printed has every answer."""
        ticket = self.submit()
        self.log_in(self.uma)
        page = self.client.get(reverse("admin:tickets_myticket_change", args=(ticket.pk,)))
        for key in TYPES:
            self.assertContains(page, f"A {key}")

    def test_saved_for_later(self) -> None:
        saved = save_ticket_answers(
            definition=self.definition, slot="0" * 32, answers=self.answers, user=self.uma, title=""
        )
        assert isinstance(saved, SavedAnswers)
        keeper = UploadKeeper(user=self.uma)
        form = continued_form(saved, list(SPECS.values()), keeper=keeper)
        sent = AnswersForm(list(SPECS.values()), data=self._sent(form.render()), keeper=keeper)
        self.assertTrue(sent.is_valid(), sent.errors)
        self.assertEqual(sent.answers(), self.answers)

    def test_samples(self) -> None:
        """What is made up of a type is an answer to it, in a record too."""
        made = sample_answers({each.name: each for each in QUESTIONS.values()})
        form = Validator(list(SPECS.values()))
        self.assertEqual(form.validate(made, KEPT_ANSWERS), [])

    def test_titles(self) -> None:
        for key, question in QUESTIONS.items():
            with self.subTest(key):
                title = name_ticket(
                    definition=self.definition, fields=[question], answers=self.answers
                )
                self.assertTrue(title.startswith("All types"))

    def test_page_of_a_definition(self) -> None:
        rows = field_table(list(SPECS.values())).rows
        named = {each.name: each.type_name for each in rows if not each.depth}
        self.assertEqual(named, {f"q_{key}": each.name for key, each in TYPES.items()})
