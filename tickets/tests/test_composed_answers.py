"""Answers come in in composed form (NFC), through every door; so equal texts are equal."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from django.db import connection
from django.urls import reverse

from tenants.testing import CompanyTestCase
from tickets.calling.tests.action_case import ActionCase, Clock, replies, submit_with_action
from tickets.models import SavedAnswers, Ticket
from tickets.repairing.correct_data import correct_ticket_data
from tickets.repairing.finish_task import finish_task_by_hand
from tickets.saving.save_answers import save_ticket_answers
from tickets.submitting.submit_ticket import submit_ticket
from tickets.testing import fixture_document
from tickets.tests.screens import ScreenTestCase, make_type
from tickets.working.complete_task import complete_task
from workflows.authoring.importing.import_bundle import import_bundle
from workflows.authoring.trying.change_test_cases import add_test_case
from workflows.engine.process import JsonObject
from workflows.models import TaskInstance, TicketDefinition, WorkflowEvent, WorkflowInstance
from workflows.running.history import replay, stored_state

TYPED = "Cafe\u0301 Zoe\u0308"  # as a Mac's files and some keyboards have it
KEPT = "Café Zoë"
REASON = "It was wrong."
FIELDS: list[JsonObject] = [
    {"name": "what", "label": "What", "type": "text", "required": True, "max": len(KEPT)},
    {"name": "kind", "label": "Kind", "type": "choice", "choices": ["Tre\u0301s", "Peu"]},
    {
        "name": "rows", "label": "Rows", "type": "records",
        "fields": [{"name": "x", "label": "X", "type": "text"}],
    },
]  # fmt: skip
COLUMNS = {
    "tickets_ticket": ("data",),
    "tickets_savedanswers": ("answers",),
    "workflows_workflowinstance": ("data",),
    "workflows_taskinstance": ("input_data", "output_data"),
    "workflows_workflowevent": ("data",),
}


def stored_texts() -> list[str]:
    """Every answer in the company's database, as JSON."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for table, columns in COLUMNS.items():
            for column in columns:
                cursor.execute(f"SELECT {column}::text FROM {table} WHERE {column} IS NOT NULL")
                found += [text for (text,) in cursor.fetchall()]
    return found


class ComposedCase(CompanyTestCase):
    def tearDown(self) -> None:
        texts = stored_texts()
        self.assertTrue(any("Caf" in text for text in texts), "nothing was tried")
        for text in texts:
            self.assertTrue(unicodedata.is_normalized("NFC", text), ascii(text))
        for instance in WorkflowInstance.objects.all():
            self.assertEqual(replay(WorkflowEvent.objects.filter(workflow_instance=instance)), stored_state(instance))  # noqa: E501 # fmt: skip
        super().tearDown()


class FormTests(ScreenTestCase, ComposedCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.definition = make_type("other", fields=FIELDS)

    def send(self, **values: Any) -> Any:
        self.log_in(self.uma)
        url = reverse("admin:tickets_myticket_add", query={"definition": self.definition.pk})
        token = self.client.get(url).context["title_form"]["token"].value()
        return self.client.post(url, {"token": token, **values})

    def test_a_ticket_of_the_form(self) -> None:
        values = {"answers-what": TYPED, "answers-kind": "Trés", "answers-rows-0-x": TYPED}
        self.assertEqual(self.send(**values, title=TYPED).status_code, 302)
        ticket = Ticket.objects.get()
        self.assertEqual(ticket.title, KEPT)
        self.assertEqual(ticket.data, {"what": KEPT, "kind": "Trés", "rows": [{"x": KEPT}]})

    def test_a_choice_is_kept_as_the_form_spells_it(self) -> None:
        values = {"answers-what": TYPED, "answers-kind": " TRE\u0301S "}
        self.assertEqual(self.send(**values).status_code, 302)
        self.assertEqual(Ticket.objects.get().data["kind"], "Trés")

    def test_a_form_that_is_saved_for_later(self) -> None:
        self.send(**{"answers-what": TYPED, "_save_for_later": "1"})
        self.assertEqual(SavedAnswers.objects.get().answers, {"what": KEPT})

    def test_what_services_are_given(self) -> None:
        answers: JsonObject = {"what": TYPED}
        save_ticket_answers(definition=self.definition, slot="0" * 32, answers=answers, user=self.uma)  # noqa: E501 # fmt: skip
        ticket = submit_ticket(definition=self.definition, data=answers, user=self.uma)
        task = TaskInstance.objects.get()
        complete_task(task=task, output={"ok": False, "reason": TYPED}, user=self.wendy)
        ticket.refresh_from_db()
        self.assertEqual(ticket.data, {"what": KEPT})
        task.refresh_from_db()
        self.assertEqual(task.output_data, {"ok": False, "reason": KEPT})

    def test_what_a_ticket_admin_corrects_and_does_by_hand(self) -> None:
        ticket = submit_ticket(definition=self.definition, data={"what": "x"}, user=self.uma)
        correct_ticket_data(ticket=ticket, data={"what": TYPED}, by=self.terry, reason=REASON)
        output: JsonObject = {"ok": False, "reason": TYPED}
        with self.captureOnCommitCallbacks(execute=True):
            finish_task_by_hand(
                task=TaskInstance.objects.get(), output=output, by=self.terry, reason=REASON
            )
        ticket.refresh_from_db()
        self.assertEqual(ticket.data, {"what": KEPT})

    def test_a_condition_that_compares_takes_the_transition(self) -> None:
        transitions = self.definition.workflow.transitions.filter(label="fine")
        transitions.update(condition={"==": [{"var": "ticket.what"}, TYPED]})
        for what in (TYPED, KEPT):
            ticket = submit_ticket(definition=self.definition, data={"what": what}, user=self.uma)
            task = TaskInstance.objects.get(workflow_instance__ticket=ticket)
            complete_task(task=task, output={"ok": True}, user=self.wendy)
            instance = WorkflowInstance.objects.get(ticket=ticket)
            with self.subTest(ascii(what)):
                self.assertEqual(instance.current_task.definition.key, "order")  # type: ignore[union-attr]


class CallTests(ActionCase, ComposedCase):
    def test_what_another_system_answers(self) -> None:
        self.clock = Clock()
        self.ticket = submit_with_action(by=self.carla, submitter=self.uma)
        with replies((200, {"name": TYPED, "rows": [{"x": TYPED}]})) as system:
            self.run_job(system)
        self.assertEqual(self.task().output_data, {"name": KEPT, "rows": [{"x": KEPT}]})


class DefinitionTests(CompanyTestCase):
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = fixture_document("it_help")
        document["workflow"]["title"] = TYPED
        field = {"name": "where", "label": TYPED, "type": "choice", "choices": [TYPED, "x"]}
        document["workflow"]["fields"].append(field)
        preset = {"key": "with_preset", "title": "P", "presets": {"where": TYPED.upper()}}
        document["ticket_types"].append(preset)
        return document

    def test_a_bundle_is_kept_composed_and_known_again(self) -> None:
        draft = import_bundle(document=self.document(), user=self.carla)
        self.assertEqual(draft.title, KEPT)
        self.assertTrue(
            unicodedata.is_normalized("NFC", json.dumps(draft.fields, ensure_ascii=False))
        )
        presets = TicketDefinition.objects.get(workflow=draft, presets__has_key="where").presets
        self.assertEqual(presets["where"], KEPT)
        self.assertEqual(import_bundle(document=self.document(), user=self.carla), draft)

    def test_a_test_case(self) -> None:
        draft = import_bundle(document=self.document(), user=self.carla)
        case = draft.test_cases[0]
        add_test_case(
            workflow=draft,
            name=f"{TYPED} 2",
            ticket_type=case.get("ticket_type", ""),
            ticket={**case["ticket"], "where": TYPED},
            submitter={},
            answers=(),
        )
        draft.refresh_from_db()
        self.assertEqual(draft.test_cases[-1]["name"], f"{KEPT} 2")
        self.assertEqual(draft.test_cases[-1]["ticket"]["where"], KEPT)
